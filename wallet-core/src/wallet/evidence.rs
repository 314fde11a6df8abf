//! What a card said, checked.

use super::{CardTrouble, Distrust, WalletError, code};
use crate::{
    card::{Date, Person},
    chip::{
        AccessUsed, ChipAuthentication, ChipData, ChipError, FileId, MappingProof,
        access::access_matches,
        active_auth::{self, ActiveAuthError},
        chip_auth::verify_mapping,
        files::{dg1, dg2, dg2::ImageFormat},
        passive_auth::{self, PassiveAuthError},
        person,
        security_infos::SecurityInfos,
    },
    crypto::hash::sha256,
    platform::ClockError,
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

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum ChipCheckOutcome {
    /// It holds.
    Passed,
    /// It was not made: no challenge was given, or the card has no key for it.
    Skipped,
}

/// One check of a card. A check that fails is an error of the reading, so none stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ChipCheckView {
    /// `passive_authentication.chain`, `passive_authentication.signature`, `passive_authentication.hashes`,
    /// `active_authentication`; `chip_authentication` where the card has a key for it.
    pub name: String,
    /// What it came to.
    pub outcome: ChipCheckOutcome,
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
    /// Whether the chip agreed on keys by its own key; none where it has no such key.
    agreed: Option<bool>,
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
        files.extend(
            self.data.groups.iter().map(|(number, bytes)| named(name_of(FileId::Group(*number)), bytes)),
        );
        files
    }

    /// Every check and what it came to.
    #[must_use]
    pub fn checks(&self) -> Vec<ChipCheckView> {
        let outcome = |passed| if passed { ChipCheckOutcome::Passed } else { ChipCheckOutcome::Skipped };
        let agreed = self.agreed.map(|agreed| ("chip_authentication", outcome(agreed)));
        [
            ("passive_authentication.chain", ChipCheckOutcome::Passed),
            ("passive_authentication.signature", ChipCheckOutcome::Passed),
            ("passive_authentication.hashes", ChipCheckOutcome::Passed),
            ("active_authentication", outcome(self.genuine)),
        ]
        .into_iter()
        .chain(agreed)
        .map(|(name, outcome)| ChipCheckView { name: name.to_owned(), outcome })
        .collect()
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

    /// Whether the chip proved itself against exactly this challenge.
    pub(super) fn answers(&self, challenge: &[u8; 8]) -> bool {
        self.genuine && self.challenge.as_ref() == Some(challenge)
    }

    /// The person on a resident card.
    pub(super) fn person(&self) -> Result<Person, WalletError> {
        Ok(person::parse(&self.data.groups)?)
    }

    fn group(&self, number: u8) -> &[u8] {
        self.data.groups.get(&number).map_or(&[][..], Vec::as_slice)
    }
}

/// Checks what was read. The only maker of [`ChipEvidence`].
pub(super) fn checked(
    data: ChipData,
    challenge: Option<[u8; 8]>,
    roots: &Anchors,
    now: i64,
) -> Result<ChipEvidence, WalletError> {
    passive_auth::verify(&data.sod, &data.groups, roots, now)?;
    let signed_infos = data.groups.get(&14).map(|file| signed_infos(file)).transpose()?;
    if let Some(infos) = signed_infos {
        agrees_with_the_door(&data, infos)?;
    }
    let agreed = proven_by_its_key(&data, roots, now)?;
    let genuine = match (challenge, data.groups.get(&15)) {
        (Some(challenge), Some(dg15)) => {
            let answer = data.active_auth.as_deref();
            let answer = answer.ok_or(WalletError::NotTrusted { why: Distrust::ChipCloned })?;
            active_auth::verify(dg15, data.groups.get(&14).map(Vec::as_slice), &challenge, answer)?;
            true
        }
        (None, _) | (_, None) => false,
    };
    let checked_on = Date::in_korea_at(now).map_err(|_| ClockError::Failed { os_code: code::INTERNAL })?;
    Ok(ChipEvidence { data, challenge, genuine, agreed, checked_on })
}

