import Foundation
import WalletKit

/// What every `Anchor` does.
public struct AnchorConformance: Sendable {
    private let make: @Sendable () async throws -> any Anchor

    /// Takes a maker of empty anchors.
    public init(_ make: @escaping @Sendable () async throws -> any Anchor) { self.make = make }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "is_empty_at_first") {
                try must(try await make().load().isEmpty, "an anchor is empty at first")
            },
            ConformanceCase(name: "gives_back_what_was_stored_last") {
                let anchor = try await make()
                for text in ["longer bytes, with a \u{0} in them", "short", ""] {
                    let bytes = Data(text.utf8)
                    try must(try await anchor.store(bytes: bytes) == bytes, "store gives back the bytes as stored")
                    try must(try await anchor.load() == bytes, "load gives what was stored last")
                }
            },
            ConformanceCase(name: "holds_256_bytes_and_no_more") {
                let (anchor, full) = (try await make(), Data(repeating: 0xa5, count: 256))
                _ = try await anchor.store(bytes: full)
                try await refuses(AnchorError.self, "257 bytes are refused") {
                    try await anchor.store(bytes: Data(repeating: 1, count: 257))
                }
                try must(try await anchor.load() == full, "a refused store changes nothing")
            },
        ]
    }
}

/// What every `Clock` does.
public struct ClockConformance: Sendable {
    private let make: @Sendable () -> any Clock

    /// Takes a maker of clocks.
    public init(_ make: @escaping @Sendable () -> any Clock) { self.make = make }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "tells_seconds_of_this_century") {
                let now = try make().now().unixSeconds
                try must((946_684_800..<4_102_444_800).contains(now), "the time is seconds since 1970, in this century")
            },
            ConformanceCase(name: "does_not_run_backwards") {
                let clock = make()
                let first = try clock.now().unixSeconds
                try must(first <= (try clock.now().unixSeconds), "a clock does not run backwards")
            },
        ]
    }
}

/// What every `CardLink` does.
public struct CardLinkConformance: Sendable {
    /// SELECT the application of ICAO 9303-10, 3.1.
    private static let select = Data([0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01])
    /// An instruction nobody has.
    private static let unknown = Data([0x00, 0xfc, 0x00, 0x00])
    private let make: @Sendable () async throws -> any CardLink

    /// Takes a maker of links with an ICAO 9303 card in the field.
    public init(_ make: @escaping @Sendable () async throws -> any CardLink) { self.make = make }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "limits_carry_short_apdus") {
                let limits = try await make().limits()
                try must(limits.maxCommand >= 261, "a short command of 261 bytes fits")
                try must(limits.maxResponse >= 258, "a short response of 258 bytes fits")
                try must(!limits.extended || limits.maxCommand > 261, "extended length is announced where it fits")
            },
            ConformanceCase(name: "answers_end_in_a_status_word") {
                let link = try await make()
                for command in [Self.select, Self.unknown] {
                    let answer = try await link.transceive(apdu: command)
                    let first = answer.suffix(2).first.map { $0 & 0xf0 }
                    try must(answer.count >= 2 && (first == 0x60 || first == 0x90), "an answer ends in a status word")
                }
            },
            ConformanceCase(name: "a_command_beyond_the_limit_is_refused") {
                let link = try await make()
                let length = Int(try await link.limits().maxCommand) + 1
                // Nobody can be asked to allocate gigabytes for a link that claims to carry them.
                if length <= 1 << 20 {
                    do {
                        _ = try await link.transceive(apdu: Data(count: length))
                        throw Violation(description: "a command beyond the limit is TooLong")
                    } catch LinkError.TooLong {}
                }
                _ = try await link.transceive(apdu: Self.unknown)
            },
        ]
    }
}

/// What every `FaceCheck` does.
public struct FaceCheckConformance: Sendable {
    private let make: @Sendable () async throws -> any FaceCheck
    private let provider: Data
    private let cryptography: Cryptography

