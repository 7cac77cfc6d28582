"""The figure `request`: a housing officer asks five agencies about one resident; nothing asked needs an approver. Real broker, six real agents."""
import json
import re
import shutil

import testbed

ASKER, PERSON = "rp.housing", "p-f91b60"
HOLDERS = ["dcc.adults", "police.derbys", "nhs.dhcft", "cbc", "dcc.childrens"]
RECORDS = "dcc.adults"  # Whose system all five have here: each holds the resident, each with all that is asked.
SAMPLE = json.loads((testbed.HOME / "samples/rp.housing/asb-request.json").read_text())
QUESTION = {"categories": ["household", "identity", "location.current"], "grounds": ["tb.ncasb.household"], "holders": HOLDERS}
LEVELS = {1: 150, 100: 600}  # Outstanding requests to requests asked.
ECHOES = {1: 1500, 100: 8000}  # Likewise of the machine's own limits.
WARM = 30


def lay_out(bed):
    """Gives every holder the same people, and lifts what one person may ask, on a day and at once."""
    for agency in HOLDERS:
        if agency == RECORDS:
            continue
        system = bed.run / f"agents/{agency}/system/register"
        shutil.rmtree(system)
        shutil.copytree(bed.run / f"agents/{RECORDS}/system/register", system)
        file = bed.run / f"agents/{agency}/agent.json"
        config = json.loads(file.read_text())
        config["system"] = json.loads((bed.run / f"agents/{RECORDS}/agent.json").read_text())["system"]
        file.write_text(json.dumps(config))
    with open(bed.run / "broker/broker.yaml", "a") as config:
        config.write("holders_a_day: 1000000\n")
    file = bed.run / f"agents/{ASKER}/agent.json"
    config = json.loads(file.read_text())
    config["limits"] = {"calls_at_once": 1000, "dear_calls_a_minute": 1000000}
    file.write_text(json.dumps(config))


def open_case(bed):
    opened = bed.derwent(ASKER, "spoc", "-o", "json", "case", "open", "--profile", SAMPLE["profile"],
                         "--board", SAMPLE["board"], "--area", SAMPLE["area"])
    if opened.returncode:
        raise SystemExit(f"no case: {opened.stderr}")
    return re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened.stdout).group()


def measure(bench):
    """On a consortium of [ASKER, *HOLDERS], of which nothing runs yet."""
    bed = bench.bed
    lay_out(bed)
    bed.broker.start().ready()
    octets = bench.make(max(ECHOES.values()))
    bench.echo("echo", commit=False, levels=ECHOES)
    bench.echo("echo_commit", commit=True, levels=ECHOES)
    commit = bench.tool("commits", bed.run / "commits", 500, octets)["p50_ms"]
    bench.say("durable commit of the same octets, p50", commit, "ms")
    for agent in bed.agents.values():
        agent.start()
    for agent in bed.agents.values():
        agent.ready()
    bed.wait_ready()
    question = bed.run / "question.json"
    question.write_text(json.dumps({**SAMPLE, **QUESTION, "caseId": open_case(bed)}))
    for outstanding, count in LEVELS.items():
        bench.tool("ask", bed.run, ASKER, PERSON, question, WARM, min(outstanding, WARM))
        got = bench.tool("ask", bed.run, ASKER, PERSON, question, count, outstanding)
        label = f"request to five, {outstanding} outstanding"
        bench.figures[label + ", latency"] = {"p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"]}
        bench.say(label, got["per_second"], "/s", f"p50 {got['p50_ms']:.2f} ms  p99 {got['p99_ms']:.2f} ms")
    compare(bench, commit)


def compare(bench, commit):
    """Beside five echoes and two commits: one after another for the latency; for the rate, as fast as they go many at once."""
    one = bench.figures["raw mTLS echo, 1 outstanding, latency"]["p50_ms"]
    limit = 5 * one + 2 * commit
    bench.say("five raw echoes + two durable commits", limit, "ms")
    bench.say("request / (five echoes + two commits), 1, p50",
              bench.figures["request to five, 1 outstanding, latency"]["p50_ms"] / limit, "", "(aim: at most 2.00)")
    echo, both = (bench.figures[f"{name}, 100 outstanding"]["value"] for name in ("raw mTLS echo", "echo + durable commit"))
    each = 5 / echo + 2 * max(1 / both - 1 / echo, 0)
    bench.say("five raw echoes + two durable commits, 100", 1 / each, "/s")
    bench.say("(five echoes + two commits) / request, 100", 1 / each / bench.figures["request to five, 100 outstanding"]["value"], "",
              "(aim: at most 2.00)")
