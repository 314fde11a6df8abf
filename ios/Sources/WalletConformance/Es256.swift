import Foundation

/// ES256 verification for the suites alone, because Swift on Linux brings no cryptography. It takes no care of timing: what it
/// sees is public.
enum Es256 {
    /// Whether `signature` (r ‖ s, 64 bytes) is over SHA-256 of `message` under `publicKey` (SEC1, 65 bytes). FIPS 186-5, 6.4.2.
    static func verifies(_ signature: Data, of message: Data, under publicKey: Data) -> Bool {
        guard signature.count == 64, publicKey.count == 65, publicKey.first == 4 else { return false }
        let (r, s) = (limbs(signature.prefix(32)), limbs(signature.suffix(32)))
        for number in [r, s] { guard number.contains(where: { $0 != 0 }), less(number, n.modulus) else { return false } }
        let (x, y) = (limbs(publicKey.dropFirst().prefix(32)), limbs(publicKey.suffix(32)))
        guard less(x, p.modulus), less(y, p.modulus), let key = onCurve(p.enter(x), p.enter(y)) else { return false }
        let inverse = n.inverse(n.enter(s))
        var digest = limbs(Sha256.hash(message))
        if !less(digest, n.modulus) { digest = subtract(digest, n.modulus).0 }
        let u1 = n.leave(n.multiply(n.enter(digest), inverse))
        let u2 = n.leave(n.multiply(n.enter(r), inverse))
        let sum = add(times(generator, u1), times(key, u2))
        guard sum.z.contains(where: { $0 != 0 }) else { return false }
        let zInverse = p.inverse(sum.z)
        var affine = p.leave(p.multiply(sum.x, p.multiply(zInverse, zInverse)))
        if !less(affine, n.modulus) { affine = subtract(affine, n.modulus).0 }
        return affine == r
    }

    /// Jacobian, coordinates in Montgomery form; infinity where `z` is zero.
    private struct Point {
        var x: [UInt32]
        var y: [UInt32]
        var z: [UInt32]
    }

    private static let p = Modulus("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    private static let n = Modulus("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    private static let b = p.enter(limbs("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"))
    private static let generator = Point(
        x: p.enter(limbs("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")),
        y: p.enter(limbs("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")), z: p.one)

    private static func onCurve(_ x: [UInt32], _ y: [UInt32]) -> Point? {
        let three = p.add(p.one, p.add(p.one, p.one))
        let right = p.add(p.multiply(x, p.subtract(p.multiply(x, x), three)), b)
        return p.multiply(y, y) == right ? Point(x: x, y: y, z: p.one) : nil
    }

    private static func times(_ point: Point, _ scalar: [UInt32]) -> Point {
        var sum = Point(x: p.one, y: p.one, z: [UInt32](repeating: 0, count: 8))
        for bit in (0..<256).reversed() {
            sum = double(sum)
            if scalar[bit / 32] >> UInt32(bit % 32) & 1 == 1 { sum = add(sum, point) }
        }
        return sum
    }

    private static func double(_ a: Point) -> Point {
        let (delta, gamma) = (p.multiply(a.z, a.z), p.multiply(a.y, a.y))
        let beta = p.multiply(a.x, gamma)
        let product = p.multiply(p.subtract(a.x, delta), p.add(a.x, delta))
        let alpha = p.add(product, p.add(product, product))
        let beta4 = p.add(p.add(beta, beta), p.add(beta, beta))
        let x = p.subtract(p.multiply(alpha, alpha), p.add(beta4, beta4))
        let yz = p.add(a.y, a.z)
        let z = p.subtract(p.subtract(p.multiply(yz, yz), gamma), delta)
        let gamma2 = p.multiply(gamma, gamma)
        let gamma4 = p.add(p.add(gamma2, gamma2), p.add(gamma2, gamma2))
        let y = p.subtract(p.multiply(alpha, p.subtract(beta4, x)), p.add(gamma4, gamma4))
        return Point(x: x, y: y, z: z)
    }

    private static func add(_ a: Point, _ b: Point) -> Point {
        if !a.z.contains(where: { $0 != 0 }) { return b }
        if !b.z.contains(where: { $0 != 0 }) { return a }
        let (aa, bb) = (p.multiply(a.z, a.z), p.multiply(b.z, b.z))
        let (u1, u2) = (p.multiply(a.x, bb), p.multiply(b.x, aa))
        let (s1, s2) = (p.multiply(a.y, p.multiply(b.z, bb)), p.multiply(b.y, p.multiply(a.z, aa)))
        let (h, r) = (p.subtract(u2, u1), p.subtract(s2, s1))
        if !h.contains(where: { $0 != 0 }) {
            return r.contains { $0 != 0 } ? Point(x: p.one, y: p.one, z: [UInt32](repeating: 0, count: 8)) : double(a)
        }
        let hh = p.multiply(h, h)
        let (hhh, v) = (p.multiply(hh, h), p.multiply(u1, hh))
        let x = p.subtract(p.subtract(p.multiply(r, r), hhh), p.add(v, v))
        let y = p.subtract(p.multiply(r, p.subtract(v, x)), p.multiply(s1, hhh))
        return Point(x: x, y: y, z: p.multiply(h, p.multiply(a.z, b.z)))
    }
}

/// Arithmetic below an odd number of 256 bits, in Montgomery form. Eight limbs, the lowest first.
private struct Modulus: Sendable {
    let modulus: [UInt32]
    let one: [UInt32]
    private let square: [UInt32]
    private let negated: UInt32

