import Foundation
import WalletConformance
import WalletKit
import XCTest

final class URLSessionHttpTests: XCTestCase {
    func test_an_endless_answer_is_given_up_while_it_arrives() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        await assertFails(.Failed(osCode: URLSessionHttp.tooLong)) { try await get(server.base + "/endless") }
        // Foundation on Linux hangs up a moment after it was told to: the server notices, and writes no more.
        try await server.until { $0.isDone }
    }

    func test_silence_is_a_timeout() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        await assertFails(.Timeout) { try await get(server.base + "/silent", URLSessionHttp(timeout: 1)) }
    }

    func test_nobody_there_is_offline() async throws {
        let server = try LoopbackServer()
        server.stop()
        await assertFails(.Offline) { try await get(server.base + "/echo") }
    }

    func test_a_server_without_tls_is_no_secure_connection() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let base = server.base.replacingOccurrences(of: "http:", with: "https:")
        await assertFails(.Tls) { try await get(base + "/echo") }
    }

    func test_nothing_is_sent_in_the_clear_to_another_device() async {
        for host in ["example.invalid", "192.0.2.1", "127.example.invalid", "127.0.0.1.example.invalid"] {
            await assertFails(.Tls) { try await get("http://\(host)/") }
        }
    }

    func test_an_address_that_is_none_is_refused() async {
        for url in ["", "file:///etc/hosts", "ftp://127.0.0.1/", "http:"] {
            await assertFails(.Failed(osCode: -1000)) { try await get(url) }
        }
    }

    func test_a_cancelled_task_ends_the_request() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let request = HttpRequest(method: .get, url: server.base + "/silent", headers: [:], body: Data())
        let task = Task { try await URLSessionHttp(timeout: 10).send(request: request) }
        try await server.until { $0.asked == 1 }
        task.cancel()
        await assertFails(.Failed(osCode: -999)) { try await task.value }
    }

    func test_who_has_gone_before_it_began_waits_for_nothing() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let request = HttpRequest(method: .get, url: server.base + "/silent", headers: [:], body: Data())
        let http = URLSessionHttp(timeout: 10)
        let gone = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await http.send(request: request)
        }
        try await assertGone(gone)
        XCTAssertEqual(server.asked, 0)
        // At any moment of the beginning.
        for round in 0..<300 {
            let task = Task { try await http.send(request: request) }
            for _ in 0..<round % 30 { await Task.yield() }
            task.cancel()
            try await assertGone(task)
        }
    }

    func test_twenty_requests_at_once_keep_their_answers_apart() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let http = URLSessionHttp()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                group.addTask {
                    let body = Data(repeating: UInt8(number), count: 1000 * number)
                    let request = HttpRequest(method: .post, url: server.base + "/echo", headers: [:], body: body)
                    let answer = try await http.send(request: request)
                    XCTAssertEqual(answer.body, body)
                }
            }
            try await group.waitForAll()
        }
    }

    private struct WaitsForEver: Error {}

    /// It ends as cancelled, and within ten seconds: one that waits for ever could not be waited for.
    private func assertGone(_ task: Task<HttpResponse, any Error>, line: UInt = #line) async throws {
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        Task {
            _ = await task.result
            end.yield(true)
        }
        let late = Task {
            try await Task.sleep(for: .seconds(10))
            end.yield(false)
        }
        var first = ended.makeAsyncIterator()
        let hasEnded = await first.next()
        late.cancel()
        guard hasEnded == true else { throw WaitsForEver() }
        await assertFails(.Failed(osCode: -999), line: line) { try await task.value }
    }

    @discardableResult
    private func get(_ url: String, _ http: URLSessionHttp = URLSessionHttp(timeout: 10)) async throws -> HttpResponse {
        try await http.send(request: HttpRequest(method: .get, url: url, headers: [:], body: Data()))
    }

    private func assertFails(_ expected: HttpError, line: UInt = #line, _ call: () async throws -> HttpResponse) async {
        do {
            _ = try await call()
            XCTFail("\(expected) was not thrown", line: line)
        } catch { XCTAssertEqual(error as? HttpError, expected, "\(error)", line: line) }
    }
}

final class QrPixelsTests: XCTestCase {
    func test_modules_become_pixels_inside_a_quiet_zone() {
        // Two by two: dark, light over light, dark.
        let picture = QrCode(version: 1, size: 2, modules: [true, false, false, true]).pixels(scale: 3)
        XCTAssertEqual(picture.side, 30)
        XCTAssertEqual(picture.grey.count, 900)
        for y in 0..<30 {
            for x in 0..<30 {
                let module = ((x / 3) - 4, (y / 3) - 4)
                XCTAssertEqual(picture.grey[y * 30 + x], module == (0, 0) || module == (1, 1) ? 0 : 255, "\(x), \(y)")
            }
        }
    }

    func test_a_scale_below_one_counts_as_one() {
        let code = QrCode(version: 1, size: 1, modules: [true])
        XCTAssertEqual(code.pixels(scale: 0), code.pixels(scale: 1))
        XCTAssertEqual(code.pixels(scale: 0).side, 9)
    }

    func test_more_modules_than_the_size_says_do_not_crash() {
        XCTAssertEqual(QrCode(version: 1, size: 1, modules: Array(repeating: true, count: 90)).pixels(scale: 1).side, 9)
    }
}
