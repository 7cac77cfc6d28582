"""The benchmark: runs the machine's own limits and the broker in turn, prints one labelled line a figure. See run.sh."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import case_requests  # noqa: E402
import quorum  # noqa: E402
import testbed  # noqa: E402

NAMES = ["echo", "echo_commit", "submit", "opened", "ledger", "memory", "request", "matching", "quorum"]
OWN = {"request", "matching", "quorum"}  # Figures that need no consortium of the others'.
LEVELS = {1: 1500, 8: 4000, 64: 8000}  # Outstanding calls to calls sent.
WARM = 500  # Calls before each figure, not counted.
SAMPLE = testbed.HOME / "samples/police.derbys/da-referral.json"


class Bench:
    """Measures on a consortium; `figures` is what every part has measured so far."""

    def __init__(self, bed, figures):
        self.bed, self.figures = bed, figures

    @property
    def shares(self):
        return self.bed.run / "shares"

    def say(self, label, value, unit, extra=""):
        self.figures[label] = {"value": value, "unit": unit}
        print(f"{label:<44} {value:>12,.2f} {unit:<4} {extra}".rstrip(), flush=True)

    def tool(self, *arguments):
        os.sync()  # What earlier figures left to be written must not slow this one's commits.
        out = subprocess.run([str(testbed.BIN / "derwent_bench"), *map(str, arguments)], capture_output=True, text=True)
        if out.returncode:
            raise SystemExit(f"derwent_bench {arguments[0]}: {out.stderr[-600:]}")
        return json.loads(out.stdout)

    def make(self, total):
        """Shares to send or echo; the octets of one."""
        print(f"(making {total} shares: one subject, one recipient, three units)", file=sys.stderr, flush=True)
        return self.tool("make", self.bed.run, SAMPLE, total, self.shares)["octets"]

    def load(self, name, port, levels, fresh):
        """Sends at each level; `fresh` shares are used once, for the broker takes each only once."""
        at = 0
        for outstanding, count in levels.items():
            target = f"localhost:{port}"
            self.tool("load", self.bed.run, target, self.shares, at, WARM, outstanding)
            at += WARM if fresh else 0
            got = self.tool("load", self.bed.run, target, self.shares, at, count, outstanding)
            at += count if fresh else 0
            if got["failed"]:
                raise SystemExit(f"{name}: {got['failed']} of {count} calls failed")
            label = f"{name}, {outstanding} outstanding"
            self.figures[label + ", latency"] = {"p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"]}
            self.say(label, got["per_second"], "/s", f"p50 {got['p50_ms']:.2f} ms  p99 {got['p99_ms']:.2f} ms")

    def echo(self, name, commit, levels=None):
        port_file = self.bed.run / f"{name}.port"
        argv = [testbed.BIN / "derwent_bench", "echo", self.bed.run, port_file] + ([self.bed.run / "commit"] if commit else [])
        server = testbed.Process(name, argv, self.bed.run / f"{name}.log", port_file).start().ready()
        try:
            self.load("echo + durable commit" if commit else "raw mTLS echo", port_file.read_text().strip(), levels or LEVELS, fresh=False)
        finally:
            server.kill()

    def ratios(self):
        def rate(name, outstanding):
            return self.figures.get(f"{name}, {outstanding} outstanding", {}).get("value")
        for outstanding in LEVELS:
            for base in ("raw mTLS echo", "echo + durable commit"):
                ours, theirs = rate("submit", outstanding), rate(base, outstanding)
                if ours and theirs:
                    aim = "(aim: at least 0.40)" if outstanding == 64 and base.startswith("raw") else ""
                    self.say(f"submit / {base}, {outstanding} outstanding", ours / theirs, "", aim)
        ours, theirs = (self.figures.get(f"{n}, 1 outstanding, latency") for n in ("submit", "echo + durable commit"))
        if ours and theirs:
            self.say("submit - (echo + durable commit), 1, p50", ours["p50_ms"] - theirs["p50_ms"], "ms", "(aim: at most 0.50)")

    def memory(self, label):
        status = pathlib.Path(f"/proc/{self.bed.broker.process.pid}/status").read_text()
        kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        self.say(label, kib / 1024, "MiB")


def broker_figures(bench, wanted):
    bed = bench.bed
    bed.broker.start().ready()
    if "memory" in wanted:
        time.sleep(2)  # Idle: what start-up needed has settled.
        bench.memory("broker memory, idle after start")
    if {"echo", "echo_commit", "submit"} & set(wanted):
        bench.say("octets of a submit", bench.make(sum(LEVELS.values()) + WARM * len(LEVELS)), "")
    if "echo" in wanted:
        bench.echo("echo", commit=False)
    if "echo_commit" in wanted:
        bench.echo("echo_commit", commit=True)
    if "opened" in wanted:
        got = bench.tool("opened", bed.run, SAMPLE, 200)
        bench.say("submit to opened at the recipient, p50", got["p50_ms"], "ms")
        bench.say("submit to opened at the recipient, p99", got["p99_ms"], "ms")
    if "submit" in wanted:
        before = octets_on_disk(bed)
        bench.load("submit", bed.port, LEVELS, fresh=True)
        shares = sum(LEVELS.values()) + WARM * len(LEVELS)
        bench.say("disk a share, its package waiting", (octets_on_disk(bed) - before) / shares, "B", "(database and log of changes)")
        bench.memory("broker memory, after the submits")
    bench.ratios()
    if "ledger" in wanted:
        ledger(bench)


def octets_on_disk(bed):
    return sum(file.stat().st_size for file in (bed.run / "broker").glob("broker.db*"))


def ledger(bench):
    """Appends and submits without TLS; what the evidence adds to a submit, and to an exchange: sent, collected, acknowledged."""
    out = subprocess.run([str(testbed.BIN / "derwent_ledger_bench"), str(bench.bed.run)], capture_output=True, text=True, check=True).stdout
    print(out, end="", flush=True)
    each = {(what, int(size)): float(micros) for what, size, micros in re.findall(r"store: (submits|unaudited) in batches of +(\d+) .*?([0-9.]+) us a submit", out)}
    evidence = {size: each["submits", size] - each["unaudited", size] for size in (1, 64)}
    bench.say("evidence of a submit, 64 at once", evidence[64], "us")
    whole = bench.figures.get("submit, 64 outstanding", {}).get("value")
    if whole:
        bench.say("evidence / submit without it, 64", evidence[64] / (1e6 / whole - evidence[64]), "")
    exchange = bench.figures.get("submit to opened at the recipient, p50", {}).get("value")
    if exchange:
        three = 3 * evidence[1] / 1000
        bench.say("evidence / exchange without it, alone", three / (exchange - three), "", "(aim: at most 0.10)")


def matching(bench):
    """One selector among 100,000 people, and who is found in public sets of people with errors, where those are at hand."""
    out = subprocess.run([str(testbed.BIN / "agents_matching_test"), "--gtest_filter=*AmongAHundredThousand:PublicSets.*"],
                         cwd=testbed.HOME, capture_output=True, text=True)
    if out.returncode:
        raise SystemExit(f"matching: {out.stdout[-600:]}")
    millis = float(re.search(r"100,000 people: (\S+) ms", out.stdout).group(1))
    bench.say("matching one among 100,000 people", millis, "ms", "(aim: under 5.00)")
    for name, right, wrong, precision, recall in re.findall(r"(\S+) +asked .*right +(\d+), wrong +(\d+), precision (\S+), recall (\S+)", out.stdout):
        bench.say(f"matching, {name}, precision", float(precision), "", f"{right} right, {wrong} wrong")
        bench.say(f"matching, {name}, recall", float(recall), "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="one figure only")
    parser.add_argument("--json", help="also write the figures there")
    options = parser.parse_args()
    wanted = [options.only] if options.only else NAMES
    figures = {}
    if set(wanted) - OWN:
        with testbed.Testbed(["police.derbys", "rp.housing"]) as bed:
            broker_figures(Bench(bed, figures), wanted)
    if "request" in wanted:
        with testbed.Testbed([case_requests.ASKER, *case_requests.HOLDERS]) as bed:
            case_requests.measure(Bench(bed, figures))
    if "matching" in wanted:
        matching(Bench(None, figures))
    if "quorum" in wanted:
        with testbed.Testbed(quorum.AGENCIES, quorum=quorum.ALL) as bed:
            quorum.measure(Bench(bed, figures))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
