import Foundation
import WalletKit
import WalletSimulator
import XCTest

final class OfferBehaviours: XCTestCase {
    func test_an_offer_becomes_an_id() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.unlocked()
        let visit = try stage.simulator.visit()
        let prompts = try await phone.prompts()
        let card = try await id.received(visit.link, visit.digits)
        XCTAssertEqual(card.copies.map(\.left), [10, 5, 3, 3, 3])
        XCTAssertEqual(try id.state(), .ready)
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
    }

    func test_wrong_digits_are_told() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        let visit = try stage.simulator.visit()
        await assertThrows(.WrongPassword(kind: .transactionCode, triesLeft: nil)) {
            try await id.received(visit.link, Data("12345".utf8))
        }
        let other = Data((visit.digits == Data("000000".utf8) ? "111111" : "000000").utf8)
        await assertThrows(.IssuerRefused(why: .codeNotAccepted)) { try await id.received(visit.link, other) }
        try await id.received(visit.link, visit.digits)
    }

    func test_an_offer_is_good_once() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        let visit = try stage.simulator.visit()
        try await id.received(visit.link, visit.digits)
        await assertThrows(.IssuerRefused(why: .codeNotAccepted)) { try await id.received(visit.link, visit.digits) }
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_another_issuers_offer_is_refused() async throws {
        let (stage, elsewhere) = (try Stage(), try Stage())
        defer { withExtendedLifetime((stage, elsewhere)) {} }
        let phone = try stage.phone()
        let id = try await phone.unlocked()
        let visit = try elsewhere.simulator.visit()
        let sent = phone.http.sent.value
        await assertThrows(.NotTrusted(why: .foreignIssuer)) { try await id.received(visit.link, visit.digits) }
        XCTAssertEqual(phone.http.sent.value, sent)
    }

    func test_an_issuance_cut_short_is_resumed() async throws {
        final class Fading: Http {
            let gone = Later<Bool>()
            func send(request: HttpRequest) async throws -> HttpResponse {
                if request.url.hasSuffix("/credential") { gone.value = true }
                if gone.value == true { throw HttpError.Offline }
                return try await URLSessionHttp().send(request: request)
            }
        }
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        try await {
            let id = try await phone.unlocked(http: Fading())
            let visit = try stage.simulator.visit()
            await assertThrows(.Offline) { try await id.received(visit.link, visit.digits) }
        }()
        let id = try await phone.open()
        XCTAssertEqual(try id.unfinishedIssuance(), .waiting)
        try await id.unlock()
        guard case .card = try await id.resumeIssuance() else { return XCTFail("no card") }
        XCTAssertEqual(try id.unfinishedIssuance(), .none)
    }

    func test_a_card_is_renewed_without_a_prompt() async throws {
        let phone = try Stage().phone()
        defer { withExtendedLifetime(phone) {} }
        let id = try await phone.enrolled()
        _ = try await id.showAdult()
        XCTAssertEqual(try id.left(.adultOnly), 9)
        let prompts = try await phone.prompts()
        guard case .card = try await id.renewCard() else { return XCTFail("no card") }
        XCTAssertEqual(try id.left(.adultOnly), 10)
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
    }
}

extension MobileId {
    /// Scans, opens and accepts an offer.
    @discardableResult
    fileprivate func received(_ link: String, _ digits: Data) async throws -> CardView {
        guard case .offer(let link) = try scan(link) else { throw WalletError.NotForThisWallet }
        let offer = try await openOffer(link)
        var typed = digits
        guard case .card(let card) = try await accept(offer, digits: &typed) else { throw WalletError.NotForThisWallet }
        return card
    }
}
