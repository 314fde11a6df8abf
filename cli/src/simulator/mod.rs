//! `wallet simulator`: a desk, cards to tap and phones in software, on loopback, for apps under development and for the
//! suites of other languages. docs/simulator.md has the protocol.

mod card_socket;
mod centre_socket;
mod phone_socket;
mod phones;
mod protocol;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use fixtures::{
    chip::{CardBuilder, VirtualCard},
    people::{self, Citizen},
    pki::{self, DocumentSigner},
};
use serde::Serialize;
use tokio::{
    io::AsyncReadExt as _,
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    demo::{DESK_ID, DemoDesk},
    failure::{Failure, Outcome},
    output,
    readers::VIRTUAL_CAN,
    temporary_folder::TemporaryFolder,
};
use centre_socket::Resident;
use protocol::Base64;

/// What a client has to know: the first line on standard output.
#[derive(Serialize)]
struct Ready {
    desk: String,
    desk_id: &'static str,
    phone: String,
    centre: String,
    cards: Vec<CardPlace>,
    directory: Directory,
    config: Config,
    pack_authority: Base64,
}

#[derive(Serialize)]
struct CardPlace {
    name: &'static str,
    can: &'static str,
    mrz: Mrz,
    address: String,
}

/// What opens a card beside its number, each part with its check digit.
#[derive(Serialize)]
struct Mrz {
    number: String,
    birth: String,
    expiry: String,
}

/// What a public key directory has of the cards' country.
#[derive(Serialize)]
struct Directory {
    /// From its key to the one that the rogue card's signer is of.
    link: Base64,
    /// A list that takes back the signer of the other cards.
    revocation_list: Base64,
    /// One that takes back another.
    other_revocation_list: Base64,
}

impl Directory {
    fn new() -> Self {
        let list = |revoked| Base64(pki::revocation_list(pki::csca(), &[revoked], FAR));
        Self {
            link: Base64(pki::link(pki::csca(), pki::rogue_csca())),
            revocation_list: list(pki::dsc()),
            other_revocation_list: list(pki::dsc_rsa()),
        }
    }
}

/// The year in which the lists end.
const FAR: i32 = 2049;

/// What goes into a wallet's configuration.
#[derive(Serialize)]
struct Config {
    issuer_url: String,
    issuer_roots: Vec<Base64>,
    card_roots: Vec<Base64>,
    desk_roots: Vec<Base64>,
}

/// Runs until standard input ends or a signal asks for the end.
pub(crate) async fn run() -> Outcome<()> {
    // Before anything can be left behind: a signal ends the run in good order from here on.
    let end = End::listen()?;
    let folder = TemporaryFolder::create()?;
    let (data, documents) = (folder.path().join("desk"), folder.path().join("documents"));
    let desk = Arc::new(DemoDesk::start_with_documents(&data, documents).await?);
    let mut places = Vec::new();
    let mut residents = HashMap::new();
    for (name, citizen, make) in cards() {
        let listener = listen().await?;
        let mrz = Mrz::of(&citizen);
        places.push(CardPlace { name, can: VIRTUAL_CAN, mrz, address: address(&listener)? });
        residents.insert(name, Resident::of(name, citizen.clone(), desk.base_url()));
        tokio::spawn(card_socket::serve(listener, move || make(VirtualCard::of(&citizen).can(VIRTUAL_CAN))));
    }
    let phones = listen().await?;
    let centre = listen().await?;
    let ready = Ready {
        desk: desk.base_url().to_owned(),
        desk_id: DESK_ID,
        phone: address(&phones)?,
        centre: address(&centre)?,
        cards: places,
        directory: Directory::new(),
        config: Config {
            issuer_url: desk.base_url().to_owned(),
            issuer_roots: vec![Base64(desk.issuer_root().to_vec())],
            card_roots: vec![Base64(pki::csca().certificate().to_vec())],
            desk_roots: vec![Base64(desk.desk_root().to_vec())],
        },
        pack_authority: Base64(desk.pack_authority().to_vec()),
    };
    tokio::spawn(phone_socket::serve(phones));
    let at_centre = tokio::spawn(centre_socket::serve(centre, Arc::clone(&desk), residents));
    output::print(&serde_json::to_string(&ready).map_err(|_| Failure::Internal("a document without JSON"))?)?;
    end.come().await;
    at_centre.abort();
    // What is still being answered writes into the folder; it goes when nothing does any more.
    let stopped = desk.stop().await;
    drop(folder);
    stopped
}

/// What is special about a chip.
type Make = fn(CardBuilder) -> CardBuilder;

/// The cards there are: name, whose, and what is special about the chip.
fn cards() -> [(&'static str, Citizen, Make); 6] {
    [
        ("adult", people::adult(), |card| card),
        ("second", people::other_adult(), |card| card),
        ("minor", people::minor(), |card| card),
        ("foreign", people::foreign_resident(), |card| card),
        ("rogue", people::adult(), |card| card.signed_by(DocumentSigner::Rogue)),
        ("worn", people::adult(), |card| card.basic_access().refuses_pace()),
    ]
}

impl Mrz {
    /// ICAO Doc 9303-11, 4.3.2: number, birth and expiry, each with its check digit.
    fn of(citizen: &Citizen) -> Self {
        let information = citizen.mrz_information();
        let part = |range: std::ops::Range<usize>| information.get(range).unwrap_or_default().to_owned();
        Self { number: part(0..10), birth: part(10..17), expiry: part(17..24) }
    }
}

async fn listen() -> Outcome<TcpListener> {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(loopback).await.map_err(|_| Failure::Internal("no port on loopback"))
}

fn address(listener: &TcpListener) -> Outcome<String> {
    let address = listener.local_addr().map_err(|_| Failure::Internal("no port on loopback"))?;
    Ok(address.to_string())
}

/// What asks for the end.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn listen() -> Outcome<Self> {
        let no_signals = |_| Failure::Internal("no signals");
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(no_signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(no_signals)?,
        })
    }

    async fn come(mut self) {
        tokio::select! {
            () = standard_input_ends() => {}
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Whoever started it is gone when its end of the pipe is.
async fn standard_input_ends() {
    let (mut input, mut ignored) = (tokio::io::stdin(), [0; 256]);
    while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}
