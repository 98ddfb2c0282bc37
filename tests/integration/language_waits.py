"""language_waits.py RECORDER ANALYZER PROGRAM [RUSTC]: what a program of another language's library measured of its
waits, in lines "FUNCTION KIND COUNT TOTAL_NS", is what the report tells of these functions: counts exactly, totals
within one per cent. With RUSTC the program is a source file.

A total may be further off, or a wait not happen, when a loaded machine takes the thread off its CPU at the wrong
moment, so each function must be right in one of a few recordings.
"""
import csv
import subprocess
import sys

from end_to_end_support import Scratch, fail, run_fine, skip

ATTEMPTS = 4
TOLERANCE = 0.01


def compile_rust(compiler, source, program):
    if compiler.endswith("NOTFOUND"):
        skip("rustc is not installed")
    done = subprocess.run([compiler, "-O", "-g", "-o", program, source], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        skip(f"this rustc does not compile the program: {done.stderr[:1000]}")


def check(analyzer, trace, line):
    """What is wrong with one function, or None."""
    function, kind, count, total_ns = line.split()
    report = run_fine([analyzer, trace, "-report=locks", "-format=csv", f"-focus=(^|:){function}$"])
    rows = [row for row in csv.DictReader(line for line in report.splitlines() if not line.startswith("#"))]
    found = (sum(int(row["contentions"]) for row in rows), {row["kind"] for row in rows})
    found_ns = sum(int(row["total_ns"]) for row in rows)
    if found != (int(count), {kind}):
        return f"{function}: {found} instead of {count} waits for a {kind}"
    if not int(total_ns) * (1 - TOLERANCE) <= found_ns <= int(total_ns):
        return f"{function}: {found_ns} ns instead of {total_ns}"
    return None


def main():
    recorder, analyzer, program, *rustc = sys.argv[1:]
    wrong = None
    with Scratch() as scratch:
        if rustc:
            compile_rust(rustc[0], program, scratch / "program")
            program = scratch / "program"
        for attempt in range(ATTEMPTS):
            trace = scratch / str(attempt)
            lines = run_fine([recorder, "--no-sched", "-o", trace, "--", program]).splitlines()
            if not lines:
                fail("the program printed nothing")
            results = [check(analyzer, trace, line) for line in lines]
            inexact = {line.split()[0]: text for line, text in zip(lines, results) if text}
            wrong = inexact if wrong is None else {name: text for name, text in wrong.items() if name in inexact}
            if not wrong:
                return
        fail("\n".join(wrong.values()))


main()
