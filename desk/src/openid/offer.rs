//! Credential offers: what a clerk or the portal hands to a citizen who was seen.

use serde_json::{Value, json};
use wallet_core::{
    card::{Person, Refusal},
    crypto::{
        hash::{hmac_sha256, sha256_of},
        random::make_random,
    },
    jose::{decode, encode},
};

use super::{digest, paths};
use crate::{
    documents::{Document, Holders},
    issuer::{Issuer, IssuerError},
    register::Fields,
    store::{OfferFate, OfferRow, PersonId, Trail},
};

/// Seconds an offer is good.
pub(crate) const OFFER_SECONDS: i64 = 600;
/// Wrong transaction codes until an offer ends.
const TRIES: u32 = 3;
/// Digits of a transaction code.
const TRANSACTION_CODE_DIGITS: usize = 6;

/// An offer just made.
#[derive(Clone)]
pub struct Offer {
    /// `openid-credential-offer://…`, for a QR or a link. With it, and without the transaction code, nobody gets anything.
    pub link: String,
    /// What the citizen is told by word of mouth; none where the link itself went to nobody but them.
    pub transaction_code: String,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
    /// What the link ends with.
    pub(crate) id: String,
}

impl Issuer {
    /// Offers the document of their card to a person whose identity was checked: what a clerk does after a visit. An earlier
    /// offer to the same person ends.
    ///
    /// # Errors
    /// [`IssuerError::Store`], [`IssuerError::Failed`].
    pub fn offer(&self, person: &Person, trail: Option<&Trail>, now: i64) -> Result<Offer, IssuerError> {
        let document = self.documents.of_card(person).ok_or(IssuerError::Failed)?;
        self.make_offer(person, document, &Fields::new(), trail, now)
    }

    /// As [`Issuer::offer`], for a document by its id, with what the register has of the person for it.
    ///
    /// # Errors
    /// [`Refusal::Denied`] for a document that is not there, or not for this person; as [`Issuer::offer`].
    pub fn offer_document(
        &self,
        person: &Person,
        document: &str,
        fields: &Fields,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<Offer, IssuerError> {
        let entitled = self.entitled(person, document, fields);
        if entitled.is_err() {
            self.audit(now, None, "offer", &entitled)?;
        }
        self.make_offer(person, entitled?, fields, trail, now)
    }

    /// The document, if this person may have it.
    pub(super) fn entitled(
        &self,
        person: &Person,
        document: &str,
        fields: &Fields,
    ) -> Result<&Document, IssuerError> {
        let denied = |check: &'static str| IssuerError::because(Refusal::Denied, check);
        let document = self.documents.find(document).ok_or_else(|| denied("Document"))?;
        let entitled = match document.holders() {
            Holders::Registered => document.fields().all(|field| fields.contains_key(field)),
            Holders::Residents | Holders::ForeignResidents => {
                self.documents.of_card(person) == Some(document)
            }
        };
        if entitled { Ok(document) } else { Err(denied("NotEntitled")) }
    }

    fn make_offer(
        &self,
        person: &Person,
        document: &Document,
        fields: &Fields,
        trail: Option<&Trail>,
        now: i64,
    ) -> Result<Offer, IssuerError> {
        let id = self.person_id(person.registration_number().as_str());
        let (row, offer) = self.draft_offer(id, document, now)?;
        let reseal = |record| self.record_with_fields(&id, person, (document.id(), fields), record);
        self.store.acting(|acting| {
            acting.offer(&row, &reseal, now)?;
            acting.write_down(("offer", "ok"), trail.map(|trail| (trail, "ok")), &id, now)
        })?;
        Ok(offer)
    }

    /// An offer to this person, to be remembered.
    pub(crate) fn draft_offer(
        &self,
        person: PersonId,
        document: &Document,
        now: i64,
    ) -> Result<(OfferRow, Offer), IssuerError> {
        let id = encode(&[&document.tag()[..], &make_random::<12>()?].concat());
        let code = self.code_of(&id);
        let transaction_code = make_transaction_code()?;
        let expires_at = now.saturating_add(OFFER_SECONDS);
        let row = OfferRow {
            code: digest(&code),
            person,
            document: document.tag(),
            transaction_code: Some(self.keyed(&code, &transaction_code)),
            tries: TRIES,
            expires_at,
        };
        let link = self.offer_link(&id);
        Ok((row, Offer { link, transaction_code, expires_at, id }))
    }

    /// The link to the offer with this id.
    pub(crate) fn offer_link(&self, id: &str) -> String {
        let uri = format!("{}{}/{id}", self.url, paths::OFFER);
        let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        format!("openid-credential-offer://?credential_offer_uri={uri}")
    }

    /// The offer behind a link; `None` when it is gone. OpenID4VCI 1.0, 4.1.3.
    ///
    /// # Errors
    /// [`IssuerError::Store`].
    pub(crate) fn offered(&self, id: &str, now: i64) -> Result<Option<Value>, IssuerError> {
        let Some(document) = self.document_of_offer(id) else { return Ok(None) };
        let code = self.code_of(id);
        let Some(told) = self.store.open_offer(&digest(&code), now)? else { return Ok(None) };
        let mut grant = json!({ "pre-authorized_code": code });
        if told && let Some(grant) = grant.as_object_mut() {
            let form = json!({
                "input_mode": "numeric", "length": TRANSACTION_CODE_DIGITS,
                "description": "창구에서 알려 드린 여섯 자리 숫자 / the six digits you were told at the counter",
            });
            grant.insert("tx_code".to_owned(), form);
        }
        Ok(Some(json!({
            "credential_issuer": self.url,
            "credential_configuration_ids":
                document.wanted().into_iter().map(|wanted| wanted.id()).collect::<Vec<_>>(),
            "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": grant },
        })))
    }

    /// What became of the offer with this id.
    pub(crate) fn offer_fate(&self, id: &str, now: i64) -> Result<OfferFate, IssuerError> {
        Ok(self.store.offer_fate(&digest(&self.code_of(id)), now)?)
    }

    /// The code of an offer: derived, so that the store has it as a digest only and the link need not carry it.
    fn code_of(&self, id: &str) -> String {
        let secret =
            encode(&hmac_sha256(self.pki.code_key.expose(), &[b"desk offer code v1", id.as_bytes()]));
        let document = self.document_of_offer(id).map_or("", Document::id);
        format!("{document}.{secret}")
    }

    /// The document that an offer's id names.
    fn document_of_offer(&self, id: &str) -> Option<&Document> {
        let id: [u8; 16] = decode(id)?.try_into().ok()?;
        let [a, b, c, d, ..] = id;
        self.documents.by_tag([a, b, c, d])
    }

    /// Six digits are quickly tried, so their digest is keyed.
    pub(super) fn keyed(&self, code: &str, transaction_code: &str) -> [u8; 32] {
        let code = sha256_of(&[code.as_bytes()]);
        hmac_sha256(self.pki.code_key.expose(), &[b"desk tx code v1", &code, transaction_code.as_bytes()])
    }
}

/// Six digits, each as likely as any other.
fn make_transaction_code() -> Result<String, IssuerError> {
    const ALL: u32 = 1_000_000;
    // Numbers past the last whole million are drawn again, so that none is likelier.
    const FAIR: u32 = u32::MAX - u32::MAX % ALL;
    loop {
        let drawn = u32::from_be_bytes(make_random()?);
        if drawn < FAIR {
            return Ok(format!("{:06}", drawn % ALL));
        }
    }
}
