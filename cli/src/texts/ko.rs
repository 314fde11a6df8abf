//! 한국어.

use clap::error::{ContextKind, ErrorKind};
use wallet_core::{
    chip::MrzPart,
    verify::{AudienceKind, Relaxation},
    wallet::{ChipCheckFailure, ChipCheckOutcome, ChipCheckSkip, Distrust, ErrorText, Language, WalletError},
};

use super::{Demo, Detail, Fields, Help, Say, Texts, percent};
use crate::failure::{Failure, PassphraseFault, ReaderFault, UsageFault};

/// The texts.
pub(crate) static KOREAN: Texts = Texts { language: Language::Korean, help: HELP, say: SAY, demo: DEMO };

const HELP: Help = Help {
    template: "{before-help}{about}\n\n사용법: {usage}\n\n{all-args}{after-help}",
    options: "옵션",
    commands: "명령",
    about: "컴퓨터에서 쓰는 모바일 신분증과 창구용 확인 도구",
    usage: "wallet 명령 [옵션]",
    exit_codes: "종료 코드: 0 정상 · 1 예기치 못한 오류 · 2 사용법 · 3 거부 또는 신뢰할 수 없음 · 4 카드 또는 리더기 · 5 네트워크 또는 발급기관 · \
                 6 잠김, 암호 또는 생체인증 · 7 저장소 · 8 취소",
    complaint,

    home: "지갑이 저장되는 폴더 (없으면 $XDG_DATA_HOME/wallet, 그것도 없으면 ~/.local/share/wallet)",
    lang: "언어: en 또는 ko (없으면 로캘을 따름)",
    json: "표준 출력에 JSON 문서 하나만 출력하고 진행 표시를 하지 않음",
    help: "이 도움말을 출력",
    version: "버전을 출력",

    demo: "가상의 시민으로 전체 과정 실행: 카드 읽기, 발급, 제시, 확인, 주민센터 코드, 분실 신고, 그리고 열 가지 거부",
    demo_usage: "wallet demo [--out DIR] [--json]",
    demo_out: "그림을 저장할 폴더 (없으면 새 임시 폴더)",

    simulator: "개발 중인 앱을 위한 창구, 가상 카드, 소프트웨어 휴대전화를 이 컴퓨터에서 실행",
    simulator_usage: "wallet simulator",

    chip: "다른 프로그램의 리더에 가상 카드를 TCP로 넣어 단말기를 시험",
    chip_usage: "wallet chip --connect HOST:PORT [--pace WAY]... [--key KEY] [--basic-access] [--short]",
    connect: "리더가 기다리는 곳 (vsmartcard의 vpcd 규약)",
    pace: "카드가 제공하는 PACE 방식, MAPPING-CIPHER-GROUP: gm, im, cam 중 하나; 3des, aes128, aes192, aes256 중 하나; 군 번호 \
           (0–2, 10, 12–18); 여러 번 쓸 수 있음 (없으면 gm-aes128-12)",
    chip_key: "칩 인증용 칩의 키, CIPHER-GROUP",
    basic_access: "기본 접근 제어도 지원",
    chip_short: "확장 길이 거부",

    read: "카드의 칩을 읽고 무엇이 증명되었는지 표시",
    read_usage: "wallet read --reader READER [--can N | --mrz NUMBER,BIRTH,EXPIRY | --pin N | --puk N] [--files LIST] [--csca FILE]... [--crl FILE]... [--json]",
    reader: "virtual (가상 카드), pcsc 또는 pcsc:NAME (이름에 NAME이 들어간 리더기), vpcd:HOST:PORT (그 주소에서 칩의 접속을 기다림)",
    can: "카드에 인쇄된 숫자 여섯 자리. 없으면 물어봄. --pin과 함께 쓰면 정지된 PIN을 다시 사용할 수 있게 함",
    mrz: "기계 판독 줄의 문서 번호, 생년월일, 만료일(YYMMDD). 각각 검사 숫자까지",
    pin: "본인만 아는 번호(PIN). -이면 화면에 보이지 않게 물어봄",
    puk: "PIN 잠금을 푸는 번호(PUK). -이면 화면에 보이지 않게 물어봄",
    basic_access_policy: "--mrz를 쓸 때, 엿들은 사람이 나중에 풀 수 있는 기본 접근 제어를 언제 허용할지: never, \
                          where-there-is-no-pace (기본값), even-when-pace-is-refused",
    read_short: "확장 길이를 쓰지 않음",
    portrait: "사진을 칩에 있는 이미지 파일 그대로 여기에 저장",
    read_files: "읽을 파일, 쉼표로 구분: dg1–dg16, com, 또는 all (없으면 dg1,dg2,dg11,dg12,dg14,dg15). 다른 파일은 요청하지 않음",
    csca: "신뢰할 국가 서명 인증서(CSCA), PEM 또는 DER. 여러 번 쓸 수 있음 (없으면 지갑에 있는 것)",
    master_list: "국가 서명 인증서 목록(마스터 리스트). --csca의 인증서 아래에서 서명된 것. 여러 번 쓸 수 있음",
    link: "국가가 새 키로 바꿀 때 만든 연결 인증서. 여러 번 쓸 수 있음",
    crl: "국가의 인증서 폐지 목록(CRL), DER 또는 PEM. 여러 번 쓸 수 있음",
    require_crl: "서명자가 현재 유효한 폐지 목록으로 확인되지 않은 카드는 거부",

    enrol: "카드로 모바일 신분증을 발급받음",
    enrol_usage: "wallet enrol --issuer URL --reader READER [--can N] [--trust DIR] [--yes]",
    issuer: "발급기관 주소: https, 또는 이 컴퓨터의 http",
    trust: "신뢰할 인증서가 든 폴더. `desk serve`가 만든 것",
    issuer_root: "발급기관의 최상위 인증서, PEM 또는 DER. 여러 번 쓸 수 있음",
    desk_root: "창구를 등록하는 최상위 인증서, PEM 또는 DER. 여러 번 쓸 수 있음",
    yes: "모든 질문에 예로 답함 (소프트웨어 휴대전화의 얼굴 확인과 지문). 스크립트용",

    accept: "주민센터의 코드나 포털의 링크로 모바일 신분증을 발급받음",
    accept_usage: "wallet accept CODE --issuer URL [--digits N] [--trust DIR] [--yes]",
    offer: "창구의 코드나 포털의 링크: 글 또는 그림 파일",
    digits: "창구에서 말한 여섯 자리 숫자. 없으면 물어봄",

    go_on: "기다리는 발급을 이어서 진행: 브라우저, 담당자 확인, 또는 중단된 발급",
    go_on_usage: "wallet continue [URL] [--yes]",
    came_back: "로그인한 뒤 브라우저가 되돌아온 주소",

    show: "15초마다 바뀌는 QR 코드로 창구에 신분증을 제시",
    show_usage: "wallet show [--level LEVEL] [--desk SIGN] [--out DIR] [--once] [--yes]",
    level: "보여 줄 범위: adult (기본값), name_birth, address, full, registration_number",
    card: "어느 카드인지, `wallet list`의 id (없으면 하나뿐인 카드)",
    desk: "창구의 안내 코드: KD1 글자, 또는 그 그림 파일",
    show_out: "프레임마다 frame.png, frame.svg, frame.txt를 여기에도 저장",
    once: "프레임 하나만 출력하고 끝냄 (--json이면 항상)",
    offline: "제시하기 전에 발급기관에서 새 증명을 받지 않음",

    refresh: "앱이 뒤에서 하는 일을 실행: 명령 확인, 신분증 상태 확인, 새 증명과 사본 받기",
    refresh_usage: "wallet refresh [--json]",

    wipe: "키를 지운 뒤 지갑의 모든 것을 지움. 되돌릴 수 없음",
    wipe_usage: "wallet wipe [--give-up] [--yes]",
    give_up: "먼저 발급기관에 알려 다른 휴대전화에서 신분증을 받을 수 있게 함",

    check: "네트워크 없이 창구처럼 제시된 코드를 확인",
    check_usage: "wallet check SHOWN --pack FILE --pack-root FILE [--desk-id ID] [--json]",
    shown: "코드가 담긴 그림 파일(PNG 또는 JPEG), KR1 글자, 또는 표준 입력이면 -",
    pack: "창구 꾸러미 파일 (없으면 지갑에 있는 것)",
    pack_root: "창구 꾸러미를 서명한 최상위 인증서, PEM 또는 DER (없으면 지갑에 있는 것)",
    desk_id: "이 창구의 id. 한 창구에만 보여 준 코드를 확인할 때 필요",
    nonce: "이 창구의 안내 코드에 담은 난수, 16진수",
    seen: "받아들인 코드를 이 파일에 기억하여 두 번 받아들이지 않음",
    policy: "이름 붙은 정책: accept_general_audience (특정 창구용이 아닌 코드도 인정), require_nonce. 여러 번 쓸 수 있음",

    list: "지갑에 있는 카드와 남은 제시 횟수",
    list_usage: "wallet list [--json]",

    history: "지갑 이용 기록, 최근 것부터",
    history_usage: "wallet history [--limit N] [--json]",
    limit: "최대 항목 수 (20)",
};

