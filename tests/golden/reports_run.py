#!/usr/bin/python3
"""Runs the analyzer on events as text and compares what it prints with an expected file.

usage: reports_run.py ANALYZER EVENTS EXPECTED ARGUMENT...   (in the folder of the events)

EXECTRACE_UPDATE_GOLDEN=1 in the environment writes the expected file instead.
"""
import difflib
import os
import subprocess
import sys

analyzer, events, expected, *arguments = sys.argv[1:]
run = subprocess.run([analyzer, "-events", events, "-symbolize=none", *arguments], capture_output=True,
                     text=True, timeout=60)
if run.returncode != 0:
    sys.exit(f"analyzer failed with {run.returncode}: {run.stderr}")
if os.environ.get("EXECTRACE_UPDATE_GOLDEN"):
    with open(expected, "w") as out:
        out.write(run.stdout)
    sys.exit(0)
with open(expected) as wanted:
    difference = list(difflib.unified_diff(wanted.read().splitlines(), run.stdout.splitlines(), "expected",
                                           "printed", lineterm=""))
if difference:
    sys.exit("\n".join(difference))
