use super::{issue::*, *};
use crate::{
    card::{LifeCycle, SuspendReason},
    crypto::sign::SigningKey,
    jose::Blob,
    platform::{HttpResponse, Url},
    status::{AskError, Misuse, Rule},
    trust::{
        eku,
        test_pki::{self, NOT_AFTER, NOW},
    },
};

struct World {
    anchors: Anchors,
    key: SigningKey,
    certificate: Vec<u8>,
    phone: PublicKey,
}

fn world_with(usage: &[u64]) -> World {
    let root = test_pki::root(test_pki::authority_params("issuer root", Some(0)));
    let pair = test_pki::key();
    let params = test_pki::with_usage(test_pki::leaf_params("command key"), usage);
    let certificate = params.signed_by(&pair, &root).unwrap();
    World {
        anchors: Anchors::new(vec![Certificate::parse(root.der()).unwrap()]),
        key: SigningKey::from_pkcs8(&pair.serialize_der()).unwrap(),
        certificate: certificate.der().to_vec(),
        phone: *SigningKey::make().unwrap().0.public(),
    }
}

fn world() -> World {
    world_with(&eku::COMMAND_KEY)
}

impl World {
    fn request(&self, seq: u64, op: CommandOp) -> CommandRequest {
        let why = CommandReason::PhoneLost;
        let audience = self.phone.thumbprint();
        CommandRequest { audience, seq, op, why, issued_at: NOW, expires_at: NOW + 600 }
    }

    fn issue(&self, request: &CommandRequest) -> Vec<u8> {
        issue_command(request, &self.certificate, &|bytes| self.key.sign(bytes)).unwrap()
    }

    fn hear(&self, bytes: &[u8], obeyed: u64, now: i64) -> Result<Command, CommandError> {
        UnverifiedCommand::parse(bytes)?.verify(&self.anchors, &self.phone, obeyed, now)
    }
}

#[test]
fn a_command_says_what_was_signed_and_is_heard_again_but_not_after_a_later_one() {
    let world = world();
    for op in CommandOp::ALL {
        let bytes = world.issue(&world.request(7, op));
        let command = world.hear(&bytes, 0, NOW).unwrap();
        assert_eq!((command.seq(), command.op(), command.why()), (7, op, CommandReason::PhoneLost));
        assert_eq!(world.hear(&bytes, 7, NOW), Ok(command), "its acknowledgement was lost");
        assert_eq!(world.hear(&bytes, 8, NOW), Err(CommandError::Replayed));
    }
}

#[test]
fn a_lock_is_obeyed_whatever_the_clock_says_and_the_others_in_their_time() {
    let world = world();
    for (op, early, late) in [
        (CommandOp::Lock, None, None),
        (CommandOp::Resume, Some(CommandError::FromTheFuture), Some(CommandError::Expired)),
        (CommandOp::Wipe, Some(CommandError::FromTheFuture), Some(CommandError::Expired)),
    ] {
        let bytes = world.issue(&world.request(1, op));
        assert_eq!(world.hear(&bytes, 0, NOW - SKEW - 1).err(), early);
        assert!(world.hear(&bytes, 0, NOW - SKEW).is_ok());
        assert!(world.hear(&bytes, 0, NOW + 599 + SKEW).is_ok());
        assert_eq!(world.hear(&bytes, 0, NOW + 600 + SKEW).err(), late);
        let far = world.hear(&bytes, 0, NOT_AFTER + 1);
        assert_eq!(far.is_ok(), op == CommandOp::Lock, "{far:?}");
    }
    // A lock that claims a time its signer never had is none.
    let request = CommandRequest {
        issued_at: NOT_AFTER + 10,
        expires_at: NOT_AFTER + 20,
        ..world.request(1, CommandOp::Lock)
    };
    let heard = world.hear(&world.issue(&request), 0, NOW);
    assert_eq!(heard, Err(CommandError::Untrusted(TrustError::Expired)));
}

#[test]
fn another_phones_command_and_another_keys_are_refused() {
    let world = world();
    let other = CommandRequest { audience: [9; 32], ..world.request(1, CommandOp::Wipe) };
    assert_eq!(world.hear(&world.issue(&other), 0, NOW), Err(CommandError::OtherPhone));

    let bytes = world.issue(&world.request(1, CommandOp::Wipe));
    let stranger = self::world();
    let heard = UnverifiedCommand::parse(&bytes).unwrap().verify(&stranger.anchors, &world.phone, 0, NOW);
    assert!(matches!(heard, Err(CommandError::Untrusted(_))), "{heard:?}");

    let forged = issue_command(&world.request(1, CommandOp::Wipe), &world.certificate, &|bytes| {
        stranger.key.sign(bytes)
    });
    assert_eq!(world.hear(&forged.unwrap(), 0, NOW), Err(CommandError::BadSignature));

    for usage in [&eku::COUNTER_ISSUER[..], &eku::WALLET_PROVIDER, &eku::STATUS_ISSUER] {
        let world = world_with(usage);
        let bytes = world.issue(&world.request(1, CommandOp::Lock));
        assert_eq!(world.hear(&bytes, 0, NOW), Err(CommandError::Untrusted(TrustError::WrongUsage)));
    }
}

#[test]
fn no_altered_bit_is_obeyed() {
    let world = world();
    let bytes = world.issue(&world.request(300, CommandOp::Lock));
    for at in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[at / 8] ^= 1 << (at % 8);
        assert!(world.hear(&altered, 0, NOW).is_err(), "bit {at}");
    }
}

