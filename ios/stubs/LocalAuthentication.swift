import Foundation
import Security

public let LAErrorDomain = "com.apple.LocalAuthentication"
public struct LAError: Error {
    public enum Code: Int {
        case authenticationFailed = -1
        case biometryNotAvailable = -6
    }
}
public enum LAPolicy: Int { case deviceOwnerAuthenticationWithBiometrics = 1 }
public enum LAAccessControlOperation: Int {
    case createItem, useItem, createKey, useKeySign, useKeyDecrypt, useKeyKeyExchange
}
// Not Sendable, as Apple declares no conformance.
open class LAContext: NSObject {
    open var localizedFallbackTitle: String?
    open var interactionNotAllowed = false
    open var evaluatedPolicyDomainState: Data? { nil }
    // On Apple's systems `error` is an NSErrorPointer, which takes `&error` all the same.
    open func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<NSError?>?) -> Bool { false }
    open func evaluateAccessControl(
        _ accessControl: SecAccessControl, operation: LAAccessControlOperation, localizedReason: String,
        reply: @escaping @Sendable (Bool, (any Error)?) -> Void
    ) {}
    open func invalidate() {}
}
