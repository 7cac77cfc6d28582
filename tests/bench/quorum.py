"""The figure `quorum`: from when a checkpoint is signed until ten witnesses, every one of them, have cosigned it or a later one."""
import random
import threading
import time

import testbed

AGENCIES = ["police.derbys", "probation.em", "dfrs", "icb.qj2", "nhs.dhcft", "da.provider", "dcc.adults", "dcc.childrens", "cbc", "rp.housing"]
ALL = f"{len(AGENCIES)} {' '.join(AGENCIES)}"
ENTRIES = 120  # Plans, each an entry under a checkpoint of its own.


class Watch:
    """When each size was first there, and first under its quorum, as the broker's database shows it every few milliseconds."""

    def __init__(self, bed):
        self.signed, self.cosigned = {}, []
        self.going = True
        self.thread = threading.Thread(target=self.look, args=(bed,))
        self.thread.start()

    def look(self, bed):
        with bed.database() as db:
            while self.going:
                (size,) = db.execute("select coalesce(max(size), 0) from checkpoint").fetchone()
                (covered,) = db.execute("select coalesce(max(size), 0) from cosigned where void = 0").fetchone()
                now = time.monotonic()
                self.signed.setdefault(size, now)
                if not self.cosigned or self.cosigned[-1][0] < covered:
                    self.cosigned.append((covered, now))
                time.sleep(0.005)

    def stop(self):
        self.going = False
        self.thread.join()

    def waits(self, over):
        """Seconds that each size over `over` waited."""
        return sorted(next(at for covered, at in self.cosigned if covered >= size) - since
                      for size, since in self.signed.items() if size > over)


def measure(bench):
    bed = bench.bed
    bed.start()
    chance = random.Random(7)
    document = testbed.referral_to("dfrs")
    watch = Watch(bed)
    try:
        testbed.wait_for("a quorum", lambda: watch.cosigned and watch.cosigned[-1][0] > 0)
        over = max(watch.signed)
        for _ in range(ENTRIES):
            planned = bed.push(document, "plan")
            if planned.returncode not in (0, 9):
                raise SystemExit(f"quorum: {planned.stderr}")
            time.sleep(chance.random() / 5)
        last = max(watch.signed)
        testbed.wait_for("all are cosigned", lambda: watch.cosigned[-1][0] >= last)
    finally:
        watch.stop()
    waits = watch.waits(over)
    bench.say("cosigned by ten witnesses of ten, p50", waits[len(waits) // 2], "s")
    bench.say("cosigned by ten witnesses of ten, p99", waits[len(waits) * 99 // 100], "s", "(aim: at most 2.00)")
