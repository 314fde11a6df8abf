//! Everything a person reads, in each language. Both languages fill the same structs, so that a missing text does not
//! compile.

mod details;
mod en;
mod ko;

use wallet_core::{
    card::Disclosure,
    vault::EventKind,
    verify::{AudienceKind, Relaxation},
    wallet::{CardState, ChipCheckOutcome, EnrolmentStage, Language},
};

use crate::failure::Failure;

pub(crate) use details::Detail;
pub(crate) use en::ENGLISH;
pub(crate) use ko::KOREAN;

/// All texts of one language.
pub(crate) struct Texts {
    /// For the prompts of the wallet itself.
    pub(crate) language: Language,
    /// Help and usage.
    pub(crate) help: Help,
    /// What the commands say.
    pub(crate) say: Say,
    /// What the demo says.
    pub(crate) demo: Demo,
}

/// What the demo says.
pub(crate) struct Demo {
    /// The desk's address.
    pub(crate) started: fn(&str) -> String,
    /// The holder's name, commands to the chip.
    pub(crate) tapped: fn(&str, u32) -> String,
    /// The holder's name, one-time copies.
    pub(crate) enrolled: fn(&str, u32) -> String,
    /// The desk's name.
    pub(crate) scanned: fn(&str) -> String,
    /// The level, the desk's name.
    pub(crate) shown: fn(&str, &str) -> String,
    pub(crate) every_level: &'static str,
    /// The name of the resident at the centre.
    pub(crate) visited: fn(&str) -> String,
    /// The holder's name, one-time copies.
    pub(crate) issued: fn(&str, u32) -> String,
    pub(crate) wrong_digits: &'static str,
    pub(crate) used_code: &'static str,
    pub(crate) second_phone: &'static str,
    pub(crate) checked_centre: &'static str,
    pub(crate) portal_unseen: &'static str,
    /// The name of the applicant.
    pub(crate) portal_link: fn(&str) -> String,
    pub(crate) portal_other_browser: &'static str,
    /// The holder's name, one-time copies.
    pub(crate) issued_by_portal: fn(&str, u32) -> String,
    pub(crate) checked_portal: &'static str,
    pub(crate) lost_phone: &'static str,
    pub(crate) locked_phone: &'static str,
    pub(crate) found_phone: &'static str,
    pub(crate) network_off: &'static str,
    pub(crate) checked: &'static str,
    pub(crate) screenshot: &'static str,
    pub(crate) other_desk: &'static str,
    pub(crate) flipped_bit: &'static str,
    pub(crate) wrong_issuer: &'static str,
    pub(crate) no_biometrics: &'static str,
    /// Prompts, commands to the chip.
    pub(crate) counts: fn(usize, u32) -> String,
    /// The folder.
    pub(crate) pictures: fn(&str) -> String,
}

/// The words of `--help`.
pub(crate) struct Help {
    /// clap's template, with the headings of this language.
    pub(crate) template: &'static str,
    pub(crate) options: &'static str,
    pub(crate) commands: &'static str,
    pub(crate) about: &'static str,
    pub(crate) usage: &'static str,
    pub(crate) exit_codes: &'static str,
    /// What is wrong with a command line, as clap found it.
    pub(crate) complaint: fn(&clap::Error) -> String,

    pub(crate) home: &'static str,
    pub(crate) lang: &'static str,
    pub(crate) json: &'static str,
    pub(crate) help: &'static str,
    pub(crate) version: &'static str,

    pub(crate) demo: &'static str,
    pub(crate) demo_usage: &'static str,
    pub(crate) demo_out: &'static str,

    pub(crate) simulator: &'static str,
    pub(crate) simulator_usage: &'static str,

    pub(crate) chip: &'static str,
    pub(crate) chip_usage: &'static str,
    pub(crate) connect: &'static str,
    pub(crate) pace: &'static str,
    pub(crate) chip_key: &'static str,
    pub(crate) basic_access: &'static str,
    pub(crate) chip_short: &'static str,

