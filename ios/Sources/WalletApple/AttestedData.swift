import Foundation

/// What App Attest is asked to vouch for, before SHA-256: docs/formats/wallet-provider.md has the definition.
enum AttestedData {
    /// What the attestation of the App Attest key is over.
    static func attestation(challenge: Data) -> Data { Data("kr-wallet app attest v1".utf8) + challenge }

    /// What its assertion is over: the same challenge and the new keys (SEC1, 65 bytes each) in their order.
    static func assertion(challenge: Data, keys: [Data]) -> Data {
        keys.reduce(Data("kr-wallet app attest keys v1".utf8) + challenge, +)
    }
}
