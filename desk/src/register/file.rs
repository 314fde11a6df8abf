//! The register as a file: one resident a line, JSON, in the form of `docs/formats/register.md`. It is checked whole at the start,
//! and what is wrong is told by line and field, never by a person's data.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;
use wallet_core::card::{Date, Person, RegistrationNumber};

use super::{Fields, Register};

/// Bytes of a line.
const MAX_LINE: u64 = 16 * 1024;
/// Bytes of a portrait.
const MAX_PORTRAIT: u64 = 64 * 1024;
/// Characters of a text.
const MAX_TEXT: usize = 100;
/// How a JPEG begins. ISO/IEC 10918-1, B.1.1.3.
const JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

/// Why a file is no register.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The file could not be read.
    #[error("{path}: {error}")]
    File {
        /// The register, or a portrait.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A line that is no resident.
    #[error("{path}: line {line}: {reason}")]
    Line {
        /// The register.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// What is wrong with it.
        reason: LineError,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Longer than 16 KiB.
    #[error("longer than 16 KiB")]
    TooLong,
    /// Not an object of JSON with the members of a resident and no others.
    #[error("not a resident: at column {column}")]
    Form {
        /// Where in the line, from one.
        column: usize,
    },
    /// A member whose value cannot be.
    #[error("{0}: not one that a card can carry")]
    Member(&'static str),
    /// A number that an earlier line has.
    #[error("registration_number: an earlier line has it")]
    Twice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resident {
    registration_number: String,
    name: String,
    name_latin: String,
    birth_date: String,
    address: String,
    issue_date: String,
    issuing_authority: String,
    portrait: PathBuf,
    #[serde(default)]
    documents: std::collections::BTreeMap<String, Fields>,
}

impl Register {
    /// Reads a register from a file. Portraits lie beside it or below its folder.
    ///
    /// # Errors
    /// [`RegisterError`], for the first line that is wrong.
    pub fn read(path: &Path) -> Result<Self, RegisterError> {
        let file = |error| RegisterError::File { path: path.to_owned(), error };
        let mut lines = BufReader::new(File::open(path).map_err(file)?);
        let mut register = Self::default();
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            if lines.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut text).map_err(file)? == 0 {
                break;
            }
            let wrong = |reason| RegisterError::Line { path: path.to_owned(), line, reason };
            if is_longer(&text, MAX_LINE) {
                return Err(wrong(LineError::TooLong));
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let resident: Resident = serde_json::from_slice(&text)
                .map_err(|error| wrong(LineError::Form { column: error.column() }))?;
            let portrait = portrait_beside(path, &resident.portrait)
                .ok_or_else(|| wrong(LineError::Member("portrait")))?;
            let person = resident.person(read_portrait(portrait)?).map_err(wrong)?;
            let number = person.registration_number().as_str().to_owned();
            if register.find(&number).is_some() {
                return Err(wrong(LineError::Twice));
            }
            for (document, fields) in resident.documents {
                register.fields.insert((document, number.clone()), fields);
            }
            register.people.insert(number, person);
        }
        Ok(register)
    }
}

impl Resident {
    fn person(&self, portrait: Vec<u8>) -> Result<Person, LineError> {
        let day = |member, text: &str| Date::parse(text).map_err(|_| LineError::Member(member));
        let number = RegistrationNumber::parse(&self.registration_number)
            .map_err(|_| LineError::Member("registration_number"))?;
        let birth_date = day("birth_date", &self.birth_date)?;
        // A number whose seventh digit names no century in use tells no date to compare with.
        if number.birth_date().is_ok_and(|told| told != birth_date) {
            return Err(LineError::Member("birth_date"));
        }
        let latin = |character: char| character.is_ascii_uppercase() || character == ' ';
        if !self.name_latin.chars().all(latin) {
            return Err(LineError::Member("name_latin"));
        }
        for (member, text) in [
            ("name", &self.name),
            ("name_latin", &self.name_latin),
            ("address", &self.address),
            ("issuing_authority", &self.issuing_authority),
        ] {
            let fits = (1..=MAX_TEXT).contains(&text.chars().count());
            if !fits || text.trim() != text || text.chars().any(char::is_control) {
                return Err(LineError::Member(member));
            }
        }
        if !portrait.starts_with(&JPEG) {
            return Err(LineError::Member("portrait"));
        }
        Ok(Person::new(
            &self.name,
            &self.name_latin,
            birth_date,
            number,
            &self.address,
            day("issue_date", &self.issue_date)?,
            &self.issuing_authority,
            portrait,
        ))
    }
}

/// A path that does not lead out of the register's folder.
fn portrait_beside(register: &Path, portrait: &Path) -> Option<PathBuf> {
    let inside = portrait.components().all(|part| matches!(part, Component::Normal(_)));
    (inside && portrait.components().next().is_some())
        .then(|| register.parent().unwrap_or(Path::new("")).join(portrait))
}

fn is_longer(bytes: &[u8], most: u64) -> bool {
    !u64::try_from(bytes.len()).is_ok_and(|length| length <= most)
}

fn read_portrait(path: PathBuf) -> Result<Vec<u8>, RegisterError> {
    let file = |error| RegisterError::File { path: path.clone(), error };
    let mut bytes = Vec::new();
    File::open(&path).map_err(file)?.take(MAX_PORTRAIT + 1).read_to_end(&mut bytes).map_err(file)?;
    if is_longer(&bytes, MAX_PORTRAIT) {
        return Err(file(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "longer than 64 KiB")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use fixtures::people;
    use serde_json::{Value, json};

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("desk-register-{}-{name}", std::process::id()));
            std::fs::create_dir_all(folder.join("portraits")).unwrap();
            std::fs::write(folder.join("portraits/adult.jpg"), people::adult().portrait()).unwrap();
            Self(folder)
        }

        fn read(&self, lines: &str) -> Result<Register, RegisterError> {
            let path = self.0.join("register.jsonl");
            std::fs::write(&path, lines).unwrap();
            Register::read(&path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }

    fn adult() -> Value {
        let adult = people::adult();
        json!({
            "registration_number": adult.registration_number,
            "name": adult.name,
            "name_latin": adult.name_latin(),
            "birth_date": adult.birth_date,
            "address": adult.address,
            "issue_date": adult.issue_date,
            "issuing_authority": adult.issuing_authority,
            "portrait": "portraits/adult.jpg",
            "documents": {"veteran_card": {"veteran_number": "12-345678"}},
        })
    }

    #[test]
    fn a_line_is_a_resident_with_portrait_and_fields() {
        let folder = Folder::new("line");
        let register = folder.read(&format!("\n{}\n", adult())).unwrap();
        let number = people::adult().registration_number;
        assert!(register.find(number) == Some(&people::adult().person()));
        assert_eq!(register.fields(number, "veteran_card").unwrap()["veteran_number"], "12-345678");
        assert_eq!(register.fields(number, "welfare_card"), None);
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_member_and_never_by_the_person() {
        let folder = Folder::new("wrong");
        for (member, value) in [
            ("registration_number", "900101-12"),
            ("birth_date", "1990-02-30"),
            ("birth_date", "1955-05-05"),
            ("name", ""),
            ("name", " 홍보기"),
            ("name", "홍\u{7}보기"),
            ("name_latin", "Hong"),
            ("address", &"가".repeat(101)),
            ("issue_date", "yesterday"),
            ("portrait", "../adult.jpg"),
            ("portrait", "/adult.jpg"),
            ("portrait", ""),
        ] {
            let mut resident = adult();
            resident[member] = json!(value);
            let second = format!("{}\n{resident}\n", other());
            match folder.read(&second).unwrap_err() {
                RegisterError::Line { line: 2, reason: LineError::Member(named), .. } => {
                    assert_eq!(named, member);
                }
                error => panic!("{member}: {error}"),
            }
        }
        let text = folder.read("{\"name\": 7}").unwrap_err().to_string();
        assert!(text.ends_with("line 1: not a resident: at column 10"), "{text}");
    }

    #[test]
    fn unknown_members_numbers_given_twice_and_endless_lines_are_refused() {
        let folder = Folder::new("form");
        let reason = |lines: &str| match folder.read(lines).unwrap_err() {
            RegisterError::Line { line, reason, .. } => (line, reason),
            error @ RegisterError::File { .. } => panic!("{error}"),
        };
        let mut more = adult();
        more["phone"] = json!("010-0000-0001");
        assert!(matches!(reason(&more.to_string()), (1, LineError::Form { .. })));
        assert_eq!(reason(&format!("{}\n{}", adult(), adult())), (2, LineError::Twice));
        assert_eq!(reason(&" ".repeat(17 * 1024)), (1, LineError::TooLong));
    }

    #[test]
    fn a_portrait_is_a_jpeg_of_at_most_64_kib() {
        let folder = Folder::new("portrait");
        let portrait = folder.0.join("portraits/adult.jpg");
        std::fs::write(&portrait, b"GIF89a").unwrap();
        let error = folder.read(&adult().to_string()).unwrap_err();
        assert!(matches!(error, RegisterError::Line { reason: LineError::Member("portrait"), .. }));
        std::fs::write(&portrait, [&JPEG[..], &[0; 64 * 1024]].concat()).unwrap();
        assert!(matches!(folder.read(&adult().to_string()).unwrap_err(), RegisterError::File { .. }));
        std::fs::remove_file(&portrait).unwrap();
        assert!(matches!(folder.read(&adult().to_string()).unwrap_err(), RegisterError::File { .. }));
    }

    fn other() -> Value {
        let other = people::other_adult();
        let mut resident = adult();
        resident["registration_number"] = json!(other.registration_number);
        resident["birth_date"] = json!(other.birth_date);
        resident
    }
}
