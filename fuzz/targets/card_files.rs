//! The card's files, the first byte says which: what is taken out of a file lies inside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wallet_core::chip::{
    access::parse_card_access,
    active_auth,
    files::{com, dg1, dg2, dg7, dg11, dg12, dg13, dg16},
    security_infos::{SecurityInfos, parse_dg15},
};

fuzz_target!(|data: &[u8]| {
    let Some((which, file)) = data.split_first() else { return };
    let holds = |part: &str| assert!(part.len() <= file.len());
    match which {
        1 => {
            if let Ok(mrz) = dg1::parse(file) {
                assert!(mrz.issuer.len() <= 3 && mrz.nationality.len() <= 3);
                [&mrz.document_number, &mrz.surname, &mrz.given_names, &mrz.optional_data]
                    .into_iter()
                    .for_each(|part| holds(part));
            }
        }
        2 => {
            if let Ok(portrait) = dg2::parse(file) {
                assert!(!portrait.image.is_empty());
                assert!(file.windows(portrait.image.len()).any(|window| window == portrait.image));
            }
        }
        7 => {
            if let Ok(marks) = dg7::parse(file) {
                assert!(marks.iter().map(|mark| mark.image.len()).sum::<usize>() <= file.len());
            }
        }
        11 => {
            if let Ok(further) = dg11::parse_further(file) {
                further.iter().for_each(|(_, part)| holds(part));
            }
            if let Ok(details) = dg11::parse(file) {
                [details.full_name, details.personal_number, details.address]
                    .iter()
                    .flatten()
                    .for_each(|part| holds(part));
            }
        }
        12 => {
            if let Ok(further) = dg12::parse_further(file) {
                further.iter().for_each(|(_, part)| holds(part));
            }
            if let Ok(sides) = dg12::parse_sides(file) {
                assert!(sides.iter().map(|(_, side)| side.image.len()).sum::<usize>() <= file.len());
            }
            if let Ok(details) = dg12::parse(file) {
                details.issuing_authority.iter().for_each(|part| holds(part));
            }
        }
        13 => {
            if let Ok(content) = dg13::parse(file) {
                assert!(file.ends_with(content));
            }
        }
        16 => {
            if let Ok(people) = dg16::parse(file) {
                people.iter().for_each(|person| holds(&person.name));
            }
        }
        30 => {
            if let Ok(common) = com::parse(file) {
                assert!(common.groups.iter().all(|number| (1..=16).contains(number)));
            }
        }
        14 => drop(SecurityInfos::parse_dg14(file)),
        15 => {
            let _ = parse_dg15(file);
            // A hostile key with an answer taken from its own bytes.
            let answer = file.get(file.len() / 2..).unwrap_or_default();
            let _ = active_auth::verify(file, Some(file), &[1; 8], answer);
        }
        _ => {
            if let Ok(offers) = parse_card_access(file) {
                // Generic and integrated mapping by DH and ECDH, chip authentication mapping by ECDH alone.
                assert!(offers.iter().all(|offer| matches!(offer.oid()[8], 1..=4 | 6)));
            }
        }
    }
});
