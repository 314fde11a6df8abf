import Foundation

/// What a reading says while it runs.
public enum ReadingEvent: Sendable {
    /// Another answer of the card arrived.
    case progress(ReadingProgress)
    /// The card was read and its data is genuine.
    case done(ChipEvidence)
}

/// What an enrolment says while it runs.
public enum EnrolmentEvent: Sendable {
    /// Another answer of the card arrived.
    case reading(ReadingProgress)
    /// This step begins.
    case stage(EnrolmentStage)
    /// The card is in the wallet.
    case done(CardView)
}

/// A reading that waits for its card.
public struct ReadingPause: Sendable, Equatable {
    /// How often it has waited by now, this time included.
    public let times: Int
    /// Why: `WalletError.CardLost`, or that the card fell silent.
    public let why: WalletError

    /// One, for a preview of a screen.
    public init(times: Int, why: WalletError) { (self.times, self.why) = (times, why) }
}

/// Whether a paused reading goes on.
public typealias GoOn = @Sendable (ReadingPause) async -> Bool

/// The citizen's wallet. Every call throws `WalletError` and nothing else.
///
/// A call whose task is cancelled ends at once with `WalletError.UserCancelled`, and so does what it had asked of the phone: a
/// prompt, a request. What it had kept before is kept.
///
/// It is locked after ``open(platform:config:)``; ``unlock()`` asks for the finger or the face. Any thread may call it.
public final class MobileId: Sendable {
    let wallet: Wallet
    private let platform: Platform

    private init(wallet: Wallet, platform: Platform) {
        self.wallet = wallet
        self.platform = platform
    }

    /// Opens the wallet at `config.vaultPath`, locked; makes an empty one at first; finishes a wipe that was cut short. No
    /// network, no prompt.
    public static func open(platform: Platform, config: WalletConfig) async throws(WalletError) -> MobileId {
        let wallet = try await walletCall { try await Wallet.open(platform: platform, config: config) }
        return MobileId(wallet: wallet, platform: platform)
    }

    /// Opens the citizen's part by biometrics: one prompt, none when it is open.
    public func unlock() async throws(WalletError) {
        try await walletCall { try await self.wallet.unlock(with: .biometrics) }
    }

    /// Closes the citizen's part.
    public func lock() throws(WalletError) { try walletCall { try wallet.lock() } }

    /// Makes an empty wallet after the keys died, whose cards go, or after a wipe.
    public func startOver() async throws(WalletError) { try await walletCall { try await self.wallet.startOver() } }

    /// Empty, locked or ready; locked by a command, wiped.
    public func state() throws(WalletError) -> WalletState { try walletCall { try wallet.state() } }

    /// The cards, with what the citizen may see of them.
    public func cards() throws(WalletError) -> [CardView] { try walletCall { try wallet.cards() } }

    /// The last `limit` entries of the history, newest first.
    public func history(limit: UInt32 = 100) throws(WalletError) -> [HistoryEntryView] {
        try walletCall { try wallet.history(limit: limit) }
    }

    /// What a scanned code is. Works while locked.
    public func scan(_ text: String) throws(WalletError) -> Scan { try walletCall { try wallet.scan(text: text) } }

    /// Reads the card behind `link` with the six digits `can`, which are wiped. With a `challenge` (8 bytes) the chip proves
    /// that it is the original. Cancelling the task stops the reading between two commands.
    ///
    /// When the card is moved away or falls silent the reading pauses, and `lost` is asked: `true` goes on where it stopped,
    /// through the same link, which has to wait for the card; `false`, as without it, ends with the error it was told. Another
    /// card than before is `WalletError.CardUnreadable` with `.anotherCard`.
    ///
    /// `terms` is what the app knows about cards beside its roots.
    public func read(
        _ link: CardLink, can: inout Data, challenge: Data? = nil, terms: CardTerms? = nil,
        progress: @escaping @Sendable (ReadingProgress) -> Void = { _ in }, lost: @escaping GoOn = { _ in false }
    ) async throws(WalletError) -> ChipEvidence {
        let reading = try prepare(link, can: &can, terms, progress)
        return try await Self.run(reading, lost: lost) { try await reading.run(challenge: challenge) }
    }

