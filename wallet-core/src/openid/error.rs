//! Why an issuance stopped, and who is at fault.

use crate::card::Refusal;

/// Why an issuance stopped. A stopped machine is gone; the wallet begins again with the same offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdError {
    /// The text is no credential offer, or one that breaks a rule.
    #[error("the offer breaks a rule: {0:?}")]
    BadOffer(OfferRule),
    /// An answer of the issuer or of its authorization server breaks a rule.
    #[error("the issuer broke a rule: {0:?}")]
    IssuerMisbehaved(Rule),
    /// It said no.
    #[error("the issuer refused: {}", .0.code())]
    IssuerRefused(ErrorCode),
    /// It said no for one of the reasons this project's own issuer has (docs/formats/issuing.md).
    #[error("the issuer refused: {}", .0.code())]
    Refused(Refusal),
    /// It wants something this wallet does not do.
    #[error("unsupported: {0:?}")]
    Unsupported(Unsupported),
    /// The caller did what the machine does not allow.
    #[error("misuse: {0:?}")]
    Misuse(Misuse),
}

/// The rule a credential offer breaks. OpenID4VCI 1.0, 4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferRule {
    /// Longer than 64 KiB.
    TooLong,
    /// Neither `openid-credential-offer://` nor `https` with exactly one of `credential_offer` and `credential_offer_uri`.
    NotAnOffer,
    /// The object is not JSON of this shape. 4.1.1.
    NotTheObject,
    /// `credential_issuer` or `credential_offer_uri` is not `https`, nor `http` on loopback.
    BadUrl,
    /// No credential configuration, one twice, or more than sixteen.
    Configurations,
    /// A transaction code of no digits, or longer than 32 characters, or an input mode nobody knows.
    TransactionCode,
    /// An empty code.
    EmptyCode,
}

/// The rule an answer breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The body is longer than 1 MiB.
    BodyTooLong,
    /// A status that the endpoint does not have, without an error code.
    UnknownFailure,
    /// The content type is not what the endpoint answers with.
    ContentType,
    /// The metadata are not the JSON asked for. OpenID4VCI 1.0, 12.2.4; RFC 8414, 2.
    NotMetadata,
    /// Metadata in the clear where signed ones were asked for, of an issuer or its authorization server. OpenID4VCI 1.0, 12.2.3;
    /// RFC 8414, 2.1.
    MetadataNotSigned,
    /// The metadata are not signed as they have to be: type, algorithm, chain to a root, use of the certificate, signature.
    /// OpenID4VCI 1.0, 12.2.3; RFC 8414, 2.1.
    MetadataSignature,
    /// The signed metadata are of the future, over, or older than a week where they do not say when they end.
    /// OpenID4VCI 1.0, 12.2.3.
    MetadataTime,
    /// An authorization server whose metadata nobody signed has an endpoint on another origin than its identifier's.
    EndpointOrigin,
    /// `credential_issuer` is not the URL the metadata were fetched for. OpenID4VCI 1.0, 12.2.4.
    OtherIssuer,
    /// `issuer` of the authorization server, or `iss` of what is signed, is not the URL it was found by. RFC 8414, 2.1 and 3.3.
    OtherAuthorizationServer,
    /// The offer names an authorization server that the issuer's metadata do not. OpenID4VCI 1.0, 4.1.1.
    UnlistedAuthorizationServer,
    /// An endpoint is not `https`, nor `http` on loopback.
    EndpointUrl,
    /// A configuration of the offer is not in the metadata. OpenID4VCI 1.0, 4.1.1.
    UnknownConfiguration,
    /// A batch size below two. OpenID4VCI 1.0, 12.2.4.
    BatchSize,
    /// The token answer is not the JSON asked for. RFC 6749, 5.1.
    NotATokenResponse,
    /// A token of a type other than the one asked for: without DPoP a stolen one could be used by anybody. RFC 9449, 5.
    TokenType,
    /// `use_dpop_nonce` without a nonce, or a second time. RFC 9449, 8.
    DpopNonce,
    /// The nonce answer is not the JSON asked for. OpenID4VCI 1.0, 7.2.
    NotANonceResponse,
    /// The answer to the pushed request is not the JSON asked for. RFC 9126, 2.2.
    NotAPushedResponse,
    /// The browser came back with another state. RFC 6749, 10.12.
    OtherState,
    /// The browser came back from another server. RFC 9207, 2.4.
    OtherResponseIssuer,
    /// The browser came back without a code.
    NoCode,
    /// The credential answer is not the JSON asked for. OpenID4VCI 1.0, 8.3.
    NotACredentialResponse,
    /// Other than one credential for each key. OpenID4VCI 1.0, 8.3.
    CredentialCount,
    /// The same credential twice.
    RepeatedCredential,
    /// An answer in the clear where an encrypted one was asked for, or the other way round. OpenID4VCI 1.0, 10.
    Encryption,
    /// The answer to the card's challenge request is none: neither a challenge nor a code, or a challenge after the evidence.
    NotAChallenge,
    /// A configuration in the token answer that the metadata do not have, or none. OpenID4VCI 1.0, 6.2.
    NothingGranted,
    /// The wallet provider's answer is not the JSON asked for.
    NotAnAttestation,
    /// A deferred answer without a transaction, or that puts off too often or too long. OpenID4VCI 1.0, 9.
    Deferral,
}

