"""P12: clear errors. Every file format with missing, wrong, oversized and hostile content: the exit code is right, the error names the
field and the rule, all at once, repeats no planted value, and nothing changes but the ledger. (Every RPC: p12_rpc_test.cc.)"""
import csv
import json
import pathlib
import subprocess
import unittest

from checks import PromiseTest, run
from testbed import BIN, DEADLINE, HOME, referral_to, wait_for

PLANTED = "Oakshott"
BAD_INPUT = 2
POLICY = HOME / "policy/derbyshire"


class Formats(PromiseTest):
    agencies = ["police.derbys", "dcc.adults"]

    def setUp(self):
        self.before = self.shares()

    def tearDown(self):
        self.assertEqual(self.shares(), self.before, "only the ledger may change")
        self.assertNotIn(PLANTED, "".join(log.read_text() for log in self.bed.run.glob("*.log")))

    def shares(self):
        with self.bed.database() as db:
            return [db.execute(f"select count(*) from {table}").fetchone()[0] for table in ("share", "delivery", "directory", "key_event", "restriction")]

    def told(self, out, code, *words):
        said = out.stdout + out.stderr
        self.assertEqual(out.returncode, code, said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn(PLANTED, said)

    def write(self, name, content):
        file = self.bed.run / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def run_program(self, *argv):
        return subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=DEADLINE)


class Referral(Formats):
    """The referral's JSON, by command and by folder."""

    def send(self, content):
        return self.bed.derwent("police.derbys", "practitioner", "referral", "send", "--file", self.write("r.json", content))

    def changed(self, change):
        document = referral_to("dcc.adults", referralRef="BAD")
        change(document)
        return json.dumps(document)

    def test_not_a_referral(self):
        for content, words in (("", ["JSON"]), ("[]", ["message"]), (f'{{"profile": "{PLANTED}', ["JSON"]), (b'{"profile": "\xff\xfe"}', ["UTF-8"]),
                               ("[" * 100000, ["JSON"]), (f'{{"profil": "{PLANTED}"}}', ["profil", "Cannot find field"]), (f'{{"profile": ["{PLANTED}"]}}', ["profile"]),
                               (f'{{"companionChildReferral": "{PLANTED}"}}', ["companion_child_referral", "invalid value"]), ("x" * (17 << 20), ["over"])):
            with self.subTest(content[:40]):
                self.told(self.send(content), BAD_INPUT, *words)

    def test_a_wrong_value_deep_inside_is_named_by_its_path(self):
        for field, wrong in (("kind", f"{PLANTED} \\\" {PLANTED}"), ("nickname", PLANTED)):
            content = self.changed(lambda d, f=field, w=wrong: d["subjects"][0]["record"]["identity"]["facts"][0].update({f: w}))
            self.told(self.send(content), BAD_INPUT, f"subjects[0].record.identity.facts[0]{'.' + field}")

    def test_every_wrong_name_is_told_at_once_and_none_repeated(self):
        def change(document):
            document.update(referralRef="", profile=PLANTED, purpose=PLANTED, area=PLANTED)
            document["subjects"][0]["role"] = PLANTED
            document["subjects"][0]["record"]["subjectFlags"] = [PLANTED]
            document["recipients"][0].update(agency=PLANTED, role=PLANTED, categories=[PLANTED], grounds=[PLANTED])
        self.told(self.send(self.changed(change)), BAD_INPUT, "referral_ref", "profile", "area", "subjects[0].role", "subjects[0].record.subject_flags",
                  "recipients[0].agency", "recipients[0].role", "recipients[0].categories", "recipients[0].grounds")
        self.told(self.send(self.changed(lambda d: d.update(purpose=PLANTED))), BAD_INPUT, "purpose", "case.da_safety")

    def test_too_few_and_too_many(self):
        for name, size in (("recipients", 0), ("recipients", 21), ("subjects", 0), ("subjects", 31)):
            content = self.changed(lambda d, n=name, s=size: d.update({n: d[n][:1] * s}))
            self.told(self.send(content), BAD_INPUT, name)

    def test_a_unit_over_its_limit_is_named(self):
        content = self.changed(lambda d: d["subjects"][0]["record"]["identity"]["facts"][0].update(surname="Oak" * 400_000))
        self.told(self.send(content), BAD_INPUT, "PAYLOAD_REJECTED", "subject 1, identity", "1 MiB")

    def test_a_file_in_the_folder_gets_its_result_beside_it(self):
        system = self.bed.run / "agents/police.derbys/system"
        for name, content, column in (("broken.json", b'{"profile": "marac", \xff\xfe', ""), ("wrong.json", f'{{"subjects": [{{"role": ["{PLANTED}"]}}]}}'.encode(), "role"),
                                      ("other.xml", f"<{PLANTED}/>".encode(), ""), ("large.json", b" " * (33 << 20), "")):
            part = system / f"inbox/{name}.part"
            part.write_bytes(content)
            part.rename(system / f"inbox/{name}")
            result = wait_for(f"a result for {name}", lambda n=name: next(iter(system.glob(f"failed/{n}.result.json")), None))
            wait_for("the file is put away", (system / f"failed/{name}").exists)
            self.assertNotIn(PLANTED, result.read_text())
            error = json.loads(result.read_text())["errors"][0]
            self.assertTrue(error["rule"], name)
            self.assertIn(column, error["column"])


