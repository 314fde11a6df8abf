import Foundation
import Observation
import WalletKit

/// Reading a card into the wallet: digits, hold, progress, and on again when the card was moved away.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class TapModel: Identifiable {
    /// Where it is.
    public enum Step: Equatable, Sendable {
        /// The digits are asked for.
        case digits
        /// The card is waited for.
        case hold
        /// Files are read.
        case reading(file: String, fraction: Double)
        /// The card left; it is waited for again.
        case lost
        /// The card is read; this happens now.
        case working(String)
        /// It is in the wallet.
        case done
        /// It is not.
        case failed(ErrorText)
    }

    /// How often a card that left is waited for again.
    public static let patience = 5
    /// Where it is.
    public private(set) var step = Step.digits
    /// What the citizen typed; anything but six digits is not taken.
    public var digits = "" {
        didSet {
            let kept = String(digits.filter { $0.isASCII && $0.isNumber }.prefix(6))
            if kept != digits { digits = kept }
        }
    }
    /// The language of the screen.
    public let language: Language
    private let wallet: MobileId
    private let makeReader: @Sendable () async throws -> any CardReader
    private let added: () -> Void
    private var task: Task<Void, Never>?

    init(_ id: MobileId, _ surroundings: Surroundings, added: @escaping () -> Void) {
        (wallet, language, makeReader, self.added) = (id, surroundings.language, surroundings.reader, added)
    }

    /// Whether the digits are complete and nothing is under way.
    public var canStart: Bool { digits.count == 6 && task == nil }

    /// What the citizen should do now.
    public var hint: String {
        switch step {
        case .digits: Words.digitsHint.text(language)
        case .hold: Words.holdHint.text(language)
        case .reading, .working: Words.positionHint.text(language)
        case .lost: Words.lostHint.text(language)
        case .done: Words.cardDone.text(language)
        case .failed(let text): text.next
        }
    }

    /// Begins. The typed digits leave the screen here.
    public func start() {
        guard canStart else { return }
        var can = Data(digits.utf8)
        digits = ""
        step = .hold
        task = Task {
            await read(&can)
            task = nil
        }
    }

    /// Stops between two commands of the card or two steps of the issuer; nothing is kept.
    public func cancel() { task?.cancel() }

    /// Waits until nothing is under way any more.
    public func finished() async { await task?.value }

    private func read(_ can: inout Data) async {
        do {
            let reader = try await makeReader()
            reader.begin()
            do {
                _ = try await wallet.enrol(
                    reader.link, can: &can, event: { event in Task { @MainActor in self.heard(event) } },
                    lost: { times in await self.lost(times) })
                reader.finish(succeeded: true)
            } catch {
                reader.finish(succeeded: false)
                throw error
            }
            step = .done
            added()
        } catch {
            step = .failed((error as? WalletError ?? .Unavailable(code: internalFailure)).text(language))
        }
    }

    private func lost(_ times: Int) -> Bool {
        step = .lost
        return times <= Self.patience
    }

    private func heard(_ event: EnrolmentEvent) {
        switch (event, step) {
        // A word that comes late says nothing new.
        case (_, .done), (_, .failed), (.done, _): return
        case (.reading(let progress), _):
            let fraction = progress.bytesTotal == 0 ? 0 : Double(progress.bytesRead) / Double(progress.bytesTotal)
            step = .reading(file: progress.file, fraction: min(fraction, 1))
        case (.stage(let stage), _): step = .working(stageText(stage: stage, language: language))
        }
    }
}
