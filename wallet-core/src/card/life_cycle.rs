//! The life of a document, each state with the reason it was entered, and what the citizen reads about it.

use super::Language;

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

/// Why a document holds and has to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum RenewReason {
    /// The last day of its copies has passed before new ones were fetched: nothing of it can be shown.
    CopiesEnded,
    /// Its own last day is near. It can be shown until then.
    EndsSoon,
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
    /// The physical card was reported lost: the mobile ID made of it goes with it.
    CardLost,
    /// The holder died.
    Died,
}

/// Why another document took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ReplaceReason {
    /// Issued anew on this phone.
    Reissued,
    /// Moved to another phone.
    OtherPhone,
    /// The holder's address or name changed: one that says the new is waiting.
    DetailsChanged,
}

/// Where a document stands: `Offered → Active → (Suspended | NeedsRenewal ⇄ Active) → Expired | Revoked | Replaced`.
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
    /// It holds, and will not for long, or cannot be shown before new copies are fetched. No revocation: it takes a network, or the
    /// citizen.
    NeedsRenewal {
        /// Why.
        reason: RenewReason,
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
    pub const ALL: [Self; 20] = [
        Self::Offered { reason: OfferReason::CentreVisit },
        Self::Offered { reason: OfferReason::CardRead },
        Self::Offered { reason: OfferReason::Portal },
        Self::Active { reason: ActiveReason::Issued },
        Self::Active { reason: ActiveReason::Resumed },
        Self::Suspended { reason: SuspendReason::PhoneLost },
        Self::Suspended { reason: SuspendReason::ByCitizen },
        Self::Suspended { reason: SuspendReason::ByIssuer },
        Self::NeedsRenewal { reason: RenewReason::CopiesEnded },
        Self::NeedsRenewal { reason: RenewReason::EndsSoon },
        Self::Expired { reason: ExpireReason::DatePassed },
        Self::Expired { reason: ExpireReason::OfferLapsed },
        Self::Revoked { reason: RevokeReason::ByCitizen },
        Self::Revoked { reason: RevokeReason::ByIssuer },
        Self::Revoked { reason: RevokeReason::KeysLost },
        Self::Revoked { reason: RevokeReason::CardLost },
        Self::Revoked { reason: RevokeReason::Died },
        Self::Replaced { reason: ReplaceReason::Reissued },
        Self::Replaced { reason: ReplaceReason::OtherPhone },
        Self::Replaced { reason: ReplaceReason::DetailsChanged },
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
            Self::NeedsRenewal { reason: RenewReason::CopiesEnded } => ("needs_renewal", "copies_ended"),
            Self::NeedsRenewal { reason: RenewReason::EndsSoon } => ("needs_renewal", "ends_soon"),
            Self::Expired { reason: ExpireReason::DatePassed } => ("expired", "date_passed"),
            Self::Expired { reason: ExpireReason::OfferLapsed } => ("expired", "offer_lapsed"),
            Self::Revoked { reason: RevokeReason::ByCitizen } => ("revoked", "by_citizen"),
            Self::Revoked { reason: RevokeReason::ByIssuer } => ("revoked", "by_issuer"),
            Self::Revoked { reason: RevokeReason::KeysLost } => ("revoked", "keys_lost"),
            Self::Revoked { reason: RevokeReason::CardLost } => ("revoked", "card_lost"),
            Self::Revoked { reason: RevokeReason::Died } => ("revoked", "died"),
            Self::Replaced { reason: ReplaceReason::Reissued } => ("replaced", "reissued"),
            Self::Replaced { reason: ReplaceReason::OtherPhone } => ("replaced", "other_phone"),
            Self::Replaced { reason: ReplaceReason::DetailsChanged } => ("replaced", "details_changed"),
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
        matches!(self, Self::Active { .. } | Self::NeedsRenewal { reason: RenewReason::EndsSoon })
    }

    /// Whether this is for good.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Expired { .. } | Self::Revoked { .. } | Self::Replaced { .. })
    }

    /// What happened, for the citizen's eyes: one sentence.
    #[must_use]
    pub const fn what(self, language: Language) -> &'static str {
        match language {
            Language::Korean => self.what_korean(),
            Language::English => self.what_english(),
        }
    }

    /// What the citizen can do about it: one sentence.
    #[must_use]
    pub const fn next(self, language: Language) -> &'static str {
        match language {
            Language::Korean => self.next_korean(),
            Language::English => self.next_english(),
        }
    }

    const fn what_english(self) -> &'static str {
        match self {
            Self::Offered { .. } => "The ID waits to be accepted.",
            Self::Active { reason: ActiveReason::Issued } => "The ID can be shown.",
            Self::Active { reason: ActiveReason::Resumed } => {
                "The suspension was lifted; the ID can be shown again."
            }
            Self::Suspended { reason: SuspendReason::PhoneLost } => {
                "The ID is suspended because this phone was reported lost."
            }
            Self::Suspended { reason: SuspendReason::ByCitizen } => {
                "The ID is suspended because you asked for it."
            }
            Self::Suspended { reason: SuspendReason::ByIssuer } => "The issuer has suspended the ID.",
            Self::NeedsRenewal { reason: RenewReason::CopiesEnded } => {
                "The ID holds, but what was fetched to show it has run out."
            }
            Self::NeedsRenewal { reason: RenewReason::EndsSoon } => "The ID's last day is near.",
            Self::Expired { reason: ExpireReason::DatePassed } => "The ID's last day has passed.",
            Self::Expired { reason: ExpireReason::OfferLapsed } => "The offer was not accepted in time.",
            Self::Revoked { reason: RevokeReason::ByCitizen } => "You gave the ID up.",
            Self::Revoked { reason: RevokeReason::ByIssuer } => "The issuer has revoked the ID.",
            Self::Revoked { reason: RevokeReason::KeysLost } => "The keys of the ID are gone.",
            Self::Revoked { reason: RevokeReason::CardLost } => {
                "The physical card was reported lost, and the ID made of it was revoked."
            }
            Self::Revoked { reason: RevokeReason::Died } => "The holder of the ID has died.",
            Self::Replaced { reason: ReplaceReason::Reissued } => "A newer ID took this one's place.",
            Self::Replaced { reason: ReplaceReason::OtherPhone } => "The ID moved to another phone.",
            Self::Replaced { reason: ReplaceReason::DetailsChanged } => {
                "Your address or name has changed, and this ID says the former one."
            }
        }
    }

    const fn next_english(self) -> &'static str {
        match self {
            Self::Offered { .. } => "Accept it, or let it lapse.",
            Self::Active { .. } => "There is nothing to do.",
            Self::Suspended { reason: SuspendReason::PhoneLost } => {
                "Once you have the phone back, tell your telecom operator that it was found."
            }
            Self::Suspended { .. } => "Ask the issuer, or visit a community centre.",
            Self::NeedsRenewal { reason: RenewReason::CopiesEnded } => {
                "Connect to the network; new ones come by themselves."
            }
            Self::NeedsRenewal { reason: RenewReason::EndsSoon }
            | Self::Expired { .. }
            | Self::Revoked { reason: RevokeReason::ByCitizen | RevokeReason::KeysLost } => {
                "Tap your card again, or visit a community centre."
            }
            Self::Revoked { reason: RevokeReason::ByIssuer | RevokeReason::Died } => {
                "Ask at a community centre."
            }
            Self::Revoked { reason: RevokeReason::CardLost } => {
                "Apply for a new card at a community centre, then get the mobile ID again."
            }
            Self::Replaced { reason: ReplaceReason::OtherPhone } => {
                "If that was not you, go to a community centre at once."
            }
            Self::Replaced { reason: ReplaceReason::Reissued } => "Use the newer one.",
            Self::Replaced { reason: ReplaceReason::DetailsChanged } => {
                "Connect to the network and unlock the wallet; the new one comes by itself."
            }
        }
    }

    const fn what_korean(self) -> &'static str {
        match self {
            Self::Offered { .. } => "신분증이 수령을 기다리고 있습니다.",
            Self::Active { reason: ActiveReason::Issued } => "신분증을 제시할 수 있습니다.",
            Self::Active { reason: ActiveReason::Resumed } => "정지가 풀려 신분증을 다시 제시할 수 있습니다.",
            Self::Suspended { reason: SuspendReason::PhoneLost } => {
                "이 휴대전화의 분실이 신고되어 신분증이 정지되었습니다."
            }
            Self::Suspended { reason: SuspendReason::ByCitizen } => {
                "본인의 요청으로 신분증이 정지되었습니다."
            }
            Self::Suspended { reason: SuspendReason::ByIssuer } => "발급기관이 신분증을 정지했습니다.",
            Self::NeedsRenewal { reason: RenewReason::CopiesEnded } => {
                "신분증은 유효하지만 제시에 쓰는 사본의 기간이 끝났습니다."
            }
            Self::NeedsRenewal { reason: RenewReason::EndsSoon } => "신분증의 유효기간이 곧 끝납니다.",
            Self::Expired { reason: ExpireReason::DatePassed } => "신분증의 유효기간이 지났습니다.",
            Self::Expired { reason: ExpireReason::OfferLapsed } => "기한 안에 신분증을 받지 않았습니다.",
            Self::Revoked { reason: RevokeReason::ByCitizen } => "본인이 신분증을 해지했습니다.",
            Self::Revoked { reason: RevokeReason::ByIssuer } => "발급기관이 신분증을 폐기했습니다.",
            Self::Revoked { reason: RevokeReason::KeysLost } => "신분증의 키가 없어졌습니다.",
            Self::Revoked { reason: RevokeReason::CardLost } => {
                "실물 신분증의 분실이 신고되어 모바일 신분증도 폐기되었습니다."
            }
            Self::Revoked { reason: RevokeReason::Died } => "신분증의 소지자가 사망하였습니다.",
            Self::Replaced { reason: ReplaceReason::Reissued } => "새 신분증으로 바뀌었습니다.",
            Self::Replaced { reason: ReplaceReason::OtherPhone } => "신분증이 다른 휴대전화로 옮겨졌습니다.",
            Self::Replaced { reason: ReplaceReason::DetailsChanged } => {
                "주소나 이름이 바뀌었는데 이 신분증에는 이전 내용이 있습니다."
            }
        }
    }

    const fn next_korean(self) -> &'static str {
        match self {
            Self::Offered { .. } => "받거나 그대로 두세요.",
            Self::Active { .. } => "할 일이 없습니다.",
            Self::Suspended { reason: SuspendReason::PhoneLost } => {
                "휴대전화를 되찾으면 통신사에 찾았다고 알리세요."
            }
            Self::Suspended { .. } => "발급기관에 문의하거나 주민센터를 방문하세요.",
            Self::NeedsRenewal { reason: RenewReason::CopiesEnded } => {
                "인터넷에 연결하면 새 사본을 저절로 받습니다."
            }
            Self::NeedsRenewal { reason: RenewReason::EndsSoon }
            | Self::Expired { .. }
            | Self::Revoked { reason: RevokeReason::ByCitizen | RevokeReason::KeysLost } => {
                "카드를 다시 대거나 주민센터를 방문하세요."
            }
            Self::Revoked { reason: RevokeReason::ByIssuer | RevokeReason::Died } => "주민센터에 문의하세요.",
            Self::Revoked { reason: RevokeReason::CardLost } => {
                "주민센터에서 카드를 재발급받은 뒤 모바일 신분증을 다시 받으세요."
            }
            Self::Replaced { reason: ReplaceReason::OtherPhone } => {
                "본인이 한 일이 아니면 바로 주민센터를 방문하세요."
            }
            Self::Replaced { reason: ReplaceReason::Reissued } => "새 신분증을 쓰세요.",
            Self::Replaced { reason: ReplaceReason::DetailsChanged } => {
                "인터넷에 연결하고 지갑을 열면 새 신분증을 저절로 받습니다."
            }
        }
    }

    /// Whether the document may go from here to `next`.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Offered { .. } => !matches!(next, Self::Offered { .. } | Self::Suspended { .. }),
            Self::Active { .. } => !matches!(next, Self::Offered { .. } | Self::Active { .. }),
            // One suspension may follow another: lost by the telecom's word, then by the issuer's.
            Self::Suspended { .. } | Self::NeedsRenewal { .. } => !matches!(next, Self::Offered { .. }),
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
                !state.is_final()
            );
        }
        assert!(active.can_become(suspended));
        assert!(suspended.can_become(LifeCycle::Active { reason: ActiveReason::Resumed }));
        assert!(!active.can_become(active));
    }

    #[test]
    fn every_state_says_what_happened_and_what_to_do_in_both_languages() {
        let hangul = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
        for state in LifeCycle::ALL {
            for (language, korean) in [(Language::Korean, true), (Language::English, false)] {
                for text in [state.what(language), state.next(language)] {
                    assert!(text.ends_with('.') && hangul(text) == korean, "{state:?}: {text}");
                }
            }
        }
    }
}
