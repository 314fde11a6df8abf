#!/usr/bin/env python3
"""Makes pace.txt: PACE by every mapping and in every group, derived a second time from ICAO Doc 9303-11 in a few lines
of Python, with the parameters of the groups from OpenSSL and the ciphers of Python's `cryptography`. Every number is
the same in each run. Each line is one exchange:

name | encrypted nonce | our secret of the mapping | our private key | DO'81' | DO'82' | DO'83' | DO'84' | DO'85' | DO'86' |
DO'8A' or - | KS_enc | KS_mac | the chip's static public key and scalar, or - - | the chip's nonce | its secret of the
mapping or - | its private key | its static private key or -

The names end in what is special: `publics0`, the public keys on both sides begin with a zero; `secret0`, the shared secret
does."""

import base64, hashlib, os, subprocess
from itertools import count
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

HERE = os.path.dirname(os.path.abspath(__file__))
CAN = b"123456"
CIPHERS = {"3des": (1, 16, 8), "aes128": (2, 16, 16), "aes192": (3, 24, 16), "aes256": (4, 32, 16)}
CURVES = ["secp224r1", "prime256v1", "brainpoolP256r1", "brainpoolP320r1", "secp384r1", "brainpoolP384r1", "brainpoolP512r1", "secp521r1"]
PRIMES = [1, 2, 3]


def openssl(*arguments):
    out = subprocess.run(["openssl", *arguments, "-outform", "PEM"], check=True, capture_output=True).stdout
    return base64.b64decode(b"".join(line for line in out.splitlines() if not line.startswith(b"-")))


def objects(der):
    """The tags and values of a constructed value."""
    while der:
        tag, length, rest = der[0], der[1], der[2:]
        if length > 127:
            size = length - 128
            length, rest = int.from_bytes(rest[:size], "big"), rest[size:]
        yield tag, rest[:length]
        der = rest[length:]


def number(value):
    return int.from_bytes(value, "big")


def tlv(tag, value):
    size = bytes([len(value)]) if len(value) < 128 else b"\x81" + bytes([len(value)]) if len(value) < 256 else b"\x82" + len(value).to_bytes(2, "big")
    return bytes.fromhex(tag) + size + value


