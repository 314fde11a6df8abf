//! The style, the script and the icon: three small files in the program, under names that change with their content.

use std::sync::LazyLock;

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use wallet_core::crypto::hash::sha256;

use crate::server::App;

const STYLE: &str = include_str!("assets/desk.css");
const SCRIPT: &str = include_str!("assets/desk.js");
const ICON: &str = include_str!("assets/icon.svg");

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named("/static/desk.css", STYLE));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named("/static/desk.js", SCRIPT));
static ICON_NAME: LazyLock<String> = LazyLock::new(|| named("/static/icon.svg", ICON));

pub(super) fn style() -> &'static str {
    &STYLE_NAME
}

pub(super) fn script() -> &'static str {
    &SCRIPT_NAME
}

pub(super) fn icon() -> &'static str {
    &ICON_NAME
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/static/desk.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/static/desk.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/static/icon.svg", get(async || file("image/svg+xml", ICON)))
}

fn named(path: &str, content: &str) -> String {
    let [a, b, c, d, ..] = sha256(content.as_bytes());
    format!("{path}?v={a:02x}{b:02x}{c:02x}{d:02x}")
}

fn file(kind: &'static str, content: &'static str) -> Response {
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}
