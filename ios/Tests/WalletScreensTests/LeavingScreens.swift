import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletScreens

/// The citizen leaves, and comes back, in the middle of everything.
@MainActor
final class LeavingScreens: XCTestCase, @unchecked Sendable {
    func test_whoever_leaves_finds_the_wallet_locked() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        model.away()
        XCTAssertEqual(model.route, .locked)
        XCTAssertTrue(model.cards.isEmpty)
        XCTAssertFalse(model.owesLock)
    }

    func test_whoever_leaves_while_the_prompt_is_up_finds_the_wallet_locked_and_is_asked_again() async throws {
        let stage = try Stage()
        try await { _ = try await stage.enrolled() }()
        let model = try await stage.app()
        let before = try await stage.prompts()
        stage.keys.gate.close()
        let unlocking = Task { await model.unlock() }
        try await until { stage.keys.gate.waiting == 1 }
        model.away()
        stage.keys.gate.open()
        await unlocking.value
        XCTAssertEqual(model.route, .locked)
        XCTAssertTrue(model.cards.isEmpty)
        XCTAssertNil(model.failure, "whoever left is not told off for it")
        await model.unlock()
        XCTAssertEqual(model.route, .cards)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 2)
    }

    func test_a_lock_is_owed_until_the_errand_has_ended_and_nobody_begins_another_before() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        let before = try await stage.prompts()
        stage.http.hold("/credential")
        let renewing = Task { await model.renew(model.cards[0]) }
        try await until { stage.http.gate.waiting == 1 }
        model.away()
        XCTAssertTrue(model.owesLock)
        XCTAssertEqual(model.route, .cards, "it needs the wallet")
        // Back before it has ended.
        show.show(.adultOnly)
        stage.http.gate.open()
        await renewing.value
        XCTAssertNil(model.failure)
        await show.finished()
        XCTAssertFalse(model.owesLock)
        XCTAssertNotNil(show.frame)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 2, "one to open what was locked in between, one to show")
    }

    func test_the_wallet_locks_when_the_errand_of_somebody_who_left_has_ended() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("/credential")
        let renewing = Task { await model.renew(model.cards[0]) }
        try await until { stage.http.gate.waiting == 1 }
        model.away()
        stage.http.gate.open()
        await renewing.value
        await model.paid()
        XCTAssertEqual(model.route, .locked)
        XCTAssertTrue(model.cards.isEmpty)
        let prompts = try await stage.prompts()
        await model.unlock()
        let after = try await stage.prompts()
        XCTAssertEqual(after, prompts + 1)
        XCTAssertEqual(model.route, .cards)
    }

    func test_when_the_system_waits_no_longer_the_wallet_locks_under_the_errand() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("/credential")
        let renewing = Task { await model.renew(model.cards[0]) }
        try await until { stage.http.gate.waiting == 1 }
        model.away()
        model.lock()
        XCTAssertEqual(model.route, .locked)
        XCTAssertFalse(model.owesLock)
        stage.http.gate.open()
        await renewing.value
        XCTAssertEqual(model.route, .locked)
        await model.unlock()
        XCTAssertEqual(model.route, .cards)
    }

    func test_an_offer_at_consent_asks_for_the_citizen_who_was_away() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let visit = try stage.simulator.visit()
        let offer = try await stage.offer(model, visit.link)
        let before = try await stage.prompts()
        model.away()
        guard case .asking = offer.step else { return XCTFail("\(offer.step)") }
        XCTAssertNotNil(model.sheet, "what was on its way is there yet")
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        await offer.finished()
        XCTAssertEqual(offer.step, .done)
        XCTAssertEqual(model.cards.count, 1)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 1)
    }

    func test_an_offer_whose_citizen_left_under_the_prompt_opens_when_they_are_back() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        model.lock()
        let scan = try XCTUnwrap(model.scan())
        stage.keys.gate.close()
        let link = try stage.simulator.visit().link
        let scanning = Task { await scan.scanned(link) }
        try await until { stage.keys.gate.waiting == 1 }
        model.away()
        stage.keys.gate.open()
        await scanning.value
        guard case .offer(let offer) = scan.step else { return XCTFail("\(scan.step)") }
        XCTAssertEqual(offer.step, .failed(WalletError.Locked.text(.english)))
        XCTAssertTrue(offer.isLocked)
        offer.again()
        await offer.finished()
        guard case .asking = offer.step else { return XCTFail("\(offer.step)") }
        XCTAssertFalse(offer.isLocked)
    }

    func test_an_accepted_offer_that_was_cut_short_goes_on() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let visit = try stage.simulator.visit()
        let offer = try await stage.offer(model, visit.link)
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        stage.http.hold("/credential")
        offer.accept()
        try await until { stage.http.gate.waiting == 1 }
        offer.cancel()
        stage.http.gate.open()
        await offer.finished()
        XCTAssertEqual(offer.step, .failed(WalletError.UserCancelled.text(.english)))
        offer.again()
        await offer.finished()
        XCTAssertEqual(offer.step, .done, "its code would not be accepted twice")
        XCTAssertEqual(model.cards.count, 1)
    }

    func test_a_reading_asks_for_the_citizen_who_was_away_and_can_be_begun_again() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        let before = try await stage.prompts()
        model.away()
        try await stage.phone.answerNext("cancel")
        try stage.start(tap)
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertEqual(stage.reader.said, [], "no sheet for nobody")
        tap.again()
        XCTAssertEqual(tap.step, .digits)
        try stage.start(tap)
        await tap.finished()
        XCTAssertEqual(tap.step, .done)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 3, "twice to open, once for the face")
    }

    func test_the_sheet_outlives_the_first_pages_and_says_that_it_is_done() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let tap = try await stage.tap(model)
        await tap.finished()
        XCTAssertEqual(model.route, .cards)
        guard case .tap(let shown)? = model.sheet else { return XCTFail("no sheet") }
        XCTAssertTrue(shown === tap)
        XCTAssertEqual(shown.step, .done)
    }

    func test_whoever_takes_the_sheet_away_ends_what_it_does() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        stage.reader.before = { command in
            if command == 8 { await MainActor.run { model.sheet = nil } }
        }
        let tap = try await stage.tap(model)
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertEqual(model.route, .onboarding)
        stage.reader.before = { _ in }
        let visit = try stage.simulator.visit()
        let offer = try await stage.offer(model, visit.link)
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        stage.http.hold("/credential")
        offer.accept()
        try await until { stage.http.gate.waiting == 1 }
        model.sheet = nil
        stage.http.gate.open()
        await offer.finished()
        XCTAssertEqual(offer.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertTrue(model.cards.isEmpty)
    }

    func test_what_has_to_be_read_under_a_prompt_is_not_covered() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        XCTAssertFalse(model.isPersonal)
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        XCTAssertTrue(tap.isPersonal, "digits are typed")
        let personal = Steps()
        stage.reader.before = { _ in if await tap.isPersonal { await personal.note(tap) } }
        try stage.start(tap)
        await tap.finished()
        XCTAssertEqual(personal.seen, [])
        XCTAssertTrue(model.isPersonal, "cards")
        let show = try XCTUnwrap(model.show(model.cards[0]))
        stage.keys.gate.close()
        show.show(.adultOnly)
        try await until { stage.keys.gate.waiting == 1 }
        XCTAssertEqual(show.step, .asking)
        XCTAssertFalse(show.isPersonal, "to whom it goes is read under the prompt")
        XCTAssertFalse(show.audience.isEmpty)
        stage.keys.gate.open()
        await show.finished()
        XCTAssertTrue(show.isPersonal)
    }
}