const SAY: Say = Say {
    error: "wallet: ",
    failure,
    level: |level| level.text(Language::Korean),
    card_state: |state| state.text(Language::Korean),
    history_kind: |kind| kind.text(Language::Korean),
    software_keys: "소프트웨어 키, 보증된 하드웨어가 아님",

    ask_passphrase: "지갑 암호: ",
    ask_new_passphrase: "지갑에 쓸 암호를 정하세요: ",
    ask_can: "카드에 인쇄된 숫자 여섯 자리: ",
    ask_pin: "카드의 PIN: ",
    ask_puk: "카드의 PUK: ",
    ask_digits: "창구에서 들은 여섯 자리 숫자: ",
    ask_again: "한 번 더: ",
    yes_or_no: " [예(y)/아니요(n)] ",
    yes_letters: &['y', 'Y', '예', '네', 'ㅇ'],
    face_question: "이 컴퓨터에는 카메라가 없습니다. 카드에 있는 본인이 맞습니까?",
    touch_question: "이 컴퓨터에는 지문 센서가 없습니다. 동의하십니까?",

    playing_chip: |address| format!("카드가 {address} 리더에 들어 있습니다. Ctrl-C로 꺼냅니다."),
    waiting_for_chip: |address| format!("{address}에서 칩의 접속을 기다립니다 …"),
    waiting_for_card: |reader| format!("리더기 {reader}에 카드를 올려 주세요 …"),
    card_found: |reader| format!("{reader}에서 카드를 찾았습니다. 다 읽을 때까지 움직이지 마세요."),
    reading_file: |file, read, total| match percent(read, total) {
        None => format!("{file} 읽는 중 …"),
        Some(percent) => format!("{file} 읽는 중: {total}바이트 중 {percent}%"),
    },
    read_title: "카드",
    files: "파일",
    bytes: |count| format!("{count}바이트"),
    checks: "확인",
    detail: Detail::korean,
    unreadable,
    signed_by,
    opened_by,
    common_differs: "서명되지 않은 파일 EF.COM이 서명된 내용과 다릅니다.",
    check,
    check_outcome,
    read_took: |apdus, milliseconds| format!("칩에 보낸 명령 {apdus}개, {milliseconds} ms"),
    passed: "통과",
    failed: "실패",
    skipped: "생략",

    enrolment_stage: |stage| stage.text(Language::Korean),
    enrolled: |name| format!("{name} 님의 모바일 신분증이 지갑에 들어왔습니다."),
    sign_in: |url| {
        format!(
            "브라우저에서 이 주소를 열고 로그인하세요:\n{url}\n그다음 되돌아온 주소로 `wallet continue URL`을 실행하세요."
        )
    },
    later: |seconds| {
        format!("담당자가 먼저 확인합니다. {seconds}초 뒤에 `wallet continue`로 다시 물어보세요.")
    },
    no_cards: "지갑에 카드가 없습니다. `wallet enrol`로 발급받으세요.",
    copies: "남은 제시 횟수",
    left: |count| format!("{count}회"),
    no_history: "아직 기록이 없습니다.",
    unverified: "확인되지 않은 창구",
    field: Fields {
        name: "이름",
        name_latin: "로마자 이름",
        birth_date: "생년월일",
        registration_number: "주민등록번호",
        address: "주소",
        issued: "발급",
        valid_until: "유효 기간",
        state: "상태",
        document_number: "문서 번호",
        nationality: "국적",
        keys: "키",
        adult: "출생 연도 기준 성인",
        authority: "발급 기관",
        vouched: "발급기관의 최근 확인",
    },

    show_countdown: |next, end| {
        format!("{next}초 뒤 새 코드로 바뀝니다. {end}초 뒤 끝납니다. Ctrl-C로 지금 끝낼 수 있습니다.")
    },
    show_ended: "제시가 끝났습니다.",
    show_to: |desk| match desk {
        Some(desk) => format!("받는 곳: {desk} (확인됨)"),
        None => "받는 곳: 확인되지 않은 창구".to_owned(),
    },
    written: |path| format!("저장함: {path}"),
    stale: "발급기관에 연결할 수 없어, 네트워크가 없는 창구에서 거부될 수 있습니다.",

    refreshed: |obeyed, staples, renewed, seconds| {
        let copies = if renewed { ", 새 사본" } else { "" };
        format!("갱신: 명령 {obeyed}개, 새 증명 {staples}개{copies}. {seconds}초 뒤에 다시 하세요.")
    },
    wiped: "지갑을 지웠습니다. 남은 것이 없습니다.",

    accepted: "인정",
    refused: "거부",
    relaxation,
    audience,
    pack_age: |sequence, seconds| format!("창구 꾸러미 {sequence}, {} 전에 만듦.", age(seconds)),
    yes: "예",
    no: "아니요",
};

