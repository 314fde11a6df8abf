//! What the citizen reads when the phone asks for their fingerprint or face.

use crate::{
    card::{Disclosure, Language},
    platform::Prompt,
};

/// Unlocking the wallet.
pub(super) fn unlock(language: Language) -> Prompt {
    let (title, reason) = match language {
        Language::Korean => ("모바일 신분증 열기", "신분증과 이용 기록을 봅니다."),
        Language::English => ("Open the mobile ID", "To see your ID and its history."),
    };
    prompt(title, reason.to_owned(), None)
}

/// Comparing the face with the card's portrait.
pub(super) fn face_check(language: Language) -> Prompt {
    let (title, reason) = match language {
        Language::Korean => {
            ("얼굴 확인", "카드의 사진과 같은 사람인지 확인합니다. 사진은 저장하지 않습니다.")
        }
        Language::English => {
            ("Face check", "To see that you are the person on the card. No picture is kept.")
        }
    };
    prompt(title, reason.to_owned(), None)
}

/// Taking an ID from an issuer that wants a key to sign for itself.
pub(super) fn receive(language: Language) -> Prompt {
    let (title, reason) = match language {
        Language::Korean => ("모바일 신분증 발급", "이 휴대전화의 키로 신분증을 받습니다."),
        Language::English => ("Get the mobile ID", "To receive the ID with a key of this phone."),
    };
    prompt(title, reason.to_owned(), None)
}

/// Wiping the wallet.
pub(super) fn wipe(language: Language) -> Prompt {
    let (title, reason) = match language {
        Language::Korean => {
            ("지갑 지우기", "이 휴대전화에서 신분증과 이용 기록을 모두 지웁니다. 되돌릴 수 없습니다.")
        }
        Language::English => {
            ("Wipe the wallet", "Deletes the ID and its history from this phone. It cannot be undone.")
        }
    };
    prompt(title, reason.to_owned(), None)
}

/// Giving the phone up.
pub(super) fn give_up(language: Language) -> Prompt {
    let (title, reason) = match language {
        Language::Korean => (
            "이 휴대전화의 신분증 해지",
            "신분증을 해지하고 이 휴대전화에서 지웁니다. 다른 휴대전화에서 다시 받을 수 있습니다.",
        ),
        Language::English => (
            "Give this phone up",
            "Ends the ID and deletes it from this phone. You can get it again on another one.",
        ),
    };
    prompt(title, reason.to_owned(), None)
}

/// Showing the ID at a counter. `desk` is the verified desk's name, when its sign was scanned.
pub(super) fn show(language: Language, disclosure: Disclosure, desk: Option<&str>) -> Prompt {
    let what = disclosed(language, disclosure);
    let (title, reason) = match (language, desk) {
        (Language::Korean, Some(desk)) => ("신분증 제시", format!("{desk}에 {what} 보여 줍니다.")),
        (Language::Korean, None) => ("신분증 제시", format!("확인되지 않은 창구에 {what} 보여 줍니다.")),
        (Language::English, Some(desk)) => ("Show the ID", format!("Shows {what} to {desk}.")),
        (Language::English, None) => ("Show the ID", format!("Shows {what} to an unverified desk.")),
    };
    prompt(title, reason, desk)
}

const fn disclosed(language: Language, disclosure: Disclosure) -> &'static str {
    match (language, disclosure) {
        (Language::Korean, Disclosure::AdultOnly) => "성인 여부만",
        (Language::Korean, Disclosure::NameAndBirth) => "이름과 생년월일을",
        (Language::Korean, Disclosure::Address) => "이름, 생년월일, 주소를",
        (Language::Korean, Disclosure::Full) => "주민등록번호 뒷자리를 뺀 모든 정보를",
        (Language::Korean, Disclosure::RegistrationNumber) => "주민등록번호를 포함한 모든 정보를",
        (Language::English, Disclosure::AdultOnly) => "only whether you are an adult",
        (Language::English, Disclosure::NameAndBirth) => "your name and date of birth",
        (Language::English, Disclosure::Address) => "your name, date of birth and address",
        (Language::English, Disclosure::Full) => "everything but the second half of your registration number",
        (Language::English, Disclosure::RegistrationNumber) => {
            "everything, your whole registration number included"
        }
    }
}

fn prompt(title: &str, reason: String, counterparty: Option<&str>) -> Prompt {
    Prompt { title: title.to_owned(), reason, counterparty: counterparty.map(ToOwned::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_names_the_desk_only_when_it_is_verified() {
        let known = show(Language::English, Disclosure::AdultOnly, Some("Corner shop"));
        assert_eq!(known.counterparty.as_deref(), Some("Corner shop"));
        assert!(known.reason.contains("Corner shop"));
        let unknown = show(Language::English, Disclosure::AdultOnly, None);
        assert_eq!(unknown.counterparty, None);
        assert!(unknown.reason.contains("unverified"));
        assert!(show(Language::Korean, Disclosure::Full, None).reason.contains("확인되지 않은"));
    }
}
