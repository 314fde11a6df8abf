//! What the desk says of itself: one line of JSON for each answer and each turn of its life. A line is made of what is listed
//! here and nothing else, so that no name, number, code, token, address or query can get into one.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use wallet_core::crypto::random::make_random;

use crate::server::App;

/// Where lines go.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// The log of one desk.
#[derive(Clone, Default)]
pub struct Log(Option<Sink>);

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// It answers from now on.
    Started,
    /// It was asked to stop, and finishes what is under way.
    Stopping,
    /// It stopped; `cut` says that not everything under way had ended in time.
    Stopped { cut: bool },
    /// It answered.
    Answered { request: &'a str, method: &'static str, route: &'a str, status: u16, ms: u128 },
    /// Something of its own failed, by the name of a kind.
    Failed { what: &'a str },
}

#[derive(Serialize)]
struct Dated<'a> {
    at: String,
    level: &'static str,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

impl Log {
    /// A log whose lines go to a sink, without a line's end.
    #[must_use]
    pub fn to(sink: Sink) -> Self {
        Self(Some(sink))
    }

    /// A log on standard error.
    #[must_use]
    pub fn to_stderr() -> Self {
        Self::to(Arc::new(|line| eprintln!("{line}")))
    }

    pub(crate) fn write(&self, line: &Line<'_>) {
        let Some(sink) = &self.0 else { return };
        let level = match line {
            Line::Failed { .. } | Line::Stopped { cut: true } => "error",
            Line::Answered { status: 500.., .. } => "error",
            Line::Answered { status: 429, .. } => "warn",
            _ => "info",
        };
        let at = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        if let Ok(text) = serde_json::to_string(&Dated { at, level, line }) {
            sink(&text);
        }
    }
}

impl core::fmt::Debug for Log {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.0.is_some() { "Log(on)" } else { "Log(off)" })
    }
}

/// Writes a line for each answer, and tells the caller its name in the log.
pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = make_random::<8>().map_or(0, u64::from_be_bytes);
    let id = format!("{id:016x}");
    let method = name_of(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    app.log.write(&Line::Answered {
        request: &id,
        method,
        route: route.as_ref().map_or("-", MatchedPath::as_str),
        status: response.status().as_u16(),
        ms: started.elapsed().as_millis(),
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// A method by a name of ours: a client's own word for one may say anything.
const fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "-",
    }
}