const DEMO: Demo = Demo {
    started: |address| format!("창구가 {address}에서 응답합니다: 발급기관, 주민센터, 확인 창구를 겸함"),
    tapped: |name, apdus| format!("{name} 님의 카드를 읽었습니다: 진본, 변조 없음, 원본 칩 (명령 {apdus}개)"),
    enrolled: |name, copies| format!("{name} 님의 신분증이 휴대전화에 들어왔습니다. 일회용 사본 {copies}개"),
    scanned: |desk| format!("창구의 안내 코드를 읽었습니다: {desk}, 확인됨"),
    shown: |level, desk| format!("{desk}에 신분증을 제시했습니다: {level}"),
    every_level: "모든 범위를 제시했습니다 (글자 수, QR 버전)",
    visited: |name| {
        format!("주민센터: {name} 님을 확인한 담당자가 코드를 보여 주고 여섯 자리 숫자를 말합니다")
    },
    issued: |name, copies| {
        format!("{name} 님의 신분증이 다른 휴대전화에 들어왔습니다. 일회용 사본 {copies}개, 인증 없음")
    },
    wrong_digits: "숫자가 다른 주민센터 코드",
    used_code: "이미 쓴 주민센터 코드",
    second_phone: "같은 사람의 두 번째 휴대전화",
    checked_centre: "네트워크 없는 창구가 주민센터에서 발급받은 신분증을 확인",
    portal_unseen: "아무도 본 적 없고 카드도 대지 않은 사람의 포털 링크",
    portal_link: |name| {
        format!("포털: 주민센터를 다녀간 {name} 님이 로그인해 신청하고 휴대전화에서 링크를 엽니다")
    },
    portal_other_browser: "다른 브라우저가 휴대전화로 가져온 응답",
    issued_by_portal: |name, copies| {
        format!("{name} 님의 신분증(외국인등록증)이 세 번째 휴대전화에 들어왔습니다. 일회용 사본 {copies}개")
    },
    checked_portal: "네트워크 없는 창구가 포털에서 발급받은 신분증을 확인",
    lost_phone: "분실 신고로 통신사가 신분증을 정지한 뒤 온라인 창구가 확인",
    locked_phone: "분실된 휴대전화가 스스로 잠긴 뒤 주운 사람이 신분증을 제시하려 함",
    found_phone: "휴대전화를 찾아 잠금을 푼 뒤 온라인 창구가 확인",
    network_off: "여기부터 네트워크가 없습니다. 그 전에 알려지지 않은 발급기관이 다른 신분증을 만들었습니다",
    checked: "네트워크 없는 창구가 코드를 확인",
    screenshot: "20초 지난 화면 사진",
    other_desk: "이 창구에 보여 준 코드를 다른 창구에서",
    flipped_bit: "한 비트가 바뀐 코드",
    wrong_issuer: "다른 발급기관의 신분증",
    no_biometrics: "지문도 얼굴도 등록되지 않은 휴대전화",
    counts: |prompts, apdus| format!("지문이나 얼굴을 {prompts}번 물었고, 칩에 명령 {apdus}개를 보냈습니다."),
    pictures: |folder| format!("모든 범위의 그림: {folder}"),
};

