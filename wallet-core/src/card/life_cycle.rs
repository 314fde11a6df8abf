//! The life of a document, each state with the reason it was entered.

/// Why a document was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum OfferReason {
    /// The citizen was seen at a community centre.
    CentreVisit,
    /// The citizen tapped the physical card's chip.
    CardRead,
    /// The citizen applied on the portal.
    Portal,
}

/// Why a document may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ActiveReason {
    /// It was issued.
    Issued,
    /// A suspension was lifted.
    Resumed,
}

/// Why a document may not be shown for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum SuspendReason {
    /// The phone was reported lost.
    PhoneLost,
    /// The citizen asked for it.
    ByCitizen,
    /// The issuer ordered it.
    ByIssuer,
}

/// Why a document's time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ExpireReason {
    /// Its last day has passed.
    DatePassed,
    /// It was offered and not taken up in time.
    OfferLapsed,
}

/// Why a document was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RevokeReason {
    /// The citizen gave it up.
    ByCitizen,
    /// The issuer ordered it.
    ByIssuer,
    /// The hardware keys died, so nothing can be signed for it any more.
    KeysLost,
}

/// Why another document took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReplaceReason {
    /// Issued anew on this phone.
    Reissued,
    /// Moved to another phone.
    OtherPhone,
}

/// Where a document stands: `Offered → Active → (Suspended ⇄ Active) → Expired | Revoked | Replaced`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum LifeCycle {
    /// Announced, not yet accepted.
    Offered {
        /// Why.
        reason: OfferReason,
    },
    /// May be shown.
    Active {
        /// Why.
        reason: ActiveReason,
    },
    /// May not be shown for now.
    Suspended {
        /// Why.
        reason: SuspendReason,
    },
    /// Its time is over. Final.
    Expired {
        /// Why.
        reason: ExpireReason,
    },
    /// Ended before its time. Final.
    Revoked {
        /// Why.
        reason: RevokeReason,
    },
    /// Another document took its place. Final.
    Replaced {
        /// Why.
        reason: ReplaceReason,
    },
}

/// No life-cycle state has these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such life-cycle state")]
pub struct UnknownLifeCycle;

impl LifeCycle {
    /// Every state with every reason.
    pub const ALL: [Self; 15] = [
        Self::Offered { reason: OfferReason::CentreVisit },
        Self::Offered { reason: OfferReason::CardRead },
        Self::Offered { reason: OfferReason::Portal },
        Self::Active { reason: ActiveReason::Issued },
        Self::Active { reason: ActiveReason::Resumed },
        Self::Suspended { reason: SuspendReason::PhoneLost },
        Self::Suspended { reason: SuspendReason::ByCitizen },
        Self::Suspended { reason: SuspendReason::ByIssuer },
        Self::Expired { reason: ExpireReason::DatePassed },
        Self::Expired { reason: ExpireReason::OfferLapsed },
        Self::Revoked { reason: RevokeReason::ByCitizen },
        Self::Revoked { reason: RevokeReason::ByIssuer },
        Self::Revoked { reason: RevokeReason::KeysLost },
        Self::Replaced { reason: ReplaceReason::Reissued },
        Self::Replaced { reason: ReplaceReason::OtherPhone },
    ];

    /// The stable machine names of state and reason.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Offered { reason: OfferReason::CentreVisit } => ("offered", "centre_visit"),
            Self::Offered { reason: OfferReason::CardRead } => ("offered", "card_read"),
            Self::Offered { reason: OfferReason::Portal } => ("offered", "portal"),
            Self::Active { reason: ActiveReason::Issued } => ("active", "issued"),
            Self::Active { reason: ActiveReason::Resumed } => ("active", "resumed"),
            Self::Suspended { reason: SuspendReason::PhoneLost } => ("suspended", "phone_lost"),
            Self::Suspended { reason: SuspendReason::ByCitizen } => ("suspended", "by_citizen"),
            Self::Suspended { reason: SuspendReason::ByIssuer } => ("suspended", "by_issuer"),
            Self::Expired { reason: ExpireReason::DatePassed } => ("expired", "date_passed"),
            Self::Expired { reason: ExpireReason::OfferLapsed } => ("expired", "offer_lapsed"),
            Self::Revoked { reason: RevokeReason::ByCitizen } => ("revoked", "by_citizen"),
            Self::Revoked { reason: RevokeReason::ByIssuer } => ("revoked", "by_issuer"),
            Self::Revoked { reason: RevokeReason::KeysLost } => ("revoked", "keys_lost"),
            Self::Replaced { reason: ReplaceReason::Reissued } => ("replaced", "reissued"),
            Self::Replaced { reason: ReplaceReason::OtherPhone } => ("replaced", "other_phone"),
        }
    }

    /// The state with these machine names.
    ///
    /// # Errors
    /// [`UnknownLifeCycle`].
    pub fn from_names(state: &str, reason: &str) -> Result<Self, UnknownLifeCycle> {
        Self::ALL.into_iter().find(|one| one.names() == (state, reason)).ok_or(UnknownLifeCycle)
    }

    /// Whether the document may be shown.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active { .. })
    }

    /// Whether the document may go from here to `next`.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Offered { .. } => !matches!(next, Self::Offered { .. } | Self::Suspended { .. }),
            Self::Active { .. } => !matches!(next, Self::Offered { .. } | Self::Active { .. }),
            // One suspension may follow another: lost by the telecom's word, then by the issuer's.
            Self::Suspended { .. } => !matches!(next, Self::Offered { .. }),
            Self::Expired { .. } | Self::Revoked { .. } | Self::Replaced { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_the_state() {
        for state in LifeCycle::ALL {
            let (name, reason) = state.names();
            assert_eq!(LifeCycle::from_names(name, reason), Ok(state));
        }
        assert_eq!(LifeCycle::from_names("active", "portal"), Err(UnknownLifeCycle));
    }

    #[test]
    fn a_final_state_stays_final_and_nothing_is_offered_twice() {
        let active = LifeCycle::Active { reason: ActiveReason::Issued };
        let suspended = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
        for state in LifeCycle::ALL {
            assert!(!state.can_become(LifeCycle::Offered { reason: OfferReason::Portal }));
            assert_eq!(
                state.can_become(LifeCycle::Revoked { reason: RevokeReason::ByIssuer }),
                matches!(state.names().0, "offered" | "active" | "suspended")
            );
        }
        assert!(active.can_become(suspended));
        assert!(suspended.can_become(LifeCycle::Active { reason: ActiveReason::Resumed }));
        assert!(!active.can_become(active));
    }
}
