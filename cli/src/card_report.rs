//! What `wallet read` says of a card: what is on it, what it proved, and by what.

use serde::Serialize;
use wallet_core::{
    card::Date,
    chip::{
        AccessUsed, FileId,
        files::{
            com, dg1,
            dg1::{Sex, ZoneFormat},
            dg2,
            dg2::ImageFormat,
            dg7, dg11, dg12, dg16,
        },
        passive_auth::PassiveReport,
    },
    cms::algorithm::SignatureAlgorithm,
    crypto::verify::HashAlgorithm,
    wallet::{ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip, ChipCheckView, ChipEvidence, WalletError},
};

use crate::{failure::Outcome, output::Output, texts::Detail};

/// The document of `wallet read --json`.
#[derive(Serialize)]
pub(crate) struct CardDocument {
    /// None where the zone was not to be read.
    holder: Option<Holder>,
    details: Vec<DetailDocument>,
    pictures: Vec<PictureDocument>,
    files: Vec<File>,
    opened_by: Option<&'static str>,
    signed: Option<Signed>,
    /// What EF.COM says against what was signed, where it was to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    ef_com: Option<CommonDocument>,
    checks: Vec<Check>,
    apdus: u32,
    milliseconds: u64,
}

#[derive(Serialize)]
struct Holder {
    name: String,
    name_latin: String,
    document_number: String,
    /// `YYYY-MM-DD`, as far as the card knows it.
    birth_date: Option<String>,
    /// `YYYY-MM-DD`.
    expiry_date: Option<String>,
    /// Three-letter codes.
    nationality: String,
    issuer: String,
    sex: &'static str,
    /// `td1`, `td2`, `td3`.
    zone: &'static str,
}

#[derive(Serialize)]
struct DetailDocument {
    name: &'static str,
    text: String,
    #[serde(skip)]
    detail: Detail,
}

#[derive(Serialize)]
struct PictureDocument {
    name: &'static str,
    media_type: &'static str,
    length: usize,
}

#[derive(Serialize)]
struct File {
    name: String,
    length: u32,
    /// Lower-case hexadecimal.
    sha256: String,
}

#[derive(Serialize)]
struct Signed {
    country: Option<String>,
    hash: &'static str,
    signature: String,
    lds_version: Option<String>,
    groups: Vec<u8>,
}

#[derive(Serialize)]
struct CommonDocument {
    lds_version: String,
    groups: Vec<u8>,
    agrees: bool,
}

/// One check, by its stable names.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Check {
    name: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(skip)]
    told: ChipCheckOutcome,
}

impl From<ChipCheckView> for Check {
    fn from(view: ChipCheckView) -> Self {
        let (outcome, why) = match view.outcome {
            ChipCheckOutcome::Passed => ("passed", None),
            ChipCheckOutcome::PassedWeakly => ("passed_weakly", None),
            ChipCheckOutcome::Failed { why } => ("failed", Some(failure_name(why))),
            ChipCheckOutcome::Skipped { why } => ("skipped", Some(skip_name(why))),
        };
        Self { name: view.name, outcome, why, told: view.outcome }
    }
}

impl CardDocument {
    /// Of a card that is believed.
    ///
    /// # Errors
    /// When one of the files does not follow its form.
    pub(crate) fn of(evidence: &ChipEvidence, today: Date, milliseconds: u64) -> Outcome<Self> {
        let short = |name: String| name.strip_prefix("EF.").map(ToOwned::to_owned).unwrap_or(name);
        let signed = evidence.report().signed.as_ref();
        Ok(Self {
            holder: holder(evidence, today)?,
            details: details(evidence)?,
            pictures: pictures(evidence)?,
            files: evidence
                .files()
                .into_iter()
                .map(|view| File {
                    name: short(view.name),
                    length: view.length,
                    sha256: hex::encode(view.sha256),
                })
                .collect(),
            opened_by: evidence.access().map(access_name),
            signed: signed.map(signature),
            ef_com: signed.and_then(|signed| common(evidence, signed).transpose()).transpose()?,
            checks: evidence.checks().into_iter().map(Check::from).collect(),
            apdus: evidence.apdus(),
            milliseconds,
        })
    }

