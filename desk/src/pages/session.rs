//! Sessions: a random cookie, kept here as its digest.

use axum::http::{HeaderMap, HeaderValue, header};
use wallet_core::{
    card::Language,
    crypto::{hash::sha256, random::make_random},
    jose::encode,
};

use super::{
    account::{self, Account, Role},
    state::Pages,
};
use crate::{
    issuer::IssuerError,
    server::App,
    store::{ActRow, SessionRow, Trail},
};

/// How long sessions last, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    /// Without use.
    pub idle: i64,
    /// In all.
    pub whole: i64,
}

impl Default for SessionLife {
    /// A quarter of an hour without use, a working day in all.
    fn default() -> Self {
        Self { idle: 900, whole: 8 * 3600 }
    }
}

/// Somebody who is signed in, and how their page is to be.
pub(crate) struct Session {
    pub(crate) role: Role,
    /// Name of the account, or of whoever the portal signed in.
    pub(crate) who: String,
    /// Whom the account works for.
    pub(crate) office: String,
    pub(crate) language: Language,
    /// The path that was asked for.
    pub(crate) path: String,
    pub(crate) csrf: String,
    /// The account of staff.
    pub(super) account: Option<Account>,
    token: String,
}

/// Which cookie: one for staff, one for citizens, and one before anybody signed in, which only ties a form to its browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jar {
    Staff,
    Citizen,
    Form,
}

impl Jar {
    pub(crate) const fn of(role: Role) -> Self {
        match role {
            Role::Clerk | Role::Operator | Role::Counter | Role::Official | Role::Administrator => {
                Self::Staff
            }
            Role::Citizen => Self::Citizen,
        }
    }

