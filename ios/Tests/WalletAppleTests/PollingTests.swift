import WalletKit
import XCTest

@testable import WalletApple

final class PollingTests: XCTestCase {
    func test_pace_is_looked_for_first_and_a_card_that_comes_is_read() {
        var polling = Polling()
        XCTAssertEqual(polling.handle(.begin), [.begin(.pace, search: 1, after: 0), .watch(search: 1)])
        XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
        XCTAssertEqual(polling.handle(.connected), [.say(.reading), .ready])
        XCTAssertEqual(polling.handle(.finish(succeeded: true)), [.say(.done), .end(nil), .fail(.Cancelled)])
        XCTAssertEqual(polling.handle(.invalidated(code: 200)), [], "the end that we asked for is no cancellation")
    }

    func test_silence_turns_to_any_card_once_the_first_session_has_ended() {
        var polling = begun()
        XCTAssertEqual(polling.handle(.silence(search: 1)), [.end(nil)])
        XCTAssertEqual(polling.handle(.invalidated(code: 200)), [.begin(.iso14443, search: 2, after: 0), .watch(search: 2)])
        XCTAssertEqual(polling.handle(.silence(search: 1)), [], "a stale watch")
        XCTAssertEqual(polling.handle(.silence(search: 2)), [], "there is nothing else to look for")
        XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
    }

    func test_silence_after_a_card_was_seen_changes_nothing() {
        var polling = begun()
        _ = polling.handle(.detected([.iso7816]))
        _ = polling.handle(.missed)
        XCTAssertEqual(polling.handle(.silence(search: 1)), [])
    }

    func test_a_phone_or_an_app_without_pace_looks_for_any_card() {
        for code in [1, 2, 3] {
            var polling = begun()
            XCTAssertEqual(
                polling.handle(.invalidated(code: code)), [.begin(.iso14443, search: 2, after: 0), .watch(search: 2)], "\(code)")
            XCTAssertEqual(polling.handle(.invalidated(code: code)), [.fail(.Failed(osCode: Int32(code)))], "\(code) again")
        }
    }

    func test_a_miss_and_a_lost_card_are_looked_for_again_in_the_same_session() {
        var polling = begun()
        for _ in 1...10 {
            XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
            XCTAssertEqual(polling.handle(.missed), [.say(.again), .restart(search: 1, after: 0)])
            XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
            XCTAssertEqual(polling.handle(.connected), [.say(.reading), .ready])
            XCTAssertEqual(polling.handle(.lost), [.say(.again), .restart(search: 1, after: 0)])
        }
    }

    func test_a_reading_that_paused_goes_on_in_another_session() {
        for end in [Polling.Event.finish(succeeded: false), .invalidated(code: 201)] {
            var polling = begun()
            _ = polling.handle(.silence(search: 1))
            _ = polling.handle(.invalidated(code: 200))
            _ = polling.handle(.detected([.iso7816]))
            _ = polling.handle(.connected)
            XCTAssertFalse(polling.isOver)
            _ = polling.handle(end)
            XCTAssertTrue(polling.isOver)
            XCTAssertEqual(
                polling.handle(.begin), [.begin(.iso14443, search: 3, after: 0), .watch(search: 3)],
                "what was found out is not asked again")
            XCTAssertEqual(polling.handle(.invalidated(code: 203)), [.begin(.iso14443, search: 4, after: 1), .watch(search: 4)])
            XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
            XCTAssertEqual(polling.handle(.connected), [.say(.reading), .ready])
        }
    }

    func test_two_cards_and_a_card_of_another_kind_are_told_and_looked_past() {
        var polling = begun()
        XCTAssertEqual(polling.handle(.detected([.iso7816, .iso7816])), [.say(.onlyOne), .restart(search: 1, after: 500)])
        XCTAssertEqual(polling.handle(.detected([.other])), [.say(.otherCard), .restart(search: 1, after: 500)])
        XCTAssertEqual(polling.handle(.detected([])), [.say(.otherCard), .restart(search: 1, after: 500)])
        XCTAssertEqual(polling.handle(.detected([.iso7816])), [.connect(0)])
    }