    /// For people.
    pub(crate) fn print(&self, output: Output) -> Outcome<()> {
        let say = &output.texts.say;
        output.line(say.read_title)?;
        if let Some(holder) = &self.holder {
            for (name, value) in [
                (say.field.name, holder.name.as_str()),
                (say.field.name_latin, &holder.name_latin),
                (say.field.birth_date, holder.birth_date.as_deref().unwrap_or_default()),
                (say.field.nationality, &holder.nationality),
                (say.field.document_number, &holder.document_number),
                (say.field.valid_until, holder.expiry_date.as_deref().unwrap_or_default()),
            ] {
                if !value.is_empty() {
                    output.line(&format!("  {name}: {value}"))?;
                }
            }
        }
        for DetailDocument { detail, text, name: _ } in &self.details {
            output.line(&format!("  {}: {text}", (say.detail)(*detail)))?;
        }
        output.line(say.files)?;
        for file in &self.files {
            let length = (say.bytes)(file.length);
            output.line(&format!("  {:12} {length:>14}  sha256 {}", file.name, file.sha256))?;
        }
        if let Some(signed) = &self.signed {
            let country = signed.country.as_deref().unwrap_or("?");
            output.line(&(say.signed_by)(country, &signed.signature, signed.hash))?;
        }
        if let Some(opened_by) = self.opened_by {
            output.line((say.opened_by)(opened_by))?;
        }
        if self.ef_com.as_ref().is_some_and(|common| !common.agrees) {
            output.line(say.common_differs)?;
        }
        print_checks(&self.checks, output)?;
        output.line(&(say.read_took)(self.apdus, self.milliseconds))
    }
}

/// The checks with their outcomes, in words.
pub(crate) fn print_checks(checks: &[Check], output: Output) -> Outcome<()> {
    let say = &output.texts.say;
    output.line(say.checks)?;
    for check in checks {
        output.line(&format!("  {}: {}", (say.check)(&check.name), (say.check_outcome)(check.told)))?;
    }
    Ok(())
}

fn holder(evidence: &ChipEvidence, today: Date) -> Outcome<Option<Holder>> {
    let Some(file) = evidence.file(FileId::Group(1)) else { return Ok(None) };
    let zone = dg1::parse(file).map_err(WalletError::from)?;
    let details = evidence.file(FileId::Group(11)).map(dg11::parse).transpose().map_err(WalletError::from)?;
    let details = details.unwrap_or_default();
    let name_latin = format!("{} {}", zone.surname, zone.given_names).trim().to_owned();
    let birth = details.birth_date.or_else(|| zone.birth_date.as_birth(today).ok());
    Ok(Some(Holder {
        name: details.full_name.unwrap_or_else(|| name_latin.clone()),
        name_latin,
        document_number: zone.document_number,
        birth_date: birth.map(|date| date.to_string()),
        expiry_date: zone.expiry.as_expiry().ok().map(|date| date.to_string()),
        nationality: zone.nationality,
        issuer: zone.issuer,
        sex: match zone.sex {
            Sex::Female => "female",
            Sex::Male => "male",
            Sex::Unspecified => "unspecified",
        },
        zone: match zone.format {
            ZoneFormat::Td1 => "td1",
            ZoneFormat::Td2 => "td2",
            ZoneFormat::Td3 => "td3",
        },
    }))
}

/// What data groups 11, 12 and 16 say beside the holder's name and birth.
fn details(evidence: &ChipEvidence) -> Outcome<Vec<DetailDocument>> {
    let mut found: Vec<(Detail, String)> = Vec::new();
    if let Some(file) = evidence.file(FileId::Group(11)) {
        let details = dg11::parse(file).map_err(WalletError::from)?;
        found.extend(details.personal_number.map(|text| (Detail::PersonalNumber, text)));
        found.extend(details.address.map(|text| (Detail::Address, text)));
        let further = dg11::parse_further(file).map_err(WalletError::from)?;
        found.extend(further.into_iter().map(|(detail, text)| (Detail::Person(detail), text)));
    }
    if let Some(file) = evidence.file(FileId::Group(12)) {
        let details = dg12::parse(file).map_err(WalletError::from)?;
        found.extend(details.issuing_authority.map(|text| (Detail::Authority, text)));
        found.extend(details.issued.map(|date| (Detail::Issued, date.to_string())));
        let further = dg12::parse_further(file).map_err(WalletError::from)?;
        found.extend(further.into_iter().map(|(detail, text)| (Detail::Document(detail), text)));
    }
    if let Some(file) = evidence.file(FileId::Group(16)) {
        for person in dg16::parse(file).map_err(WalletError::from)? {
            let parts = [Some(person.name), person.telephone, person.address];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            found.push((Detail::PersonToNotify, text));
        }
    }
    Ok(found.into_iter().map(|(detail, text)| DetailDocument { name: detail.name(), text, detail }).collect())
}

