"""P06: history cannot be rewritten: what the agencies' own witnesses saw, no broker takes back.

The broker's database is put back to an older copy, as a restored backup or a dishonest operator would, and goes on from there under its
own right key. Its checkpoints are signed and its database is sound; the witnesses, a saved checkpoint and an export know better.
"""
import shutil
import unittest

from checks import PromiseTest, run
from testbed import WITHOUT_THE_CHILDS_SHARE, referral, wait_for


class History(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]

    def test_1_witnesses_cosign_a_ledger_that_only_grows(self):
        self.grow("HISTORY-1")
        self.policy = self.write_policy("all")
        self.assertEqual(self.cosign().returncode, 0)
        backup = self.bed.run / "backup.db"
        self.bed.copy_database(backup)
        self.grow("HISTORY-2")
        done = self.cosign()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.ledger("verify", "--save", self.bed.run / "then").returncode, 0)
        self.assertEqual(self.ledger("export", self.bed.run / "export").returncode, 0)

    def test_2_an_older_database_put_back_is_caught_at_once(self):
        self.policy = self.bed.run / "witnesses.policy"
        self.put_back()
        self.assertEqual(self.bed.fsck()[0], 0, "the database itself is sound")
        self.assert_caught("entries")
        self.assertEqual(self.ledger("verify", "--since", self.bed.run / "then").returncode, 8)

    def test_3_and_still_when_it_has_grown_past_what_was_seen(self):
        self.policy = self.bed.run / "witnesses.policy"
        seen = self.size_of(self.bed.run / "then")
        for number in range(40):
            self.bed.derwent("police.derbys", "dpo", "audit", "person", "--id", "nhs:9990000026")
            if number % 4 == 0 and self.newest() > seen + 4:
                break
        self.assertGreater(self.newest(), seen)
        self.assert_caught("does not extend")
        self.assertEqual(self.ledger("verify", "--since", self.bed.run / "then").returncode, 8)
        rewritten = self.ledger("export", self.bed.run / "export")
        self.assertEqual(rewritten.returncode, 8, rewritten.stderr)
        self.assertIn("another history", rewritten.stderr)
        for agency in self.agencies[1:]:
            self.assertTrue(self.bed.run.joinpath("agents", agency, "state/witness.db").exists())

    # What the tests share.
    def ledger(self, *arguments):
        return self.bed.derwent("police.derbys", "dpo", "ledger", *arguments)

    def cosign(self):
        return self.ledger("cosign", "--policy", self.policy, "--out", self.bed.run / "cosigned")

    def assert_caught(self, why):
        caught = self.cosign()
        self.assertEqual(caught.returncode, 8, caught.stderr)
        self.assertIn("witness", caught.stderr)
        self.assertIn(why, caught.stderr)

    def write_policy(self, quorum):
        lines = [f"log {self.bed.vkey()}"]
        for agency in self.agencies:
            home = self.bed.run / "agents" / agency
            lines.append(f"witness {agency} {(home / 'state/witness.vkey').read_text().strip()} http://127.0.0.1:{(home / 'witness.port').read_text().strip()}/")
        policy = self.bed.run / "witnesses.policy"
        policy.write_text("\n".join(lines + [f"group agencies {quorum} {' '.join(self.agencies)}", "quorum agencies", ""]))
        return policy

    def grow(self, reference):
        sent = self.bed.push(referral(referralRef=reference, recipients=[r for r in referral()["recipients"] if r["agency"] in self.agencies], **WITHOUT_THE_CHILDS_SHARE))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)

    def size_of(self, checkpoint):
        return int(checkpoint.read_text().split("\n")[1])

    def newest(self):
        return int(self.ledger("checkpoint").stdout.split("\n")[1])

    def put_back(self):
        self.bed.broker.kill()
        broker = self.bed.run / "broker"
        for beside in ("broker.db-wal", "broker.db-shm"):
            (broker / beside).unlink(missing_ok=True)
        shutil.copyfile(self.bed.run / "backup.db", broker / "broker.db")
        self.bed.broker.start().ready()
        wait_for("the broker answers", lambda: self.ledger("checkpoint").returncode == 0)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(History))
