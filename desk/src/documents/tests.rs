use super::*;

const GOOD: &str = fixtures::documents::VETERAN_CARD;

fn added(text: &str) -> Result<Documents, DocumentError> {
    let mut documents = Documents::load(None)?;
    documents.add("file", text)?;
    Ok(documents)
}

fn fault(from: &str, to: &str) -> Fault {
    assert!(GOOD.contains(from), "{from}");
    match added(&GOOD.replace(from, to)) {
        Err(DocumentError::Fault { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_documents_are_built_in() {
    let documents = Documents::load(None).unwrap();
    let ids: Vec<_> = documents.iter().map(Document::id).collect();
    assert_eq!(ids, ["resident_card", "foreign_resident_card"]);
    let card = documents.find("resident_card").unwrap();
    let forms: Vec<_> = card.wanted().into_iter().map(|wanted| (wanted.id(), wanted.batch())).collect();
    let expected = [
        ("resident_card.mdoc", 3),
        ("resident_card.sd_jwt", 3),
        ("resident_card.adult", 10),
        ("resident_card.name_birth", 5),
        ("resident_card.address", 3),
        ("resident_card.full", 3),
        ("resident_card.registration_number", 3),
    ];
    assert_eq!(forms, expected.map(|(id, copies)| (id.to_owned(), copies)));
    assert_eq!(documents.wanted("resident_card.adult").unwrap().kind(), Some("rc1.adult"));
    assert_eq!(documents.wanted("foreign_resident_card.full").unwrap().kind(), Some("fc1.full"));
    for unknown in ["resident_card", "resident_card.", "resident_card.adults", "other.mdoc", ".mdoc", ""] {
        assert_eq!(documents.wanted(unknown), None, "{unknown}");
    }
    assert_eq!(documents.by_tag(card.tag()), Some(card));
}

#[test]
fn each_person_gets_the_document_of_their_card() {
    let documents = Documents::load(None).unwrap();
    let of = |person: &Person| documents.of_card(person).unwrap().id();
    assert_eq!(of(&fixtures::people::adult().person()), "resident_card");
    assert_eq!(of(&fixtures::people::foreign_resident().person()), "foreign_resident_card");
}

#[test]
fn every_claim_of_a_document_built_in_has_a_value() {
    let documents = Documents::load(None).unwrap();
    let today = wallet_core::card::Date::parse("2026-11-24").unwrap();
    for (document, person) in documents
        .iter()
        .zip([fixtures::people::adult().person(), fixtures::people::foreign_resident().person()])
    {
        let about = About { person: &person, fields: &BTreeMap::new(), today, expiry: today };
        let values = document.values(&about).unwrap();
        assert_eq!(values.len(), document.claims().len());
        assert!(values.iter().all(|(_, value)| !value.is_null()), "{}", document.id());
    }
}

#[test]
fn a_file_adds_a_document() {
    let documents = added(GOOD).unwrap();
    let card = documents.find("veteran_card").unwrap();
    assert_eq!(card.holders(), Holders::Registered);
    assert_eq!(card.fields().collect::<Vec<_>>(), ["veteran_number", "veteran_category"]);
    assert_eq!(card.name().text(Language::English), "Veteran's card (test)");
    let folder = std::env::temp_dir().join(format!("desk-documents-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("veteran.toml"), GOOD).unwrap();
    fs::write(folder.join("README"), "no document").unwrap();
    assert_eq!(Documents::load(Some(&folder)).unwrap().iter().count(), 3);
    fs::write(folder.join("broken.toml"), "id = 1").unwrap();
    assert!(matches!(Documents::load(Some(&folder)), Err(DocumentError::Form { .. })));
    fs::remove_dir_all(&folder).unwrap();
    assert!(
        matches!(Documents::load(Some(&folder)), Err(DocumentError::Io(_))),
        "no folder is no empty folder"
    );
}

#[test]
fn a_file_that_says_what_no_document_may_is_refused() {
    assert_eq!(fault("id = \"veteran_card\"", "id = \"Veteran.card\""), Fault::Id);
    assert_eq!(fault("id = \"veteran_card\"", "id = \"\""), Fault::Id);
    assert_eq!(fault("id = \"veteran_card\"", "id = \"resident_card\""), Fault::Twice);
    let taken = "kr.example.walletcore.resident_card.1";
    assert_eq!(fault("kr.example.walletcore.veteran_card.1", taken), Fault::Twice);
    assert_eq!(fault("copies = 3", "copies = 0"), Fault::Copies);
    assert_eq!(fault("copies = 3", "copies = 51"), Fault::Copies);
    assert_eq!(fault("copy_days = 60", "copy_days = 63"), Fault::Days);
    assert_eq!(fault("copy_days = 60", "copy_days = 0"), Fault::Days);
    assert_eq!(fault("card_days = 1095", "card_days = 59"), Fault::Days);
    assert_eq!(fault("en = \"Veteran's card (test)\"", "en = \"\""), Fault::Text);
    assert_eq!(fault("ko = \"보훈번호\"", "ko = \"a\\nb\""), Fault::Text);
    assert_eq!(fault("[sd_jwt]", "[mdoc]\ndoctype = \"org.other\"\ncopies = 1\n[sd_jwt]"), Fault::DocType);
    assert_eq!(fault("[sd_jwt]", "[counter]\nadult = 1\n[sd_jwt]"), Fault::Counter);
    let lost = Fault::Source("veteran_number".to_owned());
    assert_eq!(fault("from = \"register.veteran_number\"", "from = \"chip.number\""), lost);
    assert_eq!(fault("from = \"register.veteran_number\"", "from = \"register.\""), lost);
    assert_eq!(fault("holders = \"registered\"", "holders = \"residents\""), lost);
    assert_eq!(fault("name = \"veteran_number\"", "name = \"exp\""), Fault::Claim("exp".to_owned()));
    assert_eq!(fault("name = \"veteran_number\"", "name = \"name\""), Fault::Claim("name".to_owned()));
    assert_eq!(
        fault("name = \"person_id\"\n", "name = \"number\"\nfrom = \"person_id\"\n"),
        Fault::PersonMissing("person_id")
    );
    let bare = "id = \"a\"\nholders = \"residents\"\ncard_days = 60\ncopy_days = 60\n[name]\nko = \"a\"\nen = \"a\"\n";
    let Err(DocumentError::Fault { fault, .. }) = added(bare) else { panic!("it has no form") };
    assert_eq!(fault, Fault::NoForm);
    assert!(matches!(added(&format!("{GOOD}\nextra = 1")), Err(DocumentError::Form { .. })));
}
