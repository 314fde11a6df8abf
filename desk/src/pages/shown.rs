//! How things are written on a page: times, pictures, what was done.

use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{Markup, PreEscaped, html};
use wallet_core::{
    card::{Date, Language},
    qr::QrCode,
};

use super::{guard::out_of_order, language::say, layout::Page};
use crate::{issuer::IssuerError, store::ActRow};

/// Korea is nine hours ahead of UTC, all year.
const KOREA: i64 = 9 * 3600;

/// A moment in Korea: `2026-11-26 14:05`.
pub(super) fn moment(at: i64) -> String {
    let minutes = at.saturating_add(KOREA).rem_euclid(86_400) / 60;
    let day = Date::in_korea_at(at).map_or_else(|_| "?".to_owned(), |day| day.to_string());
    format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// The same, for machines too.
pub(super) fn time(at: i64) -> Markup {
    let text = moment(at);
    html! { time datetime={ (text.replace(' ', "T")) "+09:00" } { (text) } }
}

/// A QR code as a picture, with what it is for whoever cannot see it.
pub(super) fn qr(text: &str, label: &str) -> Result<Markup, IssuerError> {
    let svg = QrCode::encode(text).map_err(|_| IssuerError::Failed)?.to_svg();
    Ok(html! { div role="img" aria-label=(label) { (PreEscaped(svg)) } })
}

/// A portrait, where browsers show its format.
pub(super) fn portrait(bytes: &[u8], label: &str) -> Markup {
    let kind = if bytes.starts_with(b"\xff\xd8\xff") { "jpeg" } else { "png" };
    let known = kind == "jpeg" || bytes.starts_with(b"\x89PNG");
    html! {
        @if known { img.portrait src={ "data:image/" (kind) ";base64," (BASE64_STANDARD.encode(bytes)) } alt=(label); }
    }
}

/// What was done, newest first.
pub(super) fn trail(page: &Page<'_>, acts: &[ActRow]) -> Markup {
    html! {
        @if acts.is_empty() {
            p.soft { (page.say("아직 없습니다.", "Nothing yet.")) }
        } @else {
            div.table tabindex="0" role="region" aria-label=(page.say("처리 기록", "What was done")) {
                table {
                    thead { tr {
                        th scope="col" { (page.say("시각", "When")) }
                        th scope="col" { (page.say("담당", "Who")) }
                        th scope="col" { (page.say("처리", "What")) }
                        th scope="col" { (page.say("결과", "Outcome")) }
                    } }
                    tbody {
                        @for act in acts {
                            tr {
                                td { (time(act.at)) }
                                td { (act.who) }
                                td { (act_name(page.language, &act.act)) }
                                td { (outcome_name(page.language, &act.act, &act.outcome)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn act_name(language: Language, act: &str) -> &str {
    match act {
        "sign-in" => say(language, "로그인", "Sign-in"),
        "find" => say(language, "조회", "Look-up"),
        "offer" => say(language, "발급 코드", "Code made"),
        "line" => say(language, "전화번호 등록", "Line recorded"),
        "release" => say(language, "기기 해지", "Phone given up"),
        "recover" => say(language, "복구", "Recovered"),
        "wipe" => say(language, "원격 삭제", "Wiped"),
        "card-lost" => say(language, "카드 분실", "Card lost"),
        "details" => say(language, "주소·성명 변경", "Address or name changed"),
        "died" => say(language, "사망", "Death"),
        "approve" => say(language, "신청 승인", "Approved"),
        "deny" => say(language, "신청 거절", "Denied"),
        "suspend" => say(language, "정지", "Suspended"),
        "resume" => say(language, "정지 해제", "Resumed"),
        "own-name" => say(language, "본인 명의 확인", "Own-name check"),
        "changed" => say(language, "회선 변경", "Line changed"),
        "check" => say(language, "확인", "Check"),
        "password" => say(language, "비밀번호 변경", "Password changed"),
        "account-add" => say(language, "계정 생성", "Account made"),
        "account-reset" => say(language, "비밀번호 재발급", "Password made anew"),
        "account-disable" => say(language, "계정 닫음", "Account closed"),
        "account-enable" => say(language, "계정 다시 엶", "Account opened"),
        other => other,
    }
}

/// A check that does not hold is kept by the machine name of its reason, which the page of the check told in words.
fn outcome_name<'a>(language: Language, act: &str, outcome: &'a str) -> &'a str {
    match outcome {
        "ok" => say(language, "완료", "Done"),
        "ok: no phone" => say(language, "완료 (휴대전화 없음)", "Done (no phone)"),
        "nobody" => say(language, "해당자 없음", "Nobody"),
        "stays" => say(language, "정지 유지", "Still suspended"),
        "failed" => say(language, "실패", "Failed"),
        "refused" => say(language, "거절", "Refused"),
        "too often" => say(language, "시도 초과", "Too often"),
        "ok: lost" => say(language, "완료 (분실)", "Done (lost)"),
        "ok: stolen" => say(language, "완료 (도난)", "Done (stolen)"),
        "ok: found" => say(language, "완료 (되찾음)", "Done (found)"),
        "ok: number" => say(language, "완료 (번호 변경)", "Done (number)"),
        "ok: sim" => say(language, "완료 (유심 교체)", "Done (SIM)"),
        "ok: ended" => say(language, "완료 (해지)", "Done (ended)"),
        "not ours" => say(language, "우리 회선 아님", "Not our line"),
        "not theirs" => say(language, "본인 명의 아님", "Not in their name"),
        // Whose account it was.
        _ if act.starts_with("account-") => outcome.strip_prefix("ok: ").unwrap_or(outcome),
        _ if act == "check" => say(language, "거절", "Refused"),
        other => other,
    }
}

/// A page, or that the desk cannot answer now.
pub(super) fn or_out_of_order(
    language: Language,
    answer: Result<axum::response::Response, IssuerError>,
) -> axum::response::Response {
    answer.unwrap_or_else(|_| out_of_order(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_korea() {
        assert_eq!(moment(1_795_489_200), "2026-11-24 12:00");
        assert_eq!(moment(1_795_489_200 + 12 * 3600 - 1), "2026-11-24 23:59");
        assert_eq!(moment(1_795_489_200 + 12 * 3600), "2026-11-25 00:00");
        assert_eq!(
            time(1_795_489_200).into_string(),
            r#"<time datetime="2026-11-24T12:00+09:00">2026-11-24 12:00</time>"#
        );
    }
}
