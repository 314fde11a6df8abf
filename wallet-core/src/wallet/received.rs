//! What an issuer delivered, before it is believed: every credential is verified, and all of them have to say the same.

use super::{
    Distrust, Wallet, WalletError,
    card_claims::Words,
    holder_keys::HolderKeys,
    standing::{Asked, ENDS_SOON, OfCard},
};
use crate::{
    card::{ActiveReason, Date, Disclosure, LifeCycle, Person},
    counter::{self, Claims, DeliveredCopy, derive_portrait_digest},
    crypto::sign::PublicKey,
    jose::decode,
    mdoc,
    openid::{
        Delivered, Format,
        sd_jwt::{self, SdJwt},
    },
    platform::Url,
    trust::{Certificate, Usage, verify_chain},
    vault::{Card, NewCopy, NewMdoc, NewSdJwt, Staple},
};

/// A card with everything that was issued for it, verified.
pub(super) struct Received {
    pub(super) card: Card,
    pub(super) copies: Vec<NewCopy>,
    pub(super) mdocs: Vec<NewMdoc>,
    pub(super) sd_jwts: Vec<NewSdJwt>,
    pub(super) words: Words,
    pub(super) standing: OfCard,
}

/// What is known of the person and of the card's end while one credential after the other is looked at.
struct About {
    person: Option<Person>,
    /// First second after the first of the documents, and the last day of the ID as such.
    ends: Option<(i64, Date)>,
    /// From when the ID as such ends soon, where the issuer says how long it lasts.
    ends_soon_from: i64,
    /// Where their status is asked.
    lists: Vec<Asked>,
}

/// Credentials of one form: the key each was asked for, and what came.
type Copies<'a, T> = Vec<(&'a PublicKey, T, &'a str)>;

/// Longest name of a document.
const MAX_DOCUMENT: usize = 40;
const UNTRUSTED: WalletError = WalletError::NotTrusted { why: Distrust::IssuedCredential };
const MISBEHAVED: WalletError = WalletError::NotTrusted { why: Distrust::IssuerAnswer };

impl Wallet {
    /// Verifies everything the issuer sent. `expected` is the person on the card that was read, if one was; without it the
    /// first document says who it is, and every other has to agree.
    pub(super) fn verify_delivered(
        &self,
        delivered: &Delivered,
        expected: Option<&Person>,
        made: &HolderKeys,
        now: i64,
    ) -> Result<Received, WalletError> {
        let document = document_of(delivered).ok_or(MISBEHAVED)?;
        let (mut photo_ids, mut counter_copies): (Copies<'_, Vec<u8>>, Copies<'_, Vec<u8>>) =
            Default::default();
        let mut texts: Copies<'_, &str> = Vec::new();
        for credentials in &delivered.credentials {
            let binary = || -> Option<Vec<_>> {
                credentials.copies.iter().map(|(key, text)| Some((key, decode(text)?))).collect()
            };
            match &credentials.configuration.format {
                Format::Mdoc { doctype } if doctype == mdoc::PHOTO_ID => {
                    let bytes = binary().ok_or(UNTRUSTED)?;
                    photo_ids.extend(bytes.into_iter().map(|(key, bytes)| (key, bytes, doctype.as_str())));
                }
                Format::SdCwt { vct } => {
                    let bytes = binary().ok_or(UNTRUSTED)?;
                    counter_copies.extend(bytes.into_iter().map(|(key, bytes)| (key, bytes, vct.as_str())));
                }
                Format::SdJwtVc { vct } => {
                    texts.extend(
                        credentials.copies.iter().map(|(key, text)| (key, text.as_str(), vct.as_str())),
                    );
                }
                Format::Mdoc { .. } => return Err(MISBEHAVED),
            }
        }
        let mut about =
            About { person: expected.cloned(), ends: None, ends_soon_from: i64::MAX, lists: Vec::new() };
        let mdocs = self.verify_photo_ids(&photo_ids, &mut about, made, now)?;
        let sd_jwts = self.verify_sd_jwts(&texts, &mut about, made, now)?;
        let About { person: Some(person), ends: Some((valid_until, last_day)), ends_soon_from, lists } =
            about
        else {
            return Err(UNTRUSTED);
        };
        let mut copies = Vec::new();
        let mut levels: Vec<Disclosure> = Vec::new();
        for (key, bytes, vct) in counter_copies {
            let of = counter::Document::from_vct(vct).filter(|(of, _)| of.name() == document);
            let (of, _) = of.ok_or(UNTRUSTED)?;
            let copy = self.verify_copy(&bytes, key, of, vct, &person, made, now)?;
            if !levels.contains(&copy.disclosure) {
                levels.push(copy.disclosure);
            }
            copies.push(copy);
        }
        // A card that is meant to be shown at counters and cannot be is none.
        if copies.is_empty() && counter::Document::from_name(document).is_some() {
            return Err(UNTRUSTED);
        }
        levels.sort_unstable();
        let card = Card {
            id: document.to_owned(),
            document: document.to_owned(),
            state: LifeCycle::Active { reason: ActiveReason::Issued },
            person,
            levels,
            enrolled_at: now,
            valid_until: last_day,
        };
        let keys = copies.iter().map(|copy| &copy.holder_key);
        let keys = keys.chain(mdocs.iter().map(|mdoc| &mdoc.holder_key));
        let keys = keys.chain(sd_jwts.iter().map(|sd_jwt| &sd_jwt.holder_key));
        let keys = keys.map(|key| key.as_str().to_owned()).collect();
        let (copies_until, last_day) = (valid_until, last_day.starts_at());
        let standing = OfCard { keys, lists, copies_until, last_day, ends_soon_from };
        Ok(Received { card, copies, mdocs, sd_jwts, words: Words::of(delivered), standing })
    }

