//! Certificate files as people have them: DER, or PEM with one certificate or several.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::failure::{Failure, Outcome, UsageFault};

/// The certificates in all these files, DER. `argument` is named when one of them is something else.
pub(crate) fn read_all(paths: &[PathBuf], argument: &'static str) -> Outcome<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(read(path, argument)?);
    }
    Ok(all)
}

/// The certificates in one file, DER; at least one.
pub(crate) fn read(path: &Path, argument: &'static str) -> Outcome<Vec<Vec<u8>>> {
    read_labelled(path, argument, "CERTIFICATE")
}

/// The revocation lists in one file, DER; at least one.
pub(crate) fn read_lists(path: &Path, argument: &'static str) -> Outcome<Vec<Vec<u8>>> {
    read_labelled(path, argument, "X509 CRL")
}

fn read_labelled(path: &Path, argument: &'static str, label: &str) -> Outcome<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path).map_err(|_| Failure::Usage(UsageFault::File(path.to_owned())))?;
    let unfit = || Failure::Usage(UsageFault::FileContent { argument, path: path.to_owned() });
    parse(&bytes, label).ok_or_else(unfit)
}

fn parse(bytes: &[u8], label: &str) -> Option<Vec<Vec<u8>>> {
    // Certificates and lists are SEQUENCEs in DER; PEM is text. RFC 7468, 5.1 and 6.
    if bytes.starts_with(&[0x30]) {
        return Some(vec![bytes.to_vec()]);
    }
    let text = core::str::from_utf8(bytes).ok()?;
    let mut found = Vec::new();
    for block in text.split(&format!("-----BEGIN {label}-----")).skip(1) {
        let (body, _) = block.split_once(&format!("-----END {label}-----"))?;
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        found.push(STANDARD.decode(body).ok()?);
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_bundles_and_der_are_read_and_anything_else_is_refused() {
        let labelled = |label: &str, der: &[u8]| {
            let body = STANDARD.encode(der);
            format!("words before\n-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
        };
        let pem = |der: &[u8]| labelled("CERTIFICATE", der);
        let parse = |bytes: &[u8]| parse(bytes, "CERTIFICATE");
        let list = labelled("X509 CRL", &[0x30, 3]);
        assert_eq!(super::parse(list.as_bytes(), "X509 CRL"), Some(vec![vec![0x30, 3]]));
        assert_eq!(parse(list.as_bytes()), None, "a list is no certificate");
        assert_eq!(parse(&[0x30, 1, 2]), Some(vec![vec![0x30, 1, 2]]));
        let two = pem(&[0x30, 1]) + &pem(&[0x30, 2]);
        assert_eq!(parse(two.as_bytes()), Some(vec![vec![0x30, 1], vec![0x30, 2]]));
        for wrong in [
            &b"hello"[..],
            b"",
            b"\xff\xfe",
            b"-----BEGIN CERTIFICATE-----\nAAAA",
            b"-----BEGIN CERTIFICATE-----*-----END CERTIFICATE-----",
        ] {
            assert_eq!(parse(wrong), None);
        }
    }
}
