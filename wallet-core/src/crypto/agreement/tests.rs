use super::*;

fn curves() -> impl Iterator<Item = (Curve, Group)> {
    Curve::ALL.into_iter().map(|curve| (curve, Group::Curve(curve)))
}

fn groups() -> impl Iterator<Item = Group> {
    curves().map(|(_, group)| group).chain(Modp::ALL.into_iter().map(Group::Modp))
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn key(group: Group, number: u64) -> PrivateKey {
    let mut scalar = vec![0; group.scalar_length() - 8];
    scalar.extend_from_slice(&number.to_be_bytes());
    PrivateKey::from_scalar(group, &scalar).unwrap()
}

/// ICAO Doc 9303-11, G.1.
#[test]
fn the_generic_mapping_gives_the_points_of_the_worked_example() {
    let group = Group::Curve(Curve::BrainpoolP256r1);
    let map = PrivateKey::from_scalar(
        group,
        &bytes("7f4ef07b9ea82fd78ad689b38d0bc78cf21f249d953bc46f4c6e19259c010f99"),
    )
    .unwrap();
    let public = map.multiply(&Element::generator(group)).unwrap();
    assert_eq!(
        hex::encode(public.as_bytes()),
        "047acf3efc982ec45565a4b155129efbc74650dcbfa6362d896fc70262e0c2cc5e544552dcb6725218799115b55c9baa6d9f6bc3a9618e70c25af71777a9c4922d"
    );
    let chip = Element::parse(
        group,
        &bytes("04824fba91c9cbe26bef53a0ebe7342a3bf178cea9f45de0b70aa601651fba3f5730d8c879aaa9c9f73991e61b58f4d52eb87a0a0c709a49dc63719363ccd13c54"),
    )
    .unwrap();
    let mapped =
        map_generator(&bytes("3f00c4d39d153f2b2a214a078d899b22"), &map.multiply(&chip).unwrap()).unwrap();
    assert_eq!(
        hex::encode(mapped.as_bytes()),
        "048ced63c91426d4f0eb1435e7cb1d74a46723a0af21c89634f65a9ae87a9265e28c879506743f8611ac33645c5b985c80b5f09a0b83407c1b6a4d857ae76fe522"
    );
}

#[test]
fn both_sides_reach_the_same_secret_and_leading_zeros_are_kept() {
    for (curve, group) in curves() {
        let generator = Element::generator(group);
        let length = curve.field_length();
        let (mut met, mut number) = (0, 1_u64);
        let mut point = generator.clone();
        // P-521 has seven zero bits in front of each coordinate.
        let enough = if curve == Curve::P521 { 3 } else { 1 };
        while met < enough && number < 5000 {
            number += 1;
            point = key(group, number).multiply(&generator).unwrap();
            assert_eq!(point.as_bytes().len(), 2 * length + 1);
            assert_eq!(point.secret().expose().len(), length);
            assert_eq!(Element::parse(group, point.as_bytes()).unwrap(), point);
            met += usize::from(point.as_bytes()[1] == 0) + usize::from(point.as_bytes()[1 + length] == 0);
        }
        assert!(met >= enough, "{group:?}: too few coordinates with a leading zero were met");
        let there = key(group, 7).multiply(&point).unwrap();
        let back = key(group, number).multiply(&key(group, 7).multiply(&generator).unwrap()).unwrap();
        assert_eq!(there, back);
    }
}

#[test]
fn points_off_the_curve_and_at_infinity_are_refused() {
    for (curve, group) in curves() {
        let length = curve.field_length();
        let generator = Element::generator(group);
        let mut off = generator.as_bytes().to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(Element::parse(group, &off), Err(AgreementError::NotInGroup));
        assert_eq!(Element::parse(group, &[0]), Err(AgreementError::Neutral));
        assert_eq!(Element::parse(group, &[]), Err(AgreementError::NotInGroup));
        let zeros = [&[4][..], &vec![0; 2 * length]].concat();
        assert_eq!(Element::parse(group, &zeros), Err(AgreementError::NotInGroup));
        let too_great = [&[4][..], &vec![0xFF; 2 * length]].concat();
        assert_eq!(Element::parse(group, &too_great), Err(AgreementError::NotInGroup));
        let compressed = [&[2][..], &generator.as_bytes()[1..=length]].concat();
        assert_eq!(Element::parse(group, &compressed), Err(AgreementError::NotInGroup));

        // A card that answers with H = -s·G would make the mapped generator vanish.
        let domain = curve.domain();
        let mut less_five = domain.order.to_vec();
        let borrow = less_five.last().copied().unwrap() < 5;
        assert!(!borrow, "{curve:?}: the order's last byte is too small for this shortcut");
        *less_five.last_mut().unwrap() -= 5;
        let minus = PrivateKey::from_scalar(group, &less_five).unwrap().multiply(&generator).unwrap();
        assert_eq!(map_generator(&[5], &minus), Err(AgreementError::Neutral));
        // Doubling inside a sum: H = s·G.
        let equal = key(group, 5).multiply(&generator).unwrap();
        assert_eq!(map_generator(&[5], &equal).unwrap(), key(group, 10).multiply(&generator).unwrap());
    }
}

#[test]
fn numbers_outside_the_subgroup_are_refused() {
    for modp in Modp::ALL {
        let group = Group::Modp(modp);
        let domain = modp.domain();
        let parse = |bytes: &[u8]| Element::parse(group, bytes);
        assert_eq!(parse(&[1]), Err(AgreementError::Neutral));
        assert_eq!(parse(&[0]), Err(AgreementError::NotInGroup));
        assert_eq!(parse(&[]), Err(AgreementError::NotInGroup));
        // Two generates a greater group, p - 1 one of order two.
        assert_eq!(parse(&[2]), Err(AgreementError::NotInGroup));
        let mut less_one = domain.prime.to_vec();
        *less_one.last_mut().unwrap() -= 1;
        assert_eq!(parse(&less_one), Err(AgreementError::NotInGroup));
        assert_eq!(parse(domain.prime), Err(AgreementError::NotInGroup));
        assert_eq!(parse(&[&[1], domain.prime].concat()), Err(AgreementError::NotInGroup));
        let own = Element::generator(group);
        assert_eq!(parse(own.as_bytes()).unwrap(), own);
        let mut minus = domain.order.to_vec();
        let carry = minus.last().copied().unwrap() < 5;
        assert!(!carry);
        *minus.last_mut().unwrap() -= 5;
        let inverse = PrivateKey::from_scalar(group, &minus).unwrap().multiply(&own).unwrap();
        assert_eq!(map_generator(&[5], &inverse), Err(AgreementError::Neutral));
    }
}

/// RFC 5114, appendices A.1 to A.3; RFC 7027, appendix A.3.
#[test]
fn the_published_agreements_come_out() {
    let lines = |text: &'static str| text.lines().skip(1).map(|line| line.split(' ').collect::<Vec<_>>());
    let mut published = Vec::new();
    for line in lines(include_str!("../../../testdata/rfc5114.txt")) {
        let modp = match line[0] {
            "MODP_1024_160" => Modp::Bits1024Order160,
            "MODP_2048_224" => Modp::Bits2048Order224,
            _ => Modp::Bits2048Order256,
        };
        published.push((Group::Modp(modp), line[1..].iter().map(|hex| bytes(hex)).collect::<Vec<_>>()));
    }
    for line in lines(include_str!("../../../testdata/rfc7027.txt")) {
        let mut numbers: Vec<_> = line.iter().map(|hex| bytes(hex)).collect();
        numbers[1].insert(0, 4);
        numbers[3].insert(0, 4);
        published.push((Group::Curve(Curve::BrainpoolP512r1), numbers));
    }
    assert_eq!(published.len(), 4);
    for (group, numbers) in published {
        let [one, one_public, two, two_public, shared] = numbers.try_into().unwrap();
        let [one, two] = [one, two].map(|scalar| PrivateKey::from_scalar(group, &scalar).unwrap());
        let generator = Element::generator(group);
        assert_eq!(one.multiply(&generator).unwrap().as_bytes(), one_public);
        assert_eq!(two.multiply(&generator).unwrap().as_bytes(), two_public);
        let two_public = Element::parse(group, &two_public).unwrap();
        assert_eq!(one.multiply(&two_public).unwrap().secret().expose(), shared);
    }
}

/// The long form of the formulas gives what RustCrypto gives, on the curves that both have.
#[test]
fn both_implementations_agree() {
    for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::BrainpoolP256r1, Curve::BrainpoolP384r1] {
        let group = Group::Curve(curve);
        let domain = curve.domain();
        let generator = Element::generator(group);
        let mut base = generator.clone();
        for round in 1..4 {
            let key = PrivateKey::derive(group, &[round * 57; PrivateKey::SEED]).unwrap();
            let product = key.multiply(&base).unwrap();
            let scalar = key.scalar.expose();
            let again = combine_by_numbers(domain, scalar, base.as_bytes(), None).unwrap();
            assert_eq!(product.as_bytes(), again, "{curve:?}");
            let mapped = map_generator(scalar, &product).unwrap();
            let again = combine_by_numbers(domain, scalar, generator.as_bytes(), Some(product.as_bytes()));
            assert_eq!(mapped.as_bytes(), again.unwrap(), "{curve:?}");
            base = product;
        }
    }
}

