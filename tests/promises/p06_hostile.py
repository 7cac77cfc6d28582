"""P06: whoever reaches an agency's witness, or writes its files, gets no cosignature and no quorum that is none.

The HTTP endpoint of a running agent is sent what no honest client sends: too long, too many, leniently coded, beyond 2^63, of another log,
unsigned, of the size that it has not seen, again and again and at once. After each its state is what it was, and an honest offer is cosigned.
Then quorum files in which one agency would count twice: neither broker nor agent starts under one. Then a broker under a laxer policy
than the agents': they go by their own. Then a broker whose database replays witnesses' older cosignatures under a newer checkpoint.
"""
import base64
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import threading
import time
import unittest
from contextlib import closing

from checks import PromiseTest, run
from forger import Forged, LogKey, root_of, sha256
from testbed import BIN, Testbed, referral_to, wait_for

HASHES = [sha256(b"\x00", bytes([i])) for i in range(40)]  # Leaves of a log of the test's own, under the log's key.


def path_of(m, hashes, whole=True):
    """RFC 6962 section 2.1.2: the proof that the tree of all `hashes` extends that of the first `m`."""
    if m == len(hashes):
        return [] if whole else [root_of(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return path_of(m, hashes[:k], whole) + [root_of(hashes[k:])]
    return path_of(m - k, hashes[k:], False) + [root_of(hashes[:k])]


def coded(octets):
    return base64.b64encode(octets).decode()


class Endpoint(PromiseTest):
    """The witness of the fire service's agent, which nobody's quorum asks for: it serves whoever comes."""
    agencies = ["police.derbys", "dfrs"]

    def setUp(self):
        self.began = time.monotonic()
        self.log = LogKey(self.bed.run / "pki/broker/log.key", self.bed.vkey())
        self.port = int((self.bed.run / "agents/dfrs/witness.port").read_text())

    def tearDown(self):
        print(f"  {time.monotonic() - self.began:.1f} s", flush=True)

    def test_1_what_no_honest_client_sends_changes_nothing(self):
        self.grow_to(20)
        note = self.note(24)
        proof = path_of(20, HASHES[:24])
        before = self.seen()
        for name, want, body in self.bodies(note, proof):
            with self.subTest(name):
                status, said = self.post(body)
                self.assertIn(status, want if isinstance(want, tuple) else (want,), said)
                self.assertEqual(self.seen(), before)
        self.assertEqual(self.post(self.offer(20, proof, note))[0], 200, "an honest offer is still cosigned")
        self.assertTrue(self.bed.agents["dfrs"].running())
        self.assertEqual(self.evidence(), [], "nothing of it proves anything against the log")

    def bodies(self, note, proof):
        lines = [coded(h) for h in proof]
        text, signature = note.split("\n\n")
        origin, size, root = text.split("\n")[:3]
        loose = lines[0][:-2] + chr(ord(lines[0][-2]) + 1) + "="  # Bits beyond the last octet that are not zero.
        stranger = LogKey(self.bed.run / "pki/agencies/police.derbys/witness.key", self.bed.vkey())

        def with_lines(*hashes):
            return f"old 20\n{''.join(h + chr(10) for h in hashes)}\n{note}"
        yield "64 hashes", 400, with_lines(*[coded(os.urandom(32)) for _ in range(64)])
        yield "63 hashes that prove nothing", 422, with_lines(*[coded(os.urandom(32)) for _ in range(63)])
        yield "2 MiB of hashes", 413, with_lines(*[lines[0]] * 46_000)
        yield "2 MiB of nothing", 413, bytes(2 << 20)
        yield "a hash without padding", 400, with_lines(lines[0].rstrip("="), *lines[1:])
        yield "a hash with loose bits", 400, with_lines(loose, *lines[1:])
        yield "a hash in the other alphabet", 400, with_lines(coded(b"\xfb\xff" * 16).replace("+", "-").replace("/", "_"), *lines[1:])
        yield "a hash on two lines", 400, with_lines(lines[0][:20], lines[0][20:], *lines[1:])
        yield "a hash with a space", 400, with_lines(lines[0] + " ", *lines[1:])
        yield "31 octets", 400, with_lines(coded(bytes(31)), *lines[1:])
        yield "CRLF", 400, with_lines(*lines).replace("\n", "\r\n")
        yield "CRLF in the first line alone", 400, with_lines(*lines).replace("\n", "\r\n", 1)
        for old in ("9223372036854775808", "18446744073709551616", "020", "+20", "-20", "0x14", "20 ", " 20", "", "2e1", "\u0662\u0660"):
            yield f"old {old!r}", 400, f"old {old}\n" + "".join(h + "\n" for h in lines) + f"\n{note}"
        for size_line in ("9223372036854775808", "024", "24 ", ""):
            yield f"size {size_line!r}", 400, self.offer(20, proof, self.log.sign(f"{origin}\n{size_line}\n{root}\n"))
        yield "old over the size", 400, self.offer(25, [], note)
        yield "smaller than seen", 400, self.offer(20, [], self.note(12))
        yield "an older size", 409, self.offer(12, path_of(12, HASHES[:24]), note)
        yield "from nothing", 409, self.offer(0, [], note)
        yield "unknown origin", 404, self.offer(20, proof, self.log.checkpoint(24, root_of(HASHES[:24]), "derwent.example/other"))
        yield "origin in capitals", 404, self.offer(20, proof, self.log.checkpoint(24, root_of(HASHES[:24]), origin.upper()))
        yield "unsigned", 400, self.offer(20, proof, text + "\n\n")
        yield "signed by another key", 403, self.offer(20, proof, stranger.sign(text + "\n"))
        yield "signed over another text", 403, self.offer(20, proof, self.note(23).split("\n\n")[0].replace("23", "24", 1) + f"\n\n{signature}")
        yield "a signature with loose bits", (400, 403), self.offer(20, proof, f"{text}\n\n{signature[:-3]}{chr(ord(signature[-3]) + 1)}=\n")
        yield "a thousand signatures", 400, self.offer(20, proof, f"{text}\n\n{signature * 1000}")
        yield "no proof", 422, self.offer(20, [], note)
        yield "the proof of another size", 422, self.offer(20, path_of(19, HASHES[:24]), note)
        yield "no end", 400, with_lines(*lines)[:-1]
        yield "no blank line", 400, "old 20\n" + "".join(h + "\n" for h in lines)
        yield "nothing", 400, ""

    def test_2_parts_chunks_and_other_methods(self):
        before = self.seen()
        good = self.offer(before[0], path_of(before[0], HASHES[:before[0] + 1]), self.note(before[0] + 1)).encode()
        form = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + good + b"\r\n--x--\r\n"
        self.assertEqual(self.post(form, **{"Content-Type": "multipart/form-data; boundary=x"})[0], 415)
        self.assertEqual(self.seen(), before)
        self.assertEqual(self.ask("PUT", "/add-checkpoint", good)[0], 404)
        self.assertEqual(self.ask("GET", "/add-checkpoint", None)[0], 404)
        self.assertEqual(self.ask("GET", "/" + sha256(b"another log").hex() + "/checkpoint", None)[0], 404)
        self.assertEqual(self.seen(), before)
        endless = (b"a" * 65536 for _ in range(64))  # 4 MiB in chunks, no length said.
        self.assertIn(self.ask("POST", "/add-checkpoint", endless)[0], (413, 0))
        self.assertEqual(self.seen(), before)
        self.assertEqual(self.post(good)[0], 200)

    def test_3_a_client_that_never_learns_the_size_moves_nothing(self):
        size = self.seen()[0]
        note = self.note(size + 2)
        for attempt in range(200):
            status, said = self.post(self.offer(attempt % size, [], note))
            self.assertEqual((status, said), (409, f"{size}\n"), "each time with the size to ask from")
        self.assertEqual(self.last_type, "text/x.tlog.size")
        self.assertEqual(self.seen()[0], size)

    def test_4_offers_at_once_are_taken_one_after_the_other(self):
        size = self.seen()[0]
        answers, together = [], threading.Barrier(8)

        def race(to):
            body = self.offer(size, path_of(size, HASHES[:to]), self.note(to))
            together.wait()
            answers.append((to, self.post(body)[0]))
        threads = [threading.Thread(target=race, args=(size + 1 + n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = [to for to, status in answers if status == 200]
        self.assertEqual(sorted(status for _, status in answers), [200] + [409] * 7, answers)
        self.assertEqual(self.seen()[0], taken[0], "a slower one does not put it back")

    def test_5_a_connection_that_says_nothing_keeps_nobody_away_for_long(self):
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(8)]
        for one in silent:
            one.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 10\r\n")
        began = time.monotonic()
        self.assertEqual(self.post(self.offer(1, [], self.note(24)))[0], 409)
        print(f"  answered after {time.monotonic() - began:.1f} s of 8 silent connections")
        for one in silent:
            one.close()

    # What the tests share.
    def note(self, size):
        return self.log.checkpoint(size, root_of(HASHES[:size]))

    @staticmethod
    def offer(old, proof, note):
        return f"old {old}\n" + "".join(coded(h) + "\n" for h in proof) + f"\n{note}"

    def grow_to(self, size):
        self.assertEqual(self.post(self.offer(0, [], self.note(size)))[0], 200)

    def post(self, body, **headers):
        return self.ask("POST", "/add-checkpoint", body.encode() if isinstance(body, str) else body, **headers)

    def ask(self, method, path, body, **headers):
        """(status, text); 0 where the connection was closed on us."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self.last_type = answer.getheader("Content-Type")
            return answer.status, answer.read().decode()
        except (BrokenPipeError, ConnectionResetError, http.client.BadStatusLine):
            return 0, ""
        finally:
            connection.close()

    def state(self, query):
        with closing(sqlite3.connect(f"file:{self.bed.run}/agents/dfrs/state/witness.db?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()

    def seen(self):
        return self.state("select size, root, note from view")[0]

    def evidence(self):
        return self.state("select digest from fork")


class QuorumFiles(unittest.TestCase):
    """Neither broker nor agent starts under a file in which somebody counts twice."""

    def test_no_process_starts_under_a_forged_quorum(self):
        began = time.monotonic()
        with Testbed(["police.derbys", "dfrs", "dcc.adults"], quorum="2 police.derbys dfrs dcc.adults") as bed:
            good = (bed.run / "quorum.policy").read_text()
            keys = dict(line.split()[1:] for line in good.splitlines() if line.startswith("witness "))
            one = keys["dfrs"]
            name, _, key = one.split("+", 2)
            typed = base64.b64decode(key)
            renamed = "icb.example/witness"
            again = f"{renamed}+{sha256(renamed.encode(), bytes([10]), typed)[:4].hex()}+{key}"
            group = "group agencies 2 police.derbys dfrs dcc.adults\nquorum agencies\n"
            forged = {
                "one key under two names": (good.replace(keys["dcc.adults"], one), "the key stands on an earlier line"),
                "one key under two names, its own name changed": (good.replace(keys["dcc.adults"], again), "the key stands on an earlier line"),
                "the log's key as a witness": (good.replace(one, self.as_witness(bed.vkey())), "the key stands on an earlier line"),
                "two keys of one agency": (good.replace("witness dcc.adults ", "witness dfrs/second ").replace(group, group.replace("dcc.adults", "dfrs/second")), "two keys of `dfrs` would count as two"),
                "a member of two groups": (good.replace(group, "group a any police.derbys dfrs\ngroup b any dfrs dcc.adults\ngroup c 2 a b\nquorum c\n"), "in a group already"),
                "a member twice in a group": (good.replace("police.derbys dfrs dcc.adults\n", "police.derbys dfrs dfrs\n"), "in a group already"),
                "two quorums": (good + "quorum none\n", "second `quorum` line"),
                "no quorum": (good.replace("quorum agencies\n", ""), "no `quorum` line"),
                "more than there are": (good.replace("group agencies 2", "group agencies 4"), "a number from 1 to that of its members"),
                "none is enough": (good.replace("group agencies 2", "group agencies 0"), "a number from 1 to that of its members"),
                "another log": (re.sub(r"(?m)^log .*", f"log {self.another_log(bed.vkey())}", good), "log"),
            }
            for what, (text, why) in forged.items():
                self.assertNotEqual(text, good, what)
                (bed.run / "quorum.policy").write_text(text)
                for process in (bed.broker, bed.agents["dcc.adults"]):
                    with self.subTest(f"{what}: {process.name}"):
                        ended = subprocess.run(process.argv, capture_output=True, text=True, timeout=60)
                        self.assertNotEqual(ended.returncode, 0)
                        self.assertIn("quorum.policy", ended.stderr)
                        self.assertIn(why, ended.stderr)
                        self.assertFalse(process.port_file.exists(), "it never served")
        print(f"  {time.monotonic() - began:.1f} s")

    @staticmethod
    def vkey(name, typed):
        return f"{name}+{sha256(name.encode(), bytes([10]), typed)[:4].hex()}+{base64.b64encode(typed).decode()}"

    def as_witness(self, log):
        return self.vkey("dfrs.example/witness", b"\x04" + base64.b64decode(log.split("+", 2)[2])[1:])

    def another_log(self, log):
        return self.vkey(log.split("+")[0], b"\x01" + os.urandom(32))


class LaxerBroker(PromiseTest):
    """The broker's file asks for one of three, the agents' for two. The operator and one witness are then no quorum to the agents."""
    agencies = ["police.derbys", "dfrs", "dcc.adults"]
    quorum = "2 police.derbys dfrs dcc.adults"
    LIMIT = 2000  # Milliseconds, of the agent that is looked at.

    def test_agents_go_by_their_own_policy(self):
        began = time.monotonic()
        self.assertIn(self.push("LAX-1").returncode, (0, 9))
        wait_for("it arrives while two cosign", lambda: len(self.bed.handovers("dcc.adults")) == 1)
        self.bed.broker.stop()
        strict, config = (self.bed.run / "quorum.policy").read_text(), self.bed.run / "broker/broker.yaml"
        (self.bed.run / "lax.policy").write_text(strict.replace("group agencies 2", "group agencies any"))
        config.write_text(config.read_text().replace("../quorum.policy", "../lax.policy"))
        self.bed.broker.start().ready()
        wait_for("the broker writes", lambda: self.dpo("audit", "search").returncode == 0)
        for agency in ("dfrs", "dcc.adults"):
            self.bed.agents[agency].kill()
        self.assertEqual(self.dpo("audit", "search").returncode, 0)  # A look is an entry that the police alone cosign.
        wait_for("the broker calls it witnessed", lambda: self.cosigned() >= self.entries())
        self.restart_under(self.LIMIT)
        wait_for("the agent has seen no quorum of its own", self.stopped)
        status = self.dpo("status")
        self.assertIn("COSIGNATURES_INVALID", status.stdout, "the broker shows as witnessed what is not")
        self.assertNotEqual(status.returncode, 0)
        refused = self.push("LAX-2")
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("this agency has seen no quorum", refused.stderr)
        proof = self.bed.run / "lax.tlog-proof"
        self.assertEqual(self.dpo("ledger", "prove", str(self.entries() - 1), "--out", proof).returncode, 0)
        for policy, code in (("lax.policy", 0), ("quorum.policy", 9)):
            verified = self.dpo("ledger", "verify", proof, "--policy", self.bed.run / policy)
            self.assertEqual(verified.returncode, code, f"{policy}: {verified.stderr}")
        for agency in ("dfrs", "dcc.adults"):
            self.bed.agents[agency].start().ready()
        self.restart_under(900_000)
        wait_for("with two of three it goes on", lambda: self.push("LAX-3").returncode in (0, 9))
        print(f"  {time.monotonic() - began:.1f} s")

    def restart_under(self, millis):
        """The police's agent, which waits so long for a quorum."""
        config = self.bed.run / "agents/police.derbys/agent.json"
        document = json.loads(config.read_text())
        document["trust"]["witness_limit_millis"] = millis
        self.bed.agents["police.derbys"].stop()
        config.write_text(json.dumps(document))
        self.bed.agents["police.derbys"].start().ready()

    def dpo(self, *arguments):
        return self.bed.derwent("police.derbys", "dpo", *arguments)

    def push(self, reference):
        return self.bed.push(referral_to("dcc.adults", referralRef=reference))

    def stopped(self):
        rows = json.loads(self.dpo("-o", "json", "status").stdout or "[]")
        return any(row["part"] == "agent" and row["what"].startswith("witnesses") and "STOPPED" in row["value"] for row in rows)

    def entries(self):
        with self.bed.database() as db:
            return db.execute("select size from log_state").fetchone()[0]

    def cosigned(self):
        with self.bed.database() as db:
            return db.execute("select coalesce(max(size), 0) from cosigned where void = 0").fetchone()[0]


class Replayed(PromiseTest):
    """The operator writes a witness's older cosignatures under the newest checkpoint of its database."""
    agencies = ["police.derbys", "dfrs"]
    quorum = "2 police.derbys dfrs"

    def test_an_older_cosignature_is_none_of_a_newer_checkpoint(self):
        began = time.monotonic()
        self.assertIn(self.bed.push(referral_to("dfrs", referralRef="REPLAY-1")).returncode, (0, 9))
        wait_for("all is cosigned", lambda: self.rows("select 1 from cosigned where size = (select size from log_state)"))
        self.bed.agents["dfrs"].kill()
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "audit", "search").returncode, 0)
        newest = self.rows("select size from log_state")[0][0]
        wait_for("the police alone cosigned it", lambda: self.rows("select 1 from cosignature where size = ?", newest))
        self.bed.broker.stop()
        copy = self.bed.run / "replayed.db"
        self.bed.copy_database(copy)
        with Forged(copy) as forged:
            witness, line, added = forged.run("select witness, line, added_ms from cosignature where witness like 'dfrs%' order by size desc limit 1")[0]
            forged.run("insert into cosignature(size, witness, line, added_ms) values (?, ?, ?, ?)", newest, witness, line, added)
            forged.run("insert into cosigned(size, met_ms, void) values (?, ?, 0)", newest, added)
            forged.run("update witness_view set size = ? where witness = ?", newest, witness)
        code, said = self.bed.fsck(copy)
        self.assertEqual(code, 8, said)
        self.assertIn(f"cosignature of {newest}: it is not by the witness it is kept under", said)
        self.put(copy)
        ended = subprocess.run(self.bed.broker.argv, capture_output=True, text=True, timeout=60) if self.refuses() else None
        if ended is None:  # It started: nobody may take the checkpoint for witnessed.
            self.assertNotEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "cosignatures").returncode, 0)
        print(f"  {time.monotonic() - began:.1f} s")

    def refuses(self):
        """Whether the broker does not start."""
        self.bed.broker.start()
        wait_for("it serves or ends", lambda: self.bed.broker.port_file.exists() or not self.bed.broker.running())
        return not self.bed.broker.running()

    def rows(self, query, *values):
        with self.bed.database() as db:
            return db.execute(query, values).fetchall()

    def put(self, database):
        broker = self.bed.run / "broker"
        for beside in ("broker.db-wal", "broker.db-shm"):
            (broker / beside).unlink(missing_ok=True)
        (broker / "broker.db").write_bytes(database.read_bytes())


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    run(unittest.TestSuite([load(Endpoint), load(QuorumFiles), load(LaxerBroker), load(Replayed)]))
