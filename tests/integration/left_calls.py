"""left_calls.py RECORD_PLAIN LIBRARY PROGRAM...: calls left in the middle of being recorded, and those of vfork's children,
neither cost a thread other calls nor add any.

For every line "TID COUNT" that the program prints there are as many recorded calls of readv.
"""
import os
import sys

from events_text import finish, record

READV = "19"


def check(printed, events):
    lines = printed.splitlines()
    if len(lines) != 2:
        yield f"the program printed {printed!r}"
    for line in lines:
        tid, count = line.split()
        calls = sum(name == "exectrace_syscall:call" and fields["number"] == READV and fields["vtid"] == tid
                    for name, fields in events)
        if calls != int(count):
            yield f"thread {tid}: {calls} calls are recorded instead of {count}"


os.environ["EXECTRACE_SYSCALL_THRESHOLD_NS"] = "0"
finish(list(check(*record(*sys.argv[1:]))), "all calls as made")
