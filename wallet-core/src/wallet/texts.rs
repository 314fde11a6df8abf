//! What people read, in Korean and English, so that every app says the same: what happened, and what to do next.

use super::{
    CardState, CardTrouble, CommandReason, Distrust, EnrolmentStage, Language, LifeCycle, PasswordKind,
    Unusable, WalletError,
};
use crate::{card::Disclosure, vault::EventKind};

/// An error for the citizen's eyes. It holds no claim, number or key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ErrorText {
    /// One sentence: what happened.
    pub what: String,
    /// One or two sentences: what the citizen can do about it.
    pub next: String,
}

/// The error in words.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn error_text(error: WalletError, language: Language) -> ErrorText {
    error.text(language)
}

/// What a level shows, in words.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn disclosure_text(disclosure: Disclosure, language: Language) -> String {
    disclosure.text(language).to_owned()
}

/// A card's state in a word.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn card_state_text(state: CardState, language: Language) -> String {
    state.text(language).to_owned()
}

/// Where a card stands, in words: what happened, and what the citizen can do.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn standing_text(standing: LifeCycle, language: Language) -> ErrorText {
    ErrorText { what: standing.what(language).to_owned(), next: standing.next(language).to_owned() }
}

/// Why a command locked the wallet, in words, and the way out.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn locked_text(why: CommandReason, language: Language) -> ErrorText {
    WalletError::NotUsable { why: Unusable::LockedByCommand { why } }.text(language)
}

/// A heading in the history.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn event_text(kind: EventKind, language: Language) -> String {
    kind.text(language).to_owned()
}

/// What the citizen reads while a stage of an enrolment lasts.
#[must_use]
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn stage_text(stage: EnrolmentStage, language: Language) -> String {
    stage.text(language).to_owned()
}

impl WalletError {
    /// The error in words.
    #[must_use]
    pub fn text(&self, language: Language) -> ErrorText {
        let (what, next) = match language {
            Language::Korean => (self.what_korean(), self.next_korean()),
            Language::English => (self.what_english(), self.next_english()),
        };
        ErrorText { what, next }
    }

