"""A case record with a made-up word in every text that the contract has, category by category, read from the contract's own files."""
import base64
import re

from testbed import HOME

MARK = "Zyqxplanted"   # Begins every planted word: who finds this finds any of them.
DATE = "1903-02-17"    # In every date.
# Not planted: codes that policy checks or acts on, other agencies' shares, counts (which no record holds), what an enactment lists.
CODES = {"check": 0, "statutory_fieldset": None, "subject_flags": ["address_protected"], "consents": [], "restricted_to": [], "excluded_from": [], "aggregate": None,
         "summaries": [], "received_share_id": "", "origin_category": "", "origin_organisation_type": "police", "occurred_at": f"{DATE}T22:10"}
SUMMARISED = ("finance", "intelligence", "narrative", "online", "social_care")  # Given as a person's summary.
FIELD = re.compile(r"^  (repeated |optional )?([A-Za-z0-9_]+) ([a-z0-9_]+) = \d+(.*)$", re.M)
NUMBERS = {"int32": 3, "int64": 3, "double": 1.5, "float": 1.5, "bool": True}


def contract():
    """Message to its fields: (repeated, type, name, whether the forms cut it to a month or a year)."""
    messages, enums = {}, set()
    for file in (HOME / "proto/derwent/v1").glob("record*.proto"):
        text = re.sub(r"(?m)^\s*//.*\n", "", file.read_text())
        text = re.sub(r"\n\s+\[", " [", text)  # Options on a line of their own.
        enums |= set(re.findall(r"(?m)^enum (\w+)", text))
        for name, body in re.findall(r"(?ms)^message (\w+) \{\n(.*?)^\}", text):
            body = re.split(r"(?m)^  oneof ", body)[0]
            messages[name] = [(bool(label and label.strip() == "repeated"), kind, field, "REDUCTION_MONTH" in rest or "REDUCTION_YEAR" in rest)
                              for label, kind, field, rest in FIELD.findall(body)]
    return messages, enums


def json_name(field):
    head, *tail = field.split("_")
    return head + "".join(word.capitalize() for word in tail)


class Marked:
    """Fills messages; `planted` lists every word that it used."""

    def __init__(self, tag=""):
        self.messages, self.enums = contract()
        self.tag, self.planted = tag, []

    def word(self):
        self.planted.append(f"{MARK}{self.tag}{len(self.planted):03d}")
        return self.planted[-1]

    def value(self, kind, name, date):
        if name in CODES:
            return CODES[name]
        if kind == "string":
            return DATE if date or name in ("date_of_birth", "as_at") else self.word()
        if kind == "bytes":
            return base64.b64encode(self.word().encode()).decode()  # As JSON has octets.
        if kind in self.enums:
            return 1
        return NUMBERS[kind] if kind in NUMBERS else self.fill(kind)

    def fill(self, message):
        filled = {}
        for repeated, kind, name, date in self.messages[message]:
            value = self.value(kind, name, date)
            if value is None or value == []:
                continue
            filled[json_name(name)] = [value] if repeated and not isinstance(value, list) else value
        return filled

    def record(self):
        summaries = [{"category": category, "summary": self.fill("Summary")} for category in SUMMARISED]
        return {**self.fill("CaseRecord"), "summaries": summaries}
