//! The pictures of the Android app in `docs/screens`: each that its test draws is there and is shown by the page, and none is left over.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn screens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/screens/android")
}

/// What stands between `before` and `after`, each time.
fn between(text: &str, before: &str, after: &str) -> Vec<String> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap().to_owned()).collect()
}

/// Every picture below `folder`, by its path from there.
fn pictures(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "png") {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

/// What the page in `folder` shows, each picture once.
fn shown(folder: &Path) -> BTreeSet<String> {
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let images = between(&page, "src=\"", "\"");
    let shown: BTreeSet<_> = images.iter().cloned().collect();
    assert_eq!(shown.len(), images.len(), "a picture is shown twice");
    shown
}

#[test]
fn the_android_screens_that_are_drawn_are_there_in_both_languages_and_shown() {
    let drawing = "../../../android/app/src/test/kotlin/kr/example/wallet/app/Screenshots.kt";
    let drawing = fs::read_to_string(screens().join(drawing)).unwrap();
    let names = between(&drawing, "take(\"", "\")");
    assert!(names.len() > 20, "{names:?}");
    let drawn: BTreeSet<_> =
        names.iter().flat_map(|name| ["ko", "en"].map(|language| format!("{language}/{name}.png"))).collect();
    assert_eq!(drawn.len(), 2 * names.len(), "a name is drawn twice");
    let folder = screens();
    assert_eq!(pictures(&folder), drawn, "there, and drawn");
    assert_eq!(shown(&folder), drawn, "shown, and drawn");
}

#[test]
fn a_row_shows_the_same_screen_in_both_languages() {
    let page = fs::read_to_string(screens().join("README.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.contains("<img")).collect();
    assert!(rows.len() > 20);
    for row in rows {
        let images = between(row, "src=\"", "\"");
        let [korean, english] = images.as_slice() else { panic!("{row}") };
        assert_eq!(korean.strip_prefix("ko/").unwrap(), english.strip_prefix("en/").unwrap());
    }
}
