#!/usr/bin/env python3
"""Checks every #include of the product against layers.json; names file, line and rule. Exit 1 on a breach.

usage: check_layers.py [ROOT]
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def layer_of(path, folders):
    """The longest folder of the table that holds `path`, or None."""
    fits = [f for f in folders if path == f or path.startswith(f + "/")]
    return max(fits, key=len) if fits else None


def kind_of(included, table):
    """What an include stands for: a folder path, `proto`, an outside name, or None when it is free."""
    for prefix in table["proto"]:
        if included.startswith(prefix):
            return "grpc" if included.endswith(".grpc.pb.h") else "proto"
    for prefix, name in table["outside"].items():
        if included.startswith(prefix):
            return name
    return layer_of(included, table["folders"])


def allowed(kind, may):
    return any(kind == m or kind.startswith(m + "/") for m in may)


def breaches(root, table):
    for top in ("trust", "policy", "broker", "agents"):
        for file in sorted((root / top).rglob("*.[ch]*")):
            if file.suffix not in (".h", ".cc") or file.name in table["free"]:
                continue
            rel = file.relative_to(root).as_posix()
            layer = layer_of(rel, table["folders"])
            if layer is None:
                yield f"{rel}:1: folder is not in layers.json"
                continue
            may = table["folders"][layer]
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                kind = found and kind_of(found.group(1), table)
                ours = found and any((folder / found.group(1)).is_file() for folder in (root, file.parent))
                if ours and kind is None:
                    yield f"{rel}:{number}: {found.group(1)} is of no row of layers.json: name it from the root, as a layer"
                if kind and kind != layer and not allowed(kind, may):
                    yield f"{rel}:{number}: {layer} may not include {found.group(1)} ({kind}); allowed: {', '.join(may) or 'nothing'}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE.parent.parent
    table = json.loads((HERE / "layers.json").read_text(encoding="utf-8"))
    found = list(breaches(root, table))
    print("\n".join(found) or "layers: every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
