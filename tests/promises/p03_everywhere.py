"""P03: the broker is blind. Words planted in every record are found in nothing the broker keeps, logs, shows or holds in memory,
nor in any traffic it could decrypt: a recording proxy with the broker's key and each caller's stands between them, persons' calls too.

They are planted in every text of every category, and come by every way in: a referral as JSON and as a system's export (CSV), notes, a
request's selector and justification, the holder's own register, approvals and refusals, an emergency, a person's rights, holds and erasures,
officers' looks, and in wrong places on all of these, where they are refused. Memory is looked at after each.

Not of the ordinary run: it takes minutes, and what it finds in memory and traffic is not looked into yet.
"""
import base64
import functools
import json
import os
import pathlib
import re
import time
import unittest

from checks import PromiseTest, run
from marked_record import DATE, MARK, Marked
from testbed import HOME, WITHOUT_THE_CHILDS_SHARE, wait_for
from tls_proxy import TlsProxy, bits, huffman_bits

POLICE, ADULTS, PROVIDER, FIRE = "police.derbys", "dcc.adults", "da.provider", "dfrs"
FORENAME, SURNAME, STREET = f"{MARK}forename", f"{MARK}surname", f"{MARK}street"
PLANTED = ["Oakshott", "Renshaw", "Maren", "Isolde", "Quillfeather", "Tanglewick", "Larkspur", "07700900123", "9990000026", "9990000107", "9990000476", "9990010072",
           "1992-06-14", "2020-03-02", "High risk on the checklist", "Kestrelwharf note", "Hadfield", "Sample Terrace", "ASC-49999", MARK, DATE]
UNFIT = "Ygrmarkunfit"  # In place of codes that the caller's side passes on unchecked: a board, a request's purpose, what an officer searches for.
RECORD = "ASC-49999"
REGISTER = {  # A person of the holder's own system, planted in every column that is text.
    "case.csv": f'{RECORD},ASC,2025-12-01,,open,{FORENAME},{SURNAME},{DATE},100030012345,"7 {STREET}, Belper",DE56 1XX,,tenant,LIVES_ALONE;OXYGEN,,{MARK}officer,{MARK}team,N,{MARK}notes',
    "condition.csv": f"{RECORD},13645005,{MARK}condition,2025-12-01", "household.csv": f"{RECORD},1,Y,N,2025-12-01", "home_safety.csv": f"{RECORD},oxygen,Y,,2026-01-15"}
SELECTOR = {"dateOfBirth": DATE, "identity": {"facts": [{"givenNames": [FORENAME], "surname": SURNAME, "dateOfBirth": DATE}]},
            "locationCurrent": {"facts": [{"place": {"lines": [f"7 {STREET}"], "town": "Belper", "postcode": "DE56 1XX"}}]}}
VISIT = {**json.loads((HOME / "samples/dfrs/home-visit-request.json").read_text()), "selector": SELECTOR, "justification": f"{MARK}justification",
         "grounds": ["fire_safety.household", "fire_safety.health.physical"]}
STEPS = {"plan", "referral", "collection", "acknowledgement", "progress", "request", "answer", "supplement", "approval_used", "emergency", "emergency_answer",
         "rights_notice", "rights_answer", "hold", "read", "refused_call", "case_opened"}


