//! The seam to the phone: plain data which machines may name, and small async traits which only the facade drives.
//!
//! Every trait carries bytes and ids and has a closed error enum named for what the app does next. None of the
//! security-relevant methods returns `()` or a type whose zero means yes.

mod data;
mod keys;
mod messages;
mod seams;
mod url;

pub use data::{HttpMethod, HttpRequest, HttpResponse, LinkLimits, Now, Prompt};
pub use keys::{
    Attestation, CreatedKeys, HolderKeyId, InstanceKeyId, KeyPolicy, KeyPurpose, NewKey, Residence,
    SignRequest, UserAuthentication, WrapKeyId,
};
pub use messages::{AttestationMessage, ChipMessage, ChipProof, FaceMessage, GroupMessage};
pub use seams::{
    Anchor, AnchorError, CardLink, Clock, ClockError, FaceCheck, FaceCheckError, FaceEvidence, Http,
    HttpError, KeyStore, KeyStoreError, LinkError,
};
pub use url::{NotAUrl, Url};
