"""Real processes for tests: a broker and agents with real TLS in a folder of their own. Standard library only."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

HOME = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DERWENT_BIN_DIR", HOME / "build/release/bin"))
DEADLINE = 60.0  # Seconds any single thing may take before the test fails.


def wait_for(what, condition, deadline=DEADLINE):
    """Waits until `condition()` is true and returns its value; fails naming `what`."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {deadline:.0f} s in vain for: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """One program of ours, its log in a file."""

    def __init__(self, name, argv, log, port_file):
        self.name, self.argv, self.log, self.port_file = name, [str(a) for a in argv], log, port_file
        self.process = None

    def start(self, prefix=()):
        self.port_file.unlink(missing_ok=True)
        out = open(self.log, "ab")
        self.process = subprocess.Popen([*prefix, *self.argv], stdout=out, stderr=out, start_new_session=True)
        out.close()
        return self

    def ready(self):
        def serving():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
            return self.port_file.exists()
        wait_for(f"{self.name} serves", serving)
        return self

    def tail(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def running(self):
        return self.process is not None and self.process.poll() is None


class Testbed:
    """A consortium in a temporary folder. Use as a context manager."""

    def __init__(self, agencies, folder=None, quorum="none"):
        self.agencies = list(agencies)
        self.quorum = quorum
        self.own = folder is None
        self.run = pathlib.Path(folder or tempfile.mkdtemp(prefix="derwent test "))
        self.port = free_port()
        self.broker = Process("broker", [BIN / "derwent-broker", "serve", "--config", self.run / "broker/broker.yaml"],
                              self.run / "broker.log", self.run / "broker/port")
        self.agents = {a: Process(a, [BIN / "derwent-agent", "serve", "--config", self.run / f"agents/{a}/agent.json"],
                                  self.run / f"{a}.log", self.run / f"agents/{a}/port") for a in self.agencies}

    def __enter__(self):
        environment = {**os.environ, "DERWENT_QUORUM": self.quorum}
        subprocess.run([HOME / "deploy/example/lay_out.sh", self.run, BIN / "derwent", str(self.port)], check=True, env=environment)
        return self

    def __exit__(self, kind, *_):
        for process in [*self.agents.values(), self.broker]:
            process.kill()
        if kind is not None:
            print(f"--- broker log, end ---\n{self.broker.tail()}")
            for agent in self.agents.values():
                print(f"--- {agent.name} log, end ---\n{agent.tail()[-800:]}")
        if self.own:
            shutil.rmtree(self.run, ignore_errors=True)

    def start(self):
        self.broker.start().ready()
        for agent in self.agents.values():
            agent.start()
        for agent in self.agents.values():
            agent.ready()
        self.wait_ready()
        return self

    def wait_ready(self):
        """Every agent published its keys and directory, and knows the policy."""
        for agency in self.agencies:
            wait_for(f"{agency} is ready", lambda a=agency: self.is_ready(a))
        if "police.derbys" in self.agencies:
            wait_for("police may plan for everybody", self.may_plan)

    def may_plan(self):
        """The police agent knows every recipient's people and keys."""
        document = referral(recipients=[r for r in referral()["recipients"] if r["agency"] in self.agencies],
                            **({} if "dcc.childrens" in self.agencies else WITHOUT_THE_CHILDS_SHARE))
        plan = self.push(document, "plan")
        return "RELEASED" in plan.stdout and "ROLE_NOT_ENTITLED" not in plan.stdout

    def push(self, document, command="send", *args):
        """Sends (or plans) a referral document as the police practitioner."""
        file = self.run / "referral.json"
        file.write_text(json.dumps(document))
        return self.derwent("police.derbys", "practitioner", *args, "referral", command, "--file", file)

    def is_ready(self, agency):
        status = self.derwent(agency, "dpo", "status")
        if status.returncode not in (0, 9):
            return False
        shown = self.derwent(agency, "dpo", "-o", "json", "register", "show")
        return shown.returncode == 0 and {row["agency"] for row in json.loads(shown.stdout or "[]")} >= set(self.agencies)

    def client(self, agency, role):
        out = subprocess.run([HOME / "deploy/example/client.sh", self.run, agency, role], check=True, capture_output=True, text=True)
        return out.stdout.strip()

    def derwent(self, agency, role, *args, timeout=DEADLINE):
        """Runs the command line as the agency's person in that role."""
        argv = [BIN / "derwent", "--config", self.client(agency, role), *args]
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout)

    def derwent_as_agent(self, agency, *args):
        """The command line under the agent's own certificate, for what only an agent may do, with the agency's signing key."""
        config = pathlib.Path(self.client(agency, "dpo"))
        agent = config.with_name(f"{agency}.agent.yaml")
        agent.write_text(re.sub(r"people/[^.]+\.", "agent.", config.read_text()))
        argv = [BIN / "derwent", "--config", agent, *args, "--signing-key", self.run / f"pki/agencies/{agency}/signing.key"]
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=DEADLINE)

    def apply_directory(self, agency, version, without=""):
        """Puts the agency's example directory in force again, without one person."""
        text = (HOME / f"deploy/example/directories/{agency}.txtpb").read_text()
        head, *entries = re.split(r"(?m)^(?=entries \{)", text)
        file = self.run / f"{agency}.{version}.txtpb"
        file.write_text(head.replace("version: 1", f"version: {version}") + "".join(e for e in entries if not without or without not in e))
        return self.derwent_as_agent(agency, "register", "apply", file)

    def drop(self, document, agency="police.derbys"):
        """Puts a referral into the agency's folder: durable once it is renamed into place."""
        inbox = self.run / f"agents/{agency}/system/inbox"
        part = inbox / f"{document['referralRef']}.json.part"
        part.write_text(json.dumps(document))
        part.rename(inbox / f"{document['referralRef']}.json")

    def their_states(self, reference, role="practitioner"):
        """What the police see of a referral at its recipients."""
        rows = json.loads(self.derwent("police.derbys", role, "-o", "json", "referral", "list").stdout or "[]")
        return {row["recipient"]: row["their state"] for row in rows if row["reference"] == reference}

    def entered(self, step):
        """How many entries of this step the ledger holds."""
        with self.database() as db:
            return db.execute("select count(*) from entry_search where step = ?", (step,)).fetchone()[0]

    def policy(self, *args):
        return subprocess.run([str(BIN / "derwent"), "policy", *[str(a) for a in args]], capture_output=True, text=True)

    def signer(self, agency):
        for line in (self.run / "signatories").read_text().splitlines():
            if line.split()[0] == agency:
                base = self.run / "pki/agencies" / agency / "people" / line.split()[1]
                return ["--certificate", f"{base}.pem", "--key", f"{base}.key"]
        raise KeyError(agency)

    def vkey(self):
        return (self.run / "pki/trust/log.vkey").read_text().strip()

    def fsck(self, database=None):
        """(exit code, what it printed) of the independent check."""
        policy = self.run / "quorum.policy"
        out = subprocess.run([str(BIN / "derwent-broker"), "fsck", "--database", str(database or self.run / "broker/broker.db"), "--vkey", self.vkey(),
                              "--ca", str(self.run / "pki/trust/ca.pem"), "--trust-domain", "derwent.example",
                              *(["--policy", str(policy)] if policy.exists() else [])],
                             capture_output=True, text=True)
        return out.returncode, out.stdout + out.stderr

    def copy_database(self, to):
        subprocess.run([str(BIN / "derwent-broker"), "copy", "--database", str(self.run / "broker/broker.db"), "--to", str(to)], check=True)

    def metrics(self):
        """The broker's metrics as Prometheus scrapes them."""
        port = re.search(r'"metrics_port":"(\d+)"', self.broker.log.read_text()).group(1)
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()

    def database(self):
        """A read-only look at the broker's database, closed when its `with` ends."""
        return contextlib.closing(sqlite3.connect(f"file:{self.run / 'broker/broker.db'}?mode=ro", uri=True))

    def handovers(self, agency):
        """What the agency's system was handed: share id to document."""
        found = {}
        for file in (self.run / f"agents/{agency}/system/handover").glob("**/*.json"):
            document = json.loads(file.read_text())
            found[file.stem] = document
        return found


# A person's word that the child's own share, which policy sets off, is not to be made.
WITHOUT_THE_CHILDS_SHARE = {"companionChildReferral": False, "companionChildReason": "REFERRED_ALREADY"}


def referral(**changes):
    """The sample domestic-abuse referral, changed."""
    document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
    document.update(changes)
    return document


def referral_to(*agencies, **changes):
    """The sample referral to these recipients only, its child in a role that sets off no share of its own."""
    recipients = [r for r in referral()["recipients"] if r["agency"] in agencies]
    subjects = [{**s, "role": "child" if s["role"] == "victim_child_da" else s["role"]} for s in referral()["subjects"]]
    return referral(**{"subjects": subjects, "recipients": recipients, **changes})
