"""What every process test shares: one testbed a class, and the closing line `N passed, N failed`."""
import sys
import unittest

from testbed import Testbed


class PromiseTest(unittest.TestCase):
    agencies = ["police.derbys", "dcc.adults"]
    quorum = "none"  # Of witnesses, as DERWENT_QUORUM of deploy/example/lay_out.sh.
    bed = None

    @classmethod
    def prepare(cls):
        """What a test changes of the layout before anything starts."""

    @classmethod
    def setUpClass(cls):
        cls.bed = Testbed(cls.agencies, quorum=cls.quorum)
        cls.bed.__enter__()
        try:
            cls.prepare()
            cls.bed.start()
        except BaseException:
            cls.bed.__exit__(*sys.exc_info())
            raise

    @classmethod
    def tearDownClass(cls):
        cls.bed.__exit__(None)


def run(suite):
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
