//! Help in both languages.

use super::{Folder, wallet};

const COMMANDS: [&str; 11] =
    ["demo", "read", "enrol", "accept", "continue", "show", "refresh", "wipe", "check", "list", "history"];

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[test]
fn every_command_explains_itself_in_english() {
    let folder = Folder::new("help-en");
    for words in COMMANDS.map(|name| vec![name, "--help"]).into_iter().chain([vec!["--help"]]) {
        let run = wallet(&folder.0, &words);
        assert_eq!(run.code, 0, "{words:?}");
        assert!(run.stdout.contains("Usage: wallet"), "{}", run.stdout);
        assert!(run.stdout.contains("Options:"), "{}", run.stdout);
        assert!(!has_hangul(&run.stdout), "{}", run.stdout);
    }
}

#[test]
fn every_command_explains_itself_in_korean() {
    let folder = Folder::new("help-ko");
    for words in COMMANDS.map(|name| vec![name, "--help"]).into_iter().chain([vec!["--help"]]) {
        let run = wallet(&folder.0, &[&words[..], &["--lang", "ko"]].concat());
        assert_eq!(run.code, 0, "{words:?}");
        assert!(run.stdout.contains("사용법: wallet"), "{}", run.stdout);
        assert!(run.stdout.contains("옵션:"), "{}", run.stdout);
        for english in ["Usage", "Options", "Commands", "Arguments", "Print", "default", "possible values"] {
            assert!(!run.stdout.contains(english), "{english} in {}", run.stdout);
        }
        // Every line that explains something does so in Korean.
        for line in run.stdout.lines().filter(|line| line.starts_with("  ")) {
            assert!(has_hangul(line), "{line}");
        }
    }
}

#[test]
fn the_locale_decides_where_no_language_is_asked_for() {
    let folder = Folder::new("help-locale");
    let mut command = super::command(&folder.0, &["--help"]);
    let output = command.env("LC_ALL", "ko_KR.UTF-8").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("사용법"));
}

#[test]
fn complaints_are_in_the_language_asked_for() {
    let folder = Folder::new("complaints");
    let wrong: [&[&str]; 5] = [
        &["lsit"],
        &["list", "--what"],
        &["check"],
        &["show", "--level", "all"],
        &["history", "--limit", "0"],
    ];
    for words in wrong {
        let run = wallet(&folder.0, &[words, &["--lang", "ko"]].concat());
        assert_eq!(run.code, 2, "{words:?}");
        assert!(has_hangul(&run.stderr), "{}", run.stderr);
        let run = wallet(&folder.0, words);
        assert_eq!(run.code, 2, "{words:?}");
        assert!(!has_hangul(&run.stderr) && !run.stderr.contains("error:"), "{}", run.stderr);
    }
}
