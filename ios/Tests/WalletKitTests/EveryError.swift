import WalletKit
import XCTest

/// The kinds of `WalletError`. A new one does not compile until it has a place here, and then a sample below.
private enum Kind: CaseIterable {
    case userCancelled, wrongPassword, cardLost, cardUnreadable, notTrusted, locked, lockedOut, noBiometrics, keyInvalidated
    case faceMismatch, offline, issuerRefused, anotherHolder, cardNotFound, noCopiesLeft, showEnded, notForThisWallet
    case storageFull, storageCorrupt, unavailable
    case lockedByCommand, wiped, stapleTooOld
    case offered, active, suspended, needsRenewal, expired, revoked, replaced

    init(_ error: WalletError) {
        self =
            switch error {
            case .UserCancelled: .userCancelled
            case .WrongPassword: .wrongPassword
            case .CardLost: .cardLost
            case .CardUnreadable: .cardUnreadable
            case .NotTrusted: .notTrusted
            case .Locked: .locked
            case .LockedOut: .lockedOut
            case .NoBiometrics: .noBiometrics
            case .KeyInvalidated: .keyInvalidated
            case .FaceMismatch: .faceMismatch
            case .Offline: .offline
            case .IssuerRefused: .issuerRefused
            case .AnotherHolder: .anotherHolder
            case .CardNotFound: .cardNotFound
            case .NoCopiesLeft: .noCopiesLeft
            case .NotUsable(.lockedByCommand): .lockedByCommand
            case .NotUsable(.wiped): .wiped
            case .NotUsable(.stapleTooOld): .stapleTooOld
            case .NotUsable(.card(.offered)): .offered
            case .NotUsable(.card(.active)): .active
            case .NotUsable(.card(.suspended)): .suspended
            case .NotUsable(.card(.needsRenewal)): .needsRenewal
            case .NotUsable(.card(.expired)): .expired
            case .NotUsable(.card(.revoked)): .revoked
            case .NotUsable(.card(.replaced)): .replaced
            case .ShowEnded: .showEnded
            case .NotForThisWallet: .notForThisWallet
            case .StorageFull: .storageFull
            case .StorageCorrupt: .storageCorrupt
            case .Unavailable: .unavailable
            }
    }
}

/// An error of every kind with every reason.
func everyError() -> [WalletError] {
    var errors: [WalletError] = [
        .UserCancelled, .CardLost, .Locked, .LockedOut, .NoBiometrics, .KeyInvalidated, .FaceMismatch, .Offline, .AnotherHolder,
        .CardNotFound, .ShowEnded, .NotForThisWallet, .StorageFull, .StorageCorrupt(keptAt: nil),
        .StorageCorrupt(keptAt: "/vault.unreadable-1"), .Unavailable(code: -1005),
    ]
    for kind in PasswordKind.allCases {
        errors += [.WrongPassword(kind: kind, triesLeft: nil), .WrongPassword(kind: kind, triesLeft: 2)]
    }
    errors += CardTrouble.allCases.map { .CardUnreadable(why: $0) }
    errors += Distrust.allCases.map { .NotTrusted(why: $0) }
    errors += Refusal.allCases.map { .IssuerRefused(why: $0) }
    errors += Disclosure.allCases.map { .NoCopiesLeft(disclosure: $0) }
    var standings: [LifeCycle] = OfferReason.allCases.map { .offered(reason: $0) }
    standings += ActiveReason.allCases.map { .active(reason: $0) }
    standings += SuspendReason.allCases.map { .suspended(reason: $0) }
    standings += RenewReason.allCases.map { .needsRenewal(reason: $0) }
    standings += ExpireReason.allCases.map { .expired(reason: $0) }
    standings += RevokeReason.allCases.map { .revoked(reason: $0) }
    standings += ReplaceReason.allCases.map { .replaced(reason: $0) }
    let unusable: [Unusable] =
        CommandReason.allCases.map { .lockedByCommand(why: $0) } + standings.map { .card(standing: $0) }
        + [.wiped, .stapleTooOld(hours: 30)]
    errors += unusable.map { .NotUsable(why: $0) }
    XCTAssertEqual(Set(errors.map(Kind.init)), Set(Kind.allCases))
    return errors
}
