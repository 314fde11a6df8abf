//! Why a code is refused, with texts for clerks.

use crate::{
    card::Language,
    counter::{CounterError, Rule},
};

macro_rules! reasons {
    ($( $(#[$doc:meta])* $variant:ident $({ $(#[$field_doc:meta])* $field:ident: $type:ty })? = $name:literal, $korean:literal, $english:literal; )*) => {
        /// Why a check failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        pub enum Reason {
            $( $(#[$doc])* $variant $({ $(#[$field_doc])* $field: $type })?, )*
        }

        impl Reason {
            /// The stable machine name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant { .. } => $name, )* }
            }

            /// One sentence for a clerk. It names nobody.
            #[must_use]
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) { $(
                    (Self::$variant { .. }, Language::Korean) => $korean,
                    (Self::$variant { .. }, Language::English) => $english,
                )* }
            }
        }
    };
}

reasons! {
    /// The text is not a counter code at all.
    NotACounterCode = "not_a_counter_code", "모바일 신분증 제시 코드가 아닙니다.", "This is not a mobile ID code.";
    /// Not base45, not deterministic CBOR, or of another shape.
    Malformed = "malformed", "코드가 손상되었습니다. 다시 읽어 주세요.", "The code is damaged. Scan it again.";
    /// Something unsigned was added.
    UnprotectedHeader = "unprotected_header", "서명되지 않은 내용이 덧붙어 있습니다.", "Something unsigned was added to the code.";
    /// Signed as something else, or by another algorithm.
    WrongType = "wrong_type", "다른 용도의 서명입니다.", "The signature is for another purpose.";
    /// The pack's life is over.
    PackExpired { /// Seconds since.
        since: i64 } = "pack_expired", "확인 자료의 유효기간이 지났습니다. 자료를 새로 받으세요.", "The verification pack has expired. Fetch a new one.";
    /// The pack is from the future: this counter's clock is wrong.
    PackFromTheFuture = "pack_from_the_future", "확인 자료보다 이 기기의 시계가 늦습니다. 시계를 확인하세요.", "This device's clock is behind its verification pack. Check the clock.";
    /// No issuer of the pack has that certificate.
    UnknownIssuer = "unknown_issuer", "알 수 없는 발급기관입니다.", "The issuer is not known.";
    /// The issuer's certificate is not in its time.
    IssuerCertificateOutsideItsTime = "issuer_certificate_outside_its_time", "발급기관 인증서의 유효기간이 아닙니다.", "The issuer's certificate is not valid now.";
    /// The issuer did not sign this.
    IssuerSignature = "issuer_signature", "발급기관의 서명이 맞지 않습니다.", "The issuer's signature does not verify.";
    /// The issuer's signature in its second form.
    IssuerSignatureHighS = "issuer_signature_high_s", "발급기관의 서명이 변형되었습니다.", "The issuer's signature was rewritten.";
    /// The copy's type is not known here.
    UnknownDocument = "unknown_document", "알 수 없는 신분증 종류입니다.", "The kind of ID is not known.";
    /// The issuer signed a copy that breaks the format.
    CopyBroken = "copy_broken", "신분증 내용이 규격에 맞지 않습니다.", "The ID does not follow the format.";
    /// The copy's validity is over.
    CopyExpired = "copy_expired", "신분증의 유효기간이 지났습니다.", "The ID has expired.";
    /// The copy's validity has not begun.
    CopyNotYetValid = "copy_not_yet_valid", "아직 유효하지 않은 신분증입니다.", "The ID is not valid yet.";
    /// The phone's key did not sign this.
    HolderSignature = "holder_signature", "휴대전화의 서명이 맞지 않습니다.", "The phone's signature does not verify.";
    /// The phone's signature in its second form.
    HolderSignatureHighS = "holder_signature_high_s", "휴대전화의 서명이 변형되었습니다.", "The phone's signature was rewritten.";
    /// This token was accepted before.
    SeenBefore { /// When, seconds since 1970 UTC.
        at: i64 } = "seen_before", "이미 확인한 코드입니다.", "This code was accepted before.";
    /// The token's claims break the format.
    TokenBroken = "token_broken", "제시 내용이 규격에 맞지 않습니다.", "The show does not follow the format.";
    /// The token names an issuer or a subject.
    TokenNamesParty = "token_names_party", "제시 내용에 허용되지 않은 이름이 있습니다.", "The show names a party it must not.";
    /// Another period than 15 seconds.
    Period = "period", "화면 주기가 규격과 다릅니다.", "The frame period is not the format's.";
    /// More than 12 frames, or none.
    FrameCount = "frame_count", "화면 수가 규격을 벗어났습니다.", "The number of frames is out of bounds.";
    /// The token's life is not that of its frames.
    TokenLife = "token_life", "제시 시간이 화면 수와 맞지 않습니다.", "The life of the show does not match its frames.";
    /// The token lives outside its copy's life.
    TokenOutsideCopy = "token_outside_copy", "제시 시간이 신분증의 유효기간을 벗어났습니다.", "The show reaches outside the ID's validity.";
    /// The step is not below the number of frames.
    Step = "step", "화면 순번이 범위를 벗어났습니다.", "The frame's number is out of bounds.";
    /// The preimage does not lead to the anchor.
    Preimage = "preimage", "화면이 위조되었습니다.", "The frame is forged.";
    /// The token is for another desk.
    OtherDesk = "other_desk", "다른 창구에 제시한 코드입니다.", "The code was made for another desk.";
    /// This level wants the desk's own name.
    GeneralAudience = "general_audience", "이 항목은 창구 표지를 읽고 제시해야 합니다.", "For this much the citizen must scan the desk sign first.";
    /// No nonce where one is required.
    NonceMissing = "nonce_missing", "창구의 일회용 번호가 없습니다.", "The desk's nonce is missing.";
    /// A nonce this counter did not issue.
    NonceUnknown = "nonce_unknown", "이 창구가 내지 않은 일회용 번호입니다.", "This counter did not issue that nonce.";
    /// A nonce used before.
    NonceUsed = "nonce_used", "이미 쓴 일회용 번호입니다.", "That nonce was used before.";
    /// A nonce older than two minutes.
    NonceTooOld = "nonce_too_old", "일회용 번호가 오래되었습니다.", "That nonce is too old.";
    /// The frame's window is over: a picture of an earlier moment.
    FrameExpired { /// Seconds since the window ended.
        by: i64 } = "frame_expired", "지난 화면입니다. 지금 화면을 다시 보여 달라고 하세요. 계속되면 휴대전화 시계를 확인하세요.", "The frame is over. Ask to see the present one; if this persists, check the phone's clock.";
    /// The phone's clock and this one differ.
    ClocksDisagree { /// Seconds the phone is ahead; behind when negative.
        by: i64 } = "clocks_disagree", "휴대전화와 이 기기의 시계가 다릅니다.", "The phone's clock and this one disagree.";
    /// No staple.
    StapleMissing = "staple_missing", "발급기관의 최근 확인이 없습니다.", "The issuer's recent proof is missing.";
    /// The staple does not lead to its anchor.
    StapleWrong = "staple_wrong", "발급기관의 확인이 위조되었습니다.", "The issuer's recent proof is forged.";
    /// The staple is older than the policy accepts.
    StapleTooOld { /// Hours.
        hours: i64 } = "staple_too_old", "발급기관의 확인이 오래되었습니다. 휴대전화를 인터넷에 연결한 뒤 다시 제시하게 하세요.", "The issuer's proof is too old. The phone must go online once.";
    /// The staple is of an hour to come: this counter's clock is behind.
    StapleFromTheFuture = "staple_from_the_future", "이 기기의 시계가 늦습니다.", "This device's clock is behind.";
    /// Suspended or revoked.
    Deactivated = "deactivated", "정지되었거나 폐기된 신분증입니다.", "The ID is suspended or revoked.";
}

