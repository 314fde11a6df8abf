//! Why an issuer says no, and what the citizen can do about it.

use super::Language;

/// An issuer's reason, by its stable code. The texts live here and not in the answer, so that nothing an issuer writes
/// is ever shown as the wallet's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Refusal {
    /// No authority the issuer knows signed the chip's content.
    UntrustedChip,
    /// A data group differs from what was signed.
    AlteredChipData,
    /// The chip did not answer the issuer's challenge: a copy of a card, or an answer made for another session or phone.
    CloneSuspected,
    /// The chip lacks a group the ID is made of.
    CardIncomplete,
    /// The card is past its last day.
    CardExpired,
    /// The card was reported lost.
    CardReportedLost,
    /// Name, address or photo have changed since the card was issued.
    CardOutdated,
    /// The session's time ran out.
    ChallengeExpired,
    /// The session was used before.
    Replayed,
    /// The issuer knows no such session.
    UnknownSession,
    /// The face provider's word is missing, unknown or for another portrait, phone or session.
    FaceMismatch,
    /// A key's attestation does not hold, or the key was not made the way an ID needs it.
    AttestationRefused,
    /// The request is not signed by the Instance key.
    BadSignature,
    /// This person's ID lives on another phone.
    AnotherPhone,
    /// This phone holds another person's ID.
    AnotherHolder,
    /// The request breaks the rules of the format.
    MalformedRequest,
    /// The issuer does not speak this version.
    UnsupportedVersion,
    /// The issuer cannot answer now.
    Unavailable,
    /// The offer or the code typed for it is wrong, used or expired.
    CodeNotAccepted,
    /// The ID is suspended: its phone was reported lost.
    Suspended,
    /// The issuer, or whoever signed in with the browser, said no.
    Denied,
}

/// No refusal has that code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such refusal code")]
pub struct UnknownRefusal;

impl Refusal {
    /// All refusals.
    pub const ALL: [Self; 21] = [
        Self::UntrustedChip,
        Self::AlteredChipData,
        Self::CloneSuspected,
        Self::CardIncomplete,
        Self::CardExpired,
        Self::CardReportedLost,
        Self::CardOutdated,
        Self::ChallengeExpired,
        Self::Replayed,
        Self::UnknownSession,
        Self::FaceMismatch,
        Self::AttestationRefused,
        Self::BadSignature,
        Self::AnotherPhone,
        Self::AnotherHolder,
        Self::MalformedRequest,
        Self::UnsupportedVersion,
        Self::Unavailable,
        Self::CodeNotAccepted,
        Self::Suspended,
        Self::Denied,
    ];