/// What is done beside the citizen, once at a time.
@MainActor
final class FresheningScreens: XCTestCase, @unchecked Sendable {
    func test_two_refreshes_at_once_are_one() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("command")
        let all = (1...3).map { _ in Task { await model.freshen() } }
        try await until { stage.http.gate.waiting > 0 }
        for task in all { XCTAssertFalse(task.isCancelled) }
        let show = try XCTUnwrap(model.show(model.cards[0]))
        stage.clock.forward(hours: 30)
        show.show(.adultOnly)
        await show.finished()
        guard case .stale = show.step else { return XCTFail("\(show.step)") }
        stage.clock.forward(hours: -30)
        show.freshenAndShow()
        stage.http.gate.open()
        await show.finished()
        for task in all { await task.value }
        XCTAssertEqual(stage.http.asked("command"), 1)
        XCTAssertNotNil(show.frame)
    }

    func test_whoever_is_cancelled_waits_no_longer_and_others_get_what_they_wait_for() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("command")
        let alone = Task { await model.freshen() }
        try await until { stage.http.gate.waiting == 1 }
        alone.cancel()
        try await until { stage.http.gate.waiting == 0 }
        await alone.value
        XCTAssertNil(model.refreshAt, "it was given up")
        XCTAssertEqual(model.route, .cards)
        let first = Task { await model.freshen() }
        try await until { stage.http.gate.waiting == 1 }
        let second = Task { await model.freshen() }
        await Task.yield()
        first.cancel()
        stage.http.gate.open()
        await second.value
        XCTAssertNotNil(model.refreshAt)
    }

    func test_an_errand_goes_before_a_refresh_that_waits_for_the_network() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("command")
        let refreshing = Task { await model.freshen() }
        try await until { stage.http.gate.waiting == 1 }
        await model.renew(model.cards[0])
        XCTAssertNil(model.failure)
        XCTAssertEqual(stage.http.gate.waiting, 1, "which waits yet")
        stage.http.gate.open()
        await refreshing.value
        XCTAssertNotNil(model.refreshAt)
        XCTAssertEqual(model.route, .cards)
    }

    func test_a_refresh_waits_for_the_errand() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.http.hold("/credential")
        let renewing = Task { await model.renew(model.cards[0]) }
        try await until { stage.http.gate.waiting == 1 }
        await model.freshen()
        XCTAssertEqual(stage.http.asked("command"), 0)
        stage.http.gate.open()
        await renewing.value
        try await until { model.refreshAt != nil }
        XCTAssertEqual(stage.http.asked("command"), 1)
    }

    func test_nothing_is_asked_before_it_is_due_but_whether_a_lock_was_lifted() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        await model.freshen()
        await model.freshen()
        XCTAssertEqual(stage.http.asked("command"), 1)
        let listening = Task { await model.listen() }
        try stage.simulator.suspend()
        try await until { if case .lockedByCommand = model.route { true } else { false } }
        listening.cancel()
        await listening.value
        let asked = stage.http.asked("command")
        try stage.simulator.resume()
        await model.freshen()
        XCTAssertEqual(stage.http.asked("command"), asked + 1)
        XCTAssertEqual(model.route, .locked)
    }

    func test_copies_that_wait_for_an_unlock_come_with_it() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        for _ in 1...2 {
            let show = try XCTUnwrap(model.show(model.cards[0]))
            show.show(.full)
            await show.finished()
        }
        func left() -> UInt32? { model.cards.first?.copies.first { $0.disclosure == .full }?.left }
        XCTAssertEqual(left(), 1)
        model.lock()
        await model.freshen()
        await model.unlock()
        await model.freshen()
        XCTAssertEqual(left(), 3)
    }

    func test_a_refresh_that_ends_while_the_citizen_is_asked_anew_leaves_the_card_on_the_screen() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        stage.http.hold("command")
        let refreshing = Task { await model.freshen() }
        try await until { stage.http.gate.waiting == 1 }
        stage.keys.gate.close()
        let revealing = Task { await card.reveal(at: 1000) }
        try await until { stage.keys.gate.waiting == 1 }
        stage.http.gate.open()
        await refreshing.value
        XCTAssertNotNil(model.refreshAt)
        XCTAssertEqual(model.route, .cards, "the prompt is up")
        XCTAssertEqual(model.cards.count, 1)
        stage.keys.gate.open()
        await revealing.value
        XCTAssertEqual(card.secondsLeft, 30)
        XCTAssertEqual(model.route, .cards)
    }

    func test_an_app_in_front_opens_the_wallet_freshens_it_and_hears_commands() async throws {
        let stage = try Stage()
        try await { _ = try await stage.enrolled() }()
        stage.keys.isFailing = true
        let model = try await stage.app()
        stage.keys.isFailing = false
        let attending = Task { await model.attend() }
        try await until { model.refreshAt != nil }
        XCTAssertEqual(model.route, .locked, "what could not be opened before is tried again")
        try stage.simulator.suspend()
        try await until { model.route == .lockedByCommand(lockedText(why: .phoneLost, language: .english)) }
        attending.cancel()
        await attending.value
    }

    func test_an_app_in_front_listens_again_after_the_phone_itself_failed() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        stage.clock.isFailing = true
        let listening = Task { await model.listen() }
        try await until { stage.clock.failed > 2 }
        stage.clock.isFailing = false
        try stage.simulator.suspend()
        try await until { model.route == .lockedByCommand(lockedText(why: .phoneLost, language: .english)) }
        listening.cancel()
        await listening.value
    }
}
