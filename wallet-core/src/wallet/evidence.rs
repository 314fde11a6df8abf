//! What a card said, checked.

use super::{
    CardTrouble, Distrust, WalletError,
    chip_report::{
        Checked, Checks, ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip, ChipCheckView, ChipReport,
        Refused,
    },
    code,
};
use crate::{
    apdu::StatusWord,
    card::{Date, Person},
    chip::{
        AccessUsed, ChipAuthentication, ChipData, FileId,
        access::{access_matches, offers_mapping_by_key},
        active_auth::{self, ActiveAuthError},
        chip_auth::{ChipKey, verify_mapping},
        files::{dg1, dg2, dg2::ImageFormat},
        passive_auth::{self, ChainOutcome, PassiveAuthError, PassiveReport},
        person,
        security_infos::SecurityInfos,
    },
    crypto::hash::sha256,
    jose::Blob,
    platform::{ChipProof, ClockError},
    tlv,
    trust::Anchors,
};

/// One file of the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChipFileView {
    /// `EF.SOD`, `DG1` …
    pub name: String,
    /// Bytes.
    pub length: u32,
    /// SHA-256 of the file, 32 bytes.
    pub sha256: Vec<u8>,
}

/// Who the card says its holder is.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChipHolderView {
    /// Name in the holder's own script where the card has it, else in Latin letters.
    pub name: String,
    /// Name in Latin letters.
    pub name_latin: String,
    /// The document's number.
    pub document_number: String,
    /// Date of birth, `YYYY-MM-DD`; none when the card does not know the day.
    pub birth_date: Option<String>,
    /// The portrait.
    pub portrait: Vec<u8>,
    /// `image/jpeg` or `image/jp2`.
    pub portrait_media_type: String,
}

impl core::fmt::Debug for ChipHolderView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ChipHolderView(..)")
    }
}

/// A card's files after every check: signed by an authority the wallet knows, unaltered, and by the original chip where
/// it was asked to prove that.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
#[derive(Debug)]
pub struct ChipEvidence {
    data: ChipData,
    challenge: Option<[u8; 8]>,
    genuine: bool,
    /// What the chip answered to the issuer alone, which only the issuer can check.
    relayed: Option<Vec<Vec<u8>>>,
    report: ChipReport,
    checked_on: Date,
}

impl ChipEvidence {
    /// The files that were read, EF.CardAccess and EF.SOD first.
    #[must_use]
    pub fn files(&self) -> Vec<ChipFileView> {
        let named = |name: String, bytes: &[u8]| ChipFileView {
            name,
            length: count(bytes.len()),
            sha256: sha256(bytes).to_vec(),
        };
        let mut files = Vec::new();
        if !self.data.card_access.is_empty() {
            files.push(named(name_of(FileId::CardAccess), &self.data.card_access));
        }
        if let Some(file) = &self.data.card_security {
            files.push(named(name_of(FileId::CardSecurity), file));
        }
        files.push(named(name_of(FileId::SecurityObject), &self.data.sod));
        if let Some(file) = &self.data.common {
            files.push(named(name_of(FileId::Common), file));
        }
        files.extend(
            self.data.groups.iter().map(|(number, bytes)| named(name_of(FileId::Group(*number)), bytes)),
        );
        files
    }

    /// Every check and what it came to. None failed: that would have been an error of the reading.
    #[must_use]
    pub fn checks(&self) -> Vec<ChipCheckView> {
        self.report.checks.clone()
    }
}

/// As the counter's: what crosses can fail.
#[cfg(feature = "uniffi")]
#[uniffi::export]
impl ChipEvidence {
    /// The files that were read, EF.CardAccess and EF.SOD first.
    #[uniffi::method(name = "files")]
    pub fn exported_files(&self) -> Result<Vec<ChipFileView>, WalletError> {
        Ok(self.files())
    }

