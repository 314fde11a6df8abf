//! A browser without a screen: keeps cookies, fills the forms it was given, follows no redirect by itself.

use std::collections::BTreeMap;

use ureq::http::{HeaderMap, Response};

/// What a page answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// A header's text, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }

    /// What stands between two marks.
    pub(crate) fn between(&self, from: &str, to: &str) -> &str {
        let after = self.body.split_once(from).unwrap_or_else(|| panic!("no {from} in {}", self.body)).1;
        after.split_once(to).unwrap().0
    }

    /// The token of the last form.
    pub(crate) fn csrf(&self) -> &str {
        self.between(r#"name="csrf" value=""#, "\"")
    }
}

/// A browser.
pub(crate) struct Browser {
    base: String,
    agent: ureq::Agent,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) languages: &'static str,
}

impl Browser {
    pub(crate) fn at(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0);
        let agent = config.build().new_agent();
        Self { base: base.to_owned(), agent, cookies: BTreeMap::new(), languages: "en" }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request =
            self.agent.get(format!("{}{path}", self.base)).header("accept-language", self.languages);
        let response = request.header("cookie", self.jar()).call().unwrap();
        self.take(response)
    }

    /// What is no page.
    pub(crate) fn bytes(&mut self, path: &str) -> Vec<u8> {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        response.body_mut().read_to_vec().unwrap()
    }

    /// Sends a form as a page of the desk would.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = self.base.clone();
        self.post_from(&[("origin", &origin), ("sec-fetch-site", "same-origin")], path, fields)
    }

    /// Sends a form with these words on where it comes from.
    pub(crate) fn post_from(
        &mut self,
        headers: &[(&str, &str)],
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("accept-language", self.languages)
            .header("cookie", self.jar());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send_form(fields.iter().copied()).unwrap();
        self.take(response)
    }

    /// Signs in and goes to the first page.
    pub(crate) fn sign_in(&mut self, account: &str, password: &str) -> Answer {
        let page = self.get("/sign-in");
        self.post("/sign-in", &[("account", account), ("password", password), ("csrf", page.csrf())])
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, mut response: Response<ureq::Body>) -> Answer {
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.body_mut().read_to_string().unwrap() }
    }
}

/// The text of the QR code that a page draws, read by a decoder.
pub(crate) fn qr_of(body: &str) -> String {
    const SCALE: usize = 4;
    let drawn = body.split_once(r#"viewBox="0 0 "#).unwrap().1;
    let side: usize = drawn.split(' ').next().unwrap().parse().unwrap();
    let path = drawn.split_once(r#"fill="black" d=""#).unwrap().1.split_once('"').unwrap().0;
    let mut dark = vec![false; side * side];
    for run in path.split('z').filter(|run| !run.is_empty()) {
        let (corner, length) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
        let (x, y) = corner.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let length: usize = length.split('v').next().unwrap().parse().unwrap();
        dark[y * side + x..][..length].fill(true);
    }
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, |x, y| {
        if dark[y / SCALE * side + x / SCALE] { 0 } else { 255 }
    });
    picture.detect_grids()[0].decode().unwrap().1
}
