#!/usr/bin/env python3
"""clang-tidy over FILES. One found clean is not looked at again until its text after the preprocessor or the rules change.

usage: tidy.py BUILD_FOLDER FILE.cc …    prints each finding once; exit 1 when there is any.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-16"
ROOT = pathlib.Path(__file__).resolve().parents[2]
FINDING = re.compile(r"^(?=/\S+:\d+:\d+: (?:error|warning): )", re.MULTILINE)


def commands(build):
    """How each file is compiled, by its absolute path."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        return {entry["file"]: entry for entry in json.load(file)}


def digest(entry, rules):
    """Of all that clang-tidy reads for the file: rules, included text, comments (NOLINT) and macros."""
    words = shlex.split(entry["command"])
    at = words.index("-o")
    words = words[:at] + words[at + 2:]
    words[words.index("-c")] = "-E"
    text = subprocess.run(words + ["-C", "-dD"], cwd=entry["directory"], capture_output=True, check=False).stdout
    return hashlib.sha256(rules + text).hexdigest()


def findings(path, build, known, rules):
    """What clang-tidy says of one file; empty: it is clean, or was."""
    if str(path) not in known:
        return [f"{path}:1:1: error: no target compiles this file\n"]
    clean = build / "tidy" / digest(known[str(path)], rules)
    if clean.exists():
        return []
    run = subprocess.run([TIDY, "-p", build, "--quiet", path], capture_output=True, text=True, check=False)
    if run.returncode == 0:
        clean.touch()
        return []
    return FINDING.split(run.stdout)[1:] or [f"{path}:1:1: error: {TIDY} failed: {run.stderr}\n"]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    known, rules = commands(build), (ROOT / ".clang-tidy").read_bytes()
    said = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(findings, pathlib.Path(name).resolve(), build, known, rules) for name in sys.argv[2:]]
        for run in concurrent.futures.as_completed(runs):
            for finding in run.result():
                if finding not in said:
                    said.add(finding)
                    print(finding, end="", flush=True)
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
