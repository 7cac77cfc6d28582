#!/usr/bin/env python3
"""Checks what every call of the contract says of itself: after `Callers:` who may call, after `Errors:` its gRPC codes
with their reasons, as proto/REASONS.md has them, or whose errors they are; and that every list of a request says how
many, or stands in UNBOUNDED below. Exit 1 on a breach.

usage: check_contract.py [ROOT]
"""
import pathlib
import re
import sys

import proto_text

PAGE = "proto/REASONS.md"
GRPC_CODES = set("""
    CANCELLED INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION
    ABORTED UNAVAILABLE UNAUTHENTICATED
    """.split())
EVERY_CALL = "those of every call"

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


def asked(calls, fields):
    """The messages that requests are made of."""
    left, seen = [call.said.split()[0] for call in calls], set()
    while left:
        message = left.pop()
        if message in seen or message not in fields or message == RECORDS:
            continue
        seen.add(message)
        left += [field.said.split()[-2].split(".")[-1] for field in fields[message]]
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
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \|", (root / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    page = {reason: set(comes_as.split(", ")) for reason, comes_as in rows}
    contract = list(proto_text.elements(root))
    calls = [element for element in contract if element.kind == "rpc"]
    names = {call.name.split(".")[-1] for call in calls}
    for call in calls:
        for breach in call_breaches(call.comment, page, names):
            yield f"{call.where}: {call.name} {breach}"
    fields = {}
    for element in contract:
        if element.kind == "field":
            fields.setdefault(element.name.rpartition(".")[0], []).append(element)
    for message in sorted(asked(calls, fields)):
        for field in fields[message]:
            counted = field.name in UNBOUNDED or NUMBER.search(BRIEF.sub("", field.comment))
            if field.said.startswith("repeated ") and not counted:
                yield f"{field.where}: {field.name} does not say how many"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    found = list(breaches(root))
    print("\n".join(found) or "contract: every call says its callers and errors, every list of a request its bound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
