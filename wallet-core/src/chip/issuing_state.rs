//! Whose documents a state may sign: the two letters in its certificate against the three on the document. ICAO Doc 9303-3, 5;
//! 9303-12, 7.1.

use crate::trust::Country;

/// Whether the state that signed a document is the one that it says issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuingState {
    /// It is.
    Same,
    /// It is another: with a list of many states' keys, each of them could sign any other's documents.
    Another,
    /// It cannot be told: a certificate without a country, a document of an organisation, or one that names no state.
    Unknown,
    /// Not looked at: the signer leads to no trusted state, or EF.DG1 was not read.
    NotChecked,
}

/// `state` as EF.DG1 has it, its fillers removed.
pub(super) fn compare(signer: Option<&Country>, state: &str) -> IssuingState {
    let Some(signer) = signer.map(|country| country.as_str().as_bytes()) else {
        return IssuingState::Unknown;
    };
    let state = state.as_bytes();
    match two_letters(state) {
        _ if signer == state => IssuingState::Same,
        None => IssuingState::Unknown,
        Some(expected) if signer == expected => IssuingState::Same,
        Some(_) => IssuingState::Another,
    }
}

/// ISO 3166-1: the first two of most states' three letters, the outer two of some, and others of a few.
fn two_letters(state: &[u8]) -> Option<[u8; 2]> {
    if state == b"D" {
        return Some(*b"DE");
    }
    match *state {
        // Given to organisations and to persons without a state.
        [b'X', _, _] => None,
        [first, second, third] => {
            let other = OTHERS.as_chunks::<5>().0.iter().find(|entry| entry.starts_with(state));
            if let Some([_, _, _, one, two]) = other {
                return Some([*one, *two]);
            }
            let outer = OUTER.as_chunks::<3>().0.iter().any(|entry| entry == state);
            Some([first, if outer { third } else { second }])
        }
        _ => None,
    }
}

const OUTER: &[u8] = b"ANDAREATGARMAGOAUTABWBRBBDIBRNBHSBLZCODCAFCOGCOKCHLCHNCPVCUWDNKESHFLKFSMFROGRDGUFGRLGINGLPGNQGUYIRQ\
JAMKORKAZLBRLBYMNEMAFMDGMNPMTQMLTMDVMEXMOZNIUPYFPNGPAKPOLPCNPRTPLWPRYSLBSYCSWESVKSENSURSLVSWZTCDTKMTUNTURTUVURYWLF";
/// With Kosovo's, which ISO does not have.
const OTHERS: &[u8] =
    b"ATAAQALAAXBIHBABENBJBESBQBLRBYESTEESGSGSGNBGWIRLIEISRILCOMKMPRKKPCYMKYMACMOSPMPMSRBRSSVNSIATFTFUKRUA\
MYTYTRKSKS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_letters_are_those_of_two() {
        for (three, two) in [
            ("KOR", "KR"),
            ("D", "DE"),
            ("FRA", "FR"),
            ("AUS", "AU"),
            ("AUT", "AT"),
            ("CHN", "CN"),
            ("PRK", "KP"),
            ("EST", "EE"),
            ("UKR", "UA"),
            ("MYT", "YT"),
            ("ATA", "AQ"),
            ("WLF", "WF"),
            ("AND", "AD"),
            ("GBD", "GB"),
            ("RKS", "KS"),
            ("EUE", "EU"),
            ("UNO", "UN"),
            ("UTO", "UT"),
        ] {
            assert_eq!(two_letters(three.as_bytes()).as_ref().map(|it| it.as_slice()), Some(two.as_bytes()));
        }
        for none in ["", "KO", "KORE", "XXA", "XOM"] {
            assert_eq!(two_letters(none.as_bytes()), None, "{none}");
        }
        assert_eq!((OUTER.len() % 3, OTHERS.len() % 5), (0, 0));
        assert_eq!(compare(None, "KOR"), IssuingState::Unknown);
    }
}
