import Foundation
import WalletKit
import WalletSimulator
import XCTest

final class EnrollingBehaviours: XCTestCase {
    func test_enrols_a_tapped_card() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        var can = try stage.simulator.can()
        var (stages, made): ([EnrolmentStage], CardView?) = ([], nil)
        for try await event in id.enrolling(try stage.simulator.tap(), can: &can) {
            switch event {
            case .reading: XCTAssertTrue(stages.isEmpty)
            case .stage(let stage): stages.append(stage)
            case .done(let card): made = card
            }
        }
        XCTAssertEqual(stages, [.checkingFace, .sendingEvidence, .makingKeys, .fetchingCredentials, .verifying, .storing])
        let card = try XCTUnwrap(made)
        XCTAssertEqual(card.state, .active)
        XCTAssertTrue(card.maskedRegistrationNumber.hasSuffix("******"), card.maskedRegistrationNumber)
        XCTAssertEqual(card.copies.map(\.left), [10, 5, 3, 3, 3])
        XCTAssertEqual(try id.state(), .ready)
    }

    func test_enrols_by_the_printed_lines() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        let lines = try stage.simulator.lines(basicAccess: .never)
        var made: CardView?
        for try await event in id.enrolling(try stage.simulator.tap(), by: lines) {
            if case .done(let card) = event { made = card }
        }
        let card = try XCTUnwrap(made)
        XCTAssertEqual(try id.only().id, card.id)
        XCTAssertEqual(card.state, .active)
    }

    func test_a_face_that_differs_keeps_nothing() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.unlocked()
        try await phone.hardware.face("no_match")
        await assertThrows(.FaceMismatch) { try await phone.enrol(id) }
        XCTAssertEqual(try id.cards(), [])
        XCTAssertEqual(try id.state(), .empty)
    }

    func test_an_enrolment_is_cancelled() async throws {
        final class Stop: EnrolmentListener {
            let enrolment: Enrolment
            init(_ enrolment: Enrolment) { self.enrolment = enrolment }
            func stage(stage: EnrolmentStage) -> Bool {
                if stage == .makingKeys { enrolment.cancel() }
                return true
            }
        }
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let platform = Platform(
            keyStore: phone.hardware, anchor: phone.anchor, http: phone.http, clock: SystemClock(), faceCheck: phone.hardware)
        let wallet = try await Wallet.open(platform: platform, config: try stage.simulator.config(vault: phone.vault))
        try await wallet.unlock(with: .biometrics)
        let enrolment = try await wallet.enrol()
        let access = CardAccessView.can(can: try stage.simulator.can())
        let evidence = try await wallet.readCard(link: try stage.simulator.tap(), access: access, listener: nil)
            .run(challenge: enrolment.challenge())
        await assertThrows(.UserCancelled) { try await enrolment.finish(evidence: evidence, listener: Stop(enrolment)) }
        XCTAssertEqual(try wallet.cards(), [])
    }

    func test_another_holder_is_refused() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        do {
            try await phone.enrol(id, "second")
            XCTFail("enrolled")
        } catch let refused as WalletError {
            XCTAssertTrue([.AnotherHolder, .IssuerRefused(why: .anotherHolder)].contains(refused), "\(refused)")
        }
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_a_second_phone_is_refused_with_a_way_out() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        _ = try await stage.phone("first").enrolled()
        let second = try stage.phone("second")
        let id = try await second.unlocked()
        let refused = WalletError.IssuerRefused(why: .anotherPhone)
        await assertThrows(refused) { try await second.enrol(id) }
        for language in [Language.korean, .english] { XCTAssertTrue(refused.text(language).next.contains("1688-0990")) }
    }

    func test_offline_is_told() async throws {
        final class NoNetwork: Http {
            func send(request: HttpRequest) throws -> HttpResponse { throw HttpError.Offline }
        }
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.unlocked(http: NoNetwork())
        await assertThrows(.Offline) { try await phone.enrol(id) }
        XCTAssertEqual(try id.state(), .empty)
    }
}
