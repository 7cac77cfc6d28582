"""Each refusal and warning of the validator stands in some test, in its own words: so that the next one is not forgotten.

A branch is a call of `Error`, `Warn`, `Refuse`, `refuse` or `wrong` with a message; its words stand in a test when three of them in a row do."""
import re
import sys
from pathlib import Path

SOURCES = ("policy/loader", "policy/space")
TESTS = ("tests/policy", "tests/agents")
CALL = re.compile(r"\b(Error|Warn|Refuse|refuse|wrong)\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
RULE = re.compile(r'"[a-z0-9]+(?:-[a-z0-9]+)*"')


def joined(text: str) -> str:
    """Without comments, literals that go on in the next line made one."""
    text = re.sub(r"^\s*//.*$|(?<=[;{},)])\s*//.*$", "", text, flags=re.M)
    return re.sub(r'"\s*\n\s*"', "", text)


def arguments(text: str, start: int) -> list[str]:
    """Of the call whose parenthesis opens before `start`."""
    found, depth, begin, at = [], 0, start, start
    while at < len(text):
        char = text[at]
        if char == '"':
            at = LITERAL.match(text, at).end()
            continue
        if char in "([{":
            depth += 1
        if char in ")]}":
            if depth == 0:
                return found + [text[begin:at].strip()]
            depth -= 1
        if char == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found


def message(name: str, args: list[str]) -> str:
    """The argument that says what is wrong; empty: the call passes on what another says."""
    rules = [i for i, arg in enumerate(args) if RULE.fullmatch(arg)]
    if rules and rules[0] + 1 < len(args):
        return args[rules[0] + 1]
    return args[0] if name in ("refuse", "wrong") and LITERAL.search(args[0]) else ""


def shingles(literal: str) -> list[str]:
    words = literal.strip("`, :").split()
    return [" ".join(words[i:i + 3]) for i in range(max(len(words) - 2, 1))] if words else []


def covered(said: str, tests: str) -> bool:
    literals = [literal for literal in LITERAL.findall(said) if len(literal.strip("`, :").split()) >= 2]
    told = [any(shingle in tests for shingle in shingles(literal)) for literal in literals]
    return (all(told) if " ? " in said else any(told)) if told else True


def missing(sources: dict[str, str], tests: str) -> list[str]:
    """Branches that no test names, as `file: words`."""
    lacking = []
    for path, text in sources.items():
        text = joined(text)
        for call in CALL.finditer(text):
            said = message(call[1], arguments(text, call.end()))
            if said and not covered(said, tests):
                lacking.append(f"{path}: {' … '.join(LITERAL.findall(said))}")
    return lacking


def main(root: Path) -> int:
    read = lambda folders: {str(file.relative_to(root)): file.read_text() for folder in folders for file in sorted((root / folder).rglob("*.cc"))}
    lacking = missing(read(SOURCES), "\n".join(joined(text) for text in read(TESTS).values()))
    for line in lacking:
        print(line)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
