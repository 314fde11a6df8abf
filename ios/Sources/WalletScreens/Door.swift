import WalletKit

/// The wallet, and who needs it open: it is locked as soon as the citizen has left and no errand needs it.
///
/// A lock that an errand puts off is owed, also when the citizen is back before the errand ends, and nobody begins another errand
/// before it is paid. Each errand asks for the citizen where it finds the wallet locked, so none ends at a closed door.
@MainActor
final class Door {
    let id: MobileId
    /// The wallet was locked.
    var locked: () -> Void = {}
    /// Its keys turned out to be dead.
    var died: () -> Void = {}
    /// The last errand has ended.
    var quiet: () -> Void = {}
    /// The citizen is asked anew, so that it looks locked for a moment.
    private(set) var isProving = false
    /// Whether a lock waits for an errand.
    private(set) var owesLock = false
    private var isAsking = false
    private var errands = 0
    private var locks = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ id: MobileId) { self.id = id }

    /// Whether an errand needs the wallet.
    var isBusy: Bool { errands > 0 }

    /// Opens the wallet: one prompt, none when it is open.
    func open() async throws(WalletError) {
        // One prompt at a time: whoever came first may have opened it.
        while owesLock || isAsking { await change() }
        isAsking = true
        defer {
            isAsking = false
            changed()
        }
        let before = locks
        do throws(WalletError) {
            try await id.unlock()
        } catch {
            if error == .KeyInvalidated { died() }
            throw error
        }
        // Whoever left while the prompt was up finds it locked.
        guard locks == before, !owesLock else { throw .Locked }
    }

    /// Runs `work` with the wallet, which is not locked meanwhile as long as the system is patient. Opened first, unless what is
    /// done works with a locked one.
    func errand<Result: Sendable>(
        opens: Bool = true, _ work: (MobileId) async throws(WalletError) -> Result
    ) async throws(WalletError) -> Result {
        if opens { try await open() } else { await paid() }
        if Task.isCancelled { throw .UserCancelled }
        errands += 1
        defer { end() }
        return try await work(id)
    }

    /// Asks for the citizen anew, however short ago they were there. Not while an errand needs the wallet.
    func prove() async throws(WalletError) {
        guard !isBusy, !isAsking else { throw .UserCancelled }
        isProving = true
        defer { isProving = false }
        do throws(WalletError) {
            try shut()
            try await open()
        } catch {
            locked()
            throw error
        }
    }

    /// The citizen looks elsewhere.
    func away() throws(WalletError) {
        owesLock = true
        if !isBusy { try lock() }
    }

    /// Locks now, whoever needs it open. An unlock that waits for the citizen fails.
    func lock() throws(WalletError) {
        defer {
            owesLock = false
            locked()
            changed()
        }
        try shut()
    }

    /// Waits until no lock is owed.
    func paid() async { while owesLock { await change() } }

    private func end() {
        errands -= 1
        if isBusy { return }
        // What cannot be locked now says so to whoever comes next.
        if owesLock { try? lock() }
        quiet()
    }

    private func shut() throws(WalletError) {
        locks += 1
        do throws(WalletError) { try id.lock() } catch {
            // Nothing is left to lock.
            guard error == .NotUsable(why: .wiped) else { throw error }
        }
    }

    private func change() async { await withCheckedContinuation { waiting.append($0) } }

    private func changed() {
        let all = waiting
        waiting = []
        for continuation in all { continuation.resume() }
    }
}
