#!/usr/bin/python3
"""The reports' invariants on a recording of our own.

usage: report_recording.py RECORDER ANALYZER INVARIANTS_SCRIPT PROGRAM ARGUMENT...
"""
import pathlib
import subprocess
import sys
import tempfile

recorder, analyzer, script, *program = sys.argv[1:]
with tempfile.TemporaryDirectory(prefix="exectrace-test-") as scratch:
    trace = pathlib.Path(scratch) / "trace"
    recorded = subprocess.run([recorder, "-o", trace, "--", *program], capture_output=True, text=True, timeout=120)
    if recorded.returncode != 0:
        sys.exit(f"recorder: status {recorded.returncode}: {recorded.stderr}")
    sys.exit(subprocess.run([sys.executable, script, analyzer, trace], timeout=240).returncode)
