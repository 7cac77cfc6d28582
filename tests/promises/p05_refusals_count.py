"""P05: refusals count too. Refused shares, refused calls, policy, key and directory changes and every look are entries."""
import json
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for


class RefusalsCount(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def steps(self):
        # entry_search is the narrow column set of the ledger; one row an entry.
        with self.bed.database() as db:
            columns = [r[1] for r in db.execute("pragma table_info(entry_search)")]
            return [dict(zip(columns, row)) for row in db.execute("select * from entry_search")]

    def count(self):
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        return int(said.split()[0])

    def test_a_refused_call_is_an_entry_before_it_is_answered(self):
        before = self.count()
        refused = self.bed.derwent("police.derbys", "practitioner", "audit", "search")
        self.assertEqual(refused.returncode, 4, refused.stdout + refused.stderr)
        self.assertIn("ROLE_NOT_ENTITLED", refused.stderr)
        self.assertGreaterEqual(self.count(), before + 1)

    def test_every_look_at_the_ledger_is_an_entry_of_its_own(self):
        before = self.count()
        for _ in range(3):
            self.assertEqual(self.bed.derwent("police.derbys", "dpo", "audit", "search").returncode, 0)
        self.assertGreaterEqual(self.count(), before + 3)

    def test_a_plan_is_an_entry(self):
        before = self.count()
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document["recipients"] = [r for r in document["recipients"] if r["agency"] == "dcc.adults"]
        document["companionChildReferral"] = False
        self.bed.push(document, "plan")
        self.assertGreaterEqual(self.count(), before + 1)

    def test_policy_keys_and_directories_are_entries(self):
        found = self.bed.derwent("police.derbys", "dpo", "key", "list")
        self.assertEqual(found.returncode, 0, found.stderr)
        with self.bed.database() as db:
            kinds = {row[0] for row in db.execute("select distinct kind from public_body")}
        self.assertLessEqual({3, 4}, kinds)

    def test_a_policy_that_ends_is_an_entry(self):
        before = self.count()
        done = self.bed.policy("suspend", self.bed.run / "policy", "--agreement", "fire_safety", "--from", "2026-01-01", *self.bed.signer("dfrs"))
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for("the change is entered", lambda: self.count() > before)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(RefusalsCount))
