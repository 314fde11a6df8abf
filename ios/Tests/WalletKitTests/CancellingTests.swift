import Foundation
import WalletKit
import WalletSimulator
import XCTest

/// A cancelled task ends the call it made, whatever the library waited for, and the wallet goes on.
final class CancellingTests: XCTestCase {
    /// Waits as a phone does, for the citizen or for a network, until its task is cancelled.
    private final class Patience: Sendable {
        private let (reached, tell) = AsyncStream.makeStream(of: Void.self)
        private let (over, end) = AsyncStream.makeStream(of: Void.self)
        private let wasCancelled = Later<Bool>()

        func wait() async {
            tell.finish()
            try? await Task.sleep(for: .seconds(20))
            wasCancelled.value = Task.isCancelled
            end.finish()
        }

        /// Cancels `task` while somebody waits, and sees both end.
        func cancel<T: Sendable>(_ task: Task<T, any Error>) async {
            for await _ in reached {}
            let began = ContinuousClock.now
            task.cancel()
            await assertThrows(.UserCancelled) { try await task.value }
            for await _ in over {}
            XCTAssertEqual(wasCancelled.value, true, "and what it had asked of the phone")
            XCTAssertLessThan(began.duration(to: .now), .seconds(10))
        }
    }

    /// The real network, but for one kind of request, once.
    private final class Stuck: Http {
        let patience = Patience()
        private let inner = URLSessionHttp()
        private let at: @Sendable (HttpRequest) -> Bool
        private let met = Count()
        init(at: @escaping @Sendable (HttpRequest) -> Bool) { self.at = at }
        func send(request: HttpRequest) async throws -> HttpResponse {
            if at(request) && met.next() == 1 { await patience.wait() }
            return try await inner.send(request: request)
        }
    }

    /// A key store whose prompt stays up, once.
    private final class Unanswered: KeyStore {
        let patience = Patience()
        private let inner: KeyStore
        private let met = Count()
        init(_ inner: KeyStore) { self.inner = inner }
        func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
            try await inner.create(policy: policy, challenge: challenge, count: count)
        }
        func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
            if met.next() == 1 { await patience.wait() }
            return try await inner.sign(key: key, requests: requests, prompt: prompt)
        }
        func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
            try await inner.signInstance(key: key, message: message)
        }
        func wrap(key: WrapKeyId, plain: Data) async throws -> Data { try await inner.wrap(key: key, plain: plain) }
        func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
            try await inner.unwrap(key: key, wrapped: wrapped, prompt: prompt)
        }
        func delete(ids: [String]) async throws -> [String] { try await inner.delete(ids: ids) }
    }

    /// The real network, which says when a request is on its way.
    private final class Telling: Http {
        let (sent, tell) = AsyncStream.makeStream(of: String.self)
        private let inner = URLSessionHttp()
        func send(request: HttpRequest) async throws -> HttpResponse {
            tell.yield(request.url)
            return try await inner.send(request: request)
        }
    }

    func test_a_wait_for_commands_ends_at_once_and_lets_the_vault_go() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        _ = try await phone.enrolled()
        try await {
            let http = Telling()
            let id = try await phone.open(http: http)
            let task = Task { try await id.receiveCommands(wait: 25) }
            for await url in http.sent where url.contains("command") { break }
            let began = ContinuousClock.now
            task.cancel()
            await assertThrows(.UserCancelled) { try await task.value }
            XCTAssertLessThan(began.duration(to: .now), .seconds(10))
        }()
        let again = try await phone.open()
        XCTAssertEqual(try again.state(), .locked, "nobody holds its file any more")
    }

    func test_a_left_loop_over_commands_lets_the_vault_go() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        _ = try await phone.enrolled()
        try await {
            let http = Telling()
            let id = try await phone.open(http: http)
            let task = Task { for try await _ in id.commands() {} }
            for await url in http.sent where url.contains("command") { break }
            task.cancel()
            _ = try? await task.value
        }()
        // The loop's own task ends beside this one, and lets the file go.
        try await until { (try? await phone.open().state()) == .locked }
    }

    func test_an_issuance_that_waits_for_the_network_is_cancelled_and_goes_on_later() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let http = Stuck { $0.url.hasSuffix("/credential") }
        let id = try await stage.phone().unlocked(http: http)
        let visit = try stage.simulator.visit()
        let offer = try await id.openOffer(visit.link)
        await http.patience.cancel(
            Task {
                var digits = visit.digits
                return try await id.accept(offer, digits: &digits)
            })
        XCTAssertEqual(try id.cards(), [])
        guard case .card = try await id.resumeIssuance() else { return XCTFail("no card") }
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_a_renewal_and_a_refresh_are_cancelled() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        _ = try await phone.enrolled()
        for act: @Sendable (MobileId) async throws -> Void in [
            { _ = try await $0.renewCard() }, { _ = try await $0.refresh() },
        ] {
            let met = Stuck { _ in true }
            let id = try await phone.open(http: met)
            try await id.unlock()
            await met.patience.cancel(Task { try await act(id) })
            try await act(id)
        }
    }

    func test_an_enrolment_that_waits_for_the_issuer_is_cancelled_and_keeps_nothing() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let http = Stuck { $0.url.hasSuffix("/credential") }
        let id = try await phone.unlocked(http: http)
        await http.patience.cancel(Task { try await phone.enrol(id) })
        XCTAssertEqual(try id.cards(), [])
        try await phone.enrol(id)
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_a_show_given_up_while_the_prompt_is_up_uses_its_copy_up() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let keys = Unanswered(phone.hardware)
        let id = try await phone.enrolled(keyStore: keys)
        await keys.patience.cancel(Task { try await id.showAdult() })
        XCTAssertEqual(try id.left(.adultOnly), 9)
        let show = try await id.showAdult()
        XCTAssertTrue(try id.frame(show).text.hasPrefix("KR1:"))
        XCTAssertEqual(try id.left(.adultOnly), 8)
    }

    func test_a_task_cancelled_before_its_call_asks_nobody() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        let (sent, prompts) = (phone.http.sent.value, try await phone.prompts())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await assertThrows(.UserCancelled) { try await id.refresh() }
            await assertThrows(.UserCancelled) { try await id.showAdult() }
        }
        await task.value
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
        XCTAssertEqual(phone.http.sent.value, sent)
        XCTAssertEqual(try id.left(.adultOnly), 10)
    }

    func test_frames_stop_with_the_task_that_looks() async throws {
        final class Watched: @unchecked Sendable {
            weak var show: CounterShow?
        }
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let watched = Watched()
        try await {
            let show = try await id.showAdult()
            watched.show = show
            let (reached, tell) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                for try await _ in id.frames(show) { tell.finish() }
            }
            for await _ in reached {}
            task.cancel()
            _ = try? await task.value
        }()
        // Whoever drew its frames has let it go: nobody draws frames that nobody looks at.
        try await until { watched.show == nil }
    }
}
