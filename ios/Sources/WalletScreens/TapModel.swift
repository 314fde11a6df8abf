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
        /// The reader's sheet is gone, or the card does not stay: the citizen says when to go on.
        case paused(ErrorText)
        /// The card is read; this happens now.
        case working(String)
        /// The ID lives on another phone, which is said here, and the citizen may move it.
        case elsewhere(String)
        /// It is in the wallet.
        case done
        /// It is not.
        case failed(ErrorText)
    }

    /// How often a card that left is waited for before the citizen is asked.
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
    private let door: Door
    private let makeReader: @Sendable () async throws -> any CardReader
    private let added: () -> Void
    private var task: Task<Void, Never>?
    private var sheet: (any CardReader)?
    private var decision: CheckedContinuation<Bool, Never>?
    private var isMoving = false

    init(_ door: Door, _ surroundings: Surroundings, added: @escaping () -> Void) {
        (self.door, language, makeReader, self.added) = (door, surroundings.language, surroundings.reader, added)
    }

    /// Whether the screen has something of the citizen's on it. While the card is read it has not: the system's sheet is over it,
    /// and what to do is read then.
    public var isPersonal: Bool { step == .digits }

    /// Whether the digits are complete and nothing is under way.
    public var canStart: Bool { digits.count == 6 && task == nil }

    /// What the citizen should do now.
    public var hint: String {
        switch step {
        case .digits: Words.digitsHint.text(language)
        case .hold: Words.holdHint.text(language)
        case .reading, .working: Words.positionHint.text(language)
        case .lost, .paused: Words.lostHint.text(language)
        case .elsewhere: Words.moveBody.text(language)
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
            can.resetBytes(in: can.indices)
            task = nil
        }
    }

    /// It failed, and the citizen tries once more: digits and card are asked for again.
    public func again() { if case .failed = step, task == nil { step = .digits } }

    /// The card is at hand again: a paused reading goes on where it was.
    public func goOn() { decide(true) }

    /// The citizen wants the ID here and no longer on the other phone: digits and card are asked for again.
    public func move() {
        guard case .elsewhere = step else { return }
        isMoving = true
        step = .digits
    }

    /// Stops between two commands of the card or two steps of the issuer; nothing is kept.
    public func cancel() {
        task?.cancel()
        decide(false)
    }

    /// Waits until nothing is under way any more.
    public func finished() async { await task?.value }

    private func read(_ can: inout Data) async {
        do {
            let reader = try await makeReader()
            try await door.errand { id throws(WalletError) in
                show(reader)
                do throws(WalletError) {
                    _ = try await id.enrol(
                        reader.link, can: &can, moving: isMoving,
                        event: { event in Task { @MainActor in self.heard(event) } }, lost: { await self.lost($0, reader) })
                } catch {
                    hide(succeeded: false)
                    throw error
                }
                hide(succeeded: true)
                step = .done
                added()
            }
        } catch {
            let error = error as? WalletError ?? .Unavailable(code: internalFailure)
            let isElsewhere = error == .IssuerRefused(why: .anotherPhone) && !isMoving
            let text = error.text(language)
            // What happened alone: what the core says to do next is for whoever cannot move it.
            step = isElsewhere ? .elsewhere(text.what) : .failed(text)
        }
    }

    private func lost(_ pause: ReadingPause, _ reader: any CardReader) async -> Bool {
        // Going on, a cancelled task says that it was cancelled; nobody answers for it any more.
        if Task.isCancelled { return true }
        if pause.why == .CardLost && pause.times % (Self.patience + 1) != 0 {
            step = .lost
            return true
        }
        // A card that fell silent took the reader's sheet along.
        hide(succeeded: false)
        step = .paused(pause.why.text(language))
        let goesOn = await withCheckedContinuation { decision = $0 }
        guard goesOn else { return Task.isCancelled }
        // The system may have lost its patience and had it locked meanwhile; the card is kept in an open wallet alone.
        guard (try? await door.id.unlock()) != nil else { return Task.isCancelled }
        step = .hold
        show(reader)
        return true
    }

    private func decide(_ goesOn: Bool) {
        decision?.resume(returning: goesOn)
        decision = nil
    }

    private func show(_ reader: any CardReader) {
        sheet = reader
        reader.begin()
    }

    private func hide(succeeded: Bool) {
        sheet?.finish(succeeded: succeeded)
        sheet = nil
    }

    private func heard(_ event: EnrolmentEvent) {
        switch (event, step) {
        // A word that comes late says nothing new.
        case (_, .done), (_, .failed), (_, .paused), (_, .elsewhere), (.done, _): return
        case (.reading(let progress), _):
            let fraction = Double(progress.cardBytesRead) / Double(max(progress.cardBytesTotal, 1))
            step = .reading(file: progress.file, fraction: min(fraction, 1))
        case (.stage(let stage), _): step = .working(stageText(stage: stage, language: language))
        }
    }
}