    fn what_english(&self) -> String {
        match self {
            Self::UserCancelled => "Cancelled.",
            Self::WrongPassword { kind, .. } => match kind {
                PasswordKind::Can => "The card does not accept these six digits.",
                PasswordKind::Mrz => "The card does not accept this number and these dates.",
                PasswordKind::Pin => "The card does not accept this PIN.",
                PasswordKind::Puk => "The card does not accept this PUK.",
                PasswordKind::TransactionCode => "The digits for this code have another form.",
            },
            Self::CardLost => "The card was moved away.",
            Self::CardUnreadable { why } => match why {
                CardTrouble::Misbehaved => "The card broke the protocol; it cannot be read safely.",
                CardTrouble::Refused => "The card refused: it is another kind of card.",
                CardTrouble::Blocked => "The card is blocked after too many wrong tries.",
                CardTrouble::Suspended => {
                    "The card accepts its PIN again only after the number printed on it."
                }
                CardTrouble::WeakerAccess => {
                    "The card refused the protection it promises. It was not opened without."
                }
                CardTrouble::AnotherCard => "That is another card than before.",
                CardTrouble::Unsupported => "The card speaks a protocol this wallet does not know.",
                CardTrouble::Silent => "The card did not answer in time.",
            },
            Self::NotTrusted { why } => match why {
                Distrust::ChipSigner => "The chip's data are not signed by an authority this wallet trusts.",
                Distrust::ChipDataAltered => "A file on the chip is not the one that was signed.",
                Distrust::ChipCloned => "The chip could not prove that it is the original.",
                Distrust::IssuerAnswer => "The issuer's answer cannot be understood.",
                Distrust::IssuedCredential => {
                    "What the issuer sent cannot be verified. Nothing of it was kept."
                }
                Distrust::ForeignIssuer => "The code is from an issuer this wallet does not know.",
                Distrust::DeskSign => "The desk's sign is not that of a registered desk, or it has expired.",
            },
            Self::Locked => "The wallet is locked.",
            Self::LockedOut => "Biometrics are locked after too many attempts.",
            Self::NoBiometrics => "No fingerprint or face is set up on this phone.",
            Self::KeyInvalidated => "The keys of the ID died because fingerprints or faces were changed.",
            Self::FaceMismatch => "The face is not the one on the card.",
            Self::Offline => "The issuer cannot be reached.",
            Self::IssuerRefused { why } => why.text(Language::English),
            Self::AnotherHolder => "This wallet holds another person's ID.",
            Self::CardNotFound => "There is no such card in the wallet.",
            Self::NoCopiesLeft { disclosure } => {
                return format!("No shows are left of the level \"{}\".", disclosure.text(Language::English));
            }
            Self::NotUsable { why } => match why {
                Unusable::LockedByCommand { why: CommandReason::PhoneLost } => {
                    "The wallet is locked because this phone was reported lost."
                }
                Unusable::LockedByCommand { why: CommandReason::OtherPhone } => {
                    "The wallet is locked because the ID moved to another phone."
                }
                Unusable::LockedByCommand { why: CommandReason::ByCitizen } => {
                    "The wallet is locked because you asked for it."
                }
                Unusable::LockedByCommand { why: CommandReason::ByIssuer | CommandReason::PhoneFound } => {
                    "The issuer has locked the wallet."
                }
                Unusable::Wiped => "The wallet was wiped. Nothing is left on this phone.",
                Unusable::Card { standing } => standing.what(Language::English),
                Unusable::StapleTooOld { hours } => {
                    return format!("The issuer last vouched for this ID {hours} hours ago.");
                }
            },
            Self::ShowEnded => "The show is over.",
            Self::NotForThisWallet => "That code is not one this wallet understands.",
            Self::StorageFull => "The phone's storage is full.",
            Self::StorageCorrupt { kept_at: Some(_) } => {
                "The wallet's file cannot be read. It was put aside, not deleted."
            }
            Self::StorageCorrupt { kept_at: None } => {
                "The wallet's file is older than the one this phone wrote last. It was left where it is."
            }
            Self::Unavailable { code } => return format!("Not possible now (code {code})."),
        }
        .to_owned()
    }

