"""A data protection officer's questions, answered by real processes: search by everything, one decision with its policy as it was, a person
in two editions, refusals and looks, completeness both ways, breach, replay, export that goes on, and evidence opened to an outsider."""
import csv
import hashlib
import json
import re
import sqlite3
import unittest
from contextlib import closing

from checks import PromiseTest, run
from testbed import WITHOUT_THE_CHILDS_SHARE, referral, referral_to, wait_for

VICTIM = "nhs:9990000026"
NOT_MADE = "the share for a child that policy sets off was not made"


class Officer(PromiseTest):
    agencies = ["police.derbys", "dfrs", "dcc.adults"]

    def ask(self, *words, agency="police.derbys", code=0, person="dpo"):
        done = self.bed.derwent(agency, person, *words)
        self.assertEqual(done.returncode, code, done.stdout[-800:] + done.stderr)
        return done

    def rows(self, *words, **asked):
        return json.loads(self.ask("-o", "json", *words, **asked).stdout or "[]")

    def test_1_search_by_each_condition_and_in_pages(self):
        for number in range(2):
            sent = self.bed.push(referral_to("dfrs", "dcc.adults", referralRef=f"OFFICER-{number}"))
            self.assertIn(sent.returncode, (0, 9), sent.stderr)
        for agency in ("dfrs", "dcc.adults"):
            wait_for(f"{agency} acknowledged", lambda a=agency: self.acknowledged(a) == 2)
        everything = self.rows("audit", "search")
        self.assertEqual([r for r in everything if not r["time"] or not r["step"]], [], "public entries say what they are too")
        indexes = [int(row["index"]) for row in everything]
        self.assertEqual(indexes, sorted(indexes), "one order: the ledger's")
        shares = [r for r in everything if r["step"] == "referral"]
        sample = shares[0]
        person = sample["person"]
        self.assertEqual({r["to"] for r in shares}, {"dfrs", "dcc.adults"})
        for words, held in ((["--agency", "dfrs", "--step", "referral"], lambda r: r["to"] == "dfrs"),
                            (["--person", person, "--step", "referral"], lambda r: r["person"] == person),
                            (["--purpose", sample["purpose"], "--step", "referral"], lambda r: r["purpose"] == sample["purpose"]),
                            (["--agreement", "marac", "--step", "referral"], lambda r: r["agreement"] == "marac"),
                            (["--category", "risk.victim", "--step", "referral"], lambda r: "risk.victim" in r["categories"].split()),
                            (["--decision", sample["outcome"], "--step", "referral"], lambda r: r["outcome"] == sample["outcome"]),
                            (["--reason", sample["reasons"].split(",")[0], "--step", "referral"], lambda r: sample["reasons"].split(",")[0] in r["reasons"]),
                            (["--id", VICTIM, "--step", "referral"], lambda r: r["subject"] == sample["subject"])):
            found = self.rows("audit", "search", *words)
            self.assertTrue(found, words)
            self.assertEqual([r["index"] for r in found], [r["index"] for r in shares if held(r)], words)
        self.assertEqual(self.rows("audit", "search", "--to", "2020-01-01"), [])
        self.assertEqual(self.rows("audit", "search", "--person", person, agency="dfrs"), [], "who acted for police is police's to ask by")
        paged, page, looks = [], [], self.bed.entered("read")
        while True:
            done = self.ask("-o", "json", "audit", "search", "--step", "referral", "--limit", "3", *page)
            paged += json.loads(done.stdout)
            if "--page" not in done.stderr:
                break
            page = ["--page", done.stderr.split("--page ")[1].split()[0]]
        self.assertEqual([r["index"] for r in paged], [r["index"] for r in shares])
        self.assertEqual(self.bed.entered("read"), looks + 1, "a query is one entry, whatever its pages")

    def test_2_a_decision_whole_with_the_policy_as_it_was(self):
        index = next(r["index"] for r in self.rows("audit", "search", "--step", "referral", "--agency", "dfrs"))
        before = self.ask("audit", "show", index, "--policy").stdout
        for part in ("comes out the same", "Gateways relied on: gw.", "--- profiles/marac.txtpb", "--- agreements/marac.txtpb", "gateways {", "purpose=case.da_safety"):
            self.assertIn(part, before)
        policy, policies = self.bed.run / "policy", self.policies()
        then = (policy / "agreements/marac.txtpb").read_text()
        changed = (policy / "agreements/marac.txtpb")
        changed.write_text(then.replace("revision: 1", "revision: 2"))
        self.assertEqual(self.bed.policy("manifest", policy).returncode, 0)
        for line in (self.bed.run / "signatories").read_text().splitlines():
            signed = self.bed.policy("sign", policy, "--bundle", "--agreement", "marac", *self.bed.signer(line.split()[0]))
            self.assertEqual(signed.returncode, 0, signed.stderr)
        wait_for("the new revision is in force", lambda: self.policies() > policies)
        after = self.ask("audit", "show", index, "--policy").stdout
        self.assertIn("comes out the same", after, "decided again under the policy of its moment")
        self.assertIn("revision: 1", after.split("--- agreements/marac.txtpb")[1].split("--- ")[0])

    def test_3_replay_of_one_and_of_all(self):
        index = self.rows("audit", "search", "--step", "referral")[0]["index"]
        self.assertIn("1 decisions come out the same, 0 otherwise", self.ask("audit", "replay", index).stderr)
        whole = self.ask("audit", "replay")
        self.assertIn(" 0 otherwise; 0 under a policy or registers not at hand, 0 erased", whole.stderr)
        self.assertGreater(int(whole.stderr.split(" decisions")[0].split("\n")[-1]), 10)
        self.ask("audit", "replay", "99999999", code=5)

    def test_4_a_person_in_two_editions(self):
        full = self.rows("audit", "person", "--id", VICTIM)
        self.assertTrue({"referral", "collection", "acknowledgement"} <= {r["step"] for r in full})
        closed = self.rows("audit", "person", "--id", VICTIM, "--edition", "releasable")
        self.assertEqual(closed, [], "under marac existence is a secret: nothing is told unless the officer says so")
        mine = [r["index"] for r in full if r["step"] == "referral"]
        told = self.ask("-o", "csv", "audit", "person", "--id", VICTIM, "--edition", "releasable", "--release", *mine)
        lines = list(csv.DictReader(told.stdout.splitlines()))
        self.assertTrue({"dfrs", "dcc.adults"} <= {line["to"] for line in lines})
        self.assertNotRegex(told.stderr, r"\d")
        withheld = [r["index"] for r in full if r["to"] == "dfrs"]
        less = self.ask("-o", "csv", "audit", "person", "--id", VICTIM, "--edition", "releasable", "--release", *mine, "--withhold", *withheld)
        self.assertEqual([line for line in lines if line["to"] != "dfrs"], list(csv.DictReader(less.stdout.splitlines())))
        self.assertEqual(told.stderr, less.stderr)
        for row in full:
            self.assertNotIn(row["share"], told.stdout) if row["share"] else None
            self.assertNotIn(row["person"], told.stdout) if row["person"] else None
        self.ask("audit", "person", "--id", "nhs:123", code=2)

    def test_5_refusals_and_looks(self):
        self.assertEqual(self.bed.derwent("police.derbys", "practitioner", "audit", "search").returncode, 4)
        refusals = self.rows("audit", "refusals")
        self.assertIn("refused_call", {r["step"] for r in refusals})
        self.assertTrue(all(r["outcome"] == "DENY" or r["step"] in ("expiry", "refused_call", "acceptance_overdue", "outcome_overdue", "quota_exceeded") for r in refusals))
        looks = self.rows("audit", "looked")
        self.assertTrue({"ledger", "agent"} <= {r["where"] for r in looks})
        self.assertIn("SearchLedgerEntries of a person", {r["action"] for r in looks})
        self.assertIn("references", {r["action"] for r in looks})
        self.assertEqual([r["time"] for r in looks], sorted(r["time"] for r in looks))
        paged, page = [], []
        while True:
            done = self.ask("-o", "json", "audit", "looked", "--limit", "3", *page)
            paged += json.loads(done.stdout)
            more = re.search(r"--page (\S+)", done.stderr)
            if more is None:
                break
            page = ["--page", more.group(1)]
        self.assertEqual(paged[:len(looks)], looks, "pages tell the same in the same order")
        self.assertEqual(self.bed.derwent("police.derbys", "practitioner", "audit", "looked").returncode, 4)

    def test_6_a_breach_in_counts_alone(self):
        person = next(r["person"] for r in self.rows("audit", "search", "--step", "referral"))
        done = self.ask("-o", "json", "audit", "breach", "--person", person)
        report = json.loads(done.stdout)
        total = report[0]
        self.assertEqual(total["shares"], "2")
        self.assertGreaterEqual(int(total["people"]), 2)
        self.assertEqual({r["code"] for r in report if r["what"] == "agency"}, {"dfrs", "dcc.adults"})
        self.assertNotIn(person, done.stdout)
        certificate = self.bed.run / f"pki/agencies/police.derbys/people/{person}.pem"
        named = self.ask("-o", "json", "audit", "breach", "--certificate", certificate)
        self.assertEqual(json.loads(named.stdout), report)
        serial = re.search(r"serial ([0-9a-f]+)", named.stderr).group(1)
        self.assertEqual(json.loads(self.ask("-o", "json", "audit", "breach", "--serial", serial).stdout), report, "it names the credential")
        self.ask("audit", "breach", "--serial", "0bad", code=5)
        self.ask("audit", "breach", code=2)

    def test_7_an_export_verifies_and_goes_on_where_it_stopped(self):
        folder = self.bed.run / "an export"
        done = self.ask("audit", "export", folder, "--step", "referral")
        self.assertIn("entries with their proofs", done.stderr)
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, digest in manifest["files"].items():
            self.assertEqual("sha256:" + hashlib.sha256((folder / name).read_bytes()).hexdigest(), digest, name)
        with open(folder / "entries.csv", newline="") as file:
            table = list(csv.DictReader(file))
        lines = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
        self.assertEqual(table, lines)
        self.assertEqual(len(lines), manifest["rows"])
        proofs = sorted((folder / "proofs").glob("*.tlog-proof"))
        self.assertEqual(len(proofs), len(lines))
        vkey = (folder / "log.vkey").read_text().strip()
        self.assertIn("NOT SHOWN", self.ask("audit", "verify", folder, "--vkey", vkey, code=9).stdout)
        first_key = json.loads((self.bed.run / "pki/trust/anchors.json").read_text())["police.derbys"]
        signer = ("--ca", self.bed.run / "pki/trust/ca.pem", "--first-key", first_key)
        self.assertIn("signed by `police.derbys`", self.ask("audit", "verify", folder, "--vkey", vkey, *signer).stdout)
        sound = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(sound.replace('"query":"', '"query":" ', 1))
        self.assertIn("NOT SHOWN", self.ask("audit", "verify", folder, "--vkey", vkey, code=9).stdout, "a forger changes it so")
        self.assertIn("another manifest", self.ask("audit", "verify", folder, "--vkey", vkey, *signer, code=8).stderr)
        (folder / "manifest.json").write_text(sound)
        self.assertIn("audit verify", self.ask("ledger", "verify", folder, "--vkey", vkey, code=2).stderr)
        self.ask("ledger", "verify", *proofs, folder / "checkpoint", *(folder / "extends").iterdir(), "--vkey", vkey)
        sound = (folder / "entries.jsonl").read_text()
        (folder / "entries.jsonl").write_text(sound.replace("\"to\":\"", "\"to\":\"x", 1))
        self.assertIn("line 1 ", self.ask("audit", "verify", folder, "--vkey", vkey, code=8).stderr)
        (folder / "entries.jsonl").write_text(sound)
        self.assertEqual((folder / "entries.csv").stat().st_mode & 0o777, 0o600)
        again = self.bed.derwent("police.derbys", "dpo", "audit", "export", folder, "--step", "referral")
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("finished export", again.stderr)
        # Interrupted after a page, the same command goes on: the same files, the same query.
        whole = {name: (folder / name).read_bytes() for name in ("entries.csv", "entries.jsonl")}
        for name in ("manifest.json", "checkpoint", "log.vkey"):
            (folder / name).unlink()
        (folder / "entries.csv").write_bytes(whole["entries.csv"] + b"half a li")
        octets = [len(whole[name]) for name in ("entries.csv", "entries.jsonl")]
        entry = manifest["queryEntry"]
        (folder / "unfinished").write_text("\n".join(map(str, [manifest["query"], f"{entry}-{entry}", entry, len(lines), *octets, ""])))
        looks = self.bed.entered("read")
        done = self.ask("audit", "export", folder, "--step", "referral")
        self.assertIn("going on after", done.stderr)
        self.assertEqual({name: (folder / name).read_bytes() for name in whole}, whole)
        self.assertEqual(self.bed.entered("read"), looks, "it is the same look")

    def test_8_an_outsider_verifies_just_the_fields_opened(self):
        index = self.rows("audit", "search", "--step", "referral")[0]["index"]
        proof, chosen = self.bed.run / "whole.tlog-proof", self.bed.run / "chosen.tlog-proof"
        self.ask("ledger", "prove", index, "--out", proof)
        self.ask("ledger", "open", proof, "--only", "time,purpose,outcome", "--out", chosen, "--vkey", self.bed.vkey())
        self.ask("ledger", "verify", chosen, "--vkey", self.bed.vkey())
        opened = self.rows("ledger", "open", chosen, "--vkey", self.bed.vkey())
        self.assertEqual([r["name"] for r in opened], ["time", "purpose", "outcome"])
        self.ask("ledger", "open", chosen, "--only", "releasing_person", "--vkey", self.bed.vkey(), code=2)

    def test_8_completeness_names_the_childrens_shares_that_were_not_made(self):
        recipients = [r for r in referral()["recipients"] if r["agency"] == "dfrs"]
        sent = self.bed.push(referral(referralRef="OFFICER-CHILD", recipients=recipients, companionChildReferral=False))
        self.assertEqual(sent.returncode, 2, sent.stdout + sent.stderr)
        self.assertIn("companion_child_reason", sent.stderr)
        before = self.acknowledged("dfrs")
        sent = self.bed.push(referral(referralRef="OFFICER-CHILD", recipients=recipients, **WITHOUT_THE_CHILDS_SHARE))
        self.assertIn("NOT_MADE REFERRED_ALREADY", sent.stdout)
        wait_for("dfrs acknowledged", lambda: self.acknowledged("dfrs") == before + 1)
        not_made = [r for r in self.rows("audit", "completeness") if r["missing"].startswith(NOT_MADE)]
        self.assertTrue(not_made)
        self.assertEqual({(r["entry"], r["missing"]) for r in not_made}, {("", f"{NOT_MADE}: REFERRED_ALREADY")})
        kept = [r for r in self.rows("referral", "list", person="practitioner") if r["state"] == "NOT_MADE"]
        self.assertEqual({(r["share"], r["profile"], r["reason"]) for r in kept}, {(r["share"], "mash", "REFERRED_ALREADY") for r in not_made})

    def test_9_completeness_names_what_is_missing_on_either_side(self):
        for agency in self.agencies:
            self.assertEqual(self.gaps(agency=agency), [], agency)
        share = self.rows("audit", "search", "--step", "referral")[0]["share"]
        state = self.bed.run / "agents/police.derbys/state/agent.db"
        with closing(sqlite3.connect(state)) as db:
            lost = db.execute("select idx, receipt from receipts where cast(share_id as text) = ? order by idx limit 1", (share,)).fetchone()
            db.execute("delete from receipts where idx = ?", (lost[0],))
            db.commit()
        gaps = self.gaps(code=8)
        self.assertEqual([(g["share"], g["entry"]) for g in gaps], [(share, str(lost[0]))])
        with closing(sqlite3.connect(state)) as db:
            db.execute("insert into receipts values (cast(? as blob), ?, ?)", (share, lost[0], lost[1]))
            db.commit()
        self.assertEqual(self.gaps(), [])
        # A broker that dropped an entry from its database.
        self.bed.broker.kill()
        with closing(sqlite3.connect(self.bed.run / "broker/broker.db")) as db:
            for table in ("entry_search", "entry_party", "entry"):
                db.execute(f"delete from {table} where idx = ?", (lost[0],))
            db.commit()
        self.bed.broker.start().ready()
        wait_for("the broker answers", lambda: self.bed.derwent("police.derbys", "dpo", "ledger", "checkpoint").returncode == 0)
        gaps = self.gaps(code=8)
        self.assertEqual([(g["share"], g["entry"], g["missing"]) for g in gaps], [(share, str(lost[0]), "a receipt is kept of an entry that the ledger does not tell")])

    # What the tests share.
    def gaps(self, **asked):
        """What one side knows and the other does not."""
        return [r for r in self.rows("audit", "completeness", **asked) if not r["missing"].startswith(NOT_MADE)]

    def acknowledged(self, agency):
        with self.bed.database() as db:
            return db.execute("select count(distinct share_id) from entry_search where step = 'acknowledgement' and receiving = ?", (agency,)).fetchone()[0]

    def policies(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from public_body where cast(body as text) like 'policy %'").fetchone()[0]


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Officer))
