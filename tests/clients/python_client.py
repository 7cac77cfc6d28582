"""A Python client, sharing no code with the product, submits a referral to a real agent and collects one from a real agent."""
import json
import unittest

from checks import PromiseTest, run
from testbed import HOME, WITHOUT_THE_CHILDS_SHARE, referral, wait_for

from agency import Agency, record_pb2, referral_pb2


def identity():
    """What the district council knows of a made-up resident."""
    content = record_pb2.UnitContent(category="identity", form="full")
    fact = content.identity.facts.add(surname="Winterbourne", given_names=["Otis"], date_of_birth="1951-04-30")
    fact.provenance.origin_system, fact.provenance.origin_organisation_type, fact.provenance.origin_category, fact.provenance.as_at = "cbc-register", "council_district", "identity", "2026-11-20"
    return content


class PythonClient(PromiseTest):
    agencies = ["police.derbys", "dfrs"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.council = Agency(cls.bed.run, "cbc", f"localhost:{cls.bed.port}")
        cls.council.publish()
        cls.council.publish_directory((HOME / "deploy/example/directories/cbc.txtpb").read_text())

    def test_1_submits_a_referral_that_a_real_agent_opens(self):
        question = {"profile": "fire_safety", "purpose": "case.fire_safety", "area": "E07000034"}
        wait_for("fire and rescue know the council", lambda: self.known("dfrs", "cbc"))
        share, answer = self.council.submit("dfrs", "practitioner", "p-a8053e", question, {"identity": identity()})
        self.assertEqual(answer.outcome, referral_pb2.SUBMIT_OUTCOME_STORED, answer.reason)
        handed = wait_for("the fire service was handed it", lambda: self.bed.handovers("dfrs").get(share))
        self.assertIn("Winterbourne", json.dumps(handed))

    def test_2_collects_opens_and_acknowledges_a_real_agents_referral(self):
        wait_for("police know the council", lambda: self.known("police.derbys", "cbc"))
        sent = self.bed.push(referral(referralRef="PY-1", **WITHOUT_THE_CHILDS_SHARE, recipients=[{"agency": "cbc", "role": "practitioner"}]))
        self.assertIn(sent.returncode, (0, 9), sent.stderr + sent.stdout)
        delivery = wait_for("a package waits", lambda: next((d for d in self.council.collect(5) if d.HasField("package")), None))
        manifest, contents = self.council.open(delivery)
        self.assertEqual((manifest.sender_agency, manifest.profile), ("police.derbys", "marac"))
        self.assertEqual(contents[1, "identity"].identity.facts[0].surname, "Oakshott")
        self.assertNotIn((1, "location.protected"), contents)
        self.council.acknowledge(delivery, manifest)

        def acknowledged():
            rows = json.loads(self.bed.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list").stdout or "[]")
            return [r for r in rows if r["reference"] == "PY-1" and r["their state"] == "acknowledged"]
        wait_for("police see it acknowledged", acknowledged)

    def test_3_a_receipt_of_another_entry_is_not_believed(self):
        from evidence import verify_receipt
        from agency import keys_pb2
        keys = self.council.call(self.council.keys.GetAgencyKeys, keys_pb2.GetAgencyKeysRequest(agency="police.derbys"))
        index, _ = verify_receipt(keys.receipts[0].tlog_proof, self.council.vkey)
        with self.assertRaises(AssertionError):
            verify_receipt(keys.receipts[0].tlog_proof.replace(f"\nindex {index}\n", f"\nindex {index + 1}\n"), self.council.vkey)

    def known(self, agency, other):
        shown = self.bed.derwent(agency, "dpo", "-o", "json", "register", "show")
        return other in {row["agency"] for row in json.loads(shown.stdout or "[]")}


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(PythonClient))
