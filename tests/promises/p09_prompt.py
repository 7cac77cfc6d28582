"""P09: withdrawal is prompt. A certificate revoked, a person removed from the directory, a subject restricted, an agreement
suspended: the last byte leaves within one second of its commit, long polls and packages that already wait included."""
import datetime
import itertools
import json
import subprocess
import threading
import time
import unittest

from checks import PromiseTest, run
from testbed import HOME, referral_to, wait_for

BOUND = 1.0
VICTIM = "nhs:9990000026"
PRACTITIONER = "p-4c1e07"


class Prompt(PromiseTest):
    agencies = ["police.derbys", "dcc.adults", "da.provider", "rp.housing"]

    def send_to_one_that_sleeps(self, agency, reference):
        """A package waits in the mailbox of an agent that is not there."""
        self.bed.agents[agency].kill()
        before = set(self.bed.handovers(agency))
        sent = self.bed.push(referral_to(agency, referralRef=reference))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        return before

    def held(self, agency, reference, before):
        """The agent comes back: the package is held, and nothing was handed over."""
        self.bed.agents[agency].start().ready()
        wait_for("the package is held", lambda: self.bed.their_states(reference, "spoc").get(agency) == "held")
        self.assertEqual(set(self.bed.handovers(agency)), before)

    def log_lines(self):
        return [json.loads(line) for line in self.bed.broker.log.read_text().splitlines() if line.startswith("{")]

    def collects(self, agency):
        return [line for line in self.log_lines() if line.get("agency") == agency and line.get("method") == "Collect"]

    def test_1_a_revoked_agent_is_cut_off_even_in_a_long_poll(self):
        wait_for("the housing agent collects", lambda: any(line.get("agency") == "rp.housing" for line in self.log_lines()))
        subprocess.run([HOME / "certs-example/revoke.sh", self.bed.run / "pki", self.bed.run / "pki/agencies/rp.housing/agent.pem"], check=True, capture_output=True)
        committed = time.time()
        ended = wait_for("its long poll ends", lambda: [line for line in self.collects("rp.housing") if line.get("reason") == "CERTIFICATE_REVOKED"])
        self.assertLess(instant(ended[0]["ts"]) - committed, BOUND)
        late = [line for line in self.collects("rp.housing") if line["status"] == "OK" and instant(line["ts"]) > committed + BOUND]
        self.assertEqual(late, [])

    def test_2_a_restricted_subject_leaves_no_mailbox(self):
        before = self.send_to_one_that_sleeps("da.provider", "P09-2")
        done = self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--id", VICTIM)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 deliveries stopped", done.stderr)
        self.held("da.provider", "P09-2", before)
        self.assertIn("1 verified identifiers, at the broker and here", done.stderr)
        refused = self.bed.push(referral_to("dcc.adults", referralRef="P09-2b"))
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
        lifted = self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--lift", "--restriction", done.stdout.strip())
        self.assertEqual(lifted.returncode, 0, lifted.stderr)

    def test_2b_a_record_without_a_verified_identifier_is_restricted_by_its_reference(self):
        nobody = self.bed.derwent("police.derbys", "dpo", "register", "restrict")
        self.assertEqual(nobody.returncode, 2, "nobody is protected, and it is said")
        referral = referral_to("dcc.adults", referralRef="P09-2c")
        for subject in referral["subjects"]:
            subject["record"].pop("identifier", None)
        refs = [subject["record"]["recordRef"] for subject in referral["subjects"]]
        done = self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--record", refs[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the broker stops nothing", done.stderr)
        refused = self.bed.push(referral)
        self.assertEqual(refused.returncode, 3, refused.stdout + refused.stderr)
        self.assertIn("SUBJECT_RESTRICTED", refused.stdout)
        with self.bed.database() as db:
            kept = "".join(str(row) for table in ("restriction", "restriction_tag") for row in db.execute(f"select * from {table}"))
        self.assertNotIn(refs[0], kept)
        lifted = self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--lift", "--restriction", done.stdout.strip())
        self.assertEqual(lifted.returncode, 0, lifted.stderr)

    def test_3_a_person_removed_sends_nothing_and_what_she_sent_waits_no_more(self):
        before = self.send_to_one_that_sleeps("da.provider", "P09-3")
        done = self.bed.apply_directory("police.derbys", 2, without=PRACTITIONER)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.bed.push(referral_to("dcc.adults", referralRef="P09-3b")).returncode, 4)
        self.assertEqual(self.bed.derwent("police.derbys", "practitioner", "ledger", "verify", "--all").returncode, 4)
        wait_for("her own agent serves her no more", lambda: self.bed.derwent("police.derbys", "practitioner", "referral", "list").returncode == 4, 2 * BOUND)
        self.held("da.provider", "P09-3", before)
        self.assertEqual(self.bed.apply_directory("police.derbys", 3).returncode, 0)
        wait_for("she may again", self.bed.may_plan)

    def test_4_a_suspended_agreement_ends_collections_under_load(self):
        before = self.send_to_one_that_sleeps("da.provider", "P09-4")
        stop = threading.Event()
        load = threading.Thread(target=self.load, args=(stop,))
        load.start()
        wait_for("the load flows", lambda: len(self.bed.handovers("dcc.adults")) > 20)
        done = self.bed.policy("suspend", self.bed.run / "policy", "--agreement", "marac", "--from", "2026-01-01", *self.bed.signer("da.provider"))
        committed = time.time()
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for("a referral is refused", lambda: "AGREEMENT_NOT_IN_FORCE" in self.results())
        stop.set()
        load.join()
        self.held("da.provider", "P09-4", before)
        with self.bed.database() as db:
            last = db.execute("select max(time_ms) from entry join entry_search using (idx) where step = 'collection'").fetchone()[0] / 1000
        self.assertLess(last - committed, BOUND, "a package was collected too late")

    def load(self, stop):
        for number in itertools.count():
            if stop.is_set():
                return
            self.bed.drop(referral_to("dcc.adults", referralRef=f"P09-LOAD-{number}"))
            wait_for("the file is taken", lambda n=number: stop.is_set() or not (self.bed.run / f"agents/police.derbys/system/inbox/P09-LOAD-{n}.json").exists())

    def results(self):
        return "".join(file.read_text() for file in (self.bed.run / "agents/police.derbys/system").glob("*/P09-LOAD-*.result.json"))


def instant(ts):
    return datetime.datetime.fromisoformat(ts.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Prompt))
