//! In which language a page is: what was chosen, else what the browser asks for, else Korean.

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use wallet_core::card::Language;

use super::{guard::Fields, session::cookie};
use crate::server::App;

/// The cookie with the chosen language. It says nothing about anybody.
const COOKIE: &str = "desk-language";
/// A year.
const COOKIE_SECONDS: u32 = 31_536_000;
/// Most alternatives of a header that are looked at.
const MOST_ASKED: usize = 16;

/// Both languages' words for one thing.
pub(crate) const fn say<'a>(language: Language, korean: &'a str, english: &'a str) -> &'a str {
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

/// The language of an answer.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, COOKIE).and_then(by_code);
    let asked = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| asked_for(value.to_str().ok()?));
    chosen.or_else(asked).unwrap_or_default()
}

/// The best of ours in an `Accept-Language`. RFC 9110, 12.5.4.
fn asked_for(header: &str) -> Option<Language> {
    let mut best: Option<(u16, Language)> = None;
    for range in header.split(',').take(MOST_ASKED) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = match parts.next() {
            None => Some(1000),
            Some(parameter) => parameter.trim().strip_prefix("q=").and_then(thousandths),
        };
        let (Some(language), Some(weight)) = (by_code(&primary), weight) else { continue };
        if weight > 0 && best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// A weight of 0 to 1 with up to three decimals, in thousandths. RFC 9110, 12.4.2.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if decimals.len() > 3 || !all_digits || !matches!(whole, "0" | "1") {
        return None;
    }
    let value: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

fn by_code(code: &str) -> Option<Language> {
    [Language::Korean, Language::English].into_iter().find(|language| language.code() == code)
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/language/{code}", get(choose))
}

/// Remembers the choice and goes back.
async fn choose(Path(code): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(language) = by_code(&code) else { return StatusCode::NOT_FOUND.into_response() };
    let query = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let back = query.get("back").filter(|back| is_own_path(back)).unwrap_or("/");
    let chosen =
        format!("{COOKIE}={}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax", language.code());
    let (Ok(back), Ok(chosen)) = (HeaderValue::from_str(back), HeaderValue::from_str(&chosen)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, back), (header::SET_COOKIE, chosen)]).into_response()
}

/// A path of this desk, by characters that no browser reads as another place.
fn is_own_path(path: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.len() <= 512 && path.starts_with('/') && !path.contains("//") && path.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_first_choice_among_ours_is_taken() {
        use Language::*;
        for (header, expected) in [
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Some(Korean)),
            ("en-GB,en;q=0.9,ko;q=0.8", Some(English)),
            ("fr-FR, en;q=0.5, ko;q=0.625", Some(Korean)),
            ("EN", Some(English)),
            ("ko;q=0, en;q=0.001", Some(English)),
            ("ko;q=2, ko;q=x, ko;q=0.1234, ko;q=1.001", None),
            ("fr, *", None),
            ("", None),
        ] {
            assert_eq!(asked_for(header), expected, "{header}");
        }
    }

    #[test]
    fn a_choice_leads_back_to_a_page_of_this_desk_only() {
        for path in ["/", "/clerk", "/clerk/people/AbC-_9", "/operator"] {
            assert!(is_own_path(path), "{path}");
        }
        for path in [
            "",
            "clerk",
            "//evil.example",
            "/a//b",
            "/\\evil.example",
            "https://evil.example",
            "/a?b",
            "/a\r\nb",
            "/%2f",
        ] {
            assert!(!is_own_path(path), "{path}");
        }
    }
}
