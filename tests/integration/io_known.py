"""io_known.py RECORD_PLAIN LIBRARY PROGRAM: recorded calls and their sums are exactly what the program did.

For every line "NUMBER KIND COUNT ERRORS LONG-COUNT LONG-NS" that the program prints, the main thread's events and
summaries of that number and kind must add up to the count and the errors; of the long calls each must have an event
and they can't have taken longer than the program saw. Every event's stack is defined before it.
"""
import sys

from events_text import finish, record

LONG_NS = 1_000_000
# A call can look long to the program and not to the library, when the thread was off its CPU between the two.
UNSURE = 2


def of(events, name, wanted):
    return [fields for event, fields in events
            if event == name and all(fields.get(key) == value for key, value in wanted.items())]


def check_stacks(events):
    defined = set()
    for name, fields in events:
        if name == "exectrace_stack:define":
            defined.add(fields["id"])
        elif name == "exectrace_syscall:call" and fields["stack"] not in defined:
            yield f"{fields}: its stack is not defined before it"


def check_line(line, events, main):
    number, kind, count, errors, long_count, long_ns = line.split()
    call = {"number": number, "fd_kind": kind}
    calls = of(events, "exectrace_syscall:call", {**call, "vtid": main})
    sums = of(events, "exectrace_syscall:summary", {**call, "tid": main})
    counted = len(calls) + sum(int(fields["count"]) for fields in sums)
    failed = (sum(int(fields["result"]) < 0 for fields in calls)
              + sum(int(fields["errors"]) for fields in sums))
    longs = [int(fields["duration"]) for fields in calls if int(fields["duration"]) >= LONG_NS]
    if (counted, failed) != (int(count), int(errors)):
        yield f"{line}: recorded {counted} calls, {failed} of them failed"
    if not int(long_count) - UNSURE <= len(longs) <= int(long_count) or sum(longs) > int(long_ns):
        yield f"{line}: recorded {len(longs)} long ones of {sum(longs)} ns"
    for fields in sums:
        shortest, longest, total = (int(fields[key]) for key in ("shortest", "longest", "total"))
        if not shortest <= total // int(fields["count"]) <= longest:
            yield f"{fields}: contradicts itself"


def check(printed, events):
    main, *lines = printed.splitlines()
    main = main.split()[1]
    # Under a session daemon that others use there may be programs of theirs.
    events = [(name, fields) for name, fields in events if fields["vpid"] == main]
    failures = list(check_stacks(events))
    if len(lines) < 10:
        failures.append("the program printed too little")
    for line in lines:
        if line.startswith("peer"):
            _, family, port = line.split()
            if not of(events, "exectrace_syscall:peer", {"family": family, "port": port}):
                failures.append(f"{line}: not recorded")
        else:
            failures += check_line(line, events, main)
    return failures


finish(check(*record(*sys.argv[1:])), "all calls as made")
