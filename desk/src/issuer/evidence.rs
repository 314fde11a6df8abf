//! What has to hold of a card and a face before anything is issued.

use std::collections::BTreeMap;

use wallet_core::{
    card::{
        Date, Nonce, Person, Refusal, SessionId, derive_chip_challenge, derive_face_challenge, face_statement,
    },
    chip::{
        active_auth,
        files::dg1::{self, Mrz},
        passive_auth::{self, PassiveAuthError},
        person,
    },
    crypto::{
        hash::hmac_sha256,
        sign::{self, PublicKey},
    },
    platform::{ChipMessage, FaceMessage},
};

use super::{Issuer, IssuerError};
use crate::store::CardRow;

/// Groups that an ID is made of, and the one that proves the chip.
const NEEDED_GROUPS: [u8; 5] = [1, 2, 11, 12, 15];

/// Why the card says too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CardFault {
    GroupMissing(u8),
    GroupTwice(u8),
    NoExpiry,
}

/// A card that was shown: signed, the original, and not past its last day.
pub(crate) struct ShownCard {
    /// Which.
    pub(crate) row: CardRow,
    /// Whose, and what it says of them.
    pub(crate) person: Person,
}

impl Issuer {
    /// The card's content is what an authority signed, and the chip itself answered for this session and phone.
    pub(crate) fn check_card(
        &self,
        chip: &ChipMessage,
        nonce: &Nonce,
        session: &SessionId,
        instance: &PublicKey,
        now: i64,
    ) -> Result<ShownCard, IssuerError> {
        let groups = collect_groups(chip)?;
        let passive = passive_auth::verify(&chip.sod.0, &groups, &self.trust.csca, now);
        passive.map_err(|error| {
            let refusal = match error {
                PassiveAuthError::UntrustedSigner(_) => Refusal::UntrustedChip,
                PassiveAuthError::Malformed | PassiveAuthError::Unsupported => Refusal::UntrustedChip,
                _ => Refusal::AlteredChipData,
            };
            IssuerError::because(refusal, error)
        })?;
        let challenge = derive_chip_challenge(nonce, session, instance);
        let dg15 = group(&groups, 15)?;
        let dg14 = groups.get(&14).map(Vec::as_slice);
        active_auth::verify(dg15, dg14, &challenge, &chip.active_authentication.0)
            .map_err(|error| IssuerError::because(Refusal::CloneSuspected, error))?;
        // Read by the same rules as the wallet's, which compares the credentials with what it read itself.
        let person = person::parse(&groups).map_err(incomplete)?;
        let zone = dg1::parse(group(&groups, 1)?).map_err(incomplete)?;
        let expires_on = zone.expiry.as_expiry().map_err(|_| incomplete(CardFault::NoExpiry))?;
        if Date::in_korea_at(now).map_err(|_| IssuerError::Failed)? > expires_on {
            return Err(IssuerError::refused(Refusal::CardExpired));
        }
        Ok(ShownCard { row: self.card_row(&zone, &person), person })
    }

    /// A card by who issued it and its number: it stays the same card, however its holder's details change.
    fn card_row(&self, zone: &Mrz, person: &Person) -> CardRow {
        let number = [zone.issuer.as_str(), &zone.document_number].join("<");
        let card = hmac_sha256(self.pki.person_key.expose(), &[b"desk card v1", number.as_bytes()]);
        CardRow { card, issued_on: person.issue_date().starts_at() }
    }

    /// A provider the issuer knows compared a live face with this portrait, for this session and phone.
    pub(crate) fn check_face(
        &self,
        face: &FaceMessage,
        nonce: &Nonce,
        session: &SessionId,
        person: &Person,
        instance: &PublicKey,
    ) -> Result<(), IssuerError> {
        let provider = self.trust.face_providers.get(&face.provider);
        let key = provider.ok_or_else(|| IssuerError::because(Refusal::FaceMismatch, "UnknownProvider"))?;
        let challenge = derive_face_challenge(nonce, session);
        let statement = face_statement(&challenge, person.portrait(), instance);
        sign::verify(key, &statement, &face.signature.0)
            .map_err(|_| IssuerError::because(Refusal::FaceMismatch, "BadSignature"))
    }
}

fn collect_groups(chip: &ChipMessage) -> Result<BTreeMap<u8, Vec<u8>>, IssuerError> {
    let mut groups = BTreeMap::new();
    for sent in &chip.groups {
        if !(1..=16).contains(&sent.number) {
            return Err(IssuerError::refused(Refusal::MalformedRequest));
        }
        if groups.insert(sent.number, sent.content.0.clone()).is_some() {
            return Err(IssuerError::because(Refusal::MalformedRequest, CardFault::GroupTwice(sent.number)));
        }
    }
    match NEEDED_GROUPS.into_iter().find(|number| !groups.contains_key(number)) {
        Some(number) => Err(incomplete(CardFault::GroupMissing(number))),
        None => Ok(groups),
    }
}

fn group(groups: &BTreeMap<u8, Vec<u8>>, number: u8) -> Result<&[u8], IssuerError> {
    groups.get(&number).map(Vec::as_slice).ok_or_else(|| incomplete(CardFault::GroupMissing(number)))
}

fn incomplete(fault: impl core::fmt::Debug) -> IssuerError {
    IssuerError::because(Refusal::CardIncomplete, fault)
}