/// The SET in EF.DG14.
fn signed_infos(dg14: &[u8]) -> Result<&[u8], WalletError> {
    let altered = WalletError::NotTrusted { why: Distrust::ChipDataAltered };
    tlv::exactly(dg14, 0x6E).map(|file| file.value).map_err(|_| altered)
}

/// What was offered at the door, by a file nobody signed, is what the issuer signed: no better way was hidden. ICAO
/// Doc 9303-11, 4.2.
fn agrees_with_the_door(data: &ChipData, infos: &[u8]) -> Result<(), WalletError> {
    let agrees = access_matches(&data.card_access, infos)
        .map_err(|_| WalletError::CardUnreadable { why: CardTrouble::Unsupported })?;
    if agrees { Ok(()) } else { Err(WalletError::NotTrusted { why: Distrust::ChipDataAltered }) }
}

/// Whether the chip agreed on keys that only the owner of its signed key can have; `None` for a chip without such a key.
fn proven_by_its_key(data: &ChipData, roots: &Anchors, now: i64) -> Result<Option<bool>, WalletError> {
    let cloned = WalletError::NotTrusted { why: Distrust::ChipCloned };
    if let Some(proof) = &data.mapping_proof {
        return verified_mapping(data, proof, roots, now).map(|()| Some(true));
    }
    match data.chip_authentication {
        ChipAuthentication::Proven => Ok(Some(true)),
        // It has the key by its own signed word, and would not use it.
        ChipAuthentication::Refused(_) => Err(cloned),
        ChipAuthentication::NotAsked => {
            let infos = data.groups.get(&14).and_then(|file| SecurityInfos::parse_dg14(file).ok());
            Ok(infos.filter(|infos| !infos.chip_keys.is_empty()).map(|_| false))
        }
    }
}

fn verified_mapping(
    data: &ChipData,
    proof: &MappingProof,
    roots: &Anchors,
    now: i64,
) -> Result<(), WalletError> {
    let cloned = WalletError::NotTrusted { why: Distrust::ChipCloned };
    let file = data.card_security.as_deref().ok_or_else(|| cloned.clone())?;
    let infos = passive_auth::verify_card_security(file, roots, now)?;
    agrees_with_the_door(data, &infos)?;
    let infos = SecurityInfos::parse_set(&infos).map_err(|_| cloned.clone())?;
    verify_mapping(&infos, proof).map_err(|error| match error {
        ChipError::Unsupported(_) => WalletError::CardUnreadable { why: CardTrouble::Unsupported },
        _ => cloned,
    })
}

impl From<PassiveAuthError> for WalletError {
    fn from(error: PassiveAuthError) -> Self {
        match error {
            PassiveAuthError::Unsupported => Self::CardUnreadable { why: CardTrouble::Unsupported },
            PassiveAuthError::Malformed
            | PassiveAuthError::BadSignature
            | PassiveAuthError::UntrustedSigner(_) => Self::NotTrusted { why: Distrust::ChipSigner },
            PassiveAuthError::AlteredGroup(_) | PassiveAuthError::MissingHash(_) => {
                Self::NotTrusted { why: Distrust::ChipDataAltered }
            }
        }
    }
}

impl From<ActiveAuthError> for WalletError {
    fn from(_: ActiveAuthError) -> Self {
        Self::NotTrusted { why: Distrust::ChipCloned }
    }
}

/// The file's name as ICAO Doc 9303-10 writes it.
pub(super) fn name_of(file: FileId) -> String {
    match file {
        FileId::CardAccess => "EF.CardAccess".to_owned(),
        FileId::CardSecurity => "EF.CardSecurity".to_owned(),
        FileId::SecurityObject => "EF.SOD".to_owned(),
        FileId::Group(number) => format!("DG{number}"),
    }
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
