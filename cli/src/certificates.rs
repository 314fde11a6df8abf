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
    let bytes = std::fs::read(path).map_err(|_| Failure::Usage(UsageFault::File(path.to_owned())))?;
    parse(&bytes).ok_or_else(|| Failure::Usage(UsageFault::FileContent { argument, path: path.to_owned() }))
}

fn parse(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    // A DER certificate is a SEQUENCE; PEM is text.
    if bytes.starts_with(&[0x30]) {
        return Some(vec![bytes.to_vec()]);
    }
    let text = core::str::from_utf8(bytes).ok()?;
    let mut found = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let (body, _) = block.split_once(END)?;
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        found.push(STANDARD.decode(body).ok()?);
    }
    (!found.is_empty()).then_some(found)
}

// RFC 7468, 5.1.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_bundles_and_der_are_read_and_anything_else_is_refused() {
        let pem = |der: &[u8]| format!("words before\n{BEGIN}\n{}\n{END}\n", STANDARD.encode(der));
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
