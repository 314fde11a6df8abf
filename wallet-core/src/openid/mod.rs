//! OpenID4VCI 1.0, the wallet's side, as a machine: an offer becomes credentials. It yields HTTP requests and what has to be
//! signed, and takes what came back; it sends nothing, signs nothing and asks no clock.

mod asking;
mod error;
mod flow;
mod form;
mod issuance;
mod messages;
mod metadata;
mod offer;
mod provider;
mod request;
mod saved;
pub mod sd_jwt;
mod tap;
mod tokens;

#[cfg(test)]
mod encryption_tests;

#[cfg(test)]
mod examples_tests;

#[cfg(test)]
mod provider_tests;

#[cfg(test)]
mod resuming_tests;

#[cfg(test)]
mod scripted_issuer;

#[cfg(test)]
mod tap_tests;

#[cfg(test)]
mod tests;

pub use asking::{SIGNED_METADATA, SIGNED_SERVER_METADATA};
pub use error::{ErrorCode, Misuse, OfferRule, OpenIdError, Rule, Unsupported};
pub use issuance::{
    Client, Delivered, Finished, Input, Issuance, IssuedCredentials, MetadataPolicy, Outcome, Renewal,
    RequestPolicy, Step, Summary, TokenPolicy,
};
pub use metadata::{
    Configuration, Format, IssuerMetadata, Names, ProofKind, RequestEncryption, ResponseEncryption,
    ServerMetadata,
};
pub use offer::{Code, CredentialOffer, Grant, OfferLink, Token, TransactionCode};
pub use provider::{
    AttestationResponse, Attesting, CHALLENGE_PATH, ChallengeResponse, KEYS_PATH, KeysClaims, ProviderInput,
    ProviderStep, REQUEST_TYPE, WALLET_PATH, WalletClaims,
};
pub use tokens::{CARD_EVIDENCE, CardEvidence};
