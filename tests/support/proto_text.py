"""Reads the contract's files as they are written here: one element a line, its comment above it."""
import collections
import pathlib
import re

PROTOS = "proto/derwent/v1"

# kind: message, enum, service, oneof, field, value or rpc. `name` is qualified by what it stands in (but for a oneof);
# `said` what the line says: of a field label, type and number, of a value its number, of an rpc request and response.
Element = collections.namedtuple("Element", "where kind name said comment")

BLOCK = re.compile(r"^\s*(message|enum|service|oneof|extend) ([\w.]+) \{")
RPC = re.compile(r"^\s*rpc (\w+)\((\w+)\) returns \((\w+)\);")
FIELD = re.compile(r"^\s*(?:(repeated|optional) )?(map<[^>]+>|[\w.]+) (\w+) = (\d+)\b")
VALUE = re.compile(r"^\s*([A-Z]\w*) = (\d+)\b")
COMMENT = re.compile(r"^\s*// ?(.*)$")


def element_of(line):
    """(kind, name, said) of a line, or None."""
    if line.lstrip().startswith(("option ", "syntax ", "package ", "import ")):
        return None
    if block := BLOCK.match(line):
        return block[1], block[2], ""
    if rpc := RPC.match(line):
        return "rpc", rpc[1], f"{rpc[2]} {rpc[3]}"
    if value := VALUE.match(line):
        return "value", value[1], value[2]
    if field := FIELD.match(line):
        return "field", field[3], " ".join(filter(None, (field[1], field[2], field[4])))
    return None


def read(path, text):
    within, comment = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if said := COMMENT.match(line):
            comment.append(said[1])
            continue
        if found := element_of(line):
            kind, name, said = found
            yield Element(f"{path}:{number}", kind, ".".join(filter(None, within + [name])), said, " ".join(comment))
            if BLOCK.match(line) and not line.rstrip().endswith("}"):
                within.append("" if kind == "oneof" else name)
        elif line.strip() == "}" and within:
            within.pop()
        comment = []


def elements(root):
    for file in sorted((pathlib.Path(root) / PROTOS).glob("*.proto")):
        yield from read(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
