"""What a newcomer runs first: twice in a row, from a path with a space, as a normal user; nothing is left running.

The programs that are built here tell the story (DERWENT_BIN_DIR), so packages and build are not tried again.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from checks import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
PARTS = ["deploy", "policy", "samples", "certs-example"]


def running(folder):
    """Command lines of processes that name the folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (OSError, NotADirectoryError):
            continue
        if entry.name.isdigit() and str(folder) in line and int(entry.name) != os.getpid():
            found.append(line)
    return found


class QuickstartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp()) / "a b"
        cls.addClassCleanup(shutil.rmtree, cls.home.parent)
        cls.home.mkdir()
        for part in PARTS:
            shutil.copytree(ROOT / part, cls.home / part)
        shutil.copytree(os.environ["DERWENT_BIN_DIR"], cls.home / "bin", symlinks=False,
                        ignore=lambda _, names: [n for n in names if n not in ("derwent", "derwent-agent", "derwent-broker")])
        cls.user = []
        if os.geteuid() == 0:
            cls.user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", cls.home.parent], check=True)

    def quickstart(self, *arguments):
        environment = dict(os.environ, DERWENT_BIN_DIR=str(self.home / "bin"), HOME=str(self.home))
        environment.pop("DERWENT_RUN", None)
        return subprocess.run([*self.user, self.home / "deploy/quickstart.sh", *arguments], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300)

    def test_1_the_story_is_true_twice_in_a_row_and_leaves_nothing_running(self):
        for time in ("first", "second"):
            told = self.quickstart("--once")
            self.assertEqual(told.returncode, 0, f"{time}: {told.stdout[-2000:]}{told.stderr[-2000:]}")
            self.assertIn("The story is true.", told.stdout)
            self.assertEqual(running(self.home), [], time)

    def test_2_it_says_how_it_is_used(self):
        told = self.quickstart("--onec")
        self.assertEqual(told.returncode, 2)
        self.assertIn("usage: deploy/quickstart.sh [--once]", told.stderr)


if __name__ == "__main__":
    run(unittest.defaultTestLoader.loadTestsFromTestCase(QuickstartTest))
