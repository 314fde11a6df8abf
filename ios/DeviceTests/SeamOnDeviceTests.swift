import CryptoKit
import Foundation
import WalletApple
import WalletConformance
import WalletKit
import XCTest

/// The suites of the seams over Apple's frameworks, **on a phone**: docs/device-tests.md says how, and what to do at each prompt.
///
/// On Linux this file is checked for its types only.
final class SeamOnDeviceTests: XCTestCase {
    func test_the_secure_enclave_keeps_every_rule() async {
        await run(
            KeyStoreConformance(Self.cryptography) {
                SecureEnclaveKeyStore(prefix: "kr.example.wallet.test.\(UUID().uuidString)")
            }.cases)
    }

    func test_the_keychain_keeps_every_rule() async {
        await run(AnchorConformance { KeychainAnchor(service: "kr.example.wallet.test.\(UUID().uuidString)") }.cases)
    }

    func test_the_url_session_keeps_every_rule() async { await run(HttpConformance { URLSessionHttp() }.cases) }

    func test_the_system_clock_keeps_every_rule() async { await run(ClockConformance { SystemClock() }.cases) }

    /// Hold an ICAO 9303 card to the phone for each of the three sheets.
    func test_the_nfc_reader_keeps_every_rule() async throws {
        try XCTSkipUnless(NfcCard.isAvailable, "this phone reads no cards")
        for rule in CardLinkConformance({ Self.card() }).cases { await check(rule) }
    }

    /// Dismiss the one prompt that comes up.
    func test_a_dismissed_prompt_is_the_citizens_choice() async throws {
        let store = SecureEnclaveKeyStore(prefix: "kr.example.wallet.test.\(UUID().uuidString)")
        let policy = KeyPolicy(purpose: .wrap, userAuthentication: .eachUse, residence: .secureWorld)
        let key = try await store.create(policy: policy, challenge: Data(count: 32), count: 1).keys[0]
        let wrapped = try await store.wrap(key: key.id, plain: Data(0..<32))
        do {
            _ = try await store.unwrap(
                key: key.id, wrapped: wrapped, prompt: Prompt(title: "Dismiss this", reason: "Press Cancel", counterparty: nil))
            XCTFail("it was approved")
        } catch { XCTAssertEqual(error as? KeyStoreError, .UserCancelled) }
        let gone = try await store.delete(ids: [key.id])
        XCTAssertEqual(gone, [key.id])
    }

    private static func card() -> NfcCard {
        let card = NfcCard(language: .english)
        card.begin()
        return card
    }

    private static let cryptography = Cryptography(
        verifies: { signature, message, publicKey in
            // What is no signature or no key is a no, not a failure of the suite.
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature),
                let key = try? P256.Signing.PublicKey(x963Representation: publicKey)
            else { return false }
            return key.isValidSignature(signature, for: message)
        },
        sha256: { Data(SHA256.hash(data: $0)) })

    private func run(_ cases: [ConformanceCase]) async {
        XCTAssertFalse(cases.isEmpty)
        for rule in cases { await check(rule) }
    }

    private func check(_ rule: ConformanceCase) async {
        do { try await rule.run() } catch { XCTFail("\(rule.name): \(error)") }
    }
}
