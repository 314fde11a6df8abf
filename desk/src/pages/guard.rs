//! Who may see a page and who may act by it. An act needs a session of the right role, a form of that very session, and a
//! browser that says it came from this desk.

use core::marker::PhantomData;

use axum::{
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use wallet_core::{card::Language, crypto::random::make_random, jose::encode};

use super::{
    account::{Account, Role},
    language::{language_of, say},
    layout::{Page, refusal},
    session::{Jar, Session},
    state::Pages,
};
use crate::server::{ANSWER_WITHIN, App, read_body};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Where whoever is not signed in is sent.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// Where staff sign out.
pub(crate) const SIGN_OUT: &str = "/sign-out";
/// Where staff choose a password.
pub(crate) const PASSWORD: &str = "/password";
/// Where citizens sign in.
pub(crate) const CITIZEN_SIGN_IN: &str = "/portal/sign-in";
/// The field of the token that ties a form to its session.
pub(crate) const CSRF: &str = "csrf";
/// Most fields of a form, and longest name and value, bytes.
const MOST_FIELDS: usize = 32;
const LONGEST_NAME: usize = 32;
const LONGEST_VALUE: usize = 8192;

/// Roles as a type, so that a handler says whom it is for. All of them keep their sessions in one jar.
pub(crate) trait For: Send + Sync + 'static {
    const ROLES: &'static [Role];
}

/// [`Role::Clerk`].
pub(crate) struct Clerk;
/// [`Role::Operator`].
pub(crate) struct Operator;
/// [`Role::Counter`].
pub(crate) struct Counter;
/// [`Role::Official`].
pub(crate) struct Official;
/// [`Role::Administrator`].
pub(crate) struct Administrator;
/// Any role but [`Role::Citizen`].
pub(crate) struct Staff;
/// Whoever signed in at the portal.
pub(crate) struct Citizen;

impl For for Clerk {
    const ROLES: &'static [Role] = &[Role::Clerk];
}
impl For for Operator {
    const ROLES: &'static [Role] = &[Role::Operator];
}
impl For for Counter {
    const ROLES: &'static [Role] = &[Role::Counter];
}
impl For for Citizen {
    const ROLES: &'static [Role] = &[Role::Citizen];
}
impl For for Official {
    const ROLES: &'static [Role] = &[Role::Official];
}
impl For for Administrator {
    const ROLES: &'static [Role] = &[Role::Administrator];
}
impl For for Staff {
    const ROLES: &'static [Role] =
        &[Role::Clerk, Role::Operator, Role::Counter, Role::Official, Role::Administrator];
}

/// Somebody signed in with this role looks at a page.
pub(crate) struct Signed<R> {
    pub(crate) session: Session,
    role: PhantomData<R>,
}

/// Somebody signed in with this role sent a form of their own session.
pub(crate) struct Posted<R> {
    pub(crate) session: Session,
    pub(crate) form: Fields,
    role: PhantomData<R>,
}

/// Somebody signed in with this role sent a file with a form of their own session.
pub(crate) struct Uploaded<R> {
    pub(crate) session: Session,
    pub(crate) file: Vec<u8>,
    role: PhantomData<R>,
}

/// Whoever looks at a page, signed in or not. `csrf` fits the cookie that [`Anyone::keep`] sets.
pub(crate) struct Anyone {
    pub(crate) language: Language,
    pub(crate) path: String,
    pub(crate) csrf: String,
    cookie: Option<HeaderValue>,
}

/// Whoever sent a form without being signed in, from a page of this desk.
pub(crate) struct PostedByAnyone {
    pub(crate) visitor: Anyone,
    pub(crate) headers: HeaderMap,
    pub(crate) form: Fields,
}

impl<R: For> FromRequestParts<App> for Signed<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = signed_in(app, R::ROLES, &parts.headers, parts.uri.path()).await?;
        Ok(Self { session, role: PhantomData })
    }
}

impl<R: For> FromRequest<App> for Posted<R> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let language = language_of(&parts.headers);
        if !came_from_here(&app.pages, &parts.headers) {
            return Err(not_ours(language));
        }
        let session = signed_in(app, R::ROLES, &parts.headers, parts.uri.path()).await?;
        let form = Fields::read(&parts.headers, body, language).await?;
        if !app.pages.is_csrf(session.token(), form.get(CSRF).unwrap_or_default()) {
            return Err(not_ours(language));
        }
        Ok(Self { session, form, role: PhantomData })
    }
}

