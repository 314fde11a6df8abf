import WalletKit

/// Who gave a code.
public enum FailureSource: Sendable {
    /// `LAError`.
    case localAuthentication
    /// `OSStatus` of the Keychain and of keys.
    case security
    /// `TKError`: the driver under the Secure Enclave.
    case cryptoToken
    /// `DCError`: App Attest.
    case deviceCheck
    /// Anybody else.
    case other
}

/// What Apple's frameworks refused, by whoever gave the code: what it means is said where all is known that bears on it.
struct OsFailure: Error, Equatable {
    let source: FailureSource
    let code: Int

    func named(biometricsChanged: Bool = false) -> KeyStoreError {
        keyStoreError(source, code, biometricsChanged: biometricsChanged)
    }

    static func security(_ status: Int32) -> OsFailure { OsFailure(source: .security, code: Int(status)) }
}

/// Apple's codes that mean something to the wallet; every other one is `Failed` with its number.
enum Code {
    // OSStatus, Security/SecBase.h.
    static let userCanceled = -128
    static let param = -50
    static let notAvailable = -25291
    static let authFailed = -25293
    static let itemNotFound = -25300
    static let interactionNotAllowed = -25308
    static let interactionRequired = -25315
    static let dataNotAvailable = -25316
    static let decode = -26275
}

/// What a code means to the wallet.
///
/// `biometricsChanged` says that the fingers or faces of the phone are not those that the key was made for. Alone it proves
/// nothing, for Apple's mark of them may change with a new version of iOS; together with a refusal it tells a key that died
/// from one that failed.
func keyStoreError(_ source: FailureSource, _ code: Int, biometricsChanged: Bool = false) -> KeyStoreError {
    switch (source, code) {
    // The citizen, the system or the app put the prompt away, or the finger was none of theirs: nothing was signed.
    case (.localAuthentication, -1), (.localAuthentication, -2), (.localAuthentication, -3), (.localAuthentication, -4),
        (.localAuthentication, -9), (.localAuthentication, -10), (.security, Code.userCanceled), (.cryptoToken, -4):
        return .UserCancelled
    case (.localAuthentication, -8): return .LockedOut
    // No passcode, no biometrics, none enrolled; not paired and not connected on a Mac.
    case (.localAuthentication, -5), (.localAuthentication, -6), (.localAuthentication, -7), (.localAuthentication, -12),
        (.localAuthentication, -13):
        return .NoBiometrics
    case (.localAuthentication, -1004), (.security, Code.interactionNotAllowed), (.security, Code.interactionRequired),
        (.security, Code.notAvailable), (.security, Code.dataNotAvailable), (.cryptoToken, -9):
        return .Unavailable
    case (.security, Code.itemNotFound), (.cryptoToken, -6):
        return biometricsChanged ? .KeyInvalidated : .KeyNotFound
    // What altered bytes get, whoever's fingers they are.
    case (.security, Code.param), (.security, Code.decode): return .Failed(osCode: Int32(code))
    // Apple's attestation service cannot be reached.
    case (.deviceCheck, 4): return .Unavailable
    case (.security, _), (.cryptoToken, _):
        return biometricsChanged ? .KeyInvalidated : .Failed(osCode: Int32(truncatingIfNeeded: code))
    case (.localAuthentication, _), (.deviceCheck, _), (.other, _): return .Failed(osCode: Int32(truncatingIfNeeded: code))
    }
}

/// What a code of the Keychain means to the anchor.
func anchorError(_ code: Int) -> AnchorError {
    switch code {
    case Code.interactionNotAllowed, Code.interactionRequired, Code.notAvailable, Code.dataNotAvailable: return .Unavailable
    default: return .Failed(osCode: Int32(truncatingIfNeeded: code))
    }
}

/// What a code of `NFCReaderError` means to the reading.
func linkError(_ code: Int) -> LinkError {
    switch code {
    // The tag was lost, was tried too often, answered nonsense, or is not connected; or the session ended under a command, and
    // says why to the next one.
    case 100, 101, 102, 103, 104: return .TagLost
    case 105: return .TooLong
    // The session's sixty seconds are over.
    case 201: return .Timeout
    case 200: return .Cancelled
    default: return .Failed(osCode: Int32(truncatingIfNeeded: code))
    }
}
