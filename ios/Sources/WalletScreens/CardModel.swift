import Foundation
import Observation
import WalletKit

/// One card: hidden, and for half a minute in the open after the finger or the face.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class CardModel {
    /// How long it is open, seconds.
    public static let openSeconds: Int64 = 30
    /// The card, as the wallet saw it last.
    public private(set) var card: CardView
    /// What it is called, in the issuer's words.
    public let title: String
    /// The language of the screen.
    public let language: Language
    /// What it says beside its lines; empty while it is hidden.
    public private(set) var claims: [CardClaim] = []
    /// Seconds until it is hidden again; none while it is.
    public private(set) var secondsLeft: Int64?
    /// What went wrong last.
    public private(set) var failure: ErrorText?
    /// Whether the screen is recorded or shared: the card is hidden then, and not opened.
    public var isObserved = false {
        didSet { if isObserved { hide() } }
    }
    private let door: Door
    private var opensUntil: Int64?
    private var asking = false

    init(_ card: CardView, _ door: Door, _ language: Language, title: String) {
        (self.card, self.door, self.language, self.title) = (card, door, language, title)
    }

    func update(_ card: CardView) { if self.card != card { self.card = card } }

    /// What the screen shows of it now.
    public var lines: CardLines { CardLines(card, masked: secondsLeft == nil) }

    /// The portrait, which is hidden with the rest.
    public var portrait: Data? { secondsLeft == nil ? nil : card.portrait }

    /// The state in a word.
    public var state: String { cardStateText(state: card.state, language: language) }

    /// Why it does not hold now and what to do; none while it does.
    public var warning: ErrorText? {
        card.state == .active ? nil : standingText(standing: card.standing, language: language)
    }

    /// Whether a counter can be shown it now.
    public var canShow: Bool { card.canBeShown }

    /// Whether fresh copies may help.
    public var canRenew: Bool {
        [.active, .needsRenewal].contains(card.state) || card.standing == .replaced(reason: .detailsChanged)
    }

    /// Asks for the citizen anew, however short ago they were there, and opens the card. Its time runs from their answer on.
    public func reveal(at now: @autoclosure () -> Int64) async {
        guard !asking, !isObserved, !door.isBusy else { return }
        asking = true
        failure = nil
        defer { asking = false }
        do throws(WalletError) {
            try await door.prove()
            // Somebody began to look on meanwhile.
            guard !isObserved else { return }
            claims = try door.id.claims(of: card.id)
            opensUntil = now() + Self.openSeconds
            secondsLeft = Self.openSeconds
        } catch {
            failure = error.text(language)
        }
    }

    /// Each second, and when the app goes away with a time past every end.
    public func tick(at now: Int64) {
        guard let opensUntil else { return }
        let left = opensUntil - now
        // A clock that was put back does not keep the card open.
        if left <= 0 || left > Self.openSeconds { hide() } else { secondsLeft = left }
    }

    /// Hides it.
    public func hide() {
        opensUntil = nil
        if secondsLeft != nil { secondsLeft = nil }
        if !claims.isEmpty { claims = [] }
    }
}

extension CardView {
    /// Whether the card itself ends soon; it holds until then.
    public var endsSoon: Bool { standing == .needsRenewal(reason: .endsSoon) }

    /// Whether a counter can be shown it now. A document that counters do not know has no copies for them.
    public var canBeShown: Bool { (state == .active || endsSoon) && !copies.isEmpty }
}

/// One line of the history in words.
public struct HistoryLine: Sendable, Equatable {
    /// What happened.
    public let title: String
    /// What was shown, and to whom.
    public let detail: String
    /// When.
    public let at: Foundation.Date

    init(_ entry: HistoryEntryView, _ language: Language) {
        title = eventText(kind: entry.kind, language: language)
        let shown = entry.disclosure.map { disclosureText(disclosure: $0, language: language) }
        let desk = entry.counterparty.map { entry.verified ? "\($0) (\(Words.historyVerified.text(language)))" : $0 }
        detail = [shown, desk].compactMap { $0 }.joined(separator: " · ")
        at = Foundation.Date(timeIntervalSince1970: TimeInterval(entry.at))
    }
}
