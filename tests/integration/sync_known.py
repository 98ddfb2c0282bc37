"""sync_known.py RECORD_PLAIN LIBRARY PROGRAM: the recorded waits and wakes are those the program measured itself.

Every line "wait KIND OUTCOME OBJECT NANOSECONDS TID" that the program prints must have exactly one event, with a
stack that is defined before it; there must be no other wait of a millisecond or more. Every line "wake KIND OBJECT
TID" must be told by a wait that it ended, or by an event of its own, with a stack that is defined before. No recorded wait is longer than measured; most are hardly shorter (a loaded machine may take the thread off its
CPU between the two readings of the clock).
"""
import sys

from events_text import finish, plain_wait, record

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
    released, released_early = 0, 0
    for name, fields in events:
        if name == "exectrace_stack:define":
            defined.add(fields["id"])
        wait = plain_wait(name, fields)
        if wait or name == "exectrace_sync:wake":
            if (wait or fields)["stack"] not in defined:
                failures.append(f"{name} {fields}: its stack is not defined before it")
        if name == "exectrace_sync:wake":
            wakes.append(fields)
        if not wait:
            continue
        waits.append(wait)
        if wait["waker"] != "0":
            wakes.append({"object": wait["object"], "vtid": wait["waker"]})
            if int(wait["duration"]) >= LONG_NS and wait["waker_stack"] not in defined:
                failures.append(f"{wait}: its waker's stack is not defined before it")
            if int(wait["since_wake"]) > int(wait["duration"]):
                failures.append(f"{wait}: released before it began")
            released_early += int(wait["since_wake"]) > int(wait["duration"]) / 2
            released += 1
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
        elif take(wakes, {"object": line[2], "vtid": line[3]}) is None:
            failures.append(f"{line}: no such wake was recorded")
    if released_early > released / 3:
        failures.append(f"{released_early} of {released} releases are told to be in the first half of their wait")
    if sum(ns < SLACK_NS for ns in shorter) < len(shorter) * 2 / 3:
        failures.append(f"recorded waits are too short, by {shorter} ns")
    failures += [f"{event}: the program knows of no such wait" for event in waits if int(event["duration"]) >= LONG_NS]
    return failures


finish(check(*record(*sys.argv[1:])), "all waits as measured")
