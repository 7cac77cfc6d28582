"""P01: denied unless allowed. An empty, broken, stripped or unsigned policy shares nothing: the broker does not start under it, or keeps
the last good one and says so; a signed policy without agreements, or without the profile, lets nothing through. A role that works no cases
changes nothing of one and is not told that it is there, and an exclusion ends only by being named. (Unknown callers at
every RPC: p01_callers_test.cc; the policy's own worked decisions: tests/policy.)"""
import json
import pathlib
import shutil
import subprocess
import unittest

from checks import PromiseTest, run
from testbed import BIN, referral_to, wait_for

BREAKS = {
    "empty": lambda policy: [shutil.rmtree(policy), policy.mkdir()],
    "stripped": lambda policy: [file.unlink() for file in (policy / "signatures").glob("bundle.*")],
    "unsigned": lambda policy: shutil.rmtree(policy / "signatures"),
    "broken": lambda policy: (policy / "vocabulary.txtpb").write_text((policy / "vocabulary.txtpb").read_text() + "\n# changed\n"),
    "a file more": lambda policy: (policy / "profiles/extra.txtpb").write_text('id: "extra"\n'),
    "a file less": lambda policy: (policy / "profiles/marac.txtpb").unlink(),
    "not listed": lambda policy: (policy / "MANIFEST").unlink(),
}


class Denied(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def sign(self):
        """Lists and signs the bundle as it lies, as every signatory would."""
        policy = self.bed.run / "policy"
        self.assertEqual(self.bed.policy("manifest", policy).returncode, 0)
        for line in (self.bed.run / "signatories").read_text().splitlines():
            signed = self.bed.policy("sign", policy, "--bundle", *self.bed.signer(line.split()[0]))
            self.assertEqual(signed.returncode, 0, signed.stderr)

    def shares(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from share").fetchone()[0]

    def shares_nothing(self, reference, *reasons):
        before = self.shares()
        wait_for("nothing more is released", lambda: "RELEASED" not in self.bed.push(referral_to("dcc.adults"), "plan").stdout)
        sent = self.bed.push(referral_to("dcc.adults", referralRef=reference))
        self.assertIn(sent.returncode, (2, 3), sent.stdout + sent.stderr)
        self.assertTrue([reason for reason in reasons if reason in sent.stdout + sent.stderr], sent.stdout + sent.stderr)
        self.assertEqual(self.shares(), before)

    def case(self, role, *args):
        return self.bed.derwent("dcc.adults", role, "-o", "json", "case", *args)

    def test_0_a_role_that_works_no_cases_changes_nothing_of_one(self):
        opened = self.case("spoc", "open", "--profile", "fire_safety", "--area", "E07000034")
        self.assertEqual(opened.returncode, 0, opened.stderr)
        case = json.loads(opened.stdout)["caseId"]
        excluded = pathlib.Path(self.bed.client("dcc.adults", "practitioner")).read_text().split("/people/")[1].split(".")[0]
        self.assertEqual(self.case("spoc", "join", case, "--exclude", excluded).returncode, 0)
        for role, *command in (("registrar", "join", case), ("registrar", "join", case, "--agency", "police.derbys"), ("registrar", "close", case),
                               ("dpo", "join", case, "--readmit", excluded)):
            self.assertEqual(self.case(role, *command).returncode, 5, command)
        for role in ("registrar", "dpo"):
            self.assertEqual(self.case(role, "show", case).returncode, 5, f"a {role} takes no part in it")
            self.assertNotIn(case, self.case(role, "list").stdout)
        self.assertEqual(self.case("practitioner", "show", case).returncode, 5, "the exclusion stands")
        self.assertEqual(self.case("spoc", "join", case).returncode, 0)
        self.assertEqual(self.case("practitioner", "show", case).returncode, 5, "and is not forgotten by being left out")
        self.assertEqual(self.case("spoc", "join", case, "--readmit", excluded).returncode, 0)
        self.assertEqual(self.case("practitioner", "show", case).returncode, 0)
        self.assertEqual(self.bed.entered("case_readmitted"), 1)

    def test_1_the_broker_does_not_start_under_a_policy_that_does_not_verify(self):
        for name, harm in BREAKS.items():
            with self.subTest(name):
                folder = self.bed.run / name
                shutil.copytree(self.bed.run / "policy", folder)
                harm(folder)
                text = (self.bed.run / "broker/broker.yaml").read_text().replace("policy: ../policy", f"policy: ../{name}").replace("broker.db", f"{name}.db")
                config = self.bed.run / "broker" / f"{name}.yaml"
                config.write_text(text.replace(f"localhost:{self.bed.port}", "localhost:0").replace("port_file: port", f"port_file: {name}.port"))
                out = subprocess.run([BIN / "derwent-broker", "serve", "--config", config], capture_output=True, text=True, timeout=30)
                self.assertEqual(out.returncode, 1, out.stderr)
                self.assertIn("refuses to start", out.stderr)

    def test_2_a_running_broker_keeps_the_last_good_one_and_says_so(self):
        policy = self.bed.run / "policy"
        good = self.bed.run / "good policy"
        shutil.copytree(policy, good)
        for name in ("stripped", "broken"):
            with self.subTest(name):
                taken = self.bed.broker.log.read_text().count("was NOT taken")
                BREAKS[name](policy)
                wait_for("the broker says so", lambda t=taken: self.bed.broker.log.read_text().count("was NOT taken") > t)
                self.assertIn(self.bed.push(referral_to("dcc.adults", referralRef=f"P01-{name}")).returncode, (0, 9))
                shutil.copytree(good, policy, dirs_exist_ok=True)

    def test_3_a_signed_policy_without_agreements_or_profiles_shares_nothing(self):
        policy = self.bed.run / "policy"
        (policy / "agreements/marac.txtpb").unlink()
        self.sign()
        self.shares_nothing("P01-3", "AGREEMENT_NOT_IN_FORCE", "RECIPIENT_NOT_PARTY")
        for folder in ("agreements", "profiles"):
            for file in (policy / folder).glob("*"):
                file.unlink()
        # Steps of consent name profiles: they go with them.
        vocabulary = policy / "vocabulary.txtpb"
        vocabulary.write_text("".join(line for line in vocabulary.read_text().splitlines(keepends=True) if not line.startswith("consent_steps ")))
        self.sign()
        wait_for("the agent knows no profile", lambda: "profile" in self.bed.push(referral_to("dcc.adults"), "plan").stderr)
        self.shares_nothing("P01-4", "profile")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Denied))