    /// The stable machine code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UntrustedChip => "untrusted_chip",
            Self::AlteredChipData => "altered_chip_data",
            Self::CloneSuspected => "clone_suspected",
            Self::CardIncomplete => "card_incomplete",
            Self::CardExpired => "card_expired",
            Self::CardReportedLost => "card_reported_lost",
            Self::CardOutdated => "card_outdated",
            Self::ChallengeExpired => "challenge_expired",
            Self::Replayed => "replayed",
            Self::UnknownSession => "unknown_session",
            Self::FaceMismatch => "face_mismatch",
            Self::AttestationRefused => "attestation_refused",
            Self::BadSignature => "bad_signature",
            Self::AnotherPhone => "another_phone",
            Self::AnotherHolder => "another_holder",
            Self::MalformedRequest => "malformed_request",
            Self::UnsupportedVersion => "unsupported_version",
            Self::Unavailable => "unavailable",
            Self::CodeNotAccepted => "code_not_accepted",
            Self::Suspended => "suspended",
            Self::Denied => "denied",
        }
    }

    /// Whether, said to a renewal, it is the last word: the citizen has to get the ID again.
    #[must_use]
    pub const fn ends_renewal(self) -> bool {
        matches!(self, Self::CodeNotAccepted | Self::AnotherPhone | Self::AnotherHolder | Self::Denied)
    }

    /// The refusal with this code.
    ///
    /// # Errors
    /// [`UnknownRefusal`].
    pub fn from_code(code: &str) -> Result<Self, UnknownRefusal> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code).ok_or(UnknownRefusal)
    }

    /// What happened.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::UntrustedChip, Language::Korean) => "카드를 서명한 기관을 발급기관이 알지 못합니다.",
            (Self::UntrustedChip, Language::English) => "The issuer does not know who signed the card.",
            (Self::AlteredChipData, Language::Korean) => {
                "카드에 있는 파일이 서명된 것과 다르다고 발급기관이 판단했습니다."
            }
            (Self::AlteredChipData, Language::English) => {
                "The issuer found a file on the card that is not the one that was signed."
            }
            (Self::CloneSuspected, Language::Korean) => "카드가 원본임을 발급기관에 증명하지 못했습니다.",
            (Self::CloneSuspected, Language::English) => {
                "The card could not prove to the issuer that it is the original."
            }
            (Self::CardIncomplete, Language::Korean) => "카드에 신분증을 만들 정보가 부족합니다.",
            (Self::CardIncomplete, Language::English) => "The card lacks what an ID is made of.",
            (Self::CardExpired, Language::Korean) => "유효기간이 지난 카드입니다.",
            (Self::CardExpired, Language::English) => "The card has expired.",
            (Self::CardReportedLost, Language::Korean) => "분실 신고된 카드입니다.",
            (Self::CardReportedLost, Language::English) => "The card was reported lost.",
            (Self::CardOutdated, Language::Korean) => {
                "카드가 발급된 뒤 이름이나 주소가 바뀌어, 카드의 내용이 등록된 내용과 다릅니다."
            }
            (Self::CardOutdated, Language::English) => {
                "Name or address have changed since the card was issued."
            }
            (Self::ChallengeExpired, Language::Korean) => {
                "시간이 너무 오래 걸렸습니다. 처음부터 다시 하세요."
            }
            (Self::ChallengeExpired, Language::English) => "It took too long. Start again.",
            (Self::Replayed, Language::Korean) => "이미 쓴 발급 절차입니다. 처음부터 다시 하세요.",
            (Self::Replayed, Language::English) => "This enrolment was used before. Start again.",
            (Self::UnknownSession, Language::Korean) => {
                "발급기관이 모르는 발급 절차입니다. 처음부터 다시 하세요."
            }
            (Self::UnknownSession, Language::English) => {
                "The issuer does not know this enrolment. Start again."
            }
            (Self::FaceMismatch, Language::Korean) => "발급기관이 얼굴 확인을 인정하지 않습니다.",
            (Self::FaceMismatch, Language::English) => "The issuer does not accept the face check.",
            (Self::AttestationRefused, Language::Korean) => {
                "발급기관이 이 휴대전화의 키를 인정하지 않습니다."
            }
            (Self::AttestationRefused, Language::English) => "The issuer does not accept this phone's keys.",
            (Self::BadSignature, Language::Korean) => {
                "이 휴대전화의 요청인지 발급기관이 확인하지 못했습니다."
            }
            (Self::BadSignature, Language::English) => "The issuer could not verify that this phone asks.",
            (Self::AnotherPhone, Language::Korean) => "다른 휴대전화에 이미 신분증이 있습니다.",
            (Self::AnotherPhone, Language::English) => "This person has the ID on another phone.",
            (Self::AnotherHolder, Language::Korean) => "이 지갑에는 다른 사람의 신분증이 있습니다.",
            (Self::AnotherHolder, Language::English) => "This wallet holds another person's ID.",
            (Self::MalformedRequest, Language::Korean) => "발급기관이 요청을 이해하지 못했습니다.",
            (Self::MalformedRequest, Language::English) => "The issuer did not understand the request.",
            (Self::UnsupportedVersion, Language::Korean) => "발급기관이 이 지갑의 버전을 지원하지 않습니다.",
            (Self::UnsupportedVersion, Language::English) => {
                "The issuer does not speak this wallet's version."
            }
            (Self::Unavailable, Language::Korean) => {
                "발급기관이 지금 처리할 수 없습니다. 나중에 다시 하세요."
            }
            (Self::Unavailable, Language::English) => "The issuer cannot serve now. Try later.",
            (Self::CodeNotAccepted, Language::Korean) => {
                "발급 코드나 숫자가 틀렸거나, 이미 쓰였거나, 기간이 지났습니다."
            }
            (Self::CodeNotAccepted, Language::English) => {
                "The code or its digits are wrong, used already, or too old."
            }
            (Self::Suspended, Language::Korean) => "분실 신고로 정지된 신분증입니다.",
            (Self::Suspended, Language::English) => {
                "The ID is suspended, because its phone was reported lost."
            }
            (Self::Denied, Language::Korean) => "발급기관이 발급을 허락하지 않았습니다.",
            (Self::Denied, Language::English) => "The issuer did not allow it.",
        }
    }

    /// What the citizen can do, in English.
    #[must_use]
    pub const fn way_out(self) -> &'static str {
        match self {
            Self::UntrustedChip => {
                "This is not a card the issuer knows. Use the resident card, or visit a community centre."
            }
            Self::AlteredChipData => {
                "The card's content was changed. Visit a community centre with the card."
            }
            Self::CloneSuspected => {
                "The card did not answer as the original would. Read it again; if it fails twice, visit a community centre."
            }
            Self::CardIncomplete => {
                "The card lacks data the ID needs. Visit a community centre for a new card."
            }
            Self::CardExpired | Self::CardReportedLost => {
                "Enrol with your new card. If you have none yet, ask a community centre for it."
            }
            Self::CardOutdated => "Visit a community centre: the ID can be issued there, and a new card.",
            Self::ChallengeExpired => {
                "It took too long. Start again and hold the card still until it is read."
            }
            Self::Replayed | Self::UnknownSession => "This attempt is over. Start again.",
            Self::FaceMismatch => {
                "The face could not be matched with the card's photo. Try in better light; an old photo needs a new card."
            }
            Self::AttestationRefused => {
                "This phone's security hardware could not be proven. Set up strong biometrics and update the system."
            }
            Self::BadSignature | Self::MalformedRequest | Self::UnsupportedVersion => {
                "Update the app and start again."
            }
            Self::AnotherPhone => {
                "Your ID lives on another phone. Give it up there first, or, if that phone is lost, report the loss (1688-0990) or visit a community centre; then enrol here."
            }
            Self::AnotherHolder => {
                "This phone holds another person's ID. Only its holder can enrol on it; remove that ID first."
            }
            Self::Unavailable => "The issuer cannot answer now. Try again later.",
            Self::CodeNotAccepted => {
                "Check the six digits and scan the code again; if it is refused again, ask the clerk for a new one."
            }
            Self::Suspended => {
                "If the phone is found, have the suspension lifted by your telecom operator; if it is gone, visit a community centre."
            }
            Self::Denied => "Ask at a community centre why, and what to do.",
        }
    }

    /// What the citizen can do, in Korean.
    #[must_use]
    pub const fn way_out_korean(self) -> &'static str {
        match self {
            Self::UntrustedChip => {
                "발급기관이 확인할 수 없는 카드입니다. 주민등록증을 사용하시거나 주민센터를 방문해 주세요."
            }
            Self::AlteredChipData => {
                "카드에 저장된 내용이 변경되었습니다. 카드를 가지고 주민센터를 방문해 주세요."
            }
            Self::CloneSuspected => {
                "카드가 원본과 다르게 응답했습니다. 다시 읽어 주시고, 두 번 실패하면 주민센터를 방문해 주세요."
            }
            Self::CardIncomplete => "카드에 필요한 정보가 없습니다. 주민센터에서 새 카드를 신청해 주세요.",
            Self::CardExpired | Self::CardReportedLost => {
                "새 카드로 다시 신청해 주세요. 아직 없다면 주민센터에서 카드를 재발급받아 주세요."
            }
            Self::CardOutdated => {
                "주민센터를 방문해 주세요. 그곳에서 모바일 신분증과 새 카드를 발급받을 수 있습니다."
            }
            Self::ChallengeExpired => {
                "시간이 초과되었습니다. 처음부터 다시 하시고, 읽는 동안 카드를 떼지 마세요."
            }
            Self::Replayed | Self::UnknownSession => "종료된 신청입니다. 처음부터 다시 해 주세요.",
            Self::FaceMismatch => {
                "얼굴이 카드 사진과 일치하지 않습니다. 밝은 곳에서 다시 시도해 주세요. 사진이 오래되었다면 카드 재발급이 필요합니다."
            }
            Self::AttestationRefused => {
                "휴대전화의 보안 하드웨어를 확인하지 못했습니다. 생체인증을 등록하고 시스템을 업데이트해 주세요."
            }
            Self::BadSignature | Self::MalformedRequest | Self::UnsupportedVersion => {
                "앱을 업데이트한 뒤 다시 시도해 주세요."
            }
            Self::AnotherPhone => {
                "모바일 신분증이 다른 휴대전화에 있습니다. 그 휴대전화에서 먼저 해지하거나, 분실했다면 분실신고(1688-0990) 또는 주민센터 방문 후 다시 신청해 주세요."
            }
            Self::AnotherHolder => {
                "이 휴대전화에는 다른 사람의 신분증이 있습니다. 본인만 발급받을 수 있으니 먼저 그 신분증을 삭제해 주세요."
            }
            Self::Unavailable => "지금은 발급기관이 응답할 수 없습니다. 잠시 후 다시 시도해 주세요.",
            Self::CodeNotAccepted => {
                "여섯 자리 숫자를 확인하고 코드를 다시 읽어 주세요. 다시 거절되면 창구에 새 코드를 요청해 주세요."
            }
            Self::Suspended => {
                "휴대전화를 찾았다면 통신사에 정지 해제를 요청하시고, 찾지 못했다면 주민센터를 방문해 주세요."
            }
            Self::Denied => "주민센터에 이유와 방법을 문의해 주세요.",
        }
    }
}