def forms(planted):
    """How a planted value may stand in octets: plain, percent-coded, UTF-16, and in base64 at each of its three alignments."""
    plain = planted.encode()
    if len(plain) < 8:
        return [plain, planted.encode("utf-16-le")]  # Base64 of so little stands anywhere by chance.
    coded = [base64.b64encode(b"\0" * shift + plain)[(0, 2, 3)[shift]:][:len(plain) * 4 // 3 - 2].rstrip(b"=") for shift in range(3)]
    return [plain, plain.replace(b" ", b"%20"), planted.encode("utf-16-le"), *coded]


FORMS = {planted: forms(planted) for planted in PLANTED}


def found_in(octets, planted=PLANTED):
    return [p for p in planted if any(form in octets for form in FORMS[p])]


def touched(pid):
    """(where, octets) of what the process may write and has ever touched: bit 63 or 62 of a page's entry (proc(5), pagemap)."""
    page = os.sysconf("SC_PAGE_SIZE")
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/pagemap", "rb", 0) as pages:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            pages.seek(start // page * 8)
            there = bytes(b"\0\1"[entry >> 6 != 0] for entry in pages.read((end - start) // page * 8)[7::8])
            for run in re.finditer(b"\1+", there):
                memory.seek(start + run.start() * page)
                try:
                    yield span, memory.read(len(run.group()) * page)
                except OSError:
                    continue  # It was given back meanwhile.


class Ways:
    """Each method is a way in; what it brings is full of planted words."""

    def __init__(self, bed):
        self.bed, self.marked = bed, Marked()
        self.calls = 0

    def ask(self, agency, role, *words):
        """What must come through: what stays in the caller's agent plants nothing."""
        done = self.try_to(agency, role, *words)
        assert done.returncode in (0, 9), f"{words}: {done.returncode} {done.stderr}"
        return done

    def try_to(self, agency, role, *words):
        self.calls += 1
        return self.bed.derwent(agency, role, "-o", "json", *words)

    def file(self, document):
        file = self.bed.run / "planted.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file

    def sample_referral(self):
        document = json.loads((HOME / "samples/police.derbys/da-referral.json").read_text())
        document["recipients"] = [r for r in document["recipients"] if r["agency"] in (ADULTS, PROVIDER)]
        document.update(WITHOUT_THE_CHILDS_SHARE)
        self.ask(POLICE, "practitioner", "referral", "send", "--file", self.file(document))
        wait_for("the share was handed over", lambda: self.bed.handovers(PROVIDER))

    def every_category(self):
        """As JSON by the command line, then in a file of the agency's system: each category held, whatever policy makes of it."""
        for number in range(2):
            before = set(self.bed.handovers(PROVIDER))
            document = self.marac(f"{MARK}ref{number}", "victim")
            if number == 0:
                self.ask(POLICE, "practitioner", "referral", "send", "--file", self.file(document))
            else:
                self.bed.drop({**document, "referralRef": "dropped", "actingPerson": "p-4c1e07"})
            wait_for("it was handed over", lambda b=before: set(self.bed.handovers(PROVIDER)) - b)
        for row in wait_for("the chair is asked", lambda: self.approvals(POLICE, "marac_chair")):
            self.ask(POLICE, "marac_chair", "request", "approve", row["approval"])

    def marac(self, reference, subject):
        profile = (HOME / "policy/derbyshire/profiles/marac.txtpb").read_text()
        conditional = re.findall(r'conditional \{ category: "([a-z_.]+)"', profile)
        grounds = [f"marac.{category}" for category in conditional]
        return {"referralRef": reference, "profile": "marac", "purpose": "case.da_safety", "area": "E07000034", "justification": f"{MARK}justification",
                "subjects": [{"role": subject, "record": self.marked.record()}],
                "recipients": [{"agency": ADULTS, "role": "practitioner", "grounds": grounds}, {"agency": PROVIDER, "role": "idva", "grounds": grounds}]}

    def an_export(self):
        rows = (HOME / "samples/dcc.adults/hfsv-referral.csv").read_text().splitlines()
        planted = f'{MARK}id,2026-03-02T10:05:00Z,{FORENAME},{SURNAME},{DATE},999 001 0072,07700900456,Y,7 {STREET},Belper,de561xx,100030012345,1,Y,"{MARK}notes, ""quoted"""'
        broken = f"{MARK}id2,{MARK}when,{FORENAME},{SURNAME},{MARK}born,{MARK}nhs,,{MARK}safe,{STREET},,{MARK}postcode,{MARK}uprn,{MARK},{MARK},"
        inbox = self.bed.run / f"agents/{ADULTS}/system/inbox"
        part = inbox / "hfsv-referral.csv.part"
        part.write_text("\n".join([rows[0], planted, broken, ""]))
        part.rename(inbox / "planted-hfsv-referral.csv")
        wait_for("fire have the export's", lambda: self.bed.handovers(FIRE))

    def notes(self):
        shares = sorted(self.bed.handovers(PROVIDER))
        self.ask(PROVIDER, "idva", "referral", "accept", shares[0], "--note", "Kestrelwharf note")
        self.ask(PROVIDER, "idva", "referral", "close", shares[0], "--outcome", "ACTIONS_COMPLETE", "--note", f"{MARK}close")
        self.try_to(PROVIDER, "idva", "referral", "decline", shares[1], "--reason", "ALREADY_KNOWN", "--note", f"{MARK}decline")
        mine = json.loads(self.ask(POLICE, "practitioner", "referral", "list").stdout)
        self.ask(POLICE, "practitioner", "referral", "withdraw", mine[0]["share"], "--reason", "SENT_IN_ERROR")

    def a_request(self):
        opened = self.ask(FIRE, "spoc", "case", "open", "--profile", VISIT["profile"], "--area", VISIT["area"]).stdout
        self.case = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", opened).group()
        asked = []
        for number in range(2):
            sent = self.ask(FIRE, "practitioner", "request", "send", "--file", self.file({**VISIT, "requestRef": f"{MARK}request{number}", "caseId": self.case}))
            asked.append(json.loads(sent.stdout)["requestId"])
            approval = wait_for("the SPOC is asked", lambda: self.approvals(ADULTS, "spoc"))[0]["approval"]
            words = ("approve", approval, "--ground", "gw.consent_confidence") if number == 0 else ("refuse", approval, "--reason", "NOT_NECESSARY")
            self.ask(ADULTS, "spoc", "request", *words)
            wait_for("it is answered", lambda: self.answers(FIRE, "practitioner", asked[-1]) >= 2 - number)
        self.try_to(FIRE, "practitioner", "request", "cancel", asked[1], "--reason", "SENT_IN_ERROR")

    def an_emergency(self):
        people = (HOME / "certs-example/people.txt").read_text().splitlines()
        second = next(line.split()[1] for line in people if line.split()[:1] == [POLICE] and line.split()[2] == "spoc")
        base = self.bed.run / "pki/agencies" / POLICE / "people" / second
        asked = {**VISIT, "requestRef": f"{MARK}emergency", "profile": "tb.ncasb", "grounds": [], "categories": ["identity", "location.current"]}
        done = self.ask(POLICE, "duty_officer", "emergency", "request", "--file", self.file(asked), "--second-certificate", f"{base}.pem", "--second-key", f"{base}.key")
        request = json.loads(done.stdout)[0]["request"]
        wait_for("it is answered", lambda: self.answers(POLICE, "duty_officer", request) >= 1)
        self.ask(POLICE, "dpo", "emergency", "review", json.loads(self.ask(POLICE, "dpo", "emergency", "list").stdout)[0]["emergency"], "--justified")

    def rights(self):
        told = self.ask(ADULTS, "dpo", "rights", "notify", "--type", "restriction", "--record", RECORD)
        event = json.loads(told.stdout)[0]["event"]
        wait_for("fire are told", lambda: event in self.ask(FIRE, "dpo", "rights", "list").stdout)
        self.ask(FIRE, "dpo", "rights", "answer", event, "--outcome", "DONE")
        self.try_to(ADULTS, "dpo", "rights", "notify", "--type", "restriction", "--id", "nhs:9990010072")
        self.ask(ADULTS, "dpo", "register", "restrict", "--record", RECORD, "--id", "nhs:9990010072")

    def holds_and_erasures(self):
        mine = json.loads(self.ask(POLICE, "dpo", "audit", "search", "--step", "referral").stdout)
        entry = mine[0]["index"]
        self.ask(POLICE, "dpo", "ledger", "hold", "place", "--entry", entry, "--reason", "COMPLAINT")
        self.try_to(POLICE, "dpo", "ledger", "hold", "place", "--entry", entry, "--reason", f"{MARK}reason")
        for reason in ("RIGHT_TO_ERASURE", f"{MARK}reason"):
            self.try_to(POLICE, "dpo", "ledger", "erase", "request", "--entry", mine[-1]["index"], "--reason", reason)

    def looks(self):
        self.ask(POLICE, "dpo", "audit", "person", "--id", "nhs:9990000026")
        self.try_to(ADULTS, "dpo", "audit", "person", "--record", RECORD)
        self.ask(POLICE, "dpo", "audit", "show", json.loads(self.ask(POLICE, "dpo", "audit", "search").stdout)[0]["index"])
        for option in ("--id", "--person", "--share", "--purpose", "--agency", "--board", "--category", "--reason", "--step", "--agreement"):
            self.try_to(POLICE, "dpo", "audit", "search", option, f"nhs:{MARK}" if option == "--id" else UNFIT)
        self.try_to(POLICE, "dpo", "audit", "looked", "--person", UNFIT)

    def wrong_places(self):
        """What the caller's own agent refuses, or must not pass on as it is."""
        good = self.marac("wrong", "victim")
        for field in ("area", "purpose", "profile", "board", "actingPerson"):
            self.try_to(POLICE, "practitioner", "referral", "send", "--file", self.file({**good, "referralRef": f"wrong {field}", field: UNFIT if field == "board" else f"{MARK}{field}"}))
        subject, recipient = good["subjects"][0], good["recipients"][0]
        for number, change in enumerate((
                {"subjects": [{**subject, "role": MARK}]}, {"subjects": [{**subject, "record": {**subject["record"], "subjectFlags": [MARK]}}]},
                {"subjects": [{**subject, "record": {**subject["record"], "dateOfBirth": MARK}}]}, {"recipients": [{**recipient, "role": MARK}]},
                {"subjects": [{**subject, "record": {**subject["record"], "statutoryFieldset": {"facts": [{"fieldset": MARK, "fields": [{"name": MARK, "value": MARK}]}]}}}]},
                {"recipients": [{**recipient, "grounds": [MARK]}]}, {"recipients": [{**recipient, "categories": [MARK]}]}, {"recipients": [{**recipient, "agency": MARK}]},
                {MARK: MARK}, {"supersedesShareId": MARK}, {"companionChildReferral": False, "companionChildReason": MARK})):
            self.try_to(POLICE, "practitioner", "referral", "send", "--file", self.file({**good, "referralRef": f"wrong {number}", **change}))
        self.try_to(POLICE, "practitioner", "referral", "send", "--file", self.file(json.dumps(good)[:-40]))
        for field in ("area", "purpose", "profile", "board", "role", "subjectRole", "caseId", "step", "holders", "categories", "grounds"):
            value = [MARK] if field in ("holders", "categories", "grounds") else UNFIT if field in ("board", "purpose") else MARK
            self.try_to(FIRE, "practitioner", "request", "send", "--file", self.file({**VISIT, "requestRef": f"wrong {field}", "caseId": self.case, field: value}))
        for words in (("referral", "accept", MARK), ("request", "show", MARK), ("request", "approve", MARK), ("case", "show", UNFIT), ("case", "open", "--profile", UNFIT)):
            self.try_to(FIRE, "spoc", *words)

    def approvals(self, agency, role):
        listed = self.bed.derwent(agency, role, "-o", "json", "request", "list", "--approvals")
        return json.loads(listed.stdout or "[]") if listed.returncode == 0 else []

    def answers(self, agency, role, request):
        shown = json.loads(self.bed.derwent(agency, role, "-o", "json", "request", "show", request).stdout or "{}")
        return len(shown.get("answers", []))

    def all(self):
        return [self.sample_referral, self.every_category, self.an_export, self.notes, self.a_request, self.an_emergency, self.rights, self.holds_and_erasures, self.looks,
                self.wrong_places]


class Blind(PromiseTest):
    agencies = [POLICE, ADULTS, PROVIDER, FIRE]

    @classmethod
    def prepare(cls):
        cls.pki = cls.bed.run / "pki"
        cls.proxies = {}
        for agency in cls.agencies:
            config = cls.bed.run / f"agents/{agency}/agent.json"
            config.write_text(config.read_text().replace(f"localhost:{cls.bed.port}", f"localhost:{cls.proxy(agency, cls.pki / f'agencies/{agency}/agent').port}"))
        for file, row in REGISTER.items():
            path = cls.bed.run / f"agents/{ADULTS}/system/register/{file}"
            path.write_text(path.read_text() + row + "\n")
        make = cls.bed.client
        cls.bed.client = functools.cache(lambda agency, role: cls.through_proxy(make(agency, role)))

    @classmethod
    def proxy(cls, name, base):
        pair = [pathlib.Path(f"{base}{ending}") for ending in (".pem", ".key")]
        cls.proxies[name] = TlsProxy(cls.bed.port, cls.pki / "trust/ca.pem", (cls.pki / "broker/tls.pem", cls.pki / "broker/tls.key"), pair)
        return cls.proxies[name]

    @classmethod
    def through_proxy(cls, client):
        """A person's client configuration whose calls to the broker are looked at too."""
        config = pathlib.Path(client)
        person = re.search(r"(agencies/\S+)\.pem", config.read_text()).group(1)
        port = cls.proxy(config.stem, cls.pki / person).port
        config.write_text(re.sub(r"(?m)^broker: .*", f"broker: localhost:{port}", config.read_text()))
        return client

    @classmethod
    def setUpClass(cls):
        began = time.monotonic()
        super().setUpClass()
        cls.ways, cls.remembered, cls.memory = Ways(cls.bed), {}, 0
        try:
            for way in cls.ways.all():
                way()
                cls.look_into_memory(way.__name__, [MARK])
            cls.look_into_memory("all", PLANTED)
        except BaseException:
            for agent in (cls.bed.broker, *cls.bed.agents.values()):
                print(agent.name, agent.tail()[-1500:])
            cls.tearDownClass()
            raise
        print(f"  {len(cls.ways.marked.planted)} words planted in records, {cls.ways.calls} calls, {time.monotonic() - began:.1f} s", flush=True)

    @classmethod
    def look_into_memory(cls, after, planted):
        for span, octets in touched(cls.bed.broker.process.pid):
            cls.memory += len(octets)
            if found := found_in(octets, planted):
                cls.remembered.setdefault(after, []).append((span, found))

    def absent(self, name, octets):
        self.assertEqual(found_in(octets), [], f"in {name}")

    def streams(self):
        for caller, proxy in self.proxies.items():
            for record in proxy.recorded:
                for (stream, kind), octets in record.streams().items():
                    yield caller, stream, kind, octets

    def test_all_of_it_really_went_through(self):
        for agency, words in ((PROVIDER, ["Oakshott", f"{MARK}0"]), (FIRE, [SURNAME])):
            for word in words:
                self.assertIn(word, json.dumps(list(self.bed.handovers(agency).values())), agency)
        given = {unit["content"]["category"] for agency in (PROVIDER, ADULTS) for document in self.bed.handovers(agency).values()
                 for unit in units_of(document) if MARK in json.dumps(unit)}
        print(f"  {len(given)} categories were handed over: {' '.join(sorted(given))}")
        self.assertGreater(len(given), 12)
        with self.bed.database() as db:
            entered = {step for step, in db.execute("select distinct step from entry_search")}
        self.assertEqual(STEPS - entered, set(), entered)

    def test_database_and_its_write_ahead_log(self):
        for file in (self.bed.run / "broker").glob("broker.db*"):
            self.absent(file.name, file.read_bytes())

    # A referral's and a request's `board`, and a request's `purpose`, go to the broker, and into the ledger, whatever word stands there.
    @unittest.expectedFailure
    def test_a_word_in_place_of_a_code_stays_at_the_agency(self):
        for file in (self.bed.run / "broker").glob("broker.db*"):
            self.assertNotIn(UNFIT.encode(), file.read_bytes(), file.name)

    def test_logs_of_broker_and_agents(self):
        for file in self.bed.run.glob("*.log"):
            self.absent(file.name, file.read_bytes())

    def test_traffic_that_the_broker_can_decrypt(self):
        everything, callers = b"", set()
        for caller, stream, kind, octets in self.streams():
            self.absent(f"{kind} of stream {stream} of {caller}", octets)
            everything += octets
            callers.add(caller)
        for seen in (b"case.da_safety", b"application/vnd.derwent.manifest.v1+protobuf", b"p-4c1e07"):
            self.assertIn(seen, everything, "the proxy sees less than the broker does")
        persons = callers - set(self.agencies)
        self.assertGreater(len(persons), 3, "persons' own calls are looked at")
        print(f"  {len(everything)} octets of {len(callers)} callers")

    def test_headers_and_trailers_coded_by_huffman(self):
        coded_forms = {p: [huffman_bits(form.decode()) for form in FORMS[p] if form.isascii() and b"\0" not in form] for p in PLANTED}
        looked = 0
        for caller, stream, kind, octets in self.streams():
            if kind != "headers":
                continue
            coded = bits(octets)
            looked += len(coded)
            found = [p for p, many in coded_forms.items() if any(form in coded for form in many)]
            self.assertEqual(found, [], f"headers of stream {stream} of {caller}")
        self.assertGreater(looked, 10000)

    def test_metrics(self):
        self.absent("metrics", self.bed.metrics().encode())

    def test_memory_image_after_each_way(self):
        self.assertEqual(self.remembered, {})
        self.assertGreater(self.memory, 1 << 20)

    def test_ids_and_file_names(self):
        names = "\n".join(os.path.join(d, f) for d, _, files in os.walk(self.bed.run) for f in files)
        self.absent("file names", names.encode())


def units_of(document):
    """Every unit of a handed-over document, wherever it stands in it."""
    if isinstance(document, dict):
        if isinstance(document.get("content"), dict) and "category" in document["content"]:
            yield document
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from units_of(one)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Blind))
