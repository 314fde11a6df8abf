//! Every step of a reading, and what becomes of the reading when something goes wrong there. docs/faults.md is the table that
//! this test makes; it fails when the page says anything else, and `BLESS=1` writes the page anew.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use fixtures::{
    chip::{
        ActiveAuthentication, CardBuilder, ChipAuthentication, Cipher, Curve, Fault, Mapping, VirtualCard,
        VirtualLink, When,
    },
    people::{self, Citizen},
    pki,
    platform::FixedClock,
};
use wallet_core::{
    chip::{
        BasicAccess, Can, CardAccess, ChipAuthentication as Agreed, ChipData, ChipError, Entropy, FileId,
        FileSet, KnownModels, Mrz, Pin, ReadPlan, Reading, Relay, Step, active_auth, passive_auth,
        relay::{AwaitingProof, Examiner},
    },
    platform::{LinkError, LinkLimits},
    tlv,
    trust::{Anchors, Certificate},
    wallet::{BasicAccessPolicy, CardAccessView, CardReading, ReadingTerms, WalletError},
};

const NOW: i64 = 1_795_570_000;
const CHALLENGE: [u8; 8] = *b"RND.IFD!";
const LIMITS: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };

/// The columns: what goes wrong, and how the page calls it.
const FAULTS: [(&str, Fault); 11] = [
    ("card lost", Fault::Drop),
    ("command lost", Fault::Timeout),
    ("answer lost", Fault::Delay),
    ("wrong MAC", Fault::WrongMac),
    ("bit flipped", Fault::Altered),
    ("cut", Fault::CutResponse),
    ("6982", Fault::WrongStatusWord(0x6982)),
    ("6A82", Fault::WrongStatusWord(0x6A82)),
    ("6F00", Fault::WrongStatusWord(0x6F00)),
    ("oversized", Fault::Oversized),
    ("replayed", Fault::Replayed),
];

/// One way to read a card.
struct Scenario {
    name: &'static str,
    card: fn() -> CardBuilder,
    access: fn() -> CardAccess,
    view: fn() -> CardAccessView,
    relay: Relay,
    limits: LinkLimits,
    files: FileSet,
    /// The step at whose second command the card is lost before anything else, and after which the rows begin.
    resumed_after: Option<&'static str>,
}

fn citizen() -> Citizen {
    people::adult()
}

fn card() -> CardBuilder {
    VirtualCard::of(&citizen()).chip_authentication(ChipAuthentication::AES_128)
}

fn copy() -> CardBuilder {
    card().cloned_without_its_chip_key()
}

fn mapped_copy() -> CardBuilder {
    copy().pace_by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256)
}

fn can() -> CardAccess {
    CardAccess::Can(Can::parse("123456").unwrap())
}

fn can_view() -> CardAccessView {
    CardAccessView::Can { can: b"123456".to_vec() }
}

fn mrz_parts() -> (String, String, String) {
    let information = citizen().mrz_information();
    (information[..10].to_owned(), information[10..17].to_owned(), information[17..].to_owned())
}

fn mrz() -> CardAccess {
    let (number, birth, expiry) = mrz_parts();
    CardAccess::Mrz(Mrz::parse(&number, &birth, &expiry).unwrap(), BasicAccess::WhereThereIsNoPace)
}

fn mrz_view() -> CardAccessView {
    let (number, birth, expiry) = mrz_parts();
    CardAccessView::Mrz {
        number: number.into(),
        birth: birth.into(),
        expiry: expiry.into(),
        basic_access: BasicAccessPolicy::WhereThereIsNoPace,
    }
}

