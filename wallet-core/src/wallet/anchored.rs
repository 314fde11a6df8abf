//! What the wallet keeps in the platform's anchor: the vault's version, so that an older file put back is noticed.

/// Layout of the anchor's bytes: format ‖ vault version, u64 big-endian.
const FORMAT: u8 = 1;

/// The anchor's bytes for a vault version.
pub(super) fn encode(version: u64) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes
}

/// The vault version in the anchor's bytes: zero where nothing was stored yet, `None` for bytes of another format.
pub(super) fn decode(bytes: &[u8]) -> Option<u64> {
    match bytes.split_first() {
        None => Some(0),
        Some((&FORMAT, version)) => version.try_into().ok().map(u64::from_be_bytes),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_anchor_is_version_zero_and_a_strange_one_is_none() {
        assert_eq!(decode(&[]), Some(0));
        assert_eq!(decode(&encode(77)), Some(77));
        assert_eq!(encode(77), [1, 0, 0, 0, 0, 0, 0, 0, 77]);
        assert_eq!(decode(&[2, 0, 0, 0, 0, 0, 0, 0, 77]), None);
        assert_eq!(decode(&[1, 0]), None);
    }
}
