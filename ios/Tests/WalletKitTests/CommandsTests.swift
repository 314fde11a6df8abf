import Foundation
import WalletKit
import WalletSimulator
import XCTest

/// `MobileId.commands`, which an app in front loops over.
final class CommandsTests: XCTestCase {
    func test_what_the_network_or_the_issuer_did_is_tried_again() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        try await { _ = try await phone.enrolled() }()
        let asked = Count()
        let http = SomeHttp { request in
            if request.url.contains("command") {
                switch asked.next() {
                case 1: throw HttpError.Offline
                case 2: throw HttpError.Timeout
                case 3: throw HttpError.Tls
                case 4: return HttpResponse(status: 503, headers: [:], body: Data())
                default: break
                }
            }
            return try await phone.http.send(request: request)
        }
        let id = try await phone.open(http: http)
        try stage.simulator.suspend()
        for try await command in id.commands(pause: .milliseconds(10)) {
            XCTAssertEqual(command, .lock)
            break
        }
        XCTAssertEqual(asked.value, 5)
    }

    func test_what_failed_on_the_phone_is_thrown() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let failing = Later<Bool>()
        let id = try await stage.phone().enrolled(
            clock: SomeClock {
                if failing.value == true { throw ClockError.Failed(osCode: 7) }
                return Now(unixSeconds: now())
            })
        failing.value = true
        do {
            for try await _ in id.commands(pause: .milliseconds(10)) { XCTFail("obeyed") }
            XCTFail("it ended")
        } catch { XCTAssertEqual(error as WalletError, .Unavailable(code: 7)) }
    }

    func test_it_ends_with_the_wallet() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        try await id.wipe()
        let sent = phone.http.sent.value
        for try await _ in id.commands(pause: .milliseconds(10)) { XCTFail("obeyed") }
        XCTAssertEqual(phone.http.sent.value, sent, "nobody is asked about a wallet that is gone")
    }

    func test_a_wipe_is_the_last_command() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        try stage.simulator.orderWipe()
        var obeyed: [CommandOp] = []
        for try await command in id.commands(pause: .milliseconds(10)) { obeyed.append(command) }
        XCTAssertEqual(obeyed, [.wipe])
        XCTAssertEqual(try id.state(), .wiped)
    }
}
