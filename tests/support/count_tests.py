#!/usr/bin/env python3
"""Adds up what ran: each GoogleTest case counts one, any other ctest entry counts one (or what it says it ran).

Prints `N passed, N failed` alone on the last line. Exit 1 when anything failed or nothing ran.
usage: count_tests.py BUILD_DIR   (reads BUILD_DIR/ctest.xml and BUILD_DIR/reports/*.json)
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

SAID = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def cases(build, entry):
    """(passed, failed) of one ctest entry."""
    broke = entry.get("status") != "run"
    report = build / "reports" / f"{entry.get('name')}.json"
    said = SAID.findall(entry.findtext("system-out") or "")
    if report.exists():
        counts = json.loads(report.read_text(encoding="utf-8"))
        failed = counts["failures"] + counts.get("errors", 0)
        passed = counts["tests"] - failed - counts.get("disabled", 0)
    elif said:
        passed, failed = (int(n) for n in said[-1])
    else:
        passed, failed = (0, 1) if broke else (1, 0)
    return passed, max(failed, 1 if broke else 0)


def main():
    build = pathlib.Path(sys.argv[1])
    entries = xml.parse(build / "ctest.xml").getroot().findall("testcase")
    passed = failed = 0
    for entry in entries:
        more = cases(build, entry)
        passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