fn scenarios() -> Vec<Scenario> {
    let by_can = |name, card| Scenario {
        name,
        card,
        access: can,
        view: can_view,
        relay: Relay::Never,
        limits: LIMITS,
        files: FileSet::WALLET,
        resumed_after: None,
    };
    vec![
        by_can("PACE, generic mapping, by CAN; active and chip authentication", card),
        by_can("PACE, integrated mapping over DH", || {
            card().pace_by(Mapping::Integrated, Cipher::Aes128, Curve::Modp1024)
        }),
        by_can("PACE, chip authentication mapping", || {
            card().pace_by(Mapping::ChipAuthentication, Cipher::Aes128, Curve::P256)
        }),
        Scenario {
            name: "PACE by a suspended PIN, resumed by the CAN",
            card: || card().pin("111111", 1),
            access: || CardAccess::Pin {
                pin: Pin::parse("111111").unwrap(),
                resume_by: Some(Can::parse("123456").unwrap()),
            },
            view: || CardAccessView::Pin { pin: b"111111".to_vec(), can: Some(b"123456".to_vec()) },
            ..by_can("PACE by a suspended PIN, resumed by the CAN", card)
        },
        Scenario {
            name: "Basic access; chip authentication by MSE:Set KAT",
            card: || {
                let key = ChipAuthentication { cipher: Cipher::TripleDes, ..ChipAuthentication::AES_128 };
                card().basic_access_only().chip_authentication(key)
            },
            access: mrz,
            view: mrz_view,
            ..by_can("Basic access; chip authentication by MSE:Set KAT", card)
        },
        Scenario {
            relay: Relay::WhereTheChipCannotSign,
            ..by_can("Relayed chip authentication", || {
                card().active_authentication(ActiveAuthentication::None)
            })
        },
        Scenario {
            resumed_after: Some("DG2, next part"),
            ..by_can("Resumed: the card was lost amid the photo", card)
        },
        Scenario {
            limits: SHORT,
            files: FileSet::WALLET.with(FileId::Common).with(FileId::Group(3)),
            ..by_can(
                "Short commands over DH, 2048 bits, in parts both ways; with EF.COM and a guarded DG3",
                || {
                    card()
                        .pace(Cipher::Aes128, Curve::Modp2048Order256)
                        .group(3, vec![0x63, 2, 1, 2])
                        .guarded_group(3)
                },
            )
        },
        Scenario {
            limits: SHORT,
            ..by_can("A photo past 32 KiB, by READ BINARY with an odd instruction", || {
                let mut photo = card().build().groups()[&2].clone();
                photo = lengthened(photo, 33_000);
                card().group(2, photo)
            })
        },
    ]
}

/// The file with zeros behind the photo, outside of its template.
fn lengthened(file: Vec<u8>, length: usize) -> Vec<u8> {
    let content = tlv::exactly(&file, 0x75).unwrap().value;
    let rest = vec![0; length - content.len()];
    tlv::write_all(0x75, &[content, &tlv::write(0x53, &rest)])
}

/// A reading carried over a link to its end, and how.
struct Course {
    result: Result<ChipData, Broken>,
    /// For each command: the step, the command itself, its answer.
    steps: Vec<(String, Vec<u8>, Vec<u8>)>,
    /// How often the card had to be tapped again.
    taps: u32,
}

/// Why there is no data.
#[derive(Debug, PartialEq, Eq)]
enum Broken {
    Chip(ChipError),
    /// The server got no answer it could take, or none at all.
    Link(LinkError),
}

impl From<ChipError> for Broken {
    fn from(error: ChipError) -> Self {
        Self::Chip(error)
    }
}

fn entropy(seed: u8) -> Entropy {
    Entropy::new(core::array::from_fn(|place| u8::try_from((place + usize::from(seed)) % 251).unwrap()))
}

fn run(scenario: &Scenario, link: &VirtualLink) -> Course {
    let mut course = Course { result: Err(Broken::Link(LinkError::Cancelled)), steps: Vec::new(), taps: 0 };
    course.result = drive(scenario, link, &mut course.steps, &mut course.taps);
    course
}

