"""P02: evidence first. Entry, state and delivery are one durable transaction; nothing leaves before it.

Every write and every sync of a referral's whole way through the broker (plan, submit, collection, acknowledgement) is made to
fail (EIO, ENOSPC), or is the last thing the broker does (SIGKILL), by strace: the n-th, for every n. After each fault, on what then
lies on the disk: nothing was handed over that has no entry, what was acknowledged is there, and the independent fsck passes. In the
end everything has arrived, once. DERWENT_P02_STEP=5 takes every fifth write only.
"""
import concurrent.futures
import json
import os
import subprocess
import unittest

from checks import run
from testbed import Testbed, referral_to, wait_for

STEP = int(os.environ.get("DERWENT_P02_STEP", 1))
RECIPIENT = "dcc.adults"


class Faulted(Testbed):
    """A small consortium whose broker is faulted, again and again."""

    def __init__(self):
        super().__init__(["police.derbys", RECIPIENT])
        self.sent = 0
        self.tracer = None
        self.trace_log = self.run / "strace.log"

    def revive(self):
        """Everything starts anew: no connection waits for its back-off."""
        processes = [self.broker, *self.agents.values()]
        for process in processes:
            process.kill()
        for process in processes:
            process.start()
        for process in processes:
            process.ready()

    def hand_in(self):
        self.sent += 1
        self.drop(referral_to(RECIPIENT, referralRef=f"P02-{self.sent:04d}"))

    def trace(self, *what):
        """strace on all threads of the running broker, once it is attached."""
        self.trace_log.write_text("")
        tasks = f"/proc/{self.broker.process.pid}/task"
        self.tracer = subprocess.Popen(["strace", "-f", "-qq", "-p", str(self.broker.process.pid), "-o", str(self.trace_log), *what], stderr=subprocess.DEVNULL)
        def attached():
            try:
                return all("TracerPid:\t0" not in open(f"{tasks}/{t}/status").read() for t in os.listdir(tasks))
            except OSError:  # A thread ended meanwhile, or the broker, struck already.
                return False
        wait_for("strace is attached", lambda: not self.broker.running() or attached() or self.tracer.poll() is not None)
        if self.tracer.poll() is not None and self.broker.running():
            raise unittest.SkipTest("strace may not attach to a process here: no write can be made to fail")

    def end_trace(self):
        self.tracer.terminate()
        self.tracer.wait()
        return self.trace_log.read_text()

    def settled(self):
        """Every referral was handed over, and no package waits."""
        with self.database() as db:
            waiting = db.execute("select count(*) from delivery where kind = 1").fetchone()[0]
        return waiting == 0 and len(self.handovers(RECIPIENT)) == self.sent

    def count(self, call):
        """How often a referral's whole way makes this call, untouched."""
        self.trace("-e", f"trace={call}")
        self.hand_in()
        wait_for("an untouched referral arrives", self.settled)
        return self.end_trace().count(f"{call}(")

    def struck(self):
        return "INJECTED" in self.trace_log.read_text() or not self.broker.running()

    def entries(self):
        """Shares with an entry of their collection, then of their referral: later steps are read first, for the broker goes on meanwhile."""
        code, said = self.fsck()
        assert code == 0, said
        with self.database() as db:
            return [{row[0] for row in db.execute("select share_id from entry_search where step = ?", (step,))} for step in ("collection", "referral")]

    def acknowledged(self):
        """Shares that the police were told are stored, when they handed them in."""
        results = (self.run / "agents/police.derbys/system/done").glob("*.result.json")
        shares = [share for file in results for item in json.loads(file.read_text())["referrals"] for share in item["shares"]]
        return {share["share_id"] for share in shares if share["state"] == "STORED"}

    def known_stored(self):
        rows = json.loads(self.derwent("police.derbys", "practitioner", "-o", "json", "referral", "list").stdout or "[]")
        return sum(row["their state"] == "acknowledged" for row in rows)

    def check(self, where):
        handed, known = set(self.handovers(RECIPIENT)), self.acknowledged()
        collections, referrals = self.entries()
        assert handed <= collections, f"{where}: handed over without an entry"
        assert collections <= referrals, f"{where}: collected without an entry"
        assert known <= referrals, f"{where}: acknowledged, and not there"


def attack(call, effect):
    """Strikes the n-th `call` for every n; returns how many faults took effect, and how many were meant to."""
    deadly = effect == "signal=KILL" or call == "fdatasync"  # After a failed sync the broker ends itself.
    with Faulted() as bed:
        bed.start()
        meant = range(1, bed.count(call) + 1, STEP if call == "pwrite64" else 1)
        struck = 0
        for n in meant:
            bed.trace("-e", f"trace={call}", "-e", f"inject={call}:{effect}:when={n}")
            bed.hand_in()
            wait_for(f"{call} {n} is struck", lambda: bed.struck() or bed.settled())
            struck += bed.struck()
            if deadly and bed.struck():
                wait_for("the broker ends", lambda: not bed.broker.running())
            bed.check(f"{call}:{effect}, the {n}th")
            bed.end_trace()
            if deadly or not bed.broker.running():
                bed.revive()
        wait_for("everything arrives in the end", bed.settled)
        bed.check("in the end")
        wait_for("the police know of every one", lambda: bed.known_stored() == bed.sent)
        return struck, len(meant)


class EvidenceFirst(unittest.TestCase):
    def test_nothing_leaves_without_its_entry_whatever_write_fails(self):
        attacks = [("pwrite64", "error=EIO"), ("pwrite64", "error=ENOSPC"), ("pwrite64", "signal=KILL"),
                   ("fdatasync", "error=EIO"), ("fdatasync", "signal=KILL")]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            running = {pool.submit(attack, *one): one for one in attacks}
            for done in concurrent.futures.as_completed(running):
                struck, meant = done.result()
                print(f"  {' '.join(running[done])}: {struck} of {meant} faults took effect", flush=True)
                self.assertGreater(struck, 0.8 * meant, "too few writes were struck to show anything")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(EvidenceFirst))
