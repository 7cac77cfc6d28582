"""P07, seen by the agency's system: what it took is never given again, what it answered is never lost, and a full disk at an agent heals.

The recipient's system takes each hand-over away to `done/`, and its people accept, decline and close while the sender takes some back;
broker and agents are killed meanwhile, while starting too. A hand-over seen a second time says so under the same id, and none is seen once it
was taken; each answer that was acknowledged is what the sender sees at the end. Then the disk of the sender's agent fills up, and of the
recipient's: nothing is acknowledged that is not there afterwards. DERWENT_SYSTEM_ROUNDS (30) and DERWENT_SEED set the campaign.
"""
import json
import os
import random
import shutil
import subprocess
import threading
import time
import unittest

from checks import PromiseTest, run
from testbed import referral_to, wait_for

ROUNDS = int(os.environ.get("DERWENT_SYSTEM_ROUNDS", 30))
SEED = int(os.environ.get("DERWENT_SEED", 20261124))
SENDER, RECIPIENT = "police.derbys", "dcc.adults"
LONG = 180  # Seconds for all that waits to be worked off.
LOAD = 20   # Referrals under way when death comes, at the least.
ANSWERS = {"accept": "accepted", "decline": "declined", "close": "closed"}


class System(threading.Thread):
    """The recipient's own system: looks into the folder, notes what it sees, takes it away."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.folder, self.over = folder, threading.Event()
        self.seen, self.taken, self.wrong = {}, [], []

    def run(self):
        while not self.over.is_set():
            for file in self.folder.glob("*.json"):
                try:
                    version, document = file.stat().st_ino, json.loads(file.read_text())
                except FileNotFoundError:
                    continue  # Withdrawn at this moment.
                self.look(file, version, document)
            time.sleep(0.01)

    def look(self, file, version, document):
        known = self.seen.get(file.name)
        if known is None or version != known["version"]:
            if known is not None and document.get("delivery_id") != known["id"]:
                self.wrong.append(f"{file.name}: given again under another id")
            if known is not None and not document.get("repeated"):
                self.wrong.append(f"{file.name}: given again, and does not say so")
            if file.name in self.taken:
                self.wrong.append(f"{file.name}: given again after it was taken")
            self.seen[file.name] = {"version": version, "id": document.get("delivery_id"), "first": time.monotonic()}
        elif time.monotonic() - known["first"] > 0.1:  # It takes its time, so that some die in between.
            try:
                os.replace(file, file.parent / "done" / file.name)
            except FileNotFoundError:
                return
            self.taken.append(file.name)


class People(threading.Thread):
    """Of both agencies: accept, decline, close and take back what the system saw, again until it is acknowledged."""

    def __init__(self, bed, system):
        super().__init__(daemon=True)
        self.bed, self.system, self.over, self.chance = bed, system, threading.Event(), random.Random(SEED)
        self.acknowledged, self.done, self.refused = {}, set(), []

    def run(self):
        while not self.over.is_set():
            for name in list(self.system.taken):
                if name.count(".") == 1 and name not in self.done and not self.over.is_set():
                    self.done.add(name)
                    self.answer(name.removesuffix(".json"), self.chance.choice((["accept"], ["decline"], ["accept", "close"], ["withdraw"], [], [])))
            time.sleep(0.01)

    def answer(self, share, commands):
        for command in commands:
            while not self.over.is_set() and not self.said(share, command):
                time.sleep(0.05)

    def said(self, share, command):
        more = {"decline": ["--reason", "ALREADY_KNOWN"], "close": ["--outcome", "ACTIONS_COMPLETE"], "withdraw": ["--reason", "SENT_IN_ERROR"]}.get(command, [])
        out = self.bed.derwent(SENDER if command == "withdraw" else RECIPIENT, "practitioner", "referral", command, share, *more)
        if out.returncode in (2, 7):  # 2: its configuration was being written for somebody else of the agency.
            return False
        if out.returncode not in (0, 9):
            self.refused.append((command, out.returncode))  # An earlier try took effect, though it was not acknowledged.
            return True
        self.acknowledged[share] = ANSWERS.get(command, "withdrawn")
        return True


class Settled(PromiseTest):
    agencies = [SENDER, RECIPIENT]

    def setUp(self):
        self.began = time.monotonic()

    def tearDown(self):
        print(f"  {time.monotonic() - self.began:.1f} s", flush=True)

    def rows(self):
        out = self.bed.derwent(SENDER, "practitioner", "-o", "json", "referral", "list", timeout=120)
        return json.loads(out.stdout or "[]")

    def assert_sound(self):
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)
        complete = self.bed.derwent(SENDER, "dpo", "audit", "completeness", timeout=120)
        self.assertEqual(complete.returncode, 0, complete.stdout[-800:] + complete.stderr)


class TakenOnce(Settled):
    def test_what_was_taken_is_not_given_again_and_what_was_answered_is_not_lost(self):
        print(f"{ROUNDS} rounds, seed {SEED}")
        chance, sent, starting = random.Random(SEED), 0, 0
        system = System(self.bed.run / f"agents/{RECIPIENT}/system/handover")
        people = People(self.bed, system)
        system.start()
        people.start()
        victims = [self.bed.broker, *self.bed.agents.values()]
        for _ in range(ROUNDS):
            while sent - len(system.taken) < LOAD:
                self.bed.drop(referral_to(RECIPIENT, referralRef=f"SYSTEM-{sent:05d}"))
                sent += 1
            time.sleep(chance.uniform(0, 0.4))  # The instant of death, not a wait for anything.
            for victim in chance.sample(victims, chance.choice([1, 1, 2, 3])):
                victim.kill()
            starting += self.revive(chance)
        wait_for("every referral was given or taken back", lambda: self.settled(sent), LONG)
        wait_for("the system took all", lambda: not list(system.folder.glob("*.json")), LONG)
        wait_for("the people are through", lambda: len(people.done) == len([n for n in system.taken if n.count(".") == 1]), LONG)
        people.over.set()
        people.join()
        wait_for("the sender sees every answer", lambda: not self.unseen(people.acknowledged), LONG)
        system.over.set()
        system.join()
        self.assertEqual(system.wrong, [])
        self.assertEqual(len(set(system.taken)), len(system.taken), "taken twice")
        self.assert_sound()
        count = {state: list(people.acknowledged.values()).count(state) for state in set(people.acknowledged.values())}
        print(f"  {sent} referrals, {len(system.taken)} taken, {starting} deaths while starting, answered: {count}, refused: {people.refused}")
        self.assertGreater(len(people.acknowledged), 10)

    def revive(self, chance):
        dead = [process for process in (self.bed.broker, *self.bed.agents.values()) if not process.running()]
        for process in dead:
            process.start()
        again = chance.random() < 1 / 3
        if again:
            time.sleep(chance.uniform(0, 0.3))
            chance.choice(dead).kill()
        for process in dead:
            if not process.running():
                process.start()
        for process in dead:
            process.ready()
        return again

    def settled(self, sent):
        rows = self.rows()
        return len(rows) == sent and all(row["their state"] not in ("", "waiting", "collected") for row in rows) and len({row["share"] for row in rows}) == sent

    def unseen(self, acknowledged):
        states = {row["share"]: row["their state"] for row in self.rows()}
        return {share: (said, states.get(share)) for share, said in acknowledged.items() if states.get(share) != said}


class AgentsDiskFull(Settled):
    """Each agent's folder is a small tmpfs where that may be mounted."""

    @classmethod
    def prepare(cls):
        cls.mounted = []
        for agency in cls.agencies:
            folder = cls.bed.run / "agents" / agency
            before = cls.bed.run / f"{agency}.before"
            shutil.copytree(folder, before)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True).returncode != 0:
                continue
            cls.mounted.append(folder)
            shutil.copytree(before, folder, dirs_exist_ok=True)
        cls.addClassCleanup(lambda: ([subprocess.run(["umount", folder], check=True) for folder in cls.mounted], shutil.rmtree(cls.bed.run, ignore_errors=True)))

    def setUp(self):
        super().setUp()
        if len(self.mounted) < len(self.agencies):
            self.skipTest("no tmpfs may be mounted here: the disk cannot be filled")

    def fill(self, agency):
        with open(self.bed.run / f"agents/{agency}/filler", "wb", 0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass

    def make_room(self, agency):
        (self.bed.run / f"agents/{agency}/filler").unlink()

    def push(self, reference):
        return self.bed.push(referral_to(RECIPIENT, referralRef=reference)).returncode

    def arrived(self, references):
        """Each once, and nothing else of these."""
        rows = [row for row in self.rows() if row["reference"] in references]
        handed = self.bed.handovers(RECIPIENT)
        return sorted(row["reference"] for row in rows) == sorted(references) and all(row["share"] in handed and row["their state"] == "acknowledged" for row in rows)

    def all_tried(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from delivery where mailbox = ? and kind = 1 and collected = 0", (RECIPIENT,)).fetchone()[0] == 0

    def test_1_of_the_sender(self):
        self.assertIn(self.push("FULL-S-0"), (0, 9))
        self.fill(SENDER)
        taken, refused = [], []
        for number in range(1, 40):
            (taken if self.push(f"FULL-S-{number}") in (0, 9) else refused).append(f"FULL-S-{number}")
            if len(refused) >= 3:
                break
        self.assertGreater(len(refused), 0, "nothing was refused though nothing could be kept")
        self.assertTrue(self.bed.agents[SENDER].running())
        self.make_room(SENDER)
        wait_for("what was taken arrives by itself", lambda: self.arrived(["FULL-S-0", *taken]), LONG)
        for reference in refused:
            wait_for(f"{reference} is taken now", lambda r=reference: self.push(r) in (0, 9))
        wait_for("each arrived once", lambda: self.arrived(["FULL-S-0", *taken, *refused]), LONG)
        print(f"  {len(taken)} taken, {len(refused)} refused while full")
        self.assert_sound()

    def test_2_of_the_recipient(self):
        self.fill(RECIPIENT)
        before, references = set(self.bed.handovers(RECIPIENT)), [f"FULL-R-{number}" for number in range(8)]
        for reference in references:
            self.assertIn(self.push(reference), (0, 9), "the sender's disk has room")
        wait_for("its agent collected each, and kept it or not", self.all_tried)
        shares = {row["share"]: row["their state"] for row in self.rows() if row["reference"] in references}
        handed = set(self.bed.handovers(RECIPIENT)) - before
        acknowledged = {share for share, state in shares.items() if state == "acknowledged"}
        self.assertLessEqual(acknowledged, handed, "acknowledged, and not there")
        self.assertTrue(self.bed.agents[RECIPIENT].running())
        self.make_room(RECIPIENT)
        wait_for("each arrives once", lambda: self.arrived(references), LONG)
        print(f"  {len(handed)} of {len(references)} handed over while full")
        self.assert_sound()


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    run(unittest.TestSuite([load(TakenOnce), load(AgentsDiskFull)]))
