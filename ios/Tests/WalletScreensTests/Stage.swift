import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletScreens

/// A desk of its own, a phone, and the app on it.
@MainActor
final class Stage {
    let simulator: Simulator
    let phone: SimulatedPhone
    let reader = Reader()
    let clock = ForwardClock()
    let http = HeldHttp()
    let keys: HeldKeys
    private let anchor = MemoryAnchor()
    private let folder: URL

    init() throws {
        simulator = try Simulator()
        phone = try simulator.phone("screens")
        keys = HeldKeys(phone)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("wallet-screens-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The app, started anew. The wallet before it must be gone.
    func app(_ language: Language = .english, isStarted: Bool = true) async throws -> WalletModel {
        let platform = Platform(keyStore: keys, anchor: anchor, http: http, clock: clock, faceCheck: phone)
        let config = try simulator.config(vault: folder.appendingPathComponent("vault").path, language: language)
        let (reader, simulator) = (reader, simulator)
        let model = WalletModel(
            Surroundings(
                language: language,
                open: { () async throws(WalletError) in try await MobileId.open(platform: platform, config: config) },
                reader: {
                    reader.card = { try simulator.tap() }
                    return reader
                }, patience: .milliseconds(20)))
        if isStarted { await model.start() }
        return model
    }

    /// The app with a card in it.
    func enrolled() async throws -> WalletModel {
        let model = try await app()
        let tap = try await tap(model)
        await tap.finished()
        XCTAssertEqual(tap.step, .done)
        return model
    }

    /// A reading that was begun with the right digits.
    func tap(_ model: WalletModel) async throws -> TapModel {
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        try start(tap)
        return tap
    }

    func start(_ tap: TapModel) throws {
        tap.digits = String(decoding: try simulator.can(), as: UTF8.self)
        tap.start()
    }

    /// An offer that was opened from its link.
    func offer(_ model: WalletModel, _ link: String) async throws -> OfferModel {
        let arrived = await model.arrived(link)
        guard case .offer(let offer)? = arrived?.step else { throw WalletError.NotForThisWallet }
        return offer
    }

    func prompts() async throws -> Int { try await phone.prompts().count }
}

/// Waits until a screen says so, a minute at most.
@MainActor
func until(file: StaticString = #filePath, line: UInt = #line, _ isSo: () -> Bool) async throws {
    for _ in 1...6000 {
        if isSo() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    XCTFail("it never said so", file: file, line: line)
}

/// A clock that is put forward, and back, and that may fail.
final class ForwardClock: Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var seconds: Int64 = 0
    private var failing = false
    private var failures = 0
    var isFailing: Bool {
        get { lock.withLock { failing } }
        set { lock.withLock { failing = newValue } }
    }
    /// How often it could not tell.
    var failed: Int { lock.withLock { failures } }
    func forward(hours: Int64) { lock.withLock { seconds += hours * 3600 } }
    func now() throws -> Now {
        let fails = lock.withLock {
            if failing { failures += 1 }
            return failing
        }
        if fails { throw ClockError.Failed(osCode: 7) }
        return told()
    }
    private func told() -> Now { Now(unixSeconds: Int64(Foundation.Date().timeIntervalSince1970) + lock.withLock { seconds }) }
}

/// A reader that holds a simulated card, which `before` may take away before a command.
final class Reader: CardReader, CardLink, @unchecked Sendable {
    private let lock = NSLock()
    private var held: SimulatedCard?
    private var commands = 0
    private var asked: [String] = []
    var card: @Sendable () throws -> SimulatedCard = { throw SimulatorError.gone }
    var before: @Sendable (Int) async throws -> Void = { _ in }

    var link: any CardLink { self }
    var said: [String] { lock.withLock { asked } }

    func begin() { lock.withLock { asked.append("begin") } }
    func finish(succeeded: Bool) { lock.withLock { asked.append(succeeded ? "done" : "failed") } }

    func transceive(apdu: Data) async throws -> Data {
        let command = lock.withLock {
            commands += 1
            return commands
        }
        do {
            try await before(command)
            return try await present().transceive(apdu: apdu)
        } catch {
            lock.withLock { held = nil }
            throw error
        }
    }

    func limits() async throws -> LinkLimits { try await present().limits() }

    /// A card that was taken away comes back as a fresh session.
    private func present() throws -> SimulatedCard {
        try lock.withLock {
            let card = try held ?? card()
            held = card
            return card
        }
    }
}
