//! `desk serve` as a service manager sees it: where its settings come from, what it says, how it stops.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

const PASSWORD: &str = "a password of the tests";

#[cfg(test)]
struct Folder(PathBuf);

#[cfg(test)]
impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("desk-serving-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

#[cfg(test)]
impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn desk() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DESK_")) {
        command.env_remove(name);
    }
    command
}

/// `desk serve`, answering, with its base URL.
#[cfg(test)]
fn serve(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned())
}

#[cfg(test)]
fn terminate(child: Child) -> Output {
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[cfg(test)]
fn get(base: &str, path: &str) -> String {
    ureq::get(format!("{base}{path}")).call().unwrap().body_mut().read_to_string().unwrap()
}

#[cfg(test)]
fn account(arguments: &[&str], password: &str) -> Output {
    let mut child = desk()
        .arg("account")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_line_goes_before_the_environment_and_that_before_the_file() {
    let folder = Folder::new("precedence");
    let file = folder.file(
        "desk.toml",
        &format!(
            "listen = \"127.0.0.1:0\"\ndata = {:?}\ntrust-fixtures = true\nname-en = \"of the file\"\nname-ko = \"파일\"\n\
             desk-id = \"file\"\nproxy = [\"127.0.0.1\"]\nsession-idle = 600\nlog = \"off\"\n",
            folder.0.join("data")
        ),
    );
    let mut command = desk();
    command.args(["serve", "--desk-id", "line"]).env("DESK_CONFIG", &file);
    command.env("DESK_NAME_EN", "of the environment").env("DESK_DESK_ID", "environment");
    let (child, base) = serve(&mut command);
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
    let korean = ureq::get(&base).header("accept-language", "ko").call().unwrap().body_mut().read_to_string();
    assert!(korean.unwrap().contains("파일"));
    let english =
        ureq::get(&base).header("accept-language", "en").call().unwrap().body_mut().read_to_string();
    assert!(english.unwrap().contains("of the environment"));
    assert!(
        folder
            .0
            .join("data/pki")
            .read_dir()
            .unwrap()
            .any(|file| { file.unwrap().file_name().to_str().unwrap().starts_with("desk-line") })
    );
    assert_eq!(terminate(child).status.code(), Some(0));
}

#[test]
fn a_setting_that_is_wrong_is_told_by_the_name_of_its_key() {
    let folder = Folder::new("wrong");
    let refused = |file: &str, variables: &[(&str, &str)]| {
        let path = folder.file("desk.toml", file);
        let mut command = desk();
        command.args(["serve", "--data"]).arg(folder.0.join("data")).arg("--config").arg(path);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let account = |role: &str| {
        format!("[[account]]\nname = \"kim\"\nrole = \"{role}\"\noffice = \"gaon\"\npassword = \"{hash}\"\n")
    };
    for (file, variables, key) in [
        ("listne = \"127.0.0.1:0\"", &[][..], "listne"),
        ("listen = \"nowhere\"", &[], "--listen"),
        ("config = \"another.toml\"", &[], "config"),
        ("session-idle = 1", &[], "--session-idle"),
        ("name-ko = { a = 1 }", &[], "name-ko"),
        ("public-url = [", &[], "desk.toml"),
        ("[policy]\nall = true", &[], "policy"),
        ("", &[("DESK_LISTNE", "127.0.0.1:0")], "DESK_LISTNE"),
        ("", &[("DESK_SESSION_LIFE", "soon")], "--session-life"),
        (&account("king"), &[], "account 1"),
        (&account("clerk").replace("office", "offcie"), &[], "offcie"),
    ] {
        let told = refused(file, variables);
        assert!(told.contains(key), "{key}: {told}");
        assert!(!told.contains(hash), "{told}");
    }
}

#[test]
fn every_relaxation_is_told_when_the_desk_starts() {
    let folder = Folder::new("relaxed");
    let told = |arguments: &[&str]| {
        let mut command = desk();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "off", "--data"])
            .arg(folder.0.join("data"));
        let (child, _) = serve(command.args(arguments));
        let output = String::from_utf8(terminate(child).stderr).unwrap();
        let names = output.lines().filter_map(|line| line.strip_prefix("desk: WARNING: "));
        names.map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(told(&[]).is_empty());
    assert_eq!(told(&["--accept-software-keys"]), ["AcceptSoftwareKeys"]);
    assert_eq!(told(&["--accept-unchecked-attestation"]), ["AcceptUncheckedAttestation"]);
    assert_eq!(told(&["--apple-development"]), ["AppleDevelopment"]);
    assert_eq!(told(&["--trust-fixtures"]), ["TrustFixtures", "AcceptSoftwareKeys"]);
}

#[test]
fn a_password_becomes_an_account_that_signs_in() {
    let folder = Folder::new("account");
    let arguments = ["--name", "kim", "--role", "clerk", "--office", "gaon"];
    assert!(!account(&arguments, "too short\n").status.success());
    let made = account(&arguments, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let table = String::from_utf8(made.stdout).unwrap();
    assert!(table.starts_with("[[account]]\nname = \"kim\"\n") && !table.contains(PASSWORD));
    let file = folder.file("desk.toml", &table);
    let mut command = desk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.0.join("data"));
    let (child, base) = serve(command.arg("--config").arg(file));
    let answer = sign_in(&base, PASSWORD);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let output = terminate(child);
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    let events: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "stopped");
    assert!(events.iter().any(|line| line["route"] == "/sign-in" && line["status"] == 303));
    for told in [PASSWORD, "kim", "csrf", "desk-form", "127.0.0.1"] {
        assert!(!log.contains(told), "{told}: {log}");
    }
}

/// The raw answer to a sign-in, over a connection of its own.
#[cfg(test)]
fn sign_in(base: &str, password: &str) -> String {
    let mut answer = String::new();
    begin_sign_in(base, password).read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(test)]
fn begin_sign_in(base: &str, password: &str) -> TcpStream {
    let mut page = ureq::get(format!("{base}/sign-in")).call().unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let body = page.body_mut().read_to_string().unwrap();
    let csrf = body.split_once("name=\"csrf\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let form = format!("account=kim&password={}&csrf={csrf}", password.replace(' ', "+"));
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /sign-in HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\ncookie: {cookie}\r\nconnection: close\r\n\
         expect: 100-continue\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        form.len()
    )
    .unwrap();
    // From here on the request is under way.
    let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, go_on);
    stream.write_all(form.as_bytes()).unwrap();
    stream
}

