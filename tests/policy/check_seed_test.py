#!/usr/bin/env python3
"""The check of the seed's table must be able to fail."""
import pathlib
import unittest

import check_seed

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / check_seed.TABLE).read_text(encoding="utf-8")


def found(text, brief=None):
    return "\n".join(check_seed.problems(ROOT, text, brief))


def with_row(item, state, where, planned):
    """The table with A016's row as given."""
    lines = [f"| A016 | {item} | {state} | {where} | {planned} |" if line.startswith("| A016 ") else line
             for line in TEXT.splitlines()]
    return "\n".join(lines)


class CheckSeedTest(unittest.TestCase):
    def test_the_table_as_it_is_passes(self):
        self.assertEqual(found(TEXT), "")

    def test_a_missing_or_repeated_id_is_named(self):
        self.assertIn("missing ['A016'], twice ['A017']", found(TEXT.replace("| A016 |", "| A017 |")))

    def test_a_place_must_be_there(self):
        for where, said in [("`profiles/none.txtpb`", "`profiles/none.txtpb` is not in the repository"),
                            ("`profiles/marac.txtpb#mara`", "`mara` is not in profiles/marac.txtpb"),
                            ("`derwent case reopen`", "no such command"),
                            ("in the broker", "works with 0 places"),
                            ("", "works with 0 places")]:
            self.assertIn(said, found(with_row("x", "works", where, "")))
        self.assertEqual(found(with_row("x", "works", "`profiles/marac.txtpb#marac`, `derwent case open`", "")), "")

    def test_what_is_planned_says_as_what(self):
        self.assertIn("planned and does not say", found(with_row("x", "planned", "", "")))
        self.assertIn("partly and does not say", found(with_row("x", "partly", "`profiles/marac.txtpb`", "")))
        self.assertIn("works and says", found(with_row("x", "works", "`profiles/marac.txtpb`", "something")))
        self.assertIn("planned with 1 places", found(with_row("x", "planned", "`profiles/marac.txtpb`", "y")))

    def test_an_unknown_state_or_an_empty_item_is_named(self):
        self.assertIn("state `done`", found(with_row("x", "done", "", "y")))
        self.assertIn("does not say what it is", found(with_row("", "planned", "", "y")))

    def test_the_briefs_ids_must_be_the_same(self):
        self.assertIn("the brief's ids differ: ['A120']",
                      found(TEXT, "\n".join(f"| A{n:03} | x" for n in range(1, 120))))


if __name__ == "__main__":
    unittest.main()
