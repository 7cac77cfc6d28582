#!/usr/bin/env python3
"""Checks that what is on the wire stays: every field with its number and type, every value and call that proto/wire.txt
lists is as it was, and every one of the contract is listed. Needs neither network nor history. What is new is added by
--update; a line goes by hand only, and what was released keeps its line. Exit 1 on a breach.

usage: check_contract_wire.py [--update] [ROOT]
"""
import pathlib
import sys

import proto_text

LIST = "proto/wire.txt"
HEAD = """\
# What is on the wire, one line a field, value and call: its kind, its name, then label, type and number; number; or
# request and response. tests/support/check_contract_wire.py holds the contract to it. A line that was released stays.
"""


def contract_lines(root):
    on_wire = (e for e in proto_text.elements(root) if e.kind in ("field", "value", "rpc"))
    return {f"{e.kind} {e.name} {e.said}": e.where for e in on_wire}


def listed_lines(root):
    file = root / LIST
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line for line in lines if not line.startswith("#")}


def breaches(listed, contract):
    for line in sorted(listed - set(contract)):
        yield f"{LIST}: `{line}` is gone or another now"
    for line in sorted(set(contract) - listed):
        yield f"{contract[line]}: `{line}` is not in {LIST}: tests/support/check_contract_wire.py --update"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parents[2]).resolve()
    listed, contract = listed_lines(root), contract_lines(root)
    if "--update" in sys.argv:
        listed |= set(contract)
        (root / LIST).write_text(HEAD + "\n".join(sorted(listed)) + "\n", encoding="utf-8")
    found = list(breaches(listed, contract))
    print("\n".join(found) or "contract: what is on the wire is as it was")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
