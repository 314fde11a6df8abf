//! The maker: one signature, then a new frame every fifteen seconds.

use super::{
    copy::UnverifiedCopy,
    desk::Audience,
    error::{CounterError, Misuse},
    frame,
    staple::Staple,
    token::{MAX_FRAMES, PERIOD, Roll, write_payload, write_protected},
};
use crate::{
    bytes::Secret,
    cose::{encode_sign1, sig_structure},
    crypto::{
        chain::{Domain, Link, derive_at},
        sign::{self, PublicKey, Signature},
    },
    platform::SignRequest,
};

/// What a show needs.
#[derive(Debug)]
pub struct ShowPlan<'a> {
    /// The copy out of the vault: verified when it was received, consumed by the caller before this call.
    pub copy: &'a [u8],
    /// The copy's newest staple.
    pub staple: Staple,
    /// For whom.
    pub audience: Audience,
    /// Seconds since 1970 UTC; frame 0 begins here.
    pub now: i64,
    /// Fresh random bytes: 16 for the chain, 8 for its salt.
    pub entropy: Secret<24>,
}

/// Waits for the holder's signature.
#[derive(Debug)]
pub struct ExpectSignature {
    holder: PublicKey,
    protected: Vec<u8>,
    payload: Vec<u8>,
    rolling: Rolling,
}

/// A running show.
#[derive(Debug)]
pub struct Show {
    token: Vec<u8>,
    rolling: Rolling,
}

#[derive(Debug)]
struct Rolling {
    x: Secret<16>,
    roll: Roll,
    issued_at: i64,
    hour_step: u32,
    staple: Link,
}

/// One picture of the show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Frame {
    /// The text of the QR code.
    pub text: String,
    /// Which frame, from 0.
    pub step: u32,
    /// How many there are.
    pub frames: u32,
    /// Seconds until the next frame, or the end: 1 to 15.
    pub seconds_left: u32,
}

/// The show is over; another one takes another copy and another prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the show is over")]
pub struct Ended;

impl Show {
    /// Begins a show. Its token lives 180 seconds, or less when the copy ends sooner.
    ///
    /// # Errors
    /// [`Misuse::CopyNotValidNow`], [`Misuse::ForeignStaple`]; [`CounterError::Malformed`] for a copy that is none.
    pub fn begin(plan: ShowPlan<'_>) -> Result<ExpectSignature, CounterError> {
        let ShowPlan { copy, staple, audience, now, entropy } = plan;
        let content = UnverifiedCopy::parse(copy)?.read_own()?;
        let room = content.expires_at.saturating_sub(now) / i64::from(PERIOD);
        let n = u32::try_from(room).unwrap_or(0).min(MAX_FRAMES);
        if n == 0 || now < content.issued_at {
            return Err(Misuse::CopyNotValidNow.into());
        }
        if !content.staple.proves(&staple) {
            return Err(Misuse::ForeignStaple.into());
        }
        let hour_step = staple.hour.saturating_sub(content.staple.first_hour);

        let (x, salt) = split(&entropy);
        let y = derive_at(Domain::Frame, &salt, 0, x.expose(), n).ok_or(Misuse::Times)?;
        let roll = Roll { y, salt, period: PERIOD, n };
        let expires_at = now.saturating_add(i64::from(n) * i64::from(PERIOD));
        Ok(ExpectSignature {
            holder: content.holder,
            protected: write_protected(copy),
            payload: write_payload(&audience, now, expires_at, &roll),
            rolling: Rolling { x, roll, issued_at: now, hour_step, staple: staple.preimage },
        })
    }

    /// The frame for `now` (seconds since 1970 UTC). A clock set back shows the first frame.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn frame(&self, now: i64) -> Result<Frame, Ended> {
        let Rolling { x, roll, issued_at, hour_step, staple } = &self.rolling;
        let elapsed = u32::try_from(now.saturating_sub(*issued_at).max(0)).map_err(|_| Ended)?;
        let step = elapsed / PERIOD;
        let left = roll.n.checked_sub(step).filter(|left| *left > 0).ok_or(Ended)?;
        let preimage = derive_at(Domain::Frame, &roll.salt, 0, x.expose(), left).ok_or(Ended)?;
        Ok(Frame {
            text: frame::encode(&self.token, step, &preimage, *hour_step, staple),
            step,
            frames: roll.n,
            seconds_left: PERIOD - elapsed % PERIOD,
        })
    }

    /// When the last frame ends, seconds since 1970 UTC.
    #[must_use]
    pub fn ends_at(&self) -> i64 {
        let life = i64::from(self.rolling.roll.n) * i64::from(PERIOD);
        self.rolling.issued_at.saturating_add(life)
    }
}

impl ExpectSignature {
    /// What the copy's holder key has to sign.
    #[must_use]
    pub fn request(&self) -> SignRequest {
        SignRequest { message: sig_structure(&self.protected, &self.payload) }
    }

    /// Takes the key store's signature (`r ‖ s`), brings it to low S and begins showing.
    ///
    /// # Errors
    /// [`Misuse::WrongKey`] when it does not verify under the copy's key.
    pub fn handle(self, signature: &Signature) -> Result<Show, CounterError> {
        let signature = sign::normalise(signature).map_err(|_| Misuse::WrongKey)?;
        let signed = sig_structure(&self.protected, &self.payload);
        sign::verify(&self.holder, &signed, &signature).map_err(|_| Misuse::WrongKey)?;
        let token = encode_sign1(&self.protected, &self.payload, &signature);
        Ok(Show { token, rolling: self.rolling })
    }
}

fn split(entropy: &Secret<24>) -> (Secret<16>, [u8; 8]) {
    let (mut x, mut salt) = (Secret::new([0; 16]), [0; 8]);
    let bytes = entropy.expose();
    for (to, from) in x.expose_mut().iter_mut().zip(bytes) {
        *to = *from;
    }
    for (to, from) in salt.iter_mut().zip(bytes.iter().skip(16)) {
        *to = *from;
    }
    (x, salt)
}
