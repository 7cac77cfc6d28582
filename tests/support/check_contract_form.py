#!/usr/bin/env python3
"""Checks of the contract's form what needs no network: a comment at every message, field, value and call; names and
packages as `buf lint` (STANDARD, COMMENTS) asks; each number and name once. tests/lint.sh runs buf itself. Exit 1 on a
breach.

usage: check_contract_form.py [ROOT]
"""
import pathlib
import re
import sys

import proto_text

CAMEL = re.compile(r"^[A-Z][A-Za-z0-9]*$")
SNAKE = re.compile(r"^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$")
HEAD = re.compile(r'^syntax = "proto3";\npackage derwent\.v1;$', re.MULTILINE)


def prefix_of(enum):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum).upper() + "_"


def name_breaches(element):
    own = element.name.split(".")[-1]
    if element.kind in ("message", "enum", "service", "rpc") and not CAMEL.match(own):
        yield "is CamelCase"
    if element.kind in ("field", "oneof") and not SNAKE.match(own):
        yield "is lower_snake"
    if element.kind == "service" and not own.endswith("Service"):
        yield "ends in Service"
    if element.kind == "value":
        prefix = prefix_of(element.name.split(".")[-2])
        if not own.startswith(prefix):
            yield f"begins with {prefix}"
        if (element.said == "0") != (own == prefix + "UNSPECIFIED"):
            yield f"is {prefix}UNSPECIFIED where its number is 0, and there only"


def breaches(root):
    for file in sorted((root / proto_text.PROTOS).glob("*.proto")):
        if not HEAD.search(file.read_text(encoding="utf-8")):
            yield f"{file.relative_to(root)}:1: is proto3, of the package of its folder"
    names, numbers = set(), set()
    for element in proto_text.elements(root):
        if not element.comment and element.kind not in ("extend", "oneof"):
            yield f"{element.where}: {element.name} has a comment"
        for rule in name_breaches(element):
            yield f"{element.where}: {element.name} {rule}"
        if element.kind not in ("extend", "oneof") and element.name in names:
            yield f"{element.where}: {element.name} stands once"
        names.add(element.name)
        if element.kind in ("field", "value"):
            number = (element.name.rpartition(".")[0], element.said.split()[-1])
            if number in numbers:
                yield f"{element.where}: {element.name} has a number of its own"
            numbers.add(number)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "contract: its form is in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
