#!/usr/bin/env python3
"""Checks the table of the seed's 120 items: ids, states, and that every place it names is there. Exit 1 when one is not.

usage: check_seed.py [ROOT]
"""
import collections
import pathlib
import re
import sys

TABLE = "policy/derbyshire/SEED.md"
FOLDER = "policy/derbyshire"
BRIEF = "../shared/domain/brief.md"  # Beside the checkout where the domain page is at hand.
STATES = ("works", "partly", "planned")
ITEMS = 120


def rows(text):
    """The cells of each line that starts with an id."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("| A"):
            yield number, [cell.strip() for cell in line.strip("|").split("|")]


def command_words(root):
    """Words that the command line knows as commands."""
    words = set()
    for file in (root / "agents/cli").rglob("*.cc"):
        words.update(re.findall(r'"([a-z][a-z-]*)"', file.read_text(encoding="utf-8")))
    return words


def lacks(root, place, commands):
    """What is wrong with a place, or None."""
    if place.startswith("derwent "):
        unknown = [word for word in place.split()[1:] if word not in commands]
        return f"`{place}`: no such command" if unknown else None
    path, _, word = place.partition("#")
    file = next((root / folder / path for folder in (FOLDER, ".") if (root / folder / path).is_file()), None)
    if file is None:
        return f"`{path}` is not in the repository"
    if word and not re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", file.read_text(encoding="utf-8")):
        return f"`{word}` is not in {path}"
    return None


def wrong_row(root, cells, commands):
    if len(cells) != 5:
        yield f"has {len(cells)} cells, not 5"
        return
    _, item, state, where, planned = cells
    # A place may itself hold a backtick (`path#organisation `x``): places are parted by `, `.
    places = re.findall(r"`(.+?)`(?=, `|$)", where)
    if not item:
        yield "does not say what it is"
    if state not in STATES:
        yield f"state `{state}` is none of {', '.join(STATES)}"
    if (state in ("works", "partly")) != bool(places):
        yield f"{state} with {len(places)} places"
    if (state in ("partly", "planned")) != bool(planned):
        yield f"{state} and {'says' if planned else 'does not say'} as what it is planned"
    for place in places:
        problem = lacks(root, place, commands)
        if problem:
            yield problem


def problems(root, text, brief=None):
    """Everything that is wrong with the table `text`."""
    table = list(rows(text))
    ids = [cells[0] for _, cells in table]
    wanted = [f"A{n:03}" for n in range(1, ITEMS + 1)]
    if ids != wanted:
        twice = [i for i, n in collections.Counter(ids).items() if n > 1]
        missing = [i for i in wanted if i not in ids]
        yield f"{TABLE}: ids are not A001 to A{ITEMS} once and in order; missing {missing}, twice {twice}"
    if brief is not None:
        listed = re.findall(r"^\| (A\d{3}) \|", brief, re.M)
        if listed != ids:
            yield f"{TABLE}: the brief's ids differ: {sorted(set(listed) ^ set(ids))}"
    commands = command_words(root)
    for number, cells in table:
        for problem in wrong_row(root, cells, commands):
            yield f"{TABLE}:{number}: {cells[0]} {problem}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    text = (root / TABLE).read_text(encoding="utf-8")
    brief = root / BRIEF
    found = list(problems(root, text, brief.read_text(encoding="utf-8") if brief.is_file() else None))
    counts = collections.Counter(cells[2] for _, cells in rows(text))
    for line in found:
        print(line)
    print("seed: " + ", ".join(f"{counts[state]} {state}" for state in STATES) +
          (", as the brief counts them" if brief.is_file() else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
