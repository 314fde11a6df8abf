import Foundation
import WalletKit
import XCTest

final class OpeningBehaviours: XCTestCase {
    func test_opens_empty_without_a_prompt() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let state = try await phone.open().state()
        XCTAssertEqual(state, .empty)
        let prompts = try await phone.prompts()
        XCTAssertEqual(prompts, 0)
        XCTAssertEqual(phone.http.sent.value, 0)
    }

    func test_opens_again_with_the_same_card() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let before = try await phone.enrolled().only().id
        let id = try await phone.open()
        XCTAssertEqual(try id.state(), .locked)
        try await id.unlock()
        XCTAssertEqual(try id.only().id, before)
    }

    func test_a_damaged_vault_is_moved_aside() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        _ = try await phone.enrolled()
        let file = URL(fileURLWithPath: phone.vault)
        var bytes = try Data(contentsOf: file)
        for place in bytes.count / 2..<bytes.count { bytes[place] = 0x55 }
        try bytes.write(to: file)
        do {
            _ = try await phone.open()
            XCTFail("opened")
        } catch {
            guard case WalletError.StorageCorrupt(let keptAt) = error else { throw error }
            XCTAssertFalse(try Data(contentsOf: URL(fileURLWithPath: try XCTUnwrap(keptAt))).isEmpty)
        }
        let state = try await phone.open().state()
        XCTAssertEqual(state, .empty)
    }

    func test_unlocks_with_one_prompt() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.open()
        for _ in 1...2 {
            try await id.unlock()
            let prompts = try await phone.prompts()
            XCTAssertEqual(prompts, 1)
        }
    }

    func test_a_cancelled_unlock_stays_locked() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.open()
        try await phone.hardware.answerNext("cancel")
        await assertThrows(.UserCancelled) { try await id.unlock() }
        await assertThrows(.Locked) { try id.cards() }
    }

    func test_a_lock_while_the_prompt_is_up_wins() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        try await { _ = try await phone.enrolled() }()
        let (held, prompts) = (Later<MobileId>(), try await phone.prompts())
        let id = try await phone.open(keyStore: SomeKeys(phone.hardware, unwrap: { try held.value?.lock() }))
        held.value = id
        await assertThrows(.Locked) { try await id.unlock() }
        XCTAssertEqual(try id.state(), .locked)
        await assertThrows(.Locked) { try id.cards() }
        held.value = nil
        try await id.unlock()
        XCTAssertEqual(try id.cards().count, 1)
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts + 2, "asked anew")
    }

    func test_a_lock_out_is_told() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.open()
        try await phone.hardware.answerNext("fail_until_locked_out")
        for _ in 1...2 { await assertThrows(.LockedOut) { try await id.unlock() } }
        try await phone.hardware.endLockOut()
        try await id.unlock()
    }

    func test_missing_biometrics_are_told() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        try await phone.hardware.setNoBiometrics(true)
        await assertThrows(.NoBiometrics) { try await phone.open() }
        try await phone.hardware.setNoBiometrics(false)
        _ = try await phone.unlocked()
    }

    func test_invalidated_keys_start_over() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        try id.lock()
        try await phone.hardware.invalidateKeys()
        await assertThrows(.KeyInvalidated) { try await id.unlock() }
        try await id.startOver()
        XCTAssertEqual(try id.cards(), [])
        try await phone.enrol(id)
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_a_locked_wallet_shows_nothing() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().enrolled()
        let card = try id.only().id
        try id.lock()
        await assertThrows(.Locked) { try id.cards() }
        await assertThrows(.Locked) { try id.history() }
        await assertThrows(.Locked) { try await id.show(card, .adultOnly) }
    }
}
