//! Reads a chip that shares no code with the wallet core: the emulator among the outside oracles, over its TCP socket.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fixtures::vpcd::{VpcdCard, VpcdReader};
use wallet_core::{
    chip::{
        AccessUsed, BasicAccess, Can, CardAccess, ChipAuthentication, ChipData, ChipError, Entropy, FileSet,
        KnownModels, Mrz, Pin, Puk, ReadPlan, Reading, Reference, Relay, Step,
        access::access_matches,
        active_auth,
        files::{dg1, dg2},
    },
    platform::LinkLimits,
    tlv,
};

const EXTENDED: LinkLimits = LinkLimits { max_command: 65_544, max_response: 65_538, extended: true };
const SHORT: LinkLimits = LinkLimits { max_command: 261, max_response: 258, extended: false };
const CHALLENGE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// Draws a photo as the emulator does, of a quarter of the pixels: none of its own is as small as 5 KB.
const SMALL_PHOTO: &str = r#"import sys; from PIL import Image; Image.effect_noise((120, 160), 60).convert("RGB").save(sys.argv[1], quality=22)"#;

/// The prepared emulator, or `None` where it is absent and may be.
fn emulator() -> Option<PathBuf> {
    let oracles = std::env::var_os("ORACLES_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let program = oracles.join("chip/emulator");
    if program.is_file() && Path::new("/usr/bin/vicc").exists() {
        return Some(program);
    }
    assert!(
        std::env::var("ORACLES").as_deref() != Ok("required"),
        "the chip emulator is required and absent"
    );
    println!("skipped: no chip emulator");
    None
}

/// The emulator with a document of its own, made new in a folder of its own.
struct Document {
    program: PathBuf,
    work: PathBuf,
    pace: &'static str,
    /// Of the portrait as a JPEG: 22 gives 19 KB.
    quality: &'static str,
}

impl Document {
    fn prepare(name: &str, pace: &'static str) -> Option<Self> {
        Self::with_photo(name, pace, "22")
    }

    fn with_photo(name: &str, pace: &'static str, quality: &'static str) -> Option<Self> {
        let program = emulator()?;
        let work = std::env::temp_dir().join(format!("wallet-chip-{name}-{}", std::process::id()));
        let document = Self { program, work, pace, quality };
        let prepared = document.run(&["prepare"]);
        assert!(prepared, "the emulator could not be prepared");
        Some(document)
    }

    /// The same document made anew about a photo of 5 KB.
    fn with_small_photo(name: &str, pace: &'static str) -> Option<Self> {
        let document = Self::prepare(name, pace)?;
        let photo = document.work.join("small.jpg");
        python(Command::new(PYTHON).args(["-c", SMALL_PHOTO]).arg(&photo));
        let maker = document.program.with_file_name("gen_lds.py");
        python(Command::new(PYTHON).arg(maker).arg(photo).current_dir(document.work.join("lds")));
        Some(document)
    }

    fn run(&self, arguments: &[&str]) -> bool {
        Command::new(&self.program)
            .args(arguments)
            .env("W", &self.work)
            .env("CAN", "123456")
            .env("PACE", self.pace)
            .env("Q", self.quality)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn insert(&self) -> VpcdCard {
        self.insert_as("pace")
    }

    fn insert_as(&self, kind: &str) -> VpcdCard {
        let reader = VpcdReader::listen("127.0.0.1:0").unwrap();
        let port = reader.address().unwrap().port().to_string();
        assert!(self.run(&["direct", kind, &port]));
        reader.accept(Duration::from_secs(20), Duration::from_secs(10)).unwrap()
    }

    /// The fewest commands that read it: EF.CardAccess, five for PACE, SELECT, three for both proofs, and each file in as few
    /// as the form allows.
    fn floor(&self, limits: LinkLimits) -> u32 {
        let most = if limits.extended { 4000 } else { 223 };
        let files = ["0101.bin", "0102.bin", "010e.bin", "010f.bin", "011d.bin"];
        let reads: usize = files.into_iter().map(|name| self.file(name).len().div_ceil(most)).sum();
        u32::try_from(10 + reads).unwrap()
    }

    /// The lines for machines of this document.
    fn mrz(&self, basic: BasicAccess) -> CardAccess {
        let information = fs::read_to_string(self.work.join("lds/mrzinfo.txt")).unwrap();
        let information = information.trim();
        let (number, dates) = information.split_at(information.len() - 14);
        let (birth, expiry) = dates.split_at(7);
        CardAccess::Mrz(Mrz::parse(number, birth, expiry).unwrap(), basic)
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.work.join("lds").join(name)).unwrap()
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        self.run(&["down"]);
        drop(fs::remove_dir_all(&self.work));
    }
}

/// The system's Python, which the emulator's packages are installed for.
const PYTHON: &str = "/usr/bin/python3";

fn python(command: &mut Command) {
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn can(digits: &str) -> CardAccess {
    CardAccess::Can(Can::parse(digits).unwrap())
}

fn pin(digits: &str, resume_by: Option<&str>) -> CardAccess {
    let resume_by = resume_by.map(|can| Can::parse(can).unwrap());
    CardAccess::Pin { pin: Pin::parse(digits).unwrap(), resume_by }
}

fn read(card: &mut VpcdCard, access: CardAccess, limits: LinkLimits) -> Result<ChipData, ChipError> {
    let mut random = [0; Entropy::LENGTH];
    for (index, byte) in random.iter_mut().enumerate() {
        *byte = u8::try_from((index * 7 + 3) % 251).unwrap();
    }
    let plan = ReadPlan {
        access,
        files: FileSet::WALLET,
        challenge: Some(CHALLENGE),
        chip_authentication: true,
        relay: Relay::Never,
        limits,
        models: KnownModels::default(),
        entropy: Entropy::new(random),
    };
    let (mut reading, mut step) = Reading::begin(plan)?;
    loop {
        match step {
            Step::Transmit(command) => {
                let response = card.transceive(&command).unwrap();
                (reading, step) = reading.handle(&response)?;
            }
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => return Ok(*data),
        }
    }
}

#[test]
fn the_independent_chip_is_read_whole_by_long_and_by_short_commands() {
    let pace = "04007f00070202040202:13";
    let small = Document::with_small_photo("read-5", pace);
    let usual = Document::prepare("read-19", pace);
    let large = Document::with_photo("read-29", pace, "45");
    for (document, about) in [(small, 5), (usual, 19), (large, 29)] {
        let Some(document) = document else { return };
        let photo = document.file("0102.bin").len();
        assert!((about * 900..about * 1100).contains(&photo), "a photo of {photo} bytes");
        // Nothing is asked twice, and nothing that need not be asked but for the card's own lengths.
        for (limits, more, name) in [(EXTENDED, 1, "extended"), (SHORT, 2, "short")] {
            is_read_whole(&document, limits, document.floor(limits) + more, name);
        }
    }
}

fn is_read_whole(document: &Document, limits: LinkLimits, most: u32, name: &str) {
    let mut card = document.insert();
    let start = Instant::now();
    let data = read(&mut card, can("123456"), limits).unwrap();
    println!("{name}: {} APDUs of {most}, {} ms", data.apdus, start.elapsed().as_millis());
    assert_eq!(data.card_access, document.file("cardaccess.bin"));
    assert_eq!(data.sod, document.file("011d.bin"));
    for (number, file) in [(1, "0101.bin"), (2, "0102.bin"), (14, "010e.bin"), (15, "010f.bin")] {
        assert_eq!(data.groups.get(&number), Some(&document.file(file)), "{file}");
    }
    assert_eq!(data.groups.len(), 4);
    assert_eq!(data.active_auth.as_ref().map(Vec::len), Some(192));
    assert!(dg1::parse(data.groups.get(&1).unwrap()).is_ok());
    assert_eq!(dg2::parse(data.groups.get(&2).unwrap()).unwrap().format, dg2::ImageFormat::Jpeg);
    assert_eq!(data.chip_authentication, ChipAuthentication::Proven);
    active_auth::verify(
        data.groups.get(&15).unwrap(),
        data.groups.get(&14).map(Vec::as_slice),
        &CHALLENGE,
        data.active_auth.as_deref().unwrap(),
    )
    .unwrap();
    let signed = tlv::exactly(data.groups.get(&14).unwrap(), 0x6E).unwrap();
    assert_eq!(access_matches(&data.card_access, signed.value), Ok(true));
    assert!(data.apdus <= most, "{name}: {} APDUs", data.apdus);
}

#[test]
fn the_independent_chip_refuses_a_wrong_number_and_is_read_after_it() {
    let Some(document) = Document::prepare("wrong", "04007f00070202040204:12") else { return };
    let mut card = document.insert();
    assert_eq!(
        read(&mut card, can("654321"), EXTENDED).unwrap_err(),
        ChipError::WrongPassword { which: Reference::Can, tries_left: None }
    );
    card.reset().unwrap();
    let data = read(&mut card, can("123456"), EXTENDED).unwrap();
    assert_eq!(data.groups.get(&2), Some(&document.file("0102.bin")));
}

#[test]
fn the_independent_chip_is_read_on_the_larger_curves() {
    for pace in ["04007f00070202040203:15", "04007f00070202040204:16"] {
        let Some(document) = Document::prepare("curves", pace) else { return };
        let data = read(&mut document.insert(), can("123456"), EXTENDED).unwrap();
        assert_eq!(data.groups.get(&1), Some(&document.file("0101.bin")));
    }
}

#[test]
fn the_independent_chip_opens_by_each_of_its_passwords() {
    let Some(document) = Document::prepare("passwords", "04007f00070202040202:13") else { return };
    let puk = CardAccess::Puk(Puk::parse("3333333333").unwrap());
    for access in [document.mrz(BasicAccess::Never), pin("111111", None), puk] {
        let data = read(&mut document.insert(), access, EXTENDED).unwrap();
        assert_eq!(data.groups.get(&1), Some(&document.file("0101.bin")));
        assert!(matches!(data.access, Some(AccessUsed::Pace(_))));
    }
}

#[test]
fn the_independent_chip_suspends_its_pin_and_resumes_it_by_the_number_on_the_card() {
    let Some(document) = Document::prepare("suspended", "04007f00070202040202:13") else { return };
    let mut card = document.insert();
    let mut attempt = |access| {
        card.reset().unwrap();
        read(&mut card, access, EXTENDED)
    };
    for _ in 0..2 {
        let wrong = attempt(pin("222222", None)).unwrap_err();
        assert!(matches!(wrong, ChipError::WrongPassword { .. }), "{wrong:?}");
    }
    assert_eq!(attempt(pin("111111", None)).unwrap_err(), ChipError::Suspended);
    let data = attempt(pin("111111", Some("123456"))).unwrap();
    assert_eq!(data.groups.get(&1), Some(&document.file("0101.bin")));
}

#[test]
fn the_independent_chip_of_the_older_kind_opens_by_basic_access() {
    let Some(document) = Document::prepare("basic", "04007f00070202040202:13") else { return };
    for (limits, name) in [(EXTENDED, "extended"), (SHORT, "short")] {
        let mut card = document.insert_as("bac");
        let data = read(&mut card, document.mrz(BasicAccess::EvenWhenPaceIsRefused), limits).unwrap();
        println!("basic access, {name}: {} APDUs, {:?}", data.apdus, data.access);
        assert!(matches!(data.access, Some(AccessUsed::Basic | AccessUsed::BasicInsteadOfPace)));
        for (number, file) in [(1, "0101.bin"), (2, "0102.bin"), (14, "010e.bin"), (15, "010f.bin")] {
            assert_eq!(data.groups.get(&number), Some(&document.file(file)), "{file}");
        }
        assert_eq!(data.chip_authentication, ChipAuthentication::Proven);
    }
}

#[test]
fn a_reading_of_the_independent_chip_is_resumed_after_it_left_the_field() {
    let Some(document) = Document::prepare("resumed", "04007f00070202040202:13") else { return };
    let mut card = document.insert();
    let plan = |byte: u8| ReadPlan {
        access: can("123456"),
        files: FileSet::WALLET,
        challenge: Some(CHALLENGE),
        chip_authentication: true,
        relay: Relay::Never,
        limits: SHORT,
        models: KnownModels::default(),
        entropy: Entropy::new([byte; Entropy::LENGTH]),
    };
    let (mut reading, mut step) = Reading::begin(plan(0x51)).unwrap();
    let data = loop {
        match step {
            // Once amid the photo, once amid the door that is opened again.
            Step::Transmit(_) if reading.apdus() == 60 || reading.apdus() == 64 => {
                card.reset().unwrap();
                let ReadPlan { limits, entropy, .. } = plan(u8::try_from(reading.apdus()).unwrap());
                (reading, step) = reading.pause().resume(limits, entropy).unwrap();
            }
            Step::Transmit(command) => {
                let response = card.transceive(&command).unwrap();
                (reading, step) = reading.handle(&response).unwrap();
            }
            Step::AskServer => panic!("no server is to hear the chip"),
            Step::Done(data) => break data,
        }
    };
    assert_eq!(data.groups.get(&2), Some(&document.file("0102.bin")));
    assert_eq!(data.chip_authentication, ChipAuthentication::Proven);
    println!("resumed twice: {} APDUs", data.apdus);
    assert!(data.apdus <= 107 + 4 + 10, "{} APDUs", data.apdus);
}