    /// With TLS, a name that no other host and no page without TLS can set. RFC 6265bis, 4.1.3.2.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Staff, true) => "__Host-desk-staff",
            (Self::Staff, false) => "desk-staff",
            (Self::Citizen, true) => "__Host-desk-citizen",
            (Self::Citizen, false) => "desk-citizen",
            (Self::Form, true) => "__Host-desk-form",
            (Self::Form, false) => "desk-form",
        }
    }

    /// A citizen comes back from an app, which is another site; staff never do.
    const fn same_site(self) -> &'static str {
        match self {
            Self::Staff => "Strict",
            Self::Citizen | Self::Form => "Lax",
        }
    }

    /// The value of this cookie.
    pub(crate) fn read<'a>(self, pages: &Pages, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, self.name(pages.is_secure())).filter(|token| is_token(token))
    }

    /// The header that sets this cookie until the browser ends, or takes it away.
    pub(crate) fn write(self, pages: &Pages, token: Option<&str>) -> HeaderValue {
        let (name, same_site) = (self.name(pages.is_secure()), self.same_site());
        let secure = if pages.is_secure() { "; Secure" } else { "" };
        let age = if token.is_none() { "; Max-Age=0" } else { "" };
        let token = token.unwrap_or_default();
        let text = format!("{name}={token}; Path=/; HttpOnly; SameSite={same_site}{secure}{age}");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

impl Session {
    /// A line of the audit trail, but for its time.
    pub(super) fn act(
        &self,
        act: &'static str,
        outcome: &'static str,
    ) -> impl FnOnce(i64) -> ActRow + Send + use<> {
        let row = self.act_by(act);
        move |at| row(outcome, at)
    }

    /// The same, but for its outcome.
    pub(super) fn act_by(
        &self,
        act: &'static str,
    ) -> impl FnOnce(&'static str, i64) -> ActRow + Send + use<> {
        let (who, office) = (self.who.clone(), self.office.clone());
        move |outcome, at| ActRow { at, who, office, act: act.to_owned(), outcome: outcome.to_owned() }
    }

    /// Where an act of theirs is written down in the transaction that does it.
    pub(super) fn trail(&self, act: &'static str) -> Trail {
        Trail { who: self.who.clone(), office: self.office.clone(), act }
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The session that a request belongs to.
    pub(super) async fn find(
        app: &App,
        jar: Jar,
        headers: &HeaderMap,
        language: Language,
        path: &str,
    ) -> Result<Option<Self>, IssuerError> {
        let Some(token) = jar.read(&app.pages, headers).map(str::to_owned) else { return Ok(None) };
        let (digest, idle) = (sha256(token.as_bytes()), app.pages.life.idle);
        let found =
            app.with_issuer(move |issuer, now| Ok((issuer.store.page_session(&digest, idle, now)?, now)));
        let (Some(SessionRow { role, who, stamp }), now) = found.await? else { return Ok(None) };
        let Some(role) = Role::parse(&role).filter(|role| Jar::of(*role) == jar) else { return Ok(None) };
        let account = match jar {
            Jar::Staff => {
                let account = account::find(app, &who).await?;
                let account = account.filter(|account| account.stamp() == stamp && account.is_open(now));
                let Some(account) = account else { return Ok(None) };
                Some(account)
            }
            Jar::Citizen | Jar::Form => None,
        };
        let office = account.as_ref().map(|account| account.office().to_owned()).unwrap_or_default();
        let csrf = app.pages.csrf(&token);
        Ok(Some(Self { role, who, office, language, path: path.to_owned(), csrf, account, token }))
    }
}

/// Begins a session under a new token; gives the header that hands it to the browser. The one before, of the same jar, ends.
pub(crate) async fn begin(
    app: &App,
    headers: &HeaderMap,
    role: Role,
    who: &str,
    stamp: [u8; 32],
) -> Result<HeaderValue, IssuerError> {
    let jar = Jar::of(role);
    let before = jar.read(&app.pages, headers).map(|token| sha256(token.as_bytes()));
    let token = encode(&make_random::<32>()?);
    let digest = sha256(token.as_bytes());
    let row = SessionRow { role: role.name().to_owned(), who: who.to_owned(), stamp };
    let whole = app.pages.life.whole;
    app.with_issuer(move |issuer, now| {
        if let Some(before) = before {
            issuer.store.end_page_session(&before)?;
        }
        Ok(issuer.store.begin_page_session(&digest, &row, now.saturating_add(whole), now)?)
    })
    .await?;
    Ok(jar.write(&app.pages, Some(&token)))
}

/// Ends a session; gives the header that takes its cookie away.
pub(crate) async fn end(app: &App, session: &Session) -> Result<HeaderValue, IssuerError> {
    let digest = sha256(session.token.as_bytes());
    app.with_issuer(move |issuer, _| Ok(issuer.store.end_page_session(&digest)?)).await?;
    Ok(Jar::of(session.role).write(&app.pages, None))
}

/// The only cookie of this name. Two of one name mean that somebody else set one.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut named = all
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name));
    match (named.next(), named.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// 32 bytes in base64url.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::state::tests::pages;

    #[test]
    fn a_cookie_that_comes_twice_is_nobody_s() {
        let headers = |values: &[&'static str]| {
            values
                .iter()
                .map(|value| (header::COOKIE, HeaderValue::from_static(value)))
                .collect::<HeaderMap>()
        };
        assert_eq!(cookie(&headers(&["a=1; desk=2; b=3"]), "desk"), Some("2"));
        assert_eq!(cookie(&headers(&["a=1", "desk=2"]), "desk"), Some("2"));
        assert_eq!(cookie(&headers(&["desk=2; desk=3"]), "desk"), None);
        assert_eq!(cookie(&headers(&["desk=2", "desk=2"]), "desk"), None);
        assert_eq!(cookie(&headers(&["xdesk=2; desk"]), "desk"), None);
    }

    #[test]
    fn a_cookie_over_tls_belongs_to_this_host_alone() {
        let written = |url, jar: Jar, token| jar.write(&pages(url), token).to_str().unwrap().to_owned();
        assert_eq!(
            written("https://desk.example", Jar::Staff, Some("t")),
            "__Host-desk-staff=t; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            written("http://127.0.0.1:8480", Jar::Citizen, None),
            "desk-citizen=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