    /// Every check and what it came to.
    #[uniffi::method(name = "checks")]
    pub fn exported_checks(&self) -> Result<Vec<ChipCheckView>, WalletError> {
        Ok(self.checks())
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl ChipEvidence {
    /// Commands the reading took.
    #[must_use]
    pub fn apdus(&self) -> u32 {
        self.data.apdus
    }

    /// Whether the card was opened by basic access although it speaks of PACE, which the caller had allowed. Somebody near
    /// the card may have heard what it holds.
    #[must_use]
    pub fn opened_by_weaker_access(&self) -> bool {
        self.data.access == Some(AccessUsed::BasicInsteadOfPace)
    }

    /// Who the card says its holder is.
    ///
    /// # Errors
    /// [`WalletError::CardUnreadable`] when the card's own files do not follow their form.
    pub fn holder(&self) -> Result<ChipHolderView, WalletError> {
        let mrz = dg1::parse(self.group(1))?;
        let portrait = dg2::parse(self.group(2))?;
        let name_latin = format!("{} {}", mrz.surname, mrz.given_names).trim().to_owned();
        let own_script = self.person().ok().map(|person| person.name().to_owned());
        Ok(ChipHolderView {
            name: own_script.unwrap_or_else(|| name_latin.clone()),
            name_latin,
            document_number: mrz.document_number,
            birth_date: mrz.birth_date.as_birth(self.checked_on).ok().map(|date| date.to_string()),
            portrait_media_type: match portrait.format {
                ImageFormat::Jpeg => "image/jpeg".to_owned(),
                ImageFormat::Jpeg2000 => "image/jp2".to_owned(),
            },
            portrait: portrait.image,
        })
    }
}

impl ChipEvidence {
    /// The files, for the issuer.
    pub(super) const fn data(&self) -> &ChipData {
        &self.data
    }

    /// Whether the chip proved itself in the session of exactly this challenge, to the wallet or to the issuer.
    pub(super) fn answers(&self, challenge: &[u8; 8]) -> bool {
        (self.genuine || self.relayed.is_some()) && self.challenge.as_ref() == Some(challenge)
    }

    /// The chip's proof, for the issuer.
    pub(super) fn proof(&self) -> ChipProof {
        match &self.relayed {
            Some(answers) => ChipProof::ChipAuthentication(answers.iter().cloned().map(Blob).collect()),
            None => ChipProof::ActiveAuthentication(Blob(self.data.active_auth.clone().unwrap_or_default())),
        }
    }

    /// The person on a resident card.
    pub(super) fn person(&self) -> Result<Person, WalletError> {
        Ok(person::parse(&self.data.groups)?)
    }

    /// What the checks came to, and what the document's signer says about it.
    #[must_use]
    pub const fn report(&self) -> &ChipReport {
        &self.report
    }

    /// How the card was opened, last.
    #[must_use]
    pub const fn access(&self) -> Option<AccessUsed> {
        self.data.access
    }

    /// A file as it was read, for callers that parse more of it than [`Self::holder`] does.
    #[must_use]
    pub fn file(&self, file: FileId) -> Option<&[u8]> {
        match file {
            FileId::CardAccess => Some(&self.data.card_access).filter(|bytes| !bytes.is_empty()),
            FileId::CardSecurity => self.data.card_security.as_ref(),
            FileId::Common => self.data.common.as_ref(),
            FileId::SecurityObject => Some(&self.data.sod),
            FileId::Group(number) => self.data.groups.get(&number),
        }
        .map(Vec::as_slice)
    }

    fn group(&self, number: u8) -> &[u8] {
        self.data.groups.get(&number).map_or(&[][..], Vec::as_slice)
    }
}

/// Makes every check of what was read, whatever came of the others, and decides: one that failed is the error. Keeps what the
/// chip answered to the issuer. The only maker of [`ChipEvidence`].
pub(super) fn checked(
    data: ChipData,
    challenge: Option<[u8; 8]>,
    relayed: Option<Vec<Vec<u8>>>,
    roots: &Anchors,
    now: i64,
) -> (ChipReport, Result<ChipEvidence, WalletError>) {
    let mut checks = Checks::default();
    let signed = match passive_auth::examine(&data.sod, &data.groups, roots, now) {
        Ok(report) => {
            checks.add_passive(&report);
            checks.refuse(report.decide());
            Some(report)
        }
        Err(error) => {
            checks.add_unreadable(error);
            checks.refuse(Err(error));
            None
        }
    };
    // What these build on is a file that the document's signer vouches for.
    let vouched_for = |group: u8, checked: &dyn Fn() -> Checked| {
        let read = data.groups.contains_key(&group);
        if read && !signed.as_ref().is_some_and(|report| report.vouches_for(group)) {
            return Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::AfterAFailure });
        }
        checked()
    };
    checks.add("access", vouched_for(14, &|| compared_with_the_door(&data)));
    let by_its_key = vouched_for(14, &|| proven_by_its_key(&data, signed.as_ref(), roots, now));
    let active = vouched_for(15, &|| active_authentication(&data, signed.as_ref(), challenge));
    let passed = |checked: &Checked| matches!(checked, Ok(ChipCheckOutcome::Passed));
    let genuine = passed(&active);
    // What cannot be checked here refuses no chip that proves itself in another way.
    let active = active.or_else(|refused| refused.excused_by(passed(&by_its_key) || relayed.is_some()));
    checks.add("chip_authentication", by_its_key.or_else(|refused| refused.excused_by(genuine)));
    checks.add("active_authentication", active);

