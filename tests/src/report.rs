//! The table of behaviours: what is listed, against what the runners of three languages wrote down.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// Fewer than this and somebody has lost the list.
const FEWEST: usize = 30;
const LIST: &str = include_str!("../behaviours.toml");

/// A language with a suite of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Through the facade itself.
    Rust,
    /// Through the bindings and walletkit.
    Kotlin,
    /// Through the bindings and WalletKit.
    Swift,
}

impl Language {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 3] = [Self::Rust, Self::Kotlin, Self::Swift];

    /// How its files are named on the command line.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Rust => "--rust",
            Self::Kotlin => "--kotlin",
            Self::Swift => "--swift",
        }
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// Not at all.
    Skipped,
}

/// Test names and endings of one language, as its runner wrote them.
pub type Endings = Vec<(String, Ending)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    behaviour: Vec<Behaviour>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    id: String,
    #[expect(dead_code, reason = "for readers of the list; required of every entry")]
    group: String,
    #[expect(dead_code, reason = "for readers of the list; required of every entry")]
    sentence: String,
}

/// Reads the files the command line names and prints the table; whether it is without a hole.
///
/// # Errors
/// A sentence: a command line or a file that cannot be used.
pub fn run(words: &[String], print: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let mut endings: BTreeMap<Language, Endings> = BTreeMap::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let language = Language::ALL.into_iter().find(|language| language.option() == word);
        let language = language.ok_or_else(|| format!("what is {word}?"))?;
        let path = words.next().ok_or_else(|| format!("{word} names no file"))?;
        for file in files(Path::new(path))? {
            let text =
                std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let read = match language {
                Language::Rust => libtest(&text),
                Language::Kotlin | Language::Swift => junit(&text, language)?,
            };
            endings.entry(language).or_default().extend(read);
        }
    }
    table(LIST, &endings, print)
}

/// A file, or the XML files of a folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "xml"));
    files.sort();
    Ok(files)
}

/// `ok group::name`, `failed group::name`, `ignored group::name`: libtest's `--logfile`.
#[must_use]
pub fn libtest(text: &str) -> Endings {
    let endings = text.lines().filter_map(|line| {
        let (ending, name) = line.split_once(' ')?;
        let ending = match ending {
            "ok" => Ending::Passed,
            "ignored" => Ending::Skipped,
            _ => Ending::Failed,
        };
        let name = name.split(" <").next().unwrap_or(name);
        Some((name.rsplit("::").next().unwrap_or(name).to_owned(), ending))
    });
    endings.collect()
}

/// The JUnit form: only suites that are behaviours, by the name of their class.
///
/// # Errors
/// A sentence, when it is not XML.
pub fn junit(text: &str, language: Language) -> Result<Endings, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| format!("not XML: {error}"))?;
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let cases =
        cases.filter(|case| case.attribute("classname").is_some_and(|class| class.ends_with("Behaviours")));
    let endings = cases.map(|case| {
        let name = case.attribute("name").unwrap_or_default();
        let name = name.split('(').next().unwrap_or(name);
        let name =
            if language == Language::Swift { name.strip_prefix("test_").unwrap_or(name) } else { name };
        let has = |tag| case.children().any(|child| child.has_tag_name(tag));
        let ending = match (has("failure") || has("error"), has("skipped")) {
            (true, _) => Ending::Failed,
            (false, true) => Ending::Skipped,
            (false, false) => Ending::Passed,
        };
        (name.to_owned(), ending)
    });
    Ok(endings.collect())
}

