import Foundation
import WalletKit
import WalletSimulator
import XCTest

/// Stands for what a seam never declared.
struct Planted: Error {}

final class BindingsBehaviours: XCTestCase {
    func test_a_foreign_throw_in_a_sync_method_is_an_error() async throws {
        final class BrokenListener: ReadingListener {
            func progress(progress: ReadingProgress) throws -> Bool { throw Planted() }
        }
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open(clock: SomeClock { throw Planted() })
        do {
            _ = try id.scan("KD1:ABC")
            XCTFail("scanned")
        } catch { guard case WalletError.Unavailable = error else { throw error } }
        XCTAssertEqual(try id.state(), .empty)
        let link = WatchedLink(try stage.simulator.tap())
        let reading = try stage.reading(link, BrokenListener())
        await assertThrows(.UserCancelled) { try await reading.run(challenge: nil) }
        XCTAssertEqual(link.commands.value, 1)
    }

    func test_a_foreign_throw_in_an_async_method_is_an_error() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let broken = SomeKeys(phone.hardware, sign: { throw Planted() })
        let id = try await phone.enrolled(keyStore: broken)
        do {
            _ = try await id.showAdult()
            XCTFail("shown")
        } catch { guard case WalletError.Unavailable = error else { throw error } }
        XCTAssertEqual(try id.cards().count, 1)
        let link = WatchedLink(try stage.simulator.tap()) { _ in throw Planted() }
        do {
            _ = try await stage.reading(link).run(challenge: nil)
            XCTFail("read")
        } catch { guard case WalletError.Unavailable = error else { throw error } }
    }

    func test_every_seam_error_arrives_by_its_name() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let keyErrors: [(KeyStoreError, WalletError)] = [
            (.UserCancelled, .UserCancelled), (.LockedOut, .LockedOut), (.NoBiometrics, .NoBiometrics),
            (.KeyInvalidated, .KeyInvalidated), (.KeyNotFound, .KeyInvalidated), (.Unavailable, .Unavailable(code: -1005)),
            (.Failed(osCode: 7), .Unavailable(code: 7)),
        ]
        let signing = Later<KeyStoreError>()
        let signed = try stage.phone("signed")
        let shower = try await signed.enrolled(
            keyStore: SomeKeys(signed.hardware, sign: { if let error = signing.value { throw error } }))
        for (index, (thrown, expected)) in keyErrors.enumerated() {
            await assertThrows(expected) {
                try await phone.open(keyStore: SomeKeys(phone.hardware, unwrap: { throw thrown })).unlock()
            }
            // A wallet that nobody has opened yet makes its keys, and wraps with them.
            let fresh = try stage.phone("fresh-\(index)")
            await assertThrows(expected) { try await fresh.open(keyStore: SomeKeys(fresh.hardware, create: { throw thrown })) }
            await assertThrows(expected) { try await fresh.open(keyStore: SomeKeys(fresh.hardware, wrap: { throw thrown })) }
            signing.value = thrown
            await assertThrows(expected) { try await shower.showAdult() }
        }
        let linkErrors: [(LinkError, WalletError)] = [
            (.TagLost, .CardLost), (.Timeout, .CardUnreadable(why: .silent)), (.TooLong, .CardUnreadable(why: .unsupported)),
            (.Cancelled, .UserCancelled), (.Failed(osCode: 7), .Unavailable(code: 7)),
        ]
        for (thrown, expected) in linkErrors {
            let link = WatchedLink(try stage.simulator.tap()) { _ in throw thrown }
            let reading = try stage.reading(link)
            await assertThrows(expected) { try await reading.run(challenge: nil) }
        }
        let httpErrors: [(HttpError, WalletError)] = [
            (.Offline, .Offline), (.Timeout, .Offline), (.Tls, .NotTrusted(why: .issuerAnswer)),
            (.Failed(osCode: 7), .Unavailable(code: 7)),
        ]
        for (thrown, expected) in httpErrors {
            let id = try await phone.unlocked(http: SomeHttp { _ in throw thrown })
            await assertThrows(expected) { try await phone.enrol(id) }
        }
        for (thrown, code) in [(AnchorError.Unavailable, Int32(-1006)), (.Failed(osCode: 7), 7)] {
            await assertThrows(.Unavailable(code: code)) { try await phone.open(anchor: SomeAnchor { throw thrown }) }
        }
        do {  // a wallet that is open keeps its file to itself
            let late = try await phone.open(clock: SomeClock { throw ClockError.Failed(osCode: 7) })
            await assertThrows(.Unavailable(code: 7)) { try late.scan("KD1:ABC") }
        }
        let faceErrors: [(FaceCheckError, WalletError)] = [
            (.UserCancelled, .UserCancelled), (.NoMatch, .FaceMismatch), (.Unavailable, .Unavailable(code: -1007)),
        ]
        for (thrown, expected) in faceErrors {
            let id = try await phone.unlocked(face: SomeFace { throw thrown })
            await assertThrows(expected) { try await phone.enrol(id) }
        }
    }

    func test_a_planted_panic_is_an_error_and_the_process_lives() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        await assertThrows(.Unavailable(code: internalFailure)) { try id.scan("PANIC") }
        XCTAssertEqual(try id.cards().count, 1)
        let text = try id.frame(try await id.showAdult()).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted)
    }

    func test_twenty_calls_at_once() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let card = try id.only().id
        let texts = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 1...10 {
                group.addTask { try id.frame(try await id.show(card, .adultOnly)).text }
                group.addTask {
                    XCTAssertEqual(try id.only().id, card)
                    return nil
                }
            }
            return try await group.reduce(into: Set<String>()) { if let text = $1 { $0.insert(text) } }
        }
        XCTAssertEqual(texts.count, 10)
        XCTAssertEqual(try id.left(.adultOnly), 0)
        XCTAssertEqual(try id.history().count, 11)
    }

    func test_an_object_let_go_while_in_use_finishes() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let held = Later<CardReading>()
        let link = WatchedLink(try stage.simulator.tap()) { if $0 == 4 { held.value = nil } }
        held.value = try stage.reading(link)
        weak var watched = held.value
        let run = Task { try await held.value?.run(challenge: nil) }
        let evidence = try await run.value
        XCTAssertEqual(try evidence?.files().isEmpty, false)
        XCTAssertGreaterThan(link.commands.value, 4)
        XCTAssertNil(watched, "nobody holds it once the call has ended")
    }

    func test_errors_speak_korean_and_english() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        do {
            _ = try id.scan("https://example.com")
            XCTFail("scanned")
        } catch {
            assertSpoken { error.text($0) }
        }
        for error in everyError() { assertSpoken { error.text($0) } }
    }

    func test_a_cancelled_task_stops_the_reading() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        let (reached, tell) = AsyncStream.makeStream(of: Void.self)
        let ended = Later<Bool>()
        let link = WatchedLink(try stage.simulator.tap()) { number in
            guard number == 3 else { return }
            tell.finish()
            // Until the command is given up.
            while !Task.isCancelled { await Task.yield() }
            ended.value = true
            throw LinkError.Cancelled
        }
        let task = Task {
            var can = try stage.simulator.can()
            return try await id.read(link, can: &can)
        }
        for await _ in reached {}
        task.cancel()
        await assertThrows(.UserCancelled) { try await task.value }
        try await until { ended.value == true }
        var can = try stage.simulator.can()
        _ = try await id.read(try stage.simulator.tap(), can: &can)
        XCTAssertEqual(link.commands.value, 3, "nothing was sent after it, for as long as another reading takes")
    }
}

