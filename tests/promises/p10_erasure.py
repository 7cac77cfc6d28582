"""P10: what names a person in a ledger entry can be erased, with authority recorded, while every proof still verifies.

A referral runs its course and is closed; the officers of both agencies have it erased. Attacked with everything that lies on disk
afterwards: the salts and tags that were there are looked for in every file of broker and agents, also within base64; every value a field
could have had is tried against its hash under every salt that is left. Then erasures without signatures, by a person the entry names,
under a hold, of a share in motion, and a row erased behind the ledger's back; and with a backup from before, whose key is destroyed in time.
"""
import base64
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import unittest

from checks import PromiseTest, run
from testbed import BIN, HOME, referral_to, wait_for

PERSON_FIELDS = (3, 5, 6, 7, 16)
LIVE_AT = 39 + 24 * 32


def fields_of(packed):
    """Field number to (salt, value), as broker/ledger/FORMAT.md has it."""
    live = int.from_bytes(packed[LIVE_AT:LIVE_AT + 4], "big")
    at, fields = LIVE_AT + 4, {}
    for number in range(1, 25):
        if not live >> (number - 1) & 1:
            continue
        length = int.from_bytes(packed[at + 32:at + 36], "big")
        fields[number] = (packed[at:at + 32], packed[at + 36:at + 36 + length])
        at += 36 + length
    return fields


def hash_of(number, salt, value):
    return hashlib.sha256(b"\0DRWF\1" + number.to_bytes(2, "big") + salt + len(value).to_bytes(4, "big") + value).digest()


def forms(octets):
    """The octets as they are, as hex, and as they look within base64 at each of its three alignments."""
    found = [octets, octets.hex().encode()]
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + octets)
        found.append(text[4 if shift else 0:len(text) - 4])
    return found


