import Foundation
import Observation
import WalletKit

/// What a screen needs of the app around it.
public struct Surroundings: Sendable {
    /// The language of the screens.
    public let language: Language
    /// Opens the wallet.
    public let open: @Sendable () async throws(WalletError) -> MobileId
    /// A reader for one tap.
    public let reader: @Sendable () async throws -> any CardReader

    /// Takes all of it.
    public init(
        language: Language, open: @escaping @Sendable () async throws(WalletError) -> MobileId,
        reader: @escaping @Sendable () async throws -> any CardReader
    ) {
        (self.language, self.open, self.reader) = (language, open, reader)
    }
}

/// A reader of cards with a sheet of its own around one reading.
public protocol CardReader: Sendable {
    /// Where commands go.
    var link: any CardLink { get }
    /// Shows the sheet and looks for a card.
    func begin()
    /// Takes the sheet away.
    func finish(succeeded: Bool)
}

/// The whole app: which screen is up, and what every screen shares.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class WalletModel {
    /// Which screen is up.
    public enum Route: Equatable, Sendable {
        /// The wallet is being opened.
        case opening
        /// No card yet.
        case onboarding
        /// Asks for the finger or the face.
        case locked
        /// The keys died: only starting over helps.
        case dead
        /// The cards.
        case cards
        /// It cannot be opened.
        case broken(ErrorText)
    }

    /// Which screen is up.
    public private(set) var route = Route.opening
    /// The cards, once unlocked.
    public private(set) var cards: [CardView] = []
    /// Whether an issuance was begun and not finished.
    public private(set) var isUnfinished = false
    /// What went wrong last, until it is put away.
    public private(set) var failure: ErrorText?
    /// What is being done, if anything.
    public private(set) var doing: String?
    /// What the app gave.
    public let surroundings: Surroundings
    private var id: MobileId?
    private var isOpen = false

    /// A model that has not opened anything yet.
    public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// The language of the screens.
    public var language: Language { surroundings.language }

    /// Opens the wallet; at every start of the app.
    public func start() async {
        guard id == nil else { return }
        do throws(WalletError) {
            let id = try await surroundings.open()
            self.id = id
            route = try id.state() == .empty ? .onboarding : .locked
            isUnfinished = try id.unfinishedIssuance() == .waiting
        } catch {
            route = .broken(error.text(language))
        }
    }

    /// One prompt, then the cards.
    public func unlock() async {
        await attempt { id throws(WalletError) in
            do throws(WalletError) {
                try await id.unlock()
            } catch {
                if error == .KeyInvalidated { self.route = .dead }
                throw error
            }
            try self.opened()
        }
    }

    /// The app went away, or the citizen asked for it.
    public func lock() {
        guard let id, isOpen else { return }
        do throws(WalletError) {
            try id.lock()
            isOpen = false
            cards = []
            if route == .cards { route = .locked }
        } catch { failure = error.text(language) }
    }

    /// After the keys died: an empty wallet.
    public func startOver() async {
        await attempt { id throws(WalletError) in
            try await id.startOver()
            try self.opened()
        }
    }

    /// Goes on with an issuance that was cut short.
    public func resume() async {
        await issue { id, tell throws(WalletError) in try await id.resumeIssuance(stage: tell) }
    }

    /// Forgets it.
    public func abandon() async {
        await attempt { id throws(WalletError) in
            try await id.abandonIssuance()
            try self.refresh()
        }
    }

    /// Fresh copies, without a prompt.
    public func renew() async {
        await issue { id, tell throws(WalletError) in try await id.renewCard(stage: tell) }
    }

    /// This hour's proofs of freshness, when the app comes up. That there is no network is no news to the citizen here.
    public func freshen() async {
        guard let id, !cards.isEmpty else { return }
        _ = try? await id.refreshStaples()
    }

    /// Puts the last failure away.
    public func dismiss() { failure = nil }

    /// Reads a card into the wallet. Unlocked first, because there the card is kept.
    public func tap() async -> TapModel? {
        guard let id = await unlocked() else { return nil }
        return TapModel(id, surroundings) { [weak self] in try? self?.refresh() }
    }

    /// The one door for every code.
    public func scan() -> ScanModel? {
        guard let id else { return nil }
        return ScanModel(
            language, id: id,
            unlock: { [weak self] in
                guard let self, await self.unlocked() == nil else { return nil }
                return self.failure ?? WalletError.Locked.text(self.language)
            },
            added: { [weak self] in try? self?.refresh() })
    }

    /// The system opened the app with `link`: an offer, which is scanned, or the browser that has come back.
    public func arrived(_ link: String) async -> ScanModel? {
        guard let id else { return nil }
        if (try? id.scan(link)) != nil, let scan = scan() {
            await scan.scanned(link)
            return scan
        }
        await issue { id, tell throws(WalletError) in try await id.continueWith(link, stage: tell) }
        return nil
    }

    /// One card.
    public func card(_ card: CardView) -> CardModel? {
        guard let id else { return nil }
        return CardModel(card, id, language) { [weak self] in self?.lock() }
    }

    /// A show of one card, to `desk` when its sign was scanned.
    public func show(_ card: CardView, to desk: DeskSign? = nil) -> ShowModel? {
        guard let id else { return nil }
        return ShowModel(card, id, language, desk: desk) { [weak self] in try? self?.refresh() }
    }

    /// What happened in this wallet, newest first.
    public func history() -> [HistoryLine] {
        guard let id, let entries = try? id.history() else { return [] }
        return entries.map { HistoryLine($0, language) }
    }

    /// The wallet, opened: an empty one too, before something comes into it.
    private func unlocked() async -> MobileId? {
        if !isOpen { await unlock() }
        return isOpen ? id : nil
    }

    private func opened() throws(WalletError) {
        isOpen = true
        try refresh()
    }

    private func refresh() throws(WalletError) {
        guard let id else { return }
        cards = try id.cards()
        isUnfinished = try id.unfinishedIssuance() == .waiting
        route = cards.isEmpty ? .onboarding : .cards
    }

    private func issue(
        _ call: @escaping (MobileId, @escaping @Sendable (EnrolmentStage) -> Void) async throws(WalletError) -> Issued
    ) async {
        guard await unlocked() != nil else { return }
        await attempt { id throws(WalletError) in
            let language = self.language
            let issued = try await call(id) { stage in
                let text = stageText(stage: stage, language: language)
                Task { @MainActor in if self.doing != nil { self.doing = text } }
            }
            if case .later(let seconds) = issued {
                self.failure = ErrorText(what: Words.offerLater.text(language, "\(seconds)"), next: "")
            }
            try self.refresh()
        }
    }

    private func attempt(_ work: (MobileId) async throws(WalletError) -> Void) async {
        guard let id, doing == nil else { return }
        doing = ""
        failure = nil
        defer { doing = nil }
        do throws(WalletError) {
            try await work(id)
        } catch {
            failure = error.text(language)
        }
    }
}
