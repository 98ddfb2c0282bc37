"""sync_open.py RECORD_PLAIN LIBRARY PROGRAM: what is in flight when the program ends is recorded as open.

Every line "open KIND OBJECT NUMBER FD TID" that the program prints must have exactly one event; a wait (its kind is
not 0) with a stack that is defined, a system call with the place of its call; whether the program ends by exit or by _exit.
"""
import sys

from events_text import finish, record


def check(arguments):
    printed, events = record(*arguments)
    defined = {fields["id"] for name, fields in events if name == "exectrace_stack:define"}
    opened = [fields for name, fields in events if name == "exectrace_process:open"]
    failures = [] if printed else ["the program printed nothing"]
    for line in printed.splitlines():
        keys = ("kind", "object", "number", "fd", "tid")
        wanted = dict(zip(keys, line.split()[1:]))
        found = [event for event in opened if wanted.items() <= event.items()]
        if len(found) != 1:
            failures.append(f"{arguments[3:]}: {line}: {len(found)} events")
        elif wanted["kind"] != "0" and found[0]["stack"] not in defined:
            failures.append(f"{arguments[3:]}: {line}: its stack is not defined")
        elif int(found[0]["leaf_pc"], 16) == 0:
            failures.append(f"{arguments[3:]}: {line}: the place of its call is missing")
        elif not 0 < int(found[0]["duration"]) < 60e9:
            failures.append(f"{arguments[3:]}: {line}: open for {found[0]['duration']} ns")
    return failures


finish(check(sys.argv[1:4]) + check(sys.argv[1:4] + ["_exit"]), "everything in flight was reported")
