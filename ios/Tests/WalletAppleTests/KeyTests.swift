import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletApple

final class KeyAliasTests: XCTestCase {
    func test_a_name_reads_back_as_the_kind_it_was_made_for() {
        for kind in KeyAlias.Kind.allCases {
            let alias = KeyAlias(kind)
            XCTAssertEqual(KeyAlias(alias.text), alias)
            XCTAssertNotEqual(KeyAlias(kind), alias)
        }
    }

    func test_what_only_looks_like_a_name_is_none() {
        let number = "E621E1F8-C36C-495A-93FC-0C247A3E6E5F"
        XCTAssertNotNil(KeyAlias("holder.\(number)"))
        for text in [
            "", "never-was", "holder", "holder.", "Holder.\(number)", "holder.\(number.lowercased())", "holder.\(number).x",
        ] {
            XCTAssertNil(KeyAlias(text), text)
        }
    }

    func test_each_policy_of_the_core_has_a_kind_and_a_window_has_none() {
        func kind(_ purpose: KeyPurpose, _ user: UserAuthentication) -> KeyAlias.Kind? {
            KeyAlias.Kind(KeyPolicy(purpose: purpose, userAuthentication: user, residence: .secureWorld))
        }
        XCTAssertEqual(kind(.holder, .eachUse), .holder)
        XCTAssertEqual(kind(.instance, .none), .instance)
        XCTAssertEqual(kind(.wrap, .none), .wrapDevice)
        XCTAssertEqual(kind(.wrap, .eachUse), .wrapPerson)
        for (purpose, user) in [
            (KeyPurpose.holder, UserAuthentication.none), (.holder, .window(seconds: 5)), (.instance, .eachUse),
            (.instance, .window(seconds: 5)), (.wrap, .window(seconds: 5)),
        ] { XCTAssertNil(kind(purpose, user), "\(purpose) \(user)") }
        XCTAssertEqual(KeyAlias.Kind.allCases.filter(\.asks), [.holder, .wrapPerson])
    }
}

final class FailureTests: XCTestCase {
    func test_every_way_a_prompt_ends_without_a_signature_keeps_the_copy() {
        // The core puts a copy back for these three and spends it for any other error.
        for code in [-1, -2, -3, -4, -9, -10] {
            XCTAssertEqual(keyStoreError(.localAuthentication, code), .UserCancelled, "\(code)")
        }
        XCTAssertEqual(keyStoreError(.localAuthentication, -8), .LockedOut)
        for code in [-5, -6, -7] { XCTAssertEqual(keyStoreError(.localAuthentication, code), .NoBiometrics, "\(code)") }
        XCTAssertEqual(keyStoreError(.security, -128), .UserCancelled)
        XCTAssertEqual(keyStoreError(.cryptoToken, -4), .UserCancelled)
    }

    func test_a_phone_that_cannot_answer_now_is_unavailable() {
        for code in [-25308, -25315, -25291, -25316] { XCTAssertEqual(keyStoreError(.security, code), .Unavailable, "\(code)") }
        XCTAssertEqual(keyStoreError(.localAuthentication, -1004), .Unavailable)
        XCTAssertEqual(keyStoreError(.deviceCheck, 4), .Unavailable)
    }

    func test_a_key_that_died_is_told_from_one_that_never_was() {
        XCTAssertEqual(keyStoreError(.security, -25300), .KeyNotFound)
        XCTAssertEqual(keyStoreError(.security, -25300, biometricsChanged: true), .KeyInvalidated)
        XCTAssertEqual(keyStoreError(.security, -25293), .Failed(osCode: -25293))
        XCTAssertEqual(keyStoreError(.security, -25293, biometricsChanged: true), .KeyInvalidated)
        XCTAssertEqual(keyStoreError(.cryptoToken, -5, biometricsChanged: true), .KeyInvalidated)
    }

    func test_changed_biometrics_do_not_turn_another_failure_into_a_dead_key() {
        // Start over would throw the cards away.
        for code in [-50, -26275] {
            XCTAssertEqual(keyStoreError(.security, code, biometricsChanged: true), .Failed(osCode: Int32(code)), "\(code)")
        }
        XCTAssertEqual(keyStoreError(.localAuthentication, -2, biometricsChanged: true), .UserCancelled)
        XCTAssertEqual(keyStoreError(.localAuthentication, -8, biometricsChanged: true), .LockedOut)
        XCTAssertEqual(keyStoreError(.security, -25308, biometricsChanged: true), .Unavailable)
        XCTAssertEqual(keyStoreError(.deviceCheck, 3, biometricsChanged: true), .Failed(osCode: 3))
    }

    func test_a_code_means_what_it_means_to_whoever_gave_it() {
        // A code of the prompt that nobody knows has the number of some code of the Keychain: no key died of it.
        for code in [-1000, -25293, -25300] {
            let asked = OsFailure(source: .localAuthentication, code: code)
            XCTAssertEqual(asked.named(biometricsChanged: true), .Failed(osCode: Int32(code)), "\(code)")
        }
        XCTAssertEqual(OsFailure(source: .other, code: -1).named(biometricsChanged: true), .Failed(osCode: -1))
        XCTAssertEqual(OsFailure.security(-25300).named(biometricsChanged: true), .KeyInvalidated)
        XCTAssertEqual(OsFailure.security(-25300).named(), .KeyNotFound)
    }

    func test_a_code_nobody_knows_keeps_its_number() {
        XCTAssertEqual(keyStoreError(.other, -536_870_174), .Failed(osCode: -536_870_174))
        XCTAssertEqual(keyStoreError(.other, Int.max), .Failed(osCode: -1))
        XCTAssertEqual(anchorError(-25308), .Unavailable)
        XCTAssertEqual(anchorError(-34018), .Failed(osCode: -34018))
    }

