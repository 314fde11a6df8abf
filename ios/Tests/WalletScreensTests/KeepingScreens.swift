import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletScreens

@MainActor
final class KeepingScreens: XCTestCase, @unchecked Sendable {
    func test_a_lost_phone_says_that_it_is_locked_and_why_and_opens_when_it_is_found() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        try stage.simulator.suspend()
        let before = try await stage.prompts()
        await model.freshen()
        let why = lockedText(why: .phoneLost, language: .english)
        XCTAssertEqual(model.route, .lockedByCommand(why))
        XCTAssertTrue(model.cards.isEmpty)
        await model.unlock()
        XCTAssertEqual(model.failure, why)
        XCTAssertEqual(model.route, .lockedByCommand(why))
        let after = try await stage.prompts()
        XCTAssertEqual(after, before, "nobody is asked for a finger in vain")
        try stage.simulator.resume()
        await model.freshen()
        XCTAssertEqual(model.route, .locked)
        await model.unlock()
        XCTAssertEqual(model.route, .cards)
        XCTAssertEqual(model.cards.count, 1)
    }

    func test_an_app_in_front_locks_while_a_code_is_on_its_screen() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        show.show(.adultOnly)
        await show.finished()
        XCTAssertNotNil(show.frame)
        let listening = Task { await model.listen() }
        try stage.simulator.suspend()
        try await until { model.route == .lockedByCommand(lockedText(why: .phoneLost, language: .english)) }
        show.tick()
        XCTAssertEqual(show.step, .over)
        XCTAssertNil(show.frame)
        listening.cancel()
        await listening.value
    }

    func test_a_wiped_wallet_says_so_and_starts_over() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        try await stage.phone.answerNext("cancel")
        await model.wipe()
        XCTAssertEqual(model.failure, WalletError.UserCancelled.text(.english))
        XCTAssertEqual(model.route, .cards)
        await model.wipe()
        XCTAssertNil(model.failure)
        XCTAssertEqual(model.route, .wiped)
        XCTAssertTrue(model.cards.isEmpty && model.history().isEmpty)
        await model.startOver()
        XCTAssertEqual(model.route, .onboarding)
    }

    func test_an_id_that_lives_elsewhere_moves_here_when_the_citizen_says_so() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        // The issuer was told nothing, and still counts the former wallet as the citizen's.
        await model.wipe()
        await model.startOver()
        let tap = try await stage.tap(model)
        await tap.finished()
        let refused = WalletError.IssuerRefused(why: .anotherPhone).text(.english)
        XCTAssertEqual(tap.step, .elsewhere(refused.what))
        XCTAssertEqual(tap.hint, Words.moveBody.text(.english))
        XCTAssertFalse(refused.what.contains("first"), "the way out is the one that is offered")
        XCTAssertTrue(model.cards.isEmpty)
        tap.move()
        XCTAssertEqual(tap.step, .digits)
        XCTAssertFalse(tap.canStart, "the digits were wiped")
        try stage.start(tap)
        await tap.finished()
        XCTAssertEqual(tap.step, .done)
        XCTAssertEqual(model.cards.count, 1)
    }

    func test_a_phone_that_was_given_up_is_nobodys_and_anybodys() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        await model.giveUp()
        XCTAssertNil(model.failure)
        XCTAssertEqual(model.route, .wiped)
        await model.startOver()
        let tap = try await stage.tap(model)
        await tap.finished()
        XCTAssertEqual(tap.step, .done, "no other phone has it")
    }

    func test_a_revoked_card_says_why_and_is_not_shown() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let good = try XCTUnwrap(model.card(model.cards[0]))
        XCTAssertNil(good.warning)
        XCTAssertTrue(good.canShow && good.canRenew)
        try stage.simulator.end(by: "card_lost")
        await model.freshen()
        XCTAssertEqual(model.route, .cards)
        let card = try XCTUnwrap(model.card(model.cards[0]))
        XCTAssertEqual(card.warning, standingText(standing: .revoked(reason: .cardLost), language: .english))
        XCTAssertEqual(card.state, cardStateText(state: .revoked, language: .english))
        XCTAssertFalse(card.canShow || card.canRenew)
    }

    func test_a_card_whose_copies_have_ended_says_that_it_needs_renewal() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        XCTAssertNotNil(model.cards[0].copiesUntil)
        stage.clock.forward(hours: 24 * 100)
        await model.freshen()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        XCTAssertEqual(card.card.state, .needsRenewal)
        XCTAssertEqual(card.warning, standingText(standing: .needsRenewal(reason: .copiesEnded), language: .english))
        XCTAssertTrue(card.canRenew && !card.canShow)
        stage.clock.forward(hours: -24 * 100)
        await model.renew(card.card)
        XCTAssertNil(model.failure)
        XCTAssertEqual(model.cards[0].state, .active)
    }

    func test_a_stale_proof_is_told_and_shown_all_the_same_or_freshened() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let before = try await stage.prompts()
        stage.clock.forward(hours: 30)
        for anyway in [true, false] {
            let show = try XCTUnwrap(model.show(model.cards[0]))
            show.show(.adultOnly)
            await show.finished()
            guard case .stale(.adultOnly, let text) = show.step else { return XCTFail("\(show.step)") }
            XCTAssertFalse(text.what.isEmpty || text.next.isEmpty)
            let asked = try await stage.prompts()
            XCTAssertEqual(asked, before + (anyway ? 0 : 1), "told before the prompt")
            if anyway {
                show.showAnyway()
            } else {
                show.freshenAndShow()
                await show.finished()
                // The issuer does not take this phone's clock.
                guard case .failed = show.step else { return XCTFail("\(show.step)") }
                stage.clock.forward(hours: -30)
                show.show(.adultOnly)
            }
            await show.finished()
            XCTAssertNotNil(show.frame)
        }
        await model.freshen()
        let next = try XCTUnwrap(model.refreshAt)
        XCTAssertGreaterThan(next.timeIntervalSinceNow, 0)
        XCTAssertFalse(model.needsCardAgain)
    }

    func test_a_portals_link_goes_out_to_the_browser_and_comes_back_with_a_card() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        _ = try stage.simulator.visit()
        let offer = try await stage.offer(model, try stage.simulator.portalLink())
        XCTAssertTrue(offer.canAccept, "no digits are asked for")
        offer.accept()
        await offer.finished()
        guard case .signIn(let url) = offer.step else { return XCTFail("\(offer.step)") }
        let back = try stage.simulator.browse(url.absoluteString)
        let foreign = await model.arrived("https://example.com/?code=1")
        XCTAssertNil(foreign)
        XCTAssertNotNil(model.sheet, "what waits for the browser waits on")
        let scan = await model.arrived(back)
        XCTAssertNil(scan)
        XCTAssertNil(model.failure)
        XCTAssertNil(model.sheet, "the offer's screen goes away")
        XCTAssertEqual(model.route, .cards)
        XCTAssertFalse(model.isUnfinished)
    }

    func test_a_browser_that_comes_back_to_an_app_that_had_ended_starts_it_and_brings_the_card() async throws {
        let stage = try Stage()
        _ = try stage.simulator.visit()
        let back = try await {
            let offer = try await stage.offer(try await stage.app(), try stage.simulator.portalLink())
            offer.accept()
            await offer.finished()
            guard case .signIn(let url) = offer.step else { throw WalletError.NotForThisWallet }
            return try stage.simulator.browse(url.absoluteString)
        }()
        let model = try await stage.app(isStarted: false)
        let before = try await stage.prompts()
        let foreign = await model.arrived("https://example.com/?code=1")
        XCTAssertNil(foreign)
        XCTAssertEqual(model.failure, WalletError.NotForThisWallet.text(.english))
        XCTAssertTrue(model.isUnfinished)
        let asked = try await stage.prompts()
        XCTAssertEqual(asked, before, "nobody is asked for a finger for a foreign link")
        await model.resume()
        XCTAssertEqual(model.failure?.next, Words.browserOut.text(.english))
        _ = await model.arrived(back)
        XCTAssertNil(model.failure)
        XCTAssertEqual(model.route, .cards)
        XCTAssertFalse(model.isUnfinished)
    }

    func test_a_second_document_says_what_it_says_while_it_is_open() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let visit = try stage.simulator.visit(for: "veteran_card")
        let offer = try await stage.offer(model, visit.link)
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        await offer.finished()
        XCTAssertEqual(offer.step, .done)
        XCTAssertEqual(model.cards.count, 2)
        let second = try XCTUnwrap(model.cards.first { $0.document == "veteran_card" })
        let card = try XCTUnwrap(model.card(second))
        XCTAssertNotEqual(card.title, second.document)
        XCTAssertTrue(card.claims.isEmpty)
        XCTAssertFalse(card.canShow, "counters do not know it")
        await card.reveal(at: 1000)
        XCTAssertTrue(card.claims.contains { $0.name == "veteran_number" && !$0.value.isEmpty })
        card.hide()
        XCTAssertTrue(card.claims.isEmpty)
    }

    func test_a_document_that_waits_for_a_clerk_is_got_later() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let visit = try stage.simulator.visit(for: "welfare_card")
        let offer = try await stage.offer(model, visit.link)
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        await offer.finished()
        guard case .later(let seconds) = offer.step else { return XCTFail("\(offer.step)") }
        await model.resume()
        XCTAssertEqual(model.failure?.what, Words.offerLater.text(.english, Words.span(seconds, .english)))
        XCTAssertTrue(model.isUnfinished)
        try stage.simulator.decide("welfare_card", approve: true)
        await model.resume()
        XCTAssertNil(model.failure)
        XCTAssertEqual(model.cards.count, 2)
        XCTAssertFalse(model.isUnfinished)
    }

    func test_spans_of_time_are_said_in_words() async {
        for (seconds, english) in [
            (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (3600, "60 minutes"), (7200, "2 hours"), (7201, "3 hours"),
        ] as [(UInt64, String)] { XCTAssertEqual(Words.span(seconds, .english), english) }
        XCTAssertEqual(Words.span(3600, .korean), "60분")
    }
}
