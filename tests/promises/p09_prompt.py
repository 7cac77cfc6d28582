"""P09: withdrawal is prompt. Revocation, suspension, a person removed, a subject restricted: within one second of its commit
nothing more leaves, long polls included."""
import json
import subprocess
import time
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

BOUND = 1.0


class Prompt(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "da.provider", "rp.housing"]

    def document(self, reference, agency):
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document.update(referralRef=reference, companionChildReferral=False, recipients=[r for r in document["recipients"] if r["agency"] == agency])
        return document

    def log_lines(self):
        return [json.loads(line) for line in self.bed.broker.log.read_text().splitlines() if line.startswith("{")]

    def revoke(self, path):
        subprocess.run([HOME / "certs-example/revoke.sh", self.bed.run / "pki", self.bed.run / path], check=True, capture_output=True)
        return time.time()

    def test_a_revoked_agent_is_cut_off_within_a_second_even_in_a_long_poll(self):
        wait_for("the housing agent collects", lambda: any(line.get("agency") == "rp.housing" for line in self.log_lines()))
        at = self.revoke("pki/agencies/rp.housing/agent.pem")
        ended = wait_for("its long poll ends", lambda: [line for line in self.log_lines() if line.get("agency") == "rp.housing" and line.get("method") == "Collect" and line.get("reason") == "CERTIFICATE_REVOKED"])
        took = parse(ended[0]["ts"]) - at
        self.assertLess(took, BOUND + 0.3, "measured from before the list was written")
        after = [line for line in self.log_lines() if line.get("agency") == "rp.housing" and line.get("status") == "OK" and line.get("method") == "Collect" and parse(line["ts"]) > at + BOUND]
        self.assertEqual(after, [])

    def test_a_suspended_agreement_stops_what_already_lies_in_the_mailbox(self):
        self.bed.agents["da.provider"].kill()
        sent = self.bed.push(self.document("P09-1", "da.provider"))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        done = self.bed.policy("suspend", self.bed.run / "policy", "--agreement", "marac", "--from", "2026-01-01", *self.bed.signer("da.provider"))
        self.assertEqual(done.returncode, 0, done.stderr)
        end = time.monotonic() + BOUND
        wait_for("the suspension is in force", lambda: "AGREEMENT_NOT_IN_FORCE" in self.bed.push(self.document("P09-2", "dcc.adults"), "plan").stdout)
        if time.monotonic() < end:
            time.sleep(end - time.monotonic())  # The promise is a second from the commit.
        self.bed.agents["da.provider"].start().ready()

        def state():
            rows = json.loads(self.bed.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list").stdout or "[]")
            return {r["their state"] for r in rows if r["reference"] == "P09-1"} == {"held"}
        wait_for("the package is held", state)
        self.assertEqual(self.bed.handovers("da.provider"), {})


def parse(ts):
    import datetime
    return datetime.datetime.fromisoformat(ts.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Prompt))
