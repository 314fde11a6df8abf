import Foundation
import WalletKit

/// Who vouches for new keys.
public protocol Attestor: Sendable {
    /// Vouches for `keys` (SEC1, 65 bytes each) over `challenge`; throws `KeyStoreError`.
    func attest(challenge: Data, keys: [Data]) async throws -> Attestation
}

#if canImport(DeviceCheck) && canImport(CryptoKit)
    import CryptoKit
    import DeviceCheck

    /// Apple's App Attest: a key of its own for each batch, attested over the challenge, which then asserts the new keys.
    ///
    /// It asks a server of Apple's, so it takes a network. Apple asks that a key be tried again while its server is away, not
    /// replaced.
    public struct AppAttestor: Attestor {
        private static let tries = 3

        /// The attestor.
        public init() {}

        /// Vouches for `keys` over `challenge`.
        public func attest(challenge: Data, keys: [Data]) async throws -> Attestation {
            let service = DCAppAttestService.shared
            guard service.isSupported else { throw keyStoreError(.deviceCheck, DCError.Code.featureUnsupported.rawValue) }
            do {
                let name = try await service.generateKey()
                guard let keyId = Data(base64Encoded: name) else { throw KeyStoreError.Failed(osCode: -1) }
                let object = try await Self.patiently {
                    try await service.attestKey(name, clientDataHash: Self.digest(AttestedData.attestation(challenge: challenge)))
                }
                let assertion = try await service.generateAssertion(
                    name, clientDataHash: Self.digest(AttestedData.assertion(challenge: challenge, keys: keys)))
                return .appAttest(keyId: keyId, object: object, assertion: assertion)
            } catch let error as DCError {
                throw keyStoreError(.deviceCheck, error.code.rawValue)
            }
        }

        private static func digest(_ data: Data) -> Data { Data(SHA256.hash(data: data)) }

        private static func patiently(_ call: () async throws -> Data) async throws -> Data {
            for attempt in 1..<tries {
                do { return try await call() } catch let error as DCError where error.code == .serverUnavailable {
                    try await Task.sleep(for: .seconds(attempt))
                }
            }
            return try await call()
        }
    }
#endif