impl<R: For> FromRequest<App> for Uploaded<R> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
        let language = language_of(&headers);
        if !came_from_here(&app.pages, &headers) {
            return Err(not_ours(language));
        }
        let session = signed_in(app, R::ROLES, &headers, &path).await?;
        let parts = tokio::time::timeout(ANSWER_WITHIN, parts_of(request, app)).await;
        let (token, file) = parts.ok().flatten().ok_or_else(|| malformed(language))?;
        if !app.pages.is_csrf(session.token(), &token) {
            return Err(not_ours(language));
        }
        Ok(Self { session, file, role: PhantomData })
    }
}

/// The token and the one file of a form in parts. RFC 7578.
async fn parts_of(request: Request, app: &App) -> Option<(String, Vec<u8>)> {
    let mut parts = Multipart::from_request(request, app).await.ok()?;
    let (mut token, mut file) = (None, None);
    while let Some(part) = parts.next_field().await.ok()? {
        // The browser puts the token first; nothing is read of what comes after the file.
        if part.name() == Some(CSRF) && token.is_none() {
            token = Some(part.text().await.ok()?);
        } else if part.file_name().is_some() {
            file = Some(part.bytes().await.ok()?.to_vec());
            break;
        } else {
            return None;
        }
    }
    token.zip(file)
}

impl FromRequestParts<App> for Anyone {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let language = language_of(&parts.headers);
        let path = parts.uri.path().to_owned();
        if let Some(token) = Jar::Form.read(&app.pages, &parts.headers) {
            return Ok(Self { language, path, csrf: app.pages.csrf(token), cookie: None });
        }
        let token = encode(&make_random::<32>().map_err(|_| out_of_order(language))?);
        let cookie = Some(Jar::Form.write(&app.pages, Some(&token)));
        Ok(Self { language, path, csrf: app.pages.csrf(&token), cookie })
    }
}

impl Anyone {
    /// Gives the browser the cookie that the form on this page goes with.
    pub(crate) fn keep(self, mut response: Response) -> Response {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl FromRequest<App> for PostedByAnyone {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let language = language_of(&parts.headers);
        if !came_from_here(&app.pages, &parts.headers) {
            return Err(not_ours(language));
        }
        let token = Jar::Form.read(&app.pages, &parts.headers).ok_or_else(|| not_ours(language))?;
        let form = Fields::read(&parts.headers, body, language).await?;
        if !app.pages.is_csrf(token, form.get(CSRF).unwrap_or_default()) {
            return Err(not_ours(language));
        }
        let path = parts.uri.path().to_owned();
        let visitor = Anyone { language, path, csrf: app.pages.csrf(token), cookie: None };
        Ok(Self { visitor, headers: parts.headers, form })
    }
}

/// The session of this role, or where to go instead.
async fn signed_in(app: &App, roles: &[Role], headers: &HeaderMap, path: &str) -> Result<Session, Response> {
    let language = language_of(headers);
    let jar = roles.first().map_or(Jar::Staff, |role| Jar::of(*role));
    let found = Session::find(app, jar, headers, language, path).await;
    let session = match found.map_err(|_| out_of_order(language))? {
        Some(session) => session,
        None => return Err(to_sign_in(jar)),
    };
    let has_to_choose = session.account.as_ref().is_some_and(Account::has_to_choose);
    if has_to_choose && ![PASSWORD, SIGN_OUT].contains(&path) {
        return Err((StatusCode::SEE_OTHER, [(header::LOCATION, PASSWORD)]).into_response());
    }
    if !roles.contains(&session.role) {
        let page = Page::of(&app.pages, &session, ("권한이 없습니다", "Not for this account"));
        let words = say(
            language,
            "이 계정으로는 이 화면을 쓸 수 없습니다. 맞는 계정으로 다시 로그인해 주세요.",
            "This account may not use this page. Sign in with one that may.",
        );
        return Err(refusal(&page, StatusCode::FORBIDDEN, words));
    }
    Ok(session)
}

fn to_sign_in(jar: Jar) -> Response {
    let place = if jar == Jar::Citizen { CITIZEN_SIGN_IN } else { SIGN_IN };
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// What a browser says of where a request came from has to name this desk. One that says nothing is no browser of today.
fn came_from_here(pages: &Pages, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&header::ORIGIN), text(&SEC_FETCH_SITE)) {
        (None, None) => false,
        (origin, site) => {
            origin.is_none_or(|origin| pages.is_own_origin(origin))
                && site.is_none_or(|site| site == "same-origin")
        }
    }
}