class Tables(Formats):
    """CSV under a mapping file."""

    @classmethod
    def prepare(cls):
        file = cls.bed.run / "agents/dcc.adults/agent.json"
        config = json.loads(file.read_text())
        config["handover"]["mappings"] = {".csv": str(HOME / "samples/dcc.adults/hfsv-referral.mapping.json")}
        file.write_text(json.dumps(config))

    def test_a_bad_table_gets_row_column_and_rule_beside_it(self):
        system = self.bed.run / "agents/dcc.adults/system"
        header, row = (HOME / "samples/dcc.adults/hfsv-referral.csv").read_bytes().splitlines()[:2]
        columns = header.decode().split(",")
        wrong = dict(zip(columns, next(csv.reader([row.decode()]))), surname=PLANTED, nhs_number=PLANTED, dob="31/31/2026", notes="")
        for name, content, column in (("empty.csv", b"", ""), ("header.csv", f"{PLANTED},b\n1,2\n".encode(), ""), ("quotes.csv", header + f'\n"{PLANTED}'.encode(), ""),
                                      ("octets.csv", header + b"\n\xff\xfe\0\n", ""), ("short.csv", header + f"\n{PLANTED}\n".encode(), ""),
                                      ("values.csv", header + b"\n" + ",".join(wrong[c] for c in columns).encode() + b"\n", "nhs_number")):
            part = system / f"inbox/{name}.part"
            part.write_bytes(content)
            part.rename(system / f"inbox/{name}")
            with self.subTest(name):
                result = wait_for(f"a result for {name}", lambda n=name: next(iter(system.glob(f"failed/{n}.result.json")), None)).read_text()
                self.assertNotIn(PLANTED, result)
                errors = json.loads(result)["errors"]
                self.assertTrue(errors and all(error["rule"] for error in errors), result)
                self.assertIn(column, "".join(error["column"] for error in errors))

    def system(self, mapping):
        """An agent of its own, not started by the testbed, under this mapping."""
        folder = self.bed.run / "agents/dcc.adults"
        config = json.loads((folder / "agent.json").read_text())
        config["handover"]["mappings"] = {".csv": str(self.write("mapping.json", mapping))}
        return self.run_program(BIN / "derwent-agent", "serve", "--config", self.write("agents/dcc.adults/mapped.json", json.dumps(config)))

    def test_a_wrong_mapping_is_refused_whole_before_anything_runs(self):
        good = json.loads((HOME / "samples/dcc.adults/hfsv-referral.mapping.json").read_text())
        wrong = dict(good, fields=[{"from": "a", "to": "identity.facts.nickname"}, {"from": "b", "to": "identity.facts.surname", "rule": "guess"}], suject_role="x")
        for mapping, words in (("", ["JSON"]), ("[]", ["JSON"]), (json.dumps(wrong), ["suject_role", "nickname", "unknown `rule`"]), ("{}", ["referral"])):
            out = self.system(mapping)
            with self.subTest(mapping[:30]):
                self.told(out, out.returncode, "mapping", *words)
                self.assertIn(out.returncode, (1, BAD_INPUT))


