import Foundation
import WalletKit
import WalletSimulator
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

    func test_a_link_of_the_app_leads_to_a_further_key() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        var can = try stage.simulator.can("rogue")
        let terms = CardTerms(links: [try stage.simulator.directory("link")])
        let evidence = try await id.read(try stage.simulator.tap("rogue"), can: &can, terms: terms)
        XCTAssertFalse(try evidence.files().isEmpty)
        await assertThrows(.NotTrusted(why: .chipSigner)) {
            var can = try stage.simulator.can()
            return try await id.read(try stage.simulator.tap(), can: &can, terms: CardTerms(links: [Data([0x30, 0])]))
        }
    }

    func test_a_revocation_list_of_the_app_is_heeded() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        func revocation(_ lists: Data...) async throws -> ChipCheckOutcome? {
            var can = try stage.simulator.can()
            let terms = CardTerms(revocationLists: lists)
            let evidence = try await id.read(try stage.simulator.tap(), can: &can, terms: terms)
            return try evidence.checks().first { $0.name == "passive_authentication.revocation" }?.outcome
        }
        let without = try await revocation()
        XCTAssertEqual(without, .skipped(why: .noRevocationList))
        let holds = try await revocation(try stage.simulator.directory("other_revocation_list"))
        XCTAssertEqual(holds, .passed)
        let takenBack = try stage.simulator.directory("revocation_list")
        await assertThrows(.NotTrusted(why: .chipSigner)) { try await revocation(takenBack) }
        await assertThrows(.NotTrusted(why: .chipSigner)) { try await revocation(Data([0x30, 0])) }
    }

    func test_only_the_files_the_app_names_are_read() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        var can = try stage.simulator.can()
        let terms = CardTerms(files: ["DG1", "EF.COM"])
        let evidence = try await id.read(try stage.simulator.tap(), can: &can, terms: terms)
        XCTAssertEqual(try evidence.files().map(\.name), ["EF.CardAccess", "EF.SOD", "EF.COM", "DG1"])
        do {
            var can = try stage.simulator.can()
            _ = try await id.read(try stage.simulator.tap(), can: &can, terms: CardTerms(files: ["DG17"]))
            XCTFail("read")
        } catch { guard case WalletError.Unavailable = error else { throw error } }
    }

    func test_a_lost_card_pauses_and_goes_on() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        let tap: @Sendable () throws -> SimulatedCard = { try stage.simulator.tap() }
        var can = try stage.simulator.can()
        let whole = HeldAgain([tap])
        let once = try await id.read(whole, can: &can)
        let all = whole.commands.value

        can = try stage.simulator.can()
        let (link, pauses, read) = (HeldAgain([tap, tap], lostAt: all / 2), Later<[ReadingPause]>(), Later<[ReadingProgress]>())
        let resumed = try await id.read(
            link, can: &can, progress: { read.value = (read.value ?? []) + [$0] },
            lost: { pause in
                pauses.value = (pauses.value ?? []) + [pause]
                return true
            })
        XCTAssertEqual(pauses.value, [ReadingPause(times: 1, why: .CardLost)])
        XCTAssertEqual(try resumed.files(), try once.files())
        // The door again, a look at EF.SOD, and what was under way; not the files that were read before.
        XCTAssertLessThanOrEqual(link.commands.value, all + 10)
        let steps = try XCTUnwrap(read.value)
        let stopped = steps[all / 2 - 2]
        let after = steps[(all / 2 - 1)...].filter { $0.file == stopped.file }.map(\.bytesRead)
        XCTAssertGreaterThan(stopped.bytesRead, 0)
        XCTAssertTrue(!after.isEmpty && after.allSatisfy { $0 >= stopped.bytesRead }, "where it was: \(stopped), \(after)")

        let reading = try stage.reading(HeldAgain([tap, tap], lostAt: all / 2))
        await assertThrows(.CardLost) { try await reading.run(challenge: nil) }
        XCTAssertTrue(reading.isPaused())
        _ = try await reading.run(challenge: nil)
        XCTAssertFalse(reading.isPaused())
    }

    func test_another_card_does_not_go_on() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        let other: @Sendable () throws -> SimulatedCard = { try stage.simulator.tap("second") }
        let link = HeldAgain([{ try stage.simulator.tap() }, other], lostAt: 30)
        let pauses = Count()
        await assertThrows(.CardUnreadable(why: .anotherCard)) {
            var can = try stage.simulator.can()
            return try await id.read(link, can: &can, lost: { _ in pauses.next() == 1 })
        }
        XCTAssertEqual(pauses.value, 1)
        var can = try stage.simulator.can("second")
        _ = try await id.read(try other(), can: &can)
    }

    func test_weaker_access_is_told() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        @Sendable func read(_ policy: BasicAccessPolicy) async throws -> ChipEvidence {
            let access = try stage.simulator.lines("worn", basicAccess: policy)
            var read: ChipEvidence?
            for try await event in id.reading(try stage.simulator.tap("worn"), by: access) {
                if case .done(let evidence) = event { read = evidence }
            }
            return try XCTUnwrap(read)
        }
        await assertThrows(.CardUnreadable(why: .weakerAccess)) { try await read(.whereThereIsNoPace) }
        let weaker = try await read(.evenWhenPaceIsRefused).openedByWeakerAccess()
        XCTAssertTrue(weaker)
        var can = try stage.simulator.can()
        let usual = try await id.read(try stage.simulator.tap(), can: &can).openedByWeakerAccess()
        XCTAssertFalse(usual)
    }
}
