"""alloc_known.py RECORD_PLAIN LIBRARY PROGRAM: recorded allocations add up to what the program allocated.

The program prints "main PID BYTES KEPT-BYTES". With everything recorded both are exact but for what the C library
allocates itself. Sampled, the weights' sum is an estimate whose standard deviation is known: it must be right within
six of them.
"""
import math
import os
import sys

from events_text import finish, record

OWN_BYTES = 200_000  # of the C library and the loader: buffers, thread-local storage
MEAN = 2048
MOST_SAMPLES = 20


def run(mode, *arguments):
    os.environ["EXECTRACE_ALLOC"] = mode
    printed, events = record(*sys.argv[1:], *arguments)
    _, pid, total, kept = printed.split()
    return int(total), int(kept), [(name, fields) for name, fields in events if fields["vpid"] == pid]


def add_up(events):
    """Weights of all samples, of those still alive, and the sum of squares of weights."""
    total, squares, live = 0, 0, {}
    for name, fields in events:
        if name == "exectrace_alloc:alloc":
            weight = int(fields["weight_bytes"])
            total += weight
            squares += weight * weight
            live[fields["address"]] = weight
        elif name == "exectrace_alloc:free":
            live.pop(fields["address"], None)
    return total, sum(live.values()), squares


def check_all():
    total, kept, events = run("all")
    recorded, live, _ = add_up(events)
    if not total <= recorded <= total + OWN_BYTES:
        yield f"all: {total} bytes were allocated, {recorded} recorded"
    if not kept <= live <= kept + OWN_BYTES:
        yield f"all: {kept} bytes were kept, {live} recorded"


def check_sampled():
    total, kept, events = run(str(MEAN))
    recorded, live, squares = add_up(events)
    deviation = math.sqrt(squares)
    if not 0 < deviation < total / 20:
        yield f"sampled: too few samples: {recorded} bytes, deviation {deviation:.0f}"
    for what, truth, estimate in (("allocated", total, recorded), ("kept", kept, live)):
        if abs(estimate - truth) > 6 * deviation + OWN_BYTES:
            yield f"sampled: {truth} bytes were {what}, {estimate} estimated, deviation {deviation:.0f}"


def check_threads():
    """That an allocation is a thread's first does not make it a sample: of these, one in thousands is."""
    _, _, events = run(str(1 << 20), "threads")
    count = sum(name == "exectrace_alloc:alloc" for name, _ in events)
    if count > MOST_SAMPLES:
        yield f"threads: {count} of a few hundred small allocations are samples"


def check_off():
    _, _, events = run("off")
    if any(name.startswith("exectrace_alloc") for name, _ in events):
        yield "off: allocations were recorded"


finish([*check_all(), *check_sampled(), *check_threads(), *check_off()], "as allocated")
