//! What has to hold of a card and a face before anything is issued.

use std::collections::BTreeMap;

use wallet_core::{
    card::{
        Date, Nonce, Person, Refusal, SessionId, derive_chip_challenge, derive_face_challenge, face_statement,
    },
    chip::{
        ChipError, Entropy, IssuingState,
        active_auth::{self, ActiveAuthError},
        files::dg1::{self, Mrz},
        passive_auth::{self, PassiveAuthError},
        person,
        relay::Examiner,
    },
    crypto::{
        hash::{hmac_sha256, sha256},
        sign::{self, PublicKey},
    },
    platform::{ChipMessage, ChipProof, FaceMessage},
};

use super::{Issuer, IssuerError};
use crate::store::CardRow;

/// Groups that an ID is made of.
const NEEDED_GROUPS: [u8; 4] = [1, 2, 11, 12];

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
        let state = self.check_signed_groups(&chip.sod.0, &groups, now)?;
        if state != IssuingState::Same {
            return Err(IssuerError::because(Refusal::UntrustedChip, state));
        }
        match &chip.proof {
            ChipProof::ActiveAuthentication(answer) => {
                let challenge = derive_chip_challenge(nonce, session, instance);
                let dg15 = group(&groups, 15)?;
                let dg14 = groups.get(&14).map(Vec::as_slice);
                active_auth::verify(dg15, dg14, &challenge, &answer.0).map_err(|error| match error {
                    ActiveAuthError::BadSignature => IssuerError::because(Refusal::CloneSuspected, error),
                    // That this issuer cannot check it is no word against the card.
                    _ => incomplete(error),
                })?;
            }
            ChipProof::ChipAuthentication(answers) => {
                let [selection, read] = answers.as_slice() else {
                    return Err(IssuerError::refused(Refusal::MalformedRequest));
                };
                let examiner = self.examiner(group(&groups, 14)?, nonce, session, instance)?;
                let (waiting, _) = examiner.ask().map_err(|_| IssuerError::Failed)?;
                waiting.verify([&selection.0, &read.0], &chip.sod.0).map_err(|error| match error {
                    // The chip has the key, as its refusal is made by it.
                    ChipError::CardRefused(_) | ChipError::Unsupported(_) => incomplete(error),
                    _ => IssuerError::because(Refusal::CloneSuspected, error),
                })?;
            }
        }
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

    /// What the chip is to hear from the issuer itself: a public key, and commands that only the chip with the key in this
    /// EF.DG14 can answer.
    pub(crate) fn examine(
        &self,
        (sod, dg14): (&[u8], &[u8]),
        nonce: &Nonce,
        session: &SessionId,
        instance: &PublicKey,
        now: i64,
    ) -> Result<(Vec<u8>, [Vec<u8>; 2]), IssuerError> {
        self.check_signed_groups(sod, &BTreeMap::from([(14, dg14.to_vec())]), now)?;
        let examiner = self.examiner(dg14, nonce, session, instance)?;
        let public_key = examiner.public().to_vec();
        let (_, commands) = examiner.ask().map_err(|_| IssuerError::Failed)?;
        Ok((public_key, commands))
    }

    fn check_signed_groups(
        &self,
        sod: &[u8],
        groups: &BTreeMap<u8, Vec<u8>>,
        now: i64,
    ) -> Result<IssuingState, IssuerError> {
        let report = passive_auth::verify(sod, groups, &self.trust.csca, now).map_err(|error| {
            let refusal = match error {
                PassiveAuthError::UntrustedSigner(_)
                | PassiveAuthError::AnotherState
                | PassiveAuthError::Malformed
                | PassiveAuthError::Unsupported => Refusal::UntrustedChip,
                _ => Refusal::AlteredChipData,
            };
            IssuerError::because(refusal, error)
        })?;
        Ok(report.issuing_state)
    }

    /// The ephemeral key of one session, phone and chip. It is drawn from the desk's secret and the session's nonce, so that
    /// any of several desks can go on with what another began, and nothing secret is written down.
    fn examiner(
        &self,
        dg14: &[u8],
        nonce: &Nonce,
        session: &SessionId,
        instance: &PublicKey,
    ) -> Result<Examiner, IssuerError> {
        let label = b"desk chip examiner v1";
        let person_key = self.pki.person_key.expose();
        let seed =
            hmac_sha256(person_key, &[label, &nonce.0, &session.0, &instance.thumbprint(), &sha256(dg14)]);
        let mut random = [0; Entropy::LENGTH];
        for (counter, block) in (0_u8..).zip(random.chunks_mut(seed.len())) {
            block.copy_from_slice(&hmac_sha256(&seed, &[&[counter]]));
        }
        Examiner::begin(dg14, &mut Entropy::new(random)).map_err(incomplete)
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
