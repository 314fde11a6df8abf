import Foundation
import Observation
import WalletKit
import WalletSimulator
import XCTest

@testable import WalletScreens

@MainActor
final class ShowingScreens: XCTestCase, @unchecked Sendable {
    func test_one_prompt_brings_a_code_that_a_counter_accepts() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        let before = try await stage.prompts()
        XCTAssertFalse(show.wantsBrightness)
        show.show(.adultOnly)
        await show.finished()
        let frame = try XCTUnwrap(show.frame)
        XCTAssertTrue(show.wantsBrightness)
        show.tick()
        XCTAssertNotNil(show.frame)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 1)
        let verdict = try await counter(stage).check(text: frame.text, now: Int64(Date().timeIntervalSince1970), monotonic: 0)
        XCTAssertTrue(verdict.accepted, "\(verdict)")
    }

    func test_a_show_uses_a_copy_and_the_screen_says_how_many_are_left() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        func left() -> UInt32? { show.levels.first { $0.disclosure == .full }?.left }
        let before = try XCTUnwrap(left())
        XCTAssertEqual(show.levels.count, 5)
        XCTAssertTrue(show.levels.allSatisfy { !$0.text.isEmpty })
        show.show(.full)
        await show.finished()
        XCTAssertEqual(left(), before - 1)
    }

    func test_a_verified_desk_is_named_before_the_citizen_is_asked() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let unnamed = try XCTUnwrap(model.show(model.cards[0]))
        XCTAssertEqual(unnamed.audience, Words.showUnverified.text(.english))
        let scan = try XCTUnwrap(model.scan())
        await scan.scanned(try await sign(stage))
        guard case .desk(let desk) = scan.step else { return XCTFail("\(scan.step)") }
        let show = try XCTUnwrap(model.show(model.cards[0], to: desk))
        XCTAssertTrue(show.audience.contains(desk.name(language: .english)))
        show.show(.nameAndBirth)
        await show.finished()
        XCTAssertNotNil(show.frame)
        let named = try await stage.phone.prompts().compactMap(\.counterparty)
        XCTAssertEqual(named, [desk.name(language: .english)])
        XCTAssertTrue(model.history().contains { $0.detail.contains(desk.name(language: .english)) })
    }

    func test_a_screen_that_is_recorded_shows_no_code_and_begins_no_show() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        show.isObserved = true
        let before = try await stage.prompts()
        show.show(.adultOnly)
        await show.finished()
        XCTAssertEqual(show.step, .choosing)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before)
        show.isObserved = false
        show.show(.adultOnly)
        await show.finished()
        XCTAssertNotNil(show.frame)
        show.isObserved = true
        XCTAssertNil(show.frame)
        XCTAssertFalse(show.wantsBrightness)
        show.isObserved = false
        XCTAssertNotNil(show.frame, "it comes back with the rest of its time")
    }

    func test_a_show_that_was_ended_has_no_code_any_more() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        show.show(.adultOnly)
        await show.finished()
        show.end()
        XCTAssertEqual(show.step, .over)
        show.tick()
        XCTAssertNil(show.frame)
        show.show(.adultOnly)
        await show.finished()
        XCTAssertNotNil(show.frame, "and can be shown again")
    }

    func test_a_dismissed_prompt_is_told_and_keeps_the_copy() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        let before = show.levels
        try await stage.phone.answerNext("cancel")
        show.show(.adultOnly)
        await show.finished()
        XCTAssertEqual(show.step, .failed(WalletError.UserCancelled.text(.english)))
        XCTAssertEqual(show.levels, before)
    }

    func test_a_show_that_is_left_under_its_prompt_takes_the_prompt_along() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let show = try XCTUnwrap(model.show(model.cards[0]))
        stage.keys.gate.close()
        show.show(.adultOnly)
        try await until { stage.keys.gate.waiting == 1 }
        show.end()
        await show.finished()
        XCTAssertEqual(show.step, .over)
        try await until { stage.keys.gate.waiting == 0 }
        XCTAssertNil(show.frame)
    }

    func test_brightness_is_put_back_as_it_was() async {
        var level = 0.3
        let brightness = Brightness(read: { level }, write: { level = $0 })
        for wanted in [true, true] {
            brightness.follow(wanted)
            XCTAssertEqual(level, 1)
        }
        for wanted in [false, false] {
            brightness.follow(wanted)
            XCTAssertEqual(level, 0.3)
        }
        level = 0.8
        brightness.follow(false)
        XCTAssertEqual(level, 0.8, "what was not raised is not lowered")
    }
}

