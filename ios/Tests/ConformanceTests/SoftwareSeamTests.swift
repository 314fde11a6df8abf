import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletConformance

/// The suites over the simulator's software seams and over the parts of `WalletKit` that are a seam themselves.
final class SoftwareSeamTests: XCTestCase {
    func test_the_simulators_key_store_keeps_every_rule() async throws {
        let simulator = try Simulator()
        await run(
            KeyStoreConformance(try cryptography(simulator)) { try simulator.phone("phone-\(UUID().uuidString)") }.cases, rules: 9
        )
    }

    func test_the_simulators_face_check_keeps_every_rule() async throws {
        let simulator = try Simulator()
        await run(
            FaceCheckConformance(provider: try faceProvider, try cryptography(simulator)) { try simulator.phone("face") }.cases,
            rules: 1)
    }

    func test_the_simulators_card_keeps_every_rule() async throws {
        let simulator = try Simulator()
        await run(CardLinkConformance { try simulator.tap() }.cases, rules: 3)
    }

    func test_the_memory_anchor_keeps_every_rule() async { await run(AnchorConformance { MemoryAnchor() }.cases, rules: 3) }

    func test_the_system_clock_keeps_every_rule() async { await run(ClockConformance { SystemClock() }.cases, rules: 2) }

    func test_the_url_session_keeps_every_rule() async { await run(HttpConformance { URLSessionHttp() }.cases, rules: 5) }

    /// The public half of fixtures/data/face/provider.key.pem.
    private var faceProvider: Data {
        get throws {
            let key = "BEEmocVro6KYGRQtbyZklgobjFktWblRC0cjQOydyChWdVOMpWIZ72o5WBypxuSM9MYUylE852f1WT59xBt/9Rk="
            return try XCTUnwrap(Data(base64Encoded: key))
        }
    }

    private func run(_ cases: [ConformanceCase], rules: Int) async {
        XCTAssertEqual(cases.count, rules)
        for rule in cases {
            do { try await rule.run() } catch { XCTFail("\(rule.name): \(error)") }
        }
    }
}

/// A suite that nothing can fail would prove nothing.
final class BrokenSeamTests: XCTestCase {
    func test_an_anchor_that_takes_everything_is_found() async {
        actor Greedy: Anchor {
            private var bytes = Data()
            func load() -> Data { bytes }
            func store(bytes: Data) -> Data {
                self.bytes = bytes
                return bytes
            }
        }
        let broken = await broken(AnchorConformance { Greedy() }.cases)
        XCTAssertEqual(broken, ["holds_256_bytes_and_no_more"])
    }

    func test_a_clock_of_milliseconds_is_found() async {
        final class Fast: Clock {
            func now() -> Now { Now(unixSeconds: Int64(Date().timeIntervalSince1970 * 1000)) }
        }
        let broken = await broken(ClockConformance { Fast() }.cases)
        XCTAssertEqual(broken, ["tells_seconds_of_this_century"])
    }

    func test_a_client_that_follows_redirects_is_found() async {
        final class Following: Http {
            private let inner = URLSessionHttp()
            func send(request: HttpRequest) async throws -> HttpResponse {
                let url = request.url.replacingOccurrences(of: "/redirect", with: "/echo")
                return try await inner.send(
                    request: HttpRequest(method: request.method, url: url, headers: request.headers, body: request.body))
            }
        }
        let broken = await broken(HttpConformance { Following() }.cases)
        XCTAssertEqual(broken, ["no_redirect_is_followed"])
    }

    func test_a_client_that_does_not_let_go_is_found() async {
        final class Clinging: Http {
            private let inner = URLSessionHttp()
            func send(request: HttpRequest) async throws -> HttpResponse {
                do { return try await inner.send(request: request) } catch  where Task.isCancelled {
                    return HttpResponse(status: 200, headers: [:], body: Data())
                }
            }
        }
        let broken = await broken(HttpConformance { Clinging() }.cases)
        XCTAssertEqual(broken, ["who_gives_up_is_let_go"])
    }

