"""P07, requests and approvals: acknowledged means durable, nothing takes effect twice, through kill -9 at any instant.

A fire officer asks adults' services again and again about a resident; what needs no one comes as an answer, the diagnosis once its
SPOC has agreed, as a supplement. Broker and both agents are killed at random instants meanwhile. Then everything is started once
more and left to settle: each request has one answer and at most one supplement, each approval was used once, the asker holds exactly what the
broker stored, and fsck passes. DERWENT_ASK_ROUNDS (20) and DERWENT_SEED set the campaign.
"""
import json
import os
import random
import re
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
APPROVED = "health.physical"  # What waits for the holder's SPOC.
SELECTOR, ANSWER, SUPPLEMENT, USED = 2, 3, 4, 4  # As the broker stores kinds of packages and an approval's state.


class KilledWhileAsking(PromiseTest):
    agencies = [ASKER, HOLDER]

    def test_each_request_is_answered_once_and_each_approval_used_once(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance = random.Random(SEED)
        self.open_case()
        victims = [self.bed.broker, *self.bed.agents.values()]
        for number in range(ROUNDS):
            self.ask(number)
            time.sleep(chance.uniform(0, 0.3))  # The instant of death, not a wait for anything.
            for victim in chance.sample(victims, chance.choice([1, 1, 2, 3])):
                victim.kill()
            if chance.random() < 0.3:
                self.approve()  # With somebody dead.
            self.revive()
            self.approve()
        wait_for("every request was taken", lambda: all(self.ask(number) == 0 for number in range(ROUNDS)), LONG)
        wait_for("every approval was used", self.all_used, LONG)
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

    def ask(self, number):
        """0 once the agent has it: the same reference asks only once."""
        file = self.bed.run / "request.json"
        file.write_text(json.dumps({**SAMPLE, "requestRef": f"ASK-{number:03d}", "caseId": self.case_id}))
        sent = self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "send", "--file", file)
        return 0 if sent.returncode in (0, 9) and json.loads(sent.stdout)["state"] in ("QUEUED", "STORED") else 1

    def approve(self):
        """What waits for the SPOC, as far as anybody answers."""
        listed = self.bed.derwent(HOLDER, "spoc", "-o", "json", "request", "list", "--approvals")
        waiting = json.loads(listed.stdout or "[]") if listed.returncode == 0 else []
        for row in waiting:
            self.bed.derwent(HOLDER, "spoc", "request", "approve", row["approval"], "--ground", "gw.consent_confidence")
        return waiting

    def stored(self, kind):
        """Request to shares of one kind that the broker stored, in the order stored."""
        with self.bed.database() as db:
            shares = {}
            for request, share in db.execute("select reply_to, share_id from share where kind = ? order by position", (kind,)):
                shares.setdefault(request, []).append(share)
            return shares

    def used(self):
        """The requests whose approvals were used, one for each approval."""
        with self.bed.database() as db:
            return [row[0] for row in db.execute("select share_id from approval where state = ?", (USED,))]

    def all_used(self):
        self.approve()
        return len(self.used()) >= ROUNDS

    def shown(self, request):
        return json.loads(self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "show", request).stdout or "{}")

    def settled(self):
        rows = json.loads(self.bed.derwent(ASKER, "practitioner", "-o", "json", "request", "list").stdout)
        requests = {row["request"] for row in rows}
        self.assertEqual(sorted(row["reference"] for row in rows), [f"ASK-{number:03d}" for number in range(ROUNDS)], "a request was lost or took effect twice")
        with self.bed.database() as db:
            self.assertEqual({row[0] for row in db.execute("select share_id from share where kind = ?", (SELECTOR,))}, requests, "the broker holds other requests")
        answers, supplements = self.stored(ANSWER), self.stored(SUPPLEMENT)
        self.assertEqual(set(answers), requests)
        self.assertTrue(all(len(shares) == 1 for of_kind in (answers, supplements) for shares in of_kind.values()), f"answered twice: {answers} {supplements}")
        for request in requests:
            # Who agrees while the holder was dead agrees before the answer is made: it then holds everything and no supplement follows.
            due = [("PACKAGE_KIND_ANSWER", answers[request][0])] + [("PACKAGE_KIND_SUPPLEMENT", share) for share in supplements.get(request, [])]
            shown = wait_for("the asker has all", lambda r=request, n=len(due): (lambda s: s if len(s.get("answers", [])) >= n else None)(self.shown(r)), LONG)
            self.assertEqual([(a["kind"], a["shareId"]) for a in shown["answers"]], due)
            given = [unit["content"]["category"] for answer in shown["answers"] for unit in answer.get("units", [])]
            self.assertEqual(given.count(APPROVED), 1, f"{APPROVED} was given once: {due}")
        self.assertEqual(sorted(self.used()), sorted(requests), "approvals used")
        wait_for("no package stayed after its acknowledgement", self.nothing_waits)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        print(f"  {len(requests)} requests, {said.splitlines()[0]}")

    def nothing_waits(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from delivery where kind = 1").fetchone()[0] == 0


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(KilledWhileAsking))
