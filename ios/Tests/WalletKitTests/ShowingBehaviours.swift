import Foundation
import WalletKit
import XCTest

final class ShowingBehaviours: XCTestCase {
    func test_a_counter_accepts_the_show() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let show = try await id.showAdult()
        let verdict = try await stage.counter().check(text: try id.frame(show).text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted, "\(String(describing: verdict.reason))")
        guard case .adult(let adult)? = verdict.shown?.claims else { return XCTFail("no claims") }
        XCTAssertTrue(adult)
    }

    func test_one_prompt_per_show() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        let before = try await phone.prompts()
        let show = try await id.showAdult()
        for second in stride(from: show.endsAt() - 180, to: show.endsAt(), by: 15) { _ = try show.text(at: second) }
        let after = try await phone.prompts()
        XCTAssertEqual(after, before + 1)
    }

    func test_frames_roll_and_end() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let show = try await stage.phone().enrolled().showAdult()
        let texts = try (1...3).map { try show.text(at: show.endsAt() - 15 * Int64($0)) }
        XCTAssertEqual(Set(texts).count, 3)
        let last = try show.frame(now: Now(unixSeconds: show.endsAt() - 1))
        XCTAssertEqual(last.step, last.frames - 1)
        XCTAssertEqual(last.secondsLeft, 1)
        await assertThrows(.ShowEnded) { try show.text(at: show.endsAt()) }
    }

    func test_a_screenshot_frame_is_refused() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let show = try await stage.phone().enrolled().showAdult()
        let taken = show.endsAt() - 60
        let screenshot = try show.text(at: taken)
        let late = try await stage.counter().check(text: screenshot, now: taken + 20, monotonic: 0)
        guard case .frameExpired? = late.reason else { return XCTFail("\(late)") }
        let inTime = try await stage.counter().check(text: screenshot, now: taken, monotonic: 0)
        XCTAssertTrue(inTime.accepted)
    }

    func test_a_code_seen_before_is_refused() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let text = try id.frame(try await id.showAdult()).text
        let counter = try await stage.counter()
        XCTAssertTrue(try counter.check(text: text, now: now(), monotonic: 0).accepted)
        let again = try counter.check(text: text, now: now(), monotonic: 1)
        guard case .seenBefore? = again.reason else { return XCTFail("\(again)") }
        XCTAssertNil(again.shown)
        let restarted = try await stage.counter()
        try restarted.remember(entries: try counter.seen(), monotonic: 0)
        let after = try restarted.check(text: text, now: now(), monotonic: 2)
        guard case .seenBefore? = after.reason else { return XCTFail("\(after)") }
    }

    func test_a_scanned_desk_is_named_in_the_prompt() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        let desk = try id.scanSign(try await stage.sign())
        let show = try await id.show(try id.only().id, .nameAndBirth, desk: desk)
        let named = try await phone.hardware.prompts().compactMap(\.counterparty)
        XCTAssertEqual(named, [desk.name(language: .english)])
        let text = try id.frame(show).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted)
        let elsewhere = try await stage.counter(deskId: "another-1").check(text: text, now: now(), monotonic: 0)
        XCTAssertEqual(elsewhere.reason, .otherDesk)
    }

    func test_a_foreign_code_is_not_for_this_wallet() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().open()
        for text in ["", "https://example.com/menu", "WIFI:S:cafe;;", "KR1:ABC"] {
            await assertThrows(.NotForThisWallet) { try id.scan(text) }
        }
        await assertThrows(.NotTrusted(why: .deskSign)) { try id.scan("KD1:ABCDEF") }
    }

    func test_a_cancelled_show_keeps_its_copy() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        let before = try id.left(.adultOnly)
        try await phone.hardware.answerNext("cancel")
        await assertThrows(.UserCancelled) { try await id.showAdult() }
        XCTAssertEqual(try id.left(.adultOnly), before)
        XCTAssertEqual(try id.history(limit: 1).map(\.kind), [.showCancelled])
    }

    func test_an_invalidated_key_cannot_show() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        try await phone.hardware.invalidateKeys()
        await assertThrows(.KeyInvalidated) { try await id.showAdult() }
    }

    func test_an_empty_pool_is_told() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let card = try id.only().id
        for _ in 1...3 { _ = try await id.show(card, .full) }
        await assertThrows(.NoCopiesLeft(disclosure: .full)) { try await id.show(card, .full) }
        _ = try await id.show(card, .adultOnly)
    }

    func test_history_tells_what_was_shown() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        _ = try await id.show(try id.only().id, .nameAndBirth, desk: try id.scanSign(try await stage.sign()))
        let history = try id.history()
        XCTAssertEqual(history.map(\.kind), [.shownAtCounter, .cardAdded])
        XCTAssertEqual(history.first?.disclosure, .nameAndBirth)
        XCTAssertEqual(history.first?.verified, true)
        XCTAssertNotEqual(history.first?.counterparty ?? "", "")
    }

    func test_staples_are_refreshed_without_a_prompt() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        let (prompts, sent) = (try await phone.prompts(), phone.http.sent.value)
        try id.lock()
        try await id.refreshStaples()
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
        XCTAssertEqual(phone.http.sent.value, sent + 1)
    }

    func test_a_verdict_lists_every_check() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let verdict = try await stage.counter().check(text: "not a code", now: now(), monotonic: 0)
        XCTAssertEqual(
            verdict.checks.map(\.check),
            [
                .pack, .format, .issuer, .issuerCertificate, .issuerSignature, .copy, .holderSignature, .firstUse, .token,
                .frame, .audience, .nonce, .window, .staple, .status,
            ])
        XCTAssertEqual(verdict.reason, .notACounterCode)
        XCTAssertNil(verdict.shown)
    }

    func test_an_altered_code_is_refused() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let text = try id.frame(try await id.showAdult()).text
        for place in [6, text.utf8.count / 2, text.utf8.count - 2] {
            var altered = Array(text.utf8)
            altered[place] = altered[place] == 0x30 ? 0x31 : 0x30
            let verdict = try await stage.counter().check(
                text: String(decoding: altered, as: UTF8.self), now: now(), monotonic: 0)
            XCTAssertFalse(verdict.accepted)
            XCTAssertNil(verdict.shown)
        }
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted)
    }

    func test_an_older_pack_is_refused() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let sequence = try await stage.counter().check(text: "", now: now(), monotonic: 0).packSequence
        _ = try await stage.counter(lowestSequence: sequence)
        // Each pack the desk gives counts on; nobody has come so far yet.
        for (lowest, authority) in [(sequence + 1000, nil), (sequence, Data(repeating: 4, count: 65))] {
            do {
                _ = try await stage.counter(lowestSequence: lowest, authority: authority)
                XCTFail("taken")
            } catch is CounterError {}
        }
    }
}
