import Foundation
import WalletKit
import WalletSimulator
import XCTest

/// A desk of its own for one behaviour, with phones.
final class Stage: @unchecked Sendable {
    let simulator: Simulator
    private let folder: URL

    init() throws {
        simulator = try Simulator()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("wallet-behaviour-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func phone(_ name: String = "phone") throws -> Phone {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        return Phone(stage: self, hardware: try simulator.phone(name), vault: place.appendingPathComponent("vault").path)
    }

    func counter(deskId: String? = nil, lowestSequence: UInt64 = 0, authority: Data? = nil) async throws -> Counter {
        try Counter.open(
            pack: try await get("/counter-pack"), authority: try authority ?? simulator.packAuthority(),
            lowestSequence: lowestSequence,
            settings: DeskSettings(
                deskId: try deskId ?? simulator.deskId(), acceptGeneralAudience: false, requireNonce: false),
            now: now())
    }

    /// The sign the desk puts up now.
    func sign() async throws -> String {
        let answer = try JSONSerialization.jsonObject(with: try await get("/desk-sign")) as? [String: Any]
        return try XCTUnwrap(answer?["sign"] as? String)
    }

    /// A reading without a wallet, so that a behaviour holds it in its own hand.
    func reading(_ link: CardLink, _ listener: ReadingListener? = nil) throws -> CardReading {
        try CardReading(
            link: link, access: .can(can: try simulator.can()), cardRoots: try simulator.config(vault: "vault").cardRoots,
            clock: SystemClock(), listener: listener)
    }

    private func get(_ path: String) async throws -> Data {
        let request = HttpRequest(method: .get, url: try simulator.desk() + path, headers: [:], body: Data())
        return try await URLSessionHttp().send(request: request).body
    }
}

func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

/// A phone whose seams a behaviour may replace.
struct Phone: Sendable {
    let stage: Stage
    let hardware: SimulatedPhone
    let vault: String
    let anchor = MemoryAnchor()
    let http = CountingHttp()

    func open(
        keyStore: KeyStore? = nil, anchor: Anchor? = nil, http: Http? = nil, clock: Clock = SystemClock(),
        face: FaceCheck? = nil, language: Language = .english
    ) async throws -> MobileId {
        let platform = Platform(
            keyStore: keyStore ?? hardware, anchor: anchor ?? self.anchor, http: http ?? self.http, clock: clock,
            faceCheck: face ?? hardware)
        return try await MobileId.open(platform: platform, config: try stage.simulator.config(vault: vault, language: language))
    }

    func unlocked(
        keyStore: KeyStore? = nil, http: Http? = nil, clock: Clock = SystemClock(), face: FaceCheck? = nil
    ) async throws -> MobileId {
        let id = try await open(keyStore: keyStore, http: http, clock: clock, face: face)
        try await id.unlock()
        return id
    }

    func enrolled(keyStore: KeyStore? = nil, clock: Clock = SystemClock()) async throws -> MobileId {
        let id = try await unlocked(keyStore: keyStore, clock: clock)
        try await enrol(id)
        return id
    }

    @discardableResult
    func enrol(_ id: MobileId, _ card: String = "adult", moving: Bool = false) async throws -> CardView {
        var can = try stage.simulator.can(card)
        return try await id.enrol(try stage.simulator.tap(card), can: &can, moving: moving)
    }

    func prompts() async throws -> Int { try await hardware.prompts().count }
}

/// Waits until this is so, a minute at most.
func until(file: StaticString = #filePath, line: UInt = #line, _ isSo: () async throws -> Bool) async throws {
    for _ in 1...6000 {
        if try await isSo() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    XCTFail("it never was so", file: file, line: line)
}

/// A count that several threads keep.
final class Count: @unchecked Sendable {
    private let lock = NSLock()
    private var counted = 0
    var value: Int { lock.withLock { counted } }
    @discardableResult
    func next() -> Int {
        lock.withLock {
            counted += 1
            return counted
        }
    }
}

/// A value that is put there later.
final class Later<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value?
    var value: Value? {
        get { lock.withLock { held } }
        set { lock.withLock { held = newValue } }
    }
}

/// The real client, counted, until its network goes.
final class CountingHttp: Http {
    private let inner = URLSessionHttp()
    let sent = Count()
    let isOffline = Later<Bool>()
    func send(request: HttpRequest) async throws -> HttpResponse {
        sent.next()
        if isOffline.value == true { throw HttpError.Offline }
        return try await inner.send(request: request)
    }
}

/// A link that calls `before` with the number of each command, from one.
final class WatchedLink: CardLink {
    private let inner: CardLink
    private let before: @Sendable (Int) async throws -> Void
    let commands = Count()
    init(_ inner: CardLink, _ before: @escaping @Sendable (Int) async throws -> Void = { _ in }) {
        self.inner = inner
        self.before = before
    }
    func transceive(apdu: Data) async throws -> Data {
        try await before(commands.next())
        return try await inner.transceive(apdu: apdu)
    }
    func limits() async throws -> LinkLimits { try await inner.limits() }
}

/// A reader whose card leaves before one command; the next one waits for the card after it. It carries short APDUs alone, so that
/// a file takes many.
final class HeldAgain: CardLink {
    private let cards: [@Sendable () throws -> SimulatedCard]
    private let lostAt: Int
    private let held = Later<SimulatedCard>()
    private let taps = Count()
    let commands = Count()