class Configuration(Formats):
    def broker(self, text):
        base = (self.bed.run / "broker/broker.yaml").read_text().replace("broker.db", "other.db").replace(f"localhost:{self.bed.port}", "localhost:0").replace("port_file: port", "port_file: other.port")
        return self.run_program(BIN / "derwent-broker", "serve", "--config", self.write("broker/other.yaml", text(base)))

    def agent(self, change):
        config = json.loads((self.bed.run / "agents/dcc.adults/agent.json").read_text())
        config["state_dir"] = "other state"
        return self.run_program(BIN / "derwent-agent", "serve", "--config", self.write("agents/dcc.adults/other.json", change(config)))

    def client(self, text):
        base = pathlib.Path(self.bed.client("police.derbys", "dpo")).read_text()
        return self.run_program(BIN / "derwent", "--config", self.write("clients/other.yaml", text(base)), "ledger", "checkpoint")

    def test_broker_yaml(self):
        keys = ["certificate", "key", "ca", "crl", "database", "log_key", "origin", "index_key", "policy", "signatories", "anchors", "quorum"]
        self.told(self.broker(lambda _: ""), BAD_INPUT, *[f"`{key}` is missing" for key in keys])
        self.told(self.broker(lambda base: base + "listen_adress: x\nworkers: many\nbundle_quorum: -1\n"), BAD_INPUT, "`listen_adress` is not a key", "`workers`", "`bundle_quorum`")
        self.told(self.broker(lambda _: "a: ["), BAD_INPUT, "not YAML", "line 1")

    def test_what_the_broker_trusts(self):
        for old, new in (("ca: ../pki/trust/ca.pem", "ca: ../nothing.pem"), ("crl: ../pki/trust/crl.pem", "crl: ../pki/trust/ca.pem"), ("anchors.json", "ca.pem"),
                         ("signatories: ../signatories", "signatories: ../pki/trust/ca.pem"), ("log_key: ../pki/broker/log.key", "log_key: ../pki/broker/tls.key")):
            with self.subTest(new):
                self.told(self.broker(lambda base, o=old, n=new: base.replace(o, n)), 1, "refuses to start", new.rsplit("/", 1)[-1])

    def test_agent_json(self):
        self.told(self.agent(lambda _: ""), BAD_INPUT, "not a JSON object")
        self.told(self.agent(lambda _: "{}"), BAD_INPUT, *[f"`{key}` is missing" for key in ("agency", "state_dir", "broker.target", "tls", "trust.ca", "trust.crl", "signing")])
        self.told(self.agent(lambda c: json.dumps({**c, "agancy": 1, "sync_millis": -5, "handover": {"folder": "x", "scan_millis": "soon"}})), BAD_INPUT,
                  "`agancy` is not known", "`sync_millis`", "`handover.scan_millis`")
        for key, file in (("crl", "none.pem"), ("first_keys", "ca.pem"), ("log_key", "ca.pem"), ("signatories", "ca.pem")):
            with self.subTest(key):
                self.told(self.agent(lambda c, k=key, f=file: json.dumps({**c, "trust": {**c["trust"], k: f"../../pki/trust/{f}"}})), 1, file)

    def test_client_yaml(self):
        self.told(self.client(lambda _: ""), BAD_INPUT, "`ca` is missing", "`certificate` is missing", "`key` is missing")
        self.told(self.client(lambda base: base + "colour: blue\n"), BAD_INPUT, "`colour` is not a key")
        self.told(self.client(lambda _: "a: ["), BAD_INPUT, "not YAML")
        self.told(self.client(lambda base: base.replace("log_vkey: ", "log_vkey: x")), BAD_INPUT, "verifier key")


