//! The documents this issuer issues: data files, checked at the start. Two are built in; a folder of the configuration adds
//! others. docs/formats/documents.md describes the form.

mod claims;

pub(crate) use claims::About;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use wallet_core::{
    card::{Disclosure, Language, Person},
    counter,
    crypto::hash::{sha256_of, truncated},
    mdoc::PHOTO_ID,
};

const BUILT_IN: [&str; 2] = [
    include_str!("../../documents/resident_card.toml"),
    include_str!("../../documents/foreign_resident_card.toml"),
];
/// Copies that a wallet may have of one form at a time.
const MAX_COPIES: u32 = 50;
/// A copy of the counter's lives for at most 62 days (docs/formats/kr1.md).
const MAX_COPY_DAYS: u16 = 62;
const MAX_CARD_DAYS: u16 = 3653;
const MAX_TEXT: usize = 100;

/// Why the documents are not fit to be issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The folder failed.
    #[error("the folder of documents failed: {0}")]
    Io(#[from] io::Error),
    /// A file is not of the form.
    #[error("{file}: {error}")]
    Form {
        /// Which.
        file: String,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// A file says what no document may.
    #[error("{file}: {fault}")]
    Fault {
        /// Which.
        file: String,
        /// What is wrong.
        fault: Fault,
    },
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An id other than one to 40 of `a-z 0-9 _`.
    #[error("the id is not one to 40 of a-z 0-9 _")]
    Id,
    /// A document of this id, or with this type, is there already.
    #[error("a document with this id or type is there already")]
    Twice,
    /// Nothing can be issued.
    #[error("it has neither an mdoc nor an SD-JWT form")]
    NoForm,
    /// A number of copies out of bounds.
    #[error("a number of copies is not 1 to {MAX_COPIES}")]
    Copies,
    /// A number of days out of bounds.
    #[error("a number of days is out of bounds")]
    Days,
    /// A text that is empty, too long or has controls in it.
    #[error("a name or label is empty, too long or has controls in it")]
    Text,
    /// A document type that is not the photo ID's: its elements would be unknown.
    #[error("an mdoc other than the photo ID")]
    DocType,
    /// Copies for the counter of a document that counters do not know, or of a level that is none.
    #[error("copies for the counter that no counter knows")]
    Counter,
    /// A claim from a source that is not there.
    #[error("the claim {0} has no source")]
    Source(String),
    /// A claim twice, or under a name that the format reserves.
    #[error("the claim {0} is there twice or reserved")]
    Claim(String),
    /// An SD-JWT form that a wallet could not tell the person from.
    #[error("without an mdoc, the claims have to name the person: {0} is missing")]
    PersonMissing(&'static str),
}

/// Who may hold a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holders {
    /// Residents who are citizens: the document is got with the resident card.
    Residents,
    /// Foreign residents: the document is got with the residence card.
    ForeignResidents,
    /// Whom the register has data for this document of.
    Registered,
}

/// A name or label in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    ko: String,
    en: String,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    id: String,
    name: Label,
    holders: Holders,
    /// Of every holder, where it is one for all.
    nationality: Option<String>,
    /// Days the document as such lasts, however often its copies are renewed.
    card_days: u16,
    /// Days a copy lasts.
    copy_days: u16,
    /// Whether a clerk looks before anything is issued.
    #[serde(default)]
    manual_check: bool,
    mdoc: Option<MdocForm>,
    sd_jwt: Option<SdJwtForm>,
    /// Copies by the name of their level.
    #[serde(default)]
    counter: BTreeMap<String, u32>,
    #[serde(default, rename = "claim")]
    claims: Vec<Claim>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct MdocForm {
    doctype: String,
    copies: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SdJwtForm {
    vct: String,
    copies: u32,
}

/// A claim of the SD-JWT form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    name: String,
    /// Where it comes from; a source of its own name when none is given.
    from: Option<String>,
    ko: String,
    en: String,
}

/// In which form a document is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// ISO/IEC 18013-5.
    Mdoc,
    /// SD-JWT VC.
    SdJwt,
    /// A copy for the counter.
    Level(Disclosure),
}

/// Everything this issuer issues.
#[derive(Debug, Clone)]
pub struct Documents(Vec<Document>);