class Curve:
    modp = False

    def __init__(self, name):
        [(_, body)] = objects(openssl("ecparam", "-name", name, "-param_enc", "explicit"))
        _, (_, field), (_, equation), (_, generator), (_, order), *_ = objects(body)
        self.name = name
        self.p = number([value for _, value in objects(field)][1])
        self.a, self.b = [number(value) for _, value in list(objects(equation))[:2]]
        self.q, self.length = number(order), (self.p.bit_length() + 7) // 8
        if generator[0] == 4:
            self.generator = (number(generator[1 : 1 + self.length]), number(generator[1 + self.length :]))
        else:
            x = number(generator[1:])
            y = self.root((x**3 + self.a * x + self.b) % self.p)
            self.generator = (x, y if y % 2 == generator[0] % 2 else self.p - y)

    def root(self, square):
        assert self.p % 4 == 3
        return pow(square, (self.p + 1) // 4, self.p)

    def add(self, one, other):
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p) if one == other else (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def multiply(self, scalar, base):
        """By doubling and adding, in Jacobian coordinates: x = X / Z^2, y = Y / Z^3."""
        p, (bx, by) = self.p, base
        x, y, z = bx, by, 1
        for bit in bin(scalar)[3:]:
            yy = y * y % p
            s = 4 * x * yy % p
            m = (3 * x * x + self.a * pow(z, 4, p)) % p
            x, y, z = (m * m - 2 * s) % p, None, 2 * y * z % p
            y = (m * (s - x) - 8 * yy * yy) % p
            if bit == "1":
                zz = z * z % p
                h, r = (bx * zz - x) % p, (by * zz * z - y) % p
                # Neither the neutral element nor the same point is met on the way to a scalar below the order.
                assert h
                hh = h * h % p
                v = x * hh % p
                x3 = (r * r - hh * h - 2 * v) % p
                y, z = (r * (v - x3) - y * hh * h) % p, z * h % p
                x = x3
        inverse = pow(z, -1, p)
        return x * inverse**2 % p, y * inverse**3 % p

    def encode(self, point):
        return b"\x04" + b"".join(c.to_bytes(self.length, "big") for c in point)

    def secret(self, point):
        return point[0].to_bytes(self.length, "big")

    def starts_with_zero(self, point):
        return self.secret(point)[0] == 0

    def map(self, nonce, shared):
        return self.add(self.multiply(nonce % self.q, self.generator), shared)

    def integrate(self, t):
        """Doc 9303-11, B.2."""
        p, a, b = self.p, self.a, self.b
        alpha = -t * t % p
        x2 = -b * pow(a, -1, p) * (1 + pow(alpha + alpha * alpha, -1, p)) % p
        x3 = alpha * x2 % p
        h2 = (x2**3 + a * x2 + b) % p
        u = t**3 * h2 % p
        big_a = pow(h2, p - 1 - (p + 1) // 4, p)
        point = (x2, big_a * h2 % p) if big_a * big_a * h2 % p == 1 else (x3, big_a * u % p)
        assert (point[1] ** 2 - point[0] ** 3 - a * point[0] - b) % p == 0
        return point


class Prime:
    modp = True

    def __init__(self, which):
        [(_, body)] = objects(openssl("genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", f"dh_rfc5114:{which}"))
        self.p, self.generator, self.q = [number(value) for _, value in list(objects(body))[:3]]
        self.name, self.length = f"rfc5114-{which}", (self.p.bit_length() + 7) // 8

    def multiply(self, scalar, base):
        return pow(base, scalar, self.p)

    def encode(self, element):
        """Doc 9303-11, 9.4.4: an unsigned integer, in the minimum number of octets."""
        return element.to_bytes((element.bit_length() + 7) // 8, "big")

    def secret(self, element):
        """As long as the prime."""
        return element.to_bytes(self.length, "big")

    def starts_with_zero(self, element):
        return self.secret(element)[0] == 0

    def map(self, nonce, shared):
        return pow(self.generator, nonce, self.p) * shared % self.p

    def integrate(self, t):
        return pow(t, (self.p - 1) // self.q, self.p)


class Key:
    def __init__(self, cipher, key):
        self.cipher, self.key = cipher, key
        self.block = CIPHERS[cipher][2]
        self.algorithm = TripleDES(key + key[:8]) if cipher == "3des" else algorithms.AES(key)

    @classmethod
    def derive(cls, cipher, secret, purpose):
        """Doc 9303-11, 9.7.1."""
        size = CIPHERS[cipher][1]
        digest = (hashlib.sha1 if size == 16 else hashlib.sha256)(secret + purpose.to_bytes(4, "big")).digest()[:size]
        if cipher == "3des":
            digest = bytes(b & 0xFE | (bin(b >> 1).count("1") + 1) % 2 for b in digest)
        return cls(cipher, digest)

    def encrypt(self, text, iv=None):
        context = Cipher(self.algorithm, modes.CBC(iv or bytes(self.block))).encryptor()
        return context.update(text) + context.finalize()

    def mac(self, text):
        if self.cipher != "3des":
            mac = CMAC(self.algorithm)
            mac.update(text)
            return mac.finalize()[:8]
        # ISO/IEC 9797-1, algorithm 3, padding method 2.
        padded = pad(text, 8)
        single = lambda key: Cipher(TripleDES(key * 3), modes.CBC(bytes(8)))
        first = single(self.key[:8]).encryptor().update(padded)[-8:]
        second = Cipher(TripleDES(self.key[8:] * 3), modes.ECB()).decryptor().update(first)
        return Cipher(TripleDES(self.key[:8] * 3), modes.ECB()).encryptor().update(second)


def pad(text, block):
    return text + b"\x80" + bytes(-(len(text) + 1) % block)


def pseudo_random(cipher, s, t, p):
    """Doc 9303-11, 4.4.3.3.2 and B.1."""
    c = {
        16: ("a668892a7c41e3ca739f40b057d85904", "a4e136ac725f738b01c1f60217c188ad"),
        32: ("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676", "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"),
    }
    c0, c1 = [bytes.fromhex(text) for text in c[len(s)]]
    size, key, out = CIPHERS[cipher][1], Key(cipher, t).encrypt(s), b""
    while 8 * len(out) < p.bit_length() + 64:
        key = Key(cipher, key[:size])
        out += key.encrypt(c1)
        key = key.encrypt(c0)
    return number(out) % p


def exchange(mapping, cipher, group, special=""):
    name = "-".join(filter(None, [mapping, cipher, group.name, special]))
    draw = lambda what, length: hashlib.shake_256(f"{name} {what}".encode()).digest(length)
    scalar = lambda what: number(draw(what, 90)) % (group.q - 1) + 1

    def pair(what, base):
        """A key pair whose public half is as special as asked."""
        for attempt in count():
            private = scalar(f"{what} {attempt}")
            public = group.multiply(private, base)
            if special != "publics0" or group.starts_with_zero(public):
                return private, public

    agreement = {"gm": 1, "im": 3, "cam": 5}[mapping] + (0 if group.modp else 1)
    number_of_cipher, key_length, block = CIPHERS[cipher]
    oid = tlv("06", bytes.fromhex("04007f00070202 04".replace(" ", "")) + bytes([agreement, number_of_cipher]))
    nonce = draw("nonce", 32 if mapping == "im" and key_length > 16 else 16)
    password = Key.derive(cipher, CAN, 3)
    claim, static_public, chip_map, static = None, None, None, None
    wide = lambda scalar: scalar.to_bytes((group.q.bit_length() + 7) // 8, "big")
    if mapping == "im":
        ours = draw("our nonce", key_length)
        ours_81, theirs_82 = ours, b""
        generator = group.integrate(pseudo_random(cipher, nonce, ours, group.p))
    else:
        ours_map, ours_public = pair("our mapping", group.generator)
        chip_map, chip_public = pair("chip mapping", group.generator)
        ours_81, theirs_82 = group.encode(ours_public), group.encode(chip_public)
        generator = group.map(number(nonce), group.multiply(ours_map, chip_public))
        ours = wide(ours_map)
        if mapping == "cam":
            static = scalar("static")
            static_public = group.multiply(static, group.generator)
            claim = chip_map * pow(static, -1, group.q) % group.q
            assert group.multiply(claim, static_public) == chip_public
    ours_agree, ours_public = pair("our agreement", generator)
    if special == "secret0":
        tried = (scalar(f"chip agreement {attempt}") for attempt in count())
        chip_agree = next(s for s in tried if group.starts_with_zero(group.multiply(s, ours_public)))
        chip_public = group.multiply(chip_agree, generator)
    else:
        chip_agree, chip_public = pair("chip agreement", generator)
    secret = group.multiply(chip_agree, ours_public)
    assert secret == group.multiply(ours_agree, chip_public)
    encryption, mac = [Key.derive(cipher, group.secret(secret), purpose) for purpose in (1, 2)]
    token = lambda public: mac.mac(tlv("7f49", oid + tlv("84" if group.modp else "86", group.encode(public))))
    encrypted_claim = None
    if mapping == "cam":
        iv = encryption.encrypt(b"\xff" * block)
        encrypted_claim = encryption.encrypt(pad(wide(claim), block), iv)
    fields = [
        password.encrypt(nonce), ours, wide(ours_agree),
        ours_81, theirs_82, group.encode(ours_public), group.encode(chip_public), token(chip_public), token(ours_public),
        encrypted_claim, encryption.key, mac.key,
        group.encode(static_public) if static_public else None, wide(claim) if claim else None,
        nonce, wide(chip_map) if chip_map else None, wide(chip_agree), wide(static) if static else None,
    ]
    return " ".join([name] + ["-" if field is None else field.hex() or "empty" for field in fields])


def main():
    curves, primes = [Curve(name) for name in CURVES], [Prime(which) for which in PRIMES]
    lines, ciphers = [], list(CIPHERS)
    turn = lambda index: ciphers[index % 4]
    for index, group in enumerate(curves + primes):
        lines.append(exchange("gm", turn(index), group))
        lines.append(exchange("gm", turn(index + 1), group, "secret0"))
        if group.modp:
            lines.append(exchange("gm", turn(index + 2), group, "publics0"))
        if group.name != "secp224r1":
            # Every cipher has met the first curve that can, the rest take turns.
            for cipher in ciphers if group.name in ("prime256v1", "rfc5114-1") else [turn(index + 3)]:
                lines.append(exchange("im", cipher, group))
        if group.modp:
            lines.append(exchange("im", turn(index), group, "publics0"))
        else:
            lines.append(exchange("cam", ciphers[1 + index % 3], group))
    with open(os.path.join(HERE, "pace.txt"), "w") as out:
        out.write("\n".join(lines) + "\n")


main()
