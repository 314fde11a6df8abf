//! What happens around a phone, on a TCP port, in lines of JSON: a resident comes to the community centre, signs in at the
//! portal, loses the phone or the card; a clerk decides.

use std::{collections::HashMap, sync::Arc};

use desk::{
    FIXTURE_LINES,
    issuer::{IssuerError, PersonEvent},
};
use fixtures::{browser::Browser, people::Citizen};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{self, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{phone_socket::line, protocol::Fault};
use crate::demo::DemoDesk;

/// What is to happen, and to whom: the name of a card.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// The clerk has seen the resident, makes a code and speaks the digits.
    Visit { card: String, document: Option<String> },
    /// The resident gives up the phone that has the ID.
    Release { card: String },
    /// The resident reports the phone lost to the telecom operator …
    Suspend { card: String },
    /// … and found.
    Resume { card: String },
    /// The ID, or what it says, has ended.
    EndCard { card: String, event: Event },
    /// The centre orders the phone to wipe itself.
    Wipe { card: String },
    /// The resident signs in at the portal and applies.
    PortalLink { card: String, document: Option<String> },
    /// The resident's browser opens what the wallet asked for, and answers.
    Browse { card: String, url: String, agree: Option<bool> },
    /// A clerk decides whether the resident may have a document.
    Decide { card: String, document: String, approve: bool },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    CardLost,
    DetailsChanged,
    Died,
}

#[derive(Serialize)]
struct Good {
    ok: Answer,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Visited {
        link: String,
        transaction_code: String,
        expires_at: i64,
    },
    Released {
        released: bool,
    },
    Reported {},
    /// Whether there is a phone that hears of it.
    Told {
        phone: bool,
    },
    Applied {
        link: String,
        web_link: String,
    },
    Answered {
        redirect_uri: String,
    },
    /// Whether the resident had asked for it.
    Decided {
        asked: bool,
    },
}

/// A resident, with what is theirs.
pub(super) struct Resident {
    citizen: Citizen,
    /// The subscriber line of their phone.
    line: Option<&'static str>,
    browser: Browser,
}

/// Everybody by the name of their card.
pub(super) type Residents = HashMap<&'static str, Resident>;

impl Resident {
    /// Whoever has this card, with a browser for the portal at `base`.
    pub(super) fn of(card: &str, citizen: Citizen, base: &str) -> Self {
        let [adult, second] = FIXTURE_LINES;
        let line = match card {
            "adult" => Some(adult),
            "second" => Some(second),
            _ => None,
        };
        Self { citizen, line, browser: Browser::at(base) }
    }

    /// The event, as it happens to this resident.
    fn event(&self, event: Event) -> PersonEvent {
        match event {
            Event::CardLost => PersonEvent::CardLost,
            Event::Died => PersonEvent::Died,
            Event::DetailsChanged => {
                let moved = Citizen { address: NEW_ADDRESS, ..self.citizen.clone() };
                PersonEvent::DetailsChanged(Box::new(moved.person()))
            }
        }
    }
}

impl Request {
    fn card(&self) -> &str {
        match self {
            Self::Visit { card, .. }
            | Self::Release { card }
            | Self::Suspend { card }
            | Self::Resume { card }
            | Self::EndCard { card, .. }
            | Self::Wipe { card }
            | Self::PortalLink { card, .. }
            | Self::Browse { card, .. }
            | Self::Decide { card, .. } => card,
        }
    }
}

impl From<IssuerError> for Fault {
    fn from(error: IssuerError) -> Self {
        match error {
            IssuerError::Refused { .. } | IssuerError::OAuth { .. } => Self::named("refused"),
            _ => FAILED,
        }
    }
}

/// Answers whoever connects, until the process ends.
pub(super) async fn serve(listener: TcpListener, desk: Arc<DemoDesk>, residents: Residents) {
    let residents = Arc::new(residents);
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&desk), Arc::clone(&residents)));
    }
}

async fn converse(stream: TcpStream, desk: Arc<DemoDesk>, residents: Arc<Residents>) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading);
    while let Some(line) = line(&mut lines).await? {
        let done = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => handle(request, &desk, &residents).await,
            Err(_) => Err(MALFORMED),
        };
        let mut text = match done {
            Ok(ok) => serde_json::to_vec(&Good { ok }),
            Err(fault) => serde_json::to_vec(&fault),
        }?;
        text.push(b'\n');
        writing.write_all(&text).await?;
    }
    Ok(())
}

async fn handle(request: Request, desk: &DemoDesk, residents: &Residents) -> Result<Answer, Fault> {
    let resident = residents.get(request.card()).ok_or(Fault::named("not_registered"))?;
    let number = resident.citizen.registration_number;
    Ok(match request {
        Request::Visit { document, .. } => {
            let offer = match document {
                Some(document) => desk.visit_for(number, &document).await?,
                None => desk.visit(number).await?,
            };
            Answer::Visited {
                link: offer.link,
                transaction_code: offer.transaction_code,
                expires_at: offer.expires_at,
            }
        }
        Request::Release { .. } => Answer::Released { released: desk.release(number).await? },
        Request::Suspend { .. } => {
            let line = resident.line.ok_or(NO_LINE)?;
            desk.record_line(number, line).await.map_err(|_| FAILED)?;
            desk.report("suspend", line, "lost").await.map_err(|_| FAILED)?;
            Answer::Reported {}
        }
        Request::Resume { .. } => {
            desk.report("resume", resident.line.ok_or(NO_LINE)?, "found").await.map_err(|_| FAILED)?;
            Answer::Reported {}
        }
        Request::EndCard { event, .. } => {
            Answer::Told { phone: desk.happened(number, resident.event(event)).await? }
        }
        Request::Wipe { .. } => Answer::Told { phone: desk.wipe(number).await? },
        Request::PortalLink { document, .. } => {
            let applied = resident.browser.apply(&resident.citizen, document.as_deref()).await;
            let applied = applied.map_err(|_| FAILED)?;
            Answer::Applied { link: applied.link, web_link: applied.web_link }
        }
        Request::Browse { url, agree, .. } => {
            // The portal's pages and no others.
            if !url.strip_prefix(desk.base_url()).is_some_and(|rest| rest.starts_with('/')) {
                return Err(MALFORMED);
            }
            let agree = agree.unwrap_or(true);
            let page = resident.browser.answer(&url, &resident.citizen, agree).await.map_err(|_| FAILED)?;
            Answer::Answered { redirect_uri: page.way_back().map_err(|_| FAILED)? }
        }
        Request::Decide { document, approve, .. } => {
            Answer::Decided { asked: desk.decide(number, &document, approve).await? }
        }
    })
}

const MALFORMED: Fault = Fault::named("malformed");
const FAILED: Fault = Fault::named("failed");
const NO_LINE: Fault = Fault::named("no_line");
/// Where everybody whose details change has moved.
const NEW_ADDRESS: &str = "라온광역시 보기군 시험읍 새터길 5";