/// One credential configuration: a document in a form. OpenID4VCI 1.0, 12.2.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The document.
    pub document: &'a Document,
    /// The form.
    pub form: Form,
}

impl Label {
    /// In a language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Korean => &self.ko,
            Language::English => &self.en,
        }
    }

    fn is_fit(&self) -> bool {
        is_text(&self.ko) && is_text(&self.en)
    }
}

impl Claim {
    /// Its name in the credential.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self, language: Language) -> &str {
        match language {
            Language::Korean => &self.ko,
            Language::English => &self.en,
        }
    }

    pub(crate) fn source(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.name)
    }
}

impl Form {
    /// Its name in configurations and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mdoc => "mdoc",
            Self::SdJwt => "sd_jwt",
            Self::Level(level) => level.name(),
        }
    }
}

impl Documents {
    /// The documents built in and those of a folder: every file there that ends in `.toml`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn load(folder: Option<&Path>) -> Result<Self, DocumentError> {
        let mut documents = Self(Vec::new());
        for text in BUILT_IN {
            documents.add("built in", text)?;
        }
        let mut files: Vec<PathBuf> = Vec::new();
        if let Some(folder) = folder {
            for entry in fs::read_dir(folder)? {
                files.push(entry?.path());
            }
        }
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            documents.add(&name, &fs::read_to_string(&file)?)?;
        }
        Ok(documents)
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), DocumentError> {
        let file = || file.to_owned();
        let document: Document = toml::from_str(text)
            .map_err(|error| DocumentError::Form { file: file(), error: Box::new(error) })?;
        document.check().map_err(|fault| DocumentError::Fault { file: file(), fault })?;
        let same_type = |other: &Document| {
            let vct = |document: &Document| document.sd_jwt.as_ref().map(|form| form.vct.clone());
            vct(other).is_some() && vct(other) == vct(&document)
        };
        if self.0.iter().any(|other| other.tag() == document.tag() || same_type(other)) {
            return Err(DocumentError::Fault { file: file(), fault: Fault::Twice });
        }
        self.0.push(document);
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.0.iter()
    }

    /// The document of this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Document> {
        self.0.iter().find(|document| document.id == id)
    }

    /// The document whose batches have this tag.
    #[must_use]
    pub fn by_tag(&self, tag: [u8; 4]) -> Option<&Document> {
        self.0.iter().find(|document| document.tag() == tag)
    }

    /// The document that a person gets with the card they hold.
    #[must_use]
    pub fn of_card(&self, person: &Person) -> Option<&Document> {
        let holders = if is_foreign(person) { Holders::ForeignResidents } else { Holders::Residents };
        self.0.iter().find(|document| document.holders == holders)
    }

    /// The configuration of this name.
    #[must_use]
    pub fn wanted(&self, id: &str) -> Option<Wanted<'_>> {
        let (document, _) = id.split_once('.')?;
        self.find(document)?.wanted().into_iter().find(|wanted| wanted.id() == id)
    }
}

impl Document {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &Label {
        &self.name
    }

    /// Who may hold it.
    #[must_use]
    pub const fn holders(&self) -> Holders {
        self.holders
    }

