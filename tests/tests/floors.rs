//! A module of the core names only lower floors; siblings on one floor do not name each other; the seam's traits are for
//! the facade alone; cryptographic crates are for `crypto/` alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Floors of `wallet-core`, lowest first. DESIGN: one crate, floors as modules.
const FLOORS: [&[&str]; 7] = [
    &["bytes"],
    &["cbor", "tlv", "apdu", "qr", "crypto"],
    &["cose", "cms", "jose"],
    &["trust", "card", "platform"],
    &["chip", "mdoc", "counter", "openid", "status"],
    &["vault"],
    &["wallet", "verify"],
];

/// Crates only `crypto/` names.
const CRYPTOGRAPHY: [&str; 16] = [
    "ring",
    "p224",
    "p256",
    "p384",
    "p521",
    "bp256",
    "bp384",
    "aes",
    "cbc",
    "cmac",
    "des",
    "retail_mac",
    "crypto_bigint",
    "rsa",
    "sha1",
    "sha2",
];

/// Traits of the seam, which only the facade may name.
const SEAMS: [&str; 6] = ["KeyStore", "Anchor", "CardLink", "Http", "Clock", "FaceCheck"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The code of a file without comments and string literals, so that only names count.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let outside = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
        code.push_str(&outside);
        code.push('\n');
    }
    code
}

/// Identifiers right after each occurrence of `path::`, braces opened: `crate::{a, b::c}` names a and b.
fn named_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let ident = |text: &'a str| {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        &text[..end]
    };
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(ident(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && (c.is_alphanumeric() || c == '_') => {
                    names.push(ident(&group[offset..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

struct Source {
    module: String,
    path: PathBuf,
    code: String,
}

fn core_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("wallet-core/src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    assert!(paths.len() > 30, "the core's sources were not found");
    paths
        .into_iter()
        .filter_map(|path| {
            let relative = path.strip_prefix(&root).unwrap().to_path_buf();
            let module = relative.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
            let code = code_of(&fs::read_to_string(&path).unwrap());
            let name = relative.file_stem().unwrap().to_str().unwrap();
            let tests = name == "tests" || name.starts_with("test_") || name.ends_with("_tests");
            let tests = tests || relative.components().any(|part| part.as_os_str() == "tests");
            (relative.components().count() > 1 && !tests).then_some(Source { module, path: relative, code })
        })
        .collect()
}

#[test]
fn a_module_names_only_lower_floors() {
    let mut wrong = Vec::new();
    for source in core_sources() {
        let own = floor_of(&source.module)
            .unwrap_or_else(|| panic!("{} stands on no floor: add it to FLOORS", source.module));
        let code = source.code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for name in named_after(code, "crate::") {
            let Some(floor) = floor_of(name) else { continue };
            if name != source.module && floor >= own {
                wrong.push(format!("{} (floor {own}) names {name} (floor {floor})", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "wrong edges:\n{}", wrong.join("\n"));
}

#[test]
fn only_crypto_names_a_cryptographic_crate() {
    let mut wrong = Vec::new();
    for source in core_sources().into_iter().filter(|source| source.module != "crypto") {
        let code = source.code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for krate in CRYPTOGRAPHY {
            // `crypto::aes` is a module of ours with a crate's name; where it is imported, `aes::` means the module.
            let ours = krate == "aes" && named_after(code, "crate::").contains(&"crypto");
            let spelt = if ours { format!("use {krate}::") } else { format!("{krate}::") };
            let hit = code.match_indices(&spelt).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if hit {
                wrong.push(format!("{} names {krate}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "cryptography outside crypto/:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_facade_names_the_seams_traits() {
    let mut wrong = Vec::new();
    for source in core_sources().into_iter().filter(|s| s.module != "wallet" && s.module != "platform") {
        let code = source.code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let named = named_after(code, "platform::");
        for seam in SEAMS {
            if named.contains(&seam) {
                wrong.push(format!("{} names {seam}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "seams below the facade:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = core_sources()
        .into_iter()
        .filter(|source| source.code.lines().count() > 800)
        .map(|source| format!("{}: {} lines", source.path.display(), source.code.lines().count()))
        .collect();
    assert!(long.is_empty(), "files over 800 lines:\n{}", long.join("\n"));
}

#[test]
fn the_reader_of_names_sees_groups_and_skips_comments() {
    let code = code_of(
        "use crate::{bytes::{Reader, Secret}, tlv}; // crate::wallet\nlet x = crate::card::Date; \"crate::vault\";",
    );
    assert_eq!(named_after(&code, "crate::"), ["bytes", "tlv", "card"]);
    assert!(named_after("my_crate::vault", "crate::").is_empty());
}
