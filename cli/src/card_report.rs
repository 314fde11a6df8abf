//! What `wallet read` says of a card: what is on it, what it proved, and by what.

use serde::Serialize;
use wallet_core::{
    card::Date,
    chip::{
        AccessUsed, FileId,
        files::{
            FileError, com, dg1,
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
    /// Files that are what was signed, and do not follow the form that is known here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
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
    /// Of a card that is believed. Of a file that does not follow its form nothing is told but that.
    ///
    /// # Errors
    /// When EF.DG1 does not follow its form.
    pub(crate) fn of(evidence: &ChipEvidence, today: Date, milliseconds: u64) -> Outcome<Self> {
        let short = |name: String| name.strip_prefix("EF.").map(ToOwned::to_owned).unwrap_or(name);
        let signed = evidence.report().signed.as_ref();
        let mut said = Said { evidence, unreadable: Vec::new() };
        Ok(Self {
            holder: holder(&mut said, today)?,
            details: details(&mut said),
            pictures: pictures(&mut said),
            ef_com: signed.and_then(|signed| common(&mut said, signed)),
            unreadable: said.unreadable,
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
        for file in &self.unreadable {
            output.line(&(say.unreadable)(file))?;
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

/// What a card says, file by file.
struct Said<'a> {
    evidence: &'a ChipEvidence,
    unreadable: Vec<String>,
}

impl Said<'_> {
    /// A data group, where it was read and follows its form.
    fn group<T>(&mut self, number: u8, parse: impl Fn(&[u8]) -> Result<T, FileError>) -> Option<T> {
        self.file(FileId::Group(number), &format!("DG{number}"), parse)
    }

    fn file<T>(
        &mut self,
        file: FileId,
        name: &str,
        parse: impl Fn(&[u8]) -> Result<T, FileError>,
    ) -> Option<T> {
        let parsed = parse(self.evidence.file(file)?);
        if parsed.is_err() && !self.unreadable.iter().any(|known| known == name) {
            self.unreadable.push(name.to_owned());
        }
        parsed.ok()
    }
}

fn holder(said: &mut Said<'_>, today: Date) -> Outcome<Option<Holder>> {
    let Some(file) = said.evidence.file(FileId::Group(1)) else { return Ok(None) };
    let zone = dg1::parse(file).map_err(WalletError::from)?;
    let details = said.group(11, dg11::parse).unwrap_or_default();
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
fn details(said: &mut Said<'_>) -> Vec<DetailDocument> {
    let mut found: Vec<(Detail, String)> = Vec::new();
    if let Some(details) = said.group(11, dg11::parse) {
        found.extend(details.personal_number.map(|text| (Detail::PersonalNumber, text)));
        found.extend(details.address.map(|text| (Detail::Address, text)));
    }
    let further = said.group(11, dg11::parse_further).into_iter().flatten();
    found.extend(further.map(|(detail, text)| (Detail::Person(detail), text)));
    if let Some(details) = said.group(12, dg12::parse) {
        found.extend(details.issuing_authority.map(|text| (Detail::Authority, text)));
        found.extend(details.issued.map(|date| (Detail::Issued, date.to_string())));
    }
    let further = said.group(12, dg12::parse_further).into_iter().flatten();
    found.extend(further.map(|(detail, text)| (Detail::Document(detail), text)));
    for person in said.group(16, dg16::parse).into_iter().flatten() {
        let parts = [Some(person.name), person.telephone, person.address];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        found.push((Detail::PersonToNotify, text));
    }
    found.into_iter().map(|(detail, text)| DetailDocument { name: detail.name(), text, detail }).collect()
}

fn pictures(said: &mut Said<'_>) -> Vec<PictureDocument> {
    let mut found = Vec::new();
    found.extend(said.group(2, dg2::parse).map(|portrait| ("portrait", portrait)));
    found.extend(said.group(7, dg7::parse).into_iter().flatten().map(|mark| ("signature", mark)));
    for (side, picture) in said.group(12, dg12::parse_sides).into_iter().flatten() {
        let name = match side {
            dg12::Side::Front => "front",
            dg12::Side::Rear => "rear",
        };
        found.push((name, picture));
    }
    found
        .into_iter()
        .map(|(name, picture)| PictureDocument {
            name,
            media_type: match picture.format {
                ImageFormat::Jpeg => "image/jpeg",
                ImageFormat::Jpeg2000 => "image/jp2",
            },
            length: picture.image.len(),
        })
        .collect()
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

fn common(said: &mut Said<'_>, signed: &PassiveReport) -> Option<CommonDocument> {
    let common = said.file(FileId::Common, "COM", com::parse)?;
    let groups: Vec<u8> = common.groups.into_iter().collect();
    let same_version = signed.lds_version.is_none_or(|version| version == common.lds_version);
    Some(CommonDocument {
        lds_version: String::from_utf8_lossy(&common.lds_version).into_owned(),
        agrees: same_version && groups == signed.listed,
        groups,
    })
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