#[test]
fn what_is_no_command_is_told_apart() {
    let world = world();
    let sign = |protected: &str, payload: &str| {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let signed =
            crate::cose::issue::sign1(&bytes(protected), &bytes(payload), &|bytes| world.key.sign(bytes));
        let signed: Result<Vec<u8>, _> = signed;
        world.hear(&signed.unwrap(), 0, NOW)
    };
    let certificate = format!("1821590{:03x}{}", world.certificate.len(), hex::encode(&world.certificate));
    let header = |alg: &str, typ: &str| format!("a301{alg}106a{}{certificate}", hex::encode(typ));
    let good = header("28", "kr-command");
    assert_eq!(sign(&header("27", "kr-command"), "a0"), Err(CommandError::Algorithm));
    assert_eq!(sign(&header("28", "kr-commant"), "a0"), Err(CommandError::Type));
    assert_eq!(
        sign("a201281 06a6b722d636f6d6d616e64".replace(' ', "").as_str(), "a0"),
        Err(CommandError::Malformed)
    );
    let audience = hex::encode(world.phone.thumbprint());
    let claims = |rest: &str| format!("a6015820{audience}{rest}");
    let (iat, exp) = (format!("041a{NOW:08x}"), format!("051a{:08x}", NOW + 600));
    assert!(sign(&good, &claims(&format!("02010301{iat}{exp}0601"))).is_ok());
    for broken in [
        format!("02000301{iat}{exp}0601"),
        format!("02010304{iat}{exp}0601"),
        format!("02010301{iat}{exp}0606"),
        format!("02010301041a{:08x}{exp}0601", NOW + 600),
        format!("02010301{iat}{exp}0701"),
        format!("02010301{iat}{exp}"),
    ] {
        assert_eq!(sign(&good, &claims(&broken)), Err(CommandError::Malformed), "{broken}");
    }
}

#[test]
fn a_poll_acknowledges_asks_and_is_signed_as_a_whole() {
    let world = world();
    let issuer = || Url::parse("https://issuer.example/").unwrap();
    let poll = Poll::begin(issuer(), &world.phone, 4, 25, NOW).unwrap();
    let request = poll.signed(&[3; 64]).unwrap();
    assert_eq!(request.url, "https://issuer.example/commands");
    assert_eq!(poll.to_sign(), commands_request_bytes(&request.body));
    let sent: CommandsRequest = crate::status::parse_message(&request.body).unwrap();
    assert_eq!((sent.obeyed, sent.wait, sent.made_at), (4, 25, NOW));

    let suspended = LifeCycle::Suspended { reason: SuspendReason::PhoneLost };
    let answer = |commands: usize, standing: Option<StandingMessage>| {
        let body = CommandsResponse { commands: vec![Blob(vec![1; 3]); commands], standing };
        HttpResponse { status: 200, headers: Default::default(), body: serde_json::to_vec(&body).unwrap() }
    };
    let heard = poll.finish(&answer(2, Some(StandingMessage::of(suspended)))).unwrap();
    assert_eq!(heard, Heard { commands: vec![vec![1; 3]; 2], standing: Some(suspended) });
    let poll = || Poll::begin(issuer(), &world.phone, 0, 0, NOW).unwrap();
    let unknown = StandingMessage { state: "eaten".into(), reason: "by_dog".into() };
    assert_eq!(poll().finish(&answer(0, Some(unknown))).unwrap().standing, None);
    assert_eq!(poll().finish(&answer(17, None)), Err(Rule::TooManyCommands.into()));
    assert_eq!(Poll::begin(issuer(), &world.phone, 0, 26, NOW).err(), Some(Misuse::WrongLength.into()));
    assert_eq!(poll().signed(&[0; 63]), Err(Misuse::BadSignature.into()));
}

#[test]
fn giving_up_is_answered_or_refused() {
    let world = world();
    let issuer = Url::parse("https://issuer.example").unwrap();
    let give_up = || GiveUp::begin(issuer.clone(), &world.phone, NOW).unwrap();
    let request = give_up().signed(&[3; 64]).unwrap();
    assert_eq!(request.url, "https://issuer.example/give-up");
    assert_eq!(give_up().to_sign(), give_up_request_bytes(&request.body));
    assert_ne!(give_up_request_bytes(b"x"), commands_request_bytes(b"x"));
    let answer = |status, body: &str| HttpResponse { status, headers: Default::default(), body: body.into() };
    assert_eq!(give_up().finish(&answer(200, "{}")), Ok(()));
    assert_eq!(give_up().finish(&answer(200, "\"x\"")), Err(Rule::NotTheMessage.into()));
    let refused = give_up().finish(&answer(502, ""));
    assert_eq!(refused, Err(AskError::Refused(crate::card::Refusal::Unavailable)));
}

#[test]
fn every_number_and_name_leads_back() {
    for op in CommandOp::ALL {
        assert_eq!(
            (CommandOp::from_number(op.number()), CommandOp::from_name(op.name())),
            (Some(op), Some(op))
        );
    }
    for why in CommandReason::ALL {
        assert_eq!(CommandReason::from_number(why.number()), Some(why));
        assert_eq!(CommandReason::from_name(why.name()), Some(why));
    }
    assert_eq!((CommandOp::from_number(0), CommandReason::from_number(6)), (None, None));
}
