"""An information-governance lead's way from "probation should also get it" to an activated change and back, with the commands of
policy/README.md and real processes; and activations one after another while referrals flow: none fails, and each decision was made under one
policy, the one that its entry names."""
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import threading
import unittest

from checks import PromiseTest, run
from testbed import BIN, HOME, referral_to, wait_for

OPENS = '\nconditional { category: "identifier" when: "supervision records are found by number" }\n'
TIGHTENS = '\nblocked_flags: "do_not_contact"\n'


class Lead(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "probation.em"]

    def draft(self, line):
        """The policy in force, copied, with one line more in a profile and the agreement's next revision."""
        draft = self.bed.run / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(self.bed.run / "policy", draft)
        profile = draft / "profiles/marac.txtpb"
        profile.write_text(profile.read_text() + line)
        agreement = draft / "agreements/marac.txtpb"
        agreement.write_text(agreement.read_text().replace("revision: 1", "revision: 2", 1))
        self.ok(self.bed.policy("manifest", draft))
        return draft

    def sign(self, draft, without=""):
        for line in (self.bed.run / "signatories").read_text().splitlines():
            agency = line.split()[0]
            if agency != without:
                self.ok(self.bed.policy("sign", draft, "--bundle", "--agreement", "marac", *self.bed.signer(agency)))

    def ok(self, done, code=0):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def signatory(self, *args, agency="police.derbys"):
        return self.bed.derwent(agency, "signatory", "-o", "json", "policy", *args)

    def propose(self, draft):
        return json.loads(self.ok(self.signatory("propose", draft)).stdout)[0]["revision"]

    def released_to_probation(self):
        document = referral_to("probation.em")
        document["recipients"][0]["grounds"].append("3:marac.identifier")
        shown = self.bed.push(document, "plan", "-o", "json").stdout
        return {unit["category"] for share in json.loads(shown or "{}").get("shares", []) for unit in share["units"] if unit["outcome"] == "RELEASED"}

    def test_1_from_a_wish_to_an_activated_change_and_back(self):
        document = referral_to("probation.em", referralRef="LEAD-1")
        document["recipients"][0]["grounds"].append("3:marac.identifier")
        self.assertIn(self.bed.push(document).returncode, (0, 9))
        self.assertNotIn("identifier", self.released_to_probation())
        draft = self.draft(OPENS)
        self.ok(self.bed.policy("check", draft))
        differs = self.ok(self.bed.policy("diff", self.bed.run / "policy", draft), code=1)
        self.assertRegex(differs.stdout, r"OPENS[^$]*probation\.em\n  identifier")

        rejected = self.ok(self.signatory("propose", draft), code=3)
        self.assertIn("the bundle is signed by 0 agencies of 2 needed", rejected.stdout)
        self.sign(draft, without="dcc.adults")
        rejected = self.ok(self.signatory("propose", draft), code=3)
        missing = {(row["code"], word) for row in json.loads(rejected.stdout) for word in re.findall(r"`(dcc[^`]*)`", row["what is missing"])}
        self.assertEqual({(code, agency) for code, agency in missing if agency == "dcc.adults"}, {("AGREEMENT_NOT_SIGNED", "dcc.adults"), ("LOOSENING_NOT_SIGNED", "dcc.adults")})
        self.assertNotIn("identifier", self.released_to_probation())

        self.sign(draft)
        revision = self.propose(draft)
        shadow = self.ok(self.signatory("shadow", revision))
        self.assertIn({"receiver": "probation.em", "category": "identifier", "was": "DENY"}, [{key: row[key] for key in ("receiver", "category", "was")} for row in json.loads(shadow.stdout)])
        self.assertNotIn("identifier", self.released_to_probation())
        self.ok(self.signatory("activate", revision, "--same-as", self.bed.run / "policy"), code=8)
        self.ok(self.signatory("activate", revision, "--same-as", draft))
        wait_for("probation gets it", lambda: "identifier" in self.released_to_probation())

        back = json.loads(self.ok(self.signatory("rollback")).stdout)[0]
        self.assertGreater(int(back["revision"]), int(revision))
        wait_for("probation gets it no more", lambda: "identifier" not in self.released_to_probation())
        self.assertIn("ROLLBACK_OPENS", self.ok(self.signatory("rollback"), code=3).stdout)
        self.assertEqual([row["state"] for row in json.loads(self.ok(self.signatory("revisions")).stdout)], ["in force", "was in force", "was in force"])

    def test_2_what_was_activated_is_there_after_kill_9(self):
        before = self.in_force()
        self.bed.broker.kill()
        self.bed.broker.start().ready()
        wait_for("the agents are back", lambda: self.bed.is_ready("police.derbys"))
        self.assertEqual(self.in_force(), before)

    def in_force(self):
        return next(row["content"] for row in json.loads(self.ok(self.signatory("revisions")).stdout) if row["state"] == "in force")

    def test_3_activations_under_load_fail_nothing_and_mix_nothing(self):
        stop = threading.Event()
        load = threading.Thread(target=self.load, args=(stop,))
        load.start()
        revisions, manifests = [], [self.in_force_manifest()]
        try:
            for number in range(4):  # Each is a new policy for the agents.
                self.some_more_flow()
                draft = self.draft(TIGHTENS + f"# {number}\n")
                self.sign(draft)
                revisions.append(int(self.propose(draft)))
                self.ok(self.signatory("activate", revisions[-1]))
                manifests.append(hashlib.sha256((draft / "MANIFEST").read_bytes()).hexdigest())
            self.some_more_flow()
        finally:
            stop.set()
            load.join()
        self.assertEqual(set(self.results()), {"DONE", "STORED"})
        self.assertEqual(revisions, sorted(set(revisions)), "each activation is a revision above the last")
        # In the ledger's order the policies that entries name follow one another as they were activated, none comes back.
        named = [policy for policy, _ in itertools.groupby(self.named_in_entries()) if policy in manifests]
        self.assertEqual(named[-len(manifests):], manifests)
        self.assertEqual(len(named), len(set(named)))
        copy = self.bed.run / "copy.db"
        self.bed.copy_database(copy)
        replayed = subprocess.run([str(BIN / "derwent-broker"), "replay", "--config", str(self.bed.run / "broker/broker.yaml"), "--database", str(copy)], capture_output=True, text=True)
        self.assertEqual(replayed.returncode, 0, replayed.stdout + replayed.stderr)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)

    def some_more_flow(self):
        before = self.stored()
        wait_for("referrals flow", lambda: self.stored() > before + 3)

    def in_force_manifest(self):
        # A rollback put the first policy's content back in force.
        return hashlib.sha256((self.bed.run / "policy/MANIFEST").read_bytes()).hexdigest()

    def named_in_entries(self):
        """The policy that each referral's entry names, in the ledger's order, since the load began."""
        folder = self.bed.run / "named"
        self.ok(self.bed.derwent("police.derbys", "dpo", "audit", "export", folder, "--step", "referral"))
        rows = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
        load = {share for share in self.load_shares()}
        for row in sorted(rows, key=lambda row: int(row["index"])):
            if any(share in row["field.ids"] for share in load):
                yield re.search(r"policy=([0-9a-f]{64})", row["field.outcome"]).group(1)

    def load_shares(self):
        for file in (self.bed.run / "agents/police.derbys/system").glob("*/LOAD-*.result.json"):
            for referral in json.loads(file.read_text())["referrals"]:
                yield from (share["share_id"] for share in referral.get("shares", []))

    def load(self, stop):
        number = 0
        while not stop.is_set():
            self.bed.drop(referral_to("dcc.adults", referralRef=f"LOAD-{number}"))
            wait_for("it is taken", lambda n=number: self.result(n) is not None)
            number += 1

    def result(self, number):
        found = list((self.bed.run / "agents/police.derbys/system").glob(f"*/LOAD-{number}.json.result.json"))
        return found[0] if found else None

    def results(self):
        """States of what came of each file, and of each share of it."""
        for file in (self.bed.run / "agents/police.derbys/system").glob("*/LOAD-*.result.json"):
            result = json.loads(file.read_text())
            yield result["state"]
            yield from (share["state"] for referral in result["referrals"] for share in referral.get("shares", []))

    def stored(self):
        return sum(state == "STORED" for state in self.results())

    def test_4_every_command_of_the_readme_is_there(self):
        text = (HOME / "policy/README.md").read_text()
        for command in set(re.findall(r"derwent policy ([a-z-]+)", text)):
            with self.subTest(command):
                self.ok(self.bed.policy(command, "--help"))


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Lead))
