import Foundation
import WalletKit
import WalletSimulator

/// Somebody waits here until a test lets them go on.
final class Gate: @unchecked Sendable {
    private let lock = NSLock()
    private var shut = false
    private var inside = 0

    /// How many wait.
    var waiting: Int { lock.withLock { inside } }
    func close() { lock.withLock { shut = true } }
    func open() { lock.withLock { shut = false } }

    /// Waits while it is closed, and for as long as the task is wanted.
    func pass() async {
        lock.withLock { inside += 1 }
        while lock.withLock({ shut }) && !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        lock.withLock { inside -= 1 }
    }
}

/// The real network, which holds back whatever a test says.
final class HeldHttp: Http, @unchecked Sendable {
    let gate = Gate()
    private let inner = URLSessionHttp()
    private let lock = NSLock()
    private var urls: [String] = []
    private var part: String?

    /// Holds back requests to addresses with `part`.
    func hold(_ part: String) {
        lock.withLock { self.part = part }
        gate.close()
    }

    /// How many requests went to addresses with `part`.
    func asked(_ part: String) -> Int { lock.withLock { urls.filter { $0.contains(part) }.count } }

    func send(request: HttpRequest) async throws -> HttpResponse {
        let isHeld = lock.withLock {
            urls.append(request.url)
            return part.map { request.url.contains($0) } ?? false
        }
        if isHeld { await gate.pass() }
        return try await inner.send(request: request)
    }
}

/// The phone's keys, whose prompts stay up for as long as a test says.
final class HeldKeys: KeyStore, @unchecked Sendable {
    let gate = Gate()
    private let inner: SimulatedPhone
    private let lock = NSLock()
    private var failing = false
    /// Whether the hardware does not answer what it could without a prompt.
    var isFailing: Bool {
        get { lock.withLock { failing } }
        set { lock.withLock { failing = newValue } }
    }
    init(_ inner: SimulatedPhone) { self.inner = inner }
    func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
        try await inner.create(policy: policy, challenge: challenge, count: count)
    }
    func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
        await gate.pass()
        return try await inner.sign(key: key, requests: requests, prompt: prompt)
    }
    func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
        try await inner.signInstance(key: key, message: message)
    }
    func wrap(key: WrapKeyId, plain: Data) async throws -> Data { try await inner.wrap(key: key, plain: plain) }
    func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
        if prompt != nil { await gate.pass() } else if isFailing { throw KeyStoreError.Unavailable }
        return try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt)
    }
    func delete(ids: [String]) async throws -> [String] { try await inner.delete(ids: ids) }
}