@MainActor
final class LookingScreens: XCTestCase, @unchecked Sendable {
    func test_a_started_app_with_a_card_asks_before_it_shows_anything() async throws {
        let stage = try Stage()
        try await { _ = try await stage.enrolled() }()
        let model = try await stage.app()
        XCTAssertEqual(model.route, .locked)
        XCTAssertTrue(model.cards.isEmpty && model.history().isEmpty)
        try await stage.phone.answerNext("cancel")
        await model.unlock()
        XCTAssertEqual(model.route, .locked)
        XCTAssertEqual(model.failure, WalletError.UserCancelled.text(.english))
        await model.unlock()
        XCTAssertEqual(model.route, .cards)
        XCTAssertNil(model.failure)
        model.lock()
        XCTAssertEqual(model.route, .locked)
        XCTAssertTrue(model.cards.isEmpty)
    }

    func test_dead_keys_lead_to_starting_over_and_nowhere_else() async throws {
        let stage = try Stage()
        try await { _ = try await stage.enrolled() }()
        let model = try await stage.app()
        try await stage.phone.invalidateKeys()
        await model.unlock()
        XCTAssertEqual(model.route, .dead)
        await model.startOver()
        XCTAssertEqual(model.route, .onboarding)
        XCTAssertNil(model.failure)
    }

    func test_a_wallet_that_cannot_be_opened_says_what_to_do() async throws {
        let model = WalletModel(
            Surroundings(
                language: .korean, open: { () async throws(WalletError) in throw .StorageFull },
                reader: { throw SimulatorError.gone }))
        await model.start()
        XCTAssertEqual(model.route, .broken(WalletError.StorageFull.text(.korean)))
        XCTAssertNil(model.scan())
        let tap = await model.tap()
        XCTAssertNil(tap)
    }

    func test_a_wallet_that_could_not_be_opened_is_tried_again() async throws {
        let stage = try Stage()
        try await { _ = try await stage.enrolled() }()
        stage.keys.isFailing = true
        let model = try await stage.app()
        XCTAssertEqual(model.route, .broken(WalletError.Unavailable(code: -1005).text(.english)))
        await model.start()
        XCTAssertEqual(model.route, .broken(WalletError.Unavailable(code: -1005).text(.english)))
        stage.keys.isFailing = false
        await model.start()
        XCTAssertEqual(model.route, .locked)
    }

