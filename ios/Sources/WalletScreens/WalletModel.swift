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

/// A reader of cards with a sheet of its own around one reading, or around each part of one that paused.
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
        /// A command of the issuer locks it: why, and the way out.
        case lockedByCommand(ErrorText)
        /// Wiped: nothing is left here.
        case wiped
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
    /// Whether nothing renews a card any more: the citizen has to get it again.
    public private(set) var needsCardAgain = false
    /// When the wallet wants to be refreshed again; none before the first time.
    public private(set) var refreshAt: Foundation.Date?
    /// How often the browser has come back: what waited for it is over.
    public private(set) var returns = 0
    /// What went wrong last, until it is put away.
    public private(set) var failure: ErrorText?
    /// What is being done, if anything.
    public private(set) var doing: String?
    /// What the app gave.
    public let surroundings: Surroundings
    private var id: MobileId?
    private var isOpen = false
    private var starting: Task<Void, Never>?

    /// A model that has not opened anything yet.
    public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// The language of the screens.
    public var language: Language { surroundings.language }

    /// Opens the wallet; at every start of the app, and from wherever else the system starts it.
    public func start() async {
        if starting == nil { starting = Task { await open() } }
        await starting?.value
    }

    private func open() async {
        do throws(WalletError) {
            id = try await surroundings.open()
            try settle()
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

    /// After the keys died, or after a wipe: an empty wallet.
    public func startOver() async {
        await attempt { id throws(WalletError) in
            try await id.startOver()
            try self.opened()
        }
    }

    /// Goes on with an issuance that was cut short.
    public func resume() async {
        await issue { id, tell throws(WalletError) in try await id.resumeIssuance(stage: tell) }
        // What waits for the browser cannot go on without it.
        if isUnfinished && failure == WalletError.NotForThisWallet.text(language) {
            failure = ErrorText(what: Words.unfinished.text(language), next: Words.browserOut.text(language))
        }
    }

    /// Forgets it.
    public func abandon() async {
        await attempt { id throws(WalletError) in
            try await id.abandonIssuance()
            try self.settle()
        }
    }

    /// Fresh copies of a card, without a prompt.
    public func renew(_ card: CardView) async {
        await issue { id, tell throws(WalletError) in try await id.renewDocument(card.document, stage: tell) }
    }

    /// What the wallet does when the app comes up, when it was unlocked, and in the background: commands, the state of the cards,
    /// fresh proofs and copies. That there is no network is no news to the citizen here.
    public func freshen() async {
        guard let id else { return }
        let done = try? await id.refresh()
        // Whatever failed, a command may have been obeyed before.
        try? settle()
        guard let done else { return }
        needsCardAgain = done.renewed == .enrolAgain || cards.contains(where: \.endsSoon)
        refreshAt = Foundation.Date(timeIntervalSince1970: TimeInterval(done.nextAt))
    }

    /// Obeys the issuer's commands as they come. For as long as the app is in front: cancel it when the app goes away.
    public func listen() async {
        guard let id else { return }
        do {
            for try await _ in id.commands() { try settle() }
        } catch {
            // The phone's hardware or storage failed. What the citizen does next says so; here nobody asked.
        }
    }

    /// Wipes the wallet after one prompt. The issuer is told nothing.
    public func wipe() async { await leave { id throws(WalletError) in try await id.wipe() } }

    /// Gives this phone up, so that the ID can live on another one, and wipes it.
    public func giveUp() async { await leave { id throws(WalletError) in try await id.giveUpPhone() } }

    /// Puts the last failure away.
    public func dismiss() { failure = nil }

    /// Reads a card into the wallet. Unlocked first, because there the card is kept.
    public func tap() async -> TapModel? {
        guard let id = await unlocked() else { return nil }
        return TapModel(id, surroundings) { [weak self] in try? self?.settle() }
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
            added: { [weak self] in try? self?.settle() })
    }

    /// The system opened the app with `link`: an offer, which is scanned, or the browser that has come back.
    public func arrived(_ link: String) async -> ScanModel? {
        // The link may be what started the app.
        await start()
        guard let id else { return nil }
        if (try? id.scan(link)) != nil, let scan = scan() {
            await scan.scanned(link)
            return scan
        }
        if !isOpen {
            // A locked wallet goes on with nothing, but tells a link that is none of its own: nobody is asked for a finger then.
            do throws(WalletError) {
                _ = try await id.continueWith(link)
            } catch {
                if error != .Locked {
                    failure = error.text(language)
                    return nil
                }
            }
        }
        await issue { id, tell throws(WalletError) in try await id.continueWith(link, stage: tell) }
        returns += 1
        return nil
    }

    /// What a card is called, in the issuer's words.
    public func title(_ card: CardView) -> String { (try? id?.name(of: card.document)) ?? card.document }

    /// One card.
    public func card(_ card: CardView) -> CardModel? {
        guard let id else { return nil }
        return CardModel(card, id, language, title: title(card)) { [weak self] in self?.lock() }
    }

    /// A show of one card, to `desk` when its sign was scanned.
    public func show(_ card: CardView, to desk: DeskSign? = nil) -> ShowModel? {
        guard let id else { return nil }
        return ShowModel(card, id, language, desk: desk) { [weak self] in try? self?.settle() }
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
        try settle()
    }

    /// Takes over what the wallet says of itself.
    private func settle() throws(WalletError) {
        guard let id else { return }
        switch try id.state() {
        case .wiped: close(.wiped)
        case .lockedByCommand: close(.lockedByCommand(lockedText(why: try id.lockedFor() ?? .byIssuer, language: language)))
        // Dead keys look locked; only starting over helps.
        case .locked: close(route == .dead ? .dead : .locked)
        case .empty:
            cards = []
            route = .onboarding
        case .ready:
            isOpen = true
            cards = try id.cards()
            route = cards.isEmpty ? .onboarding : .cards
        }
        isUnfinished = route == .wiped ? false : try id.unfinishedIssuance() == .waiting
    }

    private func close(_ route: Route) {
        isOpen = false
        cards = []
        self.route = route
    }

    /// Whatever came of it, the wallet says where it stands: a wipe that was begun goes on with the next start.
    private func leave(_ act: (MobileId) async throws(WalletError) -> Void) async {
        await attempt(act)
        try? settle()
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
                self.failure = ErrorText(what: Words.offerLater.text(language, Words.span(seconds, language)), next: "")
            }
            try self.settle()
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
            // A command may have locked or wiped it meanwhile.
            if case .NotUsable = error { try? settle() }
        }
    }
}
