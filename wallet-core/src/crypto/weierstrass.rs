//! Points of a published curve in its long form, for the curves that neither ring nor a released RustCrypto crate has:
//! P-224, brainpoolP320r1, brainpoolP512r1. Verification and ephemeral keys only; ADR 0010.

use crypto_bigint::Choice;

use super::{
    domain::Domain,
    field::{Field, Number},
};

/// A curve of prime order, ready to compute on.
pub(super) struct Weierstrass {
    field: Field,
    a: Number,
    b: Number,
    /// 3b.
    b3: Number,
}

/// A point in projective coordinates: x = X/Z, y = Y/Z; the neutral element has Z = 0.
pub(super) struct Projective {
    x: Number,
    y: Number,
    z: Number,
}

impl Weierstrass {
    /// `None` for a domain that is none, which no published one is.
    pub(super) fn new(domain: &Domain) -> Option<Self> {
        let field = Field::modulo(domain.prime)?;
        let (a, b) = (field.reduce(domain.a), field.reduce(domain.b));
        let b3 = b.double().add(&b);
        Some(Self { field, a, b, b3 })
    }

    /// Reads `04 ‖ x ‖ y`; `None` for all that is no point of the curve.
    pub(super) fn decode(&self, sec1: &[u8]) -> Option<Projective> {
        let (4, coordinates) = sec1.split_first().map(|(form, rest)| (*form, rest))? else { return None };
        let (x, y) = coordinates.split_at_checked(self.field.length())?;
        let (x, y) = (self.field.read(x)?, self.field.read(y)?);
        let on_curve = y.square() == x.square().add(&self.a).mul(&x).add(&self.b);
        on_curve.then(|| Projective { x, y, z: self.field.one() })
    }

    /// `04 ‖ x ‖ y`; `None` for the neutral element.
    pub(super) fn encode(&self, point: &Projective) -> Option<Vec<u8>> {
        let inverse = point.z.invert()?;
        let mut out = vec![4];
        out.extend(self.field.write(&point.x.mul(&inverse)));
        out.extend(self.field.write(&point.y.mul(&inverse)));
        Some(out)
    }

    /// The sum of any two points, equal, opposite or neutral ones too. Renes, Costello and Batina, "Complete addition
    /// formulas for prime order elliptic curves" (2016), algorithm 1.
    pub(super) fn add(&self, p: &Projective, q: &Projective) -> Projective {
        let (xx, yy, zz) = (p.x.mul(&q.x), p.y.mul(&q.y), p.z.mul(&q.z));
        let xy = p.x.add(&p.y).mul(&q.x.add(&q.y)).sub(&xx).sub(&yy);
        let xz = p.x.add(&p.z).mul(&q.x.add(&q.z)).sub(&xx).sub(&zz);
        let yz = p.y.add(&p.z).mul(&q.y.add(&q.z)).sub(&yy).sub(&zz);
        let a_zz = self.a.mul(&zz);
        let s = self.a.mul(&xz).add(&self.b3.mul(&zz));
        let (u, v) = (yy.sub(&s), yy.add(&s));
        let w = xx.double().add(&xx).add(&a_zz);
        let r = self.b3.mul(&xz).add(&self.a.mul(&xx.sub(&a_zz)));
        Projective {
            x: xy.mul(&u).sub(&yz.mul(&r)),
            y: u.mul(&v).add(&w.mul(&r)),
            z: yz.mul(&v).add(&xy.mul(&w)),
        }
    }

    /// `scalar`, big-endian, times `point`: one doubling and one addition for each bit, whatever it is.
    pub(super) fn multiply(&self, point: &Projective, scalar: &[u8]) -> Projective {
        let mut sum = Projective { x: self.field.zero(), y: self.field.one(), z: self.field.zero() };
        for byte in scalar {
            for place in (0..8).rev() {
                sum = self.add(&sum, &sum);
                let with = self.add(&sum, point);
                sum.assign(&with, Choice::from_u8_lsb(byte >> place));
            }
        }
        sum
    }
}

impl Projective {
    fn assign(&mut self, other: &Self, choice: Choice) {
        self.x.assign(&other.x, choice);
        self.y.assign(&other.y, choice);
        self.z.assign(&other.z, choice);
    }
}

/// ECDSA over a digest that is as long as the order at most; `r ‖ s` at full length. FIPS 186-5, 6.4.2. `None` for a key
/// that is no point.
pub(super) fn verify(domain: &Domain, public: &[u8], digest: &[u8], r: &[u8], s: &[u8]) -> Option<bool> {
    let curve = Weierstrass::new(domain)?;
    let scalars = Field::modulo(domain.order)?;
    let public = curve.decode(public)?;
    let (Some(r_number), Some(s_number)) = (scalars.read(r), scalars.read(s)) else { return Some(false) };
    let Some(inverse) = s_number.invert().filter(|_| r_number != scalars.zero()) else {
        return Some(false);
    };
    let generator = curve.decode(domain.generator)?;
    let one = curve.multiply(&generator, &scalars.write(&scalars.reduce(digest).mul(&inverse)));
    let two = curve.multiply(&public, &scalars.write(&r_number.mul(&inverse)));
    let Some(sum) = curve.encode(&curve.add(&one, &two)) else { return Some(false) };
    let (_, coordinates) = sum.split_first()?;
    let (x, _) = coordinates.split_at_checked(curve.field.length())?;
    Some(scalars.reduce(x) == r_number)
}
