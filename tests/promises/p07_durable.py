"""P07: acknowledged means durable, nothing takes effect twice: through kill -9 at any instant and through a full disk.

Broker and agents are killed at random instants with work under way, again and again, each third time once more while they start and
recover; or the broker's disk fills up. Then everything is started once more, or room is made, and left to settle: every referral that was
handed in reached its recipient exactly once, the broker holds exactly those shares, and the independent fsck passes.
DERWENT_CRASH_ROUNDS (200) and DERWENT_SEED set the campaign. What a system that takes its hand-overs sees of it: `p07_system.py`.
"""
import json
import os
import random
import shutil
import subprocess
import time
import unittest

from checks import PromiseTest, run
from testbed import referral_to, wait_for

ROUNDS = int(os.environ.get("DERWENT_CRASH_ROUNDS", 200))
SEED = int(os.environ.get("DERWENT_SEED", 20261124))
RECIPIENT = "dcc.adults"
LONG = 180  # Seconds for all that waits to be worked off.


class Settles(PromiseTest):
    agencies = ["police.derbys", RECIPIENT]

    def setUp(self):
        self.sent = 0

    def hand_in(self):
        self.bed.drop(referral_to(RECIPIENT, referralRef=f"LOAD-{self.sent:05d}"))
        self.sent += 1

    def rows(self):
        out = self.bed.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list", timeout=120)
        return json.loads(out.stdout or "[]")

    def settles(self):
        """Everything handed in took effect once, and only that."""
        folder = self.bed.run / "agents/police.derbys/system"
        wait_for("every file was taken", lambda: len(list((folder / "done").glob("*.result.json"))) >= self.sent, LONG)
        self.assertEqual(list((folder / "failed").glob("*")), [])

        def acknowledged():
            rows = self.rows()
            return rows if len(rows) == self.sent and all(row["their state"] == "acknowledged" for row in rows) else None
        rows = wait_for("every share was acknowledged", acknowledged, LONG)
        shares = {row["share"] for row in rows}
        self.assertEqual(len({row["reference"] for row in rows}), self.sent, "a referral took effect twice")
        self.assertEqual(len(shares), self.sent)
        handed = self.bed.handovers(RECIPIENT)
        self.assertEqual(set(handed), shares, "handed over is not what was acknowledged")
        self.assertEqual(len({document["delivery_id"] for document in handed.values()}), self.sent)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        with self.bed.database() as db:
            self.assertEqual({row[0] for row in db.execute("select share_id from share")}, shares, "the broker holds other shares than were acknowledged")
            self.assertEqual(db.execute("select count(*) from delivery where kind = 1").fetchone()[0], 0, "a package stayed after its acknowledgement")
        verified = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--all", timeout=120)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        print(f"  {self.sent} referrals, {said.splitlines()[0]}")


class Killed(Settles):
    LOAD = 20  # Referrals under way when death comes, at the least.

    def revive(self, chance):
        """Starts who is dead; each third time one of them dies again before it serves, or just then."""
        dead = [process for process in (self.bed.broker, *self.bed.agents.values()) if not process.running()]
        for process in dead:
            process.start()
        if chance.random() < 1 / 3:
            time.sleep(chance.uniform(0, 0.3))  # The instant of death, not a wait for anything.
            chance.choice(dead).kill()
            self.died_starting += 1
        for process in dead:
            if not process.running():
                process.start()
        for process in dead:
            process.ready()

    def under_way(self):
        """Referrals that were handed in and that the recipient's system does not have."""
        return self.sent - len(list((self.bed.run / f"agents/{RECIPIENT}/system/handover").glob("*.json")))

    def test_kill_at_random_instants_loses_nothing_and_doubles_nothing(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance = random.Random(SEED)
        began, self.died_starting = time.monotonic(), 0
        victims = [self.bed.broker, *self.bed.agents.values()]
        for number in range(1, ROUNDS + 1):
            for _ in range(self.LOAD - self.under_way()):
                self.hand_in()
            time.sleep(chance.uniform(0, 0.4))  # The instant of death, not a wait for anything.
            for victim in chance.sample(victims, chance.choice([1, 1, 1, 2, 3])):
                victim.kill()
            self.revive(chance)
            if number % 50 == 0:
                print(f"  round {number}, {self.sent} referrals, {time.monotonic() - began:.0f} s", flush=True)
        self.settles()
        print(f"  {self.died_starting} deaths while starting, {time.monotonic() - began:.0f} s")


class DiskFull(Settles):
    """The broker's folder is a small tmpfs where that may be mounted; else strace answers every write with ENOSPC."""
    tracer = None
    mounted = False

    @classmethod
    def prepare(cls):
        broker = cls.bed.run / "broker"
        config = (broker / "broker.yaml").read_text()
        cls.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", broker], capture_output=True).returncode == 0
        if cls.mounted:
            cls.addClassCleanup(lambda: (subprocess.run(["umount", broker], check=True), shutil.rmtree(cls.bed.run)))
        (broker / "broker.yaml").write_text(config)

    def fill(self):
        if not self.mounted:
            self.tracer = subprocess.Popen(["strace", "-f", "-qq", "-p", str(self.bed.broker.process.pid), "-o", "/dev/null", "-e", "trace=pwrite64",
                                            "-e", "inject=pwrite64:error=ENOSPC"], stderr=subprocess.DEVNULL)
            return
        with open(self.bed.run / "broker/filler", "wb", 0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass

    def make_room(self):
        if self.mounted:
            (self.bed.run / "broker/filler").unlink()
            return
        if self.tracer.poll() is not None:
            self.skipTest("no tmpfs may be mounted and strace may not attach here: the disk cannot be filled")
        self.tracer.terminate()
        self.tracer.wait()

    def test_a_full_disk_acknowledges_nothing_and_room_heals_it(self):
        print("tmpfs" if self.mounted else "strace")
        for _ in range(3):
            self.hand_in()
        wait_for("three went through", lambda: len(self.bed.handovers(RECIPIENT)) == 3)
        for _ in range(3):
            self.fill()
            before, handed = len(self.failed_commits()), len(self.bed.handovers(RECIPIENT))
            for _ in range(5):
                self.hand_in()
            wait_for("the broker says that it cannot commit", lambda b=before: len(self.failed_commits()) > b)
            self.assertEqual(len(self.bed.handovers(RECIPIENT)), handed, "handed over though nothing could be entered")
            self.assertEqual(self.bed.derwent("police.derbys", "dpo", "audit", "search").returncode, 7, "a look is answered that could not be entered")
            self.assertEqual(self.bed.fsck()[0], 0)
            self.make_room()
            wait_for("it heals by itself", lambda: len(self.bed.handovers(RECIPIENT)) == self.sent)
        self.assertTrue(self.bed.broker.running())
        self.settles()

    def failed_commits(self):
        return [line for line in self.bed.broker.log.read_text().splitlines() if "a commit failed" in line]


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    run(unittest.TestSuite([load(Killed), load(DiskFull)]))
