import Foundation
import WalletKit

/// `wallet simulator`: a desk, cards to tap and phones in software, on loopback. docs/simulator.md has its protocol.
public final class Simulator: @unchecked Sendable {
    private let ready: [String: Any]
    #if os(Linux) || os(macOS)
        private var process: Process?
        private var input: Pipe?

        /// Runs `executable` (default: the environment's `WALLET_SIMULATOR`) as a child process.
        public convenience init(executable: String? = nil) throws {
            guard let path = executable ?? ProcessInfo.processInfo.environment["WALLET_SIMULATOR"] else {
                throw SimulatorError.notThere("WALLET_SIMULATOR")
            }
            let (process, input, output) = (Process(), Pipe(), Pipe())
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = ["simulator"]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            var line = Data()
            while let byte = try output.fileHandleForReading.read(upToCount: 1), let first = byte.first, first != 0x0a {
                line.append(first)
            }
            guard !line.isEmpty else { throw SimulatorError.gone }
            try self.init(readyLine: line)
            self.process = process
            self.input = input
        }

        deinit {
            // It ends with its standard input.
            try? input?.fileHandleForWriting.close()
            process?.waitUntilExit()
        }
    #endif

    /// Takes the first line that a running simulator printed.
    public init(readyLine: Data) throws {
        guard let ready = try JSONSerialization.jsonObject(with: readyLine) as? [String: Any] else {
            throw SimulatorError.malformed
        }
        self.ready = ready
    }

    /// The desk's base address.
    public func desk() throws -> String { try text(ready, "desk") }

    /// The id the desk verifies under.
    public func deskId() throws -> String { try text(ready, "desk_id") }

    /// The key that signs counter packs, SEC1, 65 bytes.
    public func packAuthority() throws -> Data { try bytes(ready, "pack_authority") }

    /// A configuration that trusts the simulator, with its vault at `vault`.
    public func config(vault: String, language: Language = .english) throws -> WalletConfig {
        guard let config = ready["config"] as? [String: Any] else { throw SimulatorError.malformed }
        func roots(_ name: String) throws -> [Data] {
            guard let texts = config[name] as? [String] else { throw SimulatorError.malformed }
            return texts.compactMap { Data(base64Encoded: $0) }
        }
        return WalletConfig(
            vaultPath: vault, issuerUrl: try text(config, "issuer_url"), issuerRoots: try roots("issuer_roots"),
            cardRoots: try roots("card_roots"), deskRoots: try roots("desk_roots"), language: language)
    }

    /// Holds the card called `name` to the phone: `adult`, `second`, `minor`, `foreign` or `rogue`.
    public func tap(_ name: String = "adult") throws -> SimulatedCard {
        try SimulatedCard(LoopbackSocket(try text(card(name), "address")))
    }

    /// The six digits printed on the card.
    public func can(_ name: String = "adult") throws -> Data { Data(try text(card(name), "can").utf8) }

    /// The phone called `name`, with the keys it had before.
    public func phone(_ name: String) throws -> SimulatedPhone {
        try SimulatedPhone(LoopbackSocket(try text(ready, "phone")), name: name)
    }

    /// The resident with the card called `name` comes to the community centre: the code to scan, and the digits that are spoken.
    public func visit(_ name: String = "adult") throws -> (link: String, digits: Data) {
        let socket = try LoopbackSocket(try text(ready, "centre"))
        let request = try JSONSerialization.data(withJSONObject: ["op": "visit", "card": name])
        try socket.write(request + Data([0x0a]))
        let answer = try JSONSerialization.jsonObject(with: try socket.receiveLine()) as? [String: Any]
        guard let visit = answer?["ok"] as? [String: Any] else { throw SimulatorError.malformed }
        return (try text(visit, "link"), Data(try text(visit, "transaction_code").utf8))
    }

    private func card(_ name: String) throws -> [String: Any] {
        guard let card = (ready["cards"] as? [[String: Any]])?.first(where: { $0["name"] as? String == name }) else {
            throw SimulatorError.notThere(name)
        }
        return card
    }
}

/// Why the simulator cannot be used.
public enum SimulatorError: Error {
    /// It, or this part of it, is not there.
    case notThere(String)
    /// It ended, or closed the connection.
    case gone
    /// It said something else than its protocol.
    case malformed
}

func text(_ object: [String: Any], _ name: String) throws -> String {
    guard let text = object[name] as? String else { throw SimulatorError.malformed }
    return text
}

func bytes(_ object: [String: Any], _ name: String) throws -> Data {
    guard let bytes = Data(base64Encoded: try text(object, name)) else { throw SimulatorError.malformed }
    return bytes
}