    init(_ cards: [@Sendable () throws -> SimulatedCard], lostAt: Int = 0) { (self.cards, self.lostAt) = (cards, lostAt) }

    func transceive(apdu: Data) async throws -> Data {
        if commands.next() == lostAt {
            held.value = nil
            throw LinkError.TagLost
        }
        let card = try held.value ?? cards[min(taps.next(), cards.count) - 1]()
        held.value = card
        return try await card.transceive(apdu: apdu)
    }

    func limits() -> LinkLimits { LinkLimits(maxCommand: 261, maxResponse: 258, extended: false) }
}

/// A clock that is put forward.
final class ForwardClock: Clock {
    private let ahead = Later<Int64>()
    func forward(hours: Int64) { ahead.value = (ahead.value ?? 0) + hours * 3600 }
    func now() -> Now { Now(unixSeconds: WalletKitTests.now() + (ahead.value ?? 0)) }
}

/// A key store that remembers what it made.
final class RememberingKeys: KeyStore {
    private let inner: KeyStore
    private let made = Later<[(KeyPurpose, String)]>()
    init(_ inner: KeyStore) { self.inner = inner }

    /// How many keys were made, and how many of them still do what they are for.
    func count() async throws -> (made: Int, alive: Int) {
        let all = made.value ?? []
        var alive = 0
        for (purpose, id) in all {
            do {
                switch purpose {
                case .holder:
                    let nobody = Prompt(title: "", reason: "", counterparty: nil)
                    _ = try await inner.sign(key: id, requests: [SignRequest(message: Data([1]))], prompt: nobody)
                case .instance: _ = try await inner.signInstance(key: id, message: Data([1]))
                case .wrap: _ = try await inner.wrap(key: id, plain: Data(count: 32))
                }
                alive += 1
            } catch KeyStoreError.KeyNotFound {}
        }
        return (all.count, alive)
    }

    func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
        let created = try await inner.create(policy: policy, challenge: challenge, count: count)
        made.value = (made.value ?? []) + created.keys.map { (policy.purpose, $0.id) }
        return created
    }
    func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
        try await inner.sign(key: key, requests: requests, prompt: prompt)
    }
    func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
        try await inner.signInstance(key: key, message: message)
    }
    func wrap(key: WrapKeyId, plain: Data) async throws -> Data { try await inner.wrap(key: key, plain: plain) }
    func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
        try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt)
    }
    func delete(ids: [String]) async throws -> [String] { try await inner.delete(ids: ids) }
}

extension MobileId {
    func showAdult() async throws -> CounterShow { try await show(try only().id, .adultOnly) }
    func only() throws -> CardView {
        let cards = try cards()
        XCTAssertEqual(cards.count, 1)
        return try XCTUnwrap(cards.first)
    }
    func left(_ disclosure: Disclosure) throws -> UInt32? { try only().copies.first { $0.disclosure == disclosure }?.left }
    func scanSign(_ text: String) throws -> DeskSign {
        guard case .deskSign(let sign) = try scan(text) else { throw WalletError.NotForThisWallet }
        return sign
    }
}

extension CounterShow {
    func text(at second: Int64) throws -> String { try frame(now: Now(unixSeconds: second)).text }
}

extension Verdict {
    var reason: Reason? {
        for check in checks { if case .failed(let reason) = check.outcome { return reason } }
        return nil
    }
}

/// The call throws exactly this error.
func assertThrows<T: Sendable>(
    _ expected: WalletError, file: StaticString = #filePath, line: UInt = #line, _ call: () async throws -> T
) async {
    do {
        _ = try await call()
        XCTFail("\(expected) was not thrown", file: file, line: line)
    } catch let error as WalletError {
        XCTAssertEqual(error, expected, file: file, line: line)
    } catch {
        XCTFail("\(error) is no WalletError", file: file, line: line)
    }
}

/// What happened and what to do next, each in sentences of its own language, and nothing of how they were made.
func assertSpoken(file: StaticString = #filePath, line: UInt = #line, _ text: (Language) -> ErrorText) {
    let leftOver = ["{", "}", "%", "\\(", "$", "nil", "Optional", "None", "Some", "TODO", "/vault"]
    let hangul: (String) -> Bool = { $0.unicodeScalars.contains { (0xac00...0xd7a3).contains($0.value) } }
    let (korean, english) = (text(.korean), text(.english))
    for text in [korean, english] {
        XCTAssertNotEqual(text.what, text.next, file: file, line: line)
        for sentence in [text.what, text.next] {
            XCTAssertTrue(sentence.count > 1 && sentence.hasSuffix("."), sentence, file: file, line: line)
            XCTAssertEqual(leftOver.filter { sentence.contains($0) }, [], sentence, file: file, line: line)
        }
    }
    for sentence in [korean.what, korean.next] { XCTAssertTrue(hangul(sentence), sentence, file: file, line: line) }
    for sentence in [english.what, english.next] { XCTAssertFalse(hangul(sentence), sentence, file: file, line: line) }
}
