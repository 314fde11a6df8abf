//! A process full of wallets, told by the environment whose they are. It may be killed: it goes on from their journals.

use std::{
    collections::VecDeque, fmt::Write as _, fs, io, io::Write as _, path::PathBuf, sync::Mutex, thread,
    time::Instant,
};

use super::{Plan, asked};
use crate::fleet::{
    Clerk, citizen,
    wallet::{End, Net, Wallet},
};

/// Over how many lists the desk spreads its copies.
const STATUS_LISTS: u32 = 64;

pub(super) fn run() {
    let Ok(folder) = std::env::var("LOAD_FOLDER").map(PathBuf::from) else { return };
    let plan = Plan::of(1);
    let (shard, life) = (asked("LOAD_SHARD").unwrap(), asked("LOAD_LIFE").unwrap());
    let desks: Vec<String> = std::env::var("LOAD_ADDRESSES").unwrap().split(' ').map(str::to_owned).collect();
    let clerk = Clerk::open(&folder.join("desk"), std::env::var("DESK_DATABASE").ok().as_deref());
    let mine = plan
        .phones()
        .enumerate()
        .filter(|(at, _)| at % usize::try_from(plan.processes()).unwrap() == usize::try_from(shard).unwrap());
    let waiting: Mutex<VecDeque<(u32, String)>> = Mutex::new(mine.map(|(_, phone)| phone).collect());
    let journals = folder.join("wallets");
    let times = Mutex::new(String::new());
    thread::scope(|scope| {
        for number in 0..plan.wallets.div_ceil(plan.processes()) {
            let (waiting, journals, times, clerk, desks) = (&waiting, &journals, &times, &clerk, &desks);
            scope.spawn(move || {
                let net = Net::new(desks, usize::try_from(number).unwrap());
                loop {
                    let Some((who, name)) = waiting.lock().unwrap().pop_front() else { break };
                    let wallet = Wallet::open(journals.join(&name));
                    if wallet.ended().is_none() {
                        let begun = Instant::now();
                        if let End::Has(copies) = wallet.visit(clerk, &citizen(who), &net) {
                            net.took(super::WHOLE, begun);
                            // How the card stands: the hourly staples and a status list; now and then a counter that fetches its pack.
                            wallet.vouched(&net, &copies);
                            net.get(&format!("/status/{}", who % STATUS_LISTS));
                            if who.is_multiple_of(50) {
                                net.get("/counter-pack");
                            }
                        }
                        let mut out = io::stdout();
                        out.write_all(format!("{name} ended\n").as_bytes()).unwrap();
                        out.flush().unwrap();
                    }
                }
                let mut times = times.lock().unwrap();
                for (kind, took) in net.times.borrow().iter() {
                    writeln!(times, "{kind}\t{took}").unwrap();
                }
            });
        }
    });
    fs::write(journals.join(format!("{shard}-{life}.times")), times.into_inner().unwrap()).unwrap();
}
