//! The desk's own keys and certificates: made at the first start, kept in the data folder. Their subjects say that they
//! are tests.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
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
    /// Signs SD-CWTs for the counter.
    pub counter_signer: Identity,
    /// Signs mdocs.
    pub mdoc_signer: Identity,
    /// Signs SD-JWT VCs.
    pub sd_jwt_signer: Identity,
    /// Signs what the issuer says of itself.
    pub metadata_signer: Identity,
    /// Signs commands to phones.
    pub command_signer: Identity,
    /// Signs status lists.
    pub status_signer: Identity,
    /// Root of the registration of verifiers.
    pub registration_root: Identity,
    /// This desk as a registered verifier.
    pub desk: Identity,
    /// Signs counter packs. Its public key is configured in each counter.
    pub pack_authority: Identity,
    /// Root of the wallet provider.
    pub wallet_provider_root: Identity,
    /// Signs attestations of wallets and keys.
    pub wallet_provider: Identity,
    /// Seals what is known of a person.
    pub record_key: Secret<32>,
    /// From which codes of offers and nonces derive.
    pub code_key: Secret<32>,
    /// Keyed hash of registration numbers.
    pub person_key: Secret<32>,
    /// From which every copy's staples derive.
    pub staple_master: Secret<32>,
}

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
        let provider = leaf_of("TEST Wallet provider", &eku::WALLET_PROVIDER, SIGNER_DAYS);
        let counter = leaf_of("TEST Mobile ID counter signer", &eku::COUNTER_ISSUER[..], ROOT_DAYS);
        let mdoc = leaf_of("TEST Mobile ID document signer", &eku::MDOC_ISSUER, SIGNER_DAYS);
        let sd_jwt = leaf_of("TEST Mobile ID SD-JWT signer", &eku::SD_JWT_ISSUER, SIGNER_DAYS);
        let metadata = leaf_of("TEST Mobile ID metadata signer", &eku::METADATA_SIGNER, SIGNER_DAYS);
        let command = leaf_of("TEST Mobile ID command signer", &eku::COMMAND_KEY, SIGNER_DAYS);
        let status = leaf_of("TEST Mobile ID status list signer", &eku::STATUS_ISSUER, SIGNER_DAYS);
        let verifier = Leaf {
            registered_as: Some(desk.as_str()),
            ..leaf_of("TEST Registered desk", &eku::VERIFIER_REGISTRATION, SIGNER_DAYS)
        };
        let desk_file = format!("desk-{desk}");
        Ok(Self {
            counter_signer: keep.leaf("counter-signer", &counter, ISSUER_ROOT, &issuer_root)?,
            command_signer: keep.leaf("command-signer", &command, ISSUER_ROOT, &issuer_root)?,
            status_signer: keep.leaf("status-signer", &status, ISSUER_ROOT, &issuer_root)?,
            mdoc_signer: keep.leaf("mdoc-signer", &mdoc, ISSUER_ROOT, &issuer_root)?,
            sd_jwt_signer: keep.leaf("sd-jwt-signer", &sd_jwt, ISSUER_ROOT, &issuer_root)?,
            metadata_signer: keep.leaf("metadata-signer", &metadata, ISSUER_ROOT, &issuer_root)?,
            desk: keep.leaf(&desk_file, &verifier, REGISTRATION_ROOT, &registration_root)?,
            wallet_provider: keep.leaf(
                "wallet-provider",
                &provider,
                WALLET_PROVIDER_ROOT,
                &wallet_provider_root,
            )?,
            wallet_provider_root,
            issuer_root,
            registration_root,
            pack_authority,
            person_key: keep.secret("person.key")?,
            record_key: keep.secret("record.key")?,
            code_key: keep.secret("code.key")?,
            staple_master: keep.secret("staple.key")?,
        })
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

    fn leaf(
        &self,
        name: &str,
        leaf: &Leaf<'_>,
        root_subject: &str,
        root: &Identity,
    ) -> Result<Identity, PkiError> {
        if let Some(kept) = self.load(name)?
            && !self.ends_soon(&kept.certificate)
        {
            return Ok(kept);
        }
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
