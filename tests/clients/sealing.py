"""The octets of packages, from agents/sdk/FORMAT.md and trust/entry/FORMAT.md. RFC 9180 HPKE base mode over P-256."""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
KEM, SUITE = b"KEM\x00\x10", b"HPKE\x00\x10\x00\x01\x00\x02"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def key_id(public_key):
    return sha256(public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hex()


def canonical(domain, *fields):
    """Fields numbered from 1: text or octets, int (u64be), list of octets."""
    out = struct.pack(">I", len(domain)) + domain.encode()
    for number, value in enumerate(fields, 1):
        if isinstance(value, int):
            octets = struct.pack(">Q", value)
        elif isinstance(value, list):
            octets = struct.pack(">I", len(value)) + b"".join(struct.pack(">I", len(v)) + v for v in value)
        else:
            octets = value.encode() if isinstance(value, str) else value
        out += struct.pack(">HI", number, len(octets)) + octets
    return out


# HPKE.
def _extract(salt, ikm):
    return hmac.new(salt or bytes(32), ikm, hashlib.sha256).digest()


def _labeled_extract(suite, salt, label, ikm):
    return _extract(salt, b"HPKE-v1" + suite + label + ikm)


def _labeled_expand(suite, prk, label, info, size):
    info = struct.pack(">H", size) + b"HPKE-v1" + suite + label + info
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()[:size]


def _schedule(dh, kem_context, info):
    shared = _labeled_expand(KEM, _labeled_extract(KEM, b"", b"eae_prk", dh), b"shared_secret", kem_context, 32)
    context = b"\x00" + _labeled_extract(SUITE, b"", b"psk_id_hash", b"") + _labeled_extract(SUITE, b"", b"info_hash", info)
    secret = _labeled_extract(SUITE, shared, b"secret", b"")
    return _labeled_expand(SUITE, secret, b"key", context, 32), _labeled_expand(SUITE, secret, b"base_nonce", context, 12)


def hpke_seal(public_key, info, plaintext):
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    enc = ephemeral.public_key().public_bytes(*POINT)
    key, nonce = _schedule(ephemeral.exchange(ec.ECDH(), public_key), enc + public_key.public_bytes(*POINT), info)
    return enc + AESGCM(key).encrypt(nonce, plaintext, b"")


def hpke_open(private_key, info, sealed):
    enc, text = sealed[:65], sealed[65:]
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), enc)
    key, nonce = _schedule(private_key.exchange(ec.ECDH(), peer), enc + private_key.public_key().public_bytes(*POINT), info)
    return AESGCM(key).decrypt(nonce, text, b"")


# Units and the key ring.
def _associated(manifest, unit):
    return b"\x00".join([b"derwent/unit/v1", *(str(v).encode() for v in (manifest.share_id, manifest.version, unit.number, unit.subject, unit.category, unit.form))])


def seal_unit(manifest, unit, key, plaintext):
    """Seals, and fills in the unit's bucket, digest and commitment."""
    bucket = 256
    while bucket < len(plaintext) + 4:
        bucket *= 2
    padded = (struct.pack(">I", len(plaintext)) + plaintext).ljust(bucket, b"\x00")
    sealed = AESGCM(key).encrypt(bytes(12), padded, _associated(manifest, unit))
    unit.size_bucket, unit.ciphertext_digest, unit.key_commitment = bucket, sha256(sealed), sha256(b"derwent/unit-key/v1", key)
    return sealed


def open_unit(manifest, unit, key, sealed):
    assert sha256(sealed) == unit.ciphertext_digest and sha256(b"derwent/unit-key/v1", key) == unit.key_commitment
    padded = AESGCM(key).decrypt(bytes(12), sealed, _associated(manifest, unit))
    return padded[4:4 + struct.unpack(">I", padded[:4])[0]]


def ring_binding(manifest):
    rows = [canonical("derwent/unit-row/v1", u.number, u.subject, u.category, u.form, u.size_bucket, u.ciphertext_digest, u.key_commitment) for u in manifest.units]
    return sha256(canonical("derwent/key-ring/v1", manifest.share_id, manifest.version, manifest.sender_agency, manifest.recipient_agency, manifest.sealing_key_id, rows))


# DSSE v1.
def _pre_authentication(payload_type, payload):
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


def sign(envelope, payload_type, payload, private_key):
    envelope.payload_type, envelope.payload = payload_type, payload
    envelope.signatures.add(keyid=key_id(private_key.public_key()), sig=private_key.sign(_pre_authentication(payload_type, payload), ec.ECDSA(hashes.SHA256())))


def verify(envelope, payload_type, public_key):
    """The payload, or InvalidSignature."""
    assert envelope.payload_type == payload_type
    mine = [s for s in envelope.signatures if s.keyid == key_id(public_key)]
    assert len(mine) == 1, "not signed by this key"
    public_key.verify(mine[0].sig, _pre_authentication(payload_type, envelope.payload), ec.ECDSA(hashes.SHA256()))
    return envelope.payload


def fresh_key():
    return os.urandom(32)