/// The form did not come from the page it belongs to, or the page is too old.
fn not_ours(language: Language) -> Response {
    let words = say(
        language,
        "요청이 이 화면에서 온 것이 아니거나 화면이 오래되었습니다. 화면을 다시 열어 주세요.",
        "The request did not come from this page, or the page is too old. Open it again.",
    );
    refusal(&Page::plain(language, ("처리하지 않았습니다", "Not done")), StatusCode::FORBIDDEN, words)
}

/// The desk cannot answer now.
pub(crate) fn out_of_order(language: Language) -> Response {
    let words = say(
        language,
        "지금은 처리할 수 없습니다. 잠시 뒤에 다시 시도해 주세요.",
        "This cannot be done now. Try again in a moment.",
    );
    let page = Page::plain(language, ("잠시 쉬고 있습니다", "Out of order"));
    refusal(&page, StatusCode::SERVICE_UNAVAILABLE, words)
}

/// The fields of a form, each once.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    async fn read(headers: &HeaderMap, body: axum::body::Body, language: Language) -> Result<Self, Response> {
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let of_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = if of_form { read_body(body).await } else { None };
        body.and_then(|body| Self::parse(&body)).ok_or_else(|| malformed(language))
    }

    /// The fields of a URL-encoded body, if it keeps the limits and names none twice.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            let fits =
                fields.len() < MOST_FIELDS && name.len() <= LONGEST_NAME && value.len() <= LONGEST_VALUE;
            if !fits || fields.iter().any(|(known, _)| *known == name) {
                return None;
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Some(Self(fields))
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) fn malformed(language: Language) -> Response {
    let words = say(language, "양식을 읽을 수 없습니다.", "The form cannot be read.");
    refusal(&Page::plain(language, ("처리하지 않았습니다", "Not done")), StatusCode::BAD_REQUEST, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::state::tests::pages;

    #[test]
    fn a_request_of_another_site_or_of_no_browser_is_none_of_ours() {
        let pages = pages("http://127.0.0.1:8480");
        let sent = |pairs: &[(HeaderName, &'static str)]| {
            let pair =
                |(name, value): &(HeaderName, &'static str)| (name.clone(), HeaderValue::from_static(value));
            came_from_here(&pages, &pairs.iter().map(pair).collect())
        };
        let own = (header::ORIGIN, "http://127.0.0.1:8480");
        assert!(sent(std::slice::from_ref(&own)));
        assert!(sent(&[own.clone(), (SEC_FETCH_SITE, "same-origin")]));
        assert!(sent(&[(SEC_FETCH_SITE, "same-origin")]));
        assert!(!sent(&[]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!sent(&[own.clone(), (SEC_FETCH_SITE, site)]), "{site}");
            assert!(!sent(&[(SEC_FETCH_SITE, site)]), "{site}");
        }
        for origin in ["null", "http://evil.example", "http://127.0.0.1:8480.evil.example"] {
            assert!(!sent(&[(header::ORIGIN, origin), (SEC_FETCH_SITE, "same-origin")]), "{origin}");
        }
    }

    #[test]
    fn a_form_names_each_field_once_and_keeps_its_limits() {
        let form = Fields::parse("name=%EA%B0%80%EC%98%A8&empty=&plus=a+b".as_bytes()).unwrap();
        assert_eq!(
            (form.get("name"), form.get("empty"), form.get("plus")),
            (Some("가온"), Some(""), Some("a b"))
        );
        assert_eq!(form.get("other"), None);
        assert!(Fields::parse(b"a=1&a=2").is_none());
        assert!(Fields::parse(format!("a={}", "x".repeat(8193)).as_bytes()).is_none());
        assert!(Fields::parse(format!("{}=1", "x".repeat(33)).as_bytes()).is_none());
        let many = |count: usize| (0..count).map(|index| format!("f{index}=1")).collect::<Vec<_>>().join("&");
        assert!(Fields::parse(many(32).as_bytes()).is_some() && Fields::parse(many(33).as_bytes()).is_none());
    }
}