fn drive(
    scenario: &Scenario,
    link: &VirtualLink,
    steps: &mut Vec<(String, Vec<u8>, Vec<u8>)>,
    taps: &mut u32,
) -> Result<ChipData, Broken> {
    let plan = ReadPlan {
        access: (scenario.access)(),
        files: scenario.files,
        challenge: Some(CHALLENGE),
        chip_authentication: true,
        relay: scenario.relay,
        limits: scenario.limits,
        models: KnownModels::default(),
        entropy: entropy(0),
    };
    let mut examiner: Option<(AwaitingProof, [Vec<u8>; 2])> = None;
    let (mut reading, mut step) = Reading::begin(plan)?;
    loop {
        match step {
            Step::Transmit(command) => {
                let name = step_name(&reading, &command, steps);
                let answer = link.transceive_now(&command);
                steps.push((name, command, answer.clone().unwrap_or_default()));
                match answer {
                    Ok(answer) => (reading, step) = reading.handle(&answer)?,
                    Err(LinkError::TagLost | LinkError::Timeout) => {
                        *taps += 1;
                        assert!(*taps < 4, "a reading without end");
                        link.tap_again();
                        let seed = u8::try_from(*taps).unwrap();
                        (reading, step) = reading.pause().resume(scenario.limits, entropy(seed))?;
                    }
                    Err(error) => return Err(Broken::Link(error)),
                }
            }
            Step::AskServer => {
                let asked = Examiner::begin(&reading.so_far().groups[&14], &mut entropy(9))?;
                let public_key = asked.public().to_vec();
                examiner = Some(asked.ask()?);
                (reading, step) = reading.hand_over(public_key)?;
            }
            Step::Done(mut data) => {
                if let (Some(mut carrier), Some((waiting, commands))) = (data.relay.take(), examiner) {
                    let mut answers = Vec::new();
                    for (name, command) in ["SELECT", "READ BINARY"].into_iter().zip(commands) {
                        let carried;
                        (carrier, carried) = carrier.carry(&command)?;
                        let answer = link.transceive_now(&carried);
                        steps.push((format!("server's {name}"), carried, answer.clone().unwrap_or_default()));
                        answers.push(answer.map_err(Broken::Link)?);
                    }
                    waiting.verify([&answers[0], &answers[1]], &data.sod)?;
                    data.chip_authentication = Agreed::Proven;
                }
                return Ok(*data);
            }
        }
    }
}

/// A step by its command's header, which is plain in a session too, and the file under way.
fn step_name(reading: &Reading, command: &[u8], before: &[(String, Vec<u8>, Vec<u8>)]) -> String {
    let [_, instruction, p1, p2, ..] = *command else { panic!("a header") };
    let file = |first: bool| {
        let name = match (instruction, p1) {
            (0xB0, 0x9C) => "EF.CardAccess".to_owned(),
            (0xB0, 0x81) if command[0] == 0 => "EF.ATR/INFO".to_owned(),
            (0xB0, p1) if p1 & 0x80 != 0 => {
                match (p1 & 0x1F, before.iter().any(|step| step.0 == "SELECT application")) {
                    (0x1D, true) => "EF.SOD".to_owned(),
                    (0x1D, false) => "EF.CardSecurity".to_owned(),
                    (0x1E, _) => "EF.COM".to_owned(),
                    (number, _) => format!("DG{number}"),
                }
            }
            _ => match reading.progress().file {
                FileId::Group(number) => format!("DG{number}"),
                other => format!("EF.{other:?}").replace("SecurityObject", "SOD"),
            },
        };
        if first { name } else { format!("{name}, next part") }
    };
    match (instruction, p1, p2) {
        (0x22, 0xC1, 0xA4) => "MSE:Set AT for PACE".to_owned(),
        (0x22, 0x41, 0xA4) => "MSE:Set AT for chip authentication".to_owned(),
        (0x22, 0x41, 0xA6) => "MSE:Set KAT for chip authentication".to_owned(),
        (0x86, ..) if command[4] == 255 => "GENERAL AUTHENTICATE, first part of a command".to_owned(),
        (0x86, ..) => {
            let part = |name: &str| name == "GET RESPONSE" || name.ends_with("first part of a command");
            let mut whole = before.iter().rev().filter(|step| !part(&step.0));
            let since = whole.clone().take_while(|step| step.0.starts_with("GENERAL")).count();
            let agreeing = whole.nth(since).is_some_and(|step| step.0.contains("chip"));
            match (agreeing, since) {
                (true, _) => "GENERAL AUTHENTICATE, chip authentication".to_owned(),
                (false, 0) => "GENERAL AUTHENTICATE, nonce".to_owned(),
                (false, 1) => "GENERAL AUTHENTICATE, mapping".to_owned(),
                (false, 2) => "GENERAL AUTHENTICATE, key agreement".to_owned(),
                (false, _) => "GENERAL AUTHENTICATE, tokens".to_owned(),
            }
        }
        (0x84, ..) => "GET CHALLENGE".to_owned(),
        (0x82, ..) => "EXTERNAL AUTHENTICATE".to_owned(),
        (0x88, ..) => "INTERNAL AUTHENTICATE".to_owned(),
        (0xC0, ..) => "GET RESPONSE".to_owned(),
        (0xA4, 0x04, _) => "SELECT application".to_owned(),
        (0xA4, 0x00, _) => "SELECT master file".to_owned(),
        (0xA4, ..) => format!("SELECT {}", file(true)),
        (0xB0, p1, _) => file(p1 & 0x80 != 0),
        (0xB1, ..) => format!("{}, by its offset in an object", file(false)),
        _ => panic!("a command nobody expects: {command:02x?}"),
    }
}

