@_exported import WalletBindings

/// The code of `WalletError.Unavailable` when the library itself failed.
public let internalFailure: Int32 = -1004

/// The code of `WalletError.Unavailable` when a part of the app failed by what its seam does not name. The core's own.
let unforeseen: Int32 = -1

/// Makes one kind of error of a call: what is not a `WalletError` is a failure inside the library, whose text may hold a
/// trace and is not shown.
func walletCall<T>(_ call: () throws -> T) throws(WalletError) -> T {
    do {
        return try call()
    } catch let error as WalletError {
        throw error
    } catch {
        throw .Unavailable(code: internalFailure)
    }
}

/// ``walletCall(_:)-(()throws->T)`` of a call that waits. A cancelled task drops it, and what it had asked of the phone is
/// cancelled.
func walletCall<T: Sendable>(_ call: () async throws -> sending T) async throws(WalletError) -> T {
    do {
        return try await call()
    } catch let error as WalletError {
        throw error
    } catch is CancellationError {
        throw .UserCancelled
    } catch {
        throw .Unavailable(code: internalFailure)
    }
}

extension WalletError {
    /// What happened and what to do next, in words for the citizen. They come from the core.
    public func text(_ language: Language) -> ErrorText { errorText(error: self, language: language) }
}
