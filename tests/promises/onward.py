"""Onward sharing: children's services, to whom the police referred a child, tell the fire service of what the police told them. What is
theirs goes at once; what the police shared waits for the police's SPOC, goes under the marking and obligations under which it came, and
not at all where the police refuse, take it back, or its harm is high."""
import json
import unittest

from checks import PromiseTest, run
from testbed import referral, wait_for

POLICE, CHILDRENS, FIRE = "police.derbys", "dcc.childrens", "dfrs"


def visit(reference, received, *more):
    """Children's services refer the home for a visit: the address is their own, what happened there was told by the police."""
    told = {"originSystem": "mosaic", "originOrganisationType": "police", "nature": "FACT_NATURE_ALLEGATION", "asAt": "2026-11-20", "receivedShareId": received}
    own = {"originSystem": "mosaic", "originOrganisationType": "council_upper", "nature": "FACT_NATURE_FACT", "asAt": "2026-11-21"}
    record = {"recordRef": "CH-1", "dateOfBirth": "2019-05-02",
              "identity": {"facts": [{"provenance": own, "givenNames": ["Tilly"], "surname": "Oakshott", "dateOfBirth": "2019-05-02"}]},
              "incident": {"facts": [{"provenance": told, "occurredAt": "2026-11-20T22:10"}]}}
    for category in more:
        record[category] = {"facts": [{"provenance": told}]}
    return {"referralRef": reference, "profile": "fire_safety", "purpose": "case.fire_safety", "area": "E07000034",
            "justification": "A threat of arson against a home with a child.", "subjects": [{"role": "child", "record": record}],
            "recipients": [{"agency": FIRE, "role": "practitioner", "grounds": ["fire_safety.incident", "fire_safety.offence.allegation"]}]}


class Onward(PromiseTest):
    agencies = [POLICE, CHILDRENS, FIRE]

    def given(self, reference):
        """The share by which the police told children's services."""
        sent = self.bed.push(referral(referralRef=reference, recipients=[r for r in referral()["recipients"] if r["agency"] == FIRE]), "send", "-o", "json")
        shares = json.loads(sent.stdout)["shares"]
        share = next(s["shareId"] for s in shares if s["profile"] == "mash" and s["state"] == "STORED")
        wait_for("children's services have it", lambda: share in self.bed.handovers(CHILDRENS))
        return share

    def send(self, document):
        file = self.bed.run / "visit.json"
        file.write_text(json.dumps(document))
        return self.bed.derwent(CHILDRENS, "practitioner", "-o", "json", "referral", "send", "--file", file)

    def sent(self, document):
        sent = self.send(document)
        self.assertEqual(sent.returncode, 9, sent.stdout + sent.stderr)
        return json.loads(sent.stdout)["shares"]

    def asked(self):
        listed = self.bed.derwent(POLICE, "spoc", "-o", "json", "request", "list", "--approvals")
        return json.loads(listed.stdout or "[]")

    def state(self, share):
        rows = json.loads(self.bed.derwent(CHILDRENS, "practitioner", "-o", "json", "referral", "list").stdout)
        return next(row["state"] for row in rows if row["share"] == share)

    def test_1_what_was_received_waits_for_who_shared_it(self):
        received = self.given("ONWARD-1")
        shares = self.sent(visit("VISIT-1", received))
        self.assertEqual([(s["state"], [u["category"] for u in s["units"] if u["outcome"] != "WITHHELD"]) for s in shares],
                         [("STORED", ["identity"]), ("PENDING", ["incident"])])
        self.assertEqual(shares[1]["units"][0]["approvers"], ["originator"])
        self.assertEqual(json.loads(self.bed.derwent(CHILDRENS, "spoc", "-o", "json", "request", "list", "--approvals").stdout or "[]"), [], "it is not theirs to say")
        wait_for("the police are asked", self.asked)
        agreed = self.bed.derwent(POLICE, "spoc", "request", "approve", self.asked()[0]["approval"])
        self.assertEqual(agreed.returncode, 0, agreed.stderr)
        later = shares[1]["shareId"]
        wait_for("fire have it", lambda: later in self.bed.handovers(FIRE))
        inbox = json.loads(self.bed.derwent(FIRE, "practitioner", "-o", "json", "referral", "list", "--in").stdout)
        self.assertEqual({row["share"]: row["marking"] for row in inbox if row["share"] in (later, shares[0]["shareId"])},
                         {shares[0]["shareId"]: "OS", later: "OS-CHILD"}, "markings join to the strictest")
        self.assertNotIn(received, json.dumps(self.bed.handovers(FIRE)[later]), "by which share it came is nobody else's business")

    def test_2_refused_it_does_not_go(self):
        shares = self.sent(visit("VISIT-2", self.given("ONWARD-2")))
        wait_for("the police are asked", self.asked)
        refused = self.bed.derwent(POLICE, "spoc", "request", "refuse", self.asked()[0]["approval"], "--reason", "NOT_NECESSARY")
        self.assertEqual(refused.returncode, 0, refused.stderr)
        wait_for("it ended", lambda: self.state(shares[1]["shareId"]) == "REFUSED")
        self.assertNotIn(shares[1]["shareId"], self.bed.handovers(FIRE))

    def test_3_what_can_harm_never_goes_onward(self):
        shares = self.sent(visit("VISIT-3", self.given("ONWARD-3"), "offenceAllegation"))
        (unit,) = [u for s in shares for u in s["units"] if u["category"] == "offence.allegation"]
        self.assertEqual(unit["outcome"], "WITHHELD")
        self.assertIn("ONWARD_NOT_PERMITTED", unit["reasons"])

    def test_4_what_was_taken_back_does_not_go(self):
        received = self.given("ONWARD-4")
        taken = self.bed.derwent(POLICE, "practitioner", "referral", "withdraw", received, "--reason", "RECTIFIED")
        self.assertEqual(taken.returncode, 0, taken.stderr)
        wait_for("children's services know", lambda: self.send(visit("VISIT-4", received)).returncode == 2)
        self.assertIn("received_share_id", self.send(visit("VISIT-4", received)).stderr)

    def test_5_of_a_share_that_never_was_nothing_goes(self):
        never = self.send(visit("VISIT-5", "0b0f3c1e-6f0a-4c58-9d1e-2f7a54f3c001"))
        self.assertEqual(never.returncode, 2, never.stdout + never.stderr)
        self.assertIn("received_share_id", never.stderr)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Onward))
