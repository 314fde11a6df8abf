//! What a card may say beside its holder's name.

use wallet_core::chip::files::{dg11, dg12};

/// One such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    PersonalNumber,
    Address,
    Authority,
    Issued,
    PersonToNotify,
    /// Of data group 11.
    Person(dg11::FurtherDetail),
    /// Of data group 12.
    Document(dg12::FurtherDetail),
}

impl Detail {
    /// Its stable machine name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PersonalNumber => "personal_number",
            Self::Address => "address",
            Self::Authority => "issuing_authority",
            Self::Issued => "issued",
            Self::PersonToNotify => "person_to_notify",
            Self::Person(detail) => match detail {
                dg11::FurtherDetail::OtherName => "other_name",
                dg11::FurtherDetail::PlaceOfBirth => "place_of_birth",
                dg11::FurtherDetail::Telephone => "telephone",
                dg11::FurtherDetail::Profession => "profession",
                dg11::FurtherDetail::Title => "title",
                dg11::FurtherDetail::Summary => "summary",
                dg11::FurtherDetail::OtherDocuments => "other_documents",
                dg11::FurtherDetail::Custody => "custody",
            },
            Self::Document(detail) => match detail {
                dg12::FurtherDetail::Endorsements => "endorsements",
                dg12::FurtherDetail::Exit => "exit_requirements",
                dg12::FurtherDetail::Personalised => "personalised",
                dg12::FurtherDetail::PersonalisedBy => "personalised_by",
            },
        }
    }

    /// For people.
    pub(super) const fn english(self) -> &'static str {
        match self {
            Self::PersonalNumber => "Personal number",
            Self::Address => "Address",
            Self::Authority => "Issued by",
            Self::Issued => "Issued",
            Self::PersonToNotify => "To be notified in an emergency",
            Self::Person(detail) => match detail {
                dg11::FurtherDetail::OtherName => "Other name",
                dg11::FurtherDetail::PlaceOfBirth => "Place of birth",
                dg11::FurtherDetail::Telephone => "Telephone",
                dg11::FurtherDetail::Profession => "Profession",
                dg11::FurtherDetail::Title => "Title",
                dg11::FurtherDetail::Summary => "Summary",
                dg11::FurtherDetail::OtherDocuments => "Other documents",
                dg11::FurtherDetail::Custody => "Custody",
            },
            Self::Document(detail) => match detail {
                dg12::FurtherDetail::Endorsements => "Endorsements",
                dg12::FurtherDetail::Exit => "Tax or exit requirements",
                dg12::FurtherDetail::Personalised => "Personalised at",
                dg12::FurtherDetail::PersonalisedBy => "Personalised by system",
            },
        }
    }

    /// For people.
    pub(super) const fn korean(self) -> &'static str {
        match self {
            Self::PersonalNumber => "개인 번호",
            Self::Address => "주소",
            Self::Authority => "발급 기관",
            Self::Issued => "발급일",
            Self::PersonToNotify => "비상 연락처",
            Self::Person(detail) => match detail {
                dg11::FurtherDetail::OtherName => "다른 이름",
                dg11::FurtherDetail::PlaceOfBirth => "출생지",
                dg11::FurtherDetail::Telephone => "전화번호",
                dg11::FurtherDetail::Profession => "직업",
                dg11::FurtherDetail::Title => "직함",
                dg11::FurtherDetail::Summary => "인적 사항",
                dg11::FurtherDetail::OtherDocuments => "다른 여행 문서",
                dg11::FurtherDetail::Custody => "보호자 정보",
            },
            Self::Document(detail) => match detail {
                dg12::FurtherDetail::Endorsements => "기재 사항",
                dg12::FurtherDetail::Exit => "세금·출국 요건",
                dg12::FurtherDetail::Personalised => "발급 처리 시각",
                dg12::FurtherDetail::PersonalisedBy => "발급 처리 장비",
            },
        }
    }
}
