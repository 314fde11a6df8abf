//! A verdict, for whoever has to decide.

use maud::{Markup, html};
use wallet_core::{
    card::Disclosure,
    counter::{Claims, Document},
    verify::{AudienceKind, CheckOutcome, Outcome, Relaxation, Shown, SkipReason, Verdict},
};

use super::super::{layout::Page, shown::time};

/// The answer first, then what the citizen showed, then each check.
pub(super) fn shown(page: &Page<'_>, verdict: &Verdict) -> Markup {
    let kind = match verdict.shown.as_ref().map(|shown| &shown.claims) {
        Some(Claims::Adult { adult_by_year: false }) => "warn",
        Some(_) => "good",
        None => "bad",
    };
    html! {
        section #verdict class={ "verdict " (kind) } role="alert" data-accepted=(verdict.accepted) {
            @match kind {
                "good" => strong { "✓ " (page.say("유효한 신분증입니다", "The ID holds")) }
                // A glance must not take a minor's ID for a yes.
                "warn" => strong { "! " (page.say("성인이 아닙니다", "Not an adult")) }
                _ => strong { "✕ " (page.say("받아들이지 마세요", "Do not accept")) }
            }
            @if let Some(shown) = &verdict.shown { p { (what(page, shown)) } }
            @if let Some(reason) = verdict.reason() { p { (reason.text(page.language)) } }
        }
        @if let Some(shown) = &verdict.shown { (claims(page, shown)) }
        details.card open[!verdict.accepted] {
            summary { (page.say("확인한 항목", "What was checked")) }
            (checks(page, verdict))
        }
    }
}

fn what(page: &Page<'_>, shown: &Shown) -> String {
    let document = match shown.document {
        Document::ResidentCard => page.say("모바일 주민등록증", "Mobile resident card"),
        Document::ForeignResidentCard => page.say("모바일 외국인등록증", "Mobile residence card"),
    };
    let level = match shown.disclosure {
        Disclosure::AdultOnly => page.say("성인 여부", "adult or not"),
        Disclosure::NameAndBirth => page.say("이름과 생년월일", "name and birth"),
        Disclosure::Address => page.say("이름, 생년월일, 주소", "name, birth and address"),
        Disclosure::Full => page.say("카드 앞면", "the face of the card"),
        Disclosure::RegistrationNumber => page.say("주민등록번호 포함", "with the registration number"),
    };
    format!("{document} · {level}")
}

fn claims(page: &Page<'_>, shown: &Shown) -> Markup {
    let row = |korean, english, value: &str| html! { dt { (page.say(korean, english)) } dd { (value) } };
    let name = |value: &str| row("이름", "Name", value);
    let born = |value: &dyn core::fmt::Display| row("생년월일", "Born", &value.to_string());
    let address = |value: &str| row("주소", "Address", value);
    let issued = |day: &dyn core::fmt::Display, by: &str| row("발급", "Issued", &format!("{day} · {by}"));
    html! {
        section.card #claims aria-label=(page.say("보여 준 내용", "What is shown")) {
            dl {
                @match &shown.claims {
                    Claims::Adult { adult_by_year: true } => (row("성인", "Adult", page.say("예", "Yes"))),
                    Claims::Adult { adult_by_year: false } => (row("성인", "Adult", page.say("아니요", "No"))),
                    Claims::NameAndBirth { name: n, birth_date } => { (name(n)) (born(birth_date)) }
                    Claims::Address { name: n, birth_date, address: a } => {
                        (name(n)) (born(birth_date)) (address(a))
                    }
                    Claims::Full { name: n, birth_date, address: a, number_front, issue_date, issuing_authority } => {
                        (name(n)) (born(birth_date)) (address(a))
                        (row("번호 앞자리", "Number, first part", number_front))
                        (issued(issue_date, issuing_authority))
                    }
                    Claims::RegistrationNumber {
                        name: n, birth_date, address: a, registration_number, issue_date, issuing_authority,
                    } => {
                        (name(n)) (born(birth_date)) (address(a))
                        (row("주민등록번호", "Registration number", registration_number))
                        (issued(issue_date, issuing_authority))
                    }
                }
                dt { (page.say("발급기관 확인", "Issuer vouched")) } dd { (time(shown.vouched_at)) }
            }
            p.hint { (page.say(
                "얼굴은 이 코드에 없습니다. 사진이 필요한 일이면 사진을 함께 확인하세요.",
                "The code has no face in it. Where the face matters, ask for the photograph too.",
            )) }
        }
    }
}

fn checks(page: &Page<'_>, verdict: &Verdict) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(page.say("확인한 항목", "What was checked")) {
            table {
                tbody {
                    @for made in &verdict.checks { (check(page, made)) }
                }
            }
        }
        p.soft {
            (page.say("확인 자료: ", "Verification pack: ")) (verdict.pack_sequence)
            @match verdict.audience {
                Some(AudienceKind::ThisDesk) => { " · " (page.say("이 창구용 코드", "made for this desk")) }
                Some(AudienceKind::OtherDesk) => { " · " (page.say("다른 창구용 코드", "made for another desk")) }
                Some(AudienceKind::General) => { " · " (page.say("모든 창구용 코드", "made for any desk")) }
                None => {}
            }
        }
    }
}

fn check(page: &Page<'_>, made: &CheckOutcome) -> Markup {
    let by = |relaxation| match relaxation {
        Relaxation::AcceptGeneralAudience => {
            page.say("모든 창구용 코드를 받는 정책", "by the policy for general codes")
        }
        Relaxation::OutageUntil => page.say("장애 기간의 정책", "by the policy for an outage"),
        Relaxation::FreshNonce => page.say("이 창구의 새 표지", "by a fresh sign of this desk"),
    };
    let (class, mark, words) = match made.outcome {
        Outcome::Passed => ("passed", "✓", page.say("통과", "holds")),
        Outcome::PassedBy { relaxation } => ("passed", "✓", by(relaxation)),
        Outcome::Failed { reason } => ("failed", "✕", reason.text(page.language)),
        Outcome::Skipped { because: SkipReason::NotReached } => {
            ("skipped", "–", page.say("확인하지 못함", "not reached"))
        }
        Outcome::Skipped { because: SkipReason::NothingToCheck } => {
            ("skipped", "–", page.say("해당 없음", "nothing to check"))
        }
    };
    html! {
        tr data-check=(made.check.name()) {
            th scope="row" { (made.check.text(page.language)) }
            td class=(class) { span aria-hidden="true" { (mark) } " " (words) }
        }
    }
}