impl Reason {
    /// The reason for a fault found where `otherwise` stands for bytes that are not of the format.
    pub(super) const fn from_error(error: CounterError, otherwise: Self) -> Self {
        match error {
            CounterError::PeerMisbehaved(rule) => Self::from_rule(rule, otherwise),
            CounterError::Malformed(_) | CounterError::Untrusted(_) | CounterError::Misuse(_) => otherwise,
        }
    }

    pub(super) const fn from_rule(rule: Rule, otherwise: Self) -> Self {
        match rule {
            Rule::UnprotectedHeader => Self::UnprotectedHeader,
            Rule::WrongType | Rule::WrongAlgorithm => Self::WrongType,
            Rule::IssuerSignature => Self::IssuerSignature,
            Rule::IssuerSignatureHighS => Self::IssuerSignatureHighS,
            Rule::HolderSignature => Self::HolderSignature,
            Rule::HolderSignatureHighS => Self::HolderSignatureHighS,
            Rule::UnknownDocument => Self::UnknownDocument,
            Rule::TokenNamesParty => Self::TokenNamesParty,
            Rule::Period => Self::Period,
            Rule::FrameCount => Self::FrameCount,
            Rule::TokenLife => Self::TokenLife,
            Rule::TokenOutsideCopy => Self::TokenOutsideCopy,
            Rule::Step => Self::Step,
            Rule::Preimage => Self::Preimage,
            Rule::Staple => Self::StapleWrong,
            Rule::CopyTimes
            | Rule::StapleBounds
            | Rule::WrongHolder
            | Rule::Signature
            | Rule::OutsideItsTime
            | Rule::ForeignDeskId
            | Rule::OlderPack => otherwise,
        }
    }
}
