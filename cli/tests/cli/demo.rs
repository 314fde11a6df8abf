//! `wallet demo`.

use serde_json::Value;

use super::{Folder, wallet};

const LEVELS: [&str; 5] = ["adult", "name_birth", "address", "full", "registration_number"];

#[test]
fn the_demo_accepts_four_and_refuses_twelve() {
    let folder = Folder::new("demo");
    for language in ["en", "ko"] {
        let out = folder.path(language);
        let run = wallet(&folder.0, &["demo", "--out", out.to_str().unwrap(), "--lang", language]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout.lines().last(), Some("demo: accepted 4, refused 12"));
        assert!(run.stdout.contains('▀'), "the code is drawn");
        let link = std::fs::read_to_string(out.join("centre.txt")).unwrap();
        assert!(link.starts_with("openid-credential-offer://"));
        for level in LEVELS {
            let text = std::fs::read_to_string(out.join(format!("{level}.txt"))).unwrap();
            assert!(text.starts_with("KR1:") && !text.ends_with('\n'));
            assert!(std::fs::read(out.join(format!("{level}.png"))).unwrap().starts_with(b"\x89PNG"));
            assert!(std::fs::read_to_string(out.join(format!("{level}.svg"))).unwrap().starts_with("<svg"));
        }
    }
}

#[test]
fn the_demo_tells_machines_every_step_and_keeps_the_budget() {
    let folder = Folder::new("demo-json");
    let out = folder.path("out");
    let run = wallet(&folder.0, &["demo", "--json", "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let told = run.json();
    assert_eq!((&told["accepted"], &told["refused"]), (&Value::from(4), &Value::from(12)));

    let steps = told["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["name"].is_string() && step["milliseconds"].is_u64()));
    let refused: Vec<_> = steps
        .iter()
        .filter(|step| step["outcome"] == "refused")
        .map(|step| (step["name"].as_str().unwrap(), step["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(refused.len(), 12);
    for reason in [
        ("screenshot", "frame_expired"),
        ("other_desk", "other_desk"),
        ("wrong_issuer", "unknown_issuer"),
        ("phone_without_biometrics", "no_biometrics"),
        ("wrong_digits", "code_not_accepted"),
        ("used_code", "code_not_accepted"),
        ("second_phone", "another_phone"),
        ("portal_unseen", "denied"),
        ("portal_other_browser", "not_trusted"),
        ("lost_phone", "deactivated"),
        ("locked_phone", "not_usable"),
    ] {
        assert!(refused.contains(&reason), "{refused:?}");
    }
    assert!(refused.iter().any(|(name, _)| *name == "flipped_bit"));

    // One to open the wallet, one for the face, one for each of six shows.
    assert_eq!(told["prompts"], 8);
    assert!(told["apdus"].as_u64().unwrap() > 10);
    let levels = told["levels"].as_array().unwrap();
    assert_eq!(levels.iter().map(|level| level["name"].as_str().unwrap()).collect::<Vec<_>>(), LEVELS);
    for level in levels {
        let text = std::fs::read_to_string(out.join(format!("{}.txt", level["name"].as_str().unwrap())));
        let characters = level["characters"].as_u64().unwrap();
        assert_eq!(characters, u64::try_from(text.unwrap().chars().count()).unwrap());
        let (most, version) = if level["name"] == "adult" { (656, 16) } else { (900, 19) };
        assert!(characters <= most && level["qr_version"].as_u64().unwrap() <= version, "{level}");
    }
    assert_eq!(told["keys"]["label"], "software keys, not attested hardware");
}