    func test_a_link_that_carries_more_than_it_says_is_found() async throws {
        final class Vague: CardLink {
            private let inner: SimulatedCard
            init(_ inner: SimulatedCard) { self.inner = inner }
            func transceive(apdu: Data) async throws -> Data { try await inner.transceive(apdu: apdu.prefix(4)) }
            func limits() async throws -> LinkLimits { await inner.limits() }
        }
        let simulator = try Simulator()
        let broken = await broken(CardLinkConformance { Vague(try simulator.tap()) }.cases)
        XCTAssertEqual(broken, ["a_command_beyond_the_limit_is_refused"])
    }

    func test_a_key_store_that_signs_something_else_is_found() async throws {
        let simulator = try Simulator()
        let broken = await broken(
            KeyStoreConformance(try cryptography(simulator)) { Lying(try simulator.phone("liar-\(UUID().uuidString)")) }.cases)
        XCTAssertEqual(broken, ["a_holder_key_signs", "an_instance_key_signs", "wraps_at_most_64_bytes"])
    }

    private func broken(_ cases: [ConformanceCase]) async -> [String] {
        var names: [String] = []
        for rule in cases {
            do { try await rule.run() } catch { names.append(rule.name) }
        }
        return names
    }
}

/// Alters what it is asked to sign, and cuts what it is asked to wrap.
private final class Lying: KeyStore {
    private let inner: SimulatedPhone
    init(_ inner: SimulatedPhone) { self.inner = inner }
    func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
        try await inner.create(policy: policy, challenge: challenge, count: count)
    }
    func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
        let others = requests.map { SignRequest(message: $0.message + [0]) }
        return try await inner.sign(key: key, requests: others, prompt: prompt)
    }
    func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
        try await inner.signInstance(key: key, message: message + [0])
    }
    func wrap(key: WrapKeyId, plain: Data) async throws -> Data { try await inner.wrap(key: key, plain: plain.prefix(64)) }
    func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
        try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt)
    }
    func delete(ids: [String]) async throws -> [String] { try await inner.delete(ids: ids) }
}

/// The simulator's, because Swift on Linux brings none.
private func cryptography(_ simulator: Simulator) throws -> Cryptography {
    let phone = try simulator.phone("cryptography")
    return Cryptography(verifies: { try await phone.verifies($0, $1, $2) }, sha256: { try await phone.sha256($0) })
}

/// The cryptography that the suites lean on.
final class CryptographyTests: XCTestCase {
    // RFC 6979, A.2.5, SHA-256, "sample".
    private let key = hex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
    private let signature = hex(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
            + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")

    func test_a_published_signature_verifies_and_nothing_altered_does() async throws {
        let simulator = try Simulator()
        let cryptography = try cryptography(simulator)
        let message = Data("sample".utf8)
        var (altered, offCurve) = (signature, key)
        altered[40] ^= 1
        offCurve[64] ^= 1
        for (signature, message, key, expected) in [
            (signature, message, key, true), (signature, Data("simple".utf8), key, false), (altered, message, key, false),
            (Data(count: 64), message, key, false), (Data(), message, key, false), (signature, message, offCurve, false),
        ] {
            let verifies = try await cryptography.verifies(signature, message, key)
            XCTAssertEqual(verifies, expected)
        }
        withExtendedLifetime(simulator) {}
    }

    func test_sha_256_is_the_published_one() async throws {
        let simulator = try Simulator()
        // FIPS 180-4, the example of one block.
        let digest = try await cryptography(simulator).sha256(Data("abc".utf8))
        XCTAssertEqual(digest, hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        withExtendedLifetime(simulator) {}
    }
}

private func hex(_ text: String) -> Data {
    let digits = text.compactMap(\.hexDigitValue).map(UInt8.init)
    return Data(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
}
