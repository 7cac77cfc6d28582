"""A person's rights reach everybody who had their data (brief D.2, I7). Adults' services told the police of a resident by a referral and the
fire service by an answer; the police passed on to the fire service what adults had told them. Restricting it reaches all three, each by who told
them; one left out stops it, a wrong role cannot say it; what is restricted neither goes onward nor is opened; the answers come back; who
gives none is chased. No name is at the broker, and the ledger stays whole."""
import contextlib
import hashlib
import json
import re
import sqlite3
import unittest

from checks import PromiseTest, run
from testbed import HOME, wait_for

ADULTS, POLICE, FIRE = "dcc.adults", "police.derbys", "dfrs"
PERSON, RECORD = "nhs:9990010072", "ASC-40011"
NAMES = ("Hadfield", "Elsie", "9990010072", "Sample Terrace")
VISIT = json.loads((HOME / "samples/dfrs/home-visit-request.json").read_text())
WEEK = 7 * 24 * 3600 * 1000


def provenance(system, kind, **more):
    return {"originSystem": system, "originOrganisationType": kind, "nature": "FACT_NATURE_FACT", "asAt": "2026-11-20", **more}


def victim(told, reference="", identified=False):
    """The resident as an agency refers her; `told`: where its incident comes from."""
    own = provenance("register", told["originOrganisationType"])
    document = {**({"recordRef": reference} if reference else {}), "dateOfBirth": "1951-04-30",
                "identity": {"facts": [{"provenance": own, "givenNames": ["Elsie"], "surname": "Hadfield", "dateOfBirth": "1951-04-30"}]},
                "incident": {"facts": [{"provenance": told, "occurredAt": "2026-11-20T22:10"}]}}
    if identified:
        document["identifier"] = {"facts": [{"provenance": own, "type": "IDENTIFIER_TYPE_NHS", "value": "9990010072", "check": "IDENTIFIER_CHECK_VERIFIED"}]}
    return document


def marac(reference, recipient, record):
    return {"referralRef": reference, "profile": "marac", "purpose": "case.da_safety", "area": "E07000034",
            "justification": "High risk: each agency needs its part to make the home safe.",
            "subjects": [{"role": "victim", "record": record}],
            "recipients": [{"agency": recipient, "role": "practitioner"}]}


def row_check(*values):
    """The check of a stored row (broker/store/sqlite/row_check.cc)."""
    octets = b""
    for value in values:
        kind, data = ((1, value.to_bytes(8, "big", signed=True)) if isinstance(value, int) else (5, b"") if value is None else
                      (3, value.encode()) if isinstance(value, str) else (4, value))
        octets += bytes([kind]) + len(data).to_bytes(8, "big") + data
    return hashlib.sha256(octets).digest()[:8]