fn unreadable(file: &str) -> String {
    format!("{file}: 서명된 그대로이지만 이 프로그램이 아는 형식이 아닙니다.")
}

fn signed_by(country: &str, signature: &str, hash: &str) -> String {
    format!("{country} 기관이 서명함: {signature}, 다이제스트 {hash}")
}

fn opened_by(way: &str) -> &'static str {
    match way {
        "pace" => "PACE로 열었습니다",
        "basic_access" => "기본 접근 제어로 열었습니다. 카드에 더 나은 방식이 없습니다",
        _ => {
            "카드가 PACE를 안내하지만 기본 접근 제어로 열었습니다. 가까이 있던 사람이 내용을 엿들었을 수 있습니다"
        }
    }
}

fn check(name: &str) -> &'static str {
    match name {
        "passive_authentication.signature" => "카드 내용의 서명",
        "passive_authentication.chain" => "국가가 인정한 서명자",
        "passive_authentication.issuing_state" => "서명한 국가와 발급 국가의 일치",
        "passive_authentication.revocation" => "서명자 폐지 여부",
        "passive_authentication.hashes" => "서명된 내용과 일치",
        "access" => "서명된 접근 방식과 일치",
        "chip_authentication" => "원본 칩 (키 합의)",
        _ => "원본 칩 (서명)",
    }
}