    let (checks, refusal) = checks.finish();
    let report = ChipReport { checks, signed };
    let checked_on =
        Date::in_korea_at(now).map_err(|_| WalletError::from(ClockError::Failed { os_code: code::INTERNAL }));
    let evidence = refusal.map_or(Ok(()), Err).and(checked_on).map(|checked_on| ChipEvidence {
        data,
        challenge,
        genuine,
        relayed,
        report: report.clone(),
        checked_on,
    });
    (report, evidence)
}

/// What was offered at the door, by a file nobody signed, against what the issuer signed.
fn compared_with_the_door(data: &ChipData) -> Checked {
    let by_basic_access = matches!(data.access, Some(AccessUsed::Basic | AccessUsed::BasicInsteadOfPace));
    match data.groups.get(&14) {
        None if by_basic_access => Ok(ChipCheckOutcome::PassedWeakly),
        None => Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::NothingSigned }),
        Some(file) => {
            let infos =
                tlv::exactly(file, 0x6E).map_err(|_| Refused::because(ChipCheckFailure::Malformed))?;
            agrees_with_the_door(data, infos.value)?;
            Ok(if by_basic_access { ChipCheckOutcome::PassedWeakly } else { ChipCheckOutcome::Passed })
        }
    }
}

/// Whether the chip signed our challenge with the key that its issuer signed.
fn active_authentication(
    data: &ChipData,
    signed: Option<&PassiveReport>,
    challenge: Option<[u8; 8]>,
) -> Checked {
    let skipped = |why| Ok(ChipCheckOutcome::Skipped { why });
    let Some(dg15) = data.groups.get(&15) else { return without_key(data, signed, 15) };
    let Some(challenge) = challenge else { return skipped(ChipCheckSkip::NoChallenge) };
    let answer = data.active_auth.as_deref().ok_or(match data.active_auth_refused {
        // An answer too long for this link proves nothing, and says nothing against the card.
        Some(status) if is_about_the_link(status) => Refused::UNSUPPORTED,
        Some(_) | None => Refused::CLONED,
    })?;
    active_auth::verify(dg15, data.groups.get(&14).map(Vec::as_slice), &challenge, answer).map_err(
        |error| match error {
            // That this wallet cannot check it is no word against the card.
            ActiveAuthError::Unsupported | ActiveAuthError::UnknownDigest | ActiveAuthError::Malformed => {
                Refused::UNSUPPORTED
            }
            ActiveAuthError::BadSignature => Refused::CLONED,
        },
    )?;
    Ok(ChipCheckOutcome::Passed)
}

fn is_about_the_link(status: StatusWord) -> bool {
    status == StatusWord::WRONG_LENGTH
        || status == StatusWord::CONDITIONS_NOT_SATISFIED
        || status.class() == 0x6C
}

/// Why a key is not there: the card has none, or its file was not asked for. A chip that does not show what its issuer put
/// there is taken for a copy, which has every reason not to.
fn without_key(data: &ChipData, signed: Option<&PassiveReport>, group: u8) -> Checked {
    let listed = signed.is_some_and(|report| report.listed.contains(&group));
    match (listed, data.refused.contains(&group)) {
        (true, true) => Err(Refused::CLONED),
        (true, false) => Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::NotRead }),
        (false, _) => Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::NoKey }),
    }
}

/// What was offered at the door, by a file nobody signed, is what the issuer signed: no better way was hidden. ICAO
/// Doc 9303-11, 4.2.
fn agrees_with_the_door(data: &ChipData, infos: &[u8]) -> Result<(), Refused> {
    let agrees = access_matches(&data.card_access, infos).map_err(|_| Refused::UNSUPPORTED)?;
    if agrees { Ok(()) } else { Err(Refused::because(ChipCheckFailure::HiddenAccess)) }
}