    /// ``read(_:can:challenge:terms:progress:lost:)`` by whatever opens the card: the lines for machines, the holder's own number. What
    /// `access` holds stays in the app's hand, which wipes it.
    ///
    /// A card that speaks of PACE and refuses it is opened by less only where `access` allows it by name, and the evidence then
    /// says so: `openedByWeakerAccess()`.
    public func read(
        _ link: CardLink, by access: CardAccessView, challenge: Data? = nil, terms: CardTerms? = nil,
        progress: @escaping @Sendable (ReadingProgress) -> Void = { _ in }, lost: @escaping GoOn = { _ in false }
    ) async throws(WalletError) -> ChipEvidence {
        let reading = try prepare(link, access, terms, progress)
        return try await Self.run(reading, lost: lost) { try await reading.run(challenge: challenge) }
    }

    /// Makes an ID of the card behind `link`: the issuer's challenge, the card's answer, the face, the keys, the credentials;
    /// all of it or nothing. The digits `can` are wiped. Cancelling the task stops it between two steps. For `lost` see
    /// ``read(_:can:challenge:terms:progress:lost:)``.
    ///
    /// With `moving`, an ID that lives on another phone of the citizen is ended there and told so: the way on after
    /// `WalletError.IssuerRefused` with `.anotherPhone`, once the citizen has said yes. It lifts the suspension of a lost phone.
    public func enrol(
        _ link: CardLink, can: inout Data, moving: Bool = false, terms: CardTerms? = nil,
        event: @escaping @Sendable (EnrolmentEvent) -> Void = { _ in }, lost: @escaping GoOn = { _ in false }
    ) async throws(WalletError) -> CardView {
        defer { overwrite(&can) }
        return try await enrol(moving, event, lost) { () throws(WalletError) in
            try prepare(link, can: &can, terms) { event(.reading($0)) }
        }
    }

    /// ``enrol(_:can:moving:terms:event:lost:)`` by whatever opens the card; what `access` holds stays in the app's hand, as with
    /// ``read(_:by:challenge:terms:progress:lost:)``.
    public func enrol(
        _ link: CardLink, by access: CardAccessView, moving: Bool = false, terms: CardTerms? = nil,
        event: @escaping @Sendable (EnrolmentEvent) -> Void = { _ in }, lost: @escaping GoOn = { _ in false }
    ) async throws(WalletError) -> CardView {
        try await enrol(moving, event, lost) { () throws(WalletError) in
            try prepare(link, access, terms) { event(.reading($0)) }
        }
    }

    /// ``read(_:can:challenge:terms:progress:lost:)`` as a sequence of events. Ending the loop early stops the reading.
    public func reading(
        _ link: CardLink, can: inout Data, challenge: Data? = nil, terms: CardTerms? = nil,
        lost: @escaping GoOn = { _ in false }
    ) -> some AsyncSequence<ReadingEvent, WalletError> & Sendable {
        let digits = Digits(can)
        overwrite(&can)
        return Events { tell throws(WalletError) in
            var can = digits.take()
            let evidence = try await self.read(
                link, can: &can, challenge: challenge, terms: terms, progress: { tell(.progress($0)) }, lost: lost)
            tell(.done(evidence))
        }
    }

    /// ``read(_:by:challenge:terms:progress:lost:)`` as a sequence of events. Ending the loop early stops the reading.
    public func reading(
        _ link: CardLink, by access: CardAccessView, challenge: Data? = nil, terms: CardTerms? = nil,
        lost: @escaping GoOn = { _ in false }
    ) -> some AsyncSequence<ReadingEvent, WalletError> & Sendable {
        Events { tell throws(WalletError) in
            let evidence = try await self.read(
                link, by: access, challenge: challenge, terms: terms, progress: { tell(.progress($0)) }, lost: lost)
            tell(.done(evidence))
        }
    }

    /// ``enrol(_:can:moving:terms:event:lost:)`` as a sequence of events. Ending the loop early stops the enrolment.
    public func enrolling(
        _ link: CardLink, can: inout Data, moving: Bool = false, terms: CardTerms? = nil,
        lost: @escaping GoOn = { _ in false }
    ) -> some AsyncSequence<EnrolmentEvent, WalletError> & Sendable {
        let digits = Digits(can)
        overwrite(&can)
        return Events { tell throws(WalletError) in
            var can = digits.take()
            _ = try await self.enrol(link, can: &can, moving: moving, terms: terms, event: tell, lost: lost)
        }
    }

    /// ``enrol(_:by:moving:terms:event:lost:)`` as a sequence of events. Ending the loop early stops the enrolment.
    public func enrolling(
        _ link: CardLink, by access: CardAccessView, moving: Bool = false, terms: CardTerms? = nil,
        lost: @escaping GoOn = { _ in false }
    ) -> some AsyncSequence<EnrolmentEvent, WalletError> & Sendable {
        Events { tell throws(WalletError) in
            _ = try await self.enrol(link, by: access, moving: moving, terms: terms, event: tell, lost: lost)
        }
    }

