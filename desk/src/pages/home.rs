//! The front page: where everybody finds their door.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::html;

use super::{
    guard::Anyone,
    layout::{Page, doors},
    session::{Jar, Session},
};
use crate::server::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/", get(front))
}

/// Staff who are signed in go straight to their work.
async fn front(State(app): State<App>, visitor: Anyone, headers: axum::http::HeaderMap) -> Response {
    let session = Session::find(&app, Jar::Staff, &headers, visitor.language, "/").await;
    if let Ok(Some(session)) = session {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, session.role.home())]).into_response();
    }
    let page = Page::open(&app.pages, visitor.language, "/", ("모바일 신분증 창구", "Mobile ID desk"));
    page.render(StatusCode::OK, &html! { (doors(visitor.language)) })
}