    func test_a_card_is_hidden_until_the_citizen_was_asked_anew_and_half_a_minute_later() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        let hidden = card.lines
        XCTAssertNil(card.portrait)
        XCTAssertFalse(hidden.registrationNumber.contains { $0.isNumber })
        XCTAssertTrue(hidden.name.contains("*") && hidden.birthDate.hasSuffix("**-**") && hidden.address.hasSuffix("***"))
        let before = try await stage.prompts()
        await card.reveal(at: 1000)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before + 1, "though the wallet was open")
        XCTAssertEqual(card.lines.name, card.card.name)
        XCTAssertEqual(card.lines.address, card.card.address)
        XCTAssertEqual(card.portrait, card.card.portrait)
        card.tick(at: 1029)
        XCTAssertEqual(card.secondsLeft, 1)
        card.tick(at: 1030)
        XCTAssertEqual(card.lines, hidden)
        XCTAssertNil(card.portrait)
    }

    func test_the_time_of_an_open_card_runs_from_the_answer_on() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        let time = Seconds()
        stage.keys.gate.close()
        let revealing = Task { await card.reveal(at: time.now) }
        try await until { stage.keys.gate.waiting == 1 }
        time.now += 20
        stage.keys.gate.open()
        await revealing.value
        card.tick(at: time.now + 29)
        XCTAssertEqual(card.secondsLeft, 1)
        card.tick(at: time.now + 30)
        XCTAssertNil(card.secondsLeft)
    }

    func test_a_card_has_one_model_however_often_its_screen_is_drawn() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        await card.reveal(at: 1000)
        XCTAssertTrue(model.card(model.cards[0]) === card)
        let show = try XCTUnwrap(model.show(model.cards[0]))
        show.show(.full)
        await show.finished()
        XCTAssertTrue(model.card(model.cards[0]) === card, "the card has other copies now")
        XCTAssertEqual(card.card, model.cards[0])
        XCTAssertNotNil(card.secondsLeft)
        card.tick(at: 1030)
        XCTAssertNil(card.secondsLeft, "nobody else counts for it")
        await card.reveal(at: 2000)
        model.lock()
        XCTAssertNil(card.secondsLeft, "it closes with the wallet")
        XCTAssertTrue(card.claims.isEmpty)
    }

    func test_cards_that_are_as_they_were_are_not_drawn_again() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let drawn = Seconds()
        withObservationTracking {
            _ = (model.cards, model.route)
        } onChange: {
            MainActor.assumeIsolated { drawn.now += 1 }
        }
        await model.unlock()
        XCTAssertEqual(drawn.now, 0)
        model.lock()
        XCTAssertEqual(drawn.now, 1)
    }

    func test_a_card_is_hidden_and_stays_hidden_while_the_screen_is_recorded() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        await card.reveal(at: 1000)
        XCTAssertNotNil(card.portrait)
        card.isObserved = true
        XCTAssertNil(card.portrait)
        XCTAssertNil(card.secondsLeft)
        let before = try await stage.prompts()
        await card.reveal(at: 1000)
        let after = try await stage.prompts()
        XCTAssertEqual(after, before, "nobody is asked for what is not shown")
        XCTAssertNil(card.secondsLeft)
        card.isObserved = false
        await card.reveal(at: 1000)
        XCTAssertEqual(card.secondsLeft, 30)
    }

    func test_a_clock_that_was_put_back_hides_the_card() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        await card.reveal(at: 1000)
        card.tick(at: 500)
        XCTAssertNil(card.secondsLeft)
    }

    func test_who_does_not_prove_themselves_sees_nothing_and_finds_the_wallet_locked() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        let card = try XCTUnwrap(model.card(model.cards[0]))
        try await stage.phone.answerNext("cancel")
        await card.reveal(at: 1000)
        XCTAssertNil(card.secondsLeft)
        XCTAssertEqual(card.failure, WalletError.UserCancelled.text(.english))
        XCTAssertEqual(model.route, .locked)
    }

    func test_the_history_says_what_happened_in_words() async throws {
        let stage = try Stage()
        let model = try await stage.enrolled()
        XCTAssertEqual(model.history().count, 1)
        let show = try XCTUnwrap(model.show(model.cards[0]))
        show.show(.adultOnly)
        await show.finished()
        let lines = model.history()
        XCTAssertEqual(lines.count, 2)
        XCTAssertEqual(lines[0].detail, disclosureText(disclosure: .adultOnly, language: .english))
        XCTAssertTrue(lines.allSatisfy { !$0.title.isEmpty })
    }

    func test_masking_leaves_no_whole_name_and_no_street() async {
        XCTAssertEqual(CardLines.mask(name: "홍길동"), "홍*동")
        XCTAssertEqual(CardLines.mask(name: "남궁민수"), "남**수")
        XCTAssertEqual(CardLines.mask(name: "허준"), "허*")
        XCTAssertEqual(CardLines.mask(name: "김"), "*")
        XCTAssertEqual(CardLines.mask(name: ""), "")
        XCTAssertEqual(CardLines.mask(address: "서울특별시 종로구 세종대로 209"), "서울특별시 ***")
        XCTAssertEqual(CardLines.mask(address: "한곳"), "***")
    }

    func test_no_word_is_left_that_nobody_says() async throws {
        let ios = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var said = ""
        for folder in ["App/Sources", "Sources/WalletScreens"] {
            let folder = ios.appendingPathComponent(folder)
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file != "Words.swift" {
                said += try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            }
        }
        let names = Set(
            said.split { !$0.isLetter && !$0.isNumber && $0 != "." }.flatMap { $0.split(separator: ".") }.map(String.init))
        XCTAssertEqual(Words.allCases.map(\.rawValue).filter { !names.contains($0) }, [])
    }

    func test_every_word_is_there_in_both_languages() async {
        for word in Words.allCases {
            let (korean, english) = (word.text(.korean, "7"), word.text(.english, "7"))
            XCTAssertTrue(korean.unicodeScalars.contains { (0xac00...0xd7a3).contains($0.value) }, "\(word)")
            XCTAssertFalse(english.unicodeScalars.contains { (0xac00...0xd7a3).contains($0.value) } || english.isEmpty, "\(word)")
            XCTAssertEqual(korean.contains("7"), english.contains("7"), "\(word)")
            XCTAssertFalse(korean.contains("{}") || english.contains("{}"), "\(word)")
        }
    }
}

/// Seconds that a test counts.
@MainActor
final class Seconds {
    var now: Int64 = 0
}

@MainActor
func counter(_ stage: Stage) async throws -> Counter {
    try Counter.open(
        pack: try await get(stage, "/counter-pack"), authority: try stage.simulator.packAuthority(), lowestSequence: 0,
        settings: DeskSettings(deskId: try stage.simulator.deskId(), acceptGeneralAudience: false, requireNonce: false),
        now: Int64(Date().timeIntervalSince1970))
}

@MainActor
func sign(_ stage: Stage) async throws -> String {
    let answer = try JSONSerialization.jsonObject(with: try await get(stage, "/desk-sign")) as? [String: Any]
    return try XCTUnwrap(answer?["sign"] as? String)
}

@MainActor
private func get(_ stage: Stage, _ path: String) async throws -> Data {
    let request = HttpRequest(method: .get, url: try stage.simulator.desk() + path, headers: [:], body: Data())
    return try await URLSessionHttp().send(request: request).body
}
