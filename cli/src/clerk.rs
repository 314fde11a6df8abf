//! The clerk's side: a counter from its pack, and a verdict as people and machines read it.

use serde::Serialize;
use wallet_core::{
    counter::{CounterError, Rule},
    crypto::sign::PublicKey,
    trust::Certificate,
    verify::{
        AudienceKind, Claims, Counter, DeskSettings, Outcome as CheckEnd, Relaxation, Shown, SkipReason,
        Verdict,
    },
};

use crate::{failure::Outcome, output::Output, views::korean_time};

/// Why there is no counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCounter {
    /// The pack does not verify under the authority's certificate.
    Pack,
    /// The pack is older than one this counter has seen.
    OlderPack,
    /// The authority's certificate is none.
    Root,
    /// The desk's id is none.
    DeskId,
}

/// The key in an authority's certificate, DER.
pub(crate) fn authority(certificate: &[u8]) -> Result<PublicKey, NoCounter> {
    let key = Certificate::parse(certificate).and_then(|certificate| certificate.p256_public_key());
    key.map_err(|_| NoCounter::Root)
}

/// A counter with the pack that the key in `authority` (a certificate, DER) signed, not older than `lowest_sequence`.
pub(crate) fn counter(
    pack: &[u8],
    authority: &[u8],
    lowest_sequence: u64,
    settings: DeskSettings,
    now: i64,
) -> Result<Counter, NoCounter> {
    let key = self::authority(authority)?;
    Counter::open(pack.to_vec(), key.as_sec1().to_vec(), lowest_sequence, settings, now).map_err(|error| {
        match error {
            CounterError::PeerMisbehaved(Rule::OlderPack) => NoCounter::OlderPack,
            CounterError::Misuse(_) => NoCounter::DeskId,
            _ => NoCounter::Pack,
        }
    })
}

/// A verdict for machines.
#[derive(Serialize)]
pub(crate) struct VerdictDocument {
    accepted: bool,
    reason: Option<&'static str>,
    audience: Option<&'static str>,
    checks: Vec<CheckDocument>,
    shown: Option<ShownDocument>,
    pack_sequence: u64,
    pack_age_seconds: i64,
}

#[derive(Serialize)]
struct CheckDocument {
    name: &'static str,
    outcome: &'static str,
    /// Why it failed or was not made, or which relaxation let it pass.
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct ShownDocument {
    level: &'static str,
    #[serde(flatten)]
    claims: ClaimsDocument,
    portrait_digest: String,
    valid_until: i64,
    vouched_at: i64,
}

#[derive(Default, Serialize)]
struct ClaimsDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    adult_by_year: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_front: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuing_authority: Option<String>,
}

impl From<&Verdict> for VerdictDocument {
    fn from(verdict: &Verdict) -> Self {
        let checks = verdict.checks.iter().map(|made| {
            let (outcome, reason) = match made.outcome {
                CheckEnd::Passed => ("passed", None),
                CheckEnd::PassedBy { relaxation } => ("passed_by", Some(relaxation_name(relaxation))),
                CheckEnd::Failed { reason } => ("failed", Some(reason.name())),
                CheckEnd::Skipped { because } => ("skipped", Some(skip_name(because))),
            };
            CheckDocument { name: made.check.name(), outcome, reason }
        });
        Self {
            accepted: verdict.accepted,
            reason: verdict.reason().map(|reason| reason.name()),
            audience: verdict.audience.map(audience_name),
            checks: checks.collect(),
            shown: verdict.shown.as_ref().map(ShownDocument::from),
            pack_sequence: verdict.pack_sequence,
            pack_age_seconds: verdict.pack_age,
        }
    }
}

impl From<&Shown> for ShownDocument {
    fn from(shown: &Shown) -> Self {
        Self {
            level: shown.disclosure.name(),
            claims: ClaimsDocument::from(shown.claims.clone()),
            portrait_digest: hex::encode(&shown.portrait_digest),
            valid_until: shown.valid_until,
            vouched_at: shown.vouched_at,
        }
    }
}

