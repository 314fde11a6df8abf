//! `wallet demo`: one invented citizen from the card to the counter, another from the community centre, a third from the portal,
//! and twelve attempts that must fail.
//!
//! Everything is real but the people: the desk answers HTTP on loopback, the chip speaks its protocols, the vault lies in a
//! temporary folder. No time passes by waiting: frames and checks are given the second they are to believe in.

mod centre;
mod desks;
mod phone;
mod portal;
mod steps;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use desk::FIXTURE_LINES;
use fixtures::people;
use wallet_core::{
    card::Disclosure,
    qr::base45,
    verify::{Counter, Reason, Verdict},
    wallet::{ChipEvidence, CounterShow, DeskSign, FrameView, WalletError},
};

pub(crate) use self::desks::{DESK_ID, DemoDesk};
use self::{
    desks::OTHER_DESK_ID,
    phone::Phone,
    steps::{End, Level, Steps},
};
use crate::{
    clerk,
    commands::show::write_frame,
    failure::{Failure, Outcome},
    output::Output,
    temporary_folder::TemporaryFolder,
    views,
};

/// The level of the show that is accepted, and of those that are refused.
const SHOWN: Disclosure = Disclosure::AdultOnly;
/// How old the screenshot is: a frame lives 15 seconds, and clocks may differ by 3.
const SCREENSHOT_AGE: i64 = 20;

/// Runs it.
pub(crate) async fn run(out: Option<PathBuf>, output: Output) -> Outcome<()> {
    let folder = TemporaryFolder::create()?;
    let pictures = match out {
        Some(out) => out,
        None => TemporaryFolder::create()?.keep(),
    };
    let mut steps = Steps::new(output);
    let walked = walk(folder.path(), &pictures, &mut steps).await;
    if let Err(failure) = walked {
        steps.broken(&failure)?;
    }
    steps.finish(&pictures)
}

async fn walk(folder: &Path, pictures: &Path, steps: &mut Steps) -> Outcome<()> {
    let output = steps.output();
    let say = &output.texts.demo;
    let citizen = people::adult();

    let desk = DemoDesk::start(&folder.join("desk")).await?;
    steps.done("start_desk", &(say.started)(desk.base_url()))?;

    let phone = Phone::open(&folder.join("phone"), &desk, output.texts.language).await?;
    steps.done("open_wallet", output.texts.say.software_keys)?;

    let (enrolment, evidence) = phone.tap(&citizen).await?;
    steps.done("tap_card", &tapped(&evidence, output)?)?;

    let card = enrolment.finish(Arc::clone(&evidence), None).await?;
    let copies: u32 = card.copies.iter().map(|copies| copies.left).sum();
    steps.done("enrol", &(say.enrolled)(&card.name, copies))?;

    let sign = phone.scan(desk.sign().await?)?;
    let desk_name = sign.name(output.texts.language);
    steps.done("scan_desk_sign", &(say.scanned)(&desk_name))?;

    let (show, frame) = begin_show(&phone, SHOWN, &sign).await?;
    write_frame(Some(pictures), SHOWN.name(), &frame.qr, &frame.text)?;
    output.line(&frame.qr.to_terminal())?;
    steps.done("show", &(say.shown)((output.texts.say.level)(SHOWN), &desk_name))?;

    show_every_level(&phone, &sign, &frame, pictures, steps).await?;

    let centre_phone = centre::visit(&desk, folder, pictures, steps).await?;

    let portal_phone = portal::apply(&desk, folder, steps).await?;

    lose_and_find(&desk, &centre_phone, &sign, steps).await?;

    let counter = desk.counter(DESK_ID)?;
    let elsewhere = desk.counter(OTHER_DESK_ID)?;
    let rogue = DemoDesk::start(&folder.join("rogue")).await?;
    let rogue_phone = Phone::open(&folder.join("rogue-phone"), &rogue, output.texts.language).await?;
    // Before the network goes: what is shown later must not be older than its frame.
    let (other_enrolment, other_evidence) = rogue_phone.tap(&people::other_adult()).await?;
    other_enrolment.finish(other_evidence, None).await?;
    let rogue_sign = rogue_phone.scan(rogue.sign().await?)?;
    rogue.stop().await?;
    desk.stop().await?;
    steps.done("network_off", say.network_off)?;

    let verdict = check(&counter, &show_frame(&show)?.text, 0)?;
    if !output.json {
        clerk::print(&verdict, output)?;
    }
    steps.verdict("check", say.checked, &verdict, |_| false)?;

    let (_, from_centre) = begin_show(&centre_phone, SHOWN, &sign).await?;
    let verdict = check(&counter, &from_centre.text, 0)?;
    steps.verdict("check_centre", say.checked_centre, &verdict, |_| false)?;
    let (_, from_portal) = begin_show(&portal_phone, SHOWN, &sign).await?;
    let verdict = check(&counter, &from_portal.text, 0)?;
    steps.verdict("check_portal", say.checked_portal, &verdict, |_| false)?;

    // A frame nobody has scanned yet: else the counter would say that it was used before.
    let (_, stolen) = begin_show(&phone, SHOWN, &sign).await?;
    let verdict = check(&counter, &stolen.text, SCREENSHOT_AGE)?;
    steps.verdict("screenshot", say.screenshot, &verdict, |reason| {
        matches!(reason, Reason::FrameExpired { .. })
    })?;
    let verdict = check(&elsewhere, &stolen.text, 0)?;
    steps.verdict("other_desk", say.other_desk, &verdict, |reason| reason == Reason::OtherDesk)?;
    let verdict = check(&counter, &flip_a_bit(&stolen.text)?, 0)?;
    steps.verdict("flipped_bit", say.flipped_bit, &verdict, |_| true)?;
    let (_, forged) = begin_show(&rogue_phone, SHOWN, &rogue_sign).await?;
    let verdict = check(&counter, &forged.text, 0)?;
    steps.verdict("wrong_issuer", say.wrong_issuer, &verdict, |reason| reason == Reason::UnknownIssuer)?;

    match Phone::open_without_biometrics(&folder.join("bare-phone"), output.texts.language).await {
        Err(Failure::Wallet(WalletError::NoBiometrics)) => {
            let error = Failure::Wallet(WalletError::NoBiometrics);
            let why = (output.texts.say.failure)(&error);
            steps.refused("phone_without_biometrics", say.no_biometrics, error.name(), &why)?;
        }
        Err(failure) => return Err(failure),
        Ok(_) => steps.end("phone_without_biometrics", say.no_biometrics, End::Unexpected, "")?,
    }
    steps.count(phone.prompts(), evidence.apdus());
    Ok(())
}

