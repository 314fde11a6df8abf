//! Phones on a TCP port, in lines of JSON: the first names the phone, every other asks and is answered, in order.

use std::sync::Arc;

use serde::Serialize;
use tokio::{
    io::{self, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{
    phones::Phones,
    protocol::{Answer, Fault, Hello, Request},
};

/// Longest line, bytes.
const MAX_LINE: u64 = 2 << 20;

#[derive(Serialize)]
struct Good {
    ok: Answer,
}

/// Answers whoever connects, until the process ends.
pub(super) async fn serve(listener: TcpListener) {
    let phones = Arc::new(Phones::default());
    while let Ok((stream, _)) = listener.accept().await {
        // A client that breaks off is gone, its phone stays.
        tokio::spawn(converse(stream, Arc::clone(&phones)));
    }
}

async fn converse(stream: TcpStream, phones: Arc<Phones>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading);
    let Some(first) = line(&mut lines).await? else { return Ok(()) };
    let phone = match serde_json::from_slice::<Hello>(&first).map(|hello| phones.named(&hello.phone)) {
        Ok(Ok(phone)) => phone,
        Ok(Err(fault)) => return answer(&mut writing, Err(fault)).await,
        Err(_) => return answer(&mut writing, Err(MALFORMED)).await,
    };
    answer(&mut writing, Ok(Answer::Nothing {})).await?;
    while let Some(line) = line(&mut lines).await? {
        let done = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => phone.handle(request).await,
            Err(_) => Err(MALFORMED),
        };
        answer(&mut writing, done).await?;
    }
    Ok(())
}

/// The next line; none at the end, or when it is too long to be honest.
pub(super) async fn line(lines: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    lines.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    Ok((line.last() == Some(&b'\n')).then_some(line))
}

async fn answer(writing: &mut OwnedWriteHalf, done: Result<Answer, Fault>) -> io::Result<()> {
    let mut text = match done {
        Ok(ok) => serde_json::to_vec(&Good { ok }),
        Err(fault) => serde_json::to_vec(&fault),
    }?;
    text.push(b'\n');
    writing.write_all(&text).await
}

const MALFORMED: Fault = Fault::named("malformed");