    fn next_english(&self) -> String {
        match self {
            Self::UserCancelled => "Nothing was changed. Start again when you like.",
            Self::WrongPassword { kind: PasswordKind::TransactionCode, .. } => {
                "Type the digits that you were told at the counter."
            }
            Self::WrongPassword { kind, tries_left } => {
                let left = tries_left.map(|left| format!(" {left} tries are left.")).unwrap_or_default();
                return match kind {
                    PasswordKind::Pin | PasswordKind::Puk => format!("Type the number again.{left}"),
                    _ => format!("Look at the card and type the digits again.{left}"),
                };
            }
            Self::CardLost => "Hold the card still against the phone until it is read.",
            Self::CardUnreadable { why: CardTrouble::Silent } => {
                "Take off thick covers, find the spot where the phone reads, and hold the card still."
            }
            Self::CardUnreadable { why: CardTrouble::Blocked } => "Visit a community centre with the card.",
            Self::CardUnreadable { why: CardTrouble::Suspended } => {
                "Type the six digits printed on the card together with the PIN."
            }
            Self::CardUnreadable { why: CardTrouble::AnotherCard } => {
                "Start again, and keep to one card until it is read."
            }
            Self::CardUnreadable { .. } => "Use a resident card with a chip, or visit a community centre.",
            Self::NotTrusted { why } => match why {
                Distrust::ChipSigner | Distrust::ChipDataAltered | Distrust::ChipCloned => {
                    "Visit a community centre with the card."
                }
                Distrust::IssuerAnswer | Distrust::IssuedCredential => {
                    "Try again later. If it happens again, update the app."
                }
                Distrust::ForeignIssuer => "Do not type anything. Get the ID at a community centre.",
                Distrust::DeskSign => {
                    "Ask the desk for a fresh sign, and do not show your ID to a desk you doubt."
                }
            },
            Self::Locked => "Unlock the wallet with your fingerprint or face.",
            Self::LockedOut => "Unlock the phone by its screen lock, then try again.",
            Self::NoBiometrics => "Set one up in the phone's settings, then come back.",
            Self::KeyInvalidated => "Start over and read your card again. Nobody can use the dead keys.",
            Self::FaceMismatch => "Try again in better light. An old photo needs a new card.",
            Self::Offline => "Check the phone's connection and try again.",
            Self::IssuerRefused { why } => why.way_out(),
            Self::AnotherHolder => "Only its holder can use this phone's wallet.",
            Self::CardNotFound => "Go back to the list of cards.",
            Self::NoCopiesLeft { .. } => "Connect to the network and have the ID issued again.",
            Self::NotUsable { why } => match why {
                Unusable::LockedByCommand { why: CommandReason::PhoneLost } => {
                    "If you have it back, tell your telecom operator that it was found."
                }
                Unusable::LockedByCommand { why: CommandReason::OtherPhone } => {
                    "Wipe the wallet to use this phone anew. If it was not you, go to a community centre at once."
                }
                Unusable::LockedByCommand { .. } => "Ask the issuer, or visit a community centre.",
                Unusable::Wiped => "Start over, and get the ID again with your card or at a community centre.",
                Unusable::Card { standing } => standing.next(Language::English),
                Unusable::StapleTooOld { .. } => {
                    "Connect to the network for a moment. Shown as it is, most counters will refuse it."
                }
            },
            Self::ShowEnded => "Show the ID again.",
            Self::NotForThisWallet => "Scan a centre's code or the sign of a desk.",
            Self::StorageFull => "Free some space and try again.",
            Self::StorageCorrupt { kept_at: Some(_) } => "Open the app again and enrol anew.",
            Self::StorageCorrupt { kept_at: None } => {
                "An older copy of the app's data was put back. Remove the app's data and enrol anew."
            }
            Self::Unavailable { .. } => "Try again. If it happens again, restart the phone.",
        }
        .to_owned()
    }

