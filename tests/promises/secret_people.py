"""People about whom it is a secret that a holder knows them, each known in one way, and a thematic lead who asks about them."""
import functools
import json
import os
import re
import sqlite3
from contextlib import closing

os.environ["DERWENT_ANSWER_SLOT"] = "3s"  # Read when the testbed lays out its policy.
from checks import PromiseTest  # noqa: E402
from testbed import HOME, wait_for  # noqa: E402

ASKER, LEAD = "dcc.community_safety", "thematic_lead"
HOLDERS = ("dcc.adults", "cbc")
SITUATIONS = ("nobody", "twins", "restricted", "flagged", "vetoed", "refused", "refused late", "silent")
FLAGS = {"restricted": "Y", "flagged": "E"}  # As the holders' systems write limited access, and erasure that is due.
SEED = int(os.environ.get("DERWENT_SEED", 20261124))
SAMPLE = json.loads((HOME / "samples/dcc.community_safety/cuckooing-request.json").read_text())


class Person:
    """One made-up person, known to each holder in one way. Names of one length, no two alike."""

    def __init__(self, number):
        self.number = number
        self.given = "".join(("BDFGHKLMNPRSTVWZ"[number % 16], "aeiou"[number % 5], "dklmnrst"[number % 8], "aeo"[number % 3], "nrsl"[number // 16 % 4]))
        self.surname = "".join(("TLMSRDBG"[number // 8 % 8], "uoiea"[number // 5 % 5], "lmnrst"[number % 6], "b", "aeiou"[number // 3 % 5], "ck"))
        self.born = f"{1930 + number % 71:04d}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        self.place, self.postcode = f"{number + 1:03d} Harebell Close", "S43 3XX"
        self.at = {"dcc.adults": SITUATIONS[number % len(SITUATIONS)], "cbc": SITUATIONS[(number + number // len(SITUATIONS)) % len(SITUATIONS)]}

    def record(self, n=0):
        return f"Q-{self.number:03d}-{n}"

    def rows(self, holder):
        situation = self.at[holder]
        known = 0 if situation == "nobody" else 2 if situation == "twins" else 1
        kind, flag = ("ASB" if holder == "cbc" else "ASC"), FLAGS.get(situation, "N")
        return [f'{self.record(n)},{kind},2026-06-30,,open,{self.given},{self.surname},{self.born},,"{self.place}, Staveley",{self.postcode},,tenant,,,J. Tansley,,{flag},'
                for n in range(known)]

    def selector(self):
        return {"dateOfBirth": self.born, "identity": {"facts": [{"givenNames": [self.given], "surname": self.surname, "dateOfBirth": self.born}]},
                "locationCurrent": {"facts": [{"place": {"lines": [self.place], "town": "Staveley", "postcode": self.postcode}}]}}


class SecretPeople(PromiseTest):
    agencies = [ASKER, *HOLDERS]

    @classmethod
    def know(cls, people):
        """The holders' own systems hold them, before anything starts."""
        cls.bed.client = functools.cache(cls.bed.client)  # Threads share the files it writes.
        with open(cls.bed.run / "broker/broker.yaml", "a") as config:
            config.write("holders_a_day: 5000\n")
        for holder in HOLDERS:
            file = cls.bed.run / f"agents/{holder}/system/register/case.csv"
            file.write_text(file.read_text() + "".join(row + "\n" for person in people for row in person.rows(holder)))

    def veto(self, people):
        """Each holder's officer says of some that nothing goes."""
        for holder in HOLDERS:
            self.assertNotIn("was left out", (self.bed.run / f"{holder}.log").read_text(), "each of them is held")
            vetoed = [person.record() for person in people if person.at[holder] == "vetoed"]
            self.assertGreater(len(vetoed), 0)
            for at in range(0, len(vetoed), 8):  # At most 8 in one.
                some = vetoed[at:at + 8]
                done = self.bed.derwent(holder, "dpo", "register", "restrict", *(word for record in some for word in ("--record", record)))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"the person of {len(some)} record", done.stderr)
                self.assertNotIn("CHECK THE REFERENCE", done.stderr)

    def ask(self, person, holders=HOLDERS, refuse=True):
        """Sends the request; who refuses in time does so."""
        file = self.bed.run / f"request-{person.number:03d}.json"
        file.write_text(json.dumps({**SAMPLE, "requestRef": f"R-{person.number:03d}", "caseId": self.case(), "selector": person.selector(), "holders": list(holders)}))
        sent = self.bed.derwent(ASKER, LEAD, "-o", "json", "request", "send", "--file", file)
        self.assertEqual(sent.returncode, 9, sent.stderr + sent.stdout)
        answered = json.loads(sent.stdout)
        person.request, person.slot = answered["requestId"], answered.get("answerTime")
        for holder in holders:
            if refuse and person.at[holder] == "refused":
                self.refuse(holder, person.request)

    def case(self):
        cls = type(self)
        if not hasattr(cls, "opened"):
            opened = self.bed.derwent(ASKER, "spoc", "-o", "json", "case", "open", "--profile", "tb.soce", "--board", "tb.soce", "--area", SAMPLE["area"])
            self.assertEqual(opened.returncode, 0, opened.stderr)
            cls.opened = re.search(r"[0-9a-f-]{36}", opened.stdout).group()
        return cls.opened

    def refuse(self, holder, request):
        approval = wait_for(f"{holder} asks its SPOC", lambda: self.rows(holder, "agent.db", "select approval_id from approvals where cast(request_id as text) = ? and cast(state as text) = 'WAITING'", request))[0][0]
        refused = self.bed.derwent(holder, "spoc", "request", "refuse", text(approval), "--reason", "NOT_NECESSARY")
        self.assertEqual(refused.returncode, 0, refused.stderr)

    def rows(self, agency, file, query, *values):
        """What lies in an agent's own state."""
        with closing(sqlite3.connect(f"file:{self.bed.run}/agents/{agency}/state/{file}?mode=ro", uri=True)) as db:
            return db.execute(query, values).fetchall()


def text(value):
    return value.decode() if isinstance(value, bytes) else value