/// Whether the fault makes a difference to this exchange, the answer before it being `before`.
fn applies(fault: Fault, command: &[u8], answer: &[u8], before: &[u8]) -> bool {
    match fault {
        Fault::WrongMac => command[0] & 0x0C == 0x0C,
        Fault::Altered => answer.len() > 2,
        Fault::Replayed => answer != before,
        _ => true,
    }
}

fn anchors() -> Anchors {
    Anchors::new(vec![Certificate::parse(pki::csca().certificate()).unwrap()])
}

/// Whether two readings came to the same, and to proofs that hold.
fn same(read: &ChipData, clean: &ChipData) -> bool {
    let signed = |data: &ChipData| match (&data.active_auth, data.groups.get(&15)) {
        (Some(answer), Some(dg15)) => {
            let dg14 = data.groups.get(&14).map(Vec::as_slice);
            active_auth::verify(dg15, dg14, &CHALLENGE, answer).is_ok()
        }
        (answer, _) => answer.is_some(),
    };
    passive_auth::verify(&read.sod, &read.groups, &anchors(), NOW).is_ok()
        && (&read.card_access, &read.card_security) == (&clean.card_access, &clean.card_security)
        && read.common == clean.common
        && (&read.sod, &read.groups) == (&clean.sod, &clean.groups)
        && read.chip_authentication == clean.chip_authentication
        && read.mapping_proof.is_some() == clean.mapping_proof.is_some()
        && signed(read) == signed(clean)
}