    /// Looks up an offer that ``scan(_:)`` gave or the system opened the app with.
    public func openOffer(_ link: String) async throws(WalletError) -> CardOffer {
        try await walletCall { try await self.wallet.openOffer(link: link) }
    }

    /// Accepts `offer`: fetches, verifies and stores the card, all of it or nothing. The `digits` that the citizen was told are
    /// wiped. Cancelling the task stops it between two steps.
    public func accept(
        _ offer: CardOffer, digits: inout Data, stage: @escaping @Sendable (EnrolmentStage) -> Void = { _ in }
    ) async throws(WalletError) -> Issued {
        defer { overwrite(&digits) }
        let typed = digits.isEmpty ? nil : digits
        return try await walletCall {
            try await withTaskCancellationHandler {
                try await offer.accept(transactionCode: typed, listener: StageRelay(stage))
            } onCancel: {
                offer.cancel()
            }
        }
    }

    /// Whether an issuance was begun and not finished. Works while locked.
    public func unfinishedIssuance() throws(WalletError) -> UnfinishedIssuance {
        try walletCall { try wallet.unfinishedIssuance() }
    }

    /// Goes on when the citizen's browser has come back with `url`; the app may have ended in between. A URL that is not the
    /// wallet's own to come back to is `WalletError.NotForThisWallet` and ends nothing.
    public func continueWith(
        _ url: String, stage: @escaping @Sendable (EnrolmentStage) -> Void = { _ in }
    ) async throws(WalletError) -> Issued {
        try await walletCall { try await self.wallet.continueWith(url: url, listener: StageRelay(stage)) }
    }

    /// Goes on with an issuance that was cut short; the citizen is asked nothing again.
    public func resumeIssuance(
        stage: @escaping @Sendable (EnrolmentStage) -> Void = { _ in }
    ) async throws(WalletError) -> Issued {
        try await walletCall { try await self.wallet.resumeIssuance(listener: StageRelay(stage)) }
    }

    /// Forgets an issuance that was begun and not finished.
    public func abandonIssuance() async throws(WalletError) {
        try await walletCall { try await self.wallet.abandonIssuance() }
    }

    /// Has the first card issued again with fresh copies, without asking the citizen.
    public func renewCard(
        stage: @escaping @Sendable (EnrolmentStage) -> Void = { _ in }
    ) async throws(WalletError) -> Issued {
        try await walletCall { try await self.wallet.renewCard(listener: StageRelay(stage)) }
    }

    /// Has one of several documents issued again, by the `document` of its card.
    public func renewDocument(
        _ document: String, stage: @escaping @Sendable (EnrolmentStage) -> Void = { _ in }
    ) async throws(WalletError) -> Issued {
        try await walletCall {
            try await self.wallet.renewDocument(document: document, listener: StageRelay(stage))
        }
    }

    /// What a card says beside what `CardView` has, in the issuer's words and order.
    public func claims(of cardId: String) throws(WalletError) -> [CardClaim] {
        try walletCall { try wallet.cardClaims(card: cardId) }
    }

    /// What a `document` is called, in the wallet's language. Works while locked.
    public func name(of document: String) throws(WalletError) -> String {
        try walletCall { try wallet.documentName(document: document) }
    }

    /// Shows a card at a counter: one prompt, which names `desk` when its sign was scanned. Uses up one copy.
    ///
    /// When the issuer's last word for the copy is so old that counters refuse it, that is told before the prompt, by
    /// `WalletError.NotUsable` with `.stapleTooOld`; ``refresh()`` gets a fresh one. A citizen who was told and shows it all the
    /// same, because the counter may have declared an outage, passes `.showAnyway`.
    public func show(
        _ cardId: String, _ disclosure: Disclosure, desk: DeskSign? = nil, ifStale: IfStale = .refuse
    ) async throws(WalletError) -> CounterShow {
        try await walletCall {
            try await self.wallet.showAtCounterWith(
                cardId: cardId, disclosure: disclosure, desk: desk, ifStale: ifStale)
        }
    }

    /// The frame of `show` at this moment. A clock that fails is `WalletError.Unavailable`, as in every other call.
    public func frame(_ show: CounterShow) throws(WalletError) -> FrameView {
        let now: Now
        do { now = try platform.clock.now() } catch ClockError.Failed(let code) {
            throw .Unavailable(code: code)
        } catch { throw .Unavailable(code: unforeseen) }
        return try walletCall { try show.frame(now: now) }
    }

