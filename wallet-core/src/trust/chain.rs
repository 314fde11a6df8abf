use super::usage::KNOWN_EXTENSIONS;
use super::{Anchors, Certificate, Revocation, TrustError, Usage, Verified, name};

/// How many certificates a path may have below its anchor.
pub const MAX_PATH: usize = 4;

/// Verifies a path from a leaf to an anchor at `now_unix` (seconds since 1970 UTC). RFC 5280, 6, without policies and
/// name constraints; revocation by the lists that `anchors` have.
///
/// `chain` starts with the leaf, each next certificate being the issuer of the one before; the anchor itself may be its
/// last. Certificates past the one that an anchor issued are not looked at. A leaf that is itself an anchor is trusted
/// as given.
///
/// # Errors
/// Any [`TrustError`].
pub fn verify_chain(
    chain: &[Certificate],
    anchors: &Anchors,
    now_unix: i64,
    usage: Usage,
) -> Result<Verified<Certificate>, TrustError> {
    verify_chain_to(chain, anchors, now_unix, usage).map(|(leaf, _)| leaf)
}

/// As [`verify_chain`], with the anchor that the path leads to.
pub(super) fn verify_chain_to<'a>(
    chain: &[Certificate],
    anchors: &'a Anchors,
    now_unix: i64,
    usage: Usage,
) -> Result<(Verified<Certificate>, &'a Certificate), TrustError> {
    let leaf = chain.first().ok_or(TrustError::Malformed)?;
    usage.check_leaf(leaf)?;
    let (below, anchor) = path_to_an_anchor(chain, anchors, now_unix, usage)?;
    // The last of all checks, so that a revoked certificate is known to be its authority's.
    if anchors.revocation_of(anchor, now_unix) == Revocation::Revoked {
        return Err(TrustError::Revoked);
    }
    for certificate in chain.iter().take(below) {
        anchors.check_revocation(certificate, now_unix)?;
    }
    Ok((Verified::new(leaf.clone()), anchor))
}

/// How many certificates of `chain` stand below its anchor, and the anchor.
fn path_to_an_anchor<'a>(
    chain: &[Certificate],
    anchors: &'a Anchors,
    now_unix: i64,
    usage: Usage,
) -> Result<(usize, &'a Certificate), TrustError> {
    let mut issuers = 0_usize;
    for (below, certificate) in chain.iter().enumerate() {
        if let Some(anchor) = anchors.certificates().iter().find(|anchor| *anchor == certificate) {
            anchors.check_validity(anchor, now_unix)?;
            return Ok((below, anchor));
        }
        if below >= MAX_PATH {
            return Err(TrustError::PathTooLong);
        }
        certificate.check_validity(now_unix)?;
        check_critical_extensions(certificate)?;
        // An authority's further key of its own counts for no path length. RFC 5280, 6.1.4 (l).
        if below > 0 && !certificate.is_self_issued() {
            issuers = issuers.saturating_add(1);
        }
        match issued_by_an_anchor(certificate, issuers, anchors, now_unix, usage) {
            Ok(anchor) => return Ok((below.saturating_add(1), anchor)),
            Err(refusal) => {
                let issuer = chain.get(below.saturating_add(1)).ok_or(refusal)?;
                check_issued(certificate, issuer, issuers, usage)?;
                if issuer.basic_constraints().is_none() {
                    return Err(TrustError::WrongUsage);
                }
            }
        }
    }
    Err(TrustError::UntrustedIssuer)
}

/// Several anchors may bear one name (an authority renewed its key); the refusal told is the one that came furthest.
fn issued_by_an_anchor<'a>(
    certificate: &Certificate,
    below: usize,
    anchors: &'a Anchors,
    now_unix: i64,
    usage: Usage,
) -> Result<&'a Certificate, TrustError> {
    let mut refusal = TrustError::UntrustedIssuer;
    for anchor in anchors.certificates() {
        let outcome = check_issued(certificate, anchor, below, usage)
            .and_then(|()| anchors.check_validity(anchor, now_unix));
        match outcome {
            Ok(()) => return Ok(anchor),
            Err(TrustError::UntrustedIssuer) => {}
            Err(error) if matches!(refusal, TrustError::UntrustedIssuer | TrustError::BadSignature) => {
                refusal = error;
            }
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Whether `issuer` issued `certificate` and was allowed to. `below`: issuers between it and the leaf, other than for
/// further keys of their own.
pub(super) fn check_issued(
    certificate: &Certificate,
    issuer: &Certificate,
    below: usize,
    usage: Usage,
) -> Result<(), TrustError> {
    if !is_named_issuer(certificate, issuer, usage) {
        return Err(TrustError::UntrustedIssuer);
    }
    certificate.check_signature(issuer)?;
    // An anchor from before version 3 has no constraints and is trusted as given; `verify_chain` demands them of others.
    let constraints = issuer.basic_constraints();
    if constraints.is_some_and(|constraints| !constraints.ca) || !issuer.allows_signing_certificates() {
        return Err(TrustError::WrongUsage);
    }
    let allowed = constraints.and_then(|constraints| constraints.path_length);
    if allowed.is_some_and(|allowed| below > usize::from(allowed)) {
        return Err(TrustError::PathTooLong);
    }
    Ok(())
}

/// Document signers: the names as read, or the key identifiers within one country, since authorities renamed
/// themselves between a master list and a document (ICAO 9303-12, 7.1).
fn is_named_issuer(certificate: &Certificate, issuer: &Certificate, usage: Usage) -> bool {
    let names_equal = certificate.issuer_raw() == issuer.subject_raw();
    if !usage.compares_names_loosely() {
        return names_equal;
    }
    let keys_equal = match (certificate.authority_key_id(), issuer.subject_key_id()) {
        (Some(authority), Some(subject)) => authority == subject && certificate.country() == issuer.country(),
        _ => false,
    };
    names_equal || keys_equal || name::read_the_same(certificate.issuer_raw(), issuer.subject_raw())
}

pub(super) fn check_critical_extensions(certificate: &Certificate) -> Result<(), TrustError> {
    if certificate.critical_extensions().all(|kind| KNOWN_EXTENSIONS.contains(&kind)) {
        Ok(())
    } else {
        Err(TrustError::Unsupported)
    }
}
