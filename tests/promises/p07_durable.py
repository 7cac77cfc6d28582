"""P07 and P02: acknowledged means durable, nothing takes effect twice, nothing is released without its entry.

Broker and agents are killed (SIGKILL) at random instants under load, again and again; then everything is started once more,
left to settle, and checked: every referral that was acknowledged reached its recipient exactly once, every share stored has
its entries, and the independent fsck passes. usage: p07_durable.py [ROUNDS, default 200] [SEED]
"""
import json
import os
import random
import sys
import time
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

ROUNDS = int(os.environ.get("DERWENT_CRASH_ROUNDS", sys.argv[1] if len(sys.argv) > 1 else 200))
SEED = int(os.environ.get("DERWENT_SEED", sys.argv[2] if len(sys.argv) > 2 else 20261124))


class Durable(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def drop(self, reference):
        """Puts a referral into the police system's folder: durable once the file is renamed into place."""
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document.update(referralRef=reference, companionChildReferral=False,
                        recipients=[r for r in document["recipients"] if r["agency"] == "dcc.adults"])
        inbox = self.bed.run / "agents/police.derbys/system/inbox"
        part = inbox / f"{reference}.json.part"
        part.write_text(json.dumps(document))
        part.rename(inbox / f"{reference}.json")

    def revive(self):
        processes = [self.bed.broker, *self.bed.agents.values()]
        dead = [p for p in processes if not p.running()]
        for process in dead:
            process.start()
        for process in dead:
            process.ready()

    def test_kill_at_random_instants_loses_nothing_and_doubles_nothing(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance = random.Random(SEED)
        victims = [self.bed.broker, self.bed.agents["police.derbys"], self.bed.agents["dcc.adults"]]
        sent = 0
        for round_number in range(ROUNDS):
            for _ in range(chance.randint(1, 3)):
                self.drop(f"LOAD-{sent:05d}")
                sent += 1
            time.sleep(chance.uniform(0, 0.06))  # The instant of death, not a wait for anything.
            for victim in chance.sample(victims, chance.choice([1, 1, 1, 2, 3])):
                victim.kill()
            self.revive()
            if round_number % 50 == 49:
                print(f"  round {round_number + 1}, {sent} referrals")
        folder = self.bed.run / "agents/police.derbys/system"
        wait_for("every file was taken", lambda: len(list((folder / "done").glob("*.result.json"))) >= sent, 180)
        self.assertEqual(list((folder / "failed").glob("*")), [])

        def rows():
            out = self.bed.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list", timeout=120)
            return json.loads(out.stdout or "[]")

        def settled():
            listed = rows()
            return listed if len(listed) == sent and all(r["their state"] in ("acknowledged",) for r in listed) else None
        listed = wait_for("every share was acknowledged", settled, 180)
        self.assertEqual(len({r["reference"] for r in listed}), sent, "a referral took effect twice")
        self.assertEqual(len({r["share"] for r in listed}), sent)
        handed = self.bed.handovers("dcc.adults")
        self.assertEqual(set(handed), {r["share"] for r in listed}, "handed over is not what was acknowledged")
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        with self.bed.database() as db:
            shares = {row[0] for row in db.execute("select share_id from share")}
            waiting = db.execute("select count(*) from delivery where kind = 1").fetchone()[0]
        self.assertEqual(shares, {r["share"] for r in listed}, "the broker holds another set of shares than was acknowledged")
        self.assertEqual(waiting, 0, "a payload stayed after its acknowledgement")
        verified = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--all", timeout=120)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        print(f"  {sent} referrals, {said.splitlines()[0]}")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Durable))
