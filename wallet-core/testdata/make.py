#!/usr/bin/env python3
"""Makes signatures.txt, sods.txt, active_auth.txt, explicit_curves.txt and rsa2048.test-key.pk8 with OpenSSL, an implementation that shares
no code with the core. Needs the openssl program and Python's `cryptography`. Everything made is test material: the
names are invented, the keys protect nothing and all but one are thrown away."""

import hashlib, os, subprocess, tempfile
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HERE = os.path.dirname(os.path.abspath(__file__))
HASHES = {"sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1, "bp256": ec.BrainpoolP256R1, "bp384": ec.BrainpoolP384R1}
MESSAGE = b"a message signed by OpenSSL"


def der(tag, value):
    n = len(value)
    size = bytes([n]) if n < 128 else (lambda b: bytes([0x80 | len(b)]) + b)(n.to_bytes((n.bit_length() + 7) // 8, "big"))
    return bytes.fromhex(tag) + size + value


def plain(curve, signature):
    size = (curve.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(signature))


def number(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


def signatures():
    """name | key (curve and point, or modulus and exponent) | scheme | signature"""
    lines = []
    for name, curve in CURVES.items():
        key = ec.generate_private_key(curve())
        point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        for h, make in HASHES.items():
            s = plain(curve, key.sign(MESSAGE, ec.ECDSA(make())))
            lines.append(f"{name} {point.hex()} ecdsa-{h} {s.hex()}")
    keys = {bits: rsa.generate_private_key(65537 if bits != 1536 else 3, bits) for bits in (1024, 1025, 1536, 2048, 3072)}
    for bits, key in keys.items():
        n = key.public_key().public_numbers()
        key_text = f"{number(n.n).hex()},{number(n.e).hex()}"
        for h, make in HASHES.items():
            s = key.sign(MESSAGE, padding.PKCS1v15(), make())
            lines.append(f"rsa{bits} {key_text} pkcs1-{h} {s.hex()}")
            for mgf, salt in ((h, make().digest_size), ("sha1", 20), (h, 0)):
                if 8 * (make().digest_size + salt + 2) > bits - 1:
                    continue
                s = key.sign(MESSAGE, padding.PSS(padding.MGF1(HASHES[mgf]()), salt), make())
                lines.append(f"rsa{bits} {key_text} pss-{h}-{mgf}-{salt} {s.hex()}")
    write("signatures.txt", lines)


def sods():
    """name | digest of the groups | EF.SOD | CSCA. The groups are 1 = "group one", 2 = "group two"."""
    groups = {1: b"group one", 2: b"group two"}
    oids = {"sha1": "2b0e03021a", "sha256": "608648016503040201", "sha384": "608648016503040202", "sha512": "608648016503040203"}
    ecgen = lambda curve, form: ["ecparam", "-genkey", "-noout", "-name", curve, "-param_enc", form]
    rsagen = lambda bits: ["genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"]
    cases = [
        ("brainpoolP256r1-explicit", ecgen("brainpoolP256r1", "explicit"), "sha256", []),
        ("brainpoolP384r1-named", ecgen("brainpoolP384r1", "named_curve"), "sha384", []),
        ("p256-explicit-by-key-id", ecgen("prime256v1", "explicit"), "sha1", ["-keyid"]),
        ("p384-indefinite-length", ecgen("secp384r1", "named_curve"), "sha256", ["-indef", "-stream"]),
        ("p521-named", ecgen("secp521r1", "named_curve"), "sha512", []),
        ("rsa-pkcs1", rsagen(2048), "sha256", []),
        ("rsa-pss", rsagen(2048), "sha256", ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"]),
        ("rsa-pss-mgf-sha1", rsagen(2048), "sha384", ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1", "-keyopt", "rsa_pss_saltlen:20"]),
        ("brainpoolP224r1-unsupported", ecgen("brainpoolP224r1", "named_curve"), "sha256", []),
    ]
    lines = []
    for name, generate, h, options in cases:
        with tempfile.TemporaryDirectory() as d:
            run = lambda *a: subprocess.run(["openssl", *a], cwd=d, check=True, capture_output=True)
            for who in ("csca", "dsc"):
                run(*generate, "-out", who + ".key")
            extensions = "[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n" \
                "[ds]\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
            open(d + "/ext", "w").write(extensions)
            sign = [o for o in options if o.startswith("rsa_")]
            sigopt = [x for o in sign for x in ("-sigopt", o)]
            validity = ["-days", "7300"]
            run("req", "-new", "-key", "csca.key", "-subj", "/C=UT/O=Invented test authority/CN=Test CSCA", "-out", "csca.csr")
            run("x509", "-req", "-in", "csca.csr", "-signkey", "csca.key", "-extfile", "ext", "-extensions", "ca", *validity, "-" + h, *sigopt, "-outform", "DER", "-out", "csca.der")
            run("x509", "-inform", "DER", "-in", "csca.der", "-out", "csca.pem")
            run("req", "-new", "-key", "dsc.key", "-subj", "/C=UT/O=Invented test authority/CN=Test DSC", "-out", "dsc.csr")
            run("x509", "-req", "-in", "dsc.csr", "-CA", "csca.pem", "-CAkey", "csca.key", "-CAcreateserial", "-extfile", "ext", "-extensions", "ds", *validity, "-" + h, *sigopt, "-out", "dsc.pem")
            digest = der("30", der("06", bytes.fromhex(oids[h])))
            hashed = b"".join(der("30", der("02", bytes([n])) + der("04", hashlib.new(h, g).digest())) for n, g in groups.items())
            open(d + "/lds", "wb").write(der("30", der("02", b"\0") + digest + der("30", hashed)))
            run("cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-in", "lds", "-econtent_type", "2.23.136.1.1.1", "-md", h, "-signer", "dsc.pem", "-inkey", "dsc.key", *options, "-outform", "DER", "-out", "sod")
            read = lambda f: open(d + "/" + f, "rb").read()
            lines.append(f"{name} {h} {der('77', read('sod')).hex()} {read('csca.der').hex()}")
    write("sods.txt", lines)


def active_auth():
    """name | DG15 | DG14 or - | challenge | response"""
    challenge = bytes.fromhex("0102030405060708")
    trailers = {"sha1": "bc", "sha224": "38cc", "sha256": "34cc", "sha384": "36cc", "sha512": "35cc"}
    plain_oids = {"sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}
    spki = lambda key: key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    lines = []
    for bits in (1024, 1536, 2048):
        key = rsa.generate_private_key(65537, bits)
        p = key.private_numbers()
        for h, trailer in trailers.items():
            trailer, size = bytes.fromhex(trailer), hashlib.new(h).digest_size
            # ISO/IEC 9796-2 scheme 1, partial recovery: 6A, M1, hash over M1 and the challenge, trailer.
            m1 = os.urandom(bits // 8 - 1 - size - len(trailer))
            f = b"\x6a" + m1 + hashlib.new(h, m1 + challenge).digest() + trailer
            s = pow(int.from_bytes(f, "big"), p.d, p.public_numbers.n)
            lines.append(f"rsa{bits}-{h} {der('6f', spki(key)).hex()} - {challenge.hex()} {s.to_bytes(bits // 8, 'big').hex()}")
    for name, curve in CURVES.items():
        key = ec.generate_private_key(curve())
        for h, make in HASHES.items():
            info = der("30", der("06", bytes.fromhex("678108010105")) + der("02", b"\1") + der("06", bytes.fromhex("04007f000701010401") + bytes([plain_oids[h]])))
            s = plain(curve, key.sign(challenge, ec.ECDSA(make())))
            lines.append(f"{name}-{h} {der('6f', spki(key)).hex()} {der('6e', der('31', info)).hex()} {challenge.hex()} {s.hex()}")
    write("active_auth.txt", lines)


def explicit_curves():
    """curve | key with a named curve | the same key with explicit parameters"""
    lines = []
    for name, curve in (("p224", "secp224r1"), ("p256", "prime256v1"), ("p384", "secp384r1"), ("p521", "secp521r1"), ("bp256", "brainpoolP256r1"), ("bp320", "brainpoolP320r1"), ("bp384", "brainpoolP384r1"), ("bp512", "brainpoolP512r1")):
        key = subprocess.run(["openssl", "ecparam", "-genkey", "-noout", "-name", curve], check=True, capture_output=True).stdout
        out = lambda form: subprocess.run(["openssl", "ec", "-pubout", "-outform", "DER", "-param_enc", form], input=key, check=True, capture_output=True).stdout.hex()
        lines.append(f"{name} {out('named_curve')} {out('explicit')}")
    write("explicit_curves.txt", lines)


def test_key():
    key = rsa.generate_private_key(65537, 2048)
    with open(os.path.join(HERE, "rsa2048.test-key.pk8"), "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def write(name, lines):
    with open(os.path.join(HERE, name), "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    signatures(), sods(), active_auth(), explicit_curves(), test_key()