    /// Takes a maker of checks that will match, and their provider's public key (SEC1, 65 bytes).
    public init(
        provider: Data, _ cryptography: Cryptography, _ make: @escaping @Sendable () async throws -> any FaceCheck
    ) {
        (self.provider, self.cryptography, self.make) = (provider, cryptography, make)
    }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "evidence_is_signed_by_the_provider_for_this_wallet") {
                let (portrait, challenge) = (Data("portrait".utf8), Data(repeating: 7, count: 32))
                let instance = Data(repeating: 4, count: 65)
                let evidence = try await make().compare(
                    portrait: portrait, challenge: challenge, instanceKey: instance,
                    prompt: Prompt(title: "Face", reason: "", counterparty: nil))
                try must(!evidence.provider.isEmpty, "the evidence names its provider")
                func holds(_ challenge: Data, _ portrait: Data, _ instance: Data) async throws -> Bool {
                    let digests = try await cryptography.sha256(portrait) + cryptography.sha256(instance)
                    return try await cryptography.verifies(evidence.signature, challenge + digests, provider)
                }
                try must(await holds(challenge, portrait, instance), "the evidence verifies")
                try must(await !holds(Data(repeating: 8, count: 32), portrait, instance), "it is for this challenge")
                try must(await !holds(challenge, Data("another".utf8), instance), "it is for this face")
                try must(await !holds(challenge, portrait, Data(repeating: 5, count: 65)), "it is for this wallet")
            }
        ]
    }
}

/// What every `Http` does, against a server of its own on loopback.
public struct HttpConformance: Sendable {
    private let make: @Sendable () -> any Http

    /// Takes a maker of clients that may speak to this very device without TLS.
    public init(_ make: @escaping @Sendable () -> any Http) { self.make = make }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "carries_bodies_unchanged") {
                let body = Data(UInt8.min...UInt8.max)
                let response = try await ask(.post, "/echo", body)
                try must(response.status == 200 && response.body == body, "a body is carried unchanged")
                try must(response.headers.keys.allSatisfy { $0 == $0.lowercased() }, "header names are in lower case")
                try must(response.headers["x-mixed-case"] == "yes", "headers are given back")
            },
            ConformanceCase(name: "any_status_is_a_response") {
                try must(try await ask(.get, "/missing").status == 404, "any status is a response")
            },
            ConformanceCase(name: "no_redirect_is_followed") {
                let response = try await ask(.get, "/redirect")
                try must(response.status == 302 && response.headers["location"] != nil, "no redirect is followed")
            },
            ConformanceCase(name: "a_body_of_1_mib_fits_and_no_more") {
                try must(try await ask(.get, "/full").body.count == 1 << 20, "1 MiB fits")
                for path in ["/over", "/endless"] {
                    try await refuses(HttpError.self, "a longer body is refused") { try await ask(.get, path) }
                }
            },
            ConformanceCase(name: "who_gives_up_is_let_go") {
                let server = try LoopbackServer()
                defer { server.stop() }
                let (http, request) = (make(), Self.request(server, .get, "/drip"))
                let task = Task { try await http.send(request: request) }
                try await server.until { $0.sent > 1 }
                let begun = ContinuousClock.now
                task.cancel()
                try await refuses((any Error).self, "who gives up gets no answer") { try await task.value }
                let waited = begun.duration(to: .now)
                try must(waited < .seconds(10), "who gives up waits no longer, though the server goes on: \(waited)")
            },
        ]
    }

    private static func request(
        _ server: LoopbackServer, _ method: HttpMethod, _ path: String, _ body: Data = Data()
    ) -> HttpRequest {
        let headers = ["content-type": "application/octet-stream"]
        return HttpRequest(method: method, url: server.base + path, headers: headers, body: body)
    }

    private func ask(_ method: HttpMethod, _ path: String, _ body: Data = Data()) async throws -> HttpResponse {
        let server = try LoopbackServer()
        defer { server.stop() }
        return try await make().send(request: Self.request(server, method, path, body))
    }
}
