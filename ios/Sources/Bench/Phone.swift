import Foundation
import WalletKit
import WalletSimulator

/// A phone with a card in it, that can be put back to the moment after enrolment: a show uses up a copy.
final class EnrolledPhone {
    private static let frames: Int64 = 4
    private static let frameSeconds: Int64 = 15
    private static let showSeconds: Int64 = 180
    let hardware: SimulatedPhone
    private let simulator: Simulator
    private let folder: URL
    private let anchor = MemoryAnchor()
    // An app makes these once; they are no part of a show.
    private let http = URLSessionHttp()
    private let config: WalletConfig
    private var files: [String: Data] = [:]
    private var state = Data()
    private var card = ""

    /// The vault lies below `TMPDIR`, so that another language's bench can use the same file system.
    init() async throws {
        simulator = try Simulator()
        hardware = try simulator.phone("bench")
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("wallet-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        config = try simulator.config(vault: folder.appendingPathComponent("vault").path)
        try await enrol()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            files[name] = try Data(contentsOf: folder.appendingPathComponent(name))
        }
        state = await anchor.load()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Copies are used up; the files of the vault and the anchor with them are as after enrolment again.
    func restore() async throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        for (name, bytes) in files { try bytes.write(to: folder.appendingPathComponent(name)) }
        _ = try await anchor.store(bytes: state)
    }

    /// Open, unlock, show, four frames fifteen seconds apart, close.
    func show(_ watch: Stopwatch) async throws {
        let id = try await open(
            TimedKeyStore(hardware, watch), TimedAnchor(anchor, watch), TimedClock(watch))
        try await id.unlock()
        let show = try await id.show(card, .adultOnly)
        let begin = show.endsAt() - Self.showSeconds
        for frame in 0..<Self.frames { _ = try show.frame(now: Now(unixSeconds: begin + frame * Self.frameSeconds)) }
    }

    private func open(_ keys: KeyStore, _ anchor: Anchor, _ clock: Clock) async throws -> MobileId {
        let platform = Platform(keyStore: keys, anchor: anchor, http: http, clock: clock, faceCheck: hardware)
        return try await MobileId.open(platform: platform, config: config)
    }

    private func enrol() async throws {
        let id = try await open(hardware, anchor, SystemClock())
        try await id.unlock()
        var can = try simulator.can()
        card = try await id.enrol(try simulator.tap(), can: &can).id
    }
}

/// Time spent inside the seam, whichever thread spends it: the core calls one method at a time in a show.
final class Stopwatch: @unchecked Sendable {
    private let lock = NSLock()
    private var spent: UInt64 = 0
    private var counted = 0
    var nanoseconds: UInt64 { lock.withLock { spent } }
    var calls: Int { lock.withLock { counted } }

    func reset() {
        lock.withLock { (spent, counted) = (0, 0) }
    }

    func during<T>(_ call: () throws -> T) rethrows -> T {
        let begin = DispatchTime.now().uptimeNanoseconds
        defer { add(begin) }
        return try call()
    }

    func during<T>(_ call: () async throws -> T) async rethrows -> T {
        let begin = DispatchTime.now().uptimeNanoseconds
        defer { add(begin) }
        return try await call()
    }

    private func add(_ begin: UInt64) {
        let took = DispatchTime.now().uptimeNanoseconds - begin
        lock.withLock {
            spent += took
            counted += 1
        }
    }
}

private final class TimedClock: Clock {
    private let watch: Stopwatch
    init(_ watch: Stopwatch) { self.watch = watch }
    func now() throws -> Now { watch.during { Now(unixSeconds: Int64(Date().timeIntervalSince1970)) } }
}

private final class TimedAnchor: Anchor {
    private let (inner, watch): (MemoryAnchor, Stopwatch)
    init(_ inner: MemoryAnchor, _ watch: Stopwatch) { (self.inner, self.watch) = (inner, watch) }
    func load() async throws -> Data { await watch.during { await inner.load() } }
    func store(bytes: Data) async throws -> Data { try await watch.during { try await inner.store(bytes: bytes) } }
}

private final class TimedKeyStore: KeyStore {
    private let (inner, watch): (SimulatedPhone, Stopwatch)
    init(_ inner: SimulatedPhone, _ watch: Stopwatch) { (self.inner, self.watch) = (inner, watch) }
    func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
        try await watch.during { try await inner.create(policy: policy, challenge: challenge, count: count) }
    }
    func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
        try await watch.during { try await inner.sign(key: key, requests: requests, prompt: prompt) }
    }
    func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
        try await watch.during { try await inner.signInstance(key: key, message: message) }
    }
    func wrap(key: WrapKeyId, plain: Data) async throws -> Data {
        try await watch.during { try await inner.wrap(key: key, plain: plain) }
    }
    func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
        try await watch.during { try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt) }
    }
    func delete(ids: [String]) async throws -> [String] { try await watch.during { try await inner.delete(ids: ids) } }
}
