import Foundation
import WalletKit
import WalletSimulator
import XCTest

final class KeepingBehaviours: XCTestCase {
    private let lost = WalletError.NotUsable(why: .lockedByCommand(why: .phoneLost))
    private let wiped = WalletError.NotUsable(why: .wiped)

    func test_a_lost_phone_locks_itself_and_says_why() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        XCTAssertNil(try id.lockedFor())
        try id.lock()
        let prompts = try await phone.prompts()
        try stage.simulator.suspend()
        let heard = try await id.receiveCommands()
        XCTAssertEqual(heard, CommandsHeard(obeyed: [.lock], refused: 0))
        XCTAssertEqual(try id.state(), .lockedByCommand)
        XCTAssertEqual(try id.lockedFor(), .phoneLost)
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
        assertSpoken { lockedText(why: .phoneLost, language: $0) }
        let again = try await id.receiveCommands()
        XCTAssertEqual(again.obeyed, [], "acknowledged")
    }

    func test_locked_by_command_it_shows_and_renews_nothing() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let card = try await {
            let id = try await phone.enrolled()
            let card = try id.only().id
            try stage.simulator.suspend()
            try await id.receiveCommands()
            let prompts = try await phone.prompts()
            await assertThrows(lost) { try await id.unlock() }
            await assertThrows(lost) { try await id.show(card, .adultOnly) }
            await assertThrows(lost) { try await id.renewCard() }
            await assertThrows(lost) { try await phone.enrol(id) }
            await assertThrows(.Locked) { try id.cards() }
            let after = try await phone.prompts()
            XCTAssertEqual(after, prompts, "nobody is asked for a finger in vain")
            return card
        }()
        let id = try await phone.open()
        XCTAssertEqual(try id.state(), .lockedByCommand, "after a start too")
        await assertThrows(lost) { try await id.show(card, .adultOnly) }
    }

    func test_found_again_it_opens() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        try stage.simulator.suspend()
        try await id.receiveCommands()
        try stage.simulator.resume()
        let heard = try await id.receiveCommands()
        XCTAssertEqual(heard.obeyed, [.resume])
        XCTAssertEqual(try id.state(), .locked)
        XCTAssertNil(try id.lockedFor())
        try await id.unlock()
        let text = try id.frame(try await id.showAdult()).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted, "\(String(describing: verdict.reason))")
        let kinds = try id.history().map(\.kind)
        XCTAssertTrue(kinds.contains(.walletLocked) && kinds.contains(.walletResumed), "\(kinds)")
    }

    func test_a_running_show_ends_with_the_lock() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let show = try await id.showAdult()
        let watching = Task {
            var frames = 0
            for try await _ in id.frames(show) { frames += 1 }
            return frames
        }
        _ = try id.frame(show)
        let waiting = Task {
            for try await command in id.commands() { return command as CommandOp? }
            return nil
        }
        try stage.simulator.suspend()
        let heard = try await waiting.value
        XCTAssertEqual(heard, .lock, "by the poll that waits")
        await assertThrows(.ShowEnded) { try id.frame(show) }
        let frames = try await watching.value
        XCTAssertGreaterThan(frames, 0)
        XCTAssertGreaterThan(show.endsAt(), now(), "long before its time")
    }

    func test_a_wipe_leaves_no_key_and_no_card() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let keys = RememberingKeys(phone.hardware)
        let id = try await phone.enrolled(keyStore: keys)
        let (prompts, before) = (try await phone.prompts(), try await keys.count())
        XCTAssertGreaterThan(before.alive, 24)
        let asked = try await phone.prompts()
        XCTAssertGreaterThan(asked, prompts, "the keys of copies ask")
        try await id.wipe()
        let after = try await phone.prompts()
        XCTAssertEqual(after, asked + 1)
        XCTAssertEqual(try id.state(), .wiped)
        let left = try await keys.count()
        XCTAssertEqual(left.alive, 0)
        XCTAssertFalse(FileManager.default.fileExists(atPath: phone.vault))
        await assertThrows(wiped) { try id.cards() }
        await assertThrows(wiped) { try await id.unlock() }
        await assertThrows(wiped) { try await id.receiveCommands() }
        try await id.startOver()
        XCTAssertEqual(try id.state(), .empty)
        XCTAssertEqual(try id.cards(), [])
    }

    func test_whoever_cancels_a_wipe_keeps_everything() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        for act in [{ try await id.wipe() }, { try await id.giveUpPhone() }] as [@Sendable () async throws -> Void] {
            try await phone.hardware.answerNext("cancel")
            await assertThrows(.UserCancelled, act)
            XCTAssertEqual(try id.state(), .ready)
        }
        let text = try id.frame(try await id.showAdult()).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted)
    }

    func test_a_phone_given_up_frees_the_person() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let (first, second) = (try stage.phone("first"), try stage.phone("second"))
        let (old, new) = (try await first.enrolled(), try await second.unlocked())
        await assertThrows(.IssuerRefused(why: .anotherPhone)) { try await second.enrol(new) }
        let prompts = try await first.prompts()
        try await old.giveUpPhone()
        let after = try await first.prompts()
        XCTAssertEqual(after, prompts + 1)
        XCTAssertEqual(try old.state(), .wiped)
        try await second.enrol(new)
        XCTAssertEqual(try new.cards().count, 1)
    }

    func test_an_id_moves_and_the_old_phone_is_told() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let (first, second) = (try stage.phone("first"), try stage.phone("second"))
        let (old, new) = (try await first.enrolled(), try await second.unlocked())
        await assertThrows(.IssuerRefused(why: .anotherPhone)) { try await second.enrol(new) }
        try await second.enrol(new, moving: true)
        let text = try new.frame(try await new.showAdult()).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted, "\(String(describing: verdict.reason))")
        let heard = try await old.receiveCommands()
        XCTAssertEqual(heard.obeyed, [.lock])
        XCTAssertEqual(try old.lockedFor(), .otherPhone)
        try await old.wipe()
        XCTAssertEqual(try old.state(), .wiped, "the way out")
    }

    func test_a_revoked_card_says_why() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        let prompts = try await phone.prompts()
        try stage.simulator.end(by: "card_lost")
        try await id.refresh()
        let card = try id.only()
        let standing = LifeCycle.revoked(reason: .cardLost)
        XCTAssertEqual(card.state, .revoked)
        XCTAssertEqual(card.standing, standing)
        assertSpoken { standingText(standing: standing, language: $0) }
        await assertThrows(.NotUsable(why: .card(standing: standing))) { try await id.show(card.id, .adultOnly) }
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
        XCTAssertEqual(try id.history().map(\.kind), [.cardStateChanged, .cardAdded], "nothing is deleted from it")
    }

    func test_a_stale_proof_is_told_before_the_prompt() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let (phone, clock) = (try stage.phone(), ForwardClock())
        let id = try await phone.enrolled(clock: clock)
        let (prompts, left) = (try await phone.prompts(), try id.left(.adultOnly))
        clock.forward(hours: 25)
        let hours: UInt32
        do {
            _ = try await id.showAdult()
            return XCTFail("shown")
        } catch WalletError.NotUsable(.stapleTooOld(let told)) { hours = told }
        // An hour may have ended since it was fetched.
        XCTAssertTrue((25...26).contains(hours), "\(hours)")
        let (asked, kept) = (try await phone.prompts(), try id.left(.adultOnly))
        XCTAssertEqual(asked, prompts)
        XCTAssertEqual(kept, left, "no copy is used up")
        assertSpoken { WalletError.NotUsable(why: .stapleTooOld(hours: hours)).text($0) }
        let show = try await id.show(try id.only().id, .adultOnly, ifStale: .showAnyway)
        XCTAssertEqual(try show.stapleAgeHours(), hours)
        let shown = try id.frame(show).text
        let verdict = try await stage.counter().check(text: shown, now: clock.now().unixSeconds, monotonic: 0)
        XCTAssertFalse(verdict.accepted, "a counter without an outage refuses it")
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts + 1)
    }

    func test_ended_copies_need_renewal_and_come_back() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let (phone, clock) = (try stage.phone(), ForwardClock())
        let id = try await phone.enrolled(clock: clock)
        let prompts = try await phone.prompts()
        clock.forward(hours: 65 * 24)
        XCTAssertEqual(try id.only().state, .needsRenewal)
        do {
            _ = try await id.showAdult()
            return XCTFail("shown")
        } catch WalletError.NotUsable {}
        clock.forward(hours: -65 * 24)
        guard case .card = try await id.renewCard() else { return XCTFail("no card") }
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
        XCTAssertEqual(try id.only().state, .active)
        _ = try await id.showAdult()
    }

    func test_refresh_says_when_to_call_again() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        let prompts = try await phone.prompts()
        let first = try await id.refresh()
        XCTAssertNil(first.trouble)
        XCTAssertGreaterThan(first.lists, 0)
        XCTAssertEqual(first.renewed, .notNeeded)
        XCTAssertTrue((30...3600).contains(first.nextAt - now()), "\(first.nextAt - now())")
        let second = try await id.refresh()
        XCTAssertEqual(second.lists, 0, "not before their time")
        // Two of three are used: the pool runs low, and is filled.
        let card = try id.only().id
        for _ in 1...2 { _ = try await id.show(card, .full) }
        let shown = try await phone.prompts()
        let third = try await id.refresh()
        XCTAssertEqual(third.renewed, .done)
        XCTAssertEqual(try id.left(.full), 3)
        let after = try await phone.prompts()
        XCTAssertEqual([shown, after], [prompts + 2, prompts + 2])
        phone.http.isOffline.value = true
        let offline = try await id.refresh()
        XCTAssertEqual(offline.trouble, .Offline)
        XCTAssertTrue((60...900).contains(offline.nextAt - now()), "soon after a failure: \(offline.nextAt - now())")
        phone.http.isOffline.value = false
        try id.lock()
        try stage.simulator.suspend()
        let last = try await id.refresh()
        XCTAssertEqual(last.obeyed, [.lock])
    }
}
