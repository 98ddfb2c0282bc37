"""sync_known.py RECORD_PLAIN LIBRARY PROGRAM: the recorded waits and wakes are those the program measured itself.

Every line "wait KIND OUTCOME OBJECT NANOSECONDS TID" and "wake KIND OBJECT TID" that the program prints must have
exactly one event, with a stack that is defined before it; there must be no other wait of a millisecond or more.
No recorded wait is longer than measured; most are hardly shorter (a loaded machine may take the thread off its
CPU between the two readings of the clock).
"""
import sys

from events_text import finish, record

# The program measures around the call, the library inside it; what is between them is scheduling.
SLACK_NS = 3_000_000
LONG_NS = 1_000_000


def take(events, wanted):
    for event in events:
        if all(event.get(key) == value for key, value in wanted.items()):
            events.remove(event)
            return event
    return None


def check(printed, events):
    failures = []
    defined = set()
    waits, wakes, shorter = [], [], []
    for name, fields in events:
        if name == "exectrace_stack:define":
            defined.add(fields["id"])
        if name in ("exectrace_sync:wait", "exectrace_sync:wake"):
            if fields["stack"] not in defined:
                failures.append(f"{name} {fields}: its stack is not defined before it")
            (waits if name.endswith("wait") else wakes).append(fields)
    lines = [line.split() for line in printed.splitlines()]
    if not lines:
        failures.append("the program printed nothing")
    for line in lines:
        if line[0] == "wait":
            event = take(waits, {"kind": line[1], "outcome": line[2], "object": line[3], "vtid": line[5]})
            if event is None:
                failures.append(f"{line}: no such wait was recorded")
            elif not LONG_NS <= int(event["duration"]) <= int(line[4]):
                failures.append(f"{line}: recorded with {event['duration']} ns")
            else:
                shorter.append(int(line[4]) - int(event["duration"]))
        elif take(wakes, {"kind": line[1], "object": line[2], "vtid": line[3]}) is None:
            failures.append(f"{line}: no such wake was recorded")
    if sum(ns < SLACK_NS for ns in shorter) < len(shorter) * 2 / 3:
        failures.append(f"recorded waits are too short, by {shorter} ns")
    failures += [f"{event}: the program knows of no such wait" for event in waits if int(event["duration"]) >= LONG_NS]
    return failures


finish(check(*record(*sys.argv[1:])), "all waits as measured")
