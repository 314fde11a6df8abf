//! The same reading by `dmrtd`, another author's reader, which knows short commands only.

use criterion::{BatchSize, Criterion, Throughput};
use dmrtd::{
    com::{TransceiveError, Transceiver},
    passport::Passport,
    proto::can_key::CanKey,
};
use fixtures::chip::{ModelledLink, VirtualCard};

use super::{SUITES, card};

/// Our card behind another author's reader.
struct Peer<'a>(&'a mut VirtualCard);

impl Transceiver for Peer<'_> {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        Ok(self.0.process(apdu))
    }
}

/// The same over a modelled link.
struct PeerOnTheAir<'a>(&'a ModelledLink);

impl Transceiver for PeerOnTheAir<'_> {
    fn transceive(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        Ok(self.0.transceive_now(apdu).expect("a link that loses nothing"))
    }
}

/// Reads the same files and gives the number of APDUs.
fn read_with_dmrtd(card: &mut VirtualCard) -> u32 {
    read_files(Passport::new(Peer(card)));
    card.apdus()
}

/// Reads the same files over a modelled link. It has no chip authentication.
pub(super) fn read_over(link: &ModelledLink) {
    read_files(Passport::new(PeerOnTheAir(link)));
}

fn read_files<T: Transceiver>(mut passport: Passport<T>) {
    let offers = passport.read_ef_card_access().unwrap();
    passport.start_session_pace(CanKey::new("123456").unwrap(), &offers).unwrap();
    passport.read_ef_sod().unwrap();
    passport.read_ef_dg15().unwrap();
    passport.read_ef_dg14().unwrap();
    passport.read_ef_dg1().unwrap();
    passport.read_ef_dg11().unwrap();
    passport.read_ef_dg12().unwrap();
    passport.active_authenticate(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    passport.read_ef_dg2().unwrap();
}

pub(super) fn peer(criterion: &mut Criterion) {
    for (name, cipher, curve, ..) in SUITES {
        let apdus = read_with_dmrtd(&mut card(cipher, curve));
        eprintln!("{name}, dmrtd: {apdus} APDUs");
        let mut measured = criterion.benchmark_group(format!("reading/{name}/dmrtd 0.3.5"));
        measured.throughput(Throughput::Elements(u64::from(apdus)));
        measured.bench_function("reader and card", |bencher| {
            bencher.iter_batched_ref(|| card(cipher, curve), read_with_dmrtd, BatchSize::SmallInput);
        });
    }
}
