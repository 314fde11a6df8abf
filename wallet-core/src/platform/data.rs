//! Plain data of the seam.

/// What the citizen is shown when an operation asks for their fingerprint or face.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Prompt {
    /// One line: what is about to happen.
    pub title: String,
    /// Why, and what will be shown.
    pub reason: String,
    /// Who asks, when known: the name of a verified desk.
    pub counterparty: Option<String>,
}

/// The time now. A record, so that a failed foreign call is never time zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Now {
    /// Seconds since 1970 UTC.
    pub unix_seconds: i64,
}

/// What a card link can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct LinkLimits {
    /// Longest command APDU, bytes.
    pub max_command: u32,
    /// Longest response APDU, bytes, status word included.
    pub max_response: u32,
    /// Whether extended length may be tried.
    pub extended: bool,
}

/// The verbs the wallet uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A request for the platform's HTTP client. Redirects are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HttpRequest {
    /// The verb.
    pub method: HttpMethod,
    /// Absolute URL.
    pub url: String,
    /// Header names and values.
    pub headers: std::collections::HashMap<String, String>,
    /// Body; empty for GET.
    pub body: Vec<u8>,
}

/// What came back. The body is at most 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: std::collections::HashMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}