class Erasure(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]

    @classmethod
    def prepare(cls):
        for agency in cls.agencies:
            config = cls.bed.run / f"agents/{agency}/agent.json"
            config.write_text(json.dumps({**json.loads(config.read_text()), "sync_millis": 500}))

    def test_1_a_referral_runs_its_course(self):
        sent = self.bed.push(referral_to("dfrs", referralRef="P10-1"))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        cls = type(self)
        cls.share = wait_for("it is handed over", lambda: list(self.bed.handovers("dfrs")))[0]
        wait_for("it is acknowledged", lambda: self.bed.their_states("P10-1").get("dfrs") == "acknowledged")
        cls.entries = self.entries_of_share()
        self.refused(self.request(), 6, "SHARE_OPEN")
        for command in (["accept"], ["close", "--outcome", "ACTIONS_COMPLETE"]):
            done = self.bed.derwent("dfrs", "practitioner", "referral", command[0], self.share, *command[1:])
            self.assertEqual(done.returncode, 0, done.stderr)
        wait_for("the police see it closed", lambda: self.bed.their_states("P10-1").get("dfrs") == "closed")
        cls.entries = self.entries_of_share()
        cls.before = {index: self.packed(index) for index in self.entries}
        proved = self.ledger("prove", self.entries[0], "--out", self.bed.run / "old.tlog-proof")
        self.assertEqual(proved.returncode, 0, proved.stderr)
        self.assertEqual(self.ledger("verify", "--save", self.bed.run / "then").returncode, 0)
        self.assertTrue(self.found_in(self.planted()), "what is looked for later is there now")
        backed_up = self.broker("backup", "--to", self.bed.run / "kept.backup")
        self.assertEqual(backed_up.returncode, 0, backed_up.stderr)

    def test_2_nothing_is_erased_without_both_signatures(self):
        nobodys = "7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d"
        self.refused(self.ledger("erase", "approve", nobodys, "--entry", self.entries[0], "--reason", "ERROR", agency="dfrs"), 5, "ERASURE_UNKNOWN")
        self.refused(self.request(agency="dfrs"), 4, "ROLE_NOT_ENTITLED")
        self.refused(self.request(agency="dcc.adults"), 5, "ENTRY_UNKNOWN")
        self.refused(self.request(role="spoc"), 4, "ROLE_NOT_ENTITLED")
        asked = self.request()
        self.assertEqual(asked.returncode, 9, asked.stderr)
        type(self).erasure = json.loads(asked.stdout)[0]["erasure"]
        self.refused(self.approve("police.derbys"), 4, "ROLE_NOT_ENTITLED")
        self.refused(self.approve("dcc.adults", "--entry", self.entries[0], "--reason", "RIGHT_TO_ERASURE"), 6, "COMMAND_NOT_VALID")
        self.assertEqual({self.packed(index) for index in self.entries}, set(self.before.values()))

    def test_3_nor_by_a_person_whom_the_entry_names(self):
        text = (HOME / "deploy/example/directories/police.derbys.txtpb").read_text()
        dpo = 'roles { role: "dpo" areas: "E23000018" valid_from: "2026-01-01" valid_to: "2028-03-31" }'
        file = self.bed.run / "both.txtpb"
        file.write_text(text.replace("version: 1", "version: 2").replace('roles { role: "practitioner"', dpo + '\n  roles { role: "practitioner"', 1))
        applied = self.bed.derwent_as_agent("police.derbys", "register", "apply", file)
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.refused(self.request(role="practitioner"), 3, "SELF_APPROVAL_FORBIDDEN")

    def test_4_nor_under_a_hold(self):
        held = self.ledger("hold", "place", "--entry", self.entries[0], "--reason", "COMPLAINT", agency="dfrs")
        self.assertEqual(held.returncode, 0, held.stderr)
        self.refused(self.approve("dfrs"), 6, "ENTRY_HELD")
        self.refused(self.ledger("hold", "lift", held.stdout.strip(), "--reason", "COMPLAINT"), 6, "HOLD_UNKNOWN")
        lifted = self.ledger("hold", "lift", held.stdout.strip(), "--reason", "COMPLAINT", agency="dfrs")
        self.assertEqual(lifted.returncode, 0, lifted.stderr)

    def test_5_both_officers_erase_it_and_the_agents_attest(self):
        done = self.approve("dfrs")
        self.assertIn(done.returncode, (0, 9), done.stderr)
        wait_for("both agents attested", lambda: self.ledger("erase", "status", self.erasure).returncode == 0)
        for index in self.entries:
            self.assertFalse(set(PERSON_FIELDS) & set(fields_of(self.packed(index))), index)

    def test_6_what_was_there_is_found_nowhere(self):
        planted = self.planted()
        wait_for("the log of changes is emptied", lambda: not (self.bed.run / "broker/broker.db-wal").stat().st_size or not self.found_in(planted))
        self.assertEqual(self.found_in(planted), [])
        shown = self.bed.derwent("dfrs", "practitioner", "-o", "json", "referral", "show", self.share)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertFalse([form for octets in planted for form in forms(octets) if form in shown.stdout.encode()])

    def test_7_and_cannot_be_guessed(self):
        with self.bed.database() as db:
            rows = [row[0] for row in db.execute("select packed from entry")]
            self.assertEqual(db.execute("select count(*) from subject_index where idx in (%s)" % ",".join(map(str, self.entries))).fetchone()[0], 0)
        salts = {salt for packed in rows if packed[6] == 0 for salt, _ in fields_of(packed).values()} | {b"\0" * 32}
        values = self.every_value() | {value for packed in self.before.values() for _, value in fields_of(packed).values()}
        packed = self.packed(self.entries[0])
        hashes = {number: packed[39 + (number - 1) * 32:39 + number * 32] for number in PERSON_FIELDS}
        for number, true_hash in hashes.items():
            salt, value = fields_of(self.before[self.entries[0]])[number]
            self.assertEqual(hash_of(number, salt, value), true_hash, "the guess would be known by this")
            self.assertFalse([1 for salt in salts for value in values if hash_of(number, salt, value) == true_hash], number)

    def test_8_while_every_proof_still_verifies(self):
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        self.assertEqual(self.ledger("verify", "--all", "--since", self.bed.run / "then").returncode, 0)
        new = self.bed.run / "new.tlog-proof"
        self.assertEqual(self.ledger("prove", self.entries[0], "--out", new).returncode, 0)
        for proof in (self.bed.run / "old.tlog-proof", new):
            verified = self.ledger("verify", proof, "--vkey", self.bed.vkey())
            self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("purpose", self.ledger("open", new, "--vkey", self.bed.vkey()).stdout)

    def test_9_a_row_erased_behind_the_ledgers_back_is_caught(self):
        other = self.bed.push(referral_to("dcc.adults", referralRef="P10-2"))
        self.assertIn(other.returncode, (0, 9), other.stderr)
        copy = self.bed.run / "copy.db"
        self.bed.copy_database(copy)
        with sqlite3.connect(copy) as db:
            index, packed = db.execute("select e.idx, e.packed from entry e join entry_search s on s.idx = e.idx where s.receiving = 'dcc.adults' and s.step = 'referral'").fetchone()
            salt, value = fields_of(packed)[3]
            live = int.from_bytes(packed[LIVE_AT:LIVE_AT + 4], "big") & ~(1 << 2)
            field = salt + len(value).to_bytes(4, "big") + value
            erased = packed[:LIVE_AT] + live.to_bytes(4, "big") + packed[LIVE_AT + 4:].replace(field, b"", 1)
            db.execute("update entry set packed = ? where idx = ?", (erased, index))
        code, said = self.bed.fsck(copy)
        self.assertEqual(code, 8, said)
        self.assertIn(f"entry {index}: fields are erased, and no entry records that", said)
        shutil.copyfile(copy, self.bed.run / "copy2.db")
        with sqlite3.connect(self.bed.run / "copy2.db") as db:
            db.execute("update entry set packed = ? where idx = ?", (packed, index))
            db.execute("delete from erasure_party")
            db.create_function("row_check", -1, lambda *_: b"", deterministic=True)
            db.execute("delete from erasure")
        code, said = self.bed.fsck(self.bed.run / "copy2.db")
        self.assertEqual(code, 8, said)
        self.assertIn("the erasure it records is not there with its signatures", said)

    def test_9b_and_a_backup_holds_it_only_as_long_as_its_key_lives(self):
        sealed = (self.bed.run / "kept.backup").read_bytes()
        self.assertFalse([octets for octets in self.planted() if octets in sealed])
        restored = self.broker("restore", "--from", self.bed.run / "kept.backup", "--to", self.bed.run / "restored.db")
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertEqual(self.bed.fsck(self.bed.run / "restored.db")[0], 0)
        plain = (self.bed.run / "restored.db").read_bytes()
        self.assertTrue([octets for octets in self.planted() if octets in plain], "a backup from before still holds what was erased since")
        self.bed.broker.kill()
        with open(self.bed.run / "broker/broker.yaml", "a") as config:
            config.write("backup_lifetime_seconds: 1\n")
        self.bed.broker.start().ready()
        wait_for("the key is destroyed", lambda: not list((self.bed.run / "broker/backup-keys").iterdir()))
        gone = self.broker("restore", "--from", self.bed.run / "kept.backup", "--to", self.bed.run / "again.db")
        self.assertEqual(gone.returncode, 1, gone.stderr)
        self.assertFalse((self.bed.run / "again.db").exists())

    # What the tests share.
    def broker(self, command, *words):
        return subprocess.run([str(word) for word in (BIN / "derwent-broker", command, "--config", self.bed.run / "broker/broker.yaml", *words)],
                              capture_output=True, text=True)

    def ledger(self, *words, agency="police.derbys", role="dpo"):
        return self.bed.derwent(agency, role, "-o", "json", "ledger", *words)

    def request(self, agency="police.derbys", role="dpo"):
        entries = [word for index in self.entries for word in ("--entry", index)]
        return self.ledger("erase", "request", *entries, "--reason", "RIGHT_TO_ERASURE", agency=agency, role=role)

    def approve(self, agency, *words):
        return self.ledger("erase", "approve", self.erasure, *words, agency=agency)

    def refused(self, done, code, reason):
        self.assertIn(reason, done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)

    def entries_of_share(self):
        with self.bed.database() as db:
            return [row[0] for row in db.execute("select idx from entry_search where share_id = ? order by idx", (self.share,))]

    def packed(self, index):
        with self.bed.database() as db:
            return db.execute("select packed from entry where idx = ?", (index,)).fetchone()[0]

    def planted(self):
        """Salts of the erased fields, and the subjects' tags."""
        octets = set()
        for packed in self.before.values():
            fields = fields_of(packed)
            octets |= {fields[number][0] for number in PERSON_FIELDS}
            tags = fields[6][1]
            octets |= {tags[at:at + 32] for at in range(0, len(tags), 32)}
        return octets

    def found_in(self, planted):
        """Files of broker and agents that hold any of it."""
        patterns = re.compile(b"|".join(re.escape(form) for octets in planted for form in forms(octets)))
        found = []
        for folder in ("broker", "agents"):
            for file in (self.bed.run / folder).glob("**/*"):
                if file.is_file() and patterns.search(file.read_bytes()):
                    found.append(file)
        return found

    def every_value(self):
        """What the erased fields could say: people, roles, subjects, categories and purposes of the whole policy."""
        words = set()
        for file in [*(HOME / "policy/derbyshire").glob("**/*.txtpb"), *(HOME / "deploy/example/directories").glob("*.txtpb")]:
            words |= set(re.findall(r'"([a-z][a-z0-9._-]{1,40})"', file.read_text()))
        values = {word.encode() for word in words}
        return values | {f"subject={n} role={word}".encode() for n in (1, 2, 3) for word in words} | {f"grounds={word}".encode() for word in words}


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Erasure))
