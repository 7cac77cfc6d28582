"""Emergencies, end to end: the police's duty officer and a second person ask adults' services in imminent danger; the answer comes at once,
bounded; both data protection officers are told by their own agents; the use is reviewed. Alone, or for more, nothing is asked."""
import json
import re
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

ELSIE = "nhs:9990010072"  # As adults' services hold her.
SAMPLE = json.loads((HOME / "samples/dfrs/home-visit-request.json").read_text())


class Emergency(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def second(self, agency="police.derbys", role="spoc"):
        person = next(line.split()[1] for line in (HOME / "certs-example/people.txt").read_text().splitlines() if line.split()[:1] == [agency] and line.split()[2] == role)
        base = self.bed.run / "pki/agencies" / agency / "people" / person
        return ["--second-certificate", f"{base}.pem", "--second-key", f"{base}.key"]

    def ask(self, reference, *second, role="duty_officer", **changes):
        asked = {**SAMPLE, "requestRef": reference, "profile": "tb.ncasb", "grounds": [], "justification": "Smoke is seen, nobody answers: who lives there, and is there oxygen?",
                 "categories": ["health.physical", "identity", "location.current", "vulnerability.flag"], **changes}
        file = self.bed.run / f"{reference}.json"
        file.write_text(json.dumps(asked))
        return self.bed.derwent("police.derbys", role, "-o", "json", "emergency", "request", "--file", file, *(second or self.second()))

    def alarms(self, agency):
        return self.bed.derwent(agency, "dpo", "status").stdout

    def test_1_the_answer_comes_at_once_and_bounded(self):
        done = self.ask("EM-1")
        self.assertEqual(done.returncode, 9, done.stdout + done.stderr)
        request = json.loads(done.stdout)[0]["request"]
        shown = wait_for("the answer", lambda: self.units(request))
        self.assertEqual(shown, {"health.physical": "flag_only", "identity": "full", "location.current": "full", "vulnerability.flag": "flag_only"})
        self.assertEqual(self.bed.derwent("police.derbys", "practitioner", "request", "show", request).returncode, 5, "nobody but the officer")
        self.assertIn("EMERGENCY_REQUESTED", self.alarms("police.derbys"))
        self.assertIn("EMERGENCY_ASKED", self.alarms("dcc.adults"))
        self.assertEqual(self.bed.entered("emergency"), 1)
        self.assertEqual(self.bed.entered("emergency_answer"), 1)
        self.assertEqual(self.bed.entered("request"), 0)
        self.assertRegex(self.bed.metrics(), r'derwent_emergency_releases_total\{agency="dcc\.adults",to="police\.derbys"\} 1')

    def units(self, request):
        shown = self.bed.derwent("police.derbys", "duty_officer", "-o", "json", "request", "show", request)
        answers = json.loads(shown.stdout or "{}").get("answers", [])
        return {unit["content"]["category"]: unit["content"]["form"] for answer in answers for unit in answer.get("units", [])}

    def test_2_it_is_reviewed_by_the_askers_officer_and_by_nobody_who_asked(self):
        listed = json.loads(self.bed.derwent("police.derbys", "dpo", "-o", "json", "emergency", "list").stdout)
        self.assertEqual([row["review"] for row in listed], ["to be reviewed"])
        self.assertTrue(listed[0]["due"])
        one = listed[0]["emergency"]
        self.assertEqual(self.bed.derwent("dcc.adults", "dpo", "emergency", "review", one, "--justified").returncode, 5)
        self.assertEqual(self.bed.derwent("police.derbys", "spoc", "emergency", "review", one, "--justified").returncode, 4)
        done = self.bed.derwent("police.derbys", "dpo", "emergency", "review", one, "--justified")
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(self.bed.derwent("dcc.adults", "dpo", "-o", "json", "emergency", "list").stdout)
        self.assertEqual([row["review"] for row in seen], ["justified"])

    def test_3_nobody_asks_alone_nor_in_another_role_nor_for_more(self):
        before = self.bed.entered("emergency_declared")
        self.assertEqual(self.ask("EM-2", *self.second(role="duty_officer")).returncode, 2)  # The officer is no second person.
        self.assertEqual(self.ask("EM-3", *self.second(agency="dcc.adults")).returncode, 8)
        self.assertEqual(self.ask("EM-4", *self.second(role="practitioner")).returncode, 4)
        self.assertEqual(self.ask("EM-5", role="practitioner").returncode, 4)
        self.assertEqual(self.ask("EM-6", categories=["identity", "social_care"]).returncode, 2)
        self.assertEqual(self.bed.entered("emergency_declared"), before)

    def test_4_without_a_declaration_the_purpose_opens_nothing(self):
        asked = {**SAMPLE, "requestRef": "EM-7", "profile": "tb.ncasb", "grounds": [], "purpose": "emergency.vital", "role": "duty_officer", "categories": ["identity"]}
        file = self.bed.run / "EM-7.json"
        file.write_text(json.dumps(asked))
        done = self.bed.derwent("police.derbys", "duty_officer", "request", "send", "--file", file)
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)
        self.assertIn("EMERGENCY_NOT_DECLARED", done.stderr)

    def test_5_the_ledger_and_each_agencys_own_books_agree_on_it(self):
        for agency in self.agencies:
            complete = self.bed.derwent(agency, "dpo", "audit", "completeness")
            self.assertEqual(complete.returncode, 0, complete.stdout + complete.stderr)

    def test_6_whom_it_was_about_may_be_told_of_it(self):
        for edition in ("full", "releasable"):
            told = self.bed.derwent("dcc.adults", "dpo", "-o", "csv", "audit", "person", "--id", ELSIE, "--edition", edition)
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertIn("police.derbys", told.stdout, edition)

    def test_7_no_name_reaches_the_broker(self):
        for file in (self.bed.run / "broker").glob("broker.db*"):
            self.assertNotRegex(file.read_bytes(), re.compile(b"Hadfield|Elsie|Sample Terrace|Smoke is seen"))
        self.assertNotRegex(self.bed.broker.log.read_text(), "Hadfield|Elsie")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Emergency))
