"""sync_every_wait.py RECORDER ANALYZER PROGRAM: what the program measured of each kind of wait is what reports tell:
counts exactly, totals within one per cent.

A loaded machine may take the thread off its CPU between the program's and the library's reading of the clock: a kind
whose total is further off must be right in one of a few recordings. Counts must be right in all of them."""
import collections
import csv
import os
import subprocess
import sys
import tempfile

ATTEMPTS = 4
TOLERANCE = 0.01
KINDS = ["", "mutex", "rwlock", "rwlock", "spin", "cond", "semaphore", "barrier", "join", "once", "futex"]

recorder, analyzer, program = sys.argv[1:]


def measured():
    """What the program prints, as {(kind, object): (names, count, total)}, and the folded report of its recording."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        run = subprocess.run([recorder, "--no-sched", "-o", trace, "--", program], stdout=subprocess.PIPE, text=True,
                             check=False)
        if run.returncode != 0:
            sys.exit(f"the program ended with {run.returncode}")
        report = subprocess.run([analyzer, trace, "-report=locks", "-format=csv"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout
    truth = {}
    for line in run.stdout.splitlines():
        name, kind, _, address, count, total, _ = line.split()
        key = (KINDS[int(kind)], int(address, 16))
        names, count_before, total_before = truth.get(key, ((), 0, 0))
        truth[key] = (names + (name,), count_before + int(count), total_before + int(total))
    found = collections.Counter()
    totals = collections.Counter()
    for row in csv.DictReader(line for line in report.splitlines() if not line.startswith("#")):
        key = (row["kind"], 0 if row["kind"] == "join" else int(row["object"], 16))
        found[key] += int(row["contentions"])
        totals[key] += int(row["total_ns"])
    return truth, found, totals


def main():
    wrong = None
    for _ in range(ATTEMPTS):
        truth, found, totals = measured()
        failures = [f"{names}: {found[key]} waits instead of {count}"
                    for key, (names, count, _) in truth.items() if found[key] != count]
        if failures or len(truth) < 60:
            sys.exit("\n".join(failures) or "the program printed too little")
        inexact = {names: f"{names}: {totals[key]} ns instead of {total}" for key, (names, _, total) in truth.items()
                   if not total * (1 - TOLERANCE) <= totals[key] <= total}
        wrong = inexact if wrong is None else {names: text for names, text in wrong.items() if names in inexact}
        if not wrong:
            break
    print("\n".join(wrong.values()) or f"all {len(truth)} kinds of waits as measured")
    sys.exit(bool(wrong))


main()
