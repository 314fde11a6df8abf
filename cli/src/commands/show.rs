//! `wallet show`: the ID at a counter, as a code that changes every 15 seconds.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use wallet_core::{
    qr::QrCode,
    wallet::{CounterShow, DeskSign, FrameView, Scan, Wallet, WalletError},
};

use super::check::read_code;
use crate::{
    args::ShowArguments,
    failure::{Failure, Outcome, UsageFault, storage},
    home::Home,
    interrupt::until_interrupted,
    output::{Output, print},
    pictures,
    platform::Consent,
    session, terminal, views,
    views::LabelledKeys,
};

#[derive(Serialize)]
struct Document {
    keys: LabelledKeys,
    level: &'static str,
    text: String,
    characters: usize,
    qr_version: u32,
    step: u32,
    frames: u32,
    seconds_left: u32,
    ends_at: i64,
    desk: Option<DeskDocument>,
    files: Vec<String>,
}

#[derive(Serialize)]
struct DeskDocument {
    id: String,
    name: String,
    verified: bool,
}

/// Runs it.
pub(crate) async fn run(arguments: ShowArguments, home: &Home, output: Output) -> Outcome<()> {
    let consent = if arguments.yes { Consent::Given } else { Consent::Asked };
    if home.has_wallet() && consent == Consent::Asked && !terminal::is_there() {
        return Err(Failure::Usage(UsageFault::Missing("--yes")));
    }
    let wallet = session::open_existing(home, consent, output).await?;
    let wallet = wallet.ok_or(Failure::Wallet(WalletError::CardNotFound))?;
    let card = session::choose_card(&wallet, arguments.card.as_deref())?;
    let desk = arguments.desk.as_deref().map(|desk| scan(&wallet, desk)).transpose()?;
    if !arguments.offline {
        until_interrupted(refresh(&wallet, output)).await?;
    }
    let show = wallet.show_at_counter(card.id, arguments.level, desk.clone()).await?;

    let once = arguments.once || output.json;
    let live = !once && std::io::stdout().is_terminal();
    let name = desk.as_ref().map(|desk| desk.name(output.texts.language));
    let screen = Screen { output, live, to: (output.texts.say.show_to)(name.as_deref()) };
    if once {
        let frame = show.frame(views::now()?)?;
        let files = write_frame(arguments.out.as_deref(), "frame", &frame.qr, &frame.text)?;
        screen.draw(&frame, &files)?;
        return output.document(&Document {
            keys: LabelledKeys::default(),
            level: arguments.level.name(),
            characters: frame.text.chars().count(),
            text: frame.text,
            qr_version: frame.qr.version,
            step: frame.step,
            frames: frame.frames,
            seconds_left: frame.seconds_left,
            ends_at: show.ends_at(),
            desk: desk.as_ref().map(|desk| DeskDocument {
                id: desk.desk_id(),
                name: desk.name(output.texts.language),
                verified: true,
            }),
            files: files.iter().map(|file| file.display().to_string()).collect(),
        });
    }
    // Ctrl-C is the way to end a show early: the copy is used up, so nothing is left to cancel.
    tokio::select! {
        ended = keep_showing(&show, &screen, arguments.out.as_deref()) => ended?,
        _ = tokio::signal::ctrl_c() => {}
    }
    output.clear_progress();
    output.line(output.texts.say.show_ended)
}

/// Fetches this hour's proofs. An issuer out of reach must not keep anybody from showing.
async fn refresh(wallet: &Wallet, output: Output) -> Outcome<()> {
    if wallet.refresh_staples().await.is_err() {
        output.remark(output.texts.say.stale);
    }
    Ok(())
}

/// The desk's sign, from its text or a file.
fn scan(wallet: &Wallet, desk: &str) -> Outcome<Arc<DeskSign>> {
    let text = if desk.starts_with("KD1:") {
        desk.to_owned()
    } else {
        read_code(Path::new(desk), "--desk", "KD1:")?
    };
    let Scan::DeskSign { sign } = wallet.scan(text)? else {
        return Err(WalletError::NotForThisWallet.into());
    };
    Ok(sign)
}

/// Where frames are drawn.
struct Screen {
    output: Output,
    live: bool,
    to: String,
}

impl Screen {
    fn draw(&self, frame: &FrameView, files: &[PathBuf]) -> Outcome<()> {
        let say = &self.output.texts.say;
        if self.output.json {
            return Ok(());
        }
        self.output.clear_progress();
        if self.live {
            // Clears the screen, so that only one code is there to scan.
            print("\x1b[2J\x1b[H")?;
        }
        print(&frame.qr.to_terminal())?;
        print(&self.to)?;
        print(say.software_keys)?;
        if !self.live {
            print(&frame.text)?;
        }
        files.iter().try_for_each(|file| print(&(say.written)(&file.display().to_string())))
    }
}

/// Draws each frame until the last is over.
async fn keep_showing(show: &CounterShow, screen: &Screen, out: Option<&Path>) -> Outcome<()> {
    let mut drawn = None;
    loop {
        let now = views::now()?;
        let frame = match show.frame(now) {
            Ok(frame) => frame,
            Err(WalletError::ShowEnded) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if drawn != Some(frame.step) {
            let files = write_frame(out, "frame", &frame.qr, &frame.text)?;
            screen.draw(&frame, &files)?;
            drawn = Some(frame.step);
        }
        let end = show.ends_at().saturating_sub(now.unix_seconds);
        screen.output.progress(&(screen.output.texts.say.show_countdown)(frame.seconds_left, end));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Writes a code as `NAME.png`, `NAME.svg` and `NAME.txt` into `folder`, when there is one.
pub(crate) fn write_frame(
    folder: Option<&Path>,
    name: &str,
    qr: &QrCode,
    text: &str,
) -> Outcome<Vec<PathBuf>> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    std::fs::create_dir_all(folder).map_err(storage(folder))?;
    let image = qr.to_grey(pictures::SCALE);
    let png = pictures::grey_png(image.side, &image.pixels).map_err(|_| Failure::Internal("no PNG"))?;
    let mut written = Vec::new();
    for (extension, bytes) in
        [("png", png), ("svg", qr.to_svg().into_bytes()), ("txt", text.as_bytes().to_vec())]
    {
        let path = folder.join(format!("{name}.{extension}"));
        std::fs::write(&path, bytes).map_err(storage(&path))?;
        written.push(path);
    }
    Ok(written)
}
