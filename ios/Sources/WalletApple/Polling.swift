import WalletKit

/// How a card is looked for, found, lost and found again, without the radio: what happened goes in, what to do comes out.
///
/// A card that speaks PACE alone is invisible unless the session asks for exactly that, and asking for it hides every other
/// card; it cannot be asked for beside anything else. So the session looks for PACE first and, when nothing came, ends and a
/// second one looks for any ISO/IEC 14443 card.
struct Polling: Equatable {
    /// What a session looks for.
    enum Option: Equatable { case pace, iso14443 }
    /// What a detected tag is.
    enum Tag: Equatable { case iso7816, other }

    /// What happened.
    enum Event: Equatable {
        /// The app wants a card.
        case begin
        /// This search has found nothing for a while. Stale ones are known by their number.
        case silence(search: Int)
        /// Tags are in the field.
        case detected([Tag])
        /// The one that was chosen is connected.
        case connected
        /// It was gone before it was connected.
        case missed
        /// It left the field while it was read.
        case lost
        /// The system ended the session, with a code of `NFCReaderError`.
        case invalidated(code: Int)
        /// The reading is over.
        case finish(succeeded: Bool)
        /// The app does not want it any more.
        case cancel
    }

    /// What to do, in this order.
    enum Action: Equatable {
        /// Begin a session for this search, after so many seconds, unless it is over by then.
        case begin(Option, search: Int, after: Int)
        /// Tell when nothing was found for a while.
        case watch(search: Int)
        /// Look again in the same session, after so many milliseconds, unless this search is over by then.
        case restart(search: Int, after: Int)
        /// Connect to the tag with this index.
        case connect(Int)
        /// Say this in the sheet.
        case say(CardAlert)
        /// End the session; with a text the sheet shows a failure.
        case end(CardAlert?)
        /// Whoever waits for a card has one.
        case ready
        /// Whoever waits for a card has none.
        case fail(LinkError)
    }

    private enum State: Equatable {
        case idle
        case searching
        case switching
        case connecting
        case connected
        case over
    }

    /// How often a busy reader is asked again.
    private static let patience = 3
    /// A card of another kind that stays in the field is found again at once: it is looked for so much later, milliseconds.
    private static let pause = 500
    private var state = State.idle
    private var option: Option
    private var search = 0
    private var seen = false
    private var busy = 0

    /// Whether its last session has ended, or is about to.
    var isOver: Bool { state == .over }

    /// Whether this search goes on; what was put off for another one is not done any more.
    func isOn(search: Int) -> Bool { state == .searching && self.search == search }

    /// Looks for `first` first.
    init(first: Option = .pace) { option = first }

    mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.idle, .begin): return look(after: 0)
        // A reading that paused goes on in another session. What the phone was found to know is not asked again.
        case (.over, .begin):
            (seen, busy) = (false, 0)
            return look(after: 0)
        case (.searching, .silence(search: search)) where option == .pace && !seen:
            // The session's end is waited for: two at once are refused by the system.
            state = .switching
            return [.end(nil)]
        case (.searching, .detected(let tags)): return choose(tags)
        case (.connecting, .connected):
            state = .connected
            return [.say(.reading), .ready]
        case (.connecting, .missed), (.connecting, .lost), (.connected, .lost):
            state = .searching
            return [.say(.again), .restart(search: search, after: 0)]
        case (.switching, .invalidated):
            option = .iso14443
            return look(after: 0)
        case (.searching, .invalidated(let code)): return searchEnded(code)
        case (.connecting, .invalidated(let code)), (.connected, .invalidated(let code)):
            state = .over
            return [.fail(linkError(code))]
        case (.over, .finish), (.over, .cancel), (.over, .invalidated): return []
        case (_, .finish(let succeeded)):
            state = .over
            // Whoever still waits would wait for ever.
            return (succeeded ? [.say(.done), .end(nil)] : [.end(.failed)]) + [.fail(.Cancelled)]
        case (_, .cancel):
            state = .over
            return [.end(nil), .fail(.Cancelled)]
        default: return []
        }
    }

    private mutating func look(after seconds: Int) -> [Action] {
        state = .searching
        search += 1
        return [.begin(option, search: search, after: seconds), .watch(search: search)]
    }

    private mutating func choose(_ tags: [Tag]) -> [Action] {
        seen = true
        guard tags.count <= 1 else { return [.say(.onlyOne), .restart(search: search, after: Self.pause)] }
        guard tags.first == .iso7816 else { return [.say(.otherCard), .restart(search: search, after: Self.pause)] }
        state = .connecting
        return [.connect(0)]
    }

    private mutating func searchEnded(_ code: Int) -> [Action] {
        // The phone, its system or the app's entitlement does not know PACE polling.
        if option == .pace && !seen && [1, 2, 3].contains(code) {
            option = .iso14443
            return look(after: 0)
        }
        // A session that just ended still holds the reader.
        if code == 203 && busy < Self.patience {
            busy += 1
            return look(after: busy)
        }
        state = .over
        return [.fail(linkError(code))]
    }
}
