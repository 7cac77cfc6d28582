"""P01: denied unless allowed, or a special route applies with its document reference. A statutory request (ASB case review) is answered
without a case; then everything it rests on is taken away or overdrawn: the document, the purpose, the category, the
depersonalised form, a reference that is a text. With no agreement left the document alone says whom it is about, where a duty answers it. (On the way: tests/integration/statutory_request_test.cc.)"""
import datetime
import json
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

DOCUMENT = "ASBCR/2026/0117"
SAMPLE = json.loads((HOME / "samples/cbc/asb-review-request.json").read_text())
SCRUTINY = {"profile": "tb.ncasb", "board": "tb.ncasb", "purpose": "oversight.scrutiny"}
ATTACKS = {
    "without its document": ({"documentReference": ""}, "CASE_LINK_REQUIRED"),
    "for a purpose of another profile": ({"purpose": "case.asb_resolution"}, "PURPOSE_NOT_PERMITTED"),
    "for what the profile never gives": ({"categories": ["finance"]}, "CATEGORY_NOT_PERMITTED"),
    "for scrutiny, without its document": ({**SCRUTINY, "documentReference": "", "categories": ["aggregate"], "selector": {}}, "DOCUMENT_REQUIRED"),
    "for scrutiny of who it was": ({**SCRUTINY, "categories": ["identity", "incident"]}, "DEPERSONALISED_ONLY"),
}


class Statutory(PromiseTest):
    agencies = ["cbc", "dcc.adults"]

    def send(self, reference, *options, **changes):
        file = self.bed.run / "request.json"
        file.write_text(json.dumps({**SAMPLE, "requestRef": reference, **changes}))
        return self.bed.derwent("cbc", "spoc", "-o", "json", "request", "send", "--file", file, *options)

    def answered(self, reference):
        sent = self.send(reference)
        self.assertEqual(sent.returncode, 9, sent.stdout + sent.stderr)
        request = json.loads(sent.stdout)["requestId"]
        watched = self.bed.derwent("cbc", "spoc", "request", "watch", request, "--for", "30")
        self.assertEqual(watched.returncode, 0, watched.stderr)
        return request, json.loads(self.bed.derwent("cbc", "spoc", "-o", "json", "request", "show", request).stdout)

    def stored(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from share").fetchone()[0]

    def test_1_a_written_request_is_answered_without_a_case_and_shown_as_what_it_is(self):
        request, shown = self.answered("P01-1")
        self.assertIn("identity", [unit["content"]["category"] for unit in shown["answers"][0]["units"]])
        held = json.loads(self.bed.derwent("dcc.adults", "dpo", "-o", "json", "request", "list", "--held").stdout)
        self.assertEqual({(row["route"], row["document"]) for row in held if row["request"] == request}, {("STATUTORY_REQUEST", DOCUMENT)})
        with self.bed.database() as db:
            for (index,) in db.execute("select idx from entry_search where step in ('request', 'answer')").fetchall():
                entry = self.bed.derwent("dcc.adults", "dpo", "audit", "show", index)
                self.assertIn(f"Route: STATUTORY_REQUEST, document {DOCUMENT}.", entry.stdout, entry.stderr)
                self.assertIn("the broker's part comes out the same", entry.stdout)

    def test_2_without_what_it_rests_on_or_beyond_it_nothing_is_asked(self):
        for number, (name, (changes, reason)) in enumerate(ATTACKS.items()):
            with self.subTest(name):
                before = self.stored()
                refused = self.send(f"P01-2-{number}", **changes)
                self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
                self.assertEqual(json.loads(refused.stdout)["reason"], reason)
                self.assertEqual(self.stored(), before)

    def test_3_its_reference_is_no_text(self):
        for number, text in enumerate(("letter about Nadia Fernyhough", "FERNYHOU-1976-05-19", "NHS9990000026")):
            refused = self.send(f"P01-3-{number}", documentReference=text)
            self.assertEqual(refused.returncode, 2, refused.stdout)
            self.assertIn("document_reference", refused.stderr)
            for log in (self.bed.broker.log, self.bed.agents["cbc"].log):
                self.assertNotIn(text, log.read_text())

    def test_4_with_no_agreement_left_the_document_alone_says_whom_it_is_about(self):
        yesterday = (datetime.date.today() - datetime.timedelta(days=1)).isoformat()
        for agreement in ("tb.ncasb", "asb_cr"):
            ended = self.bed.policy("end", self.bed.run / "policy", "--agreement", agreement, "--from", yesterday, *self.bed.signer("dcc.adults"))
            self.assertEqual(ended.returncode, 0, ended.stderr)
        wait_for("the agreement's end is known", lambda: "AGREEMENT_NOT_IN_FORCE" in self.send("P01-4-0", "--plan", documentReference="").stdout)
        before = self.stored()
        refused = self.send("P01-4-1", documentReference="")
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
        self.assertEqual(json.loads(refused.stdout)["reason"], "AGREEMENT_NOT_IN_FORCE")
        self.assertEqual(self.stored(), before)
        unanswered = {"profile": "tb.ncasb", "board": "tb.ncasb", "purpose": "case.asb_resolution", "categories": ["identity"]}
        refused = self.send("P01-4-3", **unanswered)
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
        self.assertEqual(json.loads(refused.stdout)["reason"], "LEGAL_GATEWAY_MISSING", "no duty answers it")
        self.answered("P01-4-2")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Statutory))