#[test]
fn a_desk_that_is_told_to_stop_answers_what_is_under_way_and_ends_well() {
    let folder = Folder::new("stop");
    let mut command = desk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.0.join("data"));
    let (child, base) = serve(&mut command);
    // Hashing takes a while; somebody who never finishes a request does not hold the desk up for good.
    let idle = TcpStream::connect(base.strip_prefix("http://").unwrap()).unwrap();
    let mut under_way = begin_sign_in(&base, "wrong");
    let output = terminate(child);
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.ends_with("</html>"), "{answer}");
    drop(idle);
    assert_eq!(output.status.code(), Some(0));
    // What it leaves opens again.
    let mut command = desk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.0.join("data"));
    let (child, base) = serve(&mut command);
    assert_eq!(get(&base, "/health"), "ok");
    assert_eq!(terminate(child).status.code(), Some(0));
}

#[test]
fn a_wallet_finds_the_issuer_at_the_root_of_a_fresh_desk() {
    let folder = Folder::new("root");
    let mut command = desk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.0.join("data"));
    let (child, base) = serve(&mut command);
    let mut answer = ureq::get(format!("{base}/.well-known/openid-credential-issuer")).call().unwrap();
    for name in ["content-security-policy", "x-content-type-options", "referrer-policy", "x-request-id"] {
        assert!(answer.headers().contains_key(name), "{name}");
    }
    let metadata: serde_json::Value =
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    assert_eq!(metadata["credential_issuer"], base.as_str());
    assert_eq!(terminate(child).status.code(), Some(0));
    assert!(Path::new(&folder.0.join("data/anchors/issuer-root.der")).exists());
}

#[test]
fn the_residents_of_a_file_are_found_and_no_others() {
    let folder = Folder::new("register");
    let adult = fixtures::people::adult();
    std::fs::write(folder.0.join("adult.jpg"), adult.portrait()).unwrap();
    let resident = serde_json::json!({
        "registration_number": adult.registration_number, "name": adult.name, "name_latin": adult.name_latin(),
        "birth_date": adult.birth_date, "address": adult.address, "issue_date": adult.issue_date,
        "issuing_authority": adult.issuing_authority, "portrait": "adult.jpg",
    });
    let register = folder.file("register.jsonl", &resident.to_string());
    let visit = |number: &str| {
        let mut command = desk();
        command.args(["visit", "--url", "http://127.0.0.1:1", "--number", number, "--data"]);
        command.arg(folder.0.join("data")).arg("--register").arg(&register).output().unwrap()
    };
    let found = visit(adult.registration_number);
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.starts_with("openid-credential-offer://"), "{text}");
    assert_eq!(text.lines().nth(1).map(str::len), Some(6));
    let nobody = visit(fixtures::people::other_adult().registration_number);
    assert!(!nobody.status.success());
    assert_eq!(String::from_utf8(nobody.stderr).unwrap(), "desk: nobody is registered under it\n");

    folder.file("register.jsonl", &resident.to_string().replace("adult.jpg", "nobody.jpg"));
    let refused = visit(adult.registration_number);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("nobody.jpg"));
}

#[test]
fn an_outage_is_declared_from_the_command_line_and_is_in_the_next_pack() {
    use wallet_core::{counter::pack::CounterPack, trust::Certificate};
    let folder = Folder::new("outage");
    let data = folder.0.join("data");
    let mut command = desk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "off", "--data"]).arg(&data);
    let (child, base) = serve(&mut command);
    let authority = std::fs::read(data.join("anchors/pack-authority.der")).unwrap();
    let authority = Certificate::parse(&authority).unwrap().p256_public_key().unwrap();
    let declared = || {
        let pack =
            ureq::get(format!("{base}/counter-pack")).call().unwrap().body_mut().read_to_vec().unwrap();
        CounterPack::verify(&pack, &authority).unwrap().content().policy.outage_until
    };
    let outage = |arguments: &[&str]| {
        let output = desk().arg("outage").args(arguments).arg("--data").arg(&data).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(declared(), None);
    assert!(outage(&["--until", "2090-01-02T03:04"]).0);
    assert_eq!(declared(), Some(3_786_977_040));
    for wrong in
        ["2090-01-02", "2090-01-02T24:00", "2090-01-02T3:04", "2090-02-30T03:04", "2090-01-02T03:04Z"]
    {
        assert_eq!(outage(&["--until", wrong]), (false, "desk: a moment is YYYY-MM-DDTHH:MM\n".to_owned()));
    }
    assert_eq!(
        outage(&["--until", "2020-01-01T00:00"]),
        (false, "desk: that moment has passed\n".to_owned())
    );
    assert!(!outage(&[]).0 && !outage(&["--over", "--until", "2090-01-02T03:04"]).0);
    assert_eq!(declared(), Some(3_786_977_040), "what is wrong changes nothing");
    assert!(outage(&["--over"]).0);
    assert_eq!(declared(), None);
    assert_eq!(terminate(child).status.code(), Some(0));
}
