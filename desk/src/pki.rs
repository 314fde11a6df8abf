//! The desk's own keys and certificates: made at the first start, kept in the data folder. Their subjects say that they
//! are tests.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, string::PrintableString,
};
use time::{Duration, OffsetDateTime};
use wallet_core::{
    bytes::Secret,
    counter::DeskId,
    crypto::{
        hash::{hmac_sha256, sha256},
        random::make_random,
        sign::SigningKey,
    },
    trust::{Certificate, eku},
};

/// Subject attribute `serialNumber`: the name a verifier is registered under. X.520, 6.2.9.
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];
const ISSUER_ROOT: &str = "TEST Mobile ID issuer root";
const REGISTRATION_ROOT: &str = "TEST Verifier registration root";
const PACK_AUTHORITY: &str = "TEST Counter pack authority";
const WALLET_PROVIDER_ROOT: &str = "TEST Wallet provider root";
/// Counters find the signer of a copy by its certificate's digest, so that one stays as long as its root.
const ROOT_DAYS: i64 = 3650;
/// ISO/IEC 18013-5:2021, B.1.4 allows a document signer 457 days.
const SIGNER_DAYS: i64 = 457;
/// A signer this close to its end is replaced: copies outlive their issue by up to 62 days.
const RENEW_DAYS: i64 = 90;

/// Keys or certificates could not be made, read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// The data folder failed.
    #[error("the data folder failed")]
    Io(#[from] io::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// A kept key is none, or no randomness was given.
    #[error("a key could not be made or read")]
    Key,
    /// The clock is out of the calendar.
    #[error("the clock is out of the calendar")]
    Clock,
}

/// A signing key with its certificate.
pub struct Identity {
    /// DER.
    pub certificate: Vec<u8>,
    /// The private key, P-256.
    pub key: SigningKey,
    pkcs8: Vec<u8>,
}

/// All keys and certificates of the desk.
pub struct Pki {
    /// Root of the issuer, an anchor of every counter and wallet.
    pub issuer_root: Identity,
    /// Signs SD-CWTs for the counter, as long as the root lives: copies and packs name it by its certificate.
    pub counter_signer: Identity,
    /// Signs mdocs.
    pub mdoc_signer: Signer,
    /// Signs SD-JWT VCs.
    pub sd_jwt_signer: Signer,
    /// Signs what the issuer says of itself.
    pub metadata_signer: Signer,
    /// Signs commands to phones.
    pub command_signer: Signer,
    /// Signs status lists.
    pub status_signer: Signer,
    /// Root of the registration of verifiers.
    pub registration_root: Identity,
    /// This desk as a registered verifier.
    pub desk: Signer,
    /// Signs counter packs. Its public key is configured in each counter.
    pub pack_authority: Identity,
    /// Root of the wallet provider.
    pub wallet_provider_root: Identity,
    /// Signs attestations of wallets and keys.
    pub wallet_provider: Signer,
    /// Seals what is known of a person.
    pub record_key: Secret<32>,
    /// From which codes of offers and nonces derive.
    pub code_key: Secret<32>,
    /// Keyed hash of registration numbers.
    pub person_key: Secret<32>,
    /// From which every copy's staples derive.
    pub staple_master: Secret<32>,
    folder: PathBuf,
    registered_as: DeskId,
}

/// A signer that gives way to another before its certificate ends.
pub struct Signer(RwLock<Arc<Identity>>);