    fn what_korean(&self) -> String {
        match self {
            Self::UserCancelled => "취소했습니다.",
            Self::WrongPassword { kind, .. } => match kind {
                PasswordKind::Can => "카드가 이 여섯 자리 숫자를 받아들이지 않습니다.",
                PasswordKind::Mrz => "카드가 이 번호와 날짜를 받아들이지 않습니다.",
                PasswordKind::Pin => "카드가 이 비밀번호를 받아들이지 않습니다.",
                PasswordKind::Puk => "카드가 이 잠금 해제 번호를 받아들이지 않습니다.",
                PasswordKind::TransactionCode => "이 코드의 숫자가 아닙니다.",
            },
            Self::CardLost => "카드가 떨어졌습니다.",
            Self::CardUnreadable { why } => match why {
                CardTrouble::Misbehaved => "카드가 규약을 어겨 안전하게 읽을 수 없습니다.",
                CardTrouble::Refused => "카드가 거부했습니다. 다른 종류의 카드입니다.",
                CardTrouble::Blocked => "여러 번 틀려 카드가 막혔습니다.",
                CardTrouble::Suspended => "카드에 적힌 번호를 먼저 확인해야 비밀번호를 다시 쓸 수 있습니다.",
                CardTrouble::WeakerAccess => {
                    "카드가 약속한 보호 방식을 거부했습니다. 더 약한 방식으로는 열지 않았습니다."
                }
                CardTrouble::AnotherCard => "아까와 다른 카드입니다.",
                CardTrouble::Unsupported => "이 지갑이 모르는 방식의 카드입니다.",
                CardTrouble::Silent => "카드가 시간 안에 답하지 않았습니다.",
            },
            Self::NotTrusted { why } => match why {
                Distrust::ChipSigner => "칩의 정보를 서명한 기관을 이 지갑이 신뢰하지 않습니다.",
                Distrust::ChipDataAltered => "칩에 있는 파일이 서명된 것과 다릅니다.",
                Distrust::ChipCloned => "칩이 원본임을 증명하지 못했습니다.",
                Distrust::IssuerAnswer => "발급기관의 답을 이해할 수 없습니다.",
                Distrust::IssuedCredential => {
                    "발급기관이 보낸 것을 확인할 수 없습니다. 아무것도 저장하지 않았습니다."
                }
                Distrust::ForeignIssuer => "이 지갑이 모르는 발급기관의 코드입니다.",
                Distrust::DeskSign => "등록된 창구의 안내 코드가 아니거나 기간이 지났습니다.",
            },
            Self::Locked => "지갑이 잠겨 있습니다.",
            Self::LockedOut => "여러 번 실패하여 생체인증이 잠겼습니다.",
            Self::NoBiometrics => "이 휴대전화에 지문이나 얼굴이 등록되어 있지 않습니다.",
            Self::KeyInvalidated => "지문이나 얼굴 정보가 바뀌어 신분증의 키를 쓸 수 없습니다.",
            Self::FaceMismatch => "카드에 있는 얼굴과 다릅니다.",
            Self::Offline => "발급기관에 연결할 수 없습니다.",
            Self::IssuerRefused { why } => why.text(Language::Korean),
            Self::AnotherHolder => "이 지갑에는 다른 사람의 신분증이 있습니다.",
            Self::CardNotFound => "지갑에 그런 카드가 없습니다.",
            Self::NoCopiesLeft { disclosure } => {
                let level = disclosure.text(Language::Korean);
                return format!("\"{level}\" 범위로 보여 줄 수 있는 횟수가 남지 않았습니다.");
            }
            Self::NotUsable { why } => match why {
                Unusable::LockedByCommand { why: CommandReason::PhoneLost } => {
                    "이 휴대전화의 분실이 신고되어 지갑이 잠겼습니다."
                }
                Unusable::LockedByCommand { why: CommandReason::OtherPhone } => {
                    "신분증이 다른 휴대전화로 옮겨져 지갑이 잠겼습니다."
                }
                Unusable::LockedByCommand { why: CommandReason::ByCitizen } => {
                    "본인의 요청으로 지갑이 잠겼습니다."
                }
                Unusable::LockedByCommand { why: CommandReason::ByIssuer | CommandReason::PhoneFound } => {
                    "발급기관이 지갑을 잠갔습니다."
                }
                Unusable::Wiped => "지갑을 지웠습니다. 이 휴대전화에는 아무것도 남아 있지 않습니다.",
                Unusable::Card { standing } => standing.what(Language::Korean),
                Unusable::StapleTooOld { hours } => {
                    return format!("발급기관이 이 신분증을 마지막으로 확인한 지 {hours}시간이 지났습니다.");
                }
            },
            Self::ShowEnded => "제시가 끝났습니다.",
            Self::NotForThisWallet => "이 지갑이 이해하는 코드가 아닙니다.",
            Self::StorageFull => "휴대전화의 저장 공간이 가득 찼습니다.",
            Self::StorageCorrupt { kept_at: Some(_) } => {
                "지갑 파일을 읽을 수 없습니다. 지우지 않고 따로 보관했습니다."
            }
            Self::StorageCorrupt { kept_at: None } => {
                "지갑 파일이 이 휴대전화가 마지막으로 저장한 것보다 오래되었습니다. 그대로 두었습니다."
            }
            Self::Unavailable { code } => return format!("지금은 할 수 없습니다 (코드 {code})."),
        }
        .to_owned()
    }

