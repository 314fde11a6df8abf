//! Counter packs: as received (first byte even) only the authority's own is believed; hostile content rightly signed
//! (odd) is read within its rules, comes out again as it went in, and a counter works with it.
#![no_main]

use std::sync::LazyLock;

use fuzz::counter::{WORLD, signed_like};
use libfuzzer_sys::fuzz_target;
use wallet_core::{
    counter::pack::issue::issue_pack,
    verify::{Counter, CounterPack, DeskSettings},
};

static GENUINE: LazyLock<CounterPack> = LazyLock::new(|| verified(&WORLD.pack).unwrap());
static FRAME: LazyLock<String> = LazyLock::new(|| WORLD.frame(&WORLD.copies[0]));

fn verified(bytes: &[u8]) -> Option<CounterPack> {
    CounterPack::verify(bytes, WORLD.authority.public()).ok()
}

fuzz_target!(|data: &[u8]| {
    let Some((mode, data)) = data.split_first() else { return };
    if mode & 1 == 0 {
        if let Some(pack) = verified(data) {
            assert_eq!(pack, *GENUINE, "a pack nobody signed is believed");
        }
        return;
    }
    let Some(pack) = verified(&signed_like(&WORLD.pack, data, &WORLD.authority)) else { return };
    let content = pack.content().clone();
    if let Some(status) = &content.status {
        assert!(status.deactivated.is_sorted_by(|one, next| one < next));
    }
    if content.made_at < content.expires_at {
        let again = issue_pack(&content, &|message| WORLD.authority.sign(message)).unwrap();
        assert_eq!(verified(&again).unwrap().content(), &content);
    }
    let counter = Counter::new(pack, DeskSettings::default(), WORLD.now).unwrap();
    let _ = counter.check(&FRAME, WORLD.now, 0);
});
