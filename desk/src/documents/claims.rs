//! Where the claims of an SD-JWT come from.

use std::collections::BTreeMap;

use serde_json::Value;
use wallet_core::{
    card::{Date, Person},
    jose::encode,
    mdoc::issue::{age_in_years, split_latin, split_name},
};

use super::Document;

/// What a source in a document's file may begin with: the rest names a field of the register.
const REGISTER: &str = "register.";
/// What the format keeps for itself. RFC 9901; draft-ietf-oauth-sd-jwt-vc, 2.2.2.
const RESERVED: [&str; 12] =
    ["_sd", "_sd_alg", "...", "iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "sub"];
/// What a wallet needs to tell whose an SD-JWT is.
pub(super) const NAME_THE_PERSON: [&str; 9] = [
    "name",
    "family_name_latin1",
    "given_name_latin1",
    "birth_date",
    "person_id",
    "resident_address",
    "issue_date",
    "issuing_authority",
    "portrait",
];
const SOURCES: [&str; 20] = [
    "name",
    "family_name",
    "given_name",
    "family_name_latin1",
    "given_name_latin1",
    "birth_date",
    "age_birth_year",
    "age_over_18",
    "age_over_19",
    "adult_by_year",
    "person_id",
    "rrn_front",
    "resident_address",
    "resident_country",
    "issue_date",
    "expiry_date",
    "issuing_authority",
    "issuing_country",
    "nationality",
    "portrait",
];

/// Whom a document is about.
pub(crate) struct About<'a> {
    /// The person.
    pub(crate) person: &'a Person,
    /// What the register has of them for this document.
    pub(crate) fields: &'a BTreeMap<String, String>,
    /// The day of issue.
    pub(crate) today: Date,
    /// The day on which the document ends, however often its copies are renewed.
    pub(crate) expiry: Date,
}

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

pub(super) fn is_source(source: &str, registered: bool) -> bool {
    match source.strip_prefix(REGISTER) {
        Some(field) => registered && !field.is_empty(),
        None => SOURCES.contains(&source),
    }
}

impl Document {
    /// The fields of the register that this document is made of.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.claims.iter().filter_map(|claim| claim.source().strip_prefix(REGISTER))
    }

    /// The claims of the SD-JWT form; `None` when one has no value.
    pub(crate) fn values(&self, about: &About<'_>) -> Option<Vec<(String, Value)>> {
        let value = |claim: &super::Claim| Some((claim.name.clone(), self.value(claim.source(), about)?));
        self.claims.iter().map(value).collect()
    }

    fn value(&self, source: &str, about: &About<'_>) -> Option<Value> {
        let About { person, fields, today, expiry } = *about;
        if let Some(field) = source.strip_prefix(REGISTER) {
            return fields.get(field).map(|value| value.clone().into());
        }
        let birth = person.birth_date();
        let (family, given) = split_name(person.name());
        let (family_latin, given_latin) = split_latin(person.name_latin());
        let value: Value = match source {
            "name" => person.name().into(),
            "family_name" => family.into(),
            "given_name" => given.into(),
            "family_name_latin1" => family_latin.into(),
            "given_name_latin1" => given_latin.into(),
            "birth_date" => birth.to_string().into(),
            "age_birth_year" => birth.year().into(),
            "age_over_18" => (age_in_years(birth, today) >= 18).into(),
            "age_over_19" => (age_in_years(birth, today) >= 19).into(),
            "adult_by_year" => birth.is_adult_by_year(today).into(),
            "person_id" => person.registration_number().as_str().into(),
            "rrn_front" => person.registration_number().front().into(),
            "resident_address" => person.address().into(),
            "resident_country" | "issuing_country" => "KR".into(),
            "issue_date" => person.issue_date().to_string().into(),
            "expiry_date" => expiry.to_string().into(),
            "issuing_authority" => person.issuing_authority().into(),
            "nationality" => self.nationality()?.into(),
            "portrait" => encode(person.portrait()).into(),
            _ => return None,
        };
        Some(value)
    }
}
