//! The community centre of the demo: a clerk's code and six spoken digits, and three attempts that must fail.

use std::path::Path;

use fixtures::people::{self, Citizen};
use wallet_core::{
    qr::QrCode,
    wallet::{CardView, Issued, WalletError},
};

use super::{
    DemoDesk,
    phone::Phone,
    steps::{End, Steps},
};
use crate::{
    commands::show::write_frame,
    failure::{Failure, Outcome},
    output::Output,
};

/// A resident comes, is seen, and goes with the ID on the phone. Gives that phone back.
pub(super) async fn visit(
    desk: &DemoDesk,
    folder: &Path,
    pictures: &Path,
    steps: &mut Steps,
) -> Outcome<Phone> {
    let output = steps.output();
    let say = &output.texts.demo;
    let resident: Citizen = people::other_adult();
    let phone = Phone::open(&folder.join("centre-phone"), desk, output.texts.language).await?;
    let stranger = Phone::open(&folder.join("second-phone"), desk, output.texts.language).await?;

    let number = resident.registration_number;
    let visit = desk.visit(number).await.map_err(|_| Failure::Internal("the centre made no code"))?;
    let qr = QrCode::encode(&visit.link).map_err(|_| Failure::Internal("a code too long for a QR"))?;
    write_frame(Some(pictures), "centre", &qr, &visit.link)?;
    output.line(&qr.to_terminal())?;
    steps.done("visit_centre", &(say.visited)(resident.name))?;

    let others = visit.transaction_code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    refused(phone.accept(&visit.link, others).await, "wrong_digits", say.wrong_digits, steps)?;

    let card = phone.accept(&visit.link, visit.transaction_code.clone()).await?;
    let copies: u32 = card.copies.iter().map(|copies| copies.left).sum();
    steps.done("issue_at_centre", &(say.issued)(&card.name, copies))?;

    let again = stranger.accept(&visit.link, visit.transaction_code).await;
    refused(again, "used_code", say.used_code, steps)?;
    let (enrolment, evidence) = stranger.tap(&resident).await?;
    let second = enrolment.finish(evidence, None).await.map_err(Failure::from);
    refused(second, "second_phone", say.second_phone, steps)?;
    Ok(phone)
}

/// A step that the issuer has to refuse.
fn refused(outcome: Outcome<CardView>, name: &'static str, what: &str, steps: &mut Steps) -> Outcome<()> {
    let output: Output = steps.output();
    match outcome {
        Err(failure @ Failure::Wallet(WalletError::IssuerRefused { why })) => {
            steps.refused(name, what, why.code(), &(output.texts.say.failure)(&failure))
        }
        Err(failure) => Err(failure),
        Ok(_) => steps.end(name, what, End::Unexpected, ""),
    }
}

impl Phone {
    /// Scans and accepts an offer with the digits that were spoken.
    async fn accept(&self, link: &str, digits: String) -> Outcome<CardView> {
        let offer = self.open_offer(link).await?;
        match offer.accept(Some(digits.into_bytes()), None).await? {
            Issued::Card { card } => Ok(card),
            Issued::SignIn { .. } | Issued::Later { .. } => Err(Failure::Internal("the desk issues at once")),
        }
    }
}
