//! The simulator starts, answers and leaves nothing behind, however it is ended.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
};

use serde_json::Value;

use super::Folder;

struct Simulator {
    child: Child,
    input: Option<ChildStdin>,
    ready: Value,
}

impl Simulator {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wallet"))
            .arg("simulator")
            .env("TMPDIR", folder.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let input = child.stdin.take();
        Self { child, input, ready: serde_json::from_str(&line).unwrap() }
    }

    fn address(&self) -> String {
        self.ready["desk"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
    }

    /// Its exit code once it has ended.
    fn ended(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

/// Has the desk make nonces, each of which is a row in its database, until nobody answers.
fn keep_busy(address: &str) {
    let request = format!(
        "POST /openid/nonce HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    );
    while let Ok(mut stream) = TcpStream::connect(address) {
        let mut answer = Vec::new();
        if stream.write_all(request.as_bytes()).is_err() || stream.read_to_end(&mut answer).is_err() {
            return;
        }
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

fn end_while_busy(name: &str, end: impl Fn(&mut Simulator)) {
    let folder = Folder::new(name);
    for _ in 0..5 {
        let mut simulator = Simulator::start(&folder);
        let busy: Vec<_> = (0..4)
            .map(|_| {
                let address = simulator.address();
                thread::spawn(move || keep_busy(&address))
            })
            .collect();
        // It writes by now.
        drop(TcpStream::connect(simulator.address()).unwrap());
        end(&mut simulator);
        assert_eq!(simulator.ended(), 0);
        for worker in busy {
            worker.join().unwrap();
        }
        let left: Vec<_> =
            std::fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

#[test]
fn a_simulator_whose_input_ends_leaves_nothing_behind() {
    end_while_busy("simulator-input", |simulator| drop(simulator.input.take()));
}

#[test]
fn a_simulator_that_is_terminated_leaves_nothing_behind() {
    end_while_busy("simulator-terminated", |simulator| {
        let id = simulator.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    });
}

#[test]
fn a_client_that_says_nothing_does_not_keep_it_alive() {
    let folder = Folder::new("simulator-silent");
    let mut simulator = Simulator::start(&folder);
    let cards = simulator.ready["cards"].as_array().unwrap();
    let held = TcpStream::connect(cards[0]["address"].as_str().unwrap()).unwrap();
    let mut half = TcpStream::connect(simulator.address()).unwrap();
    half.write_all(b"POST /enrolment/begin HTTP/1.1\r\n").unwrap();
    drop(simulator.input.take());
    assert_eq!(simulator.ended(), 0);
    drop((held, half));
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}