impl Pki {
    /// Reads what the folder holds and makes what it lacks. This desk is registered under its id.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn open(folder: &Path, desk: &DeskId, now: i64) -> Result<Self, PkiError> {
        create_folder(folder)?;
        // Desks that share the folder and start together make each key once. Given back when the file is closed.
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let now = OffsetDateTime::from_unix_timestamp(now).map_err(|_| PkiError::Clock)?;
        let keep = Keep { folder, now };
        let issuer_root = keep.root("issuer-root", ISSUER_ROOT)?;
        let registration_root = keep.root("registration-root", REGISTRATION_ROOT)?;
        let pack_authority = keep.root("pack-authority", PACK_AUTHORITY)?;
        let wallet_provider_root = keep.root("wallet-provider-root", WALLET_PROVIDER_ROOT)?;
        let signers = keep.signers(&issuer_root, &registration_root, &wallet_provider_root, desk)?;
        let [mdoc, sd_jwt, metadata, command, status, verifier, provider] = signers.map(Signer::new);
        let counter = leaf_of("TEST Mobile ID counter signer", &eku::COUNTER_ISSUER[..], ROOT_DAYS);
        let counter_signer = match keep.load("counter-signer")? {
            Some(kept) => kept,
            None => keep.make_leaf("counter-signer", &counter, ISSUER_ROOT, &issuer_root)?,
        };
        Ok(Self {
            counter_signer,
            mdoc_signer: mdoc,
            sd_jwt_signer: sd_jwt,
            metadata_signer: metadata,
            command_signer: command,
            status_signer: status,
            desk: verifier,
            wallet_provider: provider,
            wallet_provider_root,
            issuer_root,
            registration_root,
            pack_authority,
            person_key: keep.secret("person.key")?,
            record_key: keep.secret("record.key")?,
            code_key: keep.secret("code.key")?,
            staple_master: keep.secret("staple.key")?,
            folder: folder.to_owned(),
            registered_as: desk.clone(),
        })
    }

    /// Replaces the signers whose certificates end soon, or that another desk over this folder has replaced. Tells whether there
    /// were any. What they have signed holds until their certificates end.
    ///
    /// # Errors
    /// [`PkiError`]. Signers stay as they are then.
    pub fn renew(&self, now: i64) -> Result<bool, PkiError> {
        let now = OffsetDateTime::from_unix_timestamp(now).map_err(|_| PkiError::Clock)?;
        let keep = Keep { folder: &self.folder, now };
        let signers = [
            &self.mdoc_signer,
            &self.sd_jwt_signer,
            &self.metadata_signer,
            &self.command_signer,
            &self.status_signer,
            &self.desk,
            &self.wallet_provider,
        ];
        if !signers.iter().any(|signer| keep.ends_soon(&signer.current().certificate)) {
            return Ok(false);
        }
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        let kept = keep.signers(
            &self.issuer_root,
            &self.registration_root,
            &self.wallet_provider_root,
            &self.registered_as,
        )?;
        for (signer, kept) in signers.into_iter().zip(kept) {
            signer.replace(kept);
        }
        Ok(true)
    }

    /// Tells apart desks with other keys: they would know nobody whom these have seen. Says nothing of the keys.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let secrets = [&self.person_key, &self.record_key, &self.code_key, &self.staple_master];
        let secrets = secrets.map(|secret| hmac_sha256(secret.expose(), &[b"desk keys v1"]));
        let roots = [&self.issuer_root, &self.counter_signer, &self.pack_authority];
        let roots = roots.map(|root| sha256(&root.certificate));
        sha256(&[secrets.as_flattened(), roots.as_flattened()].concat())
    }
}

impl Signer {
    fn new(identity: Identity) -> Self {
        Self(RwLock::new(Arc::new(identity)))
    }

    /// Who signs now.
    #[must_use]
    pub fn current(&self) -> Arc<Identity> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
    }
}

impl Identity {
    fn pair(&self) -> Result<KeyPair, PkiError> {
        Ok(KeyPair::from_pkcs8_der_and_sign_algo(&self.pkcs8.as_slice().into(), &PKCS_ECDSA_P256_SHA256)?)
    }
}

struct Leaf<'a> {
    subject: &'a str,
    registered_as: Option<&'a str>,
    usage: &'a [u64],
    days: i64,
}

const fn leaf_of<'a>(subject: &'a str, usage: &'a [u64], days: i64) -> Leaf<'a> {
    Leaf { subject, registered_as: None, usage, days }
}

/// The folder, and the time at which what it lacks is made.
struct Keep<'a> {
    folder: &'a Path,
    now: OffsetDateTime,
}

