//! The community centre on a TCP port, in lines of JSON: a resident comes, or gives up a phone.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{self, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{phone_socket::line, protocol::Fault};
use crate::demo::DemoDesk;

/// Who comes: the name of a card.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// The clerk has seen the resident, makes a code and speaks the digits.
    Visit { card: String },
    /// The resident gives up the phone that has the ID.
    Release { card: String },
}

#[derive(Serialize)]
struct Good<T: Serialize> {
    ok: T,
}

#[derive(Serialize)]
struct Visited {
    link: String,
    transaction_code: String,
    expires_at: i64,
}

#[derive(Serialize)]
struct Released {
    released: bool,
}

/// Answers whoever connects, until the process ends. `residents` are registration numbers by the name of their card.
pub(super) async fn serve(
    listener: TcpListener,
    desk: Arc<DemoDesk>,
    residents: HashMap<&'static str, &'static str>,
) {
    let residents = Arc::new(residents);
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&desk), Arc::clone(&residents)));
    }
}

async fn converse(
    stream: TcpStream,
    desk: Arc<DemoDesk>,
    residents: Arc<HashMap<&'static str, &'static str>>,
) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading);
    while let Some(line) = line(&mut lines).await? {
        let mut text = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => handle(request, &desk, &residents).await,
            Err(_) => serde_json::to_vec(&Fault::named("malformed")),
        }?;
        text.push(b'\n');
        writing.write_all(&text).await?;
    }
    Ok(())
}

async fn handle(
    request: Request,
    desk: &DemoDesk,
    residents: &HashMap<&'static str, &'static str>,
) -> Result<Vec<u8>, serde_json::Error> {
    let (Request::Visit { card } | Request::Release { card }) = &request;
    let Some(number) = residents.get(card.as_str()) else {
        return serde_json::to_vec(&Fault::named("not_registered"));
    };
    let refused = || serde_json::to_vec(&Fault::named("failed"));
    match request {
        Request::Visit { .. } => match desk.visit(number).await {
            Ok(offer) => serde_json::to_vec(&Good {
                ok: Visited {
                    link: offer.link,
                    transaction_code: offer.transaction_code,
                    expires_at: offer.expires_at,
                },
            }),
            Err(_) => refused(),
        },
        Request::Release { .. } => match desk.release(number).await {
            Ok(released) => serde_json::to_vec(&Good { ok: Released { released } }),
            Err(_) => refused(),
        },
    }
}
