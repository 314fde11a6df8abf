//! What each check of a card came to.

use super::{CardTrouble, Distrust, WalletError};
use crate::{
    chip::{
        IssuingState,
        passive_auth::{
            ChainOutcome, GroupOutcome, PassiveAuthError, PassiveReport, RevocationOutcome, SignatureOutcome,
        },
    },
    trust::{Revocation, TrustError},
};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChipCheckOutcome {
    /// It holds.
    Passed,
    /// It holds by something of old: SHA-1, an RSA key below 2048 bits, basic access. Or a key proved itself that the state
    /// signed, and nothing signed ties it to this document.
    PassedWeakly,
    /// It does not hold.
    Failed {
        /// Why.
        why: ChipCheckFailure,
    },
    /// It was not made.
    Skipped {
        /// Why.
        why: ChipCheckSkip,
    },
}

/// Why a check does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChipCheckFailure {
    /// The file is not what it has to be.
    Malformed,
    /// It uses what this reader does not know.
    Unsupported,
    /// A signature does not verify.
    BadSignature,
    /// The signer leads to no authority that is trusted.
    UntrustedIssuer,
    /// A certificate is past its end, or before its begin.
    NotInForce,
    /// The authority took the certificate back.
    Revoked,
    /// The signer is of another state than the one that the document says issued it.
    AnotherState,
    /// A data group is not the one that was signed, or was never signed.
    Altered,
    /// At its door the card spoke of other ways in than its issuer signed.
    HiddenAccess,
    /// The chip did not prove that it holds the key it shows: a copy.
    NotProven,
}

/// Why a check was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChipCheckSkip {
    /// No challenge was given for the chip to sign.
    NoChallenge,
    /// The card has no key for it.
    NoKey,
    /// The card has the key, and was not asked.
    NotAsked,
    /// The file that it is about is signed and was not read.
    NotRead,
    /// The file with the key was read and does not have the form that is known here.
    Unreadable,
    /// The key, or the way of using it, is of a kind not known here.
    Unsupported,
    /// It cannot be told which state the document or its signer is of.
    UnknownState,
    /// There is nothing signed to compare with.
    NothingSigned,
    /// A check that this one builds on failed.
    AfterAFailure,
    /// No revocation list of the authority is at hand.
    NoRevocationList,
    /// The revocation lists at hand are not current.
    OldRevocationList,
}

/// One check of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChipCheckView {
    /// `passive_authentication.signature`, `.chain`, `.issuing_state`, `.revocation` and `.hashes`; `access`; `chip_authentication`;
    /// `active_authentication`.
    pub name: String,
    /// What it came to.
    pub outcome: ChipCheckOutcome,
}

/// Every check of a card, whether it was believed or not. For showing: only a [`ChipEvidence`](super::ChipEvidence) is
/// to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipReport {
    /// The checks, in the order in which they decide.
    pub checks: Vec<ChipCheckView>,
    /// What passive authentication found; none when EF.SOD could not be read.
    pub signed: Option<PassiveReport>,
}

/// A check that refuses the card: why, and the error of the reading.
#[derive(Debug)]
pub(super) struct Refused {
    why: ChipCheckFailure,
    error: WalletError,
}

/// What a check comes to, or the error that the reading ends with.
pub(super) type Checked = Result<ChipCheckOutcome, Refused>;

/// Checks being made.
#[derive(Default)]
pub(super) struct Checks {
    views: Vec<ChipCheckView>,
    refusal: Option<WalletError>,
}

impl Refused {
    pub(super) const CLONED: Self = Self {
        why: ChipCheckFailure::NotProven,
        error: WalletError::NotTrusted { why: Distrust::ChipCloned },
    };
    pub(super) const UNSUPPORTED: Self = Self {
        why: ChipCheckFailure::Unsupported,
        error: WalletError::CardUnreadable { why: CardTrouble::Unsupported },
    };

    /// What cannot be checked here stands as it is where another check proves the same, and refuses nothing.
    pub(super) fn excused_by(self, proven: bool) -> Checked {
        match self.why {
            ChipCheckFailure::Unsupported if proven => Ok(ChipCheckOutcome::Failed { why: self.why }),
            _ => Err(self),
        }
    }

    /// The card's data contradict what was signed.
    pub(super) const fn because(why: ChipCheckFailure) -> Self {
        Self { why, error: WalletError::NotTrusted { why: Distrust::ChipDataAltered } }
    }
}

impl From<PassiveAuthError> for Refused {
    fn from(error: PassiveAuthError) -> Self {
        Self { why: failure_of(error), error: error.into() }
    }
}

impl Checks {
    pub(super) fn add(&mut self, name: &str, checked: Checked) {
        let outcome = checked.unwrap_or_else(|Refused { why, error }| {
            self.refusal.get_or_insert(error);
            ChipCheckOutcome::Failed { why }
        });
        self.views.push(ChipCheckView { name: name.to_owned(), outcome });
    }

    /// Remembers the first refusal.
    pub(super) fn refuse(&mut self, decision: Result<(), PassiveAuthError>) {
        if let Err(error) = decision {
            self.refusal.get_or_insert(error.into());
        }
    }

