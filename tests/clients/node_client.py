"""A Node client, sharing no code with the product, asks a real agent about a person, opens the answer and checks every receipt.

Its packages are those of node/package-lock.json, installed by `npm ci` into the build folder.
"""
import filecmp
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from checks import PromiseTest, run
from testbed import BIN, HOME, wait_for

from agency import Agency

SOURCE = pathlib.Path(__file__).resolve().parent / "node"
FOLDER = BIN.parent / "node_client"
SAMPLE = json.loads((HOME / "samples/dfrs/home-visit-request.json").read_text())
SOURCED = {"provenance": {"originSystem": "dfrs-hfsv", "originOrganisationType": "fire", "originCategory": "identity", "asAt": "2026-11-20"}}


def install():
    """The client in a folder of its own, with exactly the packages of its lock file."""
    FOLDER.mkdir(exist_ok=True)
    lock = FOLDER / "package-lock.json"
    fresh = not lock.exists() or not filecmp.cmp(lock, SOURCE / lock.name, shallow=False) or not (FOLDER / "node_modules").exists()
    for file in SOURCE.iterdir():
        if file.is_file():
            shutil.copy(file, FOLDER)
    if fresh:
        subprocess.run(["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


class NodeClient(PromiseTest):
    agencies = ["dcc.adults"]

    @classmethod
    def setUpClass(cls):
        install()
        super().setUpClass()
        (cls.bed.run / "agents/dfrs/port").write_text("0\n")  # Its agent is the client; its SPOC speaks to the broker only.
        fire = Agency(cls.bed.run, "dfrs", f"localhost:{cls.bed.port}")
        fire.publish()
        fire.publish_directory((HOME / "deploy/example/directories/dfrs.txtpb").read_text())
        wait_for("adults' services know the fire service", lambda: "dfrs" in cls.bed.derwent("dcc.adults", "dpo", "register", "show").stdout)

    def test_asks_opens_the_answer_and_checks_every_receipt(self):
        done = self.ask(["household", "vulnerability.flag", "health.physical"])
        self.assertEqual(done["asked"]["outcome"], "SUBMIT_OUTCOME_STORED", done)
        answer = done["answer"]
        self.assertGreater(answer["receipts"], 0)
        units = {unit["category"]: json.dumps(unit) for unit in answer["units"]}
        self.assertIn("OXYGEN", units["vulnerability.flag"].upper())
        self.assertIn("household", units)
        self.assertNotIn("health.physical", units)
        self.assertNotIn("lung disease", json.dumps(done))
        why = {part["category"]: part for part in answer["answers"]}
        self.assertEqual((why["health.physical"]["outcome"], why["health.physical"]["reasons"]), ("WITHHELD", ["GROUND_NOT_ASSERTED"]))

    def ask(self, categories):
        opened = self.bed.derwent("dfrs", "spoc", "-o", "json", "case", "open", "--profile", SAMPLE["profile"], "--area", SAMPLE["area"])
        self.assertEqual(opened.returncode, 0, opened.stderr)
        facts = [{**fact, **SOURCED} for fact in SAMPLE["selector"]["identity"]["facts"]]
        places = [{**fact, "provenance": {**SOURCED["provenance"], "originCategory": "location.current"}} for fact in SAMPLE["selector"]["locationCurrent"]["facts"]]
        job = {"proto": str(HOME / "proto"), "pki": str(self.bed.run / "pki"), "agency": "dfrs", "target": f"localhost:{self.bed.port}", "vkey": self.bed.vkey(),
               "question": {"profile": SAMPLE["profile"], "purpose": "case.fire_safety", "area": SAMPLE["area"], "caseId": re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened.stdout).group()},
               "holder": "dcc.adults", "person": "p-23f9a8", "role": SAMPLE["role"], "subjectRole": SAMPLE["subjectRole"], "categories": categories, "grounds": SAMPLE["grounds"],
               "justification": SAMPLE["justification"], "selector": {"identity": {"identity": {"facts": facts}}, "location.current": {"locationCurrent": {"facts": places}}}}
        file = self.bed.run / "job.json"
        file.write_text(json.dumps(job))
        out = subprocess.run(["node", "request.mjs", file], cwd=FOLDER, capture_output=True, text=True, timeout=150)
        self.assertEqual(out.returncode, 0, out.stderr)
        return json.loads(out.stdout)


if __name__ == "__main__":
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        print(f"skipped: {' and '.join(missing)} not found; Debian's packages are nodejs and npm\n0 passed, 0 failed")
        sys.exit(0)
    run(unittest.defaultTestLoader.loadTestsFromTestCase(NodeClient))
