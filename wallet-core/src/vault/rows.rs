//! The content of rows: CBOR maps with short text keys. Unknown or missing fields are damage: a newer schema says so.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Card, Counterparty, Event, EventKind, InstanceKey, MAX_RECORD, Misuse, NewCopy, NewMdoc, NewSdJwt,
    Settings, Staple, error::Fault,
};
use crate::{
    card::{Date, Disclosure, LifeCycle, Person, RegistrationNumber},
    platform::{HolderKeyId, InstanceKeyId},
};

pub(super) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    ciborium::into_writer(row, &mut bytes).map_err(|_| Fault::Damaged)?;
    if bytes.len() > MAX_RECORD { Err(Misuse::Size.into()) } else { Ok(bytes) }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let mut rest = bytes;
    let row = ciborium::from_reader(&mut rest).map_err(|_| Fault::Damaged)?;
    if rest.is_empty() { Ok(row) } else { Err(Fault::Damaged) }
}

/// Bytes as a CBOR byte string; serde's own form for `Vec<u8>` is an array of numbers.
mod bytes {
    use core::fmt;
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstanceKeyRow {
    id: String,
    #[serde(with = "bytes")]
    public_key: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsRow {
    instance_key: Option<InstanceKeyRow>,
    issuer: Option<String>,
    locked_by_command: bool,
}

impl From<&Settings> for SettingsRow {
    fn from(settings: &Settings) -> Self {
        let Settings { instance_key, issuer, locked_by_command } = settings;
        Self {
            instance_key: instance_key.as_ref().map(|key| InstanceKeyRow {
                id: key.id.as_str().to_owned(),
                public_key: key.public_key.clone(),
            }),
            issuer: issuer.clone(),
            locked_by_command: *locked_by_command,
        }
    }
}

impl From<SettingsRow> for Settings {
    fn from(row: SettingsRow) -> Self {
        let SettingsRow { instance_key, issuer, locked_by_command } = row;
        let instance_key = instance_key
            .map(|InstanceKeyRow { id, public_key }| InstanceKey { id: InstanceKeyId::new(id), public_key });
        Self { instance_key, issuer, locked_by_command }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicDataRow {
    pub(super) name: String,
    #[serde(with = "bytes")]
    pub(super) value: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StapleRow {
    #[serde(with = "bytes")]
    pub(super) cti: Vec<u8>,
    pub(super) staple: Option<StapleValue>,
}

/// Hour and chain value.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StapleValue {
    hour: u32,
    #[serde(with = "bytes")]
    preimage: Vec<u8>,
}

impl From<Staple> for StapleValue {
    fn from(staple: Staple) -> Self {
        let Staple { hour, preimage } = staple;
        Self { hour, preimage: preimage.to_vec() }
    }
}

impl TryFrom<StapleValue> for Staple {
    type Error = Fault;
    fn try_from(value: StapleValue) -> Result<Self, Fault> {
        let StapleValue { hour, preimage } = value;
        Ok(Self { hour, preimage: preimage.try_into().map_err(|_| Fault::Damaged)? })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardRow {
    id: String,
    document: String,
    state: String,
    reason: String,
    levels: Vec<String>,
    name: String,
    name_latin: String,
    birth_date: String,
    registration_number: String,
    address: String,
    issue_date: String,
    issuing_authority: String,
    #[serde(with = "bytes")]
    portrait: Vec<u8>,
    enrolled_at: i64,
    valid_until: String,
}

impl From<&Card> for CardRow {
    fn from(card: &Card) -> Self {
        let Card { id, document, state, person, levels, enrolled_at, valid_until } = card;
        let (state, reason) = state.names();
        Self {
            id: id.clone(),
            document: document.clone(),
            state: state.to_owned(),
            reason: reason.to_owned(),
            levels: levels.iter().map(|level| level.name().to_owned()).collect(),
            name: person.name().to_owned(),
            name_latin: person.name_latin().to_owned(),
            birth_date: person.birth_date().to_string(),
            registration_number: person.registration_number().as_str().to_owned(),
            address: person.address().to_owned(),
            issue_date: person.issue_date().to_string(),
            issuing_authority: person.issuing_authority().to_owned(),
            portrait: person.portrait().to_vec(),
            enrolled_at: *enrolled_at,
            valid_until: valid_until.to_string(),
        }
    }
}

impl TryFrom<CardRow> for Card {
    type Error = Fault;
    fn try_from(row: CardRow) -> Result<Self, Fault> {
        let CardRow {
            id,
            document,
            state,
            reason,
            levels,
            name,
            name_latin,
            birth_date,
            registration_number,
            address,
            issue_date,
            issuing_authority,
            portrait,
            enrolled_at,
            valid_until,
        } = row;
        let date = |text: &str| Date::parse(text).map_err(|_| Fault::Damaged);
        Ok(Self {
            id,
            document,
            enrolled_at,
            valid_until: date(&valid_until)?,
            state: LifeCycle::from_names(&state, &reason).map_err(|_| Fault::Damaged)?,
            levels: levels.iter().map(|name| level(name)).collect::<Result<_, _>>()?,
            person: Person::new(
                &name,
                &name_latin,
                date(&birth_date)?,
                RegistrationNumber::parse(&registration_number).map_err(|_| Fault::Damaged)?,
                &address,
                date(&issue_date)?,
                &issuing_authority,
                portrait,
            ),
        })
    }
}

/// Where a copy is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CopyState {
    Fresh,
    Reserved,
    Spent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyRow {
    /// Row id of the card.
    pub(super) card: i64,
    disclosure: String,
    pub(super) holder_key: String,
    pub(super) state: CopyState,
    /// Emptied when the copy is spent.
    #[serde(with = "bytes")]
    pub(super) sd_cwt: Vec<u8>,
    #[serde(with = "bytes")]
    portrait_salt: Vec<u8>,
}

impl CopyRow {
    pub(super) fn fresh(card: i64, copy: &NewCopy) -> Self {
        let NewCopy { disclosure, holder_key, cti: _, sd_cwt, portrait_salt, staple: _ } = copy;
        Self {
            card,
            disclosure: disclosure.name().to_owned(),
            holder_key: holder_key.as_str().to_owned(),
            state: CopyState::Fresh,
            sd_cwt: sd_cwt.clone(),
            portrait_salt: portrait_salt.to_vec(),
        }
    }

    pub(super) fn disclosure(&self) -> Result<Disclosure, Fault> {
        level(&self.disclosure)
    }
}

/// A document that is presented in parts: an mdoc, or an SD-JWT VC.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MdocRow {
    /// Row id of the card.
    pub(super) card: i64,
    doc_type: String,
    pub(super) holder_key: String,
    #[serde(with = "bytes")]
    issuer_signed: Vec<u8>,
    /// Absent for an mdoc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<OtherFormat>,
}

/// A format beside mdoc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum OtherFormat {
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
}

impl MdocRow {
    pub(super) fn new(card: i64, mdoc: &NewMdoc) -> Self {
        let NewMdoc { doc_type, holder_key, issuer_signed } = mdoc;
        Self {
            card,
            doc_type: doc_type.clone(),
            holder_key: holder_key.as_str().to_owned(),
            issuer_signed: issuer_signed.clone(),
            format: None,
        }
    }

    pub(super) fn of_sd_jwt(card: i64, sd_jwt: &NewSdJwt) -> Self {
        let NewSdJwt { vct, holder_key, text } = sd_jwt;
        Self {
            card,
            doc_type: vct.clone(),
            holder_key: holder_key.as_str().to_owned(),
            issuer_signed: text.clone().into_bytes(),
            format: Some(OtherFormat::SdJwtVc),
        }
    }

    /// The mdoc; `None` for what is an SD-JWT VC.
    pub(super) fn into_mdoc(self) -> Option<NewMdoc> {
        let Self { card: _, doc_type, holder_key, issuer_signed, format } = self;
        let mdoc = NewMdoc { doc_type, holder_key: HolderKeyId::new(holder_key), issuer_signed };
        format.is_none().then_some(mdoc)
    }

    /// The SD-JWT VC; `None` for what is an mdoc.
    pub(super) fn into_sd_jwt(self) -> Result<Option<NewSdJwt>, Fault> {
        let Self { card: _, doc_type, holder_key, issuer_signed, format } = self;
        if format != Some(OtherFormat::SdJwtVc) {
            return Ok(None);
        }
        let text = String::from_utf8(issuer_signed).map_err(|_| Fault::Damaged)?;
        Ok(Some(NewSdJwt { vct: doc_type, holder_key: HolderKeyId::new(holder_key), text }))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventRow {
    at: i64,
    kind: String,
    level: Option<String>,
    counterparty: Option<String>,
    verified: bool,
}

impl From<&Event> for EventRow {
    fn from(event: &Event) -> Self {
        let Event { at, kind, level, counterparty } = event;
        Self {
            at: *at,
            kind: kind.name().to_owned(),
            level: level.map(|level| level.name().to_owned()),
            counterparty: counterparty.as_ref().map(|party| party.name.clone()),
            verified: counterparty.as_ref().is_some_and(|party| party.verified),
        }
    }
}

impl TryFrom<EventRow> for Event {
    type Error = Fault;
    fn try_from(row: EventRow) -> Result<Self, Fault> {
        let EventRow { at, kind, level: shown, counterparty, verified } = row;
        Ok(Self {
            at,
            kind: EventKind::ALL.into_iter().find(|one| one.name() == kind).ok_or(Fault::Damaged)?,
            level: shown.as_deref().map(level).transpose()?,
            counterparty: counterparty.map(|name| Counterparty { name, verified }),
        })
    }
}

/// A history row: the event as encoded, and the chain up to and including it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryRow {
    #[serde(with = "bytes")]
    pub(super) event: Vec<u8>,
    #[serde(with = "bytes")]
    pub(super) chain: Vec<u8>,
}

fn level(name: &str) -> Result<Disclosure, Fault> {
    Disclosure::from_name(name).map_err(|_| Fault::Damaged)
}
