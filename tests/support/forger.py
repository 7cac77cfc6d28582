"""Who holds the log's key, its database or both: signs what it likes, and writes rows as carefully as the broker would.

Layouts from trust/entry/FORMAT.md, broker/ledger/FORMAT.md and broker/store; of Python's packages `cryptography` alone.
"""
import base64
import hashlib
import os
import sqlite3
import struct

from cryptography.hazmat.primitives import serialization

TIME, OUTCOME = 1, 14  # Fields of an entry.
TABLES = ("entry", "entry_search", "entry_party", "subject_index", "public_body")  # What finds an entry, by its index.


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(hashes):
    """RFC 6962 section 2.1, of leaf hashes."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01", root_of(hashes[:k]), root_of(hashes[k:]))


class LogKey:
    """The log's own key, as its operator or a thief has it."""

    def __init__(self, file, vkey):
        self.private = serialization.load_pem_private_key(file.read_bytes(), None)
        self.origin, key_id, _ = vkey.split("+", 2)
        self.key_id = bytes.fromhex(key_id)

    def sign(self, body, origin=None):
        line = base64.b64encode(self.key_id + self.private.sign(body.encode())).decode()
        return f"{body}\n\u2014 {origin or self.origin} {line}\n"

    def checkpoint(self, size, root, origin=None):
        return self.sign(f"{origin or self.origin}\n{size}\n{base64.b64encode(root).decode()}\n")


def row_check(*values):
    """broker/store/sqlite/row_check.h: against decay, not against a forger."""
    octets = b""
    for value in values:
        kind = {int: 1, float: 2, str: 3, bytes: 4, type(None): 5}[type(value)]
        coded = struct.pack(">q", value) if kind == 1 else value.encode() if kind == 3 else value or b""
        octets += bytes([kind]) + struct.pack(">Q", len(coded)) + coded
    return sha256(octets)[:8]


class Sealed:
    """The row of a sealed entry."""

    def __init__(self, packed):
        self.hashes = [packed[39 + 32 * i:71 + 32 * i] for i in range(24)]
        live, at = struct.unpack(">I", packed[807:811])[0], 811
        self.salts, self.values = {}, {}
        for number in range(1, 25):
            if not live >> (number - 1) & 1:
                continue
            length = struct.unpack(">I", packed[at + 32:at + 36])[0]
            self.salts[number], self.values[number] = packed[at:at + 32], packed[at + 36:at + 36 + length]
            at += 36 + length

    def change(self, number, value):
        self.salts[number], self.values[number] = os.urandom(32), value
        self.hashes[number - 1] = sha256(b"\x00DRWF\x01", struct.pack(">H", number), self.salts[number], struct.pack(">I", len(value)), value)

    def pack(self):
        live = sum(1 << (number - 1) for number in self.salts)
        fields = b"".join(self.salts[n] + struct.pack(">I", len(self.values[n])) + self.values[n] for n in sorted(self.salts))
        return b"\x01DRWL\x01\x00" + root_of(self.hashes) + b"".join(self.hashes) + struct.pack(">I", live) + fields


class Forged:
    """A database of the broker's to write in, as a context manager: what was done is there at its end."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.create_function("row_check", -1, row_check, deterministic=True)

    def __enter__(self):
        self.db.execute("begin immediate")
        return self

    def __exit__(self, kind, *_):
        self.db.execute("rollback" if kind else "commit")
        self.db.close()

    def run(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def size(self):
        return self.run("select count(*) from entry")[0][0]

    def sealed(self):
        """Indexes of the entries whose fields can be written."""
        return [index for index, packed in self.run("select idx, packed from entry order by idx") if packed[6] == 0]

    def move(self, index, to):
        for table in TABLES:
            self.run(f"update {table} set idx = ? where idx = ?", to, index)

    def delete(self, index):
        for table in TABLES:
            self.run(f"delete from {table} where idx = ?", index)

    def copy(self, index, to):
        for table in TABLES:
            columns = [row[1] for row in self.run(f"pragma table_info({table})")]
            self.run(f"insert into {table} select {', '.join('?' if c == 'idx' else c for c in columns)} from {table} where idx = ?", to, index)

    def date(self, index, change):
        """Gives the entry another time of milliseconds."""
        packed, before = self.run("select packed, time_ms from entry where idx = ?", index)[0]
        after = change(before)
        if packed[6] == 0:
            entry = Sealed(packed)
            entry.change(TIME, str(after).encode())
            packed = entry.pack()
        else:
            packed = packed[:39] + struct.pack(">Q", after) + packed[47:-32]
            packed += sha256(packed)
        self.run("update entry set packed = ?, time_ms = ? where idx = ?", packed, after, index)

    def decide(self, index, before, after):
        """Gives the entry another outcome."""
        entry = Sealed(self.run("select packed from entry where idx = ?", index)[0][0])
        entry.change(OUTCOME, entry.values[OUTCOME].replace(f"outcome={before} ".encode(), f"outcome={after} ".encode()))
        self.run("update entry set packed = ? where idx = ?", entry.pack(), index)
        self.run("update entry_search set outcome = ? where idx = ?", after, index)

    def sign_again(self, key):
        """Tiles, head and every checkpoint as the entries now say, under the log's own key; nobody's cosignature fits any more."""
        rows = self.run("select packed, time_ms from entry order by idx")
        hashes = [sha256(b"\x00", packed[1:39]) for packed, _ in rows]
        for table in ("tile", "cosignature", "cosigned", "witness_view"):
            self.run(f"delete from {table}")
        level, row = 0, hashes
        while row:
            for number in range(0, len(row), 256):
                self.run("insert into tile(id, hashes) values (?, ?)", level << 56 | number // 256, b"".join(row[number:number + 256]))
            row = [root_of(row[i:i + 256]) for i in range(0, len(row) - 255, 256)]
            level += 1
        self.run("update log_state set size = ?, root = ?, newest_ms = ?", len(rows), root_of(hashes), rows[-1][1])
        self.run("delete from checkpoint where size > ?", len(rows))
        sizes = {size for size, in self.run("select size from checkpoint")} | {len(rows)}
        for size in sizes:
            self.run("insert or replace into checkpoint(size, note) values (?, ?)", size, key.checkpoint(size, root_of(hashes[:size])))
