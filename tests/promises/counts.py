"""Statistics: a thematic lead, whose role sees counts alone, asks two agencies for a table. The request names nobody; who holds the table
answers with it as its analysts controlled it, who holds none says so; one asked finer than its topic allows comes at the limit; and a
request for counts that names somebody, or asks for somebody beside them, is refused."""
import json
import os
import unittest

from checks import PromiseTest, run
from testbed import HOME

os.environ["DERWENT_ANSWER_SLOT"] = "2s"  # Read when the testbed lays out its policy.
SAMPLE = json.loads((HOME / "samples/dcc.community_safety/da-counts-request.json").read_text())
LEAD = "dcc.community_safety"


class Counts(PromiseTest):
    agencies = [LEAD, "police.derbys", "dcc.adults"]

    def send(self, reference, **changes):
        file = self.bed.run / "counts.json"
        file.write_text(json.dumps({**SAMPLE, "requestRef": reference, **changes}))
        return self.bed.derwent(LEAD, "thematic_lead", "-o", "json", "request", "send", "--file", file)

    def tables(self, reference, holder, **changes):
        sent = self.send(reference, **changes)
        self.assertIn(sent.returncode, (0, 9), sent.stdout + sent.stderr)
        request = json.loads(sent.stdout)["requestId"]
        watched = self.bed.derwent(LEAD, "thematic_lead", "request", "watch", request, "--for", "30")
        self.assertEqual(watched.returncode, 0, watched.stdout + watched.stderr)
        shown = json.loads(self.bed.derwent(LEAD, "thematic_lead", "-o", "json", "request", "show", request).stdout)
        return [unit["content"]["aggregate"]["facts"] for answer in shown["answers"] if answer["agency"] == holder
                for unit in answer.get("units", []) if "aggregate" in unit["content"]]

    def test_1_the_table_comes_as_it_was_controlled(self):
        (facts,) = self.tables("COUNTS-1", "police.derbys")
        (table,) = facts
        self.assertEqual((table["geography"], table["period"]), ("district", "quarter"))
        self.assertEqual([(cell["area"], cell.get("count")) for cell in table["cells"]], [("E07000032", 15), ("E07000033", None), ("E07000034", 35)])
        self.assertEqual(table["control"]["primaryThreshold"], 5)

    def test_2_who_holds_no_table_gives_none(self):
        self.assertEqual(self.tables("COUNTS-2", "dcc.adults"), [])

    def test_3_asked_finer_than_its_topic_allows_it_comes_at_the_limit(self):
        (facts,) = self.tables("COUNTS-3", "police.derbys", table={"topic": "sexual_offence", "geography": "ward", "period": "week"})
        self.assertEqual([(table["geography"], table["period"], table["cells"][0]["count"]) for table in facts], [("district", "quarter", 40)])

    def test_4_a_request_for_counts_names_nobody(self):
        named = self.send("COUNTS-4", selector={"identity": {"facts": [{"surname": "Oakshott"}]}})
        self.assertEqual(named.returncode, 2, named.stdout + named.stderr)
        self.assertIn("selector", named.stderr)
        beside = self.send("COUNTS-5", categories=["aggregate", "identity"], selector={"identity": {"facts": [{"surname": "Oakshott"}]}})
        self.assertEqual(beside.returncode, 3, beside.stdout + beside.stderr)

    def test_5_it_is_entered_as_statistics_about_nobody(self):
        with self.bed.database() as db:
            steps = [row[0] for row in db.execute("select step from entry_search where step in ('request', 'answer')")]
        self.assertGreaterEqual(steps.count("request"), 3)
        code, said = self.bed.fsck()
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(Counts))
