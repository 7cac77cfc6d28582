#!/usr/bin/env python3
"""Checks proto/REASONS.md against the sources: every reason code that broker, agents or policy give stands on the page
once, with the gRPC codes it comes with and who may see it; the page names none that is gone. A new word in capitals is
a reason and stands there, or it is listed below. Exit 1 on a breach.

usage: check_reasons.py [ROOT]
"""
import pathlib
import re
import sys

FOLDERS = ("broker", "agents/daemon", "agents/sdk")
TABLE = "policy/engine/reason.cc"
PAGE = "proto/REASONS.md"
MESSAGES = "proto/derwent/v1/message.proto"

CODE = r"[A-Z][A-Z0-9_]{2,}"
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*')
CONSTANT = re.compile(rf'constexpr (?:char|absl::string_view) (k\w+)(?:\[\])? = "({CODE})"')
WORD = re.compile(rf'"({CODE})"|"([A-Z]+_[A-Z_]+): ')  # Also at the head of a text.
# A status with its gRPC code; of one that carries no reason; of what stands against an erasure.
STATUS = re.compile(r"\b(?:Refuse|Fault)\(\s*absl::StatusCode::k(\w+),\s*([^,()]+)[,)]")
BARE = re.compile(rf'case absl::StatusCode::k(\w+):\s*return ("{CODE}");')
AGAINST = re.compile(rf'\bagainst\.Add\(("{CODE}")')
DECIDED = re.compile(rf'\{{ReasonCode::k\w+, "({CODE})", (true|false),')
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$")

NO_GRPC_CODE = {"OK", "state", "entry", "signed", "alarm", "text"}
DEFAULT = "INTERNAL"  # Of a status that carries no reason and is none of BARE.

# Words in capitals that are no reasons: states, outcomes, kinds of message, parts of SQL and of protocols, prefixes.
OTHER_WORDS = set("""
    ACCEPTED ACKNOWLEDGED ACKNOWLEDGEMENT ANSWER ANSWERED ANSWERING APPROVE APPROVED ASKER AWAITING_APPROVAL BEGIN
    CLOCK_BEHIND_LEDGER CLOSED COMMIT DENY DUPLICATE FAILED GUARDIAN HPKE KEM MANIFEST NOTICE NOTICE_ NOTICE_KIND_ NOTIFY NOT_MADE
    PARTIAL PENDING PERMIT PLANNED PROGRESS QUEUED RECEIVED REDACT REFUSED RELEASED RIGHTS_OUTCOME_ ROLLBACK SELECT
    STORED SUBJECT TAKEN TOLD UNAVAILABLE WAITING WITHDRAWAL WITHHELD
    """.split())
IDENTIFIERS = "agents/sdk/references.cc"  # Holds shapes and check letters, no words.


def without_comments(text):
    return TOKEN.sub(lambda found: found.group(0) if found.group(0).startswith('"') else "", text)


def grpc_name(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def read_sources(root):
    """The gRPC codes by reason, and where each word in capitals stands."""
    files = [f for folder in FOLDERS for f in sorted((root / folder).rglob("*")) if f.suffix in (".cc", ".h")]
    texts = {f.relative_to(root).as_posix(): without_comments(f.read_text(encoding="utf-8")) for f in files}
    constants = {name: code for text in texts.values() for name, code in CONSTANT.findall(text)}
    codes, words = {}, {}
    for path, text in texts.items():
        statuses = STATUS.findall(text) + BARE.findall(text)
        statuses += [("FailedPrecondition", reason) for reason in AGAINST.findall(text)]
        for code, said in statuses:
            named = [constants[name] for name in re.findall(r"\bk\w+", said) if name in constants]
            for reason in re.findall(rf'"({CODE})"', said) + named:
                codes.setdefault(reason, set()).add(grpc_name(code))
        if path != IDENTIFIERS:
            for word in WORD.findall(text):
                words.setdefault(word[0] or word[1], path)
    for kind in re.findall(r"NOTICE_KIND_(\w+) =", (root / MESSAGES).read_text(encoding="utf-8")):
        if kind != "UNSPECIFIED":  # The part's reason at the broker; the other agent's alarm.
            words.setdefault(kind, MESSAGES)
            words.setdefault(f"NOTICE_{kind}", MESSAGES)
    return codes, words


def read_page(root):
    """(reason, what it comes as, who sees it) of each row, and the lines that look like rows and are none."""
    rows, broken = [], []
    for number, line in enumerate((root / PAGE).read_text(encoding="utf-8").splitlines(), 1):
        found = ROW.match(line)
        if found:
            rows.append((found[1], set(found[2].split(", ")), found[3]))
        elif line.startswith("| `"):
            broken.append(f"{PAGE}:{number}: is no row of four columns")
    return rows, broken


def breaches(root):
    codes, words = read_sources(root)
    decided = dict(DECIDED.findall((root / TABLE).read_text(encoding="utf-8")))
    rows, broken = read_page(root)
    yield from broken
    page = {reason: (comes_as, who) for reason, comes_as, who in rows}
    for reason in sorted(page):
        if sum(row[0] == reason for row in rows) > 1:
            yield f"{PAGE}: {reason} stands twice"
    for word in sorted((set(words) - OTHER_WORDS | set(decided)) - set(page)):
        yield f"{words.get(word, TABLE)}: {word} is not in {PAGE} (or, where it is no reason, in OTHER_WORDS)"
    for reason in sorted(set(page) - set(words) - set(decided)):
        yield f"{PAGE}: {reason} is given nowhere any more"
    for word in sorted(OTHER_WORDS - set(words)):
        yield f"OTHER_WORDS: {word} is said nowhere any more"
    for reason, (comes_as, who) in sorted(page.items()):
        said = comes_as - NO_GRPC_CODE
        if reason != DEFAULT and said != codes.get(reason, set()):
            yield f"{PAGE}: {reason} comes as {', '.join(sorted(codes.get(reason, set()))) or 'no status'}"
        if reason in decided and ("OK" not in comes_as or ("parties" in who) != (decided[reason] == "true")):
            yield f"{PAGE}: {reason} is of a decision: OK, and for `parties` where {TABLE} says it rests on the subject"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "reasons: the page says what the sources give")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