    /// The claims of its SD-JWT form.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    pub(crate) fn nationality(&self) -> Option<&str> {
        self.nationality.as_deref()
    }

    pub(crate) const fn card_days(&self) -> u16 {
        self.card_days
    }

    pub(crate) const fn is_checked_by_hand(&self) -> bool {
        self.manual_check
    }

    pub(crate) const fn copy_days(&self) -> u16 {
        self.copy_days
    }

    /// What its batches begin with in the store.
    #[must_use]
    pub fn tag(&self) -> [u8; 4] {
        let [a, b, c, d, ..]: [u8; 8] = truncated(sha256_of(&[b"desk document v1", self.id.as_bytes()]));
        [a, b, c, d]
    }

    /// Every form it is issued in.
    #[must_use]
    pub fn wanted(&self) -> Vec<Wanted<'_>> {
        let whole = [(self.mdoc.is_some(), Form::Mdoc), (self.sd_jwt.is_some(), Form::SdJwt)];
        let whole = whole.into_iter().filter(|(there, _)| *there).map(|(_, form)| form);
        let levels = Disclosure::ALL.into_iter().filter(|level| self.counter.contains_key(level.name()));
        whole.chain(levels.map(Form::Level)).map(|form| Wanted { document: self, form }).collect()
    }

    /// The document as counters know it.
    pub(crate) fn at_counters(&self) -> Option<counter::Document> {
        counter::Document::from_name(&self.id)
    }

    fn check(&self) -> Result<(), Fault> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=40).contains(&self.id.len()) || !self.id.bytes().all(plain) {
            return Err(Fault::Id);
        }
        if !self.name.is_fit() || self.nationality.as_deref().is_some_and(|country| !is_text(country)) {
            return Err(Fault::Text);
        }
        let days = (1..=MAX_COPY_DAYS).contains(&self.copy_days)
            && (self.copy_days..=MAX_CARD_DAYS).contains(&self.card_days);
        if !days {
            return Err(Fault::Days);
        }
        let copies =
            self.mdoc.iter().map(|form| form.copies).chain(self.sd_jwt.iter().map(|form| form.copies));
        if !copies.chain(self.counter.values().copied()).all(|copies| (1..=MAX_COPIES).contains(&copies)) {
            return Err(Fault::Copies);
        }
        if self.mdoc.as_ref().is_some_and(|form| form.doctype != PHOTO_ID) {
            return Err(Fault::DocType);
        }
        let known = |level: &String| Disclosure::from_name(level).is_ok();
        if !self.counter.is_empty() && (self.at_counters().is_none() || !self.counter.keys().all(known)) {
            return Err(Fault::Counter);
        }
        self.check_claims()
    }

    fn check_claims(&self) -> Result<(), Fault> {
        if self.sd_jwt.as_ref().is_some_and(|form| !is_text(&form.vct)) {
            return Err(Fault::Text);
        }
        for (at, claim) in self.claims.iter().enumerate() {
            if !is_text(&claim.name) || !is_text(&claim.ko) || !is_text(&claim.en) {
                return Err(Fault::Text);
            }
            let before = self.claims.iter().take(at);
            if claims::is_reserved(&claim.name) || before.into_iter().any(|other| other.name == claim.name) {
                return Err(Fault::Claim(claim.name.clone()));
            }
            let registered = self.holders == Holders::Registered;
            if !claims::is_source(claim.source(), registered) {
                return Err(Fault::Source(claim.name.clone()));
            }
        }
        match (&self.mdoc, &self.sd_jwt) {
            (None, None) => Err(Fault::NoForm),
            (Some(_), _) => Ok(()),
            (None, Some(_)) => {
                let there = |name: &&str| self.claims.iter().any(|claim| claim.name == **name);
                claims::NAME_THE_PERSON
                    .into_iter()
                    .find(|name| !there(name))
                    .map_or(Ok(()), |name| Err(Fault::PersonMissing(name)))
            }
        }
    }
}

impl Wanted<'_> {
    /// The name of the configuration.
    #[must_use]
    pub fn id(self) -> String {
        format!("{}.{}", self.document.id, self.form.name())
    }

    /// Most copies in one batch.
    #[must_use]
    pub fn batch(self) -> u32 {
        let Document { mdoc, sd_jwt, counter, .. } = self.document;
        match self.form {
            Form::Mdoc => mdoc.as_ref().map_or(0, |form| form.copies),
            Form::SdJwt => sd_jwt.as_ref().map_or(0, |form| form.copies),
            Form::Level(level) => counter.get(level.name()).copied().unwrap_or(0),
        }
    }

    /// Its type: `vct`, or the document type of an mdoc.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        let Document { mdoc, sd_jwt, .. } = self.document;
        match self.form {
            Form::Mdoc => mdoc.as_ref().map(|form| form.doctype.as_str()),
            Form::SdJwt => sd_jwt.as_ref().map(|form| form.vct.as_str()),
            Form::Level(level) => self.document.at_counters().map(|document| document.vct(level)),
        }
    }
}

/// Whether a registration number is a foreign resident's: its seventh digit is 5 to 8.
fn is_foreign(person: &Person) -> bool {
    let number = person.registration_number().as_str();
    number.bytes().filter(u8::is_ascii_digit).nth(6).is_some_and(|digit| (b'5'..=b'8').contains(&digit))
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_TEXT && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests;