class Rights(PromiseTest):
    agencies = [ADULTS, POLICE, FIRE]

    def ask(self, agency, *words, code=0, person="dpo"):
        done = self.bed.derwent(agency, person, *words)
        self.assertEqual(done.returncode, code, done.stdout[-800:] + done.stderr)
        return done

    def rows(self, agency, *words, code=0, person="dpo"):
        return json.loads(self.ask(agency, "-o", "json", *words, code=code, person=person).stdout or "[]")

    def send(self, agency, document, code=0):
        file = self.bed.run / "referral.json"
        file.write_text(json.dumps(document))
        return self.ask(agency, "-o", "json", "referral", "send", "--file", file, code=code, person="practitioner")

    def shared(self, agency, document, recipient):
        """The share by which it went, once its recipient has it."""
        shares = json.loads(self.send(agency, document, code=9).stdout)["shares"]
        share = next(s["shareId"] for s in shares if s["state"] == "STORED")
        wait_for(f"{recipient} has it", lambda: share in self.bed.handovers(recipient))
        return share, shares

    def onward(self, reference):
        document = marac(reference, FIRE, victim(provenance("asc", "police", receivedShareId=self.referral)))
        document["subjects"][0]["role"] = "resident"
        document["recipients"][0]["grounds"] = ["fire_safety.incident"]
        return {**document, "profile": "fire_safety", "purpose": "case.fire_safety"}

    def events(self, agency):
        listed = self.bed.derwent(agency, "dpo", "-o", "json", "rights", "list")
        return json.loads(listed.stdout or "[]")

    def received(self, agency, event):
        wait_for(f"{agency} was told", lambda: [row for row in self.events(agency) if row["event"] == event])
        return self.rows(agency, "rights", "show", event, code=9)

    def standing(self, event):
        return {row["to"]: (row["state"], row["answer"]) for row in json.loads(self.bed.derwent(ADULTS, "dpo", "-o", "json", "rights", "show", event).stdout)}

    def test_1_three_are_given_the_persons_data(self):
        type(self).referral, _ = self.shared(ADULTS, marac("ASC-R-1", POLICE, victim(provenance("asc", "council_upper"), RECORD, identified=True)), POLICE)
        _, shares = self.shared(POLICE, self.onward("RMS-R-1"), FIRE)
        waits = next(s for s in shares if s["state"] == "PENDING")
        approvals = wait_for("adults are asked", lambda: self.rows(ADULTS, "request", "list", "--approvals", person="spoc"))
        self.ask(ADULTS, "request", "approve", approvals[0]["approval"], person="spoc")
        wait_for("fire have what adults told the police", lambda: waits["shareId"] in self.bed.handovers(FIRE))
        type(self).passed_on = waits["shareId"]
        opened = self.ask(FIRE, "-o", "json", "case", "open", "--profile", VISIT["profile"], "--area", VISIT["area"], person="spoc").stdout
        file = self.bed.run / "request.json"
        file.write_text(json.dumps({**VISIT, "caseId": re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened).group()}))
        asked = json.loads(self.ask(FIRE, "-o", "json", "request", "send", "--file", file, code=9, person="practitioner").stdout)["requestId"]
        self.answered = lambda: json.loads(self.bed.derwent(FIRE, "practitioner", "-o", "json", "request", "show", asked).stdout).get("answers")
        type(self).answer = wait_for("fire were answered", self.answered)[0]["shareId"]
        type(self).asked = asked

    def test_2_whom_the_agent_forgets_the_ledger_knows_and_nobody_is_told(self):
        agent = self.bed.agents[ADULTS]
        agent.stop()
        with contextlib.closing(sqlite3.connect(self.bed.run / f"agents/{ADULTS}/state/agent.db")) as db:
            kept = db.execute("select * from given where share_id = ?", (self.answer.encode(),)).fetchall()
            self.assertEqual(len(kept), 1)
            db.execute("delete from given where share_id = ?", (self.answer.encode(),))
            db.commit()
        agent.start().ready()
        self.bed.wait_ready()
        refused = self.ask(ADULTS, "rights", "notify", "--type", "restriction", "--id", PERSON, code=6)
        self.assertIn("RECIPIENT_LEFT_OUT", refused.stderr)
        self.assertIn(self.answer, refused.stderr)
        for name in NAMES:
            self.assertNotIn(name, refused.stderr)
        self.assertEqual(self.bed.entered("rights_notice"), 0)
        self.assertGreater(self.bed.entered("refused_call"), 0)
        self.assertEqual(self.events(POLICE), [])
        agent.stop()
        with contextlib.closing(sqlite3.connect(self.bed.run / f"agents/{ADULTS}/state/agent.db")) as db:
            db.execute(f"insert into given values ({','.join('?' * len(kept[0]))})", kept[0])
            db.commit()
        agent.start().ready()
        self.bed.wait_ready()

    def test_3_only_who_handles_rights_says_it(self):
        for agency, words in ((ADULTS, ("notify", "--type", "restriction", "--id", PERSON)), (POLICE, ("list",))):
            self.ask(agency, "rights", *words, code=4, person="practitioner")
        self.assertEqual(self.bed.entered("rights_notice"), 0)

    def test_4_everybody_is_told_by_who_told_them(self):
        told = self.rows(ADULTS, "rights", "notify", "--type", "restriction", "--id", PERSON, code=9)
        self.assertEqual({(row["to"], row["share"], row["state"]) for row in told},
                         {(POLICE, self.referral, "WAITING"), (FIRE, self.answer, "WAITING")})
        type(self).event = told[0]["event"]
        self.assertEqual(self.bed.entered("rights_notice"), 2)
        self.received(FIRE, self.event)
        onward = [row for row in self.received(POLICE, self.event) if row["type"] == "onward"]
        self.assertEqual([(row["to"], row["share"], row["state"]) for row in onward], [(FIRE, self.passed_on, "NOT_TOLD")])
        early = self.ask(POLICE, "rights", "answer", self.event, "--outcome", "DONE", code=6)
        self.assertIn("ONWARD_NOT_TOLD", early.stderr)
        passed = self.rows(POLICE, "rights", "notify", "--type", "restriction", "--because", self.event, code=9)
        self.assertEqual([(row["to"], row["share"]) for row in passed], [(FIRE, self.passed_on)])
        type(self).second = passed[0]["event"]
        self.received(FIRE, self.second)
        entry = self.rows(ADULTS, "audit", "search", "--step", "rights_notice")[0]
        self.assertEqual((entry["purpose"], entry["outcome"]), ("rights.subject", "PERMIT"))
        shown = self.ask(ADULTS, "audit", "show", entry["index"]).stdout
        self.assertIn("Route: RIGHTS_EVENT", shown)
        self.assertIn("the broker's part comes out the same", shown)

    def test_5_what_is_restricted_is_stored_only(self):
        refused = self.send(POLICE, self.onward("RMS-R-2"), code=2)
        self.assertIn("restriction", refused.stderr)
        closed = self.ask(POLICE, "referral", "show", self.referral, code=3, person="practitioner")
        self.assertIn("SUBJECT_RESTRICTED", closed.stderr)
        answers = self.rows(FIRE, "request", "show", self.asked, person="practitioner")["answers"]
        self.assertEqual([unit["content"]["category"] for unit in answers[0].get("units", [])], [])
        self.ask(POLICE, "rights", "allow", self.event, "--ground", "RIGHTS_OF_ANOTHER", code=9)
        self.ask(POLICE, "referral", "show", self.referral, person="practitioner")
        self.send(POLICE, self.onward("RMS-R-3"), code=2)

    def test_6_the_answers_come_back(self):
        self.ask(POLICE, "rights", "answer", self.event, "--outcome", "DONE")
        self.ask(FIRE, "rights", "answer", self.event, "--outcome", "DECLINED", code=2)
        wait_for("the police's answer came", lambda: self.standing(self.event).get(POLICE) == ("ANSWERED", "DONE"))
        self.assertEqual(self.standing(self.event)[FIRE], ("WAITING", ""))
        self.ask(POLICE, "rights", "answer", self.event, "--outcome", "NOT_HELD", code=6)

    def test_7_who_does_not_answer_is_chased(self):
        self.bed.broker.stop()
        with contextlib.closing(sqlite3.connect(self.bed.run / "broker/broker.db")) as db:
            db.create_function("row_check", -1, row_check, deterministic=True)
            moved = db.execute("update rights_notice set chase_ms = chase_ms - ? where chase_ms is not null and event_id = ?", (WEEK, self.event))
            self.assertEqual(moved.rowcount, 1)
            db.commit()
        self.bed.broker.start().ready()
        wait_for("it is entered", lambda: self.bed.entered("rights_unanswered") == 1)
        for agency in (ADULTS, FIRE):
            wait_for(f"{agency} hears of it", lambda a=agency: "RIGHTS_UNANSWERED" in self.bed.derwent(a, "dpo", "status").stdout)
        self.ask(FIRE, "rights", "answer", self.event, "--outcome", "DECLINED", "--reason", "LEGAL_CLAIMS")
        wait_for("fire's answer came", lambda: self.standing(self.event)[FIRE] == ("ANSWERED", "DECLINED LEGAL_CLAIMS"))
        self.ask(ADULTS, "rights", "show", self.event)

    def test_8_lifted_it_may_be_used_again(self):
        lifted = self.rows(ADULTS, "rights", "notify", "--type", "restriction-lifted", "--record", RECORD, code=9)
        self.assertIn(POLICE, {row["to"] for row in lifted})
        self.received(POLICE, lifted[0]["event"])
        self.ask(POLICE, "referral", "show", self.referral, person="practitioner")
        self.assertNotIn("restriction", self.bed.derwent(POLICE, "practitioner", "referral", "send", "--file", self.bed.run / "referral.json").stderr)

    def test_9_no_name_is_at_the_broker_and_the_ledger_is_whole(self):
        for file in [self.bed.broker.log, *(self.bed.run / "broker").glob("broker.db*")]:
            for name in NAMES:
                self.assertNotIn(name.encode(), file.read_bytes(), file)
        for log in self.bed.agents.values():
            for name in NAMES:
                self.assertNotIn(name, log.log.read_text(), log.name)
        self.ask(ADULTS, "ledger", "verify", "--all")
        self.bed.broker.stop()
        self.assertEqual(self.bed.fsck()[0], 0, self.bed.fsck()[1])


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Rights))