impl From<Claims> for ClaimsDocument {
    fn from(claims: Claims) -> Self {
        match claims {
            Claims::Adult { adult_by_year } => Self { adult_by_year: Some(adult_by_year), ..Self::default() },
            Claims::NameAndBirth { name, birth_date } => {
                Self { name: Some(name), birth_date: Some(birth_date.to_string()), ..Self::default() }
            }
            Claims::Address { name, birth_date, address } => Self {
                name: Some(name),
                birth_date: Some(birth_date.to_string()),
                address: Some(address),
                ..Self::default()
            },
            Claims::Full { name, birth_date, address, number_front, issue_date, issuing_authority } => Self {
                name: Some(name),
                birth_date: Some(birth_date.to_string()),
                address: Some(address),
                number_front: Some(number_front),
                issue_date: Some(issue_date.to_string()),
                issuing_authority: Some(issuing_authority),
                ..Self::default()
            },
            Claims::RegistrationNumber {
                name,
                birth_date,
                address,
                registration_number,
                issue_date,
                issuing_authority,
            } => Self {
                name: Some(name),
                birth_date: Some(birth_date.to_string()),
                address: Some(address),
                registration_number: Some(registration_number),
                issue_date: Some(issue_date.to_string()),
                issuing_authority: Some(issuing_authority),
                ..Self::default()
            },
        }
    }
}

/// A verdict for people: the answer, what is shown, then every check.
pub(crate) fn print(verdict: &Verdict, output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    let language = output.texts.language;
    match verdict.reason() {
        None => output.line(say.accepted)?,
        Some(reason) => output.line(&format!("{}: {}", say.refused, reason.text(language)))?,
    }
    if let Some(shown) = &verdict.shown {
        print_shown(shown, output)?;
    }
    output.line(&format!("{}:", say.checks))?;
    for made in &verdict.checks {
        let outcome = match made.outcome {
            CheckEnd::Passed => say.passed.to_owned(),
            CheckEnd::PassedBy { relaxation } => format!("{} ({})", say.passed, (say.relaxation)(relaxation)),
            CheckEnd::Failed { reason } => format!("{}: {}", say.failed, reason.text(language)),
            CheckEnd::Skipped { .. } => say.skipped.to_owned(),
        };
        output.line(&format!("  {}: {outcome}", made.check.text(language)))?;
    }
    if let Some(audience) = verdict.audience {
        output.line(&format!("  {}", (say.audience)(audience)))?;
    }
    output.line(&(say.pack_age)(verdict.pack_sequence, verdict.pack_age))
}

fn print_shown(shown: &Shown, output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    let field = &say.field;
    let claims = ClaimsDocument::from(shown.claims.clone());
    let adult = claims.adult_by_year.map(|adult| (if adult { say.yes } else { say.no }).to_owned());
    for (name, value) in [
        (field.adult, adult),
        (field.name, claims.name),
        (field.birth_date, claims.birth_date),
        (field.registration_number, claims.registration_number.or(claims.number_front)),
        (field.address, claims.address),
        (field.issued, claims.issue_date),
        (field.authority, claims.issuing_authority),
        (field.vouched, Some(korean_time(shown.vouched_at))),
    ] {
        if let Some(value) = value {
            output.line(&format!("  {name}: {value}"))?;
        }
    }
    Ok(())
}

const fn audience_name(audience: AudienceKind) -> &'static str {
    match audience {
        AudienceKind::ThisDesk => "this_desk",
        AudienceKind::OtherDesk => "other_desk",
        AudienceKind::General => "general",
    }
}

const fn relaxation_name(relaxation: Relaxation) -> &'static str {
    match relaxation {
        Relaxation::AcceptGeneralAudience => "accept_general_audience",
        Relaxation::OutageUntil => "outage_until",
        Relaxation::FreshNonce => "fresh_nonce",
    }
}

const fn skip_name(because: SkipReason) -> &'static str {
    match because {
        SkipReason::NotReached => "not_reached",
        SkipReason::NothingToCheck => "nothing_to_check",
    }
}
