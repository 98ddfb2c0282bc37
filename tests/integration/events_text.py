"""What the checks of recorded events share: babeltrace2's text as tuples, and programs recorded with plain LTTng."""
import os
import re
import subprocess
import sys
import tempfile


def parse(text):
    """The events in order, as (name, fields); strings keep their quotes."""
    for line in text.splitlines():
        match = re.match(r"\[[^]]*\] \S+ (\S+):(\S+): (.*)", line)
        if match:
            yield f"{match[1]}:{match[2]}", dict(re.findall(r"(\w+) = (\"[^\"]*\"|-?[\w.]+)", match[3]))


def plain_wait(name, fields):
    """The fields of an exectrace_sync:wait, whatever form of it this is: see tracepoints/contract.h. Else None."""
    if name == "exectrace_sync:wait":
        return dict(fields, form=name)
    if name not in ("exectrace_sync:wait_short", "exectrace_sync:wait_woken"):
        return None
    what = int(fields["what"], 16)
    who = int(fields.get("who", "0"), 16)
    wait = {"form": name, "vpid": fields["vpid"], "vtid": fields["vtid"], "duration": fields["duration"],
            "outcome": str(what >> 60), "kind": str(what >> 56 & 15), "object": f"0x{what & (1 << 56) - 1:X}"}
    if name == "exectrace_sync:wait_short":
        return dict(wait, stack=fields["stack"], waker="0", waker_stack="0", since_wake="0")
    return dict(wait, stack=str(who & 0xfffff), waker=str(who >> 40), waker_stack=str(who >> 20 & 0xfffff),
                since_wake=fields["since_wake"])


def record(record_plain, library, *program):
    """What the program printed, and its events. Ends this script as the recording ended when that failed."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "events")
        run = subprocess.run([record_plain, library, output, *program], stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode != 0:
            sys.exit(run.returncode)
        with open(output, encoding="utf-8") as file:
            return run.stdout, list(parse(file.read()))


def finish(failures, success):
    print("\n".join(failures) or success)
    sys.exit(bool(failures))
