import Foundation
import Observation
import WalletKit

/// The one door for every code the citizen scans.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class ScanModel: Identifiable {
    /// Where it is.
    public enum Step {
        /// Looking for a code.
        case looking
        /// An offer of an ID.
        case offer(OfferModel)
        /// The verified sign of a desk.
        case desk(DeskSign)
        /// A code that is none of these.
        case failed(ErrorText)
    }

    /// Where it is.
    public private(set) var step = Step.looking
    /// The language of the screen.
    public let language: Language
    private let wallet: MobileId
    private let unlock: () async -> ErrorText?
    private let added: () -> Void
    private var last: String?

    init(_ language: Language, id: MobileId, unlock: @escaping () async -> ErrorText?, added: @escaping () -> Void) {
        (self.language, wallet, self.unlock, self.added) = (language, id, unlock, added)
    }

    /// A code is before the camera, or was pasted. A camera says the same many times a second.
    public func scanned(_ text: String) async {
        guard case .looking = step, text != last else { return }
        last = text
        do throws(WalletError) {
            switch try wallet.scan(text) {
            case .deskSign(let sign): step = .desk(sign)
            case .offer(let link):
                // Not asked again by the next picture of the same code.
                if let why = await unlock() { return step = .failed(why) }
                let offer = OfferModel(language, id: wallet, added: added)
                step = .offer(offer)
                await offer.open(link)
            }
        } catch {
            step = .failed(error.text(language))
        }
    }

    /// Looks again.
    public func again() {
        last = nil
        step = .looking
    }
}

/// An offer: what it is, consent, the spoken digits, the card.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class OfferModel {
    /// Where it is.
    public enum Step: Equatable, Sendable {
        /// The issuer is asked what it offers.
        case opening
        /// The citizen is asked.
        case asking(OfferView)
        /// It is fetched.
        case working(String)
        /// The browser goes on.
        case signIn(URL)
        /// The issuer is not ready.
        case later(seconds: UInt64)
        /// It is in the wallet.
        case done
        /// It is not.
        case failed(ErrorText)
    }

    /// Where it is.
    public private(set) var step = Step.opening
    /// Why it is asked again: the digits were not the right ones.
    public private(set) var wrong: ErrorText?
    /// What the citizen typed.
    public var digits = ""
    /// The language of the screen.
    public let language: Language
    private let wallet: MobileId
    private let added: () -> Void
    private var offer: CardOffer?
    private var link = ""
    private var task: Task<Void, Never>?

    init(_ language: Language, id: MobileId, added: @escaping () -> Void) {
        (self.language, wallet, self.added) = (language, id, added)
    }

    /// Whether what was typed has the form the issuer asks for.
    public var canAccept: Bool {
        guard case .asking(let view) = step, task == nil else { return false }
        guard let form = view.transactionCode else { return true }
        let fits = form.length.map { digits.count == Int($0) } ?? !digits.isEmpty
        return fits && (!form.numeric || digits.allSatisfy { $0.isASCII && $0.isNumber })
    }

    func open(_ link: String) async {
        self.link = link
        do throws(WalletError) {
            let offer = try await wallet.openOffer(link)
            self.offer = offer
            step = .asking(try view(offer))
        } catch {
            step = .failed(error.text(language))
        }
    }

    /// The citizen agrees.
    public func accept() {
        guard canAccept, let offer else { return }
        var typed = Data(digits.utf8)
        digits = ""
        task = Task {
            await fetch(offer, &typed)
            task = nil
        }
    }

    /// Stops between two steps; nothing is kept.
    public func cancel() { task?.cancel() }

    /// Waits until nothing is under way any more.
    public func finished() async { await task?.value }

    private func fetch(_ offer: CardOffer, _ typed: inout Data) async {
        let language = self.language
        step = .working("")
        do throws(WalletError) {
            let issued = try await wallet.accept(offer, digits: &typed) { stage in
                let text = stageText(stage: stage, language: language)
                Task { @MainActor in if case .working = self.step { self.step = .working(text) } }
            }
            switch issued {
            case .card:
                step = .done
                added()
            case .signIn(let url):
                step = URL(string: url).map(Step.signIn) ?? .failed(WalletError.NotForThisWallet.text(language))
            case .later(let seconds): step = .later(seconds: seconds)
            }
        } catch {
            guard error.asksForDigitsAgain else { return step = .failed(error.text(language)) }
            // An offer can be accepted once only: it is looked up again for the next try.
            wrong = error.text(language)
            await open(link)
        }
    }

    private func view(_ offer: CardOffer) throws(WalletError) -> OfferView {
        do { return try offer.view() } catch { throw error as? WalletError ?? .Unavailable(code: internalFailure) }
    }
}

extension WalletError {
    /// Whether other digits may help.
    fileprivate var asksForDigitsAgain: Bool {
        switch self {
        case .WrongPassword, .IssuerRefused(why: .codeNotAccepted): true
        default: false
        }
    }
}
