//! Kotlin and Swift are thin: no type of the core is written again by hand, and what touches the library's raw interface is little.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Lines by hand that may touch the raw interface, outside the facade.
const MOST_RAW_LINES: usize = 1000;

/// What no code names but that which the generator writes, or which does the generator's work by hand.
const RAW: [&str; 7] = [
    "com.sun.jna",
    "RustBuffer",
    "RustCallStatus",
    "ForeignBytes",
    "import WalletFFI",
    "UnsafeMutableRawPointer",
    "external fun",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Files by hand with one of these endings: nothing generated, built, tested with or standing in for a vendor.
fn sources(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !matches!(name, "target" | "Generated" | ".build" | "stubs" | "test" | "androidTest" | "Tests")
            {
                sources(&path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

fn read_all(folders: &[&str], endings: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    for folder in folders {
        sources(&root().join(folder), endings, &mut paths);
    }
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The name after one of these words at the beginning of a declaration, whatever stands before them.
fn declared(line: &str, words: &[&str]) -> Option<String> {
    let mut parts = line.split_whitespace();
    parts.find(|part| words.contains(part))?;
    let name = parts.next()?;
    let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
    name[..end].starts_with(char::is_uppercase).then(|| name[..end].to_owned())
}

/// What crosses: each type of the core that derives one of the generator's.
fn crossing() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in read_all(&["wallet-core/src"], &[".rs"]) {
        let mut crosses = false;
        for line in text.lines() {
            if line.trim_start().starts_with("#[cfg_attr") && line.contains("uniffi::") {
                crosses = true;
            } else if let Some(name) = declared(line, &["struct", "enum", "trait"]) {
                if crosses {
                    // As Kotlin calls it.
                    names.extend(name.strip_suffix("Error").map(|kind| format!("{kind}Exception")));
                    names.insert(name);
                }
                crosses = false;
            } else if line.is_empty() {
                crosses = false;
            }
        }
    }
    names
}

#[test]
fn no_type_of_the_core_is_written_again() {
    let crossing = crossing();
    assert!(crossing.len() > 80 && crossing.contains("CardView"), "{} types cross", crossing.len());
    let words = ["class", "interface", "object", "struct", "enum", "actor", "protocol"];
    let texts = read_all(&["android", "ios"], &[".kt", ".swift"]);
    assert!(texts.len() > 100, "{} files by hand were found", texts.len());
    let by_hand: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim_start().starts_with(['*', '/']))
        .filter_map(|line| declared(line, &words))
        .collect();
    assert!(by_hand.len() > 100, "{} types by hand were found", by_hand.len());
    let again: Vec<_> = by_hand.intersection(&crossing).collect();
    assert!(again.is_empty(), "written again by hand: {again:?}");
}

#[test]
fn the_raw_interface_is_touched_by_few_lines() {
    let bindings = read_all(&["bindings/src", "bindings/bindgen/src"], &[".rs"]);
    assert!(!bindings.is_empty());
    let code = |text: &String| text.lines().filter(|line| !line.trim().is_empty()).count();
    let raw = |text: &String| text.lines().filter(|line| RAW.iter().any(|name| line.contains(name))).count();
    let lines = bindings.iter().map(code).sum::<usize>()
        + read_all(&["android", "ios"], &[".kt", ".swift"]).iter().map(raw).sum::<usize>();
    println!("{lines} lines by hand touch the raw interface");
    assert!(lines <= MOST_RAW_LINES, "{lines} lines by hand");
}
