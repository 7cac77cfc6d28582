"""P08: where existence is secret, silence is complete.

A thematic lead asks two holders about people of whom each holder has nobody, two records that cannot be told apart, a restricted
record, a flagged one, one that the holder's own officer vetoes, one that its SPOC refuses before or after the answer slot, or one about
which the SPOC says nothing. Every byte that the
asker's agency can get is then compared between these: what the agent shows and lists, exit codes, the size of what was collected, the
agent's own log, the number, rows and opened fields of the ledger's entries, and how long each answer took.
"""
import json
import os
import random
import re
import statistics
import unittest
from concurrent.futures import ThreadPoolExecutor

from checks import run
from secret_people import ASKER, HOLDERS, LEAD, SEED, SITUATIONS, Person, SecretPeople
from testbed import wait_for

REPEATS = int(os.environ.get("DERWENT_SILENCE_REPEATS", 6))
SECONDS = 0.5  # By which median times of answers may differ; p08_times compares how they are distributed.
OCTETS = 8     # By which sizes may: a signature's encoding and a time's vary.


def bare(value):
    """Without what is random or grows whatever is answered: ids, digests, times, proofs."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "TIME", text)
    return re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)


class Silence(SecretPeople):
    @classmethod
    def prepare(cls):
        cls.people = [Person(number) for number in range(len(SITUATIONS) * (REPEATS + 1))]
        cls.know(cls.people)
        cls.people, cls.last = cls.people[:-len(SITUATIONS)], cls.people[-len(SITUATIONS):]  # The last ones for the second test.

    def test_0_each_holders_officer_vetoes(self):
        self.veto(self.people + self.last)

    def test_1_what_a_holder_has_changes_no_byte_that_the_asker_gets(self):
        print(f"{len(self.people)} requests, seed {SEED}")
        for person in random.Random(SEED).sample(self.people, len(self.people)):
            self.ask(person)
        wait_for("every holder answered", self.all_answered)
        self.refuse_late()
        self.all_listed, self.audited = self.listed(), self.audit()
        seen = {holder: self.seen_of(holder) for holder in HOLDERS}
        for holder in HOLDERS:
            self.compare(holder, seen[holder])

    def test_2_packages_that_wait_for_the_asker_are_of_one_size(self):
        for person in self.last:
            self.ask(person)
        self.bed.agents[ASKER].kill()
        requests = {person.request: person for person in self.last}
        wait_for("every answer was stored", lambda: len(self.answers(requests)) == len(requests) * len(HOLDERS))
        for holder in HOLDERS:
            sizes = {requests[request].at[holder]: size for request, sender, size in self.answers(requests) if sender == holder and size}
            self.assertGreater(len(sizes), 2, "the agent collected them before it was stopped")
            print(f"  {holder}: {sizes}")
            self.assertLessEqual(max(sizes.values()) - min(sizes.values()), OCTETS, f"{holder}: sizes tell: {sizes}")

    def answers(self, requests):
        """(request, holder, octets while it waits) of each answer that the broker stored."""
        with self.bed.database() as db:
            rows = db.execute("select s.reply_to, s.sender, length(p.payload) from share s left join delivery d on d.share_id = s.share_id and d.mailbox = ? "
                              "left join delivery_payload p on p.sequence = d.sequence where s.reply_to <> ''", (ASKER,)).fetchall()
        return [row for row in rows if row[0] in requests]

    # Refusing, and looking as the asker's agency may.
    def refuse_late(self):
        for holder in HOLDERS:
            late = {person.request for person in self.people if person.at[holder] == "refused late"}
            for request in late:
                self.refuse(holder, request)

            def settled(holder=holder, late=late):
                held = json.loads(self.bed.derwent(holder, "dpo", "-o", "json", "request", "list", "--held").stdout or "[]")
                return late <= {row["request"] for row in held} and not [row for row in held if row["request"] in late and row["outcome"] == "PENDING"]
            wait_for(f"{holder} took the refusals", settled)

    def listed(self):
        return json.loads(self.bed.derwent(ASKER, LEAD, "-o", "json", "request", "list").stdout or "[]")

    def all_answered(self):
        waiting = [row for row in self.listed() if row["their state"].lower() != "answered"]
        came = self.rows(ASKER, "agent.db", "select count(*) from inbox")[0][0]
        return not waiting and came == len(self.people) * len(HOLDERS)

    def seen_of(self, holder):
        """Situation to what each asking got."""
        with ThreadPoolExecutor(4) as pool:
            seen = list(pool.map(lambda person: self.seen(person, holder), self.people))
        groups = {}
        for person, one in zip(self.people, seen):
            groups.setdefault(person.at[holder], []).append(one)
        return groups

    def seen(self, person, holder):
        out = self.bed.derwent(ASKER, LEAD, "-o", "json", "request", "show", person.request)
        shown = json.loads(out.stdout)
        part = next(h for h in shown["request"]["holders"] if h["agency"] == holder)
        answers = [a for a in shown["answers"] if a["agency"] == holder]
        shares = [a["shareId"] for a in answers]
        receipts = [len(a.pop("receipts")) for a in answers]
        audit = [row for row in self.audited if row["share"] in shares or (row["share"] == person.request and holder in (row["from"], row["to"]))]
        fields = [self.opened_fields(row["index"]) for row in audit if row["share"] in shares]
        log = [line for line in (self.bed.run / f"{ASKER}.log").read_text().splitlines() if any(share in line for share in shares)]
        self.assertTrue(shares, f"{holder} did not answer about somebody whom it knows as: {person.at[holder]}")
        (received, size), = self.rows(ASKER, "agent.db", "select receive_ms, length(manifest) from inbox where cast(share_id as text) = ?", shares[0])
        created = self.rows(ASKER, "agent.db", "select create_ms from asked where cast(request_id as text) = ?", person.request)[0][0]
        return {"seconds": (received - created) / 1000, "size": size,
                "same": {"exit": out.returncode, "part": bare(part), "answers": bare(answers), "receipts": receipts,
                         "listed": bare([row for row in self.all_listed if row["request"] == person.request and row["holder"] == holder]).replace(f"R-{person.number:03d}", "REF"),
                         "audit": bare([{k: v for k, v in row.items() if k not in ("index", "time")} for row in audit]), "fields": fields,
                         "log": sorted(bare(re.sub(r'"(duration|correlation_id)":"[^"]*",?', "", line)) for line in log)}}

    def audit(self):
        return json.loads(self.bed.derwent(ASKER, "dpo", "-o", "json", "audit", "search").stdout)

    def opened_fields(self, index):
        entry = json.loads(self.bed.derwent(ASKER, "dpo", "-o", "json", "audit", "show", index).stdout)
        return bare([row for row in entry if row["name"] not in ("index", "time", "instant")])

    def compare(self, holder, groups):
        self.assertEqual(set(groups), set(SITUATIONS))
        want = groups["nobody"][0]["same"]
        for situation, many in groups.items():
            for one in many:
                for what, value in one["same"].items():
                    self.assertEqual(value, want[what], f"{holder}, {situation}: `{what}` tells")
        sizes = sorted(one["size"] for many in groups.values() for one in many)
        self.assertLessEqual(sizes[-1] - sizes[0], OCTETS, f"{holder}: sizes of manifests tell: {sizes}")
        medians = {situation: statistics.median(one["seconds"] for one in many) for situation, many in groups.items()}
        print(f"  {holder}: " + ", ".join(f"{situation} {seconds:.2f} s" for situation, seconds in medians.items()))
        self.assertLess(max(medians.values()) - min(medians.values()), SECONDS, f"{holder}: times tell: {medians}")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Silence))
