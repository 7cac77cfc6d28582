"""P12: clear errors. Bad input gets an error that names the field and the rule, and changes nothing but the ledger."""
import json
import subprocess
import unittest

from checks import PromiseTest, run
from testbed import BIN, HOME, wait_for


class ClearErrors(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def document(self, **changes):
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document.update(companionChildReferral=False, recipients=[r for r in document["recipients"] if r["agency"] == "dcc.adults"])
        document.update(changes)
        return document

    def shares(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from share").fetchone()[0]

    def refused(self, document, *words):
        before = self.shares()
        out = self.bed.push(document)
        self.assertIn(out.returncode, (2, 3, 4, 5), out.stdout + out.stderr)
        for word in words:
            self.assertIn(word, out.stderr + out.stdout)
        self.assertNotIn("Oakshott", out.stderr)
        self.assertEqual(self.shares(), before)

    def test_missing_and_unknown_names_are_named_all_at_once(self):
        self.refused(self.document(referralRef="", profile="marrac", area="E99999999"), "profile", "area", "referral_ref")

    def test_no_recipient(self):
        self.refused(self.document(referralRef="B-2", recipients=[]), "recipients")

    def test_no_subject(self):
        self.refused(self.document(referralRef="B-3", subjects=[]), "subjects")

    def test_too_many_subjects(self):
        one = self.document()["subjects"][0]
        self.refused(self.document(referralRef="B-4", subjects=[one] * 31), "subjects")

    def test_a_file_that_is_not_json_gets_a_result_beside_it(self):
        system = self.bed.run / "agents/police.derbys/system"
        part = system / "inbox/broken.json.part"
        part.write_bytes(b'{"profile": "marac", \xff\xfe')
        part.rename(system / "inbox/broken.json")
        result = wait_for("the result file", lambda: next(iter(system.glob("failed/broken.json.result.json")), None))
        self.assertTrue(json.loads(result.read_text())["errors"])

    def test_policy_text_names_file_line_rule_and_suggestion(self):
        policy = self.bed.run / "bad policy"
        subprocess.run(["cp", "-R", str(HOME / "policy/derbyshire"), str(policy)], check=True)
        file = policy / "profiles/marac.txtpb"
        file.write_text(file.read_text().replace('necessary: "identity"', 'necessary: "identety"', 1))
        out = self.bed.policy("check", policy)
        self.assertEqual(out.returncode, 2)
        self.assertRegex(out.stdout, r"profiles/marac\.txtpb:\d+: error: .*identety.*did you mean `identity`")

    def test_an_unsigned_stripped_or_broken_bundle_stops_the_broker_from_starting(self):
        policy = self.bed.run / "policy"
        for name, harm in (("stripped", lambda p: [f.unlink() for f in (p / "signatures").glob("bundle.*")]),
                           ("broken", lambda p: (p / "vocabulary.txtpb").write_text((p / "vocabulary.txtpb").read_text() + "\n# changed\n")),
                           ("unsigned", lambda p: subprocess.run(["rm", "-rf", str(p / "signatures")], check=True))):
            with self.subTest(name):
                folder = self.bed.run / name
                subprocess.run(["cp", "-R", str(policy), str(folder)], check=True)
                harm(folder)
                config = self.bed.run / "broker" / f"{name}.yaml"
                text = (self.bed.run / "broker/broker.yaml").read_text().replace("policy: ../policy", f"policy: ../{name}").replace("broker.db", f"{name}.db")
                config.write_text(text.replace(f"localhost:{self.bed.port}", "localhost:0").replace("port_file: port", f"port_file: {name}.port"))
                out = subprocess.run([str(BIN / "derwent-broker"), "serve", "--config", str(config)], capture_output=True, text=True, timeout=30)
                self.assertEqual(out.returncode, 1, out.stderr)
                self.assertIn("refuses to start", out.stderr)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(ClearErrors))
