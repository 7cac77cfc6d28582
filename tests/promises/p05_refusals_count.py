"""P05: refusals count too. Refused shares and calls, approvals that wait, holds, withdrawals, progress, restrictions, policy, key and
directory changes and every look at the ledger are entries, and the fsck still passes. (A share that nobody collects in time:
tests/integration, AnUncollectedShareExpires…)"""
import json
import unittest

from checks import PromiseTest, run
from testbed import referral_to, wait_for

KEY_EVENT, REGISTER = 3, 4  # Kinds of public entries.


class RefusalsCount(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "da.provider"]

    def public(self, kind):
        with self.bed.database() as db:
            return db.execute("select count(*) from public_body where kind = ?", (kind,)).fetchone()[0]

    def ok(self, done, *codes):
        self.assertIn(done.returncode, codes or (0,), done.stdout + done.stderr)
        return done

    def enters(self, step, act, times=1):
        """`act` makes at least `times` entries of this step before it is answered."""
        before = self.bed.entered(step)
        done = act()
        self.assertGreaterEqual(self.bed.entered(step), before + times, step)
        return done

    def refusals(self):
        return json.loads(self.ok(self.bed.derwent("police.derbys", "dpo", "-o", "json", "audit", "refusals")).stdout or "[]")

    def test_1_a_refused_call_is_an_entry_before_it_is_answered(self):
        refused = self.enters("refused_call", lambda: self.bed.derwent("police.derbys", "practitioner", "audit", "search"))
        self.ok(refused, 4)
        self.assertIn("ROLE_NOT_ENTITLED", refused.stderr)

    def test_2_every_look_at_the_ledger_is_an_entry_of_its_own(self):
        for look in (["audit", "search"], ["audit", "refusals"], ["audit", "person", "--id", "nhs:9990000026"], ["audit", "show", "0"]):
            self.enters("read", lambda words=look: self.ok(self.bed.derwent("police.derbys", "dpo", *words), 0, 5))

    def test_3_every_step_of_a_share_is_an_entry(self):
        self.enters("plan", lambda: self.bed.push(referral_to("dcc.adults"), "plan"))
        for reference, then in (("P05-1", ["decline", "--reason", "CAPACITY"]), ("P05-2", ["accept"])):
            known = set(self.bed.handovers("dcc.adults"))
            self.enters("referral", lambda r=reference: self.ok(self.bed.push(referral_to("dcc.adults", referralRef=r)), 0, 9))
            share = wait_for("it is handed over", lambda k=known: set(self.bed.handovers("dcc.adults")) - k).pop()
            wait_for("it is acknowledged", lambda r=reference: self.bed.their_states(r).get("dcc.adults") == "acknowledged")
            self.enters("progress", lambda s=share, t=then: self.ok(self.bed.derwent("dcc.adults", "practitioner", "referral", t[0], s, *t[1:])))
        self.enters("withdrawal", lambda: self.ok(self.bed.derwent("police.derbys", "practitioner", "referral", "withdraw", share, "--reason", "SENT_IN_ERROR")))
        for step in ("collection", "acknowledgement"):
            self.assertGreaterEqual(self.bed.entered(step), 2, step)

    def test_4_a_restriction_its_holds_and_its_end_are_entries(self):
        self.bed.agents["da.provider"].kill()
        self.ok(self.bed.push(referral_to("da.provider", referralRef="P05-3")), 0, 9)
        held = self.bed.entered("held")
        done = self.enters("restriction", lambda: self.ok(self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--id", "nhs:9990000026")))
        self.assertGreater(self.bed.entered("held"), held)
        refused = self.enters("referral", lambda: self.ok(self.bed.push(referral_to("dcc.adults", referralRef="P05-4")), 3))
        self.assertIn("SUBJECT_RESTRICTED", refused.stdout)
        self.assertIn("referral", {row["step"] for row in self.refusals()})
        self.enters("restriction", lambda: self.ok(self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--lift", "--restriction", done.stdout.strip())))
        self.bed.agents["da.provider"].start().ready()

    def test_5_directories_and_keys_are_entries(self):
        before = self.public(REGISTER), self.public(KEY_EVENT)
        self.assertGreaterEqual(min(before), len(self.agencies))
        self.ok(self.bed.apply_directory("da.provider", 2))
        sealing = json.loads(self.ok(self.bed.derwent("da.provider", "dpo", "-o", "json", "key", "list")).stdout)[-1]
        self.ok(self.bed.derwent_as_agent("da.provider", "key", "revoke", sealing["key id"]))
        self.assertEqual((self.public(REGISTER), self.public(KEY_EVENT)), (before[0] + 1, before[1] + 1))

    def test_6_a_policy_that_ends_and_the_referral_it_refuses_are_entries(self):
        before = self.public(REGISTER)
        self.ok(self.bed.policy("suspend", self.bed.run / "policy", "--agreement", "marac", "--from", "2026-01-01", *self.bed.signer("da.provider")))
        wait_for("the change is entered", lambda: self.public(REGISTER) > before)
        wait_for("the agent knows", lambda: "AGREEMENT_NOT_IN_FORCE" in self.bed.push(referral_to("dcc.adults"), "plan").stdout)
        self.ok(self.bed.push(referral_to("dcc.adults", referralRef="P05-5")), 3)
        self.assertTrue([row for row in self.refusals() if "AGREEMENT_NOT_IN_FORCE" in row["reasons"]], "no refusal tells why")

    def test_7_the_ledger_verifies_after_all_of_it(self):
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        self.ok(self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--all"))


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(RefusalsCount))