    fn next_korean(&self) -> String {
        match self {
            Self::UserCancelled => "바뀐 것은 없습니다. 원할 때 다시 시작하세요.",
            Self::WrongPassword { kind: PasswordKind::TransactionCode, .. } => {
                "창구에서 들은 숫자를 입력하세요."
            }
            Self::WrongPassword { kind, tries_left } => {
                let left = tries_left.map(|left| format!(" {left}번 더 할 수 있습니다.")).unwrap_or_default();
                return match kind {
                    PasswordKind::Pin | PasswordKind::Puk => format!("번호를 다시 입력하세요.{left}"),
                    _ => format!("카드를 보고 숫자를 다시 입력하세요.{left}"),
                };
            }
            Self::CardLost => "다 읽을 때까지 카드를 휴대전화에 댄 채 움직이지 마세요.",
            Self::CardUnreadable { why: CardTrouble::Silent } => {
                "두꺼운 케이스를 벗기고, 카드가 읽히는 위치를 찾아 움직이지 말고 대 주세요."
            }
            Self::CardUnreadable { why: CardTrouble::Blocked } => "카드를 가지고 주민센터를 방문하세요.",
            Self::CardUnreadable { why: CardTrouble::Suspended } => {
                "비밀번호와 함께 카드에 적힌 여섯 자리 숫자를 입력하세요."
            }
            Self::CardUnreadable { why: CardTrouble::AnotherCard } => {
                "처음부터 다시 하고, 다 읽을 때까지 같은 카드를 대 주세요."
            }
            Self::CardUnreadable { .. } => "칩이 있는 주민등록증을 쓰거나 주민센터를 방문하세요.",
            Self::NotTrusted { why } => match why {
                Distrust::ChipSigner | Distrust::ChipDataAltered | Distrust::ChipCloned => {
                    "카드를 가지고 주민센터를 방문하세요."
                }
                Distrust::IssuerAnswer | Distrust::IssuedCredential => {
                    "나중에 다시 하세요. 계속되면 앱을 업데이트하세요."
                }
                Distrust::ForeignIssuer => "아무것도 입력하지 마세요. 신분증은 주민센터에서 발급받으세요.",
                Distrust::DeskSign => {
                    "창구에 새 안내 코드를 요청하세요. 의심스러운 창구에는 신분증을 보여 주지 마세요."
                }
            },
            Self::Locked => "지문이나 얼굴로 지갑을 여세요.",
            Self::LockedOut => "화면 잠금으로 휴대전화를 연 뒤 다시 하세요.",
            Self::NoBiometrics => "휴대전화 설정에서 등록한 뒤 다시 오세요.",
            Self::KeyInvalidated => {
                "처음부터 다시 시작하여 카드를 읽으세요. 못 쓰게 된 키는 아무도 쓸 수 없습니다."
            }
            Self::FaceMismatch => "밝은 곳에서 다시 하세요. 사진이 오래되었다면 카드를 재발급받아야 합니다.",
            Self::Offline => "휴대전화의 인터넷 연결을 확인하고 다시 하세요.",
            Self::IssuerRefused { why } => why.way_out_korean(),
            Self::AnotherHolder => "이 휴대전화의 지갑은 그 신분증의 본인만 쓸 수 있습니다.",
            Self::CardNotFound => "카드 목록으로 돌아가세요.",
            Self::NoCopiesLeft { .. } => "인터넷에 연결하고 신분증을 다시 발급받으세요.",
            Self::NotUsable { why } => match why {
                Unusable::LockedByCommand { why: CommandReason::PhoneLost } => {
                    "휴대전화를 되찾았다면 통신사에 찾았다고 알리세요."
                }
                Unusable::LockedByCommand { why: CommandReason::OtherPhone } => {
                    "이 휴대전화를 다시 쓰려면 지갑을 지우세요. 본인이 한 일이 아니면 바로 주민센터를 방문하세요."
                }
                Unusable::LockedByCommand { .. } => "발급기관에 문의하거나 주민센터를 방문하세요.",
                Unusable::Wiped => "처음부터 다시 시작하여 카드나 주민센터에서 신분증을 다시 받으세요.",
                Unusable::Card { standing } => standing.next(Language::Korean),
                Unusable::StapleTooOld { .. } => {
                    "잠시 인터넷에 연결하세요. 그대로 제시하면 대부분의 창구에서 거부됩니다."
                }
            },
            Self::ShowEnded => "다시 제시하세요.",
            Self::NotForThisWallet => "주민센터의 발급 코드나 창구의 안내 코드를 읽으세요.",
            Self::StorageFull => "공간을 비운 뒤 다시 하세요.",
            Self::StorageCorrupt { kept_at: Some(_) } => "앱을 다시 열고 새로 발급받으세요.",
            Self::StorageCorrupt { kept_at: None } => {
                "앱의 예전 데이터가 되돌려졌습니다. 앱 데이터를 지우고 새로 발급받으세요."
            }
            Self::Unavailable { .. } => "다시 하세요. 계속되면 휴대전화를 다시 시작하세요.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Refusal;

    #[test]
    fn every_error_says_what_happened_and_what_to_do_in_both_languages() {
        let mut errors = vec![
            WalletError::UserCancelled,
            WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: Some(2) },
            WalletError::WrongPassword { kind: PasswordKind::TransactionCode, tries_left: None },
            WalletError::WrongPassword { kind: PasswordKind::Mrz, tries_left: None },
            WalletError::WrongPassword { kind: PasswordKind::Pin, tries_left: Some(1) },
            WalletError::WrongPassword { kind: PasswordKind::Puk, tries_left: None },
            WalletError::CardLost,
            WalletError::Locked,
            WalletError::LockedOut,
            WalletError::NoBiometrics,
            WalletError::KeyInvalidated,
            WalletError::FaceMismatch,
            WalletError::Offline,
            WalletError::AnotherHolder,
            WalletError::CardNotFound,
            WalletError::ShowEnded,
            WalletError::NotForThisWallet,
            WalletError::StorageFull,
            WalletError::StorageCorrupt { kept_at: None },
            WalletError::StorageCorrupt { kept_at: Some("/vault.unreadable-1".to_owned()) },
            WalletError::Unavailable { code: -1005 },
        ];
        errors.extend(Disclosure::ALL.map(|disclosure| WalletError::NoCopiesLeft { disclosure }));
        let unusable = CommandReason::ALL.map(|why| Unusable::LockedByCommand { why }).into_iter();
        let unusable = unusable.chain(LifeCycle::ALL.map(|standing| Unusable::Card { standing }));
        let unusable = unusable.chain([Unusable::Wiped, Unusable::StapleTooOld { hours: 30 }]);
        errors.extend(unusable.map(|why| WalletError::NotUsable { why }));
        errors.extend(Refusal::ALL.map(|why| WalletError::IssuerRefused { why }));
        errors.extend(
            [
                CardTrouble::Misbehaved,
                CardTrouble::Refused,
                CardTrouble::Blocked,
                CardTrouble::Suspended,
                CardTrouble::WeakerAccess,
                CardTrouble::AnotherCard,
                CardTrouble::Unsupported,
                CardTrouble::Silent,
            ]
            .map(|why| WalletError::CardUnreadable { why }),
        );
        let distrusts = [
            Distrust::ChipSigner,
            Distrust::ChipDataAltered,
            Distrust::ChipCloned,
            Distrust::IssuerAnswer,
            Distrust::IssuedCredential,
            Distrust::DeskSign,
            Distrust::ForeignIssuer,
        ];
        errors.extend(distrusts.map(|why| WalletError::NotTrusted { why }));
        let hangul = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
        for error in errors {
            let (korean, english) = (error.text(Language::Korean), error.text(Language::English));
            assert!(hangul(&korean.what) && hangul(&korean.next), "{error:?}: {korean:?}");
            assert!(!hangul(&english.what) && !hangul(&english.next), "{error:?}: {english:?}");
            for text in [&english.what, &english.next, &korean.what, &korean.next] {
                assert!(text.ends_with('.') && !text.contains("/vault"), "{error:?}: {text}");
            }
        }
    }

    #[test]
    fn a_wrong_password_tells_the_tries_that_are_left() {
        let error = WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: Some(2) };
        assert!(error.text(Language::English).next.contains("2 tries"));
        assert!(error.text(Language::Korean).next.contains("2번"));
    }
}