/// The phone from the centre is lost: its operator suspends the ID, an online counter refuses it, and the phone locks itself;
/// found, it opens and is accepted.
async fn lose_and_find(
    desk: &DemoDesk,
    phone: &Phone,
    sign: &Arc<DeskSign>,
    steps: &mut Steps,
) -> Outcome<()> {
    let say = &steps.output().texts.demo;
    let [_, line] = FIXTURE_LINES;
    desk.record_line(people::other_adult().registration_number, line).await?;
    desk.report("suspend", line, "lost").await?;
    let (_, frame) = begin_show(phone, SHOWN, sign).await?;
    let verdict = check(&desk.online_counter(DESK_ID).await?, &frame.text, 0)?;
    steps.verdict("lost_phone", say.lost_phone, &verdict, |reason| reason == Reason::Deactivated)?;
    phone.hear_commands().await?;
    match begin_show(phone, SHOWN, sign).await {
        Err(failure @ Failure::Wallet(WalletError::NotUsable { .. })) => {
            let why = (steps.output().texts.say.failure)(&failure);
            steps.refused("locked_phone", say.locked_phone, failure.name(), &why)?;
        }
        Err(failure) => return Err(failure),
        Ok(_) => steps.end("locked_phone", say.locked_phone, End::Unexpected, "")?,
    }
    desk.report("resume", line, "found").await?;
    phone.hear_commands().await?;
    phone.unlock().await?;
    let (_, frame) = begin_show(phone, SHOWN, sign).await?;
    let verdict = check(&desk.online_counter(DESK_ID).await?, &frame.text, 0)?;
    steps.verdict("found_phone", say.found_phone, &verdict, |_| false)
}

/// Shows each level from the enrolled wallet; the first show counts for its own.
async fn show_every_level(
    phone: &Phone,
    sign: &Arc<DeskSign>,
    first: &FrameView,
    pictures: &Path,
    steps: &mut Steps,
) -> Outcome<()> {
    for level in Disclosure::ALL {
        let other = match level {
            SHOWN => None,
            _ => Some(begin_show(phone, level, sign).await?.1),
        };
        let frame = other.as_ref().unwrap_or(first);
        write_frame(Some(pictures), level.name(), &frame.qr, &frame.text)?;
        steps.level(Level {
            name: level.name(),
            characters: frame.text.chars().count(),
            qr_version: frame.qr.version,
        })?;
    }
    steps.done("show_every_level", steps.output().texts.demo.every_level)
}

async fn begin_show(
    phone: &Phone,
    level: Disclosure,
    sign: &Arc<DeskSign>,
) -> Outcome<(Arc<CounterShow>, FrameView)> {
    let show = phone.show(level, Arc::clone(sign)).await?;
    let frame = show_frame(&show)?;
    Ok((show, frame))
}

fn show_frame(show: &CounterShow) -> Outcome<FrameView> {
    Ok(show.frame(views::now()?)?)
}

/// The counter's answer `later` seconds from now.
fn check(counter: &Counter, text: &str, later: i64) -> Outcome<Verdict> {
    let now = views::now()?.unix_seconds.saturating_add(later);
    Ok(counter.check(text, now, later))
}

/// The same code with one bit of its CBOR flipped.
fn flip_a_bit(text: &str) -> Outcome<String> {
    let broken = || Failure::Internal("a frame that is no KR1 text");
    let mut bytes = base45::decode(text.strip_prefix(KR1).ok_or_else(broken)?).map_err(|_| broken())?;
    let middle = bytes.len() / 2;
    let byte = bytes.get_mut(middle).ok_or_else(broken)?;
    *byte ^= 1;
    Ok(format!("{KR1}{}", base45::encode(&bytes)))
}

fn tapped(evidence: &ChipEvidence, output: Output) -> Outcome<String> {
    let holder = evidence.holder()?;
    Ok((output.texts.demo.tapped)(&holder.name, evidence.apdus()))
}

/// How a counter code begins.
const KR1: &str = "KR1:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_bit_is_flipped() {
        let text = format!("{KR1}{}", base45::encode(&[0x84, 0x55, 0xAA, 0x00]));
        let flipped = flip_a_bit(&text).unwrap();
        assert_eq!(base45::decode(flipped.strip_prefix(KR1).unwrap()).unwrap(), [0x84, 0x55, 0xAB, 0x00]);
        assert!(flip_a_bit("KD1:").is_err());
    }
}