    fn verify_photo_ids(
        &self,
        photo_ids: &Copies<'_, Vec<u8>>,
        about: &mut About,
        made: &HolderKeys,
        now: i64,
    ) -> Result<Vec<NewMdoc>, WalletError> {
        let mut mdocs = Vec::new();
        for (public, bytes, doc_type) in photo_ids {
            let parsed = mdoc::IssuerSigned::parse(bytes).map_err(|_| UNTRUSTED)?;
            let wanted = mdoc::Expected { doc_type, device_key: Some(public) };
            let document = mdoc::verify(&parsed, &wanted, &self.roots.issuers, now).map_err(|_| UNTRUSTED)?;
            let person = match about.person.take() {
                Some(person) => person,
                None => document.person().ok_or(UNTRUSTED)?,
            };
            if !document.is_of(&person) {
                return Err(UNTRUSTED);
            }
            about.learn(person, document.validity().valid_until, document.expiry_date())?;
            if let Some(status) = document.status() {
                about.ask(status.idx, &status.uri)?;
            }
            mdocs.push(NewMdoc {
                doc_type: (*doc_type).to_owned(),
                holder_key: made.id_of(public)?,
                issuer_signed: bytes.clone(),
            });
        }
        Ok(mdocs)
    }

    fn verify_sd_jwts(
        &self,
        texts: &Copies<'_, &str>,
        about: &mut About,
        made: &HolderKeys,
        now: i64,
    ) -> Result<Vec<NewSdJwt>, WalletError> {
        let mut sd_jwts = Vec::new();
        for (public, text, vct) in texts {
            let parsed = SdJwt::parse(text).map_err(|_| UNTRUSTED)?;
            let wanted = sd_jwt::Expected { vct, holder: public };
            let document =
                sd_jwt::verify(&parsed, &wanted, &self.roots.issuers, now).map_err(|_| UNTRUSTED)?;
            let person = match about.person.take() {
                Some(person) => person,
                None => document.person().ok_or(UNTRUSTED)?,
            };
            // A document of this wallet ends: one that says nothing of it could never be renewed in time.
            let ends = document.expires_at().ok_or(UNTRUSTED)?;
            if !document.is_of(&person) {
                return Err(UNTRUSTED);
            }
            about.learn(person, ends, document.text("expiry_date").and_then(|day| Date::parse(day).ok()))?;
            if let Some(status) = document.status() {
                about.ask(status.index, &status.uri)?;
            }
            sd_jwts.push(NewSdJwt {
                vct: (*vct).to_owned(),
                holder_key: made.id_of(public)?,
                text: (*text).to_owned(),
            });
        }
        Ok(sd_jwts)
    }

    #[expect(clippy::too_many_arguments, reason = "everything a copy is held against")]
    fn verify_copy(
        &self,
        bytes: &[u8],
        key: &PublicKey,
        document: counter::Document,
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
        let holds = verified.document() == document
            && document.vct(level) == vct
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

impl About {
    /// The card ends with the first of its documents. An issuer that does not say how long the ID as such lasts means as long as
    /// they; that is no end to warn of, since the next ones last longer.
    fn learn(&mut self, person: Person, until: i64, last_day: Option<Date>) -> Result<(), WalletError> {
        self.person = Some(person);
        // The moment itself is past the end.
        if let Some(said) = last_day {
            self.ends_soon_from = self.ends_soon_from.min(said.starts_at().saturating_sub(ENDS_SOON));
        }
        let own = || Date::in_korea_at(until.saturating_sub(1)).map_err(|_| UNTRUSTED);
        let last_day = last_day.map_or_else(own, Ok)?;
        let (first, earliest) = self.ends.unwrap_or((until, last_day));
        self.ends = Some((until.min(first), last_day.min(earliest)));
        Ok(())
    }

    /// A list is asked by its address alone: one that the phone may not ask is no status.
    fn ask(&mut self, idx: u64, uri: &str) -> Result<(), WalletError> {
        let uri = Url::parse(uri).map_err(|_| UNTRUSTED)?;
        self.lists.push(Asked::never(idx, uri.as_str().to_owned()));
        Ok(())
    }
}

/// The one document that everything delivered belongs to: what the names of the configurations have before the first dot
/// (docs/formats/issuing.md).
fn document_of(delivered: &Delivered) -> Option<&str> {
    let mut names = delivered.credentials.iter().map(|credentials| {
        let (document, form) = credentials.configuration.id.split_once('.')?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let named = (1..=MAX_DOCUMENT).contains(&document.len()) && document.bytes().all(plain);
        (named && !form.is_empty()).then_some(document)
    });
    let first = names.next()??;
    names.all(|name| name == Some(first)).then_some(first)
}
