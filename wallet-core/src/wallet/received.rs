//! What an issuer delivered, before it is believed: every credential is verified, and all of them have to say the same.

use super::{Distrust, Wallet, WalletError, holder_keys::HolderKeys};
use crate::{
    card::{ActiveReason, Date, Disclosure, LifeCycle, Person},
    counter::{self, Claims, DeliveredCopy, derive_portrait_digest},
    crypto::sign::PublicKey,
    jose::decode,
    mdoc,
    openid::{Delivered, Format},
    trust::{Certificate, Usage, verify_chain},
    vault::{Card, NewCopy, NewMdoc, Staple},
};

/// One resident card fits in a wallet: its type is its name.
const RESIDENT_CARD: &str = "resident_card";

/// A card with everything that was issued for it, verified.
pub(super) struct Received {
    pub(super) card: Card,
    pub(super) copies: Vec<NewCopy>,
    pub(super) mdocs: Vec<NewMdoc>,
}

const UNTRUSTED: WalletError = WalletError::NotTrusted { why: Distrust::IssuedCredential };

impl Wallet {
    /// Verifies everything the issuer sent. `expected` is the person on the card that was read, if one was; without it the
    /// photo ID says who it is, and every copy has to agree.
    pub(super) fn verify_delivered(
        &self,
        delivered: &Delivered,
        expected: Option<&Person>,
        made: &HolderKeys,
        now: i64,
    ) -> Result<Received, WalletError> {
        let mut photo_ids = Vec::new();
        let mut counter_copies = Vec::new();
        for credentials in &delivered.credentials {
            let bytes = credentials.copies.iter().map(|(key, text)| Some((key, decode(text)?)));
            let bytes: Option<Vec<_>> = bytes.collect();
            let bytes = bytes.ok_or(UNTRUSTED)?;
            match &credentials.configuration.format {
                Format::Mdoc { doctype } if doctype == mdoc::PHOTO_ID => photo_ids.extend(bytes),
                Format::SdCwt { vct } => {
                    counter_copies.extend(bytes.into_iter().map(|(key, bytes)| (key, bytes, vct.as_str())));
                }
                _ => return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer }),
            }
        }
        let (person, mdocs, valid_until) = self.verify_photo_ids(&photo_ids, expected, made, now)?;
        let mut copies = Vec::new();
        let mut levels: Vec<Disclosure> = Vec::new();
        for (key, bytes, vct) in counter_copies {
            let copy = self.verify_copy(&bytes, key, vct, &person, made, now)?;
            if !levels.contains(&copy.disclosure) {
                levels.push(copy.disclosure);
            }
            copies.push(copy);
        }
        if copies.is_empty() {
            return Err(UNTRUSTED);
        }
        levels.sort_unstable();
        let card = Card {
            id: RESIDENT_CARD.to_owned(),
            document: RESIDENT_CARD.to_owned(),
            state: LifeCycle::Active { reason: ActiveReason::Issued },
            person,
            levels,
            enrolled_at: now,
            // The moment itself is past the end.
            valid_until: Date::in_korea_at(valid_until.saturating_sub(1)).map_err(|_| UNTRUSTED)?,
        };
        Ok(Received { card, copies, mdocs })
    }

    fn verify_photo_ids(
        &self,
        photo_ids: &[(&PublicKey, Vec<u8>)],
        expected: Option<&Person>,
        made: &HolderKeys,
        now: i64,
    ) -> Result<(Person, Vec<NewMdoc>, i64), WalletError> {
        let mut person = expected.cloned();
        let mut mdocs = Vec::new();
        let mut valid_until = None;
        for (public, bytes) in photo_ids {
            let parsed = mdoc::IssuerSigned::parse(bytes).map_err(|_| UNTRUSTED)?;
            let wanted = mdoc::Expected { doc_type: mdoc::PHOTO_ID, device_key: Some(public) };
            let document = mdoc::verify(&parsed, &wanted, &self.roots.issuers, now).map_err(|_| UNTRUSTED)?;
            let about = match person.take() {
                Some(person) => person,
                None => document.person().ok_or(UNTRUSTED)?,
            };
            if !document.is_of(&about) {
                return Err(UNTRUSTED);
            }
            person = Some(about);
            valid_until = Some(document.validity().valid_until);
            mdocs.push(NewMdoc {
                doc_type: mdoc::PHOTO_ID.to_owned(),
                holder_key: made.id_of(public)?,
                issuer_signed: bytes.clone(),
            });
        }
        match (person, valid_until) {
            (Some(person), Some(valid_until)) => Ok((person, mdocs, valid_until)),
            _ => Err(UNTRUSTED),
        }
    }

    fn verify_copy(
        &self,
        bytes: &[u8],
        key: &PublicKey,
        vct: &str,
        person: &Person,
        made: &HolderKeys,
        now: i64,
    ) -> Result<NewCopy, WalletError> {
        let delivered = DeliveredCopy::parse(bytes).map_err(|_| UNTRUSTED)?;
        let chain = delivered.issuer_chain.iter().map(|der| Certificate::parse(der));
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|_| UNTRUSTED)?;
        let issuer = verify_chain(&chain, &self.roots.issuers, now, Usage::CounterIssuer);
        let issuer = issuer.map_err(|_| UNTRUSTED)?;
        let issuer_key = issuer.p256_public_key().map_err(|_| UNTRUSTED)?;
        let verified = counter::check_copy(&delivered.sd_cwt, &issuer_key, key).map_err(|_| UNTRUSTED)?;
        let level = verified.disclosure();
        let today = Date::in_korea_at(now).map_err(|_| UNTRUSTED)?;
        let holds = counter::Document::ResidentCard.vct(level) == vct
            && verified.x5t() == issuer.x5t()
            && *verified.claims() == Claims::of(person, level, today)
            && verified.portrait_digest()
                == derive_portrait_digest(&delivered.portrait_salt, person.portrait())
            && verified.staple_anchor().proves(&delivered.staple)
            && (verified.issued_at()..verified.expires_at()).contains(&now);
        if !holds {
            return Err(UNTRUSTED);
        }
        Ok(NewCopy {
            disclosure: level,
            holder_key: made.id_of(key)?,
            cti: verified.cti().to_vec(),
            portrait_salt: delivered.portrait_salt,
            staple: Some(Staple { hour: delivered.staple.hour, preimage: delivered.staple.preimage }),
            sd_cwt: delivered.sd_cwt,
        })
    }
}