    func test_codes_of_the_reader_are_named_for_what_the_app_does_next() {
        for code in [100, 101, 102, 103, 104] { XCTAssertEqual(linkError(code), .TagLost, "\(code)") }
        XCTAssertEqual(linkError(105), .TooLong)
        XCTAssertEqual(linkError(200), .Cancelled)
        XCTAssertEqual(linkError(201), .Timeout)
        for code in [1, 2, 6, 202, 203, 300] { XCTAssertEqual(linkError(code), .Failed(osCode: Int32(code))) }
    }
}

final class EcdsaSignatureTests: XCTestCase {
    func test_coordinates_are_padded_to_32_bytes_and_freed_of_their_sign() throws {
        let high = Data([0x80] + [UInt8](repeating: 7, count: 31))
        let raw = try XCTUnwrap(EcdsaSignature.raw(der([0] + high, [1])))
        XCTAssertEqual(raw, high + Data(count: 31) + [1])
        XCTAssertEqual(EcdsaSignature.raw(der([0], [0]))?.count, nil, "zero is no coordinate")
    }

    func test_a_slice_of_a_longer_buffer_is_read_from_its_own_beginning() {
        let whole = Data([9, 9, 9]) + der([5], [6])
        XCTAssertEqual(EcdsaSignature.raw(whole.dropFirst(3)), Data(count: 31) + [5] + Data(count: 31) + [6])
    }

    func test_what_is_no_signature_is_refused() {
        let good = der([5], [6])
        XCTAssertNotNil(EcdsaSignature.raw(good))
        let bad: [Data] = [
            Data(), good.dropLast(), good + [0], Data([0x31]) + good.dropFirst(), der([0, 5], [6]), der([0x85], [6]),
            der([], [6]),
            der(Data(repeating: 5, count: 33), [6]), der([5], Data(repeating: 5, count: 33)),
            Data([0x30, 0x81, 0x06]) + good.dropFirst(2),
            Data([0x30, 3, 2, 1, 5]),
        ]
        for (index, bytes) in bad.enumerated() { XCTAssertNil(EcdsaSignature.raw(bytes), "\(index)") }
    }

    func test_every_signature_a_phone_makes_comes_back_as_it_was() {
        // Any two numbers below 2^256, first as DER would write them.
        var generator = SystemRandomNumberGenerator()
        for round in 0..<2000 {
            let numbers = (0..<2).map { _ in
                let length = Int.random(in: 1...32, using: &generator)
                return Data(
                    [UInt8.random(in: 1...255, using: &generator)]
                        + (1..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
            let der = der(signed(numbers[0]), signed(numbers[1]))
            let expected = numbers.reduce(Data()) { $0 + Data(count: 32 - $1.count) + $1 }
            XCTAssertEqual(EcdsaSignature.raw(der), expected, "round \(round): \(Array(der))")
        }
    }

    private func signed(_ number: Data) -> Data { (number.first ?? 0) < 0x80 ? number : [0] + number }

    private func der(_ r: some Sequence<UInt8>, _ s: some Sequence<UInt8>) -> Data {
        let content = [r.map { $0 }, s.map { $0 }].reduce(Data()) { $0 + [2, UInt8($1.count)] + $1 }
        return Data([0x30, UInt8(content.count)]) + content
    }
}

final class AttestedDataTests: XCTestCase {
    private let challenge = Data(0..<32)
    private let keys = [Data([4] + [UInt8](repeating: 0x11, count: 64)), Data([4] + [UInt8](repeating: 0x22, count: 64))]

    func test_what_app_attest_vouches_for_is_what_the_provider_checks() async throws {
        // The same two digests stand in docs/formats/wallet-provider.md.
        let simulator = try Simulator()
        let phone = try simulator.phone("digests")
        let attestation = try await phone.sha256(AttestedData.attestation(challenge: challenge))
        XCTAssertEqual(hex(attestation), "0385ce6d660e0a5f490dcbe4a0d61ed102a99359e85acf61f1d6ab4bbb7dba8b")
        let assertion = try await phone.sha256(AttestedData.assertion(challenge: challenge, keys: keys))
        XCTAssertEqual(hex(assertion), "57c37a7af891925960372fe6121ee69f509154035185a6267115c635aebef8b4")
        withExtendedLifetime(simulator) {}
    }

    func test_an_assertion_is_for_these_keys_in_this_order_and_for_this_challenge() {
        let all = [
            AttestedData.assertion(challenge: challenge, keys: keys),
            AttestedData.assertion(challenge: challenge, keys: keys.reversed()),
            AttestedData.assertion(challenge: challenge, keys: [keys[0]]),
            AttestedData.assertion(challenge: Data(1..<33), keys: keys),
            AttestedData.attestation(challenge: challenge),
        ]
        XCTAssertEqual(Set(all).count, all.count)
    }

    private func hex(_ bytes: Data) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}

final class PromptReasonTests: XCTestCase {
    func test_a_prompt_says_what_and_why_and_is_never_empty() {
        func reason(_ title: String, _ reason: String) -> String {
            Prompt(title: title, reason: reason, counterparty: nil).localizedReason
        }
        XCTAssertEqual(reason("Show the ID", "Shows it to Corner shop."), "Show the ID\nShows it to Corner shop.")
        XCTAssertEqual(reason("", "Why"), "Why")
        XCTAssertEqual(reason("What", ""), "What")
        XCTAssertFalse(reason("", "").isEmpty)
    }
}