    pub(crate) read: &'static str,
    pub(crate) read_usage: &'static str,
    pub(crate) reader: &'static str,
    pub(crate) can: &'static str,
    pub(crate) mrz: &'static str,
    pub(crate) pin: &'static str,
    pub(crate) puk: &'static str,
    pub(crate) basic_access_policy: &'static str,
    pub(crate) read_short: &'static str,
    pub(crate) portrait: &'static str,
    pub(crate) read_files: &'static str,
    pub(crate) csca: &'static str,
    pub(crate) master_list: &'static str,
    pub(crate) link: &'static str,
    pub(crate) crl: &'static str,
    pub(crate) require_crl: &'static str,

    pub(crate) enrol: &'static str,
    pub(crate) enrol_usage: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) trust: &'static str,
    pub(crate) issuer_root: &'static str,
    pub(crate) desk_root: &'static str,
    pub(crate) yes: &'static str,

    pub(crate) accept: &'static str,
    pub(crate) accept_usage: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) digits: &'static str,

    pub(crate) go_on: &'static str,
    pub(crate) go_on_usage: &'static str,
    pub(crate) came_back: &'static str,

    pub(crate) show: &'static str,
    pub(crate) show_usage: &'static str,
    pub(crate) level: &'static str,
    pub(crate) card: &'static str,
    pub(crate) desk: &'static str,
    pub(crate) show_out: &'static str,
    pub(crate) once: &'static str,
    pub(crate) offline: &'static str,

    pub(crate) refresh: &'static str,
    pub(crate) refresh_usage: &'static str,

    pub(crate) wipe: &'static str,
    pub(crate) wipe_usage: &'static str,
    pub(crate) give_up: &'static str,

    pub(crate) check: &'static str,
    pub(crate) check_usage: &'static str,
    pub(crate) shown: &'static str,
    pub(crate) pack: &'static str,
    pub(crate) pack_root: &'static str,
    pub(crate) desk_id: &'static str,
    pub(crate) nonce: &'static str,
    pub(crate) seen: &'static str,
    pub(crate) policy: &'static str,

    pub(crate) list: &'static str,
    pub(crate) list_usage: &'static str,

    pub(crate) history: &'static str,
    pub(crate) history_usage: &'static str,
    pub(crate) limit: &'static str,
}

/// What the commands say.
pub(crate) struct Say {
    /// Before the sentence of a failure.
    pub(crate) error: &'static str,
    /// Why it failed, and what to do.
    pub(crate) failure: fn(&Failure) -> String,
    pub(crate) level: fn(Disclosure) -> &'static str,
    pub(crate) card_state: fn(CardState) -> &'static str,
    pub(crate) history_kind: fn(EventKind) -> &'static str,
    /// Wherever keys show.
    pub(crate) software_keys: &'static str,

    pub(crate) ask_passphrase: &'static str,
    pub(crate) ask_new_passphrase: &'static str,
    pub(crate) ask_can: &'static str,
    pub(crate) ask_pin: &'static str,
    pub(crate) ask_puk: &'static str,
    pub(crate) ask_digits: &'static str,
    pub(crate) ask_again: &'static str,
    /// After a question that is answered by y or n.
    pub(crate) yes_or_no: &'static str,
    /// First letters that mean yes.
    pub(crate) yes_letters: &'static [char],
    pub(crate) face_question: &'static str,
    pub(crate) touch_question: &'static str,

