//! Basic access control: both sides prove that they know the lines for machines. ICAO Doc 9303-11, 4.3.

use super::{
    super::{
        error::{ChipError, Part, Rule},
        reading::select_application,
        secure_messaging::SecureMessaging,
    },
    Entropy, Mrz, Reference,
};
use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    bytes::{SecretBytes, equal_in_constant_time},
    crypto::{
        aes::Purpose,
        channel::{ChannelKey, Cipher},
    },
};

/// Basic access control, waiting for a response.
#[derive(Debug)]
pub(super) struct Bac {
    encryption: ChannelKey,
    authentication: ChannelKey,
    /// RND.IFD.
    nonce: SecretBytes,
    /// K.IFD.
    secret: SecretBytes,
    expect: Expect,
}

#[derive(Debug)]
enum Expect {
    Application,
    Challenge,
    Answer { challenge: [u8; 8] },
}

/// What it wants next.
#[derive(Debug)]
pub(super) enum BacStep {
    Transmit(Bac, CommandApdu),
    Open(SecureMessaging),
}

impl Bac {
    pub(super) fn begin(mrz: &Mrz, entropy: &mut Entropy) -> Result<(Self, CommandApdu), ChipError> {
        let seed = mrz.basic_seed();
        let derive = |purpose| ChannelKey::derive(seed.expose(), purpose, Cipher::TripleDes);
        let bac = Self {
            encryption: derive(Purpose::Encryption),
            authentication: derive(Purpose::Authentication),
            nonce: entropy.next_bytes(8)?,
            secret: entropy.next_bytes(16)?,
            expect: Expect::Application,
        };
        Ok((bac, select_application()))
    }

    pub(super) fn handle(self, response: &ResponseApdu) -> Result<BacStep, ChipError> {
        match self.expect {
            Expect::Application if response.status.is_ok() => {
                let command = CommandApdu::new(0x00, GET_CHALLENGE, 0, 0).expecting(8);
                Ok(BacStep::Transmit(Self { expect: Expect::Challenge, ..self }, command))
            }
            Expect::Challenge if response.status.is_ok() => {
                let challenge = response
                    .data
                    .as_slice()
                    .try_into()
                    .map_err(|_| ChipError::CardMisbehaved(Rule::NonceLength))?;
                let sealed = self.seal(&challenge)?;
                let length = u32::try_from(sealed.len()).unwrap_or(256);
                let command =
                    CommandApdu::new(0x00, EXTERNAL_AUTHENTICATE, 0, 0).with_data(sealed).expecting(length);
                Ok(BacStep::Transmit(Self { expect: Expect::Answer { challenge }, ..self }, command))
            }
            Expect::Answer { challenge } if response.status.is_ok() => {
                self.open(&challenge, &response.data).map(BacStep::Open)
            }
            // The card opened what was sealed, and found other lines than its own. Cards differ in how they say it.
            Expect::Answer { .. } if is_about_password(response.status) => {
                let tries_left = response.status.tries_left();
                Err(ChipError::WrongPassword { which: Reference::Mrz, tries_left })
            }
            _ => Err(ChipError::CardRefused(response.status)),
        }
    }

    /// E.IFD ‖ M.IFD over S = RND.IFD ‖ RND.IC ‖ K.IFD. ICAO Doc 9303-11, 4.3.3.
    fn seal(&self, challenge: &[u8; 8]) -> Result<Vec<u8>, ChipError> {
        let plain = SecretBytes::new([self.nonce.expose(), challenge, self.secret.expose()].concat());
        let sealed = self.encryption.encrypt_cbc(&[0; 8], plain.expose()).map_err(|_| DAMAGED)?;
        let mac = self.authentication.mac(&[&Cipher::TripleDes.pad(&sealed)]).map_err(|_| DAMAGED)?;
        Ok([sealed.as_slice(), &mac].concat())
    }

    /// Checks R = RND.IC ‖ RND.IFD ‖ K.IC and derives the session.
    fn open(self, challenge: &[u8; 8], answer: &[u8]) -> Result<SecureMessaging, ChipError> {
        let (sealed, mac) = answer.split_at_checked(32).ok_or(DAMAGED)?;
        let expected = self.authentication.mac(&[&Cipher::TripleDes.pad(sealed)]).map_err(|_| DAMAGED)?;
        if !equal_in_constant_time(mac, &expected) {
            return Err(ChipError::CardMisbehaved(Rule::WrongToken));
        }
        let plain = SecretBytes::new(self.encryption.decrypt_cbc(&[0; 8], sealed).map_err(|_| DAMAGED)?);
        let (nonces, secret) = plain.expose().split_at_checked(16).ok_or(DAMAGED)?;
        if !equal_in_constant_time(nonces, &[challenge, self.nonce.expose()].concat()) {
            return Err(ChipError::CardMisbehaved(Rule::WrongToken));
        }
        let seed = SecretBytes::new(
            secret.iter().zip(self.secret.expose()).map(|(card, ours)| card ^ ours).collect(),
        );
        // A card that sends our own key back would make the seed known to everyone.
        if seed.expose().iter().all(|byte| *byte == 0) {
            return Err(ChipError::CardMisbehaved(Rule::RepeatedKey));
        }
        let derive = |purpose| ChannelKey::derive(seed.expose(), purpose, Cipher::TripleDes);
        let halves = challenge.iter().skip(4).chain(self.nonce.expose().iter().skip(4));
        let counter = halves.fold(0_u64, |counter, byte| counter << 8 | u64::from(*byte));
        Ok(SecureMessaging::counting_from(
            derive(Purpose::Encryption),
            derive(Purpose::Authentication),
            counter,
        ))
    }
}

