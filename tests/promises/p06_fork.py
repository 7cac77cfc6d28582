"""P06: a fork for one agency. Two brokers sign with the log's one key, and one agency is shown the other's history.

A second broker runs on a copy of the database, under the same key. Somebody on the network leads the fire service's agent to it, and adults'
services' later, when it has fewer entries than they saw. Both histories are sound by themselves. What an agency saw tells the two apart: an
alarm, files that prove it to anybody with the log's verifier key, and the broker that it comes back to is told. No quorum is asked for, so
that neither broker waits for anybody: what is caught here is caught by the agencies alone.
"""
import contextlib
import json
import pathlib
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from checks import PromiseTest, run
from testbed import BIN, Process, free_port, referral_to, wait_for

FORKED, LATER = "dfrs", "dcc.adults"


class Switch:
    """Leads an agent's connections to one port or another; TLS goes through as it is, both brokers have the same certificate."""

    def __init__(self, port):
        self.upstream, self.open = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            inner, _ = self.listener.accept()
            try:
                outer = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                inner.close()
                continue
            self.open += [inner, outer]
            for source, sink in ((inner, outer), (outer, inner)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                sink.sendall(octets)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def to(self, port):
        self.upstream = port
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()


class ForkForOne(PromiseTest):
    agencies = ["police.derbys", FORKED, "dcc.adults"]

    def setUp(self):
        self.began = time.monotonic()

    def tearDown(self):
        print(f"  {time.monotonic() - self.began:.1f} s", flush=True)

    @classmethod
    def prepare(cls):
        cls.switches = {}
        for agency in (FORKED, LATER):
            cls.switches[agency] = Switch(cls.bed.port)
            config = cls.bed.run / f"agents/{agency}/agent.json"
            config.write_text(config.read_text().replace(f"localhost:{cls.bed.port}", f"localhost:{cls.switches[agency].port}"))

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "second"):
            cls.second.kill()
        super().tearDownClass()

    def test_1_who_is_led_away_at_the_fork_believes_what_it_is_shown(self):
        self.grow("FORK-1")
        self.kept_up(FORKED, self.first_size())
        self.start_second()
        self.switches[FORKED].to(self.second_port)
        for _ in range(2):
            self.assertEqual(self.second_client("audit", "search").returncode, 0)
        self.kept_up(FORKED, self.second_size())
        self.assertEqual(self.alarms(FORKED), set())
        self.grow("FORK-2", LATER)
        self.grow("FORK-3", LATER)
        self.kept_up(LATER, self.first_size())
        self.assertLess(self.second_size(), self.first_size())

    def test_2_who_saw_more_entries_is_told_that_the_log_went_back(self):
        self.switches[LATER].to(self.second_port)
        wait_for("the agency is told", lambda: self.alarms(LATER) & {"LEDGER_ROLLED_BACK", "LEDGER_FORKED"}, 5)

    def test_3_and_of_the_fork_once_that_grew_past_what_it_saw(self):
        while self.second_size() <= self.first_size():
            self.assertEqual(self.second_client("audit", "search").returncode, 0)
        wait_for("the agency is told of the fork", lambda: "LEDGER_FORKED" in self.alarms(LATER))
        self.assert_proven(wait_for("what it was shown is kept", lambda: self.notes(LATER)))

    def test_4_a_witness_that_cosigned_the_one_does_not_cosign_the_other(self):
        policy, home = self.bed.run / "witness.policy", self.bed.run / "agents" / FORKED
        policy.write_text(f"log {self.bed.vkey()}\nwitness {FORKED} {(home / 'state/witness.vkey').read_text().strip()} "
                          f"http://127.0.0.1:{(home / 'witness.port').read_text().strip()}/\nquorum {FORKED}\n")
        first = self.bed.derwent("police.derbys", "dpo", "ledger", "cosign", "--policy", policy, "--out", self.bed.run / "first.note")
        self.assertEqual(first.returncode, 0, first.stderr)
        second = self.second_client("ledger", "cosign", "--policy", policy, "--out", self.bed.run / "second.note")
        self.assertEqual(second.returncode, 8, second.stderr)
        self.assertFalse((self.bed.run / "second.note").exists())

    def test_5_back_at_the_first_agency_and_broker_are_told(self):
        self.switches[FORKED].to(self.bed.port)
        wait_for("the agency is told of the fork", lambda: "LEDGER_FORKED" in self.alarms(FORKED))
        self.assert_proven(wait_for("both histories are kept", lambda: self.notes(FORKED) if len(self.notes(FORKED)) > 1 else None))
        kept = wait_for("the broker keeps what the other signed", lambda: list((self.bed.run / "broker/evidence").glob("*.note")))
        self.assert_proven(kept)
        self.assertIn("ROLLBACK", self.bed.broker.log.read_text())
        self.bed.broker.stop()
        ended = subprocess.run(self.bed.broker.argv, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 1, "it does not start with a proof against its database beside it")
        self.assertIn("rollback", ended.stderr)

    # What the tests share.
    def start_second(self):
        cls = type(self)
        cls.second_port, cls.second_folder = free_port(), self.bed.run / "second"
        cls.second_folder.mkdir()
        text = (self.bed.run / "broker/broker.yaml").read_text().replace(f"localhost:{self.bed.port}", f"localhost:{self.second_port}")
        (cls.second_folder / "broker.yaml").write_text(text)
        self.bed.copy_database(cls.second_folder / "broker.db")
        cls.second = Process("second", [BIN / "derwent-broker", "serve", "--config", cls.second_folder / "broker.yaml"],
                             self.bed.run / "second.log", cls.second_folder / "port")
        cls.second.start().ready()

    def second_client(self, *arguments):
        """The police's officer, asking the second broker."""
        client = pathlib.Path(self.bed.client("police.derbys", "dpo"))
        other = client.with_name("second.yaml")
        other.write_text(client.read_text().replace(f"broker: localhost:{self.bed.port}", f"broker: localhost:{self.second_port}"))
        return subprocess.run([BIN / "derwent", "--config", other, *[str(a) for a in arguments]], capture_output=True, text=True, timeout=60)

    def grow(self, reference, recipient=FORKED):
        sent = self.bed.push(referral_to(recipient, referralRef=reference))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)
        wait_for("it is acknowledged", lambda: set(self.bed.their_states(reference).values()) == {"acknowledged"})

    def kept_up(self, agency, size):
        """The agency's agent has kept a checkpoint of that size."""
        wait_for(f"{agency} saw {size} entries", lambda: self.kept_size(agency) >= size)

    def kept_size(self, agency):
        with contextlib.closing(sqlite3.connect(f"file:{self.bed.run}/agents/{agency}/state/agent.db?mode=ro", uri=True)) as db:
            rows = db.execute("select value from kept where cast(name as text) = 'checkpoint'").fetchall()
        return int(bytes(rows[0][0]).split(b"\n")[1]) if rows else 0

    @staticmethod
    def size(database):
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            return db.execute("select size from log_state").fetchone()[0]

    def first_size(self):
        return self.size(self.bed.run / "broker/broker.db")

    def second_size(self):
        return self.size(self.second_folder / "broker.db")

    def alarms(self, agency):
        rows = json.loads(self.bed.derwent(agency, "dpo", "-o", "json", "status").stdout or "[]")
        return {row["value"].split()[0] for row in rows if row["what"] == "ALARM"}

    def notes(self, agency):
        return list((self.bed.run / f"agents/{agency}/state/evidence").glob("*.note"))

    def assert_proven(self, notes):
        """Each is signed by the log, and one of them is of no history that the first broker has."""
        for note in notes:
            verified = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", note, "--vkey", self.bed.vkey())
            self.assertEqual(verified.returncode, 0, verified.stderr)
        codes = {note.name: self.bed.derwent("police.derbys", "dpo", "ledger", "verify", "--since", note).returncode for note in notes}
        self.assertIn(8, codes.values(), codes)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(ForkForOne))
