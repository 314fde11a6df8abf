import Foundation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletScreens

@MainActor
final class EnrollingScreens: XCTestCase, @unchecked Sendable {
    func test_an_empty_wallet_begins_with_the_first_pages() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        XCTAssertEqual(model.route, .onboarding)
        XCTAssertTrue(model.cards.isEmpty)
        let prompts = try await stage.prompts()
        XCTAssertEqual(prompts, 0)
    }

    func test_a_tap_brings_a_card_onto_the_screen() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        XCTAssertEqual(model.route, .cards)
        XCTAssertEqual(model.cards.count, 1)
        XCTAssertEqual(stage.reader.said, ["begin", "done"])
    }

    func test_only_six_digits_begin_a_reading_and_leave_the_screen_then() async throws {
        let stage = try Stage()
        let opened = await (try stage.app()).tap()
        let tap = try XCTUnwrap(opened)
        for (typed, kept) in [("", ""), ("12345", "12345"), ("12a34-5678", "123456"), ("１２３456", "456")] {
            tap.digits = typed
            XCTAssertEqual(tap.digits, kept)
            XCTAssertEqual(tap.canStart, kept.count == 6)
        }
        tap.digits = "123456"
        tap.start()
        XCTAssertEqual(tap.digits, "")
        XCTAssertFalse(tap.canStart, "one reading at a time")
        tap.cancel()
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertFalse(tap.canStart, "nothing of them is left")
    }

    func test_a_card_that_was_moved_away_is_waited_for_and_read_on() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        let steps = Steps()
        stage.reader.before = { command in
            await steps.note(tap)
            if [6, 20].contains(command) { throw LinkError.TagLost }
        }
        tap.digits = String(decoding: try stage.simulator.can(), as: UTF8.self)
        tap.start()
        await tap.finished()
        XCTAssertEqual(tap.step, .done)
        XCTAssertEqual(model.cards.count, 1)
        XCTAssertTrue(steps.seen.contains(.lost))
        XCTAssertTrue(steps.seen.contains { if case .reading(_, let fraction) = $0 { fraction > 0 } else { false } })
        XCTAssertEqual(stage.reader.said, ["begin", "done"], "one sheet for all of it")
    }

    func test_a_card_that_never_stays_is_waited_for_until_the_citizen_says_otherwise() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        stage.reader.before = { if $0 % 4 == 0 { throw LinkError.TagLost } }
        let tap = try await stage.tap(model)
        try await until { tap.step == .paused(WalletError.CardLost.text(.english)) }
        XCTAssertEqual(stage.reader.said, ["begin", "failed"])
        XCTAssertEqual(tap.hint, Words.lostHint.text(.english))
        tap.cancel()
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertTrue(tap.canStart == false && tap.digits.isEmpty)
        XCTAssertEqual(model.route, .onboarding)
    }

    func test_a_paused_reading_goes_on_in_another_sheet() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        stage.reader.before = { if $0 == 12 { throw LinkError.Timeout } }
        let tap = try await stage.tap(model)
        try await until { tap.step == .paused(WalletError.CardUnreadable(why: .silent).text(.english)) }
        XCTAssertEqual(stage.reader.said, ["begin", "failed"], "the sheet went with the silence")
        tap.goOn()
        await tap.finished()
        XCTAssertEqual(tap.step, .done)
        XCTAssertEqual(model.cards.count, 1)
        XCTAssertEqual(stage.reader.said, ["begin", "failed", "begin", "done"])
    }

    func test_another_card_ends_a_paused_reading_with_its_words() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let simulator = stage.simulator
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        stage.reader.before = { [reader = stage.reader] command in
            guard command == 12 else { return }
            reader.card = { try simulator.tap("second") }
            throw LinkError.TagLost
        }
        try stage.start(tap)
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.CardUnreadable(why: .anotherCard).text(.english)))
        XCTAssertEqual(model.route, .onboarding)
    }

    func test_wrong_digits_are_told_with_what_to_do() async throws {
        let stage = try Stage()
        let opened = await (try stage.app()).tap()
        let tap = try XCTUnwrap(opened)
        tap.digits = "000000"
        tap.start()
        await tap.finished()
        guard case .failed(let text) = tap.step else { return XCTFail("\(tap.step)") }
        XCTAssertEqual(text.what, "The card does not accept these six digits.")
        XCTAssertEqual(tap.hint, text.next)
    }

    func test_cancelling_a_reading_keeps_nothing() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let opened = await model.tap()
        let tap = try XCTUnwrap(opened)
        stage.reader.before = { if $0 == 8 { await tap.cancel() } }
        tap.digits = String(decoding: try stage.simulator.can(), as: UTF8.self)
        tap.start()
        await tap.finished()
        XCTAssertEqual(tap.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertEqual(model.route, .onboarding)
    }

    func test_a_tap_with_a_dismissed_prompt_does_not_begin() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        try await stage.phone.answerNext("cancel")
        let tap = await model.tap()
        XCTAssertNil(tap)
        XCTAssertEqual(model.failure, WalletError.UserCancelled.text(.english))
        model.dismiss()
        XCTAssertNil(model.failure)
    }

    func test_a_clerks_code_asks_for_consent_and_spoken_digits_and_brings_a_card() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let visit = try stage.simulator.visit()
        let scan = try XCTUnwrap(model.scan())
        await scan.scanned(visit.link)
        guard case .offer(let offer) = scan.step, case .asking(let view) = offer.step else { return XCTFail("\(scan.step)") }
        XCTAssertFalse(view.documents.isEmpty)
        XCTAssertEqual(view.transactionCode?.length, 6)
        for typed in ["", "12345", "1234567", "12a456"] {
            offer.digits = typed
            XCTAssertFalse(offer.canAccept, typed)
        }
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        XCTAssertEqual(offer.digits, "")
        await offer.finished()
        XCTAssertEqual(offer.step, .done)
        XCTAssertEqual(model.cards.count, 1)
    }

    func test_wrong_spoken_digits_are_told_and_asked_again() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let visit = try stage.simulator.visit()
        let scan = try XCTUnwrap(model.scan())
        await scan.scanned(visit.link)
        guard case .offer(let offer) = scan.step else { return XCTFail("\(scan.step)") }
        offer.digits = visit.digits == Data("000000".utf8) ? "111111" : "000000"
        offer.accept()
        await offer.finished()
        guard case .asking = offer.step else { return XCTFail("\(offer.step)") }
        let text = try XCTUnwrap(offer.wrong)
        XCTAssertFalse(text.what.isEmpty || text.next.isEmpty)
        XCTAssertEqual(model.route, .onboarding)
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        await offer.finished()
        XCTAssertEqual(offer.step, .done)
    }

    func test_a_code_of_somebody_else_is_told_once_however_often_the_camera_says_it() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let scan = try XCTUnwrap(model.scan())
        await scan.scanned("WIFI:S:cafe;;")
        guard case .failed(let text) = scan.step else { return XCTFail("\(scan.step)") }
        XCTAssertEqual(text, WalletError.NotForThisWallet.text(.english))
        await scan.scanned(try await sign(stage))
        guard case .failed = scan.step else { return XCTFail("looked on behind the message: \(scan.step)") }
        scan.again()
        guard case .looking = scan.step else { return XCTFail("\(scan.step)") }
    }

    func test_a_dismissed_prompt_before_an_offer_is_told_and_asked_once() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let scan = try XCTUnwrap(model.scan())
        let link = try stage.simulator.visit().link
        try await stage.phone.answerNext("cancel")
        await scan.scanned(link)
        guard case .offer(let offer) = scan.step else { return XCTFail("\(scan.step)") }
        XCTAssertEqual(offer.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertNil(model.failure, "told once")
        await scan.scanned(link)
        let prompts = try await stage.prompts()
        XCTAssertEqual(prompts, 1)
        offer.again()
        await offer.finished()
        guard case .asking = offer.step else { return XCTFail("\(offer.step)") }
    }

    func test_a_card_is_renewed_without_a_prompt() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let visit = try stage.simulator.visit()
        let scan = try XCTUnwrap(model.scan())
        await scan.scanned(visit.link)
        guard case .offer(let offer) = scan.step else { return XCTFail("\(scan.step)") }
        offer.digits = String(decoding: visit.digits, as: UTF8.self)
        offer.accept()
        await offer.finished()
        let before = try await stage.prompts()
        await model.renew(model.cards[0])
        XCTAssertNil(model.failure)
        XCTAssertNil(model.doing)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before)
    }

    func test_nothing_to_go_on_with_is_told_and_not_fatal() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        XCTAssertFalse(model.isUnfinished)
        await model.resume()
        XCTAssertEqual(model.failure, WalletError.NotForThisWallet.text(.english))
        XCTAssertEqual(model.route, .cards)
        let scan = await model.arrived("https://wallet.example/issued?code=1")
        XCTAssertNil(scan)
        XCTAssertEqual(model.failure, WalletError.NotForThisWallet.text(.english))
    }

    func test_a_link_that_opens_the_app_is_scanned() async throws {
        let stage = try Stage()
        let model = try await stage.app()
        let scan = await model.arrived(try stage.simulator.visit().link)
        guard case .offer? = scan?.step else { return XCTFail("no offer") }
    }
}

/// The steps a screen went through.
final class Steps: @unchecked Sendable {
    private let lock = NSLock()
    private var noted: [TapModel.Step] = []
    var seen: [TapModel.Step] { lock.withLock { noted } }
    func note(_ model: TapModel) async {
        let step = await model.step
        lock.withLock { noted.append(step) }
    }
}