#[test]
fn scalars_are_reduced_and_bounded() {
    for group in groups() {
        let derive = |wide: &[u8]| PrivateKey::derive(group, wide);
        assert_eq!(derive(&[0; PrivateKey::SEED]).unwrap_err(), AgreementError::BadScalar);
        let length = group.scalar_length();
        assert_eq!(derive(&vec![1; length + 15]).unwrap_err(), AgreementError::BadScalar);
        let parse = |bytes: &[u8]| PrivateKey::from_scalar(group, bytes).map(|_| ());
        assert_eq!(parse(&vec![0xFF; length]), Err(AgreementError::BadScalar));
        assert_eq!(parse(&vec![1; length - 1]), Err(AgreementError::BadScalar));
        assert_eq!(parse(&vec![0; length]), Err(AgreementError::BadScalar));
        assert_eq!(parse(group.order()), Err(AgreementError::BadScalar));
        let mut wide = [0; PrivateKey::SEED];
        wide[PrivateKey::SEED - 1] = 9;
        let generator = Element::generator(group);
        assert_eq!(
            derive(&wide).unwrap().multiply(&generator).unwrap(),
            key(group, 9).multiply(&generator).unwrap()
        );
        derive(&[0xFF; PrivateKey::SEED]).unwrap().multiply(&generator).unwrap();
    }
    let other = Element::generator(Group::Curve(Curve::P384));
    assert_eq!(key(Group::Curve(Curve::P256), 3).multiply(&other), Err(AgreementError::MixedGroups));
}

#[test]
fn points_and_keys_are_wiped_when_dropped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<Element>();
    wiped::<SecretBytes>();
    let mut shared = Element::generator(Group::Curve(Curve::P256));
    shared.zeroize();
    assert!(shared.as_bytes().is_empty());
}
