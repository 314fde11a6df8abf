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
    /// How long nobody listens for commands after the phone itself failed.
    let patience: Duration

    /// Takes all of it.
    public init(
        language: Language, open: @escaping @Sendable () async throws(WalletError) -> MobileId,
        reader: @escaping @Sendable () async throws -> any CardReader
    ) {
        self.init(language: language, open: open, reader: reader, patience: .seconds(15))
    }

    init(
        language: Language, open: @escaping @Sendable () async throws(WalletError) -> MobileId,
        reader: @escaping @Sendable () async throws -> any CardReader, patience: Duration
    ) {
        (self.language, self.open, self.reader, self.patience) = (language, open, reader, patience)
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

    /// What is over every screen, whatever becomes of the screen below.
    public enum Sheet: Identifiable {
        /// A card is read.
        case tap(TapModel)
        /// A code is scanned, and what comes of it.
        case scan(ScanModel)

        /// One for each sheet.
        public var id: ObjectIdentifier {
            switch self {
            case .tap(let tap): ObjectIdentifier(tap)
            case .scan(let scan): ObjectIdentifier(scan)
            }
        }

        @MainActor fileprivate func cancel() {
            switch self {
            case .tap(let tap): tap.cancel()
            case .scan(let scan): scan.cancel()
            }
        }
    }

    /// Which screen is up.
    public private(set) var route = Route.opening
    /// What is over it. Whoever takes it away ends what it does.
    public var sheet: Sheet? {
        didSet { if oldValue?.id != sheet?.id { oldValue?.cancel() } }
    }
    /// The cards, once unlocked.
    public private(set) var cards: [CardView] = []
    /// Whether an issuance was begun and not finished.
    public private(set) var isUnfinished = false
    /// Whether nothing renews a card any more: the citizen has to get it again.
    public private(set) var needsCardAgain = false
    /// When the wallet wants to be refreshed again; none before the first time.
    public private(set) var refreshAt: Foundation.Date?
    /// What went wrong last, until it is put away.
    public private(set) var failure: ErrorText?
    /// What is being done, if anything.
    public private(set) var doing: String?
    /// What the app gave.
    public let surroundings: Surroundings
    private var door: Door?
    private var starting: Task<Void, Never>?
    @ObservationIgnored private var refreshing: Refreshing?
    @ObservationIgnored private var wantsFresh = false
    /// Copies may be wanted that only an open wallet gets: it was refreshed locked, or some were shown since.
    @ObservationIgnored private var wantsCopies = false
    @ObservationIgnored private var details: [String: CardModel] = [:]

    /// A model that has not opened anything yet.
    public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// The language of the screens.
    public var language: Language { surroundings.language }

    /// Whether the screen has something of the citizen's on it, which nobody else shall see.
    public var isPersonal: Bool { route == .cards }

    /// Opens the wallet; at every start of the app, and from wherever else the system starts it; again when it failed.
    public func start() async {
        if starting == nil { starting = Task { await open() } }
        await starting?.value
    }

    private func open() async {
        do throws(WalletError) {
            if door == nil { door = watched(Door(try await surroundings.open())) }
            try settle()
        } catch {
            route = .broken(error.text(language))
            starting = nil
        }
    }

    private func watched(_ door: Door) -> Door {
        door.locked = { [weak self] in self?.hide() }
        door.died = { [weak self] in self?.close(.dead) }
        door.quiet = { [weak self] in self?.freshenAtLast() }
        return door
    }

    /// In front: opens the wallet, obeys the issuer's commands as they come, and fetches proofs and copies as they fall due. Cancel
    /// it when the app goes away.
    public func attend() async {
        await start()
        async let listening: Void = listen()
        while !Task.isCancelled {
            await freshen()
            let wait = refreshAt.map { max($0.timeIntervalSinceNow, Self.soonest) } ?? Self.soonest
            try? await Task.sleep(for: .seconds(wait))
        }
        await listening
    }

    /// One prompt, then the cards.
    public func unlock() async {
        await attempt { door throws(WalletError) in
            try await door.open()
            try self.settle()
        }
    }

    /// The citizen asked for it, or the system waits no longer: locks, whoever needs the wallet.
    public func lock() { tell { door throws(WalletError) in try door.lock() } }

    /// The app went away: locks as soon as nothing needs the wallet any more.
    public func away() { tell { door throws(WalletError) in try door.away() } }

    /// Whether it is to be locked and something needs it yet.
    public var owesLock: Bool { door?.owesLock ?? false }

    /// Waits until no lock is owed.
    public func paid() async { await door?.paid() }

    /// After the keys died, or after a wipe: an empty wallet.
    public func startOver() async {
        await attempt { door throws(WalletError) in
            try await door.errand(opens: false) { id throws(WalletError) in
                try await id.startOver()
                try self.settle()
            }
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
        await attempt { door throws(WalletError) in
            try await door.errand(opens: false) { id throws(WalletError) in try await id.abandonIssuance() }
            try self.settle()
        }
    }

    /// Fresh copies of a card, without a prompt.
    public func renew(_ card: CardView) async {
        await issue { id, tell throws(WalletError) in try await id.renewDocument(card.document, stage: tell) }
    }

    /// What the wallet does when the app comes up, when it was unlocked, and in the background: commands, the state of the cards,
    /// fresh proofs and copies. That there is no network is no news to the citizen here.
    ///
    /// Nothing before it is due, but while a command locks the wallet, which may have been lifted. Whoever comes while another one
    /// runs waits for that one; while an errand needs the wallet it waits for its turn.
    public func freshen() async {
        guard let door else { return }
        if door.isBusy { return wantsFresh = true }
        let another = refreshing
        if let another { _ = await another.value() }
        if isDue && !Task.isCancelled { _ = await refresh(door.id) }
    }

    private func freshenAtLast() {
        guard wantsFresh else { return }
        wantsFresh = false
        Task { await freshen() }
    }

    private var isDue: Bool {
        if case .lockedByCommand = route { return true }
        if wantsCopies && route == .cards { return true }
        // A clock that was put back does not keep it from being done.
        guard let wait = refreshAt?.timeIntervalSinceNow else { return true }
        return !(0...Self.latest).contains(wait)
    }

    /// One at a time. Whoever is cancelled waits no longer, and ends it when nobody else waits.
    private func refresh(_ id: MobileId) async -> Result<Refreshed, WalletError> {
        // What nobody waited for any more has not ended yet.
        if let ending = refreshing, ending.isCancelled { _ = await ending.value() }
        let refreshing = self.refreshing ?? Refreshing(id) { [weak self] in self?.refreshed($0) }
        self.refreshing = refreshing
        return await refreshing.value()
    }

    private func refreshed(_ result: Result<Refreshed, WalletError>) {
        refreshing = nil
        // Nobody waited for it any more.
        if Task.isCancelled { return }
        // Whatever failed, a command may have been obeyed before.
        try? settle()
        guard let done = try? result.get() else { return }
        wantsCopies = route != .cards
        needsCardAgain = done.renewed == .enrolAgain || cards.contains(where: \.endsSoon)
        refreshAt = Foundation.Date(timeIntervalSince1970: TimeInterval(done.nextAt))
    }

    /// Obeys the issuer's commands as they come. For as long as the app is in front: cancel it when the app goes away.
    public func listen() async {
        while !Task.isCancelled {
            do {
                if let id = door?.id { for try await _ in id.commands() { try settle() } }
            } catch {
                // The phone's hardware or storage failed. What the citizen does next says so; here nobody asked.
            }
            // It may work by then, or be opened at last, or be started over after a wipe.
            try? await Task.sleep(for: surroundings.patience)
        }
    }

    /// Wipes the wallet after one prompt. The issuer is told nothing.
    public func wipe() async { await leave { id throws(WalletError) in try await id.wipe() } }

    /// Gives this phone up, so that the ID can live on another one, and wipes it.
    public func giveUp() async { await leave { id throws(WalletError) in try await id.giveUpPhone() } }

    /// Puts the last failure away.
    public func dismiss() { failure = nil }

    /// Reads a card into the wallet, in a sheet. Unlocked first, because there the card is kept.
    @discardableResult
    public func tap() async -> TapModel? {
        var tap: TapModel?
        await attempt { door throws(WalletError) in
            try await door.open()
            tap = TapModel(door, self.surroundings) { [weak self] in try? self?.settle() }
        }
        if let tap { sheet = .tap(tap) }
        return tap
    }

    /// The one door for every code, in a sheet.
    @discardableResult
    public func scan() -> ScanModel? {
        guard let door else { return nil }
        let scan = ScanModel(
            language, door, show: { [weak self] in self?.show($0, to: $1) }, added: { [weak self] in try? self?.settle() })
        sheet = .scan(scan)
        return scan
    }

    /// The system opened the app with `link`: an offer, which is scanned, or the browser that has come back.
    @discardableResult
    public func arrived(_ link: String) async -> ScanModel? {
        // The link may be what started the app.
        await start()
        guard let door else { return nil }
        if (try? door.id.scan(link)) != nil, let scan = scan() {
            await scan.scanned(link)
            return scan
        }
        var isOurs = false
        // A locked wallet goes on with nothing, but tells a link that is none of its own: nobody is asked for a finger then.
        await issue(opens: false) { id, tell throws(WalletError) in
            do throws(WalletError) {
                isOurs = true
                return try await id.continueWith(link, stage: tell)
            } catch {
                isOurs = error != .NotForThisWallet
                throw error
            }
        }
        // What waited for the browser there has gone on.
        if isOurs, case .scan = sheet { sheet = nil }
        return nil
    }

    /// What a card is called, in the issuer's words.
    public func title(_ card: CardView) -> String { (try? door?.id.name(of: card.document)) ?? card.document }

    /// One card: the same model for as long as the wallet is open, however often its screen is drawn.
    public func card(_ card: CardView) -> CardModel? {
        if let known = details[card.id] { return known }
        guard let door else { return nil }
        let made = CardModel(card, door, language, title: title(card))
        details[card.id] = made
        return made
    }

    /// A show of one card, to `desk` when its sign was scanned.
    public func show(_ card: CardView, to desk: DeskSign? = nil) -> ShowModel? {
        guard let door else { return nil }
        return ShowModel(
            card, door, language, desk: desk,
            refresh: { [weak self] () async throws(WalletError) -> Refreshed? in try await self?.refresh(door.id).get() },
            used: { [weak self] in
                self?.wantsCopies = true
                try? self?.settle()
                return self?.cards.first { $0.id == card.id }
            })
    }

    /// What happened in this wallet, newest first.
    public func history() -> [HistoryLine] {
        guard let entries = try? door?.id.history() else { return [] }
        return entries.map { HistoryLine($0, language) }
    }

    /// Takes over what the wallet says of itself.
    private func settle() throws(WalletError) {
        guard let door else { return }
        let id = door.id
        switch try id.state() {
        case .wiped: close(.wiped)
        case .lockedByCommand: close(.lockedByCommand(lockedText(why: try id.lockedFor() ?? .byIssuer, language: language)))
        case .locked:
            // The citizen is being asked, and the cards come back or go with the answer.
            if door.isProving { return }
            // Dead keys look locked; only starting over helps.
            close(route == .dead ? .dead : .locked)
        case .empty: close(.onboarding)
        case .ready: try seen(id.cards())
        }
        isUnfinished = route == .wiped ? false : try id.unfinishedIssuance() == .waiting
    }

    private func seen(_ held: [CardView]) {
        if cards != held { cards = held }
        for card in held { details[card.id]?.update(card) }
        move(to: held.isEmpty ? .onboarding : .cards)
    }

    private func close(_ route: Route) {
        hide()
        move(to: route)
    }

    private func hide() {
        for (_, card) in details { card.hide() }
        details = [:]
        if !cards.isEmpty { cards = [] }
        if route == .cards { route = .locked }
    }

    private func move(to route: Route) { if self.route != route { self.route = route } }

    /// Whatever came of it, the wallet says where it stands: a wipe that was begun goes on with the next start.
    private func leave(_ act: (MobileId) async throws(WalletError) -> Void) async {
        await attempt { door throws(WalletError) in try await door.errand(opens: false, act) }
        try? settle()
    }

    private func issue(
        opens: Bool = true,
        _ call: (MobileId, @escaping @Sendable (EnrolmentStage) -> Void) async throws(WalletError) -> Issued
    ) async {
        await attempt { door throws(WalletError) in
            do throws(WalletError) {
                try await door.errand(opens: opens) { id throws(WalletError) in try await self.got(call, id) }
            } catch {
                guard error == .Locked, !opens else { throw error }
                try await door.errand { id throws(WalletError) in try await self.got(call, id) }
            }
        }
    }

    private func got(
        _ call: (MobileId, @escaping @Sendable (EnrolmentStage) -> Void) async throws(WalletError) -> Issued, _ id: MobileId
    ) async throws(WalletError) {
        let language = self.language
        let issued = try await call(id) { stage in
            let text = stageText(stage: stage, language: language)
            Task { @MainActor in if self.doing != nil { self.doing = text } }
        }
        if case .later(let seconds) = issued {
            failure = ErrorText(what: Words.offerLater.text(language, Words.span(seconds, language)), next: "")
        }
        try settle()
    }

    private func attempt(_ work: (Door) async throws(WalletError) -> Void) async {
        guard let door, doing == nil else { return }
        doing = ""
        failure = nil
        defer { doing = nil }
        do throws(WalletError) {
            try await work(door)
        } catch {
            // Whoever left finds it locked, and is told so by the screen.
            if error != .Locked { failure = error.text(language) }
            // A command may have locked or wiped it meanwhile.
            if case .NotUsable = error { try? settle() }
        }
    }

    private func tell(_ call: (Door) throws(WalletError) -> Void) {
        guard let door else { return }
        do throws(WalletError) { try call(door) } catch { failure = error.text(language) }
    }

    /// The core says when, between a minute and an hour from now.
    private static let soonest: TimeInterval = 60
    private static let latest: TimeInterval = 3600
}

/// A refresh, for everybody who wants one while it runs.
@MainActor
private final class Refreshing {
    private let task: Task<Result<Refreshed, WalletError>, Never>
    private var waiting = 0

    init(_ id: MobileId, _ done: @escaping (Result<Refreshed, WalletError>) -> Void) {
        task = Task {
            let result: Result<Refreshed, WalletError>
            do throws(WalletError) { result = .success(try await id.refresh()) } catch { result = .failure(error) }
            done(result)
            return result
        }
    }

    var isCancelled: Bool { task.isCancelled }

    func value() async -> Result<Refreshed, WalletError> {
        waiting += 1
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            Task { @MainActor in self.leave() }
        }
    }

    private func leave() {
        waiting -= 1
        if waiting == 0 { task.cancel() }
    }
}
