//! The virtual chip in a reader of the system's PC/SC service, read by the crate `emrtd` (MIT OR Apache-2.0), whose author is not
//! ours and which speaks to such readers alone: basic access, 3DES, files by name in short commands. It has neither PACE nor
//! extended length, and no proof of the chip's. `ci/emulator` starts the service and runs this: `--features peers … --ignored`.

use std::{
    ffi::CString,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use emrtd::{EmrtdComms, EmrtdError, get_jpeg_from_ef_dg2, other_mrz};
use fixtures::{
    chip::{CardBuilder, VirtualCard},
    people, vpcd,
};

/// The second slot of vsmartcard's reader, as Debian sets it up; the first is the emulator's.
const SLOT: &str = "127.0.0.1:35964";
const READER: &str = "Virtual PCD 00 01";

fn card() -> CardBuilder {
    VirtualCard::of(&people::adult()).basic_access()
}

/// A reader with a card in it.
struct Reader {
    card: Arc<Mutex<VirtualCard>>,
    context: pcsc::Context,
}

impl Reader {
    fn with(card: VirtualCard) -> Self {
        let card = Arc::new(Mutex::new(card));
        let played = Arc::clone(&card);
        thread::spawn(move || vpcd::play_shared(&played, SLOT).unwrap());
        Self { card, context: pcsc::Context::establish(pcsc::Scope::User).unwrap() }
    }

    /// The application of another card, selected.
    fn terminal(&self, card: VirtualCard) -> EmrtdComms {
        *self.card.lock().unwrap() = card;
        // The service looks whether there is a card now and then.
        for _ in 0..100 {
            let name = CString::new(READER).unwrap();
            let connected = self.context.connect(&name, pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY);
            if let Ok(card) = connected {
                let mut terminal = EmrtdComms::new(card);
                terminal.select_emrtd_application().unwrap();
                return terminal;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("no card in {READER}");
    }
}

/// The lines for machines, as the terminal wants to be told them.
fn secret() -> String {
    let mrz = people::adult().mrz_information();
    other_mrz(&mrz[..9], &mrz[10..16], &mrz[17..23]).unwrap()
}

fn file(terminal: &mut EmrtdComms, id: u16) -> Result<Vec<u8>, EmrtdError> {
    terminal.select_ef(&id.to_be_bytes(), "", true)?;
    terminal.read_data_from_ef(true)
}

#[test]
#[ignore = "wants a reader of vsmartcard's: ci/emulator"]
fn another_authors_terminal_reads_every_file_over_pcsc_by_basic_access() {
    let reader = Reader::with(card().build());
    for (name, card) in [
        ("beside PACE", card()),
        ("without PACE, by short commands", card().basic_access_only().short_apdus_only()),
        ("by name", card().without_short_identifiers()),
    ] {
        let card = card.build();
        let ids = (0x0101..=0x011E).filter(|id| *id != 0x011C);
        let files: Vec<(u16, Vec<u8>)> =
            ids.filter_map(|id| card.file(id).map(|file| (id, file.to_vec()))).collect();
        assert_eq!(files.len(), 8, "{name}");
        let mut terminal = reader.terminal(card);
        terminal.establish_bac_session_keys(secret().as_bytes()).unwrap();
        for (id, content) in &files {
            assert_eq!(&file(&mut terminal, *id).unwrap(), content, "{name}: {id:04X}");
        }
        let face = file(&mut terminal, 0x0102).unwrap();
        assert_eq!(get_jpeg_from_ef_dg2(&face).unwrap(), people::adult().portrait(), "{name}");
        // What is not there is told so within the session.
        assert!(matches!(file(&mut terminal, 0x0103), Err(EmrtdError::RecvApduError(0x6A, 0x82))), "{name}");
        drop(terminal);
        println!("{name}: {} APDUs", reader.card.lock().unwrap().apdus());
    }

    // Without the right lines there is nothing, and what is kept for others stays so.
    let mut terminal = reader.terminal(card().guarded_group(2).build());
    assert!(terminal.select_ef(&[0x01, 0x01], "", false).is_err());
    let wrong = other_mrz("X00000000", "900101", "300101").unwrap();
    assert!(terminal.establish_bac_session_keys(wrong.as_bytes()).is_err());
    terminal.establish_bac_session_keys(secret().as_bytes()).unwrap();
    assert!(matches!(file(&mut terminal, 0x0102), Err(EmrtdError::RecvApduError(0x69, 0x82))));
    file(&mut terminal, 0x0101).unwrap();
}
