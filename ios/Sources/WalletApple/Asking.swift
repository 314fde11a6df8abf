#if canImport(LocalAuthentication) && canImport(Security) && canImport(CryptoKit)
    import CryptoKit
    import Foundation
    @preconcurrency import LocalAuthentication
    import Security
    import WalletKit

    /// One prompt, and everything that is done under it.
    ///
    /// It asks once; afterwards the context may show nothing any more, so that a second prompt for the same transaction is an
    /// error and not a surprise. A cancelled task takes the prompt away: the core's own is cancelled when the app's is.
    final class Asking: @unchecked Sendable {
        // Apple's class may be called from any thread; `invalidate` is meant to come from another one.
        let context = LAContext()
        private let reason: String

        init(_ prompt: Prompt) {
            reason = prompt.localizedReason
            // No way around the biometrics: the keys know none.
            context.localizedFallbackTitle = ""
        }

        /// What biometrics this phone has, as a text that changes when they do; nothing when there are none to compare.
        ///
        /// Apple may change it without a cause with a new version of iOS.
        static func biometrics(_ context: LAContext = LAContext()) throws(OsFailure) -> String? {
            var error: NSError?
            guard context.canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: &error) else {
                throw OsFailure(source: .localAuthentication, code: error?.code ?? LAError.Code.biometryNotAvailable.rawValue)
            }
            return context.evaluatedPolicyDomainState.map { Data(SHA256.hash(data: $0)).base64EncodedString() }
        }

        /// Shows the prompt for `operation` on keys behind `access`.
        func ask(_ operation: LAAccessControlOperation, _ access: SecAccessControl) async throws(OsFailure) {
            let answer = await withTaskCancellationHandler {
                await withCheckedContinuation { (continuation: CheckedContinuation<OsFailure?, Never>) in
                    context.evaluateAccessControl(access, operation: operation, localizedReason: reason) { allowed, error in
                        let code = (error as NSError?)?.code ?? LAError.Code.authenticationFailed.rawValue
                        continuation.resume(returning: allowed ? nil : OsFailure(source: .localAuthentication, code: code))
                    }
                }
            } onCancel: {
                context.invalidate()
            }
            if let answer { throw answer }
            context.interactionNotAllowed = true
        }

        /// What was allowed is allowed no more.
        func end() { context.invalidate() }
    }
#endif