    /// EF.SOD says nothing.
    pub(super) fn add_unreadable(&mut self, error: PassiveAuthError) {
        self.add(SIGNATURE, Ok(ChipCheckOutcome::Failed { why: failure_of(error) }));
        for name in [CHAIN, ISSUING_STATE, REVOCATION, HASHES] {
            self.add(name, Ok(AFTER_A_FAILURE));
        }
    }

    /// Passive authentication, each part by itself.
    pub(super) fn add_passive(&mut self, report: &PassiveReport) {
        let failed = |why| ChipCheckOutcome::Failed { why };
        let skipped = |why| ChipCheckOutcome::Skipped { why };
        let passed = |weakly| if weakly { ChipCheckOutcome::PassedWeakly } else { ChipCheckOutcome::Passed };
        let weak = report.weaknesses;
        let signature = match report.signature {
            SignatureOutcome::Valid => passed(weak.signature),
            SignatureOutcome::Invalid => failed(ChipCheckFailure::BadSignature),
            // The signer's certificate is not there or cannot be read: its path tells why.
            SignatureOutcome::NotChecked if report.chain != ChainOutcome::NotChecked => AFTER_A_FAILURE,
            SignatureOutcome::NotChecked => failed(ChipCheckFailure::Unsupported),
        };
        let (chain, mut revocation) = match report.chain {
            ChainOutcome::Trusted => (passed(weak.chain), AFTER_A_FAILURE),
            // The path holds as far as that.
            ChainOutcome::Untrusted(TrustError::RevocationUnknown) => {
                (passed(weak.chain), failed(ChipCheckFailure::Revoked))
            }
            ChainOutcome::Untrusted(error) => (failed(untrusted(error)), AFTER_A_FAILURE),
            ChainOutcome::NotChecked => (AFTER_A_FAILURE, AFTER_A_FAILURE),
        };
        if let RevocationOutcome::Known(known) = report.revocation {
            revocation = match known {
                Revocation::NotRevoked => ChipCheckOutcome::Passed,
                Revocation::Revoked => failed(ChipCheckFailure::Revoked),
                Revocation::NoList => skipped(ChipCheckSkip::NoRevocationList),
                Revocation::ListNotCurrent => skipped(ChipCheckSkip::OldRevocationList),
            };
        }
        let issuing_state = match report.issuing_state {
            IssuingState::Same => ChipCheckOutcome::Passed,
            IssuingState::Another => failed(ChipCheckFailure::AnotherState),
            IssuingState::Unknown => skipped(ChipCheckSkip::UnknownState),
            IssuingState::NotChecked if report.chain == ChainOutcome::Trusted => {
                skipped(ChipCheckSkip::NotRead)
            }
            IssuingState::NotChecked => AFTER_A_FAILURE,
        };
        let all_match = report.groups.values().all(|outcome| *outcome == GroupOutcome::Matches);
        let hashes = if all_match { passed(weak.groups) } else { failed(ChipCheckFailure::Altered) };
        for (name, outcome) in [
            (SIGNATURE, signature),
            (CHAIN, chain),
            (ISSUING_STATE, issuing_state),
            (REVOCATION, revocation),
            (HASHES, hashes),
        ] {
            self.add(name, Ok(outcome));
        }
    }

    pub(super) fn finish(self) -> (Vec<ChipCheckView>, Option<WalletError>) {
        (self.views, self.refusal)
    }
}

const fn failure_of(error: PassiveAuthError) -> ChipCheckFailure {
    match error {
        PassiveAuthError::Malformed => ChipCheckFailure::Malformed,
        PassiveAuthError::Unsupported => ChipCheckFailure::Unsupported,
        PassiveAuthError::BadSignature => ChipCheckFailure::BadSignature,
        PassiveAuthError::UntrustedSigner(error) => untrusted(error),
        PassiveAuthError::AnotherState => ChipCheckFailure::AnotherState,
        PassiveAuthError::AlteredGroup(_) | PassiveAuthError::MissingHash(_) => ChipCheckFailure::Altered,
    }
}

const fn untrusted(error: TrustError) -> ChipCheckFailure {
    match error {
        TrustError::Malformed => ChipCheckFailure::Malformed,
        TrustError::Expired | TrustError::NotYetValid => ChipCheckFailure::NotInForce,
        TrustError::Unsupported => ChipCheckFailure::Unsupported,
        TrustError::Revoked | TrustError::RevocationUnknown => ChipCheckFailure::Revoked,
        TrustError::BadSignature => ChipCheckFailure::BadSignature,
        TrustError::UntrustedIssuer | TrustError::WrongUsage | TrustError::PathTooLong => {
            ChipCheckFailure::UntrustedIssuer
        }
    }
}

const AFTER_A_FAILURE: ChipCheckOutcome = ChipCheckOutcome::Skipped { why: ChipCheckSkip::AfterAFailure };
const SIGNATURE: &str = "passive_authentication.signature";
const CHAIN: &str = "passive_authentication.chain";
const ISSUING_STATE: &str = "passive_authentication.issuing_state";
const REVOCATION: &str = "passive_authentication.revocation";
const HASHES: &str = "passive_authentication.hashes";
