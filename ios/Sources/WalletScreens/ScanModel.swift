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
        /// A show to that desk.
        case show(ShowModel)
        /// A code that is none of these.
        case failed(ErrorText)
    }

    /// Where it is.
    public private(set) var step = Step.looking
    /// The language of the screen.
    public let language: Language
    private let door: Door
    private let makeShow: (CardView, DeskSign) -> ShowModel?
    private let added: () -> Void

    init(
        _ language: Language, _ door: Door, show: @escaping (CardView, DeskSign) -> ShowModel?, added: @escaping () -> Void
    ) {
        (self.language, self.door, makeShow, self.added) = (language, door, show, added)
    }

    /// Whether the screen has something of the citizen's on it, which nobody else shall see.
    public var isPersonal: Bool {
        switch step {
        case .looking, .failed: false
        case .desk: true
        case .offer(let offer): offer.isPersonal
        case .show(let show): show.isPersonal
        }
    }

    /// A code is before the camera, or was pasted. A camera says the same many times a second.
    public func scanned(_ text: String) async {
        guard case .looking = step else { return }
        do throws(WalletError) {
            switch try door.id.scan(text) {
            case .deskSign(let sign): step = .desk(sign)
            case .offer(let link):
                let offer = OfferModel(language, door, link, added: added)
                step = .offer(offer)
                await offer.open()
            }
        } catch {
            step = .failed(error.text(language))
        }
    }

    /// The citizen shows this card to the desk.
    public func show(_ card: CardView) {
        guard case .desk(let desk) = step, let show = makeShow(card, desk) else { return }
        step = .show(show)
    }

    /// Looks again.
    public func again() { step = .looking }

    /// Ends whatever is under way here.
    public func cancel() {
        switch step {
        case .looking, .desk, .failed: break
        case .offer(let offer): offer.cancel()
        case .show(let show): show.end()
        }
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
    /// Whether it failed because the wallet is locked.
    public private(set) var isLocked = false
    private let door: Door
    private let link: String
    private let added: () -> Void
    private var offer: CardOffer?
    private var isAccepted = false
    private var task: Task<Void, Never>?

    init(_ language: Language, _ door: Door, _ link: String, added: @escaping () -> Void) {
        (self.language, self.door, self.link, self.added) = (language, door, link, added)
    }

    /// Whether the screen has something of the citizen's on it: what is offered, and what was typed.
    public var isPersonal: Bool { if case .asking = step { true } else { false } }

    /// Whether what was typed has the form the issuer asks for.
    public var canAccept: Bool {
        guard case .asking(let view) = step, task == nil else { return false }
        guard let form = view.transactionCode else { return true }
        let fits = form.length.map { digits.count == Int($0) } ?? !digits.isEmpty
        return fits && (!form.numeric || digits.allSatisfy { $0.isASCII && $0.isNumber })
    }

    func open() async {
        begin { await self.look() }
        await finished()
    }

    /// The citizen agrees.
    public func accept() {
        guard canAccept, let offer else { return }
        var typed = Data(digits.utf8)
        digits = ""
        begin {
            await self.fetch { id, stage throws(WalletError) in try await id.accept(offer, digits: &typed, stage: stage) }
            typed.resetBytes(in: typed.indices)
        }
    }

    /// It failed, and the citizen tries once more: what was accepted and can be fetched goes on, anything else is looked up again.
    public func again() {
        guard case .failed = step else { return }
        begin {
            if self.isAccepted, (try? self.door.id.unfinishedIssuance()) == .waiting {
                await self.fetch { id, stage throws(WalletError) in try await id.resumeIssuance(stage: stage) }
            } else {
                await self.look()
            }
        }
    }

    /// Stops between two steps; nothing is kept.
    public func cancel() { task?.cancel() }

    /// Waits until nothing is under way any more.
    public func finished() async { await task?.value }

    private func begin(_ work: @escaping () async -> Void) {
        guard task == nil else { return }
        task = Task {
            await work()
            task = nil
        }
    }

    private func look() async {
        (step, isLocked, isAccepted) = (.opening, false, false)
        do throws(WalletError) {
            let link = link
            let offer = try await door.errand { id throws(WalletError) in try await id.openOffer(link) }
            self.offer = offer
            step = .asking(try view(offer))
        } catch {
            failed(error)
        }
    }

    private func fetch(
        _ get: (MobileId, @escaping @Sendable (EnrolmentStage) -> Void) async throws(WalletError) -> Issued
    ) async {
        let language = self.language
        (step, isLocked) = (.working(""), false)
        do throws(WalletError) {
            try await door.errand { id throws(WalletError) in
                isAccepted = true
                let issued = try await get(id) { stage in
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
            }
        } catch {
            guard error.asksForDigitsAgain else { return failed(error) }
            // An offer can be accepted once only: it is looked up again for the next try.
            wrong = error.text(language)
            await look()
        }
    }

    private func failed(_ error: WalletError) {
        isLocked = error == .Locked
        step = .failed(error.text(language))
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
