import Foundation
import Observation
import WalletKit

/// A show: what, to whom, one prompt, then frames that roll.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class ShowModel: Identifiable {
    /// A level to choose.
    public struct Level: Equatable, Sendable {
        /// The level.
        public let disclosure: Disclosure
        /// Its words.
        public let text: String
        /// How often it can be shown yet.
        public let left: UInt32
    }

    /// Where it is.
    public enum Step: Equatable, Sendable {
        /// The citizen chooses what to show.
        case choosing
        /// The prompt is up.
        case asking
        /// This frame is shown.
        case showing(FrameView)
        /// The last frame is over.
        case over
        /// The issuer's last word is so old that a counter would refuse it: nothing was asked or used up yet.
        case stale(Disclosure, ErrorText)
        /// It did not come to a show.
        case failed(ErrorText)
    }

    /// Where it is.
    public private(set) var step = Step.choosing
    /// Whether the screen is recorded or shared, or the app is not in front: nothing is shown then.
    public var isObserved = false
    /// The language of the screen.
    public let language: Language
    /// The desk whose sign was scanned.
    public let desk: DeskSign?
    private var card: CardView
    private let door: Door
    private let refresh: () async throws(WalletError) -> Refreshed?
    private let used: () -> CardView?
    private var show: CounterShow?
    private var task: Task<Void, Never>?

    init(
        _ card: CardView, _ door: Door, _ language: Language, desk: DeskSign?,
        refresh: @escaping () async throws(WalletError) -> Refreshed?, used: @escaping () -> CardView?
    ) {
        (self.card, self.door, self.language, self.desk) = (card, door, language, desk)
        (self.refresh, self.used) = (refresh, used)
    }

    /// Whether the screen has something on it that nobody else shall see. Under the prompt it has not: whom the ID goes to is read then.
    public var isPersonal: Bool { if case .showing = step { true } else { false } }

    /// What can be shown.
    public var levels: [Level] {
        card.copies.map {
            Level(disclosure: $0.disclosure, text: disclosureText(disclosure: $0.disclosure, language: language), left: $0.left)
        }
    }

    /// To whom: the verified desk by name, or the words that nobody is verified. Face ID shows no reason, so this stands on the
    /// screen before the citizen is asked.
    public var audience: String {
        desk.map { Words.showTo.text(language, $0.name(language: language)) } ?? Words.showUnverified.text(language)
    }

    /// The frame on the screen, if any.
    public var frame: FrameView? {
        guard !isObserved, case .showing(let frame) = step else { return nil }
        return frame
    }

    /// Whether the screen shall be as bright as it can: while a code is on it.
    public var wantsBrightness: Bool { frame != nil }

    /// One prompt, which uses one copy. An old proof is told before, and uses none.
    public func show(_ disclosure: Disclosure) {
        guard step == .choosing || step == .over || isFailed else { return }
        begin(disclosure, .refuse)
    }

    /// The citizen was told that the proof is old, and shows it all the same.
    public func showAnyway() {
        guard case .stale(let disclosure, _) = step else { return }
        begin(disclosure, .showAnyway)
    }

    /// Gets a fresh proof first.
    public func freshenAndShow() {
        guard case .stale(let disclosure, _) = step else { return }
        begin(disclosure, .refuse, afterRefresh: true)
    }

    private func begin(_ disclosure: Disclosure, _ ifStale: IfStale, afterRefresh: Bool = false) {
        guard task == nil, !isObserved else { return }
        step = .asking
        task = Task {
            await ask(disclosure, ifStale, afterRefresh)
            // How often it can be shown now.
            if let card = used() { self.card = card }
            task = nil
        }
    }

    private func ask(_ disclosure: Disclosure, _ ifStale: IfStale, _ afterRefresh: Bool) async {
        do throws(WalletError) {
            if afterRefresh, let trouble = try await refresh()?.trouble { throw trouble }
            let card = card.id
            let show = try await door.errand { id throws(WalletError) in
                try await id.show(card, disclosure, desk: self.desk, ifStale: ifStale)
            }
            // The screen was left while the prompt was up: what was signed is never seen.
            if Task.isCancelled { return step = .over }
            self.show = show
            step = .showing(try door.id.frame(show))
        } catch {
            if Task.isCancelled { return step = .over }
            if case .NotUsable(why: .stapleTooOld) = error {
                step = .stale(disclosure, error.text(language))
            } else {
                step = .failed(error.text(language))
            }
        }
    }

    /// Waits until nothing is under way any more.
    public func finished() async { await task?.value }

    /// Each second: the frame of this moment.
    public func tick() {
        guard let show, case .showing = step else { return }
        do throws(WalletError) {
            step = .showing(try door.id.frame(show))
        } catch {
            step = error == .ShowEnded ? .over : .failed(error.text(language))
            self.show = nil
        }
    }

    /// The citizen has seen enough: the code is gone, whatever time it had, and one that is still asked for never comes; its prompt
    /// goes too.
    public func end() {
        task?.cancel()
        show = nil
        if case .showing = step { step = .over }
    }

    private var isFailed: Bool { if case .failed = step { true } else { false } }
}

/// The screen's brightness while a code is on it, and as it was afterwards.
@MainActor
public final class Brightness {
    private let read: () -> Double
    private let write: (Double) -> Void
    private var before: Double?

    /// Takes how to read and to write it, 0 to 1.
    public init(read: @escaping () -> Double, write: @escaping (Double) -> Void) { (self.read, self.write) = (read, write) }

    /// As bright as can be, or as it was.
    public func follow(_ wanted: Bool) {
        if wanted && before == nil {
            before = read()
            write(1)
        } else if !wanted, let before {
            self.before = nil
            write(before)
        }
    }
}