fn pictures(evidence: &ChipEvidence) -> Outcome<Vec<PictureDocument>> {
    let mut found = Vec::new();
    if let Some(file) = evidence.file(FileId::Group(2)) {
        found.push(("portrait", dg2::parse(file).map_err(WalletError::from)?));
    }
    if let Some(file) = evidence.file(FileId::Group(7)) {
        let marks = dg7::parse(file).map_err(WalletError::from)?;
        found.extend(marks.into_iter().map(|mark| ("signature", mark)));
    }
    if let Some(file) = evidence.file(FileId::Group(12)) {
        for (side, picture) in dg12::parse_sides(file).map_err(WalletError::from)? {
            let name = match side {
                dg12::Side::Front => "front",
                dg12::Side::Rear => "rear",
            };
            found.push((name, picture));
        }
    }
    Ok(found
        .into_iter()
        .map(|(name, picture)| PictureDocument {
            name,
            media_type: match picture.format {
                ImageFormat::Jpeg => "image/jpeg",
                ImageFormat::Jpeg2000 => "image/jp2",
            },
            length: picture.image.len(),
        })
        .collect())
}

fn signature(report: &PassiveReport) -> Signed {
    Signed {
        country: report.signer_country.as_ref().map(|country| country.as_str().to_owned()),
        hash: hash_name(report.hash),
        signature: algorithm_name(report.signature_algorithm),
        lds_version: report.lds_version.map(|version| String::from_utf8_lossy(&version).into_owned()),
        groups: report.listed.clone(),
    }
}

fn common(evidence: &ChipEvidence, signed: &PassiveReport) -> Outcome<Option<CommonDocument>> {
    let Some(file) = evidence.file(FileId::Common) else { return Ok(None) };
    let common = com::parse(file).map_err(WalletError::from)?;
    let groups: Vec<u8> = common.groups.into_iter().collect();
    let same_version = signed.lds_version.is_none_or(|version| version == common.lds_version);
    Ok(Some(CommonDocument {
        lds_version: String::from_utf8_lossy(&common.lds_version).into_owned(),
        agrees: same_version && groups == signed.listed,
        groups,
    }))
}

const fn access_name(access: AccessUsed) -> &'static str {
    match access {
        AccessUsed::Pace(_) => "pace",
        AccessUsed::Basic => "basic_access",
        AccessUsed::BasicInsteadOfPace => "basic_access_instead_of_pace",
    }
}

const fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha1 => "SHA-1",
        HashAlgorithm::Sha224 => "SHA-224",
        HashAlgorithm::Sha256 => "SHA-256",
        HashAlgorithm::Sha384 => "SHA-384",
        HashAlgorithm::Sha512 => "SHA-512",
    }
}

fn algorithm_name(algorithm: SignatureAlgorithm) -> String {
    let name = match algorithm {
        SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::EcdsaPlain(_) => "ECDSA",
        SignatureAlgorithm::RsaPkcs1(_) => "RSA PKCS#1",
        SignatureAlgorithm::RsaPss { .. } => "RSA-PSS",
    };
    algorithm.hash().map_or_else(|| name.to_owned(), |hash| format!("{name} {}", hash_name(hash)))
}

const fn failure_name(why: ChipCheckFailure) -> &'static str {
    match why {
        ChipCheckFailure::Malformed => "malformed",
        ChipCheckFailure::Unsupported => "unsupported",
        ChipCheckFailure::BadSignature => "bad_signature",
        ChipCheckFailure::UntrustedIssuer => "untrusted_issuer",
        ChipCheckFailure::NotInForce => "not_in_force",
        ChipCheckFailure::Revoked => "revoked",
        ChipCheckFailure::AnotherState => "another_state",
        ChipCheckFailure::Altered => "altered",
        ChipCheckFailure::HiddenAccess => "hidden_access",
        ChipCheckFailure::NotProven => "not_proven",
    }
}

const fn skip_name(why: ChipCheckSkip) -> &'static str {
    match why {
        ChipCheckSkip::NoChallenge => "no_challenge",
        ChipCheckSkip::NoKey => "no_key",
        ChipCheckSkip::NotAsked => "not_asked",
        ChipCheckSkip::NotRead => "not_read",
        ChipCheckSkip::Unreadable => "unreadable",
        ChipCheckSkip::Unsupported => "unsupported",
        ChipCheckSkip::UnknownState => "unknown_state",
        ChipCheckSkip::NothingSigned => "nothing_signed",
        ChipCheckSkip::AfterAFailure => "after_a_failure",
        ChipCheckSkip::NoRevocationList => "no_revocation_list",
        ChipCheckSkip::OldRevocationList => "old_revocation_list",
    }
}