    pub(crate) waiting_for_chip: fn(&str) -> String,
    pub(crate) playing_chip: fn(&str) -> String,
    #[cfg_attr(not(feature = "pcsc"), expect(dead_code, reason = "a PC/SC reader waits for a card"))]
    pub(crate) waiting_for_card: fn(&str) -> String,
    /// The reader's name, or the address.
    pub(crate) card_found: fn(&str) -> String,
    /// File, bytes read, bytes in all.
    pub(crate) reading_file: fn(&str, u32, u32) -> String,
    pub(crate) read_title: &'static str,
    pub(crate) files: &'static str,
    pub(crate) bytes: fn(u32) -> String,
    pub(crate) checks: &'static str,
    pub(crate) detail: fn(Detail) -> &'static str,
    /// Country, signature's algorithm, digest over the data groups.
    pub(crate) unreadable: fn(&str) -> String,
    pub(crate) signed_by: fn(&str, &str, &str) -> String,
    /// By the stable name of the way.
    pub(crate) opened_by: fn(&str) -> &'static str,
    pub(crate) common_differs: &'static str,
    /// By a check's stable name.
    pub(crate) check: fn(&str) -> &'static str,
    pub(crate) check_outcome: fn(ChipCheckOutcome) -> String,
    /// APDUs, milliseconds.
    pub(crate) read_took: fn(u32, u64) -> String,
    pub(crate) passed: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) skipped: &'static str,

    pub(crate) enrolment_stage: fn(EnrolmentStage) -> &'static str,
    pub(crate) enrolled: fn(&str) -> String,
    /// Where the browser has to go.
    pub(crate) sign_in: fn(&str) -> String,
    /// Seconds until it is worth asking again.
    pub(crate) later: fn(u64) -> String,
    pub(crate) no_cards: &'static str,
    pub(crate) copies: &'static str,
    pub(crate) left: fn(u32) -> String,
    pub(crate) no_history: &'static str,
    pub(crate) unverified: &'static str,
    pub(crate) field: Fields,

    /// Seconds until the next frame, seconds until the end.
    pub(crate) show_countdown: fn(u32, i64) -> String,
    pub(crate) show_ended: &'static str,
    pub(crate) show_to: fn(Option<&str>) -> String,
    pub(crate) written: fn(&str) -> String,
    pub(crate) stale: &'static str,

    /// Commands obeyed, new staples, new copies, when to call again in seconds.
    pub(crate) refreshed: fn(usize, u32, bool, i64) -> String,
    pub(crate) wiped: &'static str,

    pub(crate) accepted: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) relaxation: fn(Relaxation) -> &'static str,
    pub(crate) audience: fn(AudienceKind) -> &'static str,
    /// Sequence, age in seconds.
    pub(crate) pack_age: fn(u64, i64) -> String,
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
}

/// Names of what a card says.
pub(crate) struct Fields {
    pub(crate) name: &'static str,
    pub(crate) name_latin: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) registration_number: &'static str,
    pub(crate) address: &'static str,
    pub(crate) issued: &'static str,
    pub(crate) valid_until: &'static str,
    pub(crate) state: &'static str,
    pub(crate) document_number: &'static str,
    pub(crate) nationality: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) adult: &'static str,
    pub(crate) authority: &'static str,
    pub(crate) vouched: &'static str,
}

/// How much of `total` was read, in percent; nothing while the total is not known.
fn percent(read: u32, total: u32) -> Option<u64> {
    (u64::from(read) * 100).checked_div(u64::from(total))
}

/// The texts to use, decided before the command line is parsed: `--lang`, else the locale, else English.
pub(crate) fn choose(words: &[String], locale: Option<&str>) -> &'static Texts {
    let mut wanted = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--lang" {
            wanted = words.next().map(String::as_str);
        } else if let Some(value) = word.strip_prefix("--lang=") {
            wanted = Some(value);
        }
    }
    let korean = wanted.or(locale).is_some_and(|language| language.starts_with("ko"));
    if korean { &KOREAN } else { &ENGLISH }
}

/// The locale of messages, as POSIX orders its variables.
pub(crate) fn locale() -> Option<String> {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(words: &[&str], locale: Option<&str>) -> Language {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        choose(&words, locale).language
    }

    #[test]
    fn the_option_wins_over_the_locale() {
        assert_eq!(chosen(&["wallet", "--lang", "ko", "list"], Some("en_US.UTF-8")), Language::Korean);
        assert_eq!(chosen(&["wallet", "list", "--lang=en"], Some("ko_KR.UTF-8")), Language::English);
        assert_eq!(chosen(&["wallet", "list"], Some("ko_KR.UTF-8")), Language::Korean);
        assert_eq!(chosen(&["wallet"], Some("C")), Language::English);
        assert_eq!(chosen(&["wallet", "--lang"], None), Language::English);
    }
}
