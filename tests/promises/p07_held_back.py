"""P07, units that wait and later versions: nothing agreed to is lost or sent twice, nothing superseded stays, through kill -9.

Probation refers an offender again and again; his household goes at once, the assessment of his risk once a chair agreed, who sits at
the police. The sender is killed between the agreement and the sending. Then one referral is superseded while its recipient is killed: of the
older version nothing stays, of the later one nothing is lost, and the recipient's system is told once. DERWENT_HELD_ROUNDS (5) and DERWENT_SEED
set the campaign.
"""
import json
import os
import random
import time
import unittest

from checks import PromiseTest, run
from testbed import wait_for

ROUNDS = int(os.environ.get("DERWENT_HELD_ROUNDS", 5))
SEED = int(os.environ.get("DERWENT_SEED", 20261127))
SENDER, RECIPIENT, CHAIRS = "probation.em", "dcc.community_safety", "police.derbys"
REFERRAL, USED = 1, 4  # As the broker stores a package's kind and an approval's state.


def offender(reference, assessed="2026-03-04"):
    """A referral of an invented man; the assessment waits for a chair."""
    record = {"dateOfBirth": "1949-05-02",
              "identity": {"facts": [{"givenNames": ["Abel"], "surname": "Kestrel", "dateOfBirth": "1949-05-02"}]},
              "household": {"facts": [{"composition": {"livesAlone": "YES_NO_YES"}}]},
              "riskOffender": {"facts": [{"assessedOn": assessed}]}}
    return {"referralRef": reference, "profile": "marac", "purpose": "case.da_safety", "area": "E07000034",
            "justification": "he was told where she lives", "subjects": [{"role": "perpetrator_alleged", "record": record}],
            "recipients": [{"agency": RECIPIENT, "role": "practitioner", "grounds": ["marac.risk.offender"],
                            "categories": ["household", "risk.offender"]}]}


class KilledWhileUnitsWait(PromiseTest):
    agencies = [SENDER, RECIPIENT, CHAIRS]

    def test_1_what_was_agreed_to_is_sent_once(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance = random.Random(SEED)
        sender = self.bed.agents[SENDER]
        pending = []
        for number in range(ROUNDS):
            shares = self.send(offender(f"ND-{number}"))
            self.assertEqual([share["state"] for share in shares], ["STORED", "PENDING"], shares)
            pending.append(shares[1]["shareId"])
            wait_for("the chair is asked", self.asked)
            self.agree()
            time.sleep(chance.uniform(0, 0.3))  # The instant of death, not a wait for anything.
            sender.kill()
            sender.start().ready()
        wait_for("all that was agreed to is stored", lambda: {self.state(share) for share in pending} == {"STORED"})
        with self.bed.database() as db:
            stored = [row[0] for row in db.execute("select share_id from share where kind = ?", (REFERRAL,))]
            used = [row[0] for row in db.execute("select share_id from approval where state = ?", (USED,))]
        self.assertEqual(len(stored), 2 * ROUNDS, "a share was lost or sent twice")
        self.assertEqual(sorted(used), sorted(pending), "each agreement counts once")
        wait_for("the recipient has them", lambda: set(self.bed.handovers(RECIPIENT)) == set(stored))

    def test_2_of_a_superseded_share_nothing_stays(self):
        first = self.send(offender("OLD-1"))[0]["shareId"]
        wait_for("the first version is handed over", lambda: first in self.bed.handovers(RECIPIENT))
        recipient = self.bed.agents[RECIPIENT]
        later = self.send(offender("OLD-2", "2026-11-20"), "supersede", first)[0]
        self.assertEqual((later["supersedesShareId"], later["version"]), (first, 2), later)
        recipient.kill()
        recipient.start().ready()
        wait_for("the later version is handed over", lambda: later["shareId"] in self.bed.handovers(RECIPIENT))
        handover = self.bed.run / f"agents/{RECIPIENT}/system/handover"
        note = handover / f"{first}.superseded.json"
        wait_for("the system is told", note.exists)
        wait_for("the older version is gone", lambda: not (handover / f"{first}.json").exists())
        told = json.loads(note.read_text())
        self.assertEqual(told, {"share_id": first, "superseded": True, "superseded_by": later["shareId"], "delete_copies": True})
        self.assertEqual(self.bed.derwent(RECIPIENT, "practitioner", "referral", "show", first).returncode, 6)
        note.rename(handover / "done" / note.name)
        recipient.kill()
        recipient.start().ready()
        wait_for("the sender sees that it arrived", lambda: self.row(later["shareId"]).get("their state") == "acknowledged")
        self.assertFalse(note.exists(), "told twice")
        self.assertEqual(self.row(first)["superseded by"], later["shareId"])
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)

    def send(self, document, *command):
        file = self.bed.run / "referral.json"
        file.write_text(json.dumps(document))
        sent = self.bed.derwent(SENDER, "practitioner", "-o", "json", "referral", *(command or ("send",)), "--file", file)
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        return json.loads(sent.stdout)["shares"]

    def asked(self):
        listed = self.bed.derwent(CHAIRS, "marac_chair", "-o", "json", "request", "list", "--approvals")
        return json.loads(listed.stdout or "[]") if listed.returncode == 0 else []

    def agree(self):
        for row in self.asked():
            agreed = self.bed.derwent(CHAIRS, "marac_chair", "request", "approve", row["approval"])
            self.assertEqual(agreed.returncode, 0, agreed.stderr)

    def rows(self):
        return json.loads(self.bed.derwent(SENDER, "practitioner", "-o", "json", "referral", "list").stdout or "[]")

    def row(self, share):
        return next((row for row in self.rows() if row["share"] == share), {})

    def state(self, share):
        return self.row(share).get("state")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(KilledWhileUnitsWait))
