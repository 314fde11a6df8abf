//! The frame that every page has: headers, language, who is signed in, and that this is a model.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use wallet_core::card::Language;

use super::{
    account::Role,
    guard::{CITIZEN_SIGN_IN, CSRF, PASSWORD, SIGN_IN, SIGN_OUT},
    language::say,
    session::Session,
    state::Pages,
    static_files,
};

/// What a page may load: the desk's own style and pictures made in place, and no script.
const STILL: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// The same with the desk's own script, which may ask the desk.
const WITH_SCRIPT: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A page about to be made.
pub(crate) struct Page<'a> {
    title: &'a str,
    pub(crate) language: Language,
    /// Where the language links come back to.
    path: &'a str,
    site: Option<&'a str>,
    session: Option<&'a Session>,
    script: bool,
    camera: bool,
}

impl<'a> Page<'a> {
    /// A page of somebody signed in.
    pub(crate) fn of(pages: &'a Pages, session: &'a Session, (korean, english): (&'a str, &'a str)) -> Self {
        let language = session.language;
        let title = say(language, korean, english);
        let site = Some(site_of(pages, language));
        Self {
            title,
            language,
            path: &session.path,
            site,
            session: Some(session),
            script: false,
            camera: false,
        }
    }

    /// A page of anybody at a path.
    pub(crate) fn open(
        pages: &'a Pages,
        language: Language,
        path: &'a str,
        (korean, english): (&'a str, &'a str),
    ) -> Self {
        let title = say(language, korean, english);
        let site = Some(site_of(pages, language));
        Self { title, language, path, site, session: None, script: false, camera: false }
    }

    /// A page that knows nothing but its words.
    pub(crate) const fn plain(language: Language, (korean, english): (&'a str, &'a str)) -> Self {
        let title = say(language, korean, english);
        Self { title, language, path: "/", site: None, session: None, script: false, camera: false }
    }

    /// For the answer to a form, whose own path nobody can look at.
    pub(crate) const fn at(self, path: &'a str) -> Self {
        Self { path, ..self }
    }

    /// The page runs the desk's own script.
    pub(crate) const fn with_script(self) -> Self {
        Self { script: true, ..self }
    }

    /// The page's script may ask for the camera.
    pub(crate) const fn with_camera(self) -> Self {
        Self { script: true, camera: true, ..self }
    }

    /// The words of this page's language.
    pub(crate) const fn say<'w>(&self, korean: &'w str, english: &'w str) -> &'w str {
        say(self.language, korean, english)
    }

    /// The page with its content. Nobody keeps a copy, and other sites are told nothing.
    pub(crate) fn render(&self, status: StatusCode, content: &Markup) -> Response {
        let mut response = (status, Html(self.frame(content).into_string())).into_response();
        let permissions = if self.camera {
            "camera=(self), microphone=(), geolocation=()"
        } else {
            "camera=(), microphone=(), geolocation=()"
        };
        let headers = response.headers_mut();
        let policy = if self.script { WITH_SCRIPT } else { STILL };
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        // A page without a referrer would send its forms from nowhere, and they could not be told from another site's.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.code()));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        headers.insert("permissions-policy", HeaderValue::from_static(permissions));
        response
    }

    fn frame(&self, content: &Markup) -> Markup {
        let site = self.site.unwrap_or_else(|| self.say("모바일 신분증", "Mobile ID"));
        html! {
            (DOCTYPE)
            html lang=(self.language.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " · " (site) }
                    link rel="icon" href=(static_files::icon());
                    link rel="stylesheet" href=(static_files::style());
                    @if self.script { script src=(static_files::script()) defer {} }
                }
                body {
                    a.skip href="#content" { (self.say("본문으로", "Skip to content")) }
                    header {
                        p.model {
                            (self.say(
                                "모형입니다. 여기서 발급되는 것은 법적 효력이 있는 신분증이 아닙니다.",
                                "A model: nothing issued here is a legally valid ID.",
                            ))
                        }
                        div.top {
                            a.site href="/" { (site) }
                            (self.languages())
                            @if let Some(session) = self.session { (self.signed_in(session)) }
                        }
                    }
                    main #content tabindex="-1" {
                        h1 { (self.title) }
                        (content)
                    }
                }
            }
        }
    }

    fn languages(&self) -> Markup {
        html! {
            nav.languages aria-label=(self.say("언어", "Language")) {
                @for (language, name) in [(Language::Korean, "한국어"), (Language::English, "English")] {
                    @if language == self.language {
                        span aria-current="true" lang=(language.code()) { (name) }
                    } @else {
                        a href={ "/language/" (language.code()) "?back=" (self.path) }
                            lang=(language.code()) hreflang=(language.code()) { (name) }
                    }
                }
            }
        }
    }

    fn signed_in(&self, session: &Session) -> Markup {
        let out = if session.role == Role::Citizen { "/portal/sign-out" } else { SIGN_OUT };
        let own = session.account.as_ref().is_some_and(|account| !account.is_of_file());
        html! {
            form.signed-in method="post" action=(out) {
                (csrf(&session.csrf))
                @if session.role == Role::Citizen {
                    span { (role_name(self.language, session.role)) }
                } @else {
                    span { (role_name(self.language, session.role)) " · " (session.who) }
                }
                @if own { a href=(PASSWORD) { (self.say("비밀번호 변경", "Change password")) } }
                button.quiet type="submit" { (self.say("로그아웃", "Sign out")) }
            }
        }
    }
}

/// What a role is called.
pub(crate) const fn role_name(language: Language, role: Role) -> &'static str {
    match role {
        Role::Clerk => say(language, "주민센터 직원", "Centre clerk"),
        Role::Operator => say(language, "통신사 직원", "Telecom operator"),
        Role::Counter => say(language, "창구 직원", "Counter staff"),
        Role::Official => say(language, "발급기관 담당자", "Issuer's official"),
        Role::Administrator => say(language, "관리자", "Administrator"),
        Role::Citizen => say(language, "신청인", "Applicant"),
    }
}

/// The hidden field that ties a form to its session.
pub(crate) fn csrf(token: &str) -> Markup {
    html! { input type="hidden" name=(CSRF) value=(token); }
}

/// A page that says no, and why.
pub(crate) fn refusal(page: &Page<'_>, status: StatusCode, words: &str) -> Response {
    let back = match page.session.map(|session| session.role) {
        Some(role) => role.home(),
        None => "/",
    };
    let content = html! {
        p.notice.bad role="alert" { (words) }
        p { a href=(back) { (page.say("처음으로", "Back to the start")) } }
    };
    page.render(status, &content)
}

/// Links to the doors of this desk, for whoever is not signed in.
pub(crate) fn doors(language: Language) -> Markup {
    html! {
        ul.doors {
            li { a href=(CITIZEN_SIGN_IN) { (say(language, "모바일 신분증 신청", "Apply for a mobile ID")) } }
            li { a href=(SIGN_IN) { (say(language, "직원 로그인", "Staff sign-in")) } }
        }
    }
}

fn site_of(pages: &Pages, language: Language) -> &str {
    say(language, &pages.desk.name_ko, &pages.desk.name_en)
}
