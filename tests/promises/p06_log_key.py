"""P06: the log's key follows another under its witnesses, and who stole the one before signs nothing that anybody believes.

Two agencies' agents witness the ledger. The broker takes a new key, first beside the old one, then alone; the agencies name the new one in
their files and the old one with the size up to which it counts, without a start. Then: nothing stops, what was proven before still
verifies, and a larger checkpoint that the old key alone signed is refused by a witness and by the command line.
"""
import base64
import hashlib
import re
import subprocess
import unittest
import urllib.error
import urllib.request

from checks import PromiseTest, run
from testbed import BIN, referral_to, wait_for

ORIGIN = "derwent.example/log"


class LogKeyFollows(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]
    quorum = "2 police.derbys dfrs dcc.adults"

    def test_1_both_sign_and_the_agencies_take_the_new_key_without_a_start(self):
        self.grow("KEY-1")
        self.witnessed()
        self.away()
        type(self).old = self.bed.vkey()
        type(self).before = self.proof("before")
        next_key = self.bed.run / "pki/broker/next.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", next_key], check=True)
        next_key.chmod(0o600)
        type(self).new = self.vkey_of(next_key)
        self.configure(lambda text: text + "next_log_key: ../pki/broker/next.key\n")
        self.grow("KEY-2")
        self.witnessed()
        both = self.bed.derwent("police.derbys", "dpo", "ledger", "checkpoint").stdout
        self.assertEqual(len(re.findall(f"(?m)^— {ORIGIN} ", both)), 2, both)
        type(self).last_size = int(both.splitlines()[1])
        self.assertNotEqual(self.add_checkpoint(self.forged()), 403, "the file names the old key alone")
        fresh = self.bed.run / "pki/trust/log.vkey.new"
        fresh.write_text(f"# The log's keys: the one in use first.\n{self.new}\n{self.old} {self.last_size}\n")
        fresh.rename(self.bed.run / "pki/trust/log.vkey")
        wait_for("the witness reads its file again", lambda: self.add_checkpoint(self.forged()) == 403)
        self.grow("KEY-3")
        self.witnessed()
        self.quiet()

    def test_2_the_new_key_alone_signs_and_what_was_proven_before_verifies(self):
        self.configure(lambda text: re.sub(r"(?m)^(next_)?log_key: .*\n", "", text) + "log_key: ../pki/broker/next.key\n")
        self.grow("KEY-4")
        self.witnessed()
        earlier = f"{self.old}@{self.last_size}"
        for proof, keys, code in ((self.before, [self.new, earlier], 0), (self.proof("after"), [self.new, earlier], 0),
                                  (self.before, [self.new], 8), (self.before, [self.old], 0)):
            given = [word for key in keys for word in ("--vkey", key)]
            verified = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", *given, proof)
            self.assertEqual(verified.returncode, code, verified.stderr)
        complete = self.bed.derwent("police.derbys", "dpo", "audit", "completeness")
        self.assertEqual(complete.returncode, 0, complete.stdout + complete.stderr)
        fsck = subprocess.run([BIN / "derwent-broker", "fsck", "--database", self.bed.run / "broker/broker.db", "--vkey", self.old, "--retired", earlier],
                              capture_output=True, text=True)
        self.assertEqual(fsck.returncode, 0, fsck.stderr)
        self.quiet()

    def test_3_who_stole_the_old_key_is_believed_by_nobody(self):
        forged = self.forged()
        self.assertEqual(self.add_checkpoint(forged), 403)
        file = self.bed.run / "forged.note"
        file.write_text(forged)
        for code, keys in ((8, [self.new, f"{self.old}@{self.last_size}"]), (0, [self.old])):
            given = [word for key in keys for word in ("--vkey", key)]
            verified = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", *given, file)
            self.assertEqual(verified.returncode, code, verified.stderr)
        for agency in self.agencies[:2]:
            self.bed.agents[agency].stop()
            self.bed.agents[agency].start().ready()
        self.assertEqual(self.add_checkpoint(forged), 403, "after a start neither")
        self.grow("KEY-5")
        self.witnessed()

    def test_4_who_was_away_while_both_signed_is_believed_by_what_the_old_key_signed(self):
        self.assertEqual(self.cosigned_by("dcc.adults"), self.seen, "it was away")
        keys = self.bed.run / "broker/log.keys"
        keys.write_text(f"{self.new}\n{self.old} {self.last_size}\n")
        self.configure(lambda text: text + "log_keys: log.keys\n")
        self.bed.agents["dcc.adults"].start().ready()
        self.grow("KEY-6")
        self.witnessed()
        wait_for("it cosigns again", lambda: self.cosigned_by("dcc.adults") > self.last_size)

    def test_5_what_the_old_key_signed_still_speaks_against_another_history(self):
        self.bed.broker.stop()
        evidence = self.bed.run / "broker/evidence"
        evidence.mkdir(exist_ok=True)
        (evidence / "old.note").write_text(self.forged(self.last_size))
        started = subprocess.run([BIN / "derwent-broker", "serve", "--config", self.bed.run / "broker/broker.yaml"], capture_output=True, text=True, timeout=60)
        self.assertEqual(started.returncode, 1, started.stderr)
        self.assertIn("rollback", started.stderr)
        (evidence / "old.note").write_text(self.forged(self.last_size + 1))  # Beyond what counts.
        self.bed.broker.start().ready()

    def away(self):
        """One of the three leaves before both keys sign: what it saw is signed by the old one alone."""
        wait_for("it has cosigned", lambda: self.cosigned_by("dcc.adults") > 0)
        self.bed.agents["dcc.adults"].stop()
        type(self).seen = self.cosigned_by("dcc.adults")

    def cosigned_by(self, agency):
        with self.bed.database() as db:
            return db.execute("select coalesce(max(size), 0) from witness_view where witness like ?", (f"{agency}%",)).fetchone()[0]

    def configure(self, change):
        """Starts the broker under a changed configuration; its policy of witnesses names the key in use first."""
        self.bed.broker.stop()
        config, policy = self.bed.run / "broker/broker.yaml", self.bed.run / "quorum.policy"
        config.write_text(change(config.read_text()))
        if "next_log_key" not in config.read_text():
            policy.write_text(policy.read_text().replace(self.old, self.new))
        self.bed.broker.start().ready()
        wait_for("it has shown its witnesses that it is what they saw", lambda: self.bed.derwent("police.derbys", "dpo", "audit", "search").returncode == 0)

    def vkey_of(self, key):
        der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        typed = b"\x01" + der[-32:]
        return f"{ORIGIN}+{hashlib.sha256(ORIGIN.encode() + bytes([10]) + typed).digest()[:4].hex()}+{base64.b64encode(typed).decode()}"

    def forged(self, size=1000000):
        """A checkpoint of a tree that is none, by default larger than any, signed by the old key alone."""
        body = self.bed.run / "forged.body"
        body.write_text(f"{ORIGIN}\n{size}\n{base64.b64encode(hashlib.sha256(b'forged').digest()).decode()}\n")
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.bed.run / "pki/broker/log.key", "-in", body],
                                   check=True, capture_output=True).stdout
        line = base64.b64encode(bytes.fromhex(self.old.split("+")[1]) + signature).decode()
        return f"{body.read_text()}\n— {ORIGIN} {line}\n"

    def add_checkpoint(self, note):
        """What the fire service's witness answers."""
        port = (self.bed.run / "agents/dfrs/witness.port").read_text().strip()
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/add-checkpoint", f"old 0\n\n{note}".encode(), timeout=10).status
        except urllib.error.HTTPError as refused:
            return refused.code

    def proof(self, name):
        file = self.bed.run / f"{name}.tlog-proof"
        proven = self.bed.derwent("police.derbys", "dpo", "ledger", "prove", "0", "--out", file)
        self.assertEqual(proven.returncode, 0, proven.stderr)
        return file

    def grow(self, reference):
        sent = self.bed.push(referral_to("dfrs", referralRef=reference))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)

    def witnessed(self):
        """Whatever is entered now is cosigned by both."""
        with self.bed.database() as db:
            entries = db.execute("select count(*) from entry").fetchone()[0]

        def cosigned():
            with self.bed.database() as db:
                return db.execute("select coalesce(max(size), 0) from cosigned").fetchone()[0] >= entries
        wait_for(f"{entries} entries are cosigned", cosigned)
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "cosignatures").returncode, 0)

    def quiet(self):
        for agency in self.agencies[:2]:
            self.assertTrue(self.bed.agents[agency].running())
            status = self.bed.derwent(agency, "dpo", "status").stdout
            self.assertEqual([line for line in status.splitlines() if "ALARM" in line], [])


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(LogKeyFollows))