    /// The frames of `show`, each second one, with the seconds it has left; ends with the show.
    public func frames(_ show: CounterShow) -> some AsyncSequence<FrameView, WalletError> & Sendable {
        Events { tell throws(WalletError) in
            while !Task.isCancelled {
                do throws(WalletError) {
                    tell(try self.frame(show))
                } catch {
                    if case .ShowEnded = error { return }
                    throw error
                }
                // To the beginning of the next second, so that a new frame is not late by one.
                let past = Date().timeIntervalSince1970.truncatingRemainder(dividingBy: 1)
                try? await Task.sleep(for: .seconds(1 - past))
            }
        }
    }

    private func enrol(
        _ moving: Bool, _ event: @escaping @Sendable (EnrolmentEvent) -> Void, _ lost: @escaping GoOn,
        _ prepare: () throws(WalletError) -> CardReading
    ) async throws(WalletError) -> CardView {
        let enrolment = try await walletCall { try await self.wallet.enrol() }
        let reading = try prepare()
        let evidence = try await Self.run(reading, lost: lost) { try await enrolment.tap(reading: reading) }
        let card = try await walletCall {
            try await withTaskCancellationHandler {
                let relay = StageRelay { event(.stage($0)) }
                return try await moving
                    ? enrolment.finishMoving(evidence: evidence, listener: relay)
                    : enrolment.finish(evidence: evidence, listener: relay)
            } onCancel: {
                enrolment.cancel()
            }
        }
        event(.done(card))
        return card
    }

    private func prepare(
        _ link: CardLink, can: inout Data, _ terms: CardTerms?, _ progress: @escaping @Sendable (ReadingProgress) -> Void
    ) throws(WalletError) -> CardReading {
        defer { overwrite(&can) }
        let digits = can
        return try prepare(link, .can(can: digits), terms, progress)
    }

    private func prepare(
        _ link: CardLink, _ access: CardAccessView, _ terms: CardTerms?,
        _ progress: @escaping @Sendable (ReadingProgress) -> Void
    ) throws(WalletError) -> CardReading {
        try walletCall {
            let reading = try wallet.readCard(link: link, access: access, listener: ProgressRelay(progress))
            if let terms { try reading.heed(known: terms) }
            return reading
        }
    }

    /// The reading is told of a cancelled task too, so that it speaks to the card no more.
    private static func run(
        _ reading: CardReading, lost: GoOn,
        tap: @escaping @Sendable () async throws -> ChipEvidence
    ) async throws(WalletError) -> ChipEvidence {
        var times = 0
        while true {
            do throws(WalletError) {
                return try await walletCall {
                    try await withTaskCancellationHandler {
                        try await tap()
                    } onCancel: {
                        reading.cancel()
                    }
                }
            } catch {
                guard error == .CardLost || error == .CardUnreadable(why: .silent) && reading.isPaused() else { throw error }
                times += 1
                guard await lost(ReadingPause(times: times, why: error)) else { throw error }
                // Told between two runs, the reading would forget it.
                if Task.isCancelled { throw .UserCancelled }
            }
        }
    }
}

/// Overwrites `bytes` in place, when nobody else holds them: Swift copies what two share.
func overwrite(_ bytes: inout Data) {
    bytes.resetBytes(in: bytes.startIndex..<bytes.endIndex)
}

/// The digits on their way into a task.
private final class Digits: @unchecked Sendable {
    private let lock = NSLock()
    private var bytes: Data

    init(_ bytes: Data) { self.bytes = Data(Array(bytes)) }

    func take() -> Data {
        lock.withLock {
            defer { overwrite(&bytes) }
            return Data(Array(bytes))
        }
    }
}

private final class ProgressRelay: ReadingListener {
    private let tell: @Sendable (ReadingProgress) -> Void
    init(_ tell: @escaping @Sendable (ReadingProgress) -> Void) { self.tell = tell }
    func progress(progress: ReadingProgress) -> Bool {
        tell(progress)
        return true
    }
}

private final class StageRelay: EnrolmentListener {
    private let tell: @Sendable (EnrolmentStage) -> Void
    init(_ tell: @escaping @Sendable (EnrolmentStage) -> Void) { self.tell = tell }
    func stage(stage: EnrolmentStage) -> Bool {
        tell(stage)
        return true
    }
}