impl Keep<'_> {
    fn root(&self, name: &str, subject: &str) -> Result<Identity, PkiError> {
        if let Some(kept) = self.load(name)? {
            return Ok(kept);
        }
        let params = self.root_params(subject)?;
        self.make(name, |pair| Ok(params.self_signed(pair)?.der().to_vec()))
    }

    /// Those that are replaced in time, in the order of [`Pki::renew`].
    fn signers(
        &self,
        issuer: &Identity,
        registration: &Identity,
        provider: &Identity,
        desk: &DeskId,
    ) -> Result<[Identity; 7], PkiError> {
        let issued = |name, subject, usage: &'static [u64]| {
            self.leaf(name, &leaf_of(subject, usage, SIGNER_DAYS), ISSUER_ROOT, issuer)
        };
        let verifier = Leaf {
            registered_as: Some(desk.as_str()),
            ..leaf_of("TEST Registered desk", &eku::VERIFIER_REGISTRATION, SIGNER_DAYS)
        };
        let vouching = leaf_of("TEST Wallet provider", &eku::WALLET_PROVIDER, SIGNER_DAYS);
        Ok([
            issued("mdoc-signer", "TEST Mobile ID document signer", &eku::MDOC_ISSUER)?,
            issued("sd-jwt-signer", "TEST Mobile ID SD-JWT signer", &eku::SD_JWT_ISSUER)?,
            issued("metadata-signer", "TEST Mobile ID metadata signer", &eku::METADATA_SIGNER)?,
            issued("command-signer", "TEST Mobile ID command signer", &eku::COMMAND_KEY)?,
            issued("status-signer", "TEST Mobile ID status list signer", &eku::STATUS_ISSUER)?,
            self.leaf(&format!("desk-{desk}"), &verifier, REGISTRATION_ROOT, registration)?,
            self.leaf("wallet-provider", &vouching, WALLET_PROVIDER_ROOT, provider)?,
        ])
    }

    fn leaf(
        &self,
        name: &str,
        leaf: &Leaf<'_>,
        root_subject: &str,
        root: &Identity,
    ) -> Result<Identity, PkiError> {
        match self.load(name)? {
            Some(kept) if !self.ends_soon(&kept.certificate) => Ok(kept),
            _ => self.make_leaf(name, leaf, root_subject, root),
        }
    }

    fn make_leaf(
        &self,
        name: &str,
        leaf: &Leaf<'_>,
        root_subject: &str,
        root: &Identity,
    ) -> Result<Identity, PkiError> {
        let mut params = self.params(leaf.subject, leaf.days)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(leaf.usage.to_vec())];
        if let Some(name) = leaf.registered_as {
            let name = DnValue::PrintableString(PrintableString::try_from(name)?);
            params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), name);
        }
        let root_params = self.root_params(root_subject)?;
        let issuer = Issuer::from_params(&root_params, root.pair()?);
        self.make(name, |pair| Ok(params.signed_by(pair, &issuer)?.der().to_vec()))
    }

    fn root_params(&self, subject: &str) -> Result<CertificateParams, PkiError> {
        let mut params = self.params(subject, ROOT_DAYS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }

    fn params(&self, subject: &str, days: i64) -> Result<CertificateParams, PkiError> {
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        // ISO 3166 codes are PrintableString. ISO/IEC 18013-5:2021, B.1.2.
        name.push(DnType::CountryName, DnValue::PrintableString(PrintableString::try_from("KR")?));
        name.push(DnType::OrganizationName, "TEST, not valid");
        name.push(DnType::CommonName, subject);
        params.distinguished_name = name;
        params.use_authority_key_identifier_extension = true;
        // A day of grace before, so that a counter whose clock is behind still accepts what was signed today.
        params.not_before = self.now.saturating_sub(Duration::days(1)).replace_time(time::Time::MIDNIGHT);
        params.not_after = params.not_before.saturating_add(Duration::days(days));
        Ok(params)
    }

    fn make(
        &self,
        name: &str,
        certify: impl FnOnce(&KeyPair) -> Result<Vec<u8>, PkiError>,
    ) -> Result<Identity, PkiError> {
        let (key, pkcs8) = SigningKey::make().map_err(|_| PkiError::Key)?;
        let mut identity = Identity { certificate: Vec::new(), key, pkcs8 };
        identity.certificate = certify(&identity.pair()?)?;
        // A crash in between leaves a certificate of another key, which `load` does not take.
        write_secret(&self.path(name, "key"), &identity.pkcs8)?;
        write_secret(&self.path(name, "der"), &identity.certificate)?;
        Ok(identity)
    }

    fn load(&self, name: &str) -> Result<Option<Identity>, PkiError> {
        let (Some(certificate), Some(pkcs8)) =
            (read_if_there(&self.path(name, "der"))?, read_if_there(&self.path(name, "key"))?)
        else {
            return Ok(None);
        };
        let key = SigningKey::from_pkcs8(&pkcs8).map_err(|_| PkiError::Key)?;
        let certified =
            Certificate::parse(&certificate).ok().and_then(|parsed| parsed.p256_public_key().ok());
        if certified.as_ref() != Some(key.public()) {
            return Ok(None);
        }
        Ok(Some(Identity { certificate, key, pkcs8 }))
    }

    fn secret(&self, name: &str) -> Result<Secret<32>, PkiError> {
        let path = self.folder.join(name);
        if let Some(kept) = read_if_there(&path)? {
            return Secret::from_slice(&kept).ok_or(PkiError::Key);
        }
        let secret = Secret::new(make_random::<32>().map_err(|_| PkiError::Key)?);
        write_secret(&path, secret.expose())?;
        Ok(secret)
    }

    fn ends_soon(&self, certificate: &[u8]) -> bool {
        let limit = self.now.unix_timestamp().saturating_add(RENEW_DAYS * 86_400);
        Certificate::parse(certificate).map_or(true, |certificate| certificate.not_after() < limit)
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        // An id may have a dot in it, so that `with_extension` would cut it.
        self.folder.join(format!("{name}.{extension}"))
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, io::Error> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the folder for its owner alone.
pub(crate) fn create_folder(folder: &Path) -> Result<(), io::Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file that its owner alone can read, whole or not at all.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), io::Error> {
    let partial = path.with_extension("partial");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24T12:00:00 in Korea.
    const NOW: i64 = 1_795_489_200;
    const DAY: i64 = 86_400;

    #[test]
    fn signers_give_way_before_they_end_while_desks_run_over_one_folder() {
        let folder = std::env::temp_dir().join(format!("desk-pki-{}", std::process::id()));
        let open = |desk: &str, now| Pki::open(&folder, &DeskId::parse(desk).unwrap(), now).unwrap();
        let (one, other) = (open("one.1", NOW), open("other.1", NOW));
        let certificates = |pki: &Pki| {
            [
                &pki.mdoc_signer,
                &pki.sd_jwt_signer,
                &pki.metadata_signer,
                &pki.command_signer,
                &pki.status_signer,
                &pki.wallet_provider,
                &pki.desk,
            ]
            .map(|signer| signer.current().certificate.clone())
        };
        let first = certificates(&one);
        assert!(!one.renew(NOW + 300 * DAY).unwrap());
        assert_eq!(certificates(&one), first);

        let late = NOW + 400 * DAY;
        let signing = one.status_signer.current();
        assert!(one.renew(late).unwrap());
        assert_eq!(signing.certificate, first[4], "what is being signed is signed to its end");
        let second = certificates(&one);
        for (before, after) in first.iter().zip(&second) {
            assert_ne!(before, after);
            let after = Certificate::parse(after).unwrap();
            assert!(after.not_before() <= late && after.not_after() > late + 365 * DAY);
        }
        assert!(!one.renew(late).unwrap());
        // The other desk takes what the first has made, and a registration of its own.
        assert!(other.renew(late).unwrap());
        assert_eq!(certificates(&other)[..6], second[..6]);
        assert_ne!(certificates(&other)[6], second[6]);
        // What a database is known by stays, also for a desk that starts anew, and close to the roots' end.
        let anew = open("one.1", NOW + 3600 * DAY);
        assert_eq!((one.digest(), other.digest()), (anew.digest(), anew.digest()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