fn check_outcome(outcome: ChipCheckOutcome) -> String {
    let (word, why) = match outcome {
        ChipCheckOutcome::Passed => return "통과".to_owned(),
        ChipCheckOutcome::PassedWeakly => ("통과", "오래되고 약한 방식"),
        ChipCheckOutcome::Failed { why } => (
            "실패",
            match why {
                ChipCheckFailure::Malformed => "파일 형식이 잘못됨",
                ChipCheckFailure::Unsupported => "이 프로그램이 모르는 방식",
                ChipCheckFailure::BadSignature => "서명이 맞지 않음",
                ChipCheckFailure::UntrustedIssuer => "신뢰하는 기관이 발급하지 않음",
                ChipCheckFailure::NotInForce => "인증서의 유효 기간이 아님",
                ChipCheckFailure::Revoked => "기관이 인증서를 폐지했거나 현재 목록으로 확인되지 않음",
                ChipCheckFailure::AnotherState => "카드의 발급 국가가 아닌 다른 국가가 서명함",
                ChipCheckFailure::Altered => "바뀌었거나 서명된 적이 없는 파일이 있음",
                ChipCheckFailure::HiddenAccess => "카드가 서명된 것과 다른 접근 방식을 안내함",
                ChipCheckFailure::NotProven => "칩이 자기 키를 증명하지 못함: 복제 의심",
            },
        ),
        ChipCheckOutcome::Skipped { why } => (
            "확인 안 함",
            match why {
                ChipCheckSkip::NoChallenge => "난수를 주지 않음",
                ChipCheckSkip::NoKey => "카드에 해당 키가 없음",
                ChipCheckSkip::NotAsked => "카드에 요청하지 않음",
                ChipCheckSkip::NotRead => "파일을 읽지 않음",
                ChipCheckSkip::Unreadable => "키가 든 파일을 해석할 수 없음",
                ChipCheckSkip::Unsupported => "이 프로그램이 모르는 방식",
                ChipCheckSkip::UnknownState => "서명 국가나 발급 국가를 알 수 없음",
                ChipCheckSkip::NothingSigned => "비교할 서명된 파일을 읽지 않음",
                ChipCheckSkip::AfterAFailure => "앞선 확인이 실패함",
                ChipCheckSkip::NoRevocationList => "폐지 목록이 없음 (--crl)",
                ChipCheckSkip::OldRevocationList => "폐지 목록이 최신이 아님",
            },
        ),
    };
    format!("{word} ({why})")
}

