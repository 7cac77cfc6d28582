#!/usr/bin/env python3
"""The benchmark's rule files: what it decides is checked against every rule looked at, and a wrong file is named.

usage: rules_test.py derwent_policy_bench
"""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
BENCH = sys.argv.pop()


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run([sys.executable, HERE / "make_rules.py", "--requests", "500"], check=True,
                              stdout=subprocess.PIPE)
        cls.made = json.loads(made.stdout)

    def bench(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "rules.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            return subprocess.run([BENCH, "--rules", path], capture_output=True, text=True, check=False)

    def test_every_request_comes_out_as_expected_without_allocating(self):
        ran = self.bench(self.made)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("400 rules, 500 requests: 500 with the expected outcome and rule ids", ran.stdout)
        self.assertIn("allocated 0 times", ran.stdout)

    def test_a_wrong_outcome_or_rule_id_fails(self):
        for field, value in (("outcome", "permit"), ("rules", ["r000"])):
            wrong = copy.deepcopy(self.made)
            request = next(r for r in wrong["requests"] if r["expect"]["outcome"] == "refer")
            request["expect"][field] = value
            ran = self.bench(wrong)
            self.assertEqual(ran.returncode, 1, field)
            self.assertIn("499 with the expected", ran.stdout)

    def test_a_malformed_file_is_named(self):
        def without(what, field):
            wrong = copy.deepcopy(self.made)
            del wrong[what][0][field]
            return wrong
        unknown = copy.deepcopy(self.made)
        unknown["rules"][1]["effect"] = "allow"
        twice = copy.deepcopy(self.made)
        twice["rules"][1]["id"] = twice["rules"][0]["id"]
        for content, said in ((without("rules", "id"), "rule 1 has no text `id`"),
                              (without("requests", "giver"), "request 1 has no text `giver`"),
                              (without("requests", "expect"), "request 1: expect is no object"),
                              (unknown, "rule 2 `effect` is not permit"), (twice, "rule 2 has no id of its own"),
                              ("[", "no JSON object"), ("{}", "`rules` is no list")):
            ran = self.bench(content)
            self.assertEqual(ran.returncode, 2, said)
            self.assertIn(said, ran.stderr)


if __name__ == "__main__":
    unittest.main()
