import Foundation
import WalletKit

/// The rule that an implementation broke, as a sentence.
public struct Violation: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String
}

/// The primitives that the suites lean on, from whoever has them: CryptoKit on a phone, the simulator on Linux.
public struct Cryptography: Sendable {
    /// Whether `signature` (r ‖ s, 64 bytes) is ES256 over `message` under `publicKey` (SEC1, 65 bytes). FIPS 186-5, 6.4.2.
    public let verifies: @Sendable (_ signature: Data, _ message: Data, _ publicKey: Data) async throws -> Bool
    /// SHA-256. FIPS 180-4.
    public let sha256: @Sendable (Data) async throws -> Data

    /// Takes both.
    public init(
        verifies: @escaping @Sendable (_ signature: Data, _ message: Data, _ publicKey: Data) async throws -> Bool,
        sha256: @escaping @Sendable (Data) async throws -> Data
    ) {
        (self.verifies, self.sha256) = (verifies, sha256)
    }
}

/// One rule of a seam.
public struct ConformanceCase: Sendable {
    /// What it demands, as a sentence in snake case: the same names as in Rust and Kotlin.
    public let name: String
    /// Throws ``Violation`` where the rule is broken.
    public let run: @Sendable () async throws -> Void
}

func must(_ holds: Bool, _ rule: String) throws {
    guard holds else { throw Violation(description: rule) }
}

/// The call fails with an `E`, not with anything else and not at all.
func refuses<E, T>(_ type: E.Type, _ rule: String, _ call: () async throws -> T) async throws {
    do {
        _ = try await call()
    } catch is E {
        return
    } catch {
        throw Violation(description: "\(rule): it failed with \(error)")
    }
    throw Violation(description: rule)
}

extension Data {
    func holds(_ part: Data) -> Bool { range(of: part) != nil }
}