/// Whether the chip agreed on keys that only the owner of its signed key can have.
fn proven_by_its_key(data: &ChipData, signed: Option<&PassiveReport>, roots: &Anchors, now: i64) -> Checked {
    let own = data.groups.get(&14).map(|file| SecurityInfos::parse_dg14(file));
    let has_key = matches!(&own, Some(Ok(infos)) if !infos.chip_keys.is_empty());
    let trusted = signed.filter(|report| report.chain == ChainOutcome::Trusted);
    if trusted.is_none() && data.card_security.is_some() {
        return Ok(ChipCheckOutcome::Skipped { why: ChipCheckSkip::AfterAFailure });
    }
    let apart = || card_security(data, trusted, roots, now);
    if let Some(proof) = &data.mapping_proof {
        let proven = |infos: &SecurityInfos| verify_mapping(infos, proof).map_err(|_| Refused::CLONED);
        if !proven(&apart()?)? {
            return Err(Refused::CLONED);
        }
        // The chip with that key shows what its issuer listed.
        if !data.groups.contains_key(&14) {
            without_key(data, signed, 14)?;
        }
        // A key taken out of any card of that state would serve a copy of any other, were it not signed with this document.
        return Ok(match own {
            Some(Ok(own)) if proven(&own)? => ChipCheckOutcome::Passed,
            _ => ChipCheckOutcome::PassedWeakly,
        });
    }
    match data.chip_authentication {
        ChipAuthentication::Proven if has_key => Ok(ChipCheckOutcome::Passed),
        ChipAuthentication::Proven => apart().map(|_| ChipCheckOutcome::PassedWeakly),
        ChipAuthentication::Refused(status) if is_about_the_link(status) => Err(Refused::UNSUPPORTED),
        // It has the key by its own signed word, and would not use it.
        ChipAuthentication::Refused(_) => Err(Refused::CLONED),
        ChipAuthentication::NotAsked => {
            let why = match own {
                Some(Ok(infos)) if has_key => not_asked(&infos),
                Some(Err(_)) => ChipCheckSkip::Unreadable,
                Some(Ok(infos)) if infos.incomplete => ChipCheckSkip::Unreadable,
                // It said at the door that it has a key, in the other file.
                _ if offers_mapping_by_key(&data.card_access) => not_asked(&apart()?),
                Some(Ok(_)) => ChipCheckSkip::NoKey,
                None => return without_key(data, signed, 14),
            };
            Ok(ChipCheckOutcome::Skipped { why })
        }
    }
}

/// What EF.CardSecurity says, signed by the state that signed EF.SOD.
fn card_security(
    data: &ChipData,
    trusted: Option<&PassiveReport>,
    roots: &Anchors,
    now: i64,
) -> Result<SecurityInfos, Refused> {
    let file = data.card_security.as_deref().ok_or(Refused::CLONED)?;
    let (infos, country) = passive_auth::verify_card_security(file, roots, now)?;
    if country.is_none() || trusted.is_none_or(|report| country != report.signer_country) {
        return Err(Refused::CLONED);
    }
    agrees_with_the_door(data, &infos)?;
    SecurityInfos::parse_set(&infos).map_err(|_| Refused::CLONED)
}

/// Why a chip with a key was not asked to prove it.
fn not_asked(infos: &SecurityInfos) -> ChipCheckSkip {
    match ChipKey::choose(infos) {
        Ok(Some(_)) => ChipCheckSkip::NotAsked,
        Ok(None) | Err(_) => ChipCheckSkip::Unsupported,
    }
}

impl From<PassiveAuthError> for WalletError {
    fn from(error: PassiveAuthError) -> Self {
        match error {
            PassiveAuthError::Unsupported => Self::CardUnreadable { why: CardTrouble::Unsupported },
            PassiveAuthError::Malformed
            | PassiveAuthError::BadSignature
            | PassiveAuthError::AnotherState
            | PassiveAuthError::UntrustedSigner(_) => Self::NotTrusted { why: Distrust::ChipSigner },
            PassiveAuthError::AlteredGroup(_) | PassiveAuthError::MissingHash(_) => {
                Self::NotTrusted { why: Distrust::ChipDataAltered }
            }
        }
    }
}

/// The file's name as ICAO Doc 9303-10 writes it.
pub(super) fn name_of(file: FileId) -> String {
    match file {
        FileId::CardAccess => "EF.CardAccess".to_owned(),
        FileId::CardSecurity => "EF.CardSecurity".to_owned(),
        FileId::Common => "EF.COM".to_owned(),
        FileId::SecurityObject => "EF.SOD".to_owned(),
        FileId::Group(number) => format!("DG{number}"),
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
