"""P08: where existence is secret, times and the ledger's growth are silent too.

Two holders are asked many times about people whom each knows in one of eight ways, each time with the neutral answer. From its answer slot
are measured: when the asker's agent received it, the time of its entry, the time that its manifest says. These distributions are compared by
a permutation test: shuffled at random, the situations differ as much. Then one request at a time: the tree grows by one number, before the
slot and after it. Then holders who were away over the slot: what is made late tells nothing either. DERWENT_TIMES_REPEATS (15 for each of
the two holders) and DERWENT_SEED set the campaign.
"""
import datetime
import os
import random
import statistics
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from checks import run
from secret_people import ASKER, HOLDERS, SEED, SITUATIONS, Person, SecretPeople, text
from testbed import wait_for

REPEATS = int(os.environ.get("DERWENT_TIMES_REPEATS", 15))
AWAY = 5             # Askings a situation and holder while the holders are away.
SHUFFLES = 4000
CHANCE = 1 / 4000    # A difference that chance alone makes as seldom as this tells something.
ANSWER = 3           # As the broker stores kinds of packages.


def millis(stamp):
    return int(datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)


def fields(message):
    """Field number to value of a protobuf message, the last of each."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            octet = message[at]
            at += 1
            value |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return value
    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 2:
            length = varint()
            found[key >> 3] = message[at:at + length]
            at += length
        else:
            at += 8 if key & 7 == 1 else 4
    return found


def stamp_of(message, number):
    """Milliseconds of a timestamp in field `number`."""
    stamp = fields(fields(message)[number])
    return stamp.get(1, 0) * 1000 + stamp.get(2, 0) // 1_000_000


def spread(groups):
    """How far the groups' mean ranks lie apart (Kruskal and Wallis's H, but for its constants)."""
    ranked = sorted((value, name) for name, values in groups.items() for value in values)
    ranks, at = {}, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        for _, name in ranked[at:end]:
            ranks.setdefault(name, []).append((at + end + 1) / 2)
        at = end
    middle = (len(ranked) + 1) / 2
    return sum(len(of) * (sum(of) / len(of) - middle) ** 2 for of in ranks.values())


def chance_of(groups, seed=SEED):
    """How often groups shuffled at random lie as far apart as these."""
    shuffle, seen = random.Random(seed), spread(groups)
    everything = [value for values in groups.values() for value in values]
    as_far = 0
    for _ in range(SHUFFLES):
        shuffle.shuffle(everything)
        at, shuffled = 0, {}
        for name, values in groups.items():
            shuffled[name] = everything[at:at + len(values)]
            at += len(values)
        as_far += spread(shuffled) >= seen
    return (as_far + 1) / (SHUFFLES + 1)


class Times(SecretPeople):
    @classmethod
    def prepare(cls):
        cls.many = [Person(number) for number in range(len(SITUATIONS) * (REPEATS + AWAY + 1))]
        cls.know(cls.many)
        cls.single, cls.away, cls.many = cls.many[:len(SITUATIONS)], cls.many[len(SITUATIONS):len(SITUATIONS) * (AWAY + 1)], cls.many[len(SITUATIONS) * (AWAY + 1):]

    def setUp(self):
        self.began = time.monotonic()

    def tearDown(self):
        print(f"  {time.monotonic() - self.began:.1f} s", flush=True)

    def test_0_a_difference_would_be_seen(self):
        draw = random.Random(SEED)
        same = {name: [draw.uniform(0, 500) for _ in range(2 * REPEATS)] for name in SITUATIONS}
        self.assertGreater(chance_of(same), CHANCE)
        self.assertLessEqual(chance_of({**same, "vetoed": [value + 300 for value in same["vetoed"]]}), CHANCE)
        self.veto(self.single + self.away + self.many)

    def test_1_one_request_at_a_time_grows_the_tree_by_one_number(self):
        self.case()
        holder = HOLDERS[0]
        grown = {person.at[holder]: self.growth(person, holder) for person in self.single}
        print(f"  before the slot, in all: {grown}")
        self.assertEqual(set(grown), set(SITUATIONS))
        self.assertEqual(len(set(grown.values())), 1, f"the size of the tree tells: {grown}")

    def growth(self, person, holder):
        """(entries between asking and the slot, entries in all)."""
        before = self.size()
        self.ask(person, [holder])
        slot = millis(person.slot)
        wait_for("the slot comes", lambda: time.time() * 1000 >= slot - 50)
        early = self.size() - before
        wait_for("it is answered", lambda: self.answered([person]) == 1)
        wait_for("nothing waits", self.nothing_waits)
        if person.at[holder] == "refused late":
            self.refuse(holder, person.request)
            wait_for("nothing waits", self.nothing_waits)
        return early, self.size() - before

    def test_2_times_of_answers_are_distributed_alike(self):
        people = random.Random(SEED).sample(self.many, len(self.many))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.ask, people))
        wait_for("every holder answered", lambda: self.answered(people) == len(people) * len(HOLDERS), 120)
        times = self.times(people)
        self.compare(times)
        late = {name: sum(value != 0 for value in values) for name, values in times["made"].items()}
        self.assertEqual(set(late.values()), {0}, f"manifests say another time than the slot: {late}")

    def test_3_and_so_are_those_of_holders_who_were_away_over_the_slot(self):
        for holder in HOLDERS:
            self.bed.agents[holder].stop()
        people = random.Random(SEED).sample(self.away, len(self.away))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda person: self.ask(person, refuse=False), people))
        last = max(millis(person.slot) for person in people)
        wait_for("every slot is over", lambda: time.time() * 1000 > last)
        for holder in HOLDERS:
            self.bed.agents[holder].start()
        for holder in HOLDERS:
            self.bed.agents[holder].ready()
        wait_for("every holder answered", lambda: self.answered(people) == len(people) * len(HOLDERS), 120)
        self.compare(self.times(people, since=last))

    # What the asker sees, and what it may see of the ledger.
    def size(self):
        with self.bed.database() as db:
            return db.execute("select size from log_state").fetchone()[0]

    def nothing_waits(self):
        with self.bed.database() as db:
            return db.execute("select count(*) from delivery").fetchone()[0] == 0

    def answered(self, people):
        requests = {person.request for person in people}
        return sum(text(row[0]) in requests for row in self.rows(ASKER, "agent.db", "select request_id from replies"))

    def times(self, people, since=None):
        """What is measured to situation to milliseconds after the slot, each holder's about its own median."""
        with self.bed.database() as db:
            shares = db.execute("select s.reply_to, s.sender, s.share_id, e.time_ms from share s join entry_search x on x.share_id = s.share_id and x.step = 'answer' "
                                "join entry e on e.idx = x.idx where s.kind = ?", (ANSWER,)).fetchall()
        inbox = {text(share): (received, manifest) for share, received, manifest in self.rows(ASKER, "agent.db", "select share_id, receive_ms, manifest from inbox")}
        by_request = {person.request: person for person in people}
        times = {what: {holder: [] for holder in HOLDERS} for what in ("received", "entered", "made")}
        for request, holder, share, entered in shares:
            person = by_request.get(request)
            if person is None:
                continue
            received, manifest = inbox[share]
            slot = since or millis(person.slot)
            for what, at in (("received", received), ("entered", entered), ("made", stamp_of(manifest, 17))):
                times[what][holder].append((person.at[holder], at - slot))
        groups = {what: {} for what in times}
        for what, of_holder in times.items():
            for values in of_holder.values():
                middle = 0 if what == "made" and since is None else statistics.median(value for _, value in values)
                for situation, value in values:
                    groups[what].setdefault(situation, []).append(value - middle)
        return groups

    def compare(self, times):
        for what, groups in times.items():
            self.assertEqual(set(groups), set(SITUATIONS))
            chance = chance_of(groups)
            print(f"  {what}: chance {chance:.4f}; medians " + ", ".join(f"{name} {statistics.median(values):.0f}" for name, values in groups.items()) + " ms")
            self.assertGreater(chance, CHANCE, f"`{what}` tells what a holder has: {({name: sorted(values) for name, values in groups.items()})}")


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Times))
