"""P07, requests and approvals: acknowledged means durable, nothing takes effect twice, through kill -9 at any instant.

A fire officer asks adults' services again and again about a resident; what needs no one comes as an answer, the diagnosis once its
SPOC has agreed, with it or as a supplement. Some requests are taken back. Broker and both agents are killed at random instants meanwhile. Then everything is started once
more and left to settle: what was acknowledged (a request, a cancellation, an agreement) is there without being said again; each request has one
answer and at most one supplement, each approval was used once, the asker holds exactly what the broker stored, and fsck passes.
DERWENT_ASK_ROUNDS (20) and DERWENT_SEED set the campaign.
"""
import json
import os
import random
import re
import sqlite3
import time
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

ROUNDS = int(os.environ.get("DERWENT_ASK_ROUNDS", 20))
SEED = int(os.environ.get("DERWENT_SEED", 20261124))
ASKER, HOLDER = "dfrs", "dcc.adults"
LONG = 180  # Seconds for all that waits to be worked off.
SAMPLE = json.loads((HOME / "samples/dfrs/home-visit-request.json").read_text())
SAMPLE["grounds"] = ["fire_safety.household", "fire_safety.health.physical"]
EVERY = 5  # So many rounds, one request is taken back.
APPROVED = "health.physical"  # What waits for the holder's SPOC.
SELECTOR, ANSWER, SUPPLEMENT, USED = 2, 3, 4, 4  # As the broker stores kinds of packages and an approval's state.


