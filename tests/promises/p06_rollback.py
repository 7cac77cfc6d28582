"""P06: a database put back is not written to: the witnesses say so before the first signature.

With a quorum of witnesses the broker signs nothing after a start until enough of them have shown what they saw. A restored backup is
found out by the checkpoint that its own key signed; the broker stops writing, keeps the checkpoint, and does not start again until a
database that holds it is there. Two brokers never write one database.
"""
import pathlib
import shutil
import subprocess
import unittest

from checks import PromiseTest, run
from testbed import BIN, Process, free_port, referral_to, wait_for


class Rollback(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]
    quorum = "2 police.derbys dfrs dcc.adults"

    def test_1_a_restart_waits_for_the_witnesses(self):
        self.grow("ROLLBACK-1")
        wait_for("the witnesses cosigned", lambda: self.standing().returncode == 0 and self.count("cosigned") > 0)
        for agency in self.agencies[1:]:
            self.bed.agents[agency].stop()
        self.bed.broker.stop()
        self.bed.broker.start().ready()
        waiting = wait_for("the broker waits", lambda: self.standing() if "WITNESSES_AWAITED" in self.standing().stderr else None)
        self.assertEqual(waiting.returncode, 9)
        before = self.count("entry")
        refused = self.ledger_entry()
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("WITNESSES_AWAITED", refused.stderr)
        self.assertEqual(self.count("entry"), before, "nothing was signed")
        self.bed.agents["dfrs"].start().ready()
        wait_for("one more witness is enough", lambda: self.ledger_entry().returncode == 0)
        self.bed.agents["dcc.adults"].start().ready()

    def test_1b_a_witness_that_lost_what_it_saw_does_not_speak_for_the_database(self):
        wait_for("the witnesses cosigned", lambda: self.standing().returncode == 0 and self.seen("dfrs") > 0)
        for agency in self.agencies[1:]:
            self.bed.agents[agency].stop()
        self.bed.broker.stop()
        (self.bed.run / "agents/dfrs/state/witness.db").unlink()
        self.bed.broker.start().ready()
        self.bed.agents["dfrs"].start().ready()
        wait_for("it is told", lambda: "a witness shows less than it cosigned" in self.bed.broker.log.read_text())
        refused = self.ledger_entry()
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("WITNESSES_AWAITED", refused.stderr)
        self.bed.agents["dcc.adults"].start().ready()
        wait_for("one that did not is enough", lambda: self.ledger_entry().returncode == 0)
        grown = self.count("entry")
        wait_for("the other goes on from what it is offered", lambda: self.seen("dfrs") >= grown)

    def test_2_an_older_database_is_refused_with_an_alarm(self):
        backup, newest = self.bed.run / "backup.db", self.bed.run / "newest.db"
        self.bed.copy_database(backup)
        self.grow("ROLLBACK-2")
        grown = self.count("entry")
        wait_for("the witnesses saw what came after the backup", lambda: self.cosigned() >= grown)
        self.bed.copy_database(newest)
        before = self.put(backup)
        self.bed.broker.start().ready()
        found = wait_for("the broker is found out", lambda: self.standing() if self.standing().returncode == 8 else None)
        self.assertIn("LEDGER_ROLLED_BACK", found.stderr)
        self.assertIn("ROLLBACK", self.bed.broker.tail() + self.bed.broker.log.read_text())
        refused = self.ledger_entry()
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("LEDGER_ROLLED_BACK", refused.stderr)
        self.assertEqual(self.count("entry"), before, "nothing was signed")
        kept = list((self.bed.run / "broker/evidence").glob("*.note"))
        self.assertTrue(kept)
        proof = self.bed.derwent("police.derbys", "dpo", "ledger", "verify", kept[0], "--vkey", self.bed.vkey())
        self.assertEqual(proof.returncode, 0, proof.stderr)

    def test_3_it_does_not_start_again_until_the_newest_is_back(self):
        self.bed.broker.stop()
        ended = subprocess.run(self.bed.broker.argv, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn("rollback", ended.stderr)
        self.assertIn("Put back the newest database", ended.stderr)
        self.put(self.bed.run / "newest.db")
        self.bed.broker.start().ready()
        wait_for("the ledger goes on", lambda: self.ledger_entry().returncode == 0)
        wait_for("it is witnessed", lambda: self.standing().returncode == 0)
        self.assertEqual(self.bed.fsck()[0], 0)

    def test_4_two_brokers_do_not_write_one_database(self):
        second = subprocess.run([BIN / "derwent-broker", "serve", "--config", self.bed.run / "broker/broker.yaml"], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another process uses the database", second.stderr)

    def test_4b_a_second_broker_on_a_copy_signs_nothing(self):
        second, port = self.bed.run / "second", free_port()
        second.mkdir()
        (second / "broker.yaml").write_text((self.bed.run / "broker/broker.yaml").read_text().replace(f"localhost:{self.bed.port}", f"localhost:{port}"))
        self.bed.copy_database(second / "broker.db")
        client = self.bed.run / "clients/second.yaml"
        client.write_text(pathlib.Path(self.bed.client("police.derbys", "dpo")).read_text().replace(f"localhost:{self.bed.port}", f"localhost:{port}"))
        broker = Process("second", [BIN / "derwent-broker", "serve", "--config", second / "broker.yaml"], self.bed.run / "second.log", second / "port")
        try:
            broker.start().ready()
            refused = subprocess.run([BIN / "derwent", "--config", client, "audit", "search"], capture_output=True, text=True, timeout=60)
        finally:
            broker.kill()
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn("WITNESSES_AWAITED", refused.stderr)

    def test_5_a_quorum_of_the_operator_alone_is_refused(self):
        config = self.bed.run / "broker/alone.yaml"
        config.write_text((self.bed.run / "broker/broker.yaml").read_text().replace("database: broker.db", "database: alone.db").replace("../quorum.policy", "../alone.policy").replace("port_file: port", "port_file: other"))
        lines = [l for l in (self.bed.run / "quorum.policy").read_text().splitlines() if l.startswith(("log", "witness"))]
        for groups, why in ((["quorum dcc.community_safety"], "by themselves"), (["group any1 any dfrs dcc.community_safety", "quorum any1"], "by themselves"), ([], "no `quorum` line")):
            (self.bed.run / "alone.policy").write_text("\n".join([*lines, *groups, ""]))
            refused = subprocess.run([BIN / "derwent-broker", "serve", "--config", config], capture_output=True, text=True, timeout=60)
            self.assertEqual(refused.returncode, 1)
            self.assertIn(why, refused.stderr)

    # What the tests share.
    def standing(self):
        return self.bed.derwent("police.derbys", "dpo", "ledger", "cosignatures")

    def ledger_entry(self):
        """Something that must make an entry."""
        return self.bed.derwent("police.derbys", "dpo", "audit", "search")

    def count(self, table):
        with self.bed.database() as db:
            return db.execute(f"select count(*) from {table}").fetchone()[0]

    def cosigned(self):
        with self.bed.database() as db:
            return db.execute("select coalesce(max(size), 0) from cosigned").fetchone()[0]

    def seen(self, agency):
        """How far that agency's witness is, as the broker knows."""
        with self.bed.database() as db:
            return db.execute("select coalesce(max(size), 0) from witness_view where witness like ?", (f"%{agency}%",)).fetchone()[0]

    def grow(self, reference):
        sent = self.bed.push(referral_to(*self.agencies, referralRef=reference))
        self.assertIn(sent.returncode, (0, 9), sent.stderr)

    def put(self, database):
        """Puts a copy in the database's place; returns its number of entries."""
        self.bed.broker.kill()
        broker = self.bed.run / "broker"
        for beside in ("broker.db-wal", "broker.db-shm"):
            (broker / beside).unlink(missing_ok=True)
        shutil.copyfile(database, broker / "broker.db")
        return self.count("entry")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Rollback))