class Registers(Formats):
    def test_directory_text(self):
        head = 'agency: "police.derbys"\nversion: 9\n'
        for text, words in (("", ["directory"]), ("nonsense {", ["d.txtpb:1", "nonsense"]),
                            (head + 'entries { id: "p-1" training_until: "soon" roles { role: "king" } }', ["soon", "king"])):
            file = self.write("d.txtpb", text)
            with self.subTest(text[-30:]):
                self.told(self.bed.derwent_as_agent("police.derbys", "register", "apply", file), BAD_INPUT, *words)
        out = self.bed.derwent_as_agent("police.derbys", "register", "apply", self.write("d.txtpb", head.replace("police.derbys", "dcc.adults")))
        self.told(out, 4, "own directory")

    def test_an_identifier_that_fails_its_check_digit(self):
        self.told(self.bed.derwent("police.derbys", "dpo", "register", "restrict", "--id", "nhs:9990000027", "--id", f"nhs:{PLANTED}"), BAD_INPUT, "identifiers[0]", "identifiers[1]")

    def test_policy_text_names_file_line_rule_and_suggestion(self):
        policy = self.bed.run / "bad policy"
        subprocess.run(["cp", "-R", str(HOME / "policy/derbyshire"), str(policy)], check=True)
        file = policy / "profiles/marac.txtpb"
        file.write_text(file.read_text().replace('necessary: "identity"', 'necessary: "identety"', 1).replace('senders: "police"', 'senders: "polis"', 1))
        out = self.bed.policy("check", policy)
        self.assertEqual(out.returncode, BAD_INPUT)
        self.assertRegex(out.stdout, r"profiles/marac\.txtpb:\d+: error: .*identety.*did you mean `identity`")
        self.assertRegex(out.stdout, r"profiles/marac\.txtpb:\d+: error: .*polis")


class Proofs(Formats):
    def test_a_proof_that_is_none_is_broken_and_one_too_large_is_not_read(self):
        proof = self.bed.run / "entry.tlog-proof"
        self.assertEqual(self.bed.derwent("police.derbys", "dpo", "ledger", "prove", "6", "--out", proof).returncode, 0)
        good = proof.read_text()
        for content, code in (("", 8), (PLANTED + "\n", 8), (good[:200], 8), (good.replace("index 6", "index 5"), 8), (b"\xff" * 1000, 8), ("x" * (9 << 20), BAD_INPUT)):
            for command in ("open", "verify"):
                with self.subTest((command, content[:20])):
                    self.told(self.bed.derwent("police.derbys", "dpo", "ledger", command, self.write("bad.tlog-proof", content), "--vkey", self.bed.vkey()), code)


class LostOutput(Formats):
    """What cannot be written is said, whatever the command found."""

    OFFLINE = (["--version"], ["--help"], ["referral", "--help"], ["completion", "bash"], ["policy", "check", POLICY], ["policy", "flows", POLICY], ["-o", "csv", "policy", "flows", POLICY],
               ["policy", "flows", POLICY, "--svg", "-"], ["policy", "agreement", POLICY, "marac"], ["policy", "agreement", POLICY, "marac", "--article30"],
               ["policy", "manifest", "{run}/policy"], ["policy", "diff", POLICY, POLICY], ["policy", "agreement", POLICY, "marac", "--file", "/dev/full"])
    ONLINE = (["status"], ["referral", "list"], ["-o", "json", "referral", "list", "--in"], ["request", "list"], ["request", "list", "--held"], ["request", "list", "--approvals"],
              ["-o", "json", "case", "list"], ["register", "show"], ["key", "list"], ["-o", "csv", "audit", "search"], ["-o", "jsonl", "audit", "search"], ["audit", "refusals"],
              ["audit", "show", "6"], ["ledger", "checkpoint"], ["ledger", "prove", "6"], ["ledger", "prove", "6", "--out", "/dev/full"], ["ledger", "cosignatures"], ["ledger", "verify", "--all"],
              ["referral", "plan", "--file", "{run}/plan.json"], ["request", "show", "no-such"], ["ledger", "erase", "status"])

    def test_on_a_full_device_every_command_says_so_and_fails(self):
        self.write("plan.json", json.dumps(referral_to("dcc.adults", referralRef="PLAN")))
        for words in self.OFFLINE + self.ONLINE:
            config = ["--config", self.bed.client("police.derbys", "dpo" if words in self.ONLINE else "practitioner")] if words in self.ONLINE else []
            argv = [BIN / "derwent", *config, *[str(word).replace("{run}", str(self.bed.run)) for word in words]]
            told = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=DEADLINE)
            with open("/dev/full", "w", encoding="utf-8") as full, self.subTest(words):
                out = subprocess.run([str(a) for a in argv], stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
                writes = told.stdout or "/dev/full" in words
                self.assertEqual(out.returncode, 1 if writes else told.returncode, out.stderr)
                if writes:
                    self.assertIn("cannot write", out.stderr)


class ClearErrors(Referral, Tables, Configuration, Registers, Proofs, LostOutput):
    """All of them, over one testbed."""


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(ClearErrors))
