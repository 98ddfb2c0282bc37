"""annotations.py RECORD_PLAIN LIBRARY C_PROGRAM [CXX_PROGRAM]: the events of exectrace.h are what the programs say;
not recorded, they do nothing."""
import subprocess
import sys

from events_text import finish, record

failures = []


def expect(what, value, wanted):
    if value != wanted:
        failures.append(f"{what}: {value}, not {wanted}")


def user_events(events):
    return [(name.split(":")[1], fields) for name, fields in events if name.startswith("exectrace_user:")]


def check_c(program):
    bare = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout
    expect("bare", bare, "recording 0, different tasks 1, errno 77\n")
    printed, events = record(*sys.argv[1:3], program)
    expect("recorded", printed, "recording 1, different tasks 1, errno 77\n")
    user = user_events(events)
    names = [name for name, _ in user]
    expect("order", names, ["task_begin", "task_begin", "region_begin", "log", "region_end", "counter", "log", "log",
                            "task_end", "task_end"])
    request, part = user[0][1]["task"], user[1][1]["task"]
    expect("parent", user[1][1]["parent"], request)
    expect("names", [user[0][1]["name"], user[1][1]["name"]], ['"request"', '"part"'])
    expect("region", (user[2][1]["task"], user[2][1]["name"], user[4][1]["name"]), (request, '"parse"', '"parse"'))
    expect("log", (user[3][1]["category"], user[3][1]["message"]), ('"cache"', '"miss"'))
    expect("counter", (user[5][1]["name"], float(user[5][1]["value"])), ('"queue length"', 12.5))
    expect("length of a long message", len(user[6][1]["message"]) - 2, 4095)
    expect("no message", (user[7][1]["category"], user[7][1]["message"]), ('" "', '" "'))
    expect("ends", [user[8][1]["task"], user[9][1]["task"]], [part, request])
    defined = {fields["id"] for name, fields in events if name == "exectrace_stack:define"}
    expect("stacks", {fields["stack"] for _, fields in user if "stack" in fields} <= defined, True)


def check_cxx(program):
    user = user_events(record(*sys.argv[1:3], program)[1])
    expect("C++", [name for name, _ in user], ["task_begin", "region_begin", "log", "region_end", "task_end"] * 2)


check_c(sys.argv[3])
for cxx_program in sys.argv[4:]:
    check_cxx(cxx_program)
finish(failures, "all annotations as written")
