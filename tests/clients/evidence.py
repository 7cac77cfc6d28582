"""Verifies a receipt (opening, RFC 6962 inclusion, C2SP checkpoint signed by the log; from trust/entry/FORMAT.md) and a
ledger exported as C2SP tlog-tiles."""
import base64
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sealing import sha256


def _root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01", _root(hashes[:k]), _root(hashes[k:]))


def _leaf_of(opening):
    """(leaf, opened fields by number; for a public entry number 0 is its body)."""
    assert opening[:5] == b"DRWO\x01", "not an opening"
    kind, rest = opening[5], opening[6:]
    if kind != 0:
        return b"DRWL\x01" + bytes([kind]) + sha256(rest), {0: rest}
    fields, hashes = {}, []
    for number in range(1, 25):
        state, rest = rest[0], rest[1:]
        if state == 0:
            hashes.append(rest[:32])
            rest = rest[32:]
            continue
        salt, (length,) = rest[:32], struct.unpack(">I", rest[32:36])
        fields[number] = rest[36:36 + length]
        hashes.append(sha256(b"\x00DRWF\x01", struct.pack(">H", number), salt, struct.pack(">I", length), fields[number]))
        rest = rest[36 + length:]
    assert not rest, "something follows the opening"
    return b"DRWL\x01\x00" + _root(hashes), fields


def _included(leaf_hash, index, size, path, root):
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        assert sn > 0 and len(p) == 32
        if fn & 1 or fn == sn:
            r = sha256(b"\x01", p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01", r, p)
        fn, sn = fn >> 1, sn >> 1
    return index < size and sn == 0 and r == root


def _open_note(note, vkey):
    """(text, size, root) of a checkpoint signed by the log, or InvalidSignature."""
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    name, _, key = vkey.split("+", 2)
    key = base64.b64decode(key)
    hint = sha256(name.encode() + b"\n" + key)[:4]
    blobs = [base64.b64decode(line.split(" ")[2]) for line in signatures.splitlines() if line.startswith(f"\u2014 {name} ")]
    blob = next(b for b in blobs if b[:4] == hint)
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
    _, size, root = text.split("\n")[:3]
    return text, int(size), base64.b64decode(root)


def verify_receipt(proof, vkey):
    """(index, opened fields) of a tlog-proof text, or AssertionError / InvalidSignature."""
    head, note = proof.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    extra = next(base64.b64decode(line[6:], validate=True) for line in lines if line.startswith("extra "))
    index = next(int(line[6:]) for line in lines if line.startswith("index "))
    path = [base64.b64decode(line, validate=True) for line in lines[1:] if not line.startswith(("extra ", "index "))]
    _, size, root = _open_note(note, vkey)
    leaf, fields = _leaf_of(extra)
    assert _included(sha256(b"\x00", leaf), index, size, path, root), "not in the tree"
    return index, fields


def _tile(folder, what, index, width):
    """The file of a tile by C2SP tlog-tiles: 1234067 is x001/x234/067; `.p/W` while not full."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    path = folder / "tile" / what / "/".join(groups)
    return (path if width == 256 else path.with_name(path.name + ".p") / str(width)).read_bytes()


def verify_export(folder, vkey):
    """(size, entries) of a tlog-tiles folder, every tile and the signed root re-derived, or AssertionError."""
    _, size, root = _open_note((folder / "checkpoint").read_text(), vkey)
    entries = []
    for start in range(0, size, 256):
        rest = _tile(folder, "entries", start // 256, min(256, size - start))
        while rest:
            length = int.from_bytes(rest[:2], "big")
            entries.append(rest[2:2 + length])
            rest = rest[2 + length:]
    assert len(entries) == size, "an entry bundle is too short or too long"
    hashes, level = [sha256(b"\x00", entry) for entry in entries], 0
    assert not hashes or _root(hashes) == root, "the entries do not give the signed root"
    while hashes:
        for start in range(0, len(hashes), 256):
            part = hashes[start:start + 256]
            assert _tile(folder, str(level), start // 256, len(part)) == b"".join(part), f"tile {level}/{start // 256}"
        hashes, level = [_root(hashes[i:i + 256]) for i in range(0, len(hashes) - len(hashes) % 256, 256)], level + 1
    return size, entries