fn is_about_password(status: StatusWord) -> bool {
    matches!(
        status,
        StatusWord::AUTHENTICATION_FAILED
            | StatusWord::ACCESS_DENIED
            | StatusWord::CONDITIONS_NOT_SATISFIED
            | StatusWord::WRONG_SECURE_OBJECT
    ) || status.tries_left().is_some()
}

const DAMAGED: ChipError = ChipError::Malformed(Part::AuthenticationData);
const GET_CHALLENGE: u8 = 0x84;
const EXTERNAL_AUTHENTICATE: u8 = 0x82;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::LengthForm;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn transmit(step: BacStep) -> (Bac, String) {
        match step {
            BacStep::Transmit(bac, command) => (bac, hex::encode(command.encode().unwrap())),
            BacStep::Open(_) => panic!("open too early"),
        }
    }

    fn answered(answer: &str) -> Result<BacStep, ChipError> {
        let mrz = Mrz::parse("L898902C", "690806", "940623").unwrap();
        let mut entropy = Entropy::dangerous_fixed(&[
            &bytes("781723860c06c226"),
            &bytes("0b795240cb7049b01c19b33e32804f0b"),
        ]);
        let (bac, command) = Bac::begin(&mrz, &mut entropy).unwrap();
        assert_eq!(hex::encode(command.encode().unwrap()), "00a4040c07a0000002471001");
        let response = |text: &str| ResponseApdu::parse(&bytes(text)).unwrap();
        let (bac, command) = transmit(bac.handle(&response("9000"))?);
        assert_eq!(command, "0084000008");
        let (bac, command) = transmit(bac.handle(&response("4608f919887022129000"))?);
        assert_eq!(
            command,
            "008200002872c29c2371cc9bdb65b779b8e8d37b29ecc154aa56a8799fae2f498f76ed92f25f1448eea8ad90a728"
        );
        bac.handle(&response(answer))
    }

    const ANSWER: &str =
        "46b9342a41396cd7386bf5803104d7cedc122b9132139baf2eedc94ee178534f2f2d235d074d74499000";

    /// ICAO Doc 9303-11, D.3 and D.4.
    #[test]
    fn the_worked_example_is_followed_byte_for_byte() {
        let BacStep::Open(session) = answered(ANSWER).unwrap() else { panic!("not open") };
        let select = CommandApdu::new(0, 0xA4, 2, 0x0C).with_data(vec![1, 0x1E]);
        let (waiting, command) = session.protect(&select, LengthForm::Short).unwrap();
        assert_eq!(hex::encode(command), "0ca4020c158709016375432908c044f68e08bf8b92d635ff24f800");
        let (session, answer) = waiting.open(&bytes("990290008e08fa855a5d4c50a8ed9000")).unwrap();
        assert!(answer.status.is_ok());
        let (waiting, command) =
            session.protect(&CommandApdu::new(0, 0xB0, 0, 0).expecting(4), LengthForm::Short).unwrap();
        assert_eq!(hex::encode(command), "0cb000000d9701048e08ed6705417e96ba5500");
        let (_, answer) =
            waiting.open(&bytes("8709019ff0ec34f9922651990290008e08ad55cc17140b2ded9000")).unwrap();
        assert_eq!(hex::encode(answer.data), "60145f01");
    }

    #[test]
    fn an_answer_that_does_not_prove_the_lines_is_refused() {
        for altered in [0, 20, 39] {
            let mut answer = bytes(ANSWER);
            answer[altered] ^= 1;
            let error = answered(&hex::encode(answer)).unwrap_err();
            assert_eq!(error, ChipError::CardMisbehaved(Rule::WrongToken));
        }
        assert_eq!(answered("9000").unwrap_err(), DAMAGED);
        for (status, tries_left) in [("6300", None), ("63c2", Some(2)), ("6982", None), ("6988", None)] {
            let wrong = ChipError::WrongPassword { which: Reference::Mrz, tries_left };
            assert_eq!(answered(status).unwrap_err(), wrong);
        }
        assert_eq!(answered("6f00").unwrap_err(), ChipError::CardRefused(StatusWord::INTERNAL));
    }
}
