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

    func test_another_issuance_takes_the_turn() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let (isHeld, isLetGo, keys) = (Later<Bool>(), Later<Bool>(), RememberingKeys(phone.hardware))
        let http = SomeHttp { request in
            if request.url.hasSuffix("/credential") && isHeld.value == nil {
                isHeld.value = true
                try await until { isLetGo.value == true }
            }
            return try await phone.http.send(request: request)
        }
        let id = try await phone.unlocked(keyStore: keys, http: http)
        let first = try stage.simulator.visit()
        let offer = try await id.openOffer(first.link)
        let before = try await keys.count()
        // Its keys are made, and its credentials are on their way.
        let accepting = Task {
            var digits = first.digits
            return try await id.accept(offer, digits: &digits)
        }
        try await until { isHeld.value == true }
        let made = try await keys.count().made - before.made
        XCTAssertGreaterThan(made, 0)
        let second = try stage.simulator.visit()
        let card = try await id.received(second.link, second.digits)
        isLetGo.value = true
        await assertThrows(.UserCancelled) { try await accepting.value }
        XCTAssertEqual(try id.only().id, card.id)
        XCTAssertEqual(try id.unfinishedIssuance(), .none)
        let text = try id.frame(try await id.showAdult()).text
        let verdict = try await stage.counter().check(text: text, now: now(), monotonic: 0)
        XCTAssertTrue(verdict.accepted, "\(String(describing: verdict.reason))")
        let after = try await keys.count()
        XCTAssertGreaterThan(after.made, before.made + made)
        XCTAssertEqual(after.alive, after.made - made, "no key of the first is left, and every one of the second")
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

    func test_a_link_leads_to_the_browser_and_back_to_a_card() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.unlocked()
        _ = try stage.simulator.visit()
        let prompts = try await phone.prompts()
        let url = try await id.outToTheBrowser(try stage.simulator.portalLink())
        XCTAssertEqual(try id.unfinishedIssuance(), .waiting)
        guard case .card(let card) = try await id.continueWith(try stage.simulator.browse(url)) else {
            return XCTFail("no card")
        }
        XCTAssertEqual(try id.only().id, card.id)
        XCTAssertEqual(try id.unfinishedIssuance(), .none)
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
    }

    func test_the_app_may_end_while_the_browser_is_out() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        _ = try stage.simulator.visit()
        let url = try await {
            try await phone.unlocked().outToTheBrowser(try stage.simulator.portalLink())
        }()
        let back = try stage.simulator.browse(url)
        let id = try await phone.open()
        XCTAssertEqual(try id.unfinishedIssuance(), .waiting)
        try await id.unlock()
        await assertThrows(.NotForThisWallet) { try await id.resumeIssuance() }
        guard case .card = try await id.continueWith(back) else { return XCTFail("no card") }
        await assertThrows(.NotForThisWallet) { try await id.continueWith(back) }
        XCTAssertEqual(try id.cards().count, 1)
    }

    func test_what_another_browser_brings_is_refused() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        _ = try stage.simulator.visit()
        func put(_ name: String, _ value: String) -> (URLQueryItem) -> URLQueryItem? {
            { $0.name == name ? URLQueryItem(name: name, value: value) : $0 }
        }
        let changes: [(String, (URLQueryItem) -> URLQueryItem?)] = [
            ("state", put("state", "another")), ("issuer", put("iss", "https://evil.example")),
            ("no issuer", { $0.name == "iss" ? nil : $0 }),
        ]
        for (name, change) in changes {
            let url = try await id.outToTheBrowser(try stage.simulator.portalLink())
            var back = try XCTUnwrap(URLComponents(string: try stage.simulator.browse(url)))
            let items = back.queryItems
            back.queryItems = items?.compactMap(change)
            XCTAssertNotEqual(back.queryItems, items, name)
            let changed = try XCTUnwrap(back.string)
            await assertThrows(.NotTrusted(why: .issuerAnswer)) { try await id.continueWith(changed) }
            XCTAssertEqual(try id.cards(), [], name)
            try await id.abandonIssuance()
        }
    }

    func test_a_foreign_url_ends_no_issuance() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        _ = try stage.simulator.visit()
        let back = try stage.simulator.browse(try await id.outToTheBrowser(try stage.simulator.portalLink()))
        let elsewhere = back.replacingOccurrences(of: "wallet.example", with: "evil.example")
        for foreign in [elsewhere, "https://example.com/?code=1", ""] {
            await assertThrows(.NotForThisWallet) { try await id.continueWith(foreign) }
            XCTAssertEqual(try id.unfinishedIssuance(), .waiting, foreign)
        }
        guard case .card = try await id.continueWith(back) else { return XCTFail("no card") }
    }

    func test_a_begun_issuance_is_given_up() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        _ = try stage.simulator.visit()
        let back = try stage.simulator.browse(try await id.outToTheBrowser(try stage.simulator.portalLink()))
        try await id.abandonIssuance()
        XCTAssertEqual(try id.unfinishedIssuance(), .none)
        await assertThrows(.NotForThisWallet) { try await id.continueWith(back) }
        let again = try stage.simulator.browse(try await id.outToTheBrowser(try stage.simulator.portalLink()))
        guard case .card = try await id.continueWith(again) else { return XCTFail("no card") }
    }

    func test_who_was_never_seen_gets_no_card_by_link() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let id = try await stage.phone().unlocked()
        let url = try await id.outToTheBrowser(try stage.simulator.portalLink())
        let back = try stage.simulator.browse(url)
        await assertThrows(.IssuerRefused(why: .denied)) { try await id.continueWith(back) }
        XCTAssertEqual(try id.cards(), [])
        XCTAssertEqual(try id.unfinishedIssuance(), .none)
    }

    func test_a_second_document_lives_beside_the_first() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        let id = try await phone.enrolled()
        let first = try id.only()
        let visit = try stage.simulator.visit(for: "veteran_card")
        let second = try await id.received(visit.link, visit.digits)
        XCTAssertEqual(second.document, "veteran_card")
        XCTAssertEqual(second.name, first.name)
        XCTAssertEqual(try id.cards().map(\.document), [first.document, "veteran_card"])
        _ = try await id.show(first.id, .adultOnly)
        let prompts = try await phone.prompts()
        func left() throws -> UInt32? { try id.cards().first { $0.id == first.id }?.copies.first?.left }
        guard case .card(let renewed) = try await id.renewDocument("veteran_card") else { return XCTFail("no card") }
        XCTAssertEqual(renewed.document, "veteran_card")
        XCTAssertEqual(try left(), 9, "the other is left alone")
        guard case .card = try await id.renewDocument(first.document) else { return XCTFail("no card") }
        XCTAssertEqual(try left(), 10)
        XCTAssertEqual(try id.cards().count, 2)
        await assertThrows(.CardNotFound) { try await id.renewDocument("nobodys_card") }
        let after = try await phone.prompts()
        XCTAssertEqual(after, prompts)
    }

    func test_a_document_says_its_claims_in_the_issuers_words() async throws {
        let stage = try Stage()
        defer { withExtendedLifetime(stage) {} }
        let phone = try stage.phone()
        try await {
            let id = try await phone.enrolled()
            let visit = try stage.simulator.visit(for: "veteran_card")
            let card = try await id.received(visit.link, visit.digits)
            let labels = try id.claims(of: card.id).map(\.label)
            XCTAssertTrue(labels.contains("Veteran number"), "\(labels)")
            XCTAssertFalse(labels.contains("Portrait"))
            XCTAssertEqual(try id.name(of: "veteran_card"), "Veteran's card (test)")
            XCTAssertEqual(try id.name(of: "resident_card"), "Mobile resident card")
            await assertThrows(.CardNotFound) { try id.claims(of: "nobodys_card") }
            try id.lock()
            await assertThrows(.Locked) { try id.claims(of: card.id) }
            XCTAssertEqual(try id.name(of: "veteran_card"), "Veteran's card (test)", "works while locked")
        }()
        let id = try await phone.open(language: .korean)
        try await id.unlock()
        let claims = try id.claims(of: "veteran_card")
        let number = try XCTUnwrap(claims.first { $0.name == "veteran_number" })
        let hangul: (String) -> Bool = { $0.unicodeScalars.contains { (0xac00...0xd7a3).contains($0.value) } }
        XCTAssertTrue(hangul(number.label), number.label)
        XCTAssertFalse(number.value.isEmpty)
        XCTAssertTrue(hangul(try id.name(of: "veteran_card")))
        XCTAssertEqual(try id.name(of: "resident_card"), "모바일 주민등록증")
    }

    func test_a_document_that_waits_for_a_clerk_comes_later() async throws {
        for approve in [false, true] {
            let stage = try Stage()
            defer { withExtendedLifetime(stage) {} }
            let id = try await stage.phone().unlocked()
            let visit = try stage.simulator.visit(for: "welfare_card")
            var digits = visit.digits
            let offer = try await id.openOffer(visit.link)
            guard case .later(let seconds) = try await id.accept(offer, digits: &digits) else { return XCTFail("at once") }
            XCTAssertGreaterThan(seconds, 0)
            XCTAssertEqual(try id.cards(), [])
            XCTAssertEqual(try id.unfinishedIssuance(), .waiting)
            guard case .later = try await id.resumeIssuance() else { return XCTFail("nobody has looked yet") }
            XCTAssertTrue(try stage.simulator.decide("welfare_card", approve: approve))
            if approve {
                guard case .card(let card) = try await id.resumeIssuance() else { return XCTFail("no card") }
                XCTAssertEqual(card.document, "welfare_card")
            } else {
                await assertThrows(.IssuerRefused(why: .denied)) { try await id.resumeIssuance() }
                XCTAssertEqual(try id.cards(), [])
            }
            XCTAssertEqual(try id.unfinishedIssuance(), .none)
        }
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

    /// Opens a portal's link as far as the browser: where that goes.
    fileprivate func outToTheBrowser(_ link: String) async throws -> String {
        guard case .offer(let link) = try scan(link) else { throw WalletError.NotForThisWallet }
        var none = Data()
        guard case .signIn(let url) = try await accept(try await openOffer(link), digits: &none) else {
            throw WalletError.NotForThisWallet
        }
        return url
    }
}