fn complaint(error: &clap::Error) -> String {
    let named = |kind: ContextKind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!(
                "\"{}\" 명령은 없습니다. `wallet --help`로 명령을 볼 수 있습니다.",
                named(ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::MissingSubcommand => {
            "어떤 명령입니까? `wallet --help`로 명령을 볼 수 있습니다.".to_owned()
        }
        ErrorKind::UnknownArgument => format!("\"{}\" 옵션은 없습니다.", named(ContextKind::InvalidArg)),
        ErrorKind::MissingRequiredArgument => {
            format!("다음이 필요합니다: {}", named(ContextKind::InvalidArg))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!(
            "{}에 \"{}\" 값을 쓸 수 없습니다.",
            named(ContextKind::InvalidArg),
            named(ContextKind::InvalidValue)
        ),
        ErrorKind::ArgumentConflict => {
            format!("{} 옵션은 한 번만 쓸 수 있습니다.", named(ContextKind::InvalidArg))
        }
        _ => "명령을 이해하지 못했습니다. `wallet --help`를 보세요.".to_owned(),
    }
}

fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Usage(fault) => usage(fault),
        Failure::Wallet(error) | Failure::Unbelieved { error, .. } => wallet(error),
        Failure::Reader(fault) => reader(fault),
        Failure::Refused => "코드가 거부되었습니다.".to_owned(),
        Failure::DemoFailed => "시연 결과가 예상과 다릅니다.".to_owned(),
        Failure::Passphrase(PassphraseFault::Missing) => {
            "암호가 필요합니다. WALLET_PASSPHRASE를 설정하거나 터미널에서 실행하세요.".to_owned()
        }
        Failure::Passphrase(PassphraseFault::Differ) => "두 암호가 다릅니다. 바뀐 것은 없습니다.".to_owned(),
        Failure::Passphrase(PassphraseFault::Wrong) => "이 암호로는 지갑을 열 수 없습니다.".to_owned(),
        Failure::Storage { path, reason } => format!("{}을(를) 쓸 수 없습니다: {reason}.", path.display()),
        Failure::Cancelled => "취소했습니다. 바뀐 것은 없습니다.".to_owned(),
        Failure::Output => "출력할 수 없습니다.".to_owned(),
        Failure::Internal(what) => format!("있어서는 안 되는 오류입니다: {what}."),
    }
}

