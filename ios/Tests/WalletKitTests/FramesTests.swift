import Foundation
import WalletKit
import WalletSimulator
import XCTest

/// `MobileId.frames`, which a screen loops over.
final class FramesTests: XCTestCase {
    /// A clock that is half a minute later each time it is looked at, once it was told to hurry.
    private final class HurryingClock: Clock {
        private let looks = Count()
        private let hurries = Later<Bool>()
        func hurry() { hurries.value = true }
        func now() throws -> Now {
            let late = hurries.value == true ? Int64(looks.next()) * 30 : 0
            return Now(unixSeconds: WalletKitTests.now() + late)
        }
    }

    /// The modules cross the bindings by a way of our own (bindings/generate).
    func test_a_frame_has_the_three_finders_of_a_code_and_no_fourth() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let qr = try id.frame(try await id.showAdult()).qr
        let size = Int(qr.size)
        XCTAssertEqual(size, 17 + 4 * Int(qr.version))
        XCTAssertEqual(qr.modules.count, size * size)
        // ISO/IEC 18004, 6.3.3: a ring of seven modules around a square of three.
        func isFinder(_ left: Int, _ top: Int) -> Bool {
            (0..<49).allSatisfy {
                let (x, y) = ($0 % 7, $0 / 7)
                let ring = max(abs(x - 3), abs(y - 3))
                return qr.modules[(top + y) * size + left + x] == (ring != 2)
            }
        }
        XCTAssertTrue(isFinder(0, 0) && isFinder(size - 7, 0) && isFinder(0, size - 7))
        XCTAssertFalse(isFinder(size - 7, size - 7))
    }

    func test_frames_change_and_end_with_the_show() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let clock = HurryingClock()
        let id = try await phone.open(clock: clock)
        try await id.unlock()
        try await phone.enrol(id)
        let show = try await id.showAdult()
        clock.hurry()
        var (texts, steps): ([String], [UInt32]) = ([], [])
        for try await frame in id.frames(show) {
            texts.append(frame.text)
            steps.append(frame.step)
            XCTAssertLessThan(frame.step, frame.frames)
        }
        XCTAssertGreaterThanOrEqual(texts.count, 3)
        XCTAssertEqual(Set(texts).count, texts.count, "each frame is another")
        XCTAssertEqual(steps, steps.sorted(), "and none comes back")
    }

    func test_a_clock_that_fails_is_a_wallet_error_with_the_cores_own_code() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let failing = Later<any Error>()
        let id = try await stage.phone().enrolled(
            clock: SomeClock {
                if let error = failing.value { throw error }
                return Now(unixSeconds: now())
            })
        let show = try await id.showAdult()
        for (error, code) in [(ClockError.Failed(osCode: 7), Int32(7)), (Planted(), -1)] as [(any Error, Int32)] {
            failing.value = error
            await assertThrows(.Unavailable(code: code)) { try id.frame(show) }
            await assertThrows(.Unavailable(code: code)) { try id.scan("KD1:ABC") }
            do {
                for try await _ in id.frames(show) { XCTFail("a frame of no time") }
                XCTFail("it ended")
            } catch { XCTAssertEqual(error as WalletError, .Unavailable(code: code)) }
        }
        failing.value = nil
        XCTAssertTrue(try id.frame(show).text.hasPrefix("KR1:"))
    }

    func test_leaving_the_loop_ends_the_frames() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let show = try await id.showAdult()
        var seen = 0
        for try await frame in id.frames(show) {
            XCTAssertTrue(frame.text.hasPrefix("KR1:"))
            seen += 1
            break
        }
        XCTAssertEqual(seen, 1)
        XCTAssertTrue(try id.frame(show).text.hasPrefix("KR1:"), "the show goes on")
    }
}