    func test_the_closed_sheet_and_the_end_of_its_minute_reach_whoever_waits() {
        for (code, error) in [(200, LinkError.Cancelled), (201, .Timeout), (202, .Failed(osCode: 202))] {
            var searching = begun()
            XCTAssertEqual(searching.handle(.invalidated(code: code)), [.fail(error)])
            var reading = begun()
            _ = reading.handle(.detected([.iso7816]))
            _ = reading.handle(.connected)
            XCTAssertEqual(reading.handle(.invalidated(code: code)), [.fail(error)])
            XCTAssertEqual(reading.handle(.detected([.iso7816])), [], "nothing is read after the end")
        }
    }

    func test_a_busy_reader_is_asked_again_later_and_not_for_ever() {
        var polling = begun()
        for wait in 1...3 {
            XCTAssertEqual(
                polling.handle(.invalidated(code: 203)), [.begin(.pace, search: wait + 1, after: wait), .watch(search: wait + 1)])
        }
        XCTAssertEqual(polling.handle(.invalidated(code: 203)), [.fail(.Failed(osCode: 203))])
    }

    func test_cancelling_ends_the_session_and_whoever_waits_at_every_moment() {
        var beginnings = [Polling(), begun()]
        var connecting = begun()
        _ = connecting.handle(.detected([.iso7816]))
        beginnings.append(connecting)
        _ = connecting.handle(.connected)
        beginnings.append(connecting)
        var switching = begun()
        _ = switching.handle(.silence(search: 1))
        beginnings.append(switching)
        for var polling in beginnings {
            XCTAssertEqual(polling.handle(.cancel), [.end(nil), .fail(.Cancelled)])
            XCTAssertEqual(polling.handle(.cancel), [])
            XCTAssertEqual(polling.handle(.invalidated(code: 200)), [])
        }
    }

    func test_a_command_that_waits_for_a_card_ends_with_the_reading() {
        for succeeded in [true, false] {
            var connecting = begun()
            _ = connecting.handle(.detected([.iso7816]))
            var switching = begun()
            _ = switching.handle(.silence(search: 1))
            for var polling in [Polling(), begun(), connecting, switching] {
                XCTAssertEqual(polling.handle(.finish(succeeded: succeeded)).last, .fail(.Cancelled))
                XCTAssertEqual(polling.handle(.finish(succeeded: succeeded)), [], "told once")
            }
        }
    }

    func test_what_was_put_off_is_not_done_for_a_search_that_is_over() {
        for end in [Polling.Event.cancel, .finish(succeeded: false), .invalidated(code: 200)] {
            var polling = begun()
            // The reader is busy: the next session begins a second later.
            XCTAssertEqual(polling.handle(.invalidated(code: 203)), [.begin(.pace, search: 2, after: 1), .watch(search: 2)])
            XCTAssertTrue(polling.isOn(search: 2))
            XCTAssertFalse(polling.isOn(search: 1))
            _ = polling.handle(end)
            XCTAssertFalse(polling.isOn(search: 2), "a cancelled reading raises no sheet")
            _ = polling.handle(.begin)
            XCTAssertFalse(polling.isOn(search: 2))
            XCTAssertTrue(polling.isOn(search: 3))
        }
    }

    func test_a_failed_reading_is_shown_as_one() {
        var polling = begun()
        _ = polling.handle(.detected([.iso7816]))
        XCTAssertEqual(polling.handle(.finish(succeeded: false)), [.end(.failed), .fail(.Cancelled)])
    }

    func test_every_alert_speaks_both_languages() {
        for alert in CardAlert.allCases {
            let (korean, english) = (alert.text(.korean), alert.text(.english))
            XCTAssertTrue(korean.unicodeScalars.contains { (0xac00...0xd7a3).contains($0.value) }, "\(alert)")
            XCTAssertTrue(english.allSatisfy(\.isASCII), "\(alert)")
        }
    }

    private func begun() -> Polling {
        var polling = Polling()
        _ = polling.handle(.begin)
        return polling
    }
}
