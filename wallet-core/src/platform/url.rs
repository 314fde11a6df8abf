//! URLs the wallet may ask: `https`, or `http` on loopback.

use std::fmt;

/// Longest URL, bytes.
const MAX_URL: usize = 2048;

/// An absolute URL with `https`, or with `http` on loopback; no fragment, no credentials. Kept as it was written:
/// identifiers are compared byte by byte (RFC 8414, 3.3).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url(String);

/// Not such a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an https URL")]
pub struct NotAUrl;

impl Url {
    /// Parses a URL.
    ///
    /// # Errors
    /// [`NotAUrl`].
    pub fn parse(text: &str) -> Result<Self, NotAUrl> {
        let visible = |b: u8| b.is_ascii_graphic() && !b"#@\\\"<>^`{|}".contains(&b);
        if text.len() > MAX_URL || !text.bytes().all(visible) {
            return Err(NotAUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']').ok_or(NotAUrl)?;
                if host.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(NotAUrl);
                }
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(NotAUrl)?) })
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('+')) {
            return Err(NotAUrl);
        }
        let named = !host.is_empty()
            && (authority.starts_with('[')
                || host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)));
        let loopback = matches!(host, "127.0.0.1" | "::1" | "localhost");
        if named && (scheme == "https" || (scheme == "http" && loopback)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAUrl)
        }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.parts().0
    }

    /// Whether an issuer may be called so: no query. OpenID4VCI 1.0, 12.2.1; RFC 8414, 2.
    #[must_use]
    pub fn is_identifier(&self) -> bool {
        !self.0.contains('?')
    }

    /// Where the metadata called `name` of this issuer are: the well-known part stands between host and path.
    /// OpenID4VCI 1.0, 12.2.2; RFC 8414, 3.1.
    #[must_use]
    pub fn well_known(&self, name: &str) -> String {
        let (origin, path) = self.parts();
        format!("{origin}/.well-known/{name}{}", path.strip_suffix('/').unwrap_or(path))
    }

    /// Whether `text` is this URL with a query: what comes back from the browser.
    #[must_use]
    pub fn query_of<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.strip_prefix(self.as_str()).and_then(|rest| rest.strip_prefix(['?', '&']))
    }

    fn parts(&self) -> (&str, &str) {
        let start = self.0.find("://").map_or(0, |at| at.saturating_add(3));
        let rest = self.0.get(start..).unwrap_or_default();
        let end = rest.find(['/', '?']).map_or(self.0.len(), |at| at.saturating_add(start));
        self.0.split_at_checked(end).unwrap_or((&self.0, ""))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_are_urls() {
        for good in [
            "https://issuer.example",
            "https://issuer.example:8443/tenant/a?x=1",
            "http://127.0.0.1:8480",
            "http://localhost:4001/oid4vci/peer",
            "http://[::1]:80/",
        ] {
            assert!(Url::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "issuer.example",
            "http://issuer.example",
            "http://127.0.0.1.issuer.example",
            "http://localhost.issuer.example",
            "https://",
            "https://:80",
            "https://a:99999",
            "https://a:+80",
            "https://a:80:90",
            "https://user@issuer.example",
            "https://issuer.example#x",
            "https://issuer.example/a b",
            "https://발급.example",
            "https://[::1",
            "https://[zz]",
            "http://[::1].example",
            "ftp://issuer.example",
            "javascript:alert(1)",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
        assert!(Url::parse(&format!("https://a/{}", "a".repeat(3000))).is_err());
    }

    #[test]
    fn the_well_known_part_stands_between_host_and_path() {
        let at = |url: &str| Url::parse(url).unwrap().well_known("openid-credential-issuer");
        assert_eq!(at("https://a.example"), "https://a.example/.well-known/openid-credential-issuer");
        assert_eq!(at("https://a.example/"), "https://a.example/.well-known/openid-credential-issuer");
        assert_eq!(
            at("https://a.example:1/b/c"),
            "https://a.example:1/.well-known/openid-credential-issuer/b/c"
        );
    }

    #[test]
    fn what_the_browser_brings_belongs_to_the_redirect_or_not() {
        let redirect = Url::parse("https://wallet.example/cb").unwrap();
        assert_eq!(redirect.query_of("https://wallet.example/cb?code=1"), Some("code=1"));
        assert_eq!(redirect.query_of("https://wallet.example/cbx?code=1"), None);
        assert_eq!(redirect.query_of("https://evil.example/cb?code=1"), None);
    }
}
