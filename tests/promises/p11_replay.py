"""P11: every decision can be replayed: decided again from the ledger's own octets, each comes out as it was entered.

Referrals to everybody, a request in a profile where nothing is secret and one where existence is, approved and refused, a statutory
request and one without its document; then an agreement ends, and what is decided under the old and under the new governance is told apart. Every question of the ledger is decided
again by `derwent-broker replay`; then the ledger is tampered with, and the replay must say so.
"""
import datetime
import json
import os
import re
import sqlite3
import subprocess
import unittest
from contextlib import closing

os.environ["DERWENT_ANSWER_SLOT"] = "2s"  # Read when the testbed lays out its policy.
from checks import PromiseTest, run  # noqa: E402
from testbed import BIN, HOME, referral, wait_for  # noqa: E402


class Replay(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "dcc.childrens", "dfrs", "cbc", "dcc.community_safety", "probation.em"]

    def test_1_every_decision_comes_out_as_it_was_entered(self):
        for number in range(3):
            sent = self.bed.push(self.document(f"REPLAY-{number}"))
            self.assertIn(sent.returncode, (0, 9), sent.stderr)
        self.ask_fire()
        lead = self.ask("dcc.community_safety", "thematic_lead", HOME / "samples/dcc.community_safety/cuckooing-request.json",
                        "--profile", "tb.soce", "--board", "tb.soce", "--area", "E07000034")
        self.decide("police.derbys", "approve")
        self.decide("cbc", "refuse", "--reason", "NOT_NECESSARY")
        wait_for("everybody answered the lead", lambda: all(h["state"] == "HOLDER_STATE_ANSWERED" for h in self.shown(lead)["request"]["holders"]))
        self.ask_for_review("P11-REVIEW")
        self.decide("dcc.adults", "approve")
        wait_for("what was approved after the slot came", lambda: self.bed.entered("supplement"))
        self.assertEqual(self.replay(), (0, 0))

    def test_2_under_the_governance_of_its_moment(self):
        yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
        ended = self.bed.policy("end", self.bed.run / "policy", "--agreement", "marac", "--from", yesterday, *self.bed.signer("dcc.adults"))
        self.assertEqual(ended.returncode, 0, ended.stderr)

        def refused():
            plan = self.bed.push(self.document("REPLAY-9"), "plan").stdout
            return "AGREEMENT_NOT_IN_FORCE" in plan
        wait_for("the agreement's end is known", refused)
        self.assertEqual(self.replay(), (0, 0))
        answered = self.bed.entered("answer")
        self.ask_fire()
        wait_for("an answer under the new governance", lambda: self.bed.entered("answer") > answered)
        self.assertEqual(self.replay(), (0, 0))

    def test_3_and_no_other_way(self):
        changed = self.change("decision_request", lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))
        self.assertEqual(self.replay(copy=changed), (8, 0))
        changed = self.change("packed", lambda octets: octets.replace(b"outcome=DENY", b"outcome=KEPT", 1))
        self.assertEqual(self.replay(copy=changed), (8, 0))
        copy = self.backup()
        with closing(sqlite3.connect(copy)) as db:
            db.create_function("row_check", -1, lambda *_: b"", deterministic=True)
            edited = db.execute("update setting set value = cast(replace(cast(value as text), 'necessary: \"incident\"', '') as blob) "
                                "where name glob 'archive/file/*' and instr(value, cast('necessary: \"incident\"' as blob)) > 0").rowcount
            db.commit()
        self.assertGreater(edited, 0)
        self.assertEqual(self.replay(copy=copy)[0], 2, "a kept bundle that was edited is no bundle")

    # What the tests share.
    def document(self, reference):
        recipients = [r for r in referral()["recipients"] if r["agency"] in self.agencies]
        return referral(referralRef=reference, recipients=recipients)

    def rows(self, agency, role, *command):
        return json.loads(self.bed.derwent(agency, role, "-o", "json", *command).stdout or "[]")

    def shown(self, request):
        return json.loads(self.bed.derwent("dcc.community_safety", "thematic_lead", "-o", "json", "request", "show", request).stdout)

    def ask_fire(self):
        return self.ask("dfrs", "practitioner", HOME / "samples/dfrs/home-visit-request.json", "--profile", "fire_safety", "--area", "E07000032")

    def ask_for_review(self, reference):
        sample = json.loads((HOME / "samples/cbc/asb-review-request.json").read_text())
        answered = self.bed.entered("answer")
        for change, code in (({}, 9), ({"documentReference": ""}, 3)):
            file = self.bed.run / "request.json"
            file.write_text(json.dumps({**sample, **change, "requestRef": f"{reference}-{code}"}))
            sent = self.bed.derwent("cbc", "spoc", "-o", "json", "request", "send", "--file", file)
            self.assertEqual(sent.returncode, code, sent.stderr + sent.stdout)
        wait_for("adults' services answered", lambda: self.bed.entered("answer") > answered)

    def ask(self, agency, role, sample, *case):
        opened = self.bed.derwent(agency, "spoc", "-o", "json", "case", "open", *case)
        self.assertEqual(opened.returncode, 0, opened.stderr)
        case_id = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened.stdout).group()
        file = self.bed.run / "request.json"
        file.write_text(json.dumps({**json.loads(sample.read_text()), "caseId": case_id, "requestRef": case_id}))
        sent = self.bed.derwent(agency, role, "-o", "json", "request", "send", "--file", file)
        self.assertIn(sent.returncode, (0, 9), sent.stderr + sent.stdout)
        return json.loads(sent.stdout)["requestId"]

    def decide(self, agency, command, *options):
        approval = wait_for(f"{agency}'s SPOC is asked", lambda: self.rows(agency, "spoc", "request", "list", "--approvals"))[0]["approval"]
        done = self.bed.derwent(agency, "spoc", "request", command, approval, *options)
        self.assertEqual(done.returncode, 0, done.stderr)

    def backup(self):
        copy = self.bed.run / "copy.db"
        for file in self.bed.run.glob("copy.db*"):
            file.unlink()
        self.bed.copy_database(copy)
        return copy

    def change(self, column, change):
        """A copy with one entry that holds a refusal changed."""
        copy = self.backup()
        with closing(sqlite3.connect(copy)) as db:
            index, octets = db.execute(f"select idx, {column} from entry where decision_request is not null and instr(packed, cast('outcome=DENY' as blob)) > 0 order by idx desc limit 1").fetchone()
            db.execute(f"update entry set {column} = ? where idx = ?", (change(octets), index))
            db.commit()
        return copy

    def replay(self, copy=None):
        """(exit code, decisions that were not at hand); says what differs."""
        out = subprocess.run([str(a) for a in (BIN / "derwent-broker", "replay", "--config", self.bed.run / "broker/broker.yaml", "--database", copy or self.backup())],
                             capture_output=True, text=True)
        print(f"  exit {out.returncode}: {out.stdout.strip()} {out.stderr.strip()[:300]}")
        counted = re.match(r"(\d+) decisions, (\d+) under", out.stdout)
        self.decisions = int(counted[1]) + int(counted[2]) if counted else 0
        self.assertGreater(self.decisions, 50 if counted else -1)
        return out.returncode, int(counted[2]) if counted else None


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Replay))
