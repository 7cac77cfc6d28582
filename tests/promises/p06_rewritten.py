"""P06: a database written by hand. Without the log's key fsck finds out each change; with it the agencies do.

Copies of a running broker's database are changed as carefully as the broker itself would write: what finds an entry, salts, hashes, row
checks and time all fit. First by somebody without the log's key: an entry rewritten, moved, doubled, dropped, dated back. Then by the
operator, who has the key and signs tree and checkpoints anew: such a database is sound by itself, and the broker starts on it; but not for
anybody who saw what was signed before.
"""
import json
import random
import shutil
import subprocess
import time
import unittest

from checks import PromiseTest, run
from forger import Forged, LogKey
from testbed import referral_to, wait_for

DAY = 24 * 3600 * 1000
ROOT, BACK, HEAD = "its root is not the root of the entries", "time goes back", "head: "


class Rewritten(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]

    def setUp(self):
        self.began = time.monotonic()
        self.copy = self.bed.run / "copy.db"

    def tearDown(self):
        print(f"  {time.monotonic() - self.began:.1f} s", flush=True)

    def test_1_without_the_key_fsck_finds_every_change(self):
        for number in range(3):
            sent = self.bed.push(referral_to("dfrs", "dcc.adults", referralRef=f"REWRITE-{number}"))
            self.assertIn(sent.returncode, (0, 9), sent.stderr)
        self.bed.copy_database(self.bed.run / "good.db")
        self.assertEqual(self.bed.fsck(self.bed.run / "good.db")[0], 0)
        chance = random.Random(24)
        for name, (attack, *links) in self.attacks(chance).items():
            for round in range(4):
                with self.subTest(name, round=round):
                    shutil.copyfile(self.bed.run / "good.db", self.copy)
                    with Forged(self.copy) as forged:
                        attack(forged)
                    code, said = self.bed.fsck(self.copy)
                    self.assertEqual(code, 8, said)
                    self.assertTrue(any(link in said for link in links), said)

    @staticmethod
    def attacks(chance):
        def two(forged, entries=None):
            return sorted(chance.sample(entries or range(forged.size()), 2))

        def reorder(forged):
            one, other = two(forged)
            forged.move(one, 10_000)
            forged.move(other, one)
            forged.move(10_000, other)

        def double_at_the_end(forged):
            forged.copy(chance.choice(forged.sealed()), forged.size())

        def double_in_anothers_place(forged):
            one, other = two(forged, forged.sealed())
            forged.delete(other)
            forged.copy(one, other)

        def double_and_move_up(forged):
            one = chance.choice(forged.sealed())
            for index in range(forged.size() - 1, one, -1):
                forged.move(index, index + 1)
            forged.copy(one, one + 1)

        def drop(forged):
            one, size = chance.randrange(forged.size()), forged.size()
            forged.delete(one)
            for index in range(one + 1, size):
                forged.move(index, index - 1)

        def date_one_back(forged):
            forged.date(chance.choice(forged.sealed()[1:]), lambda ms: ms - 60_000)

        def date_all_back(forged):
            for index in range(forged.size()):
                forged.date(index, lambda ms: ms - DAY)

        def rewrite(forged):
            forged.decide(*permitted(forged, chance))

        def only_the_column(forged):
            forged.run("update entry set time_ms = time_ms - 1 where idx = ?", chance.choice(forged.sealed()))
        return {"reordered": (reorder, ROOT, BACK), "doubled at the end": (double_at_the_end, BACK, "tile 0/0", HEAD, "is not what"),
                "doubled in another's place": (double_in_anothers_place, ROOT, BACK), "doubled, the rest moved up": (double_and_move_up, ROOT, BACK, HEAD),
                "dropped, the rest moved up": (drop, ROOT, "the log has no entry for it"), "dated back": (date_one_back, ROOT, BACK),
                "all dated back a day": (date_all_back, ROOT), "decided otherwise": (rewrite, ROOT),
                "its row's time alone": (only_the_column, "its time is not the one it commits to")}

    def test_2_with_the_key_it_is_sound_and_every_agency_that_saw_it_knows(self):
        before = self.checkpoint("before")
        self.put(self.decided_otherwise)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, f"by itself it is sound: {said}")
        for agency in self.agencies:
            wait_for(f"{agency} knows", lambda a=agency: "LEDGER_FORKED" in self.alarms(a))
            self.assertTrue(list((self.bed.run / f"agents/{agency}/state/evidence").glob("*.note")), agency)
        since = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--since", before)
        self.assertEqual(since.returncode, 8, since.stderr)

    def test_3_the_broker_itself_was_told_and_does_not_start_on_it_again(self):
        evidence = self.bed.run / "broker/evidence"
        wait_for("the agencies told it", lambda: list(evidence.glob("*.note")))
        self.bed.broker.stop()
        ended = subprocess.run(self.bed.broker.argv, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn("rollback", ended.stderr)
        shutil.rmtree(evidence)  # Its operator does not give up.

    def test_4_dated_back_and_signed_anew_likewise(self):
        self.put(self.all_dated_back)
        self.assertEqual(self.bed.fsck()[0], 0, "by itself it is sound")
        since = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--since", self.bed.run / "before.checkpoint")
        self.assertEqual(since.returncode, 8, since.stderr)
        self.assertIn("LEDGER_FORKED", self.alarms("dfrs"))

    # What the operator does.
    @staticmethod
    def decided_otherwise(forged):
        forged.decide(*permitted(forged, random.Random(1)))

    @staticmethod
    def all_dated_back(forged):
        for index in range(forged.size()):
            forged.date(index, lambda ms: ms - DAY)

    def put(self, change):
        """The broker goes on from its own database, changed and signed anew."""
        self.bed.broker.stop()
        key = LogKey(self.bed.run / "pki/broker/log.key", self.bed.vkey())
        with Forged(self.bed.run / "broker/broker.db") as forged:
            change(forged)
            forged.sign_again(key)
        self.bed.broker.start().ready()
        wait_for("the broker answers", lambda: self.bed.derwent("police.derbys", "dpo", "ledger", "checkpoint").returncode == 0)

    def checkpoint(self, name):
        file = self.bed.run / f"{name}.checkpoint"
        shown = self.bed.derwent("police.derbys", "dpo", "ledger", "checkpoint")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        file.write_text(shown.stdout)
        return file

    def alarms(self, agency):
        rows = json.loads(self.bed.derwent(agency, "dpo", "-o", "json", "status").stdout or "[]")
        return {row["value"].split()[0] for row in rows if row["what"] == "ALARM"}


def permitted(forged, chance):
    """(index, outcome, another) of an entry of a referral."""
    rows = forged.run("select idx, outcome from entry_search where step = 'referral' and outcome <> 'DENY'")
    index, outcome = chance.choice(rows)
    return index, outcome, "DENY"


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Rewritten))
