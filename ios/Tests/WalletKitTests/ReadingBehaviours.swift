import Foundation
import WalletKit
import XCTest

final class ReadingBehaviours: XCTestCase {
    func test_reads_a_card_and_tells_its_progress() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        var can = try stage.simulator.can()
        var (progress, evidence): ([ReadingProgress], ChipEvidence?) = ([], nil)
        for try await event in id.reading(try stage.simulator.tap(), can: &can, challenge: Data(repeating: 7, count: 8)) {
            switch event {
            case .progress(let step): progress.append(step)
            case .done(let read): evidence = read
            }
        }
        XCTAssertEqual(progress.map(\.apdus), Array(1...UInt32(progress.count)))
        XCTAssertTrue(progress.contains { $0.bytesTotal > 0 && $0.bytesRead == $0.bytesTotal })
        let read = try XCTUnwrap(evidence)
        let checks = try read.checks()
        XCTAssertFalse(checks.contains { if case .failed = $0.outcome { true } else { false } })
        XCTAssertEqual(checks.first { $0.name == "active_authentication" }?.outcome, .passed)
        XCTAssertTrue(try read.files().contains { $0.name == "DG1" })
        XCTAssertFalse(try read.holder().name.isEmpty)
        XCTAssertEqual(can, Data(repeating: 0, count: 6), "the digits are wiped")
    }

    func test_a_wrong_can_is_told() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        do {
            var can = Data("654321".utf8)
            _ = try await id.read(try stage.simulator.tap(), can: &can)
            XCTFail("read")
        } catch {
            guard case WalletError.WrongPassword(let kind, _) = error else { throw error }
            XCTAssertEqual(kind, .can)
        }
    }

    func test_a_malformed_can_never_reaches_the_card() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        let link = WatchedLink(try stage.simulator.tap())
        do {
            var can = Data("12ab".utf8)
            _ = try await id.read(link, can: &can)
            XCTFail("read")
        } catch { guard case WalletError.WrongPassword = error else { throw error } }
        XCTAssertEqual(link.commands.value, 0)
    }

    func test_a_lost_tag_is_told_and_the_next_tap_reads() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        let moved = WatchedLink(try stage.simulator.tap()) { if $0 == 8 { throw LinkError.TagLost } }
        await assertThrows(.CardLost) {
            var can = try stage.simulator.can()
            return try await id.read(moved, can: &can)
        }
        XCTAssertEqual(moved.commands.value, 8)
        var can = try stage.simulator.can()
        let evidence = try await id.read(try stage.simulator.tap(), can: &can)
        XCTAssertFalse(try evidence.files().isEmpty)
    }

    func test_a_reading_is_cancelled() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let held = Later<CardReading>()
        let link = WatchedLink(try stage.simulator.tap()) { if $0 == 5 { held.value?.cancel() } }
        let reading = try stage.reading(link)
        held.value = reading
        await assertThrows(.UserCancelled) { try await reading.run(challenge: nil) }
        XCTAssertEqual(link.commands.value, 5)
    }

    func test_a_listener_that_says_no_cancels() async throws {
        final class No: ReadingListener {
            func progress(progress: ReadingProgress) -> Bool { progress.apdus < 3 }
        }
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let link = WatchedLink(try stage.simulator.tap())
        let reading = try stage.reading(link, No())
        await assertThrows(.UserCancelled) { try await reading.run(challenge: nil) }
        XCTAssertEqual(link.commands.value, 3)
    }

    func test_an_unknown_country_is_not_trusted() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        await assertThrows(.NotTrusted(why: .chipSigner)) {
            var can = try stage.simulator.can("rogue")
            return try await id.read(try stage.simulator.tap("rogue"), can: &can)
        }
    }
}
