//! The pages people work with: rendered here, Korean and English, usable without a script and by keyboard alone.
//!
//! A handler takes `guard::Signed` (a page to look at) or `guard::Posted` (an act) for the role it is meant for; there is
//! no other way to a session, so none of them can forget to ask. Words stand in the handlers, in both languages side by side.

mod account;
pub(crate) mod address;
mod administrator;
mod clerk;
pub(crate) mod counter;
mod documents;
mod events;
pub(crate) mod guard;
mod home;
pub(crate) mod language;
pub(crate) mod layout;
mod official;
mod operator;
mod own_line;
mod own_password;
mod password;
mod phones;
mod portal;
pub(crate) mod session;
mod shown;
mod sign_in;
mod state;
mod static_files;
mod visit;

pub use account::{Account, AccountError, Role};
pub use password::{Password, PasswordError};
pub use session::SessionLife;
pub(crate) use state::Pages;

use axum::Router;

use crate::server::App;

/// The routes of all pages.
pub(crate) fn routes() -> Router<App> {
    home::routes()
        .merge(sign_in::routes())
        .merge(own_password::routes())
        .merge(administrator::routes())
        .merge(clerk::routes())
        .merge(visit::routes())
        .merge(phones::routes())
        .merge(events::routes())
        .merge(documents::routes())
        .merge(operator::routes())
        .merge(official::routes())
        .merge(counter::routes())
        .merge(portal::routes())
        .merge(own_line::routes())
        .merge(language::routes())
        .merge(static_files::routes())
}
