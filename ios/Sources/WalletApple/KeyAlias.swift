import Foundation
import WalletKit

/// What a key in the Keychain is called: its kind, and a number that no other key has.
///
/// The kind is part of the name under which the key is looked up, so that a key of one kind is never found as another.
public struct KeyAlias: Sendable, Hashable {
    /// What the key may do, and whether it asks for the citizen.
    public enum Kind: String, Sendable, CaseIterable {
        /// Signs presentations of one copy; each use asks.
        case holder
        /// Signs as the wallet; never asks.
        case instance
        /// Wraps the data key that opens without a prompt.
        case wrapDevice = "wrap-device"
        /// Wraps the data key of the personal part; each use asks.
        case wrapPerson = "wrap-person"

        /// Whether each use asks for the finger or the face.
        public var asks: Bool { self == .holder || self == .wrapPerson }
    }

    /// Its kind.
    public let kind: Kind
    /// What makes it unique.
    public let number: UUID

    /// A new name.
    public init(_ kind: Kind) { (self.kind, number) = (kind, UUID()) }

    /// Reads a name back: `KIND.UUID`, and nothing that only looks like it.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), let number = UUID(uuidString: String(parts[1])),
            number.uuidString == parts[1]
        else { return nil }
        (self.kind, self.number) = (kind, number)
    }

    /// The name as the core keeps it.
    public var text: String { "\(kind.rawValue).\(number.uuidString)" }
}

extension KeyAlias.Kind {
    /// The kind that `policy` asks for. The Secure Enclave knows no window of some seconds, so a policy that wants one has none.
    init?(_ policy: KeyPolicy) {
        switch (policy.purpose, policy.userAuthentication) {
        case (.holder, .eachUse): self = .holder
        case (.instance, .none): self = .instance
        case (.wrap, .none): self = .wrapDevice
        case (.wrap, .eachUse): self = .wrapPerson
        case (.holder, _), (.instance, _), (.wrap, .window): return nil
        }
    }
}
