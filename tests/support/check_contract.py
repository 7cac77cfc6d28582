#!/usr/bin/env python3
"""Checks what every call of the contract says of itself: after `Callers:` who may call, after `Errors:` its gRPC codes
with their reasons, as proto/REASONS.md has them, or whose errors they are; and that every list of a request says how
many, or stands in UNBOUNDED below. Exit 1 on a breach.

usage: check_contract.py [ROOT]
"""
import pathlib
import re
import sys

PROTOS = "proto/derwent/v1"
PAGE = "proto/REASONS.md"
GRPC_CODES = set("""
    CANCELLED INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION
    ABORTED UNAVAILABLE UNAUTHENTICATED
    """.split())
EVERY_CALL = "those of every call"

RPC = re.compile(r"^\s*rpc (\w+)\((\w+)\)")
FIELD = re.compile(r"^\s*(repeated )?([\w.]+) (\w+) = \d+")
MESSAGE = re.compile(r"^message (\w+) \{")
COMMENT = re.compile(r"^\s*// ?(.*)$")
REASON = re.compile(r"`([A-Z0-9_]+)`")
OTHERS = re.compile(r"\bthose of (?!every call)(\w+)(?: and (?:of )?([A-Z]\w+))?")
NUMBER = re.compile(r"\d|\b(?:two|one share at most)\b")
BRIEF = re.compile(r"\(brief [^)]*\)")

# Lists of requests that nothing bounds but the size of a call, or what stands in another message.
UNBOUNDED = set("""
    OnwardSource.categories Package.units PlanCaseRequestRequest.grounds PlannedSubject.grounds
    ProposePolicyRequest.files ReferralRecipientChoice.categories ReferralRecipientChoice.grounds
    SendCaseRequestRequest.grounds SubmitCaseAnswerRequest.references SubmitCaseRequestRequest.references
    SubmitReferralRequest.references TellRightsRequest.categories
    """.split())
# Not of the contract's calls: what an agency's own system says to its agent of one person, bounded as a whole.
RECORDS = "CaseRecord"


class Contract:
    """The calls and the fields, each with its comment."""

    def __init__(self, root):
        self.calls, self.fields = [], {}
        for file in sorted((root / PROTOS).glob("*.proto")):
            self.read(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))

    def read(self, path, text):
        message, comment = "", []
        for number, line in enumerate(text.splitlines(), 1):
            said = COMMENT.match(line)
            if said:
                comment.append(said[1])
                continue
            call, field, opened = RPC.match(line), FIELD.match(line), MESSAGE.match(line)
            if opened:
                message = opened[1]
                self.fields[message] = []
            elif call:
                self.calls.append((f"{path}:{number}", call[1], call[2], " ".join(comment)))
            elif field and message:
                where = f"{path}:{number}"
                self.fields[message].append((where, field[3], field[2], bool(field[1]), " ".join(comment)))
            elif line == "}":
                message = ""
            comment = []

    def asked(self):
        """The messages that requests are made of."""
        left, seen = [request for _, _, request, _ in self.calls], set()
        while left:
            message = left.pop()
            if message in seen or message not in self.fields or message == RECORDS:
                continue
            seen.add(message)
            left += [kind.split(".")[-1] for _, _, kind, _, _ in self.fields[message]]
        return seen


def error_breaches(said, page, names):
    """What is wrong with the text behind `Errors:`: parts by `;`, each a gRPC code with its reasons."""
    known = EVERY_CALL in said
    for other in {name for pair in OTHERS.findall(said) for name in pair if name}:
        known = True
        if other not in names:
            yield f"has the errors of {other}, which is no call"
    for part in said.split(";"):
        code = part.split()[0].strip(",.") if part.split() else ""
        known = known or code in GRPC_CODES
        for reason in REASON.findall(part):
            if reason in page and code not in page[reason]:
                yield f"gives `{reason}` as {code}; {PAGE} has {', '.join(sorted(page[reason] & GRPC_CODES)) or 'none'}"
    if not known:
        yield f"names no error of its own (then: `Errors: {EVERY_CALL}.`)"


def call_breaches(comment, page, names):
    if "Callers:" not in comment:
        yield "does not say who may call it (`Callers:`)"
    for reason in REASON.findall(comment):
        if reason not in page:
            yield f"names `{reason}`, which is not in {PAGE}"
    if "Errors:" in comment:
        yield from error_breaches(comment.split("Errors:", 1)[1], page, names)
    else:
        yield "does not say its errors (`Errors:`)"


def breaches(root):
    contract = Contract(root)
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \|", (root / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    page = {reason: set(comes_as.split(", ")) for reason, comes_as in rows}
    names = {call for _, call, _, _ in contract.calls}
    for where, call, _, comment in contract.calls:
        for breach in call_breaches(comment, page, names):
            yield f"{where}: {call} {breach}"
    for message in sorted(contract.asked()):
        for where, field, _, repeated, comment in contract.fields[message]:
            if repeated and f"{message}.{field}" not in UNBOUNDED and not NUMBER.search(BRIEF.sub("", comment)):
                yield f"{where}: {message}.{field} does not say how many"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "contract: every call says its callers and errors, every list of a request its bound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
