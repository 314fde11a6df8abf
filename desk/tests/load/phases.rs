//! What comes after the ID was got: wallets renew their copies, and counters check what is shown to them.

use std::{collections::VecDeque, sync::Mutex, thread, time::Instant};

use wallet_core::verify::{Counter, DeskSettings};

use super::{Plan, Times, print};
use crate::fleet::{
    Office, now,
    wallet::{End, Net, Wallet},
};

/// One wallet from its refresh token to new copies, in the report.
const RENEWED: &str = "copies renewed, whole";
/// Counters at once, and how many codes one checks with a pack before it fetches another.
const COUNTERS: u32 = 8;
const WITH_ONE_PACK: usize = 50;
/// Phones that wait at once, and how long.
const MOST_WAITING: u32 = 500;
const WAIT_SECONDS: u32 = 10;

/// Every wallet that has the ID renews its copies. Gives how many did.
pub(super) fn renew(office: &Office, plan: &Plan) -> usize {
    let renewed = |net: &Net, wallets: &Waiting| {
        let mut count = 0;
        while let Some(wallet) = wallets.next(office) {
            let begun = Instant::now();
            // One that was killed before it heard the end of its issuance has no token to renew with.
            if let Some(end) = wallet.renew(net) {
                let End::Has(copies) = end else { panic!("not renewed: {end:?}; {plan:?}") };
                net.took(RENEWED, begun);
                assert_eq!(wallet.vouched_at_last(net, &copies), copies.len(), "{plan:?}");
                count += 1;
            }
        }
        count
    };
    at_once(office, plan, plan.wallets, renewed)
}

/// Every wallet that has the ID shows it once, to counters that fetch the newest pack now and then. Gives how many were accepted.
pub(super) fn check(office: &Office, plan: &Plan) -> usize {
    let authority = office.clerk().pack_authority();
    let checked = |net: &Net, wallets: &Waiting| {
        let pack = || (0..100).find_map(|_| net.get("/counter-pack")).expect("a desk that answers").body;
        let counter = Counter::open(pack(), authority.clone(), 0, DeskSettings::default(), now()).unwrap();
        let mut count = 0;
        while let Some(wallet) = wallets.next(office) {
            if count > 0 && count % WITH_ONE_PACK == 0 {
                let pack = pack();
                let begun = Instant::now();
                counter.update_from(pack, authority.clone(), now()).unwrap();
                net.took("counter reads its pack", begun);
            }
            let Some(text) = wallet.shown() else { continue };
            let begun = Instant::now();
            let verdict = counter.check(&text, now(), now());
            net.took("counter checks a code", begun);
            assert!(verdict.accepted, "{:?}; {plan:?}", verdict.reason());
            assert!(!counter.check(&text, now(), now()).accepted, "the same code again; {plan:?}");
            count += 1;
        }
        count
    };
    at_once(office, plan, COUNTERS, checked)
}

/// Phones wait for a command that does not come, and the desks work for them: prints how much.
pub(super) fn wait(office: &Office, plan: &Plan) {
    let phones = plan.citizens.min(MOST_WAITING);
    let (before, begun) = (office.processor_seconds(), Instant::now());
    let waited = |net: &Net, wallets: &Waiting| {
        let Some(wallet) = wallets.next(office) else { return 0 };
        wallet.wait(net, WAIT_SECONDS);
        1
    };
    let waited = at_once(office, plan, phones, waited);
    let used = (office.processor_seconds() - before) / begun.elapsed().as_secs_f64();
    println!("load: {waited} phones wait; the desks use {:.1} ms of a processor each second", used * 1000.0);
}

/// Wallets whose turn has not come.
struct Waiting(Mutex<VecDeque<String>>);

impl Waiting {
    /// The next one that has the ID.
    fn next(&self, office: &Office) -> Option<Wallet> {
        loop {
            let name = self.0.lock().unwrap().pop_front()?;
            let wallet = Wallet::open(office.journals().join(name));
            if matches!(wallet.ended(), Some(End::Has(_))) {
                return Some(wallet);
            }
        }
    }
}

/// Has so many threads do it, each with a way of its own to the desks, and tells what each call took.
fn at_once(
    office: &Office,
    plan: &Plan,
    threads: u32,
    work: impl Fn(&Net, &Waiting) -> usize + Sync,
) -> usize {
    let wallets = Waiting(Mutex::new(plan.phones().map(|(_, name)| name).collect()));
    let (times, desks) = (Mutex::new(Times::new()), office.addresses());
    let begun = Instant::now();
    let done = thread::scope(|scope| {
        let each = (0..threads).map(|number| {
            let (wallets, times, desks, work) = (&wallets, &times, &desks, &work);
            scope.spawn(move || {
                let net = Net::new(desks, usize::try_from(number).unwrap());
                let done = work(&net, wallets);
                let mut times = times.lock().unwrap();
                for (kind, took) in net.times.borrow().iter() {
                    times.entry((*kind).to_owned()).or_default().push(*took);
                }
                done
            })
        });
        let running: Vec<_> = each.collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    print(times.into_inner().unwrap(), begun.elapsed().as_secs_f64());
    done
}
