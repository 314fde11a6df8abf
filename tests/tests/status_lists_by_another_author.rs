//! Random status lists made here are read by a library nobody here wrote, and the other way round. `ci/openid-peers` says
//! where that library is; without it this test does not run.

use std::{
    env,
    io::Write,
    process::{Command, Stdio},
};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};
use wallet_core::{
    crypto::sign::SigningKey,
    jose::Jwk,
    status::{Status, StatusList, StatusToken, issue::Terms},
};

const URI: &str = "https://issuer.example/status/7";
const NOW: i64 = 1_795_404_600;

/// A repeatable stream of values below `limit` (xorshift64*), mostly zero as statuses are.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn values(&mut self, count: usize, limit: u64, one_in: u64) -> Vec<u8> {
        let mut value = || if self.next().is_multiple_of(one_in) { self.next() % limit } else { 0 };
        (0..count).map(|_| u8::try_from(value()).unwrap()).collect()
    }
}

fn ours(values: &[u8]) -> StatusList {
    let mut list = StatusList::all_valid(u32::try_from(values.len()).unwrap()).unwrap();
    for (index, value) in (0..).zip(values) {
        list.set(index, Status::from_value(*value)).unwrap();
    }
    list
}

#[test]
#[ignore = "needs the peer that ci/openid-peers installs"]
fn random_lists_read_the_same_to_both() {
    let folder = env::var("STATUS_LIST_PEER").unwrap();
    let seed = 0x5EED_0001;
    let mut stream = Stream(seed);
    let sizes = [8, 16, 104, 1024, 70_000];
    let read: Vec<Vec<u8>> =
        sizes.iter().zip([2, 3, 10, 100, 20]).map(|(size, one_in)| stream.values(*size, 4, one_in)).collect();
    let made: Vec<(u8, Vec<u8>)> = [1_u8, 2, 4, 8]
        .iter()
        .flat_map(|bits| sizes.map(|size| (*bits, size)))
        .map(|(bits, size)| (bits, stream.values(size, 1 << bits, 5)))
        .collect();
    let key = SigningKey::make().unwrap().0;
    let token =
        ours(&read[3]).to_jwt(&Terms { uri: URI, issued_at: NOW, expires_at: NOW + 3600, ttl: 300 }, &[]);
    let token = token.unwrap();
    let signature = key.sign(token.as_bytes()).unwrap();
    let token = token.signed(&signature);
    assert!(StatusToken::verify_jwt(&token, URI, key.public(), NOW).is_ok());

    // The same lists in one bit: what does not hold is invalid.
    let job = |bits: u8, list: &StatusList, count: usize| {
        json!({
            "bits": bits, "count": count, "lst": BASE64_URL_SAFE_NO_PAD.encode(list.to_zlib()),
        })
    };
    let in_two = read.iter().map(|values| job(2, &ours(values), values.len()));
    let in_one = read.iter().map(|values| job(1, &ours(values).in_one_bit(), values.len()));
    let jobs = json!({
        "read": in_two.chain(in_one).collect::<Vec<_>>(),
        "make": made.iter().map(|(bits, values)| json!({"bits": bits, "values": values})).collect::<Vec<_>>(),
        "jwt": token, "jwk": Jwk::new(*key.public()), "now": NOW, "count": read[3].len(),
    });
    let mut peer = Command::new("node")
        .arg("status_list.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    peer.stdin.take().unwrap().write_all(&serde_json::to_vec(&jobs).unwrap()).unwrap();
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "seed {seed}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();

    let holds =
        read.iter().map(|values| values.iter().map(|value| u8::from(*value != 0)).collect::<Vec<_>>());
    let expected: Vec<Vec<u8>> = read.iter().cloned().chain(holds).collect();
    assert_eq!(answer["read"], json!(expected), "seed {seed}");
    assert_eq!(answer["jwt"], json!(read[3]), "seed {seed}");
    for ((bits, values), lst) in made.iter().zip(answer["made"].as_array().unwrap()) {
        let zlib = BASE64_URL_SAFE_NO_PAD.decode(lst.as_str().unwrap()).unwrap();
        let list = StatusList::from_zlib(*bits, &zlib).unwrap();
        for (index, value) in (0..).zip(values) {
            assert_eq!(list.status(index).unwrap().value(), *value, "{bits} bits, {index}, seed {seed}");
        }
    }
}
