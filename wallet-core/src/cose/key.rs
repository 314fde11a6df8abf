//! COSE_Key for P-256. RFC 9053, 7.1.1.

use super::CoseError;
use crate::cbor::{CborError, Kind, MapWriter, Reader, Writer};
use crate::crypto::sign::PublicKey;

const KTY: i64 = 1;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
const KTY_EC2: i64 = 2;
const CRV_P256: i64 = 1;

/// Writes `{1: 2, -1: 1, -2: x, -3: sign of y}`, the compressed form.
pub fn write_key(writer: &mut Writer, key: &PublicKey) {
    writer.map(
        MapWriter::new()
            .entry(KTY, |w| w.int(KTY_EC2))
            .entry(CRV, |w| w.int(CRV_P256))
            .entry(X, |w| w.bytes(&key.x()))
            .entry(Y, |w| w.bool(key.y_is_odd())),
    );
}

/// Reads a COSE_Key with exactly the four members of a public key on P-256; `y` as a coordinate or as its sign.
///
/// # Errors
/// [`CoseError::UnsupportedKey`], [`CoseError::NotOnCurve`], [`CoseError::Malformed`].
pub fn decode_key(bytes: &[u8]) -> Result<PublicKey, CoseError> {
    let mut reader = Reader::new(bytes);
    let pairs = reader.map()?;
    let (mut kty, mut crv, mut x, mut y) = (None, None, None, None);
    for _ in 0..pairs {
        match reader.int()? {
            KTY => kty = Some(reader.int()?),
            CRV => crv = Some(reader.int()?),
            X => x = Some(reader.array_of::<32>()?),
            Y => {
                y = Some(match reader.peek()? {
                    Kind::Bytes => Ordinate::Full(reader.array_of::<32>()?),
                    _ => Ordinate::IsOdd(reader.bool()?),
                });
            }
            _ => return Err(CoseError::UnsupportedKey),
        }
    }
    reader.finish()?;
    if (kty, crv) != (Some(KTY_EC2), Some(CRV_P256)) {
        return Err(CoseError::UnsupportedKey);
    }
    let x = x.ok_or(CborError::OutOfRange)?;
    match y.ok_or(CborError::OutOfRange)? {
        Ordinate::IsOdd(odd) => PublicKey::from_x(&x, odd),
        Ordinate::Full(y) => {
            let sec1: Vec<u8> = [&[4][..], &x, &y].concat();
            PublicKey::from_sec1(&sec1)
        }
    }
    .map_err(|_| CoseError::NotOnCurve)
}

enum Ordinate {
    Full([u8; 32]),
    IsOdd(bool),
}

#[cfg(test)]
mod tests {
    use super::*;

    // The holder's key of the SD-CWT draft's examples.
    const X: &str = "8554eb275dcd6fbd1c7ac641aa2c90d92022fd0d3024b5af18c7cc61ad527a2d";
    const Y: &str = "4dc7ae2c677e96d0cc82597655ce92d5503f54293d87875d1e79ce4770194343";

    #[test]
    fn both_forms_of_a_key_are_one_key_and_ours_is_compressed() {
        let full = hex::decode(format!("a401022001215820{X}225820{Y}")).unwrap();
        let key = decode_key(&full).unwrap();
        let mut writer = Writer::new();
        write_key(&mut writer, &key);
        let compressed = writer.finish();
        assert_eq!(hex::encode(&compressed), format!("a401022001215820{X}22f5"));
        assert_eq!(decode_key(&compressed), Ok(key));
    }

    #[test]
    fn other_keys_are_refused_by_name() {
        let cases = [
            (format!("a401022002215820{X}22f5"), CoseError::UnsupportedKey),
            (format!("a401012001215820{X}22f5"), CoseError::UnsupportedKey),
            (format!("a501020441012001215820{X}22f5"), CoseError::UnsupportedKey),
            (format!("a301022001215820{X}"), CoseError::Malformed(CborError::OutOfRange)),
            (format!("a401022001215820{}22f5", "ff".repeat(32)), CoseError::NotOnCurve),
            (format!("a401022001215820{X}225820{X}"), CoseError::NotOnCurve),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_key(&hex::decode(&text).unwrap()), Err(expected), "{text}");
        }
    }
}
