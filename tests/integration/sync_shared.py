"""sync_shared.py RECORDER ANALYZER PROGRAM: waits for locks that processes share name the other process's thread and
where it was when it released them."""
import json
import os
import subprocess
import sys
import tempfile

from events_text import finish

LONG_NS = 15_000_000
recorder, analyzer, program = sys.argv[1:]


def stacks_of(trace, pid):
    """{object: [(waiter's stack, holder's stack, ns)]} of the process."""
    text = subprocess.run([analyzer, trace, "-report=locks", "-format=json", f"-pid={pid}"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    found = {}
    for row in json.loads(text)["stacks"]:
        found.setdefault(row["object"], []).append((row["waiter_stack"], row["holder_stack"], row["total_ns"]))
    return found


def check(trace):
    printed = subprocess.run([recorder, "--no-sched", "-o", trace, "--", program], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    *steps, (_, child) = [line.split() for line in printed.splitlines()]
    failures = [] if len(steps) == 8 else [f"the program printed {printed}"]
    stacks = stacks_of(trace, child)
    for name, address in steps:
        if not any(f";wait_{name}" in waiter and f";release_{name}" in holder and total_ns >= LONG_NS
                   for waiter, holder, total_ns in stacks.get(address, [])):
            failures.append(f"{name} {address}: no long wait released in release_{name}(), but {stacks.get(address)}")
    return failures


with tempfile.TemporaryDirectory() as folder:
    finish(check(os.path.join(folder, "trace")), "every wait names the other process's release")