    init(_ hex: String) {
        let m = limbs(hex)
        var inverse: UInt32 = 1
        for _ in 0..<5 { inverse = inverse &* (2 &- m[0] &* inverse) }
        func doubled(_ number: [UInt32], _ times: Int) -> [UInt32] {
            (0..<times).reduce(number) { number, _ in Modulus.add(number, number, m) }
        }
        let one = doubled([1, 0, 0, 0, 0, 0, 0, 0], 256)
        (modulus, negated, self.one, square) = (m, 0 &- inverse, one, doubled(one, 256))
    }

    func enter(_ a: [UInt32]) -> [UInt32] { multiply(a, square) }
    func leave(_ a: [UInt32]) -> [UInt32] { multiply(a, [1, 0, 0, 0, 0, 0, 0, 0]) }
    func add(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] { Self.add(a, b, modulus) }

    func subtract(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        let (difference, borrowed) = WalletConformance.subtract(a, b)
        return borrowed ? sum(difference, modulus).0 : difference
    }

    func multiply(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var t = [UInt64](repeating: 0, count: 10)
        let low: UInt64 = 0xffff_ffff
        for i in 0..<8 {
            var carry: UInt64 = 0
            for j in 0..<8 {
                let step = t[j] + UInt64(a[j]) * UInt64(b[i]) + carry
                (t[j], carry) = (step & low, step >> 32)
            }
            var step = t[8] + carry
            (t[8], t[9]) = (step & low, step >> 32)
            let q = UInt64(UInt32(t[0]) &* negated)
            carry = (t[0] + q * UInt64(modulus[0])) >> 32
            for j in 1..<8 {
                step = t[j] + q * UInt64(modulus[j]) + carry
                (t[j - 1], carry) = (step & low, step >> 32)
            }
            step = t[8] + carry
            (t[7], t[8]) = (step & low, t[9] + step >> 32)
        }
        let product = t[..<8].map { UInt32($0) }
        return t[8] != 0 || !less(product, modulus) ? WalletConformance.subtract(product, modulus).0 : product
    }

    /// By Fermat: the modulus is a prime.
    func inverse(_ a: [UInt32]) -> [UInt32] {
        let exponent = WalletConformance.subtract(modulus, [2, 0, 0, 0, 0, 0, 0, 0]).0
        return (0..<256).reversed().reduce(one) { power, bit in
            let squared = multiply(power, power)
            return exponent[bit / 32] >> UInt32(bit % 32) & 1 == 1 ? multiply(squared, a) : squared
        }
    }

    private static func add(_ a: [UInt32], _ b: [UInt32], _ m: [UInt32]) -> [UInt32] {
        let (total, carried) = sum(a, b)
        return carried || !less(total, m) ? WalletConformance.subtract(total, m).0 : total
    }
}

private func limbs(_ bytes: Data) -> [UInt32] {
    let bytes = Array(bytes)
    return (0..<8).map { limb in bytes[(28 - 4 * limb)..<(32 - 4 * limb)].reduce(0) { $0 << 8 | UInt32($1) } }
}

private func limbs(_ hex: String) -> [UInt32] {
    let digits = Array(hex)
    return (0..<8).map { limb in digits[(56 - 8 * limb)..<(64 - 8 * limb)].reduce(0) { $0 << 4 | UInt32($1.hexDigitValue ?? 0) } }
}

private func less(_ a: [UInt32], _ b: [UInt32]) -> Bool { subtract(a, b).1 }

private func subtract(_ a: [UInt32], _ b: [UInt32]) -> ([UInt32], Bool) {
    var (result, borrow) = ([UInt32](repeating: 0, count: 8), Int64(0))
    for i in 0..<8 {
        let step = Int64(a[i]) - Int64(b[i]) + borrow
        (result[i], borrow) = (UInt32(truncatingIfNeeded: step), step >> 32)
    }
    return (result, borrow != 0)
}

private func sum(_ a: [UInt32], _ b: [UInt32]) -> ([UInt32], Bool) {
    var (result, carry) = ([UInt32](repeating: 0, count: 8), UInt64(0))
    for i in 0..<8 {
        let step = UInt64(a[i]) + UInt64(b[i]) + carry
        (result[i], carry) = (UInt32(truncatingIfNeeded: step), step >> 32)
    }
    return (result, carry != 0)
}

/// SHA-256. FIPS 180-4, 6.2.
enum Sha256 {
    static func hash(_ message: Data) -> Data {
        var padded = Array(message) + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
        padded += withUnsafeBytes(of: UInt64(message.count * 8).bigEndian) { Array($0) }
        var state: [UInt32] = [
            0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
        ]
        for block in stride(from: 0, to: padded.count, by: 64) {
            var w = (0..<16).map { word in
                padded[(block + 4 * word)..<(block + 4 * word + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            for t in 16..<64 {
                let s0 = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ w[t - 15] >> 3
                let s1 = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ w[t - 2] >> 10
                w.append(w[t - 16] &+ s0 &+ w[t - 7] &+ s1)
            }
            var v = state
            for t in 0..<64 {
                let s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)
                let choice = v[4] & v[5] ^ ~v[4] & v[6]
                let first = v[7] &+ s1 &+ choice &+ constants[t] &+ w[t]
                let s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)
                let second = s0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
                v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
            }
            for i in 0..<8 { state[i] = state[i] &+ v[i] }
        }
        return Data(state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } })
    }

    private static func turn(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }

    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
