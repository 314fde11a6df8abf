//! What has to hold before anything is issued: session, phone, card, face, and who holds what already, in that order.

use std::collections::BTreeMap;

use wallet_core::{
    card::{
        Nonce, Person, Refusal, SessionId, SignedPart, derive_chip_challenge, derive_face_challenge,
        derive_instance_challenge, face_statement,
    },
    chip::{
        active_auth,
        passive_auth::{self, PassiveAuthError},
        person,
    },
    crypto::sign::{self, PublicKey, Signature},
    enrolment::EvidenceRequest,
    platform::{ChipMessage, FaceMessage},
};

use super::{Issuer, IssuerError, check_instance_signature};
use crate::{
    attestation::{self, KeyRole},
    store::{PersonId, SessionState},
};

/// Groups that an ID is made of, and the one that proves the chip.
const NEEDED_GROUPS: [u8; 5] = [1, 2, 11, 12, 15];

/// Evidence that held.
pub(super) struct Accepted {
    pub(super) person: Person,
    pub(super) person_id: PersonId,
    pub(super) instance: PublicKey,
}

/// Why the card says too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CardFault {
    GroupMissing(u8),
    GroupTwice(u8),
}

impl Issuer {
    pub(super) fn check_evidence(
        &mut self,
        request: &EvidenceRequest,
        body: &[u8],
        signature: &Signature,
        now: i64,
        session: &mut Option<SessionId>,
    ) -> Result<(SessionId, Accepted), IssuerError> {
        let id = SessionId(request.session.0);
        *session = Some(id);
        let nonce = self.take_step(&id, SessionState::Begun, SessionState::Shown, Some(now))?;
        let instance =
            check_instance_signature(&request.instance_key, SignedPart::Evidence, body, signature)?;
        self.check_instance(request, &instance, &nonce, &id, now)?;
        let person = self.check_card(&request.chip, &nonce, &id, &instance, now)?;
        self.check_face(&request.face, &nonce, &id, &person, &instance)?;
        let person_id = self.person_id(person.registration_number().as_str());
        self.check_binding(&person_id, &instance.thumbprint())?;
        Ok((id, Accepted { person, person_id, instance }))
    }

    /// A new Instance key is attested for this session; one attested here before has only to sign.
    fn check_instance(
        &mut self,
        request: &EvidenceRequest,
        instance: &PublicKey,
        nonce: &Nonce,
        session: &SessionId,
        now: i64,
    ) -> Result<(), IssuerError> {
        let thumbprint = instance.thumbprint();
        let Some(message) = &request.instance_attestation else {
            return if self.store.knows_instance(&thumbprint)? {
                Ok(())
            } else {
                Err(IssuerError::because(Refusal::AttestationRefused, "UnknownInstance"))
            };
        };
        let challenge = derive_instance_challenge(nonce, session);
        let policy = &self.trust.attestation;
        attestation::check(message, &[*instance], &challenge, KeyRole::Instance, policy, now)
            .map_err(|fault| IssuerError::because(Refusal::AttestationRefused, fault))?;
        Ok(self.store.add_instance(&thumbprint, now)?)
    }

    /// The card's content is what an authority signed, and the chip itself answered for this session and phone.
    pub(crate) fn check_card(
        &self,
        chip: &ChipMessage,
        nonce: &Nonce,
        session: &SessionId,
        instance: &PublicKey,
        now: i64,
    ) -> Result<Person, IssuerError> {
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
        person::parse(&groups).map_err(incomplete)
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