fn usage(fault: &UsageFault) -> String {
    match fault {
        UsageFault::CommandLine(words) | UsageFault::Nothing(words) => words.clone(),
        UsageFault::Value { argument, value } => {
            format!("{argument}에 \"{value}\" 값을 쓸 수 없습니다. `wallet --help`를 보세요.")
        }
        UsageFault::Mrz(part) => {
            let part = match part {
                MrzPart::Number => "문서 번호가",
                MrzPart::Birth => "생년월일이",
                MrzPart::Expiry => "만료일이",
            };
            format!("--mrz의 {part} 검사 숫자와 맞지 않거나 검사 숫자가 없습니다. 카드를 다시 보고 입력하세요. 카드에는 아무것도 보내지 않았습니다.")
        }
        UsageFault::NotANumber(argument) => {
            format!("{argument}에 쓸 수 없는 번호입니다. 숫자만 쓰며 PIN은 4–12자리, PUK는 6–12자리입니다.")
        }
        UsageFault::Missing(argument) => format!("여기에는 {argument}이(가) 필요합니다."),
        UsageFault::File(path) => format!("{} 파일을 읽을 수 없습니다.", path.display()),
        UsageFault::FileContent { argument, path } => {
            format!("{} 파일은 {argument}에 쓸 수 있는 것이 아닙니다.", path.display())
        }
        UsageFault::OlderPack(path) => format!("창구 꾸러미 {}은(는) 이 창구가 이미 쓴 것보다 오래되었습니다.", path.display()),
        UsageFault::NoCode => "그림에서 QR 코드를 찾을 수 없습니다.".to_owned(),
        #[cfg(not(feature = "pcsc"))]
        UsageFault::NoPcsc => {
            "이 프로그램은 PC/SC 없이 만들어졌습니다. `--features pcsc`로 다시 만드세요 (시스템의 pcsc-lite 필요).".to_owned()
        }
    }
}

fn reader(fault: &ReaderFault) -> String {
    match fault {
        ReaderFault::NoReader => "카드 리더기가 없거나 그 서비스(pcscd)가 실행되고 있지 않습니다.".to_owned(),
        ReaderFault::UnknownReader(there) => {
            format!("그런 이름의 리더기가 없습니다. 있는 리더기: {}.", there.join(", "))
        }
        ReaderFault::Busy => {
            "다른 프로그램이 카드를 쓰고 있습니다. 그 프로그램을 닫고 다시 하세요.".to_owned()
        }
        ReaderFault::NoCard => "시간 안에 카드가 오지 않았습니다.".to_owned(),
        ReaderFault::Port => "그 주소에서 기다릴 수 없거나 칩이 접속을 끊었습니다.".to_owned(),
        ReaderFault::Failed(code) => format!("리더기 오류입니다. 코드 {code:#010x}."),
    }
}

const fn relaxation(relaxation: Relaxation) -> &'static str {
    match relaxation {
        Relaxation::AcceptGeneralAudience => "특정 창구용이 아닌 코드도 인정하는 정책",
        Relaxation::OutageUntil => "장애 기간에 확인 시각을 보지 않는 정책",
        Relaxation::FreshNonce => "이 창구의 새 난수가 시계를 대신함",
    }
}

const fn audience(audience: AudienceKind) -> &'static str {
    match audience {
        AudienceKind::ThisDesk => "이 창구에 보여 준 코드입니다.",
        AudienceKind::OtherDesk => "다른 창구에 보여 준 코드입니다.",
        AudienceKind::General => "특정 창구용이 아닌 코드입니다.",
    }
}

/// A span of time in its largest whole unit.
fn age(seconds: i64) -> String {
    match seconds {
        172_800.. => format!("{}일", seconds / 86_400),
        7_200.. => format!("{}시간", seconds / 3600),
        120.. => format!("{}분", seconds / 60),
        _ => format!("{}초", seconds.max(0)),
    }
}

/// The core's words, and what only a desktop adds.
fn wallet(error: &WalletError) -> String {
    let ErrorText { what, next } = error.text(Language::Korean);
    match error {
        WalletError::NotTrusted { why: Distrust::ChipSigner } => {
            format!("{what} {next} 다른 기관은 --csca로 지정하세요.")
        }
        WalletError::StorageCorrupt { kept_at: Some(path) } => {
            format!("{what} {path}에 보관했습니다. {next}")
        }
        _ => format!("{what} {next}"),
    }
}
