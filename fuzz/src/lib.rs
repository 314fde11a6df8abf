//! The world in which the targets live: issuers, cards and frames that are right, to be mutated from. Keys and times are
//! fixed, so that a seed of one run still reaches the depths in the next; ECDSA signatures differ from run to run.

pub mod chip;
pub mod counter;
pub mod desk;
pub mod documents;

/// Edits `original` as the fuzzer says, four bytes an edit: kind, place (big-endian), value. Gives whole-file access to
/// a mutator that knows nothing of lengths and encodings.
pub fn edited(original: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for edit in edits.chunks_exact(4).take(16) {
        let place = usize::from(u16::from_be_bytes([edit[1], edit[2]])) % (bytes.len() + 1);
        match edit[0] % 3 {
            0 if place < bytes.len() => bytes[place] ^= edit[3],
            1 => bytes.insert(place, edit[3]),
            2 if place < bytes.len() => drop(bytes.remove(place)),
            _ => {}
        }
    }
    bytes
}
