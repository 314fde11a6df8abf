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

    /// A file of the cards' country, as its directory has it: `link`, to the key behind `rogue`; `revocation_list`, which takes
    /// back who signed the other cards; `other_revocation_list`, which takes back somebody else.
    public func directory(_ name: String) throws -> Data {
        guard let directory = ready["directory"] as? [String: Any] else { throw SimulatorError.malformed }
        return try bytes(directory, name)
    }

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

    /// Holds the card called `name` to the phone: `adult`, `second`, `minor`, `foreign`; `rogue`, whose country nobody trusts;
    /// `worn`, which speaks of PACE and refuses it.
    public func tap(_ name: String = "adult") throws -> SimulatedCard {
        try SimulatedCard(LoopbackSocket(try text(card(name), "address")))
    }

    /// The six digits printed on the card.
    public func can(_ name: String = "adult") throws -> Data { Data(try text(card(name), "can").utf8) }

    /// The phone called `name`, with the keys it had before.
    public func phone(_ name: String) throws -> SimulatedPhone {
        try SimulatedPhone(LoopbackSocket(try text(ready, "phone")), name: name)
    }

    /// The lines for machines of the card called `name`, as what opens it.
    public func lines(_ name: String = "adult", basicAccess: BasicAccessPolicy) throws -> CardAccessView {
        guard let mrz = try card(name)["mrz"] as? [String: Any] else { throw SimulatorError.malformed }
        func part(_ name: String) throws -> Data { Data(try text(mrz, name).utf8) }
        return .mrz(
            number: try part("number"), birth: try part("birth"), expiry: try part("expiry"), basicAccess: basicAccess)
    }

    /// The resident with the card called `name` comes to the community centre, for the card or for another `document` that the
    /// register has for them: the code to scan, and the digits that are spoken.
    public func visit(_ name: String = "adult", for document: String? = nil) throws -> (link: String, digits: Data) {
        let visit = try centre("visit", ["card": name, "document": document as Any? ?? NSNull()])
        return (try text(visit, "link"), Data(try text(visit, "transaction_code").utf8))
    }

    /// The resident has reported the phone lost: the telecom operator suspends what is bound to its line. `adult` and `second`
    /// have lines.
    public func suspend(_ name: String = "adult") throws { _ = try centre("suspend", ["card": name]) }

    /// The phone was found: the operator lifts it.
    public func resume(_ name: String = "adult") throws { _ = try centre("resume", ["card": name]) }

    /// The register says of this resident: `card_lost`, `details_changed` or `died`.
    public func end(_ name: String = "adult", by event: String) throws {
        _ = try centre("end_card", ["card": name, "event": event])
    }

    /// The centre orders a wipe of the phone that has this resident's ID.
    public func orderWipe(_ name: String = "adult") throws { _ = try centre("wipe", ["card": name]) }

    /// The resident signs in at the portal and applies: the link for the wallet.
    public func portalLink(_ name: String = "adult") throws -> String {
        try text(centre("portal_link", ["card": name]), "link")
    }

    /// A browser opens `url`, signs in as this resident and says yes, or no: where it leads back to.
    public func browse(_ url: String, as name: String = "adult", agree: Bool = true) throws -> String {
        try text(centre("browse", ["card": name, "url": url, "agree": agree]), "redirect_uri")
    }

    /// A clerk decides whether this resident may have a `document` that waits; gives back whether they had asked for it.
    @discardableResult
    public func decide(_ document: String, for name: String = "adult", approve: Bool) throws -> Bool {
        try centre("decide", ["card": name, "document": document, "approve": approve])["asked"] as? Bool ?? false
    }

    private func centre(_ operation: String, _ fields: [String: Any]) throws -> [String: Any] {
        let socket = try LoopbackSocket(try text(ready, "centre"))
        let request = try JSONSerialization.data(withJSONObject: fields.merging(["op": operation]) { $1 })
        try socket.write(request + Data([0x0a]))
        let answer = try JSONSerialization.jsonObject(with: try socket.receiveLine()) as? [String: Any]
        guard let done = answer?["ok"] as? [String: Any] else {
            throw SimulatorError.refused(answer?["error"] as? String ?? "malformed")
        }
        return done
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
    /// It would not, and says why.
    case refused(String)
}

func text(_ object: [String: Any], _ name: String) throws -> String {
    guard let text = object[name] as? String else { throw SimulatorError.malformed }
    return text
}

func bytes(_ object: [String: Any], _ name: String) throws -> Data {
    guard let bytes = Data(base64Encoded: try text(object, name)) else { throw SimulatorError.malformed }
    return bytes
}
