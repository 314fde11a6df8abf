//! A whole reading over the link model, beside the least that any reader could need: how many commands, and how long. The figures
//! are in docs/benchmarks.md.

use std::{sync::Arc, time::Duration};

use fixtures::{
    chip::{ChipAuthentication, Door, LinkModel, ModelledLink, VirtualCard, VirtualLink},
    people,
};
use tests::scene::{CAN, Phone, Scene};
use wallet_core::wallet::{CardAccessView, WalletError};

fn card() -> VirtualCard {
    VirtualCard::of(&people::adult()).chip_authentication(ChipAuthentication::AES_128).build()
}

fn link(model: LinkModel, extended: bool, seed: u64) -> ModelledLink {
    let link = VirtualLink::new(card());
    ModelledLink::new(if extended { link } else { link.short() }, model).seeded(seed)
}

/// Taps again whenever the card is lost.
async fn read(phone: &Phone, link: &Arc<ModelledLink>) -> u32 {
    let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
    let reading = phone.wallet.read_card(link.clone(), access, None).unwrap();
    let mut lost = 0;
    loop {
        match reading.run(Some(vec![7; 8])).await {
            Ok(evidence) => {
                assert_eq!(evidence.holder().unwrap().name, people::adult().name);
                return lost;
            }
            Err(WalletError::CardLost) => {
                lost += 1;
                link.tap_again();
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn floor(model: LinkModel, extended: bool) -> (u32, Duration) {
    let card = card();
    let length = |id| card.file(id).map_or(0, <[u8]>::len);
    let files = [0x011D, 0x010F, 0x010E, 0x0101, 0x010B, 0x010C, 0x0102].map(length);
    model.floor(length(0x011C), &files, &Door { point: 65, signature: 64 }, extended)
}

#[tokio::test]
async fn a_reading_takes_one_command_more_than_the_floor_and_none_for_a_model_that_was_met() {
    let scene = Scene::new().await;
    for kilobits in [106, 212, 424, 848] {
        let model = LinkModel::at(kilobits);
        let phone = scene.phone(&format!("at-{kilobits}")).await;
        // The first look at the card's own lengths is the one command more, where long ones can be sent.
        for (name, extended, more) in [("met first", true, 1), ("met again", true, 0), ("short", false, 0)] {
            let link = Arc::new(link(model, extended, 1));
            assert_eq!(read(&phone, &link).await, 0);
            let (fewest, least) = floor(model, extended);
            let ratio = link.elapsed().as_secs_f64() / least.as_secs_f64();
            println!(
                "{kilobits} kbit/s, {name}: {} APDUs, {:.2?}; floor {fewest}, {least:.2?}; {ratio:.3}",
                link.commands(),
                link.elapsed()
            );
            assert_eq!(link.commands(), fewest + more, "{kilobits} kbit/s, {name}");
            assert!(ratio < 1.03, "{kilobits} kbit/s, {name}: {ratio}");
        }
    }
}

#[tokio::test]
async fn over_a_bad_antenna_every_reading_comes_to_its_end_and_none_begins_anew() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    let model = LinkModel { lost_per_mille: 30, ..LinkModel::at(424) };
    let whole = floor(model, false).0;
    let mut lost_in_all = 0;
    for seed in 1..=20 {
        let link = Arc::new(link(model, false, seed));
        let lost = read(&phone, &link).await;
        lost_in_all += lost;
        // Each loss costs the door, a look at EF.SOD, a selection and the command itself, or less of a door not yet open.
        assert!(
            link.commands() <= whole + lost * 11,
            "seed {seed}: {} commands, {lost} lost",
            link.commands()
        );
    }
    assert!(lost_in_all > 20, "{lost_in_all} lost");
}