/// What this wallet does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// A credential format other than `mso_mdoc`, `dc+sd-jwt` and the counter's SD-CWT.
    Format,
    /// No way to prove the keys that this wallet has: `attestation`, or `jwt` with ES256.
    ProofType,
    /// The authorization server has no PKCE with S256.
    Pkce,
    /// The authorization server takes no pushed request. RFC 9126; HAIP 1.0, 4.3.
    PushedRequest,
    /// The authorization server takes no DPoP proof with ES256.
    Dpop,
    /// Encryption other than ECDH-ES on P-256 with A128GCM or A256GCM.
    Encryption,
    /// The server asks for an attested wallet and no wallet provider is configured.
    WalletAttestation,
    /// The grant needs an endpoint that the server does not have.
    Grant,
}

/// What a caller of the machine did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The input is not what the last step asked for.
    UnexpectedInput,
    /// A transaction code that is missing, not asked for, or of another form than the offer says.
    TransactionCode,
    /// Other than the number of keys asked for, or one key twice.
    KeyCount,
    /// A public key is not a point on P-256.
    BadKey,
    /// Not 64 bytes `r ‖ s`.
    BadSignature,
    /// The browser's URL is not the redirect the client named.
    BadUrl,
    /// Something handed in has no JSON form.
    NoJson,
    /// Randomness did not make a key: once in 2^128.
    BadRandomness,
    /// What was kept of an issuance is not what this version keeps.
    NotKept,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// The error codes of RFC 6749 5.2 and 4.1.2.1, RFC 9449 and OpenID4VCI 1.0 6.3, 8.3.1 and 9.3.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }
    };
}

error_codes! {
    /// The request itself is wrong.
    InvalidRequest = "invalid_request",
    /// The wallet, or its attestation, is not accepted.
    InvalidClient = "invalid_client",
    /// The code or the transaction code is wrong, used or expired.
    InvalidGrant = "invalid_grant",
    /// This wallet may not do that.
    UnauthorizedClient = "unauthorized_client",
    /// The grant is not known.
    UnsupportedGrantType = "unsupported_grant_type",
    /// The scope is not known.
    InvalidScope = "invalid_scope",
    /// The citizen or the server said no in the browser.
    AccessDenied = "access_denied",
    /// The response type is not known.
    UnsupportedResponseType = "unsupported_response_type",
    /// The server failed.
    ServerError = "server_error",
    /// The server is busy.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// The access token is wrong or expired. RFC 6750, 3.1.
    InvalidToken = "invalid_token",
    /// The token does not reach that far. RFC 6750, 3.1.
    InsufficientScope = "insufficient_scope",
    /// The DPoP proof is wrong. RFC 9449, 5.
    InvalidDpopProof = "invalid_dpop_proof",
    /// The DPoP proof needs the server's nonce. RFC 9449, 8.
    UseDpopNonce = "use_dpop_nonce",
    /// The wallet's attestation is not accepted.
    InvalidClientAttestation = "invalid_client_attestation",
    /// The credential request is wrong.
    InvalidCredentialRequest = "invalid_credential_request",
    /// The configuration is not known.
    UnknownCredentialConfiguration = "unknown_credential_configuration",
    /// The identifier is not known.
    UnknownCredentialIdentifier = "unknown_credential_identifier",
    /// The proof of the keys is wrong.
    InvalidProof = "invalid_proof",
    /// The nonce is wrong or expired.
    InvalidNonce = "invalid_nonce",
    /// The encryption asked for is wrong.
    InvalidEncryptionParameters = "invalid_encryption_parameters",
    /// The request was refused for good.
    CredentialRequestDenied = "credential_request_denied",
    /// The deferred transaction is not known.
    InvalidTransactionId = "invalid_transaction_id",
    /// The notification is not known.
    InvalidNotificationId = "invalid_notification_id",
    /// The notification is wrong.
    InvalidNotificationRequest = "invalid_notification_request",
    /// A code this wallet does not know.
    Other = "other",
}

impl ErrorCode {
    /// The code with this name; [`ErrorCode::Other`] for those of extensions.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        Self::ALL.iter().copied().find(|known| known.code() == code).unwrap_or(Self::Other)
    }
}

impl From<OfferRule> for OpenIdError {
    fn from(rule: OfferRule) -> Self {
        Self::BadOffer(rule)
    }
}

impl From<Rule> for OpenIdError {
    fn from(rule: Rule) -> Self {
        Self::IssuerMisbehaved(rule)
    }
}

impl From<Unsupported> for OpenIdError {
    fn from(what: Unsupported) -> Self {
        Self::Unsupported(what)
    }
}

impl From<Misuse> for OpenIdError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}
