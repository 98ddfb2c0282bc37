"""deadlock.py RECORDER ANALYZER PROGRAM: deadlocks over locks of all kinds are named with their threads, objects and places, however the program ends."""
import os
import signal
import subprocess
import sys
import tempfile

recorder, analyzer, program = sys.argv[1:]
STATUS = {"kill": signal.SIGKILL, "stay": signal.SIGINT, "return": 0}
# What the report calls the right thread's lock.
NAMES = {"rwlock_write": "rwlock", "rwlock_read": "rwlock", "rwlock_timed": "rwlock", "handed_rwlock": "rwlock", "passed_rwlock": "rwlock", "passed_spin": "spin",
         "once": "once"}


def run_until_end(trace, how):
    """What the program printed of each pair; it dies by its own SIGKILL, by the recorder's Ctrl-C, or returns."""
    command = [recorder, "--no-sched", "-o", trace, "--", program, how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    lines = []
    while (line := process.stdout.readline()) not in ("all\n", ""):
        lines.append(line.split())
    if how == "stay":
        process.send_signal(signal.SIGINT)
    process.communicate()
    if process.returncode not in (-STATUS[how], 128 + STATUS[how], STATUS[how]):
        sys.exit(f"{how}: the recorder ended with {process.returncode}")
    return lines


def report(trace, *options):
    return subprocess.run([analyzer, trace, *options], stdout=subprocess.PIPE, text=True, check=True).stdout


def names_of(pair):
    return f"{('l-' + pair[0])[:15]} ({pair[1]})", f"{('r-' + pair[0])[:15]} ({pair[2]})"


def check_circle(summary, pair):
    both = names_of(pair)
    links = "the next one" if pair[0] == "join" else "what the next one holds"
    circles = [f"DEADLOCK: {a} -> {b} -> {a}: each waits for {links}" for a, b in (both, both[::-1])]
    return [] if any(circle in summary for circle in circles) else [f"no circle of {pair[0]}: {circles[0]}"]


def check_places(trace, pair):
    kind, both = pair[0], names_of(pair)
    alone = report(trace, f"-thread=^[lr]-{kind[:13]}$")
    lock = f"{NAMES.get(kind, 'mutex')} {pair[4]}, held by"
    wanted = [f"{both[0]} waits for {'the end of' if kind == 'join' else lock} {both[1]}\n           waits in     ",
              f"{both[1]} waits for mutex {pair[3]}, held by {both[0]}\n           waits in     "]
    return [f"{kind}: the summary lacks '{text}':\n{alone}" for text in wanted if text not in alone]


def check(how):
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        pairs = run_until_end(trace, how)
        summary = report(trace)
        failures = [] if pairs else ["the program printed nothing"]
        for pair in pairs:
            failures += check_circle(summary, pair)
            failures += check_places(trace, pair) if how == "kill" else []
        locks = report(trace, "-report=locks", "-thread=plain|recursive")
        for place in ("l-plain: hold_and_wait_left <", "r-plain: wait_for_left <", "r-recursive: wait_for_left <"):
            if locks.count(f"held by    {place}") != 1:
                failures.append(f"the place of a holder, '{place}', is not in the report of locks:\n{locks}")
    return [f"{how}: {failure}" for failure in failures] + ([f"{how}: of\n{summary}"] if failures else [])


problems = check("kill") + check("stay") + check("return")
print("\n".join(problems) or "the deadlocks are named")
sys.exit(bool(problems))
