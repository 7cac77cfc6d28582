"""Keys follow one another under traffic: nothing is lost, no agent is started again, both keys show, the newer is used.

Referrals go from the police to adults' services without a pause while the police's signing key and then adults' sealing key are rotated by the
command line, certified by the example's CA and taken by the running agents. Then: the key before opens what was sealed to it, and is destroyed.
"""
import contextlib
import hashlib
import json
import sqlite3
import subprocess
import threading
import time
import unittest

from checks import PromiseTest, run
from testbed import HOME, referral_to, wait_for

SENDER, RECIPIENT = "police.derbys", "dcc.adults"


class KeysFollow(PromiseTest):
    agencies = [SENDER, RECIPIENT]

    def test_1_nothing_is_lost_while_keys_are_rotated(self):
        sent, stop = [], threading.Event()
        traffic = threading.Thread(target=self.send_until, args=(stop, sent))
        traffic.start()
        try:
            for agency, use in ((SENDER, "signing"), (RECIPIENT, "sealing")):
                key = self.rotate(agency, use)
                wait_for(f"{use} key of {agency} is published", lambda a=agency, k=key: self.counts(a).get(k) == "counts")
                many = len(sent)
                wait_for("referrals go on", lambda n=many: len(sent) >= n + 3)
        finally:
            stop.set()
            traffic.join()
        self.assertEqual([n for n, code in sent if code not in (0, 9)], [], "a referral was refused")
        wait_for("all are handed over", lambda: len(self.bed.handovers(RECIPIENT)) == len(sent))
        for agency, use in ((SENDER, "signing"), (RECIPIENT, "sealing")):
            self.assertEqual(list(self.counts(agency, use).values()), ["counts", "counts"], "the one before counts until its end")
        for agency in self.agencies:
            self.assertTrue(self.bed.agents[agency].running())
            self.assertEqual(self.alarms(agency), [])
        print(f"  {len(sent)} referrals")

    def test_2_the_key_before_opens_what_was_sealed_to_it_and_is_then_destroyed(self):
        agent, folder = self.bed.agents[RECIPIENT], self.bed.run / f"agents/{RECIPIENT}/state"
        old = list(self.counts(RECIPIENT, "sealing"))[-1]
        files = {key: file for key, file in self.sealing_files(RECIPIENT)}
        agent.stop()  # What comes now lies at the broker, sealed to the key in force.
        self.assertIn(self.bed.push(referral_to(RECIPIENT, referralRef="RMS-BEFORE")).returncode, (0, 9))
        before = len(self.bed.handovers(RECIPIENT))
        new = self.rotate(RECIPIENT, "sealing")
        agent.start().ready()
        wait_for("what was sealed before is handed over", lambda: len(self.bed.handovers(RECIPIENT)) == before + 1)
        wait_for("the key that follows is published", lambda: self.counts(RECIPIENT).get(new) == "counts")
        revoked = self.bed.derwent_as_agent(RECIPIENT, "key", "revoke", old)
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        with contextlib.closing(sqlite3.connect(folder / "agent.db", timeout=30)) as db:
            def ended(change=""):
                rows = db.execute("select value from kept where name = ?", (f"sealing_ended/{old}".encode(),)).fetchall()
                if change and rows:
                    db.execute("update kept set value = ? where name = ?", (change.encode(), f"sealing_ended/{old}".encode()))
                    db.commit()
                return rows
            wait_for("the agent knows since when the key counts no more", ended)
            self.assertTrue(files[old].exists(), "it is kept for what may lie in a mailbox")
            ended(str(int(time.time()) - 37 * 24 * 3600))  # A mailbox lifetime later.
        wait_for("the old key is destroyed", lambda: not files[old].exists())
        self.assertTrue(dict(self.sealing_files(RECIPIENT))[new].exists())
        self.assertIn(self.bed.push(referral_to(RECIPIENT, referralRef="RMS-AFTER")).returncode, (0, 9))
        wait_for("what is sealed to the new one is handed over", lambda: len(self.bed.handovers(RECIPIENT)) == before + 2)
        agent.stop()
        agent.start().ready()
        self.assertEqual(self.alarms(RECIPIENT), [])

    def sealing_files(self, agency):
        """Key id to the file of its private key, of every sealing certificate that the agent has."""
        certificates = [self.bed.run / f"pki/agencies/{agency}/sealing.pem", *(self.bed.run / f"agents/{agency}/state/keys").glob("sealing-*.pem")]
        for certificate in certificates:
            public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True).stdout
            der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True, capture_output=True).stdout
            yield hashlib.sha256(der).hexdigest(), certificate.with_suffix(".key")

    def send_until(self, stop, sent):
        while not stop.is_set():
            number = len(sent)
            sent.append((number, self.bed.push(referral_to(RECIPIENT, referralRef=f"RMS-{number}")).returncode))

    def rotate(self, agency, use):
        where = ["key", "rotate", use, "--keys", self.bed.run / f"agents/{agency}/state/keys",
                 "--after", self.bed.run / f"pki/agencies/{agency}/{use}.pem"]
        asked = self.bed.derwent(agency, "dpo", *where)
        self.assertEqual(asked.returncode, 9, asked.stderr)
        granted = self.bed.run / f"{use}.pem"
        subprocess.run([HOME / "certs-example/sign_request.sh", self.bed.run / "pki", agency, use, asked.stdout.strip(), granted],
                       check=True, capture_output=True)
        taken = self.bed.derwent(agency, "dpo", *where, "--certificate", granted)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        return taken.stdout.strip()

    def counts(self, agency, use=None):
        """Key id to how it stands now."""
        rows = json.loads(self.bed.derwent(agency, "dpo", "-o", "json", "key", "list").stdout or "[]")
        return {row["key id"]: row["now"] for row in rows if use in (None, row["use"])}

    def alarms(self, agency):
        status = self.bed.derwent(agency, "dpo", "status").stdout
        return [line for line in status.splitlines() if "ALARM" in line]


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(KeysFollow))
