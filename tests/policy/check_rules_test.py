#!/usr/bin/env python3
"""The check of the validator's branches must be able to fail."""
import pathlib
import unittest

import check_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]

BRANCH = '''
  if (text.id().empty())
    problems.Error(kFile, text.id(), "harm", absl::StrCat("`", text.id(), "` has harm beyond ", "5"),
                   "harm is 1 to 5");  // comment, "said nowhere"
'''
TWO = 'problems.Error(kFile, "", "kind", one ? "one-way, and nobody gives" : "givers are named here", "name them");'


def found(source, tests):
    return check_rules.missing({"loader.cc": source}, check_rules.joined(tests))


class CheckRulesTest(unittest.TestCase):
    def test_the_validator_as_it_is_passes(self):
        self.assertEqual(check_rules.main(ROOT), 0)

    def test_a_branch_that_no_test_names_is_told(self):
        (line,) = found(BRANCH, 'Refused{"Harm", "harm is 1 to 5"}')
        self.assertIn("loader.cc: ` … ` has harm beyond ", line)

    def test_its_words_in_a_test_count_across_lines(self):
        self.assertEqual(found(BRANCH, '"`identity` has harm "\n    "beyond 5 [harm]"'), [])

    def test_each_side_of_an_alternative_has_its_own(self):
        self.assertEqual(len(found(TWO, '"one-way, and nobody gives [kind]"')), 1)
        self.assertEqual(found(TWO, '"one-way, and nobody gives" "givers are named here"'), [])

    def test_what_passes_on_says_nothing(self):
        self.assertEqual(found('problems_.Error(file_, near, rule, std::move(message), std::move(advice));', ""), [])


if __name__ == "__main__":
    unittest.main()
