import Foundation
import WalletKit

/// A phone in software: its secure hardware and its camera, and what a test may do to both.
public actor SimulatedPhone: KeyStore, FaceCheck {
    private let socket: LoopbackSocket

    init(_ socket: LoopbackSocket, name: String) throws {
        self.socket = socket
        _ = try Self.say(["phone": name], on: socket)
    }

    public func create(policy: KeyPolicy, challenge: Data, count: UInt32) throws -> CreatedKeys {
        var fields: [String: Any] = [
            "purpose": "\(policy.purpose)", "challenge": challenge.base64EncodedString(), "count": Int(count),
            "residence": policy.residence == .secureElement ? "secure_element" : "secure_world",
        ]
        switch policy.userAuthentication {
        case .none: fields["user_authentication"] = "none"
        case .eachUse: fields["user_authentication"] = "each_use"
        case .window(let seconds):
            fields["user_authentication"] = "window"
            fields["window_seconds"] = Int(seconds)
        }
        let made = try keys("create", fields)
        guard let keys = made["keys"] as? [[String: Any]],
            let chains = (made["attestation"] as? [String: Any])?["chains"] as? [[String]]
        else { throw SimulatorError.malformed }
        return CreatedKeys(
            keys: try keys.map { NewKey(id: try text($0, "id"), publicKey: try bytes($0, "public_key")) },
            attestation: .software(chains: chains.map { $0.compactMap { Data(base64Encoded: $0) } }))
    }

    public func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) throws -> [Data] {
        let messages = requests.map { $0.message.base64EncodedString() }
        let signed = try keys("sign", ["key": key, "messages": messages, "prompt": Self.json(prompt)])
        return (signed["signatures"] as? [String] ?? []).compactMap { Data(base64Encoded: $0) }
    }

    public func signInstance(key: InstanceKeyId, message: Data) throws -> Data {
        try bytes(keys("sign_instance", ["key": key, "message": message.base64EncodedString()]), "signature")
    }

    public func wrap(key: WrapKeyId, plain: Data) throws -> Data {
        try bytes(keys("wrap", ["key": key, "plain": plain.base64EncodedString()]), "bytes")
    }

    public func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) throws -> Data {
        var fields: [String: Any] = ["key": key, "wrapped": wrapped.base64EncodedString()]
        if let prompt { fields["prompt"] = Self.json(prompt) }
        return try bytes(keys("unwrap", fields), "bytes")
    }

    public func delete(ids: [String]) throws -> [String] { try keys("delete", ["ids": ids])["ids"] as? [String] ?? [] }

    public func compare(portrait: Data, challenge: Data, instanceKey: Data, prompt: Prompt) throws -> FaceEvidence {
        let answer = try ask(
            "compare",
            [
                "portrait": portrait.base64EncodedString(), "challenge": challenge.base64EncodedString(),
                "instance_key": instanceKey.base64EncodedString(), "prompt": Self.json(prompt),
            ])
        guard let seen = answer["ok"] as? [String: Any] else {
            switch answer["error"] as? String {
            case "user_cancelled": throw FaceCheckError.UserCancelled
            case "no_match": throw FaceCheckError.NoMatch
            default: throw FaceCheckError.Unavailable
            }
        }
        return FaceEvidence(provider: try text(seen, "provider"), signature: try bytes(seen, "signature"))
    }

    /// Whether `signature` (r ‖ s, 64 bytes) is ES256 over `message` under `publicKey` (SEC1, 65 bytes).
    public func verifies(_ signature: Data, _ message: Data, _ publicKey: Data) throws -> Bool {
        let fields = [
            "public_key": publicKey.base64EncodedString(), "message": message.base64EncodedString(),
            "signature": signature.base64EncodedString(),
        ]
        guard let verifies = try keys("verify", fields)["verifies"] as? Bool else { throw SimulatorError.malformed }
        return verifies
    }

    /// SHA-256.
    public func sha256(_ data: Data) throws -> Data { try bytes(keys("sha256", ["bytes": data.base64EncodedString()]), "bytes") }

    /// What the citizen does at the next prompt: `approve`, `cancel` or `fail_until_locked_out`.
    public func answerNext(_ answer: String) throws { _ = try keys("answer_next", ["answer": answer]) }

    /// Ends a lock-out, as the device's own PIN does.
    public func endLockOut() throws { _ = try keys("end_lock_out") }

    /// Takes every fingerprint and face away, or brings them back.
    public func setNoBiometrics(_ none: Bool) throws { _ = try keys("set_no_biometrics", ["value": none]) }

    /// A new finger was added: every key that asks for the citizen is dead.
    public func invalidateKeys() throws { _ = try keys("invalidate_keys") }

    /// What the camera sees from now on: `match`, `no_match`, `cancel` or `unavailable`.
    public func face(_ answer: String) throws { _ = try keys("face", ["answer": answer]) }

    /// Every prompt shown so far, of fingers first, then of faces.
    public func prompts() throws -> [Prompt] {
        guard let prompts = try keys("prompts")["prompts"] as? [[String: Any]] else { throw SimulatorError.malformed }
        return try prompts.map {
            Prompt(title: try text($0, "title"), reason: try text($0, "reason"), counterparty: $0["counterparty"] as? String)
        }
    }

    private func keys(_ operation: String, _ fields: [String: Any] = [:]) throws -> [String: Any] {
        let answer = try ask(operation, fields)
        if let done = answer["ok"] as? [String: Any] { return done }
        switch answer["error"] as? String {
        case "user_cancelled": throw KeyStoreError.UserCancelled
        case "locked_out": throw KeyStoreError.LockedOut
        case "no_biometrics": throw KeyStoreError.NoBiometrics
        case "key_invalidated": throw KeyStoreError.KeyInvalidated
        case "key_not_found": throw KeyStoreError.KeyNotFound
        case "unavailable": throw KeyStoreError.Unavailable
        default: throw KeyStoreError.Failed(osCode: Int32(answer["os_code"] as? Int ?? -1))
        }
    }

    private func ask(_ operation: String, _ fields: [String: Any]) throws -> [String: Any] {
        try Self.say(fields.merging(["op": operation]) { $1 }, on: socket)
    }

    private static func say(_ line: [String: Any], on socket: LoopbackSocket) throws -> [String: Any] {
        try socket.write(JSONSerialization.data(withJSONObject: line) + Data([0x0a]))
        guard let answer = try JSONSerialization.jsonObject(with: socket.receiveLine()) as? [String: Any] else {
            throw SimulatorError.malformed
        }
        return answer
    }

    private static func json(_ prompt: Prompt) -> [String: Any] {
        ["title": prompt.title, "reason": prompt.reason, "counterparty": prompt.counterparty as Any? ?? NSNull()]
    }
}