/// What the wallet makes of it, where the reading itself came to an end with something else than the card holds.
fn by_the_wallet(scenario: &Scenario, faults: &[(When, Fault)]) -> Result<Vec<String>, WalletError> {
    let link = Arc::new(over((scenario.card)(), faults).with_limits(scenario.limits));
    let terms = ReadingTerms { anchors: anchors(), files: scenario.files };
    let clock = Arc::new(FixedClock::new(NOW));
    let reading = CardReading::on_terms(link, &(scenario.view)(), terms, clock, None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let evidence = runtime.block_on(reading.run(Some(CHALLENGE.to_vec())))?;
    Ok(evidence.files().into_iter().map(|file| file.name).collect())
}

fn over(card: CardBuilder, faults: &[(When, Fault)]) -> VirtualLink {
    let link = VirtualLink::new(card.seeded([6; 32]).build());
    faults.iter().fold(link, |link, (when, fault)| link.with_fault(*when, *fault))
}

fn cell(scenario: &Scenario, clean: &Course, faults: &[(When, Fault)]) -> String {
    let course = run(scenario, &over((scenario.card)(), faults).with_limits(scenario.limits));
    let clean_data = clean.result.as_ref().unwrap();
    match course.result {
        Err(Broken::Chip(error)) => named(error),
        Err(Broken::Link(error)) if scenario.relay == Relay::Never => format!("`{error:?}` by the link"),
        Err(Broken::Link(error)) => format!("`{error:?}`, no proof"),
        Ok(data) if same(&data, clean_data) => {
            let more = course.steps.len() - clean.steps.len().min(course.steps.len());
            match (course.taps > clean.taps, more) {
                (true, _) => "resumes".to_owned(),
                (false, 0) => "nothing changes".to_owned(),
                (false, _) => "asks in another way".to_owned(),
            }
        }
        // Nobody signed it, and it decides nothing.
        Ok(data) if data.common != clean_data.common && data.groups == clean_data.groups => {
            assert_eq!(data.common, None, "{}, {faults:?}", scenario.name);
            "read without EF.COM".to_owned()
        }
        Ok(data) if scenario.relay != Relay::Never => {
            let declined = data.refused.iter().all(|number| [11, 12].contains(number));
            match data.chip_authentication == Agreed::Proven && declined && !data.refused.is_empty() {
                true => read_without(&data, clean_data),
                false => "no proof for the server".to_owned(),
            }
        }
        Ok(data) => match by_the_wallet(scenario, faults) {
            Err(error) => format!("`{error:?}`"),
            // What EF.SOD lists and the chip itself declines, in an answer that is right.
            Ok(files) => {
                let refused: Vec<_> = data.refused.difference(&clean_data.refused).collect();
                let names: Vec<_> = refused.iter().map(|number| format!("DG{number}")).collect();
                assert!(
                    !names.is_empty() && refused.iter().all(|number| [11, 12].contains(*number)),
                    "{}, {faults:?}: accepted without {names:?}",
                    scenario.name
                );
                assert!(names.iter().all(|name| !files.contains(name)));
                read_without(&data, clean_data)
            }
        },
    }
}

fn read_without(data: &ChipData, clean: &ChipData) -> String {
    let names: Vec<_> = data.refused.difference(&clean.refused).map(|number| format!("DG{number}")).collect();
    format!("read without {}", names.join(", "))
}

/// An error with its status word as people write it.
fn named(error: ChipError) -> String {
    match error {
        ChipError::CardRefused(status) => format!("`CardRefused({status})`"),
        ChipError::PaceRefused(status) => format!("`PaceRefused({status})`"),
        ChipError::SessionEnded(status) => format!("`SessionEnded({status})`"),
        error => format!("`{error:?}`"),
    }
}

fn table(scenario: &Scenario) -> String {
    let before: Vec<(When, Fault)> = scenario
        .resumed_after
        .map(|name| {
            let course = run(scenario, &over((scenario.card)(), &[]).with_limits(scenario.limits));
            let index = course.steps.iter().position(|step| step.0 == name).expect("the step");
            vec![(When::At(u32::try_from(index + 1).unwrap()), Fault::Drop)]
        })
        .unwrap_or_default();
    let clean = run(scenario, &over((scenario.card)(), &before).with_limits(scenario.limits));
    assert!(same(clean.result.as_ref().unwrap(), clean.result.as_ref().unwrap()), "{}", scenario.name);
    let begin = before.first().map_or(0, |(when, _)| {
        let When::At(number) = when else { panic!("one command") };
        usize::try_from(*number).unwrap()
    });
    let mut out = format!("\n## {}\n\n| step |", scenario.name);
    FAULTS.iter().for_each(|(name, _)| write!(out, " {name} |").unwrap());
    out.push_str("\n|---|");
    FAULTS.iter().for_each(|_| out.push_str("---|"));
    let mut rows: Vec<&str> = Vec::new();
    for (index, (name, command, answer)) in clean.steps.iter().enumerate().skip(begin) {
        let nth = rows.iter().filter(|known| *known == name).count();
        // The password that resumes another goes through the same commands; parts of one file are alike.
        let again = nth == 1 && (name.contains("GENERAL") || name.starts_with("MSE:Set AT for PACE"));
        if nth > 0 && !again {
            continue;
        }
        rows.push(name);
        write!(out, "\n| {name}{} |", if again { ", again" } else { "" }).unwrap();
        let previous = index.checked_sub(1).map_or(&[][..], |index| &clean.steps[index].2);
        for (_, fault) in FAULTS {
            if !applies(fault, command, answer, previous) {
                out.push_str(" – |");
                continue;
            }
            let number = When::At(u32::try_from(index + 1).unwrap());
            let faults = [&before[..], &[(number, fault)]].concat();
            write!(out, " {} |", cell(scenario, &clean, &faults)).unwrap();
        }
    }
    out.push('\n');
    out
}

const INTRODUCTION: &str = "\
# What can go wrong while a card is read

Every step of a reading of the virtual card, and what becomes of the reading when that step goes wrong. The test
`tests/tests/faults_while_reading.rs` makes this page and fails when it is not what it says; `BLESS=1` writes it anew.

* **card lost**: it leaves the field before it hears the command. **command lost**: nobody hears it. **answer lost**: the card has done it. The card
  is then tapped again.
* **wrong MAC**: a bit of the checksum is flipped. **bit flipped**: one amid the answer, in a session or before it. **cut**: half of the answer comes.
* **6982**, **6A82**, **6F00**: the card refuses with that status word, in a session rightly protected: the chip's own word.
* **oversized**: one byte more than was asked for, in a session rightly protected. **replayed**: the answer of the step before.

*resumes*: the door is opened again and everything is read, verified, and the same as without the fault. *asks in another way*, *nothing changes*: read whole
within the same session, verified, the same. *read without* a group: the chip declines what its issuer listed; EF.DG14 and EF.DG15 are never among them. A dash: the
fault makes no difference to that answer. Everything else is an error by its type: `ChipError` of the machine, or what the wallet's checks say of
what was read (`NotTrusted`). No cell accepts data that differ from the card's.
";

/// The chip has every file and not the key: whatever it does instead of answering, it is found out.
#[test]
fn a_copy_is_found_out_wherever_it_is_lost_or_refuses_in_the_plain() {
    for (name, card) in
        [("generic mapping", copy as fn() -> CardBuilder), ("its own key's mapping", mapped_copy)]
    {
        let scenario = Scenario {
            name,
            card,
            access: can,
            view: can_view,
            relay: Relay::Never,
            limits: LIMITS,
            files: FileSet::WALLET,
            resumed_after: None,
        };
        for at in 1..=24 {
            for fault in [
                Fault::Drop,
                Fault::Delay,
                Fault::BareStatus(0x6700),
                Fault::BareStatus(0x6F00),
                Fault::WrongStatusWord(0x6A88),
            ] {
                let faults = [(When::At(at), fault)];
                let course = run(&scenario, &over((scenario.card)(), &faults));
                let accepted = course.result.is_ok_and(|data| {
                    // What the machine cannot tell the wallet does: a mapping is verified with its signature.
                    data.mapping_proof.is_none() && data.chip_authentication == Agreed::Proven
                }) || by_the_wallet(&scenario, &faults).is_ok();
                assert!(!accepted, "{name}, {fault:?} at {at}");
            }
        }
    }
}

#[test]
fn no_fault_at_any_step_is_accepted_and_the_page_says_what_becomes_of_each() {
    let tables: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> =
            scenarios().into_iter().map(|scenario| scope.spawn(move || table(&scenario))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    let page = format!("{INTRODUCTION}{}", tables.concat());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    if std::env::var("BLESS").as_deref() == Ok("1") {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (written, found)) in page.lines().zip(committed.lines()).enumerate() {
        assert_eq!(written, found, "docs/faults.md, line {}: BLESS=1 writes it anew", number + 1);
    }
    assert_eq!(page.len(), committed.len(), "docs/faults.md: BLESS=1 writes it anew");
}