class KilledWhileAsking(PromiseTest):
    agencies = [ASKER, HOLDER]

    def test_each_request_is_answered_once_and_each_approval_used_once(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance = random.Random(SEED)
        self.open_case()
        self.ids, self.agreed, self.cancelled = {}, set(), set()  # What was acknowledged: by reference, approval, reference.
        self.references = [f"ASK-{number:03d}" for number in range(ROUNDS)]
        self.taken_back = [f"BACK-{number:03d}" for number in range(0, ROUNDS, EVERY)]
        victims = [self.bed.broker, *self.bed.agents.values()]
        for number in range(ROUNDS):
            self.ask(self.references[number])
            if number % EVERY == 0 and self.ask(self.taken_back[number // EVERY]):
                self.cancel(self.taken_back[number // EVERY])
            time.sleep(chance.uniform(0, 0.3))  # The instant of death, not a wait for anything.
            for victim in chance.sample(victims, chance.choice([1, 1, 2, 3])):
                victim.kill()
            if chance.random() < 0.3:
                self.approve()  # With somebody dead.
            self.revive()
            self.approve()
        wait_for("every request that was acknowledged is at the broker", lambda: set(self.ids.values()) <= self.selectors(), LONG)
        wait_for("every agreement that was acknowledged was used", lambda: self.agreed - self.pointless() <= set(self.used("approval_id")), LONG)
        wait_for("every request was taken", lambda: all(self.ask(reference) for reference in self.references + self.taken_back), LONG)
        wait_for("every approval was used", self.all_used, LONG)
        wait_for("what is taken back is", lambda: all(self.cancel(reference) for reference in self.taken_back), LONG)
        self.settled()

    def open_case(self):
        opened = self.bed.derwent(ASKER, "spoc", "-o", "json", "case", "open", "--profile", SAMPLE["profile"], "--area", SAMPLE["area"])
        self.assertEqual(opened.returncode, 0, opened.stderr)
        self.case_id = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened.stdout).group()

    def revive(self):
        dead = [process for process in (self.bed.broker, *self.bed.agents.values()) if not process.running()]
        for process in dead:
            process.start()
        for process in dead:
            process.ready()

    def ask(self, reference):
        """Whether the agent has it: the same reference asks only once."""
        file = self.bed.run / "request.json"
        file.write_text(json.dumps({**SAMPLE, "requestRef": reference, "caseId": self.case_id}))
        sent = self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "send", "--file", file)
        said = json.loads(sent.stdout or "{}")
        self.assertNotEqual(said.get("state"), "REFUSED", said)
        if sent.returncode not in (0, 9) or said.get("state") not in ("QUEUED", "STORED", "CANCELLED"):
            return False
        self.assertEqual(self.ids.setdefault(reference, said["requestId"]), said["requestId"], "a request that was acknowledged is another now")
        return True

    def cancel(self, reference):
        """Whether it is taken back, for good once that was said."""
        if reference not in self.cancelled and self.bed.derwent(ASKER, "practitioner", "request", "cancel", self.ids[reference]).returncode == 0:
            self.cancelled.add(reference)
        return reference in self.cancelled

    def approve(self):
        """What waits for the SPOC, as far as anybody answers."""
        listed = self.bed.derwent(HOLDER, "spoc", "-o", "json", "request", "list", "--approvals")
        waiting = json.loads(listed.stdout or "[]") if listed.returncode == 0 else []
        for row in waiting:
            agreed = self.bed.derwent(HOLDER, "spoc", "request", "approve", row["approval"], "--ground", "gw.consent_confidence")
            self.assertNotIn(row["approval"], self.agreed, "an agreement that was acknowledged waits again")
            if agreed.returncode == 0:
                self.agreed.add(row["approval"])
        return waiting

    def pointless(self):
        """Approvals of what was taken back: whether it was used hangs on who came first."""
        back = {self.ids.get(reference) for reference in self.taken_back}
        with sqlite3.connect(f"file:{self.bed.run}/agents/{HOLDER}/state/agent.db?mode=ro", uri=True) as db:
            asked = dict(db.execute("select cast(approval_id as text), cast(request_id as text) from approvals"))
        return {approval for approval in self.agreed if asked[approval] in back}

    def stored(self, kind):
        """Request to shares of one kind that the broker stored, in the order stored."""
        with self.bed.database() as db:
            shares = {}
            for request, share in db.execute("select reply_to, share_id from share where kind = ? order by position", (kind,)):
                shares.setdefault(request, []).append(share)
            return shares

    def selectors(self):
        with self.bed.database() as db:
            return {row[0] for row in db.execute("select share_id from share where kind = ?", (SELECTOR,))}

    def used(self, column="share_id"):
        """The requests whose approvals were used, one for each approval; or the approvals."""
        with self.bed.database() as db:
            return [row[0] for row in db.execute(f"select {column} from approval where state = ?", (USED,))]

    def all_used(self):
        self.approve()
        return {self.ids[reference] for reference in self.references} <= set(self.used())

    def shown(self, request):
        return json.loads(self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "show", request).stdout or "{}")

    def settled(self):
        rows = json.loads(self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "list").stdout)
        self.assertEqual({row["reference"]: row["request"] for row in rows}, self.ids, "a request was lost or took effect twice")
        self.assertEqual(len(rows), len(self.ids))
        self.assertEqual({row["reference"] for row in rows if row["state"] == "CANCELLED"}, set(self.taken_back))
        self.assertEqual(self.selectors(), set(self.ids.values()), "the broker holds other requests")
        requests = {self.ids[reference] for reference in self.references}
        answers, supplements = self.stored(ANSWER), self.stored(SUPPLEMENT)
        self.assertEqual(set(answers) - {self.ids[reference] for reference in self.taken_back}, requests)
        self.assertTrue(all(len(shares) == 1 for of_kind in (answers, supplements) for shares in of_kind.values()), f"answered twice: {answers} {supplements}")
        for request in requests:
            # Who agrees while the holder was dead agrees before the answer is made: it then holds everything and no supplement follows.
            due = [("PACKAGE_KIND_ANSWER", answers[request][0])] + [("PACKAGE_KIND_SUPPLEMENT", share) for share in supplements.get(request, [])]
            shown = wait_for("the asker has all", lambda r=request, n=len(due): (lambda s: s if len(s.get("answers", [])) >= n else None)(self.shown(r)), LONG)
            self.assertEqual([(a["kind"], a["shareId"]) for a in shown["answers"]], due)
            given = [unit["content"]["category"] for answer in shown["answers"] for unit in answer.get("units", []) if "neutral" not in unit["content"]]
            self.assertEqual(given.count(APPROVED), 1, f"{APPROVED} was given once: {due}")
        used = self.used()
        self.assertEqual(len(used), len(set(used)), "an approval was used twice")
        self.assertLessEqual(requests, set(used), "approvals used")
        wait_for("no package stayed after its acknowledgement", self.nothing_waits)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        print(f"  {len(requests)} requests, {said.splitlines()[0]}")

    def nothing_waits(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from delivery where kind = 1").fetchone()[0] == 0


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(KilledWhileAsking))
