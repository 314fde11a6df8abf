//! What ties a session, a chip, a face and a phone together: challenges derived from the issuer's nonce, so that an
//! answer made for one session, one phone or one purpose is worth nothing in another.

use crate::crypto::{
    hash::{sha256_of, truncated},
    sign::PublicKey,
};

/// An issuer's session: 16 random bytes, good for one enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 16]);

/// The issuer's nonce of one session: 32 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 32]);

/// What a face check has to be made for.
pub type FaceChallenge = [u8; 32];

/// RND.IFD for active authentication of the card (ICAO Doc 9303-11, 6.1): the first 8 bytes of SHA-256("kr-wallet chip
/// challenge v1" ‖ nonce ‖ session ‖ thumbprint of the Instance key). The answer proves that this chip was before this
/// phone in this session.
#[must_use]
pub fn derive_chip_challenge(nonce: &Nonce, session: &SessionId, instance: &PublicKey) -> [u8; 8] {
    truncated(sha256_of(&[b"kr-wallet chip challenge v1", &nonce.0, &session.0, &instance.thumbprint()]))
}

/// SHA-256("kr-wallet face challenge v1" ‖ nonce ‖ session). The Instance key is in what the provider signs.
#[must_use]
pub fn derive_face_challenge(nonce: &Nonce, session: &SessionId) -> FaceChallenge {
    sha256_of(&[b"kr-wallet face challenge v1", &nonce.0, &session.0])
}

/// What a face provider signs: challenge ‖ SHA-256(portrait) ‖ SHA-256(Instance key, 65 bytes).
#[must_use]
pub fn face_statement(challenge: &FaceChallenge, portrait: &[u8], instance: &PublicKey) -> [u8; 96] {
    let parts = [*challenge, sha256_of(&[portrait]), sha256_of(&[instance.as_sec1()])];
    let mut statement = [0; 96];
    for (to, from) in statement.iter_mut().zip(parts.iter().flatten()) {
        *to = *from;
    }
    statement
}