/// Prints the table; whether it is without a hole.
///
/// # Errors
/// A sentence, when the list itself is broken.
pub fn table(
    list: &str,
    endings: &BTreeMap<Language, Endings>,
    print: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let list: List = toml::from_str(list).map_err(|error| format!("the list: {error}"))?;
    let ids: Vec<_> = list.behaviour.iter().map(|behaviour| behaviour.id.as_str()).collect();
    if ids.len() < FEWEST {
        return Err(format!("only {} behaviours are listed", ids.len()));
    }
    if let Some(twice) = ids.iter().find(|id| ids.iter().filter(|other| other == id).count() > 1) {
        return Err(format!("{twice} is listed twice"));
    }
    let width = ids.iter().map(|id| id.len()).max().unwrap_or(0);
    print(&format!("{:width$}  Rust  Kotlin  Swift", ""));
    let mut holes = 0_usize;
    for id in &ids {
        let marks = Language::ALL.map(|language| {
            let run = endings.get(&language).into_iter().flatten().filter(|(name, _)| name == id);
            let ended: Vec<_> = run.map(|(_, ending)| *ending).collect();
            match ended.as_slice() {
                [] => '–',
                all if all.iter().all(|ending| *ending == Ending::Passed) => '✓',
                all if all.contains(&Ending::Failed) => '✗',
                _ => 's',
            }
        });
        holes += marks.iter().filter(|mark| **mark != '✓').count();
        let [rust, kotlin, swift] = marks;
        print(&format!("{id:width$}  {rust}     {kotlin}       {swift}"));
    }
    let mut unknown = 0_usize;
    for (language, endings) in endings {
        for (name, _) in endings.iter().filter(|(name, _)| !ids.contains(&name.as_str())) {
            print(&format!("not listed, in {language:?}: {name}"));
            unknown += 1;
        }
    }
    print(&format!("{} behaviours, {holes} holes", ids.len()));
    Ok(holes == 0 && unknown == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUREFIRE: &str = include_str!("../samples/surefire.xml");
    const XUNIT: &str = include_str!("../samples/xunit.xml");
    const LIBTEST: &str = include_str!("../samples/libtest.log");

    fn list(ids: &[&str]) -> String {
        let entry = |id: &&str| format!("[[behaviour]]\nid = \"{id}\"\ngroup = \"g\"\nsentence = \"s\"\n");
        ids.iter().map(entry).collect()
    }

    fn thirty() -> Vec<String> {
        (1..=30).map(|number| format!("behaviour_{number}")).collect()
    }

    fn all(ending: Ending) -> Endings {
        thirty().into_iter().map(|id| (id, ending)).collect()
    }

    fn judge(endings: &BTreeMap<Language, Endings>) -> (Result<bool, String>, Vec<String>) {
        let ids = thirty();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut lines = Vec::new();
        let judged = table(&list(&ids), endings, &mut |line| lines.push(line.to_owned()));
        (judged, lines)
    }

    #[test]
    fn a_full_table_has_no_hole() {
        let endings = Language::ALL.map(|language| (language, all(Ending::Passed))).into();
        let (judged, lines) = judge(&endings);
        assert_eq!(judged, Ok(true));
        assert_eq!(lines.last().unwrap(), "30 behaviours, 0 holes");
    }

    #[test]
    fn a_failure_a_skip_and_a_missing_language_are_holes() {
        for (language, ending) in [(Language::Kotlin, Ending::Failed), (Language::Swift, Ending::Skipped)] {
            let mut endings: BTreeMap<_, _> = Language::ALL.map(|each| (each, all(Ending::Passed))).into();
            endings.get_mut(&language).unwrap()[3].1 = ending;
            let (judged, lines) = judge(&endings);
            assert_eq!((judged, lines.last().unwrap().as_str()), (Ok(false), "30 behaviours, 1 holes"));
        }
        let two = [Language::Rust, Language::Kotlin].map(|each| (each, all(Ending::Passed))).into();
        assert_eq!(judge(&two).1.last().unwrap(), "30 behaviours, 30 holes");
    }

    #[test]
    fn a_pass_does_not_hide_a_failure_of_the_same_name() {
        let mut endings: BTreeMap<_, _> = Language::ALL.map(|each| (each, all(Ending::Passed))).into();
        endings.get_mut(&Language::Rust).unwrap().push(("behaviour_1".to_owned(), Ending::Failed));
        assert_eq!(judge(&endings).0, Ok(false));
    }

    #[test]
    fn a_test_that_nobody_listed_is_refused() {
        let mut endings: BTreeMap<_, _> = Language::ALL.map(|each| (each, all(Ending::Passed))).into();
        endings.get_mut(&Language::Swift).unwrap().push(("stranger".to_owned(), Ending::Passed));
        let (judged, lines) = judge(&endings);
        assert_eq!(judged, Ok(false));
        assert!(lines.iter().any(|line| line == "not listed, in Swift: stranger"));
    }

    #[test]
    fn a_short_list_and_a_double_entry_are_no_list() {
        let mut nothing = |_: &str| {};
        assert!(table(&list(&["one"]), &BTreeMap::new(), &mut nothing).is_err());
        let mut ids = thirty();
        ids.push("behaviour_1".to_owned());
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        assert!(table(&list(&ids), &BTreeMap::new(), &mut nothing).is_err());
        assert!(table(LIST, &BTreeMap::new(), &mut nothing).is_ok());
    }

    #[test]
    fn each_runner_is_read() {
        let named = |endings: Endings| endings.into_iter().map(|(name, ending)| format!("{name} {ending:?}"));
        let expected = ["it_works Passed", "it_fails Failed", "it_waits Skipped"];
        assert_eq!(named(libtest(LIBTEST)).collect::<Vec<_>>(), expected);
        assert_eq!(named(junit(SUREFIRE, Language::Kotlin).unwrap()).collect::<Vec<_>>(), expected);
        assert_eq!(named(junit(XUNIT, Language::Swift).unwrap()).collect::<Vec<_>>(), expected);
        assert!(junit("no XML", Language::Swift).is_err());
    }
}
