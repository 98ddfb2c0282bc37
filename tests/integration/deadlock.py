"""deadlock.py RECORDER ANALYZER PROGRAM: a deadlock is named with its threads, objects and places, however the program ends."""
import os
import signal
import subprocess
import sys
import tempfile

recorder, analyzer, program = sys.argv[1:]


def run_until_end(trace, how):
    """What the program printed; it dies by its own SIGKILL, or by the recorder's Ctrl-C."""
    command = [recorder, "--no-sched", "-o", trace, "--", program, how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if how == "stay":
        process.send_signal(signal.SIGINT)
    process.communicate()
    wanted = signal.SIGKILL if how == "kill" else signal.SIGINT
    if process.returncode not in (-wanted, 128 + wanted):
        sys.exit(f"{how}: the recorder ended with {process.returncode}")
    return line.split()


def check(how):
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        left, right, left_object, right_object = run_until_end(trace, how)
        summary = subprocess.run([analyzer, trace], stdout=subprocess.PIPE, text=True, check=True).stdout
        locks = subprocess.run([analyzer, trace, "-report=locks"], stdout=subprocess.PIPE, text=True, check=True).stdout
    both = (f"left ({left})", f"right ({right})")
    circles = [f"DEADLOCK: {a} -> {b} -> {a}: each waits" for a, b in (both, both[::-1])]  # the longer wait is first
    wanted = [f"left ({left}) waits for mutex {right_object}, held by right ({right})\n"
              "           waits in     hold_and_wait <",
              f"right ({right}) waits for mutex {left_object}, held by left ({left})\n"
              "           waits in     hold_and_wait <"]
    failures = [] if any(circle in summary for circle in circles) else [f"{how}: no circle is named:\n{summary}"]
    failures += [f"{how}: the summary lacks '{text}':\n{summary}" for text in wanted if text not in summary]
    if locks.count("held by    left: hold_and_wait <") != 1 or locks.count("held by    right: hold_and_wait <") != 1:
        failures.append(f"{how}: the holders' places are not in the report of locks:\n{locks}")
    return failures


problems = check("kill") + check("stay")
print("\n".join(problems) or "the deadlock is named")
sys.exit(bool(problems))