/// A key store with something before four of its methods.
final class SomeKeys: KeyStore {
    typealias Act = @Sendable () throws -> Void
    private let inner: KeyStore
    private let (beforeCreate, beforeSign, beforeWrap, beforeUnwrap): (Act, Act, Act, Act)
    init(
        _ inner: KeyStore, create: @escaping Act = {}, sign: @escaping Act = {}, wrap: @escaping Act = {},
        unwrap: @escaping Act = {}
    ) {
        self.inner = inner
        (beforeCreate, beforeSign, beforeWrap, beforeUnwrap) = (create, sign, wrap, unwrap)
    }
    func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
        try beforeCreate()
        return try await inner.create(policy: policy, challenge: challenge, count: count)
    }
    func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
        try beforeSign()
        return try await inner.sign(key: key, requests: requests, prompt: prompt)
    }
    func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
        try await inner.signInstance(key: key, message: message)
    }
    func wrap(key: WrapKeyId, plain: Data) async throws -> Data {
        try beforeWrap()
        return try await inner.wrap(key: key, plain: plain)
    }
    func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
        if prompt != nil { try beforeUnwrap() }
        return try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt)
    }
    func delete(ids: [String]) async throws -> [String] { try await inner.delete(ids: ids) }
}

final class SomeClock: Clock {
    private let act: @Sendable () throws -> Now
    init(_ act: @escaping @Sendable () throws -> Now) { self.act = act }
    func now() throws -> Now { try act() }
}

final class SomeHttp: Http {
    private let act: @Sendable (HttpRequest) async throws -> HttpResponse
    init(_ act: @escaping @Sendable (HttpRequest) async throws -> HttpResponse) { self.act = act }
    func send(request: HttpRequest) async throws -> HttpResponse { try await act(request) }
}

final class SomeAnchor: Anchor {
    private let act: @Sendable () throws -> Data
    init(_ act: @escaping @Sendable () throws -> Data) { self.act = act }
    func load() async throws -> Data { try act() }
    func store(bytes: Data) async throws -> Data { bytes }
}

final class SomeFace: FaceCheck {
    private let act: @Sendable () throws -> FaceEvidence
    init(_ act: @escaping @Sendable () throws -> FaceEvidence) { self.act = act }
    func compare(portrait: Data, challenge: Data, instanceKey: Data, prompt: Prompt) async throws -> FaceEvidence {
        try act()
    }
}
