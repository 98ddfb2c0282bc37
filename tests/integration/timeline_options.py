"""Pieces of -split add up to the whole, -max-size keeps the longest, filters of threads keep all of them, errors leave
no file.

Arguments: VIEWER_EXPORT TRACE
"""

import collections
import gzip
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

SKIP = 77
WAITS = ("sync", "net", "syscall")
MADE_UP = 10000000  # numbers of what has none


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)


def fine(*command):
    done = run(*command)
    if done.returncode != 0:
        sys.exit(f"{command}: status {done.returncode}: {done.stderr.decode()}")
    return done


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} instead of {expected!r}")


def events(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)["traceEvents"]


def ns(event):
    return int(event["dur"] * 1000)


def sums(slices):
    """Count and total of waits and of states; a wait that a range cuts counts where it ends."""
    waits = [event for event in slices if event.get("cat") in WAITS]
    states = [event for event in slices if event.get("cat") == "state"]
    return (sum("part" not in event["args"] for event in waits), sum(map(ns, waits)), sum(map(ns, states)))


def check_split(viewer_export, trace, folder, whole):
    path = os.path.join(folder, "split.json")
    done = fine(viewer_export, trace, "-o", path, "-split=400kB")
    parts = sorted(name for name in os.listdir(folder) if name.startswith("split"))
    if len(parts) < 2 or f"wrote {len(parts)} files" not in done.stderr.decode():
        sys.exit(f"-split: {parts}, {done.stderr!r}")
    for name in parts:
        size = os.path.getsize(os.path.join(folder, name))
        if size > 400000:
            sys.exit(f"{name} has {size} bytes")
    pieces = [sums(events(os.path.join(folder, name))) for name in parts]
    expect("sum of the pieces", tuple(map(sum, zip(*pieces))), sums(whole))


def check_max_size(viewer_export, trace, folder, whole):
    path = os.path.join(folder, "small.json")
    done = fine(viewer_export, trace, "-o", path, "-max-size=200kB")
    size = os.path.getsize(path)
    if size > 200000 or b"left out" not in done.stderr:
        sys.exit(f"-max-size: {size} bytes, {done.stderr!r}")
    kept = sorted((ns(event) for event in events(path) if event.get("cat") in WAITS), reverse=True)
    longest = sorted((ns(event) for event in whole if event.get("cat") in WAITS), reverse=True)
    expect("what was kept", kept, longest[:len(kept)])


def tracks_of(all_events, wanted):
    """What is shown of the threads whose (pid, name) is wanted: sorted slices."""
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in all_events if event["name"] == "thread_name"}
    return sorted((event["pid"], event["ts"], event["dur"], event["name"]) for event in all_events
                  if event["ph"] == "X" and event["cat"] in (*WAITS, "state")
                  and wanted(event["pid"], re.sub(r" \d+ state$", "", names[event["pid"], event["tid"]])))


def check_threads(viewer_export, trace, folder, whole):
    """What is known of a thread late, its process and its name, decides about all of it."""
    path = os.path.join(folder, "chosen.json")
    sizes = collections.Counter(event["pid"] for event in whole if event["ph"] == "X" and event["pid"] < MADE_UP)
    chosen = [pid for pid, _ in sizes.most_common(4)]
    for pid in chosen:
        fine(viewer_export, trace, "-o", path, f"-pid={pid}")
        expect(f"slices of process {pid}", tracks_of(events(path), lambda *_: True) ==
               tracks_of(whole, lambda other, _, pid=pid: other == pid), True)
    names = {event["args"]["name"] for event in whole if event["name"] == "thread_name" and event["pid"] in chosen
             and re.fullmatch(r"[\w-]*[a-z][\w-]*", event["args"]["name"])}
    for name in sorted(names)[:4]:
        fine(viewer_export, trace, "-o", path, f"-thread=^{name}$")
        expect(f"slices of threads {name}", tracks_of(events(path), lambda *_: True) ==
               tracks_of(whole, lambda _, other, name=name: other == name), True)
    expect("something was compared", bool(chosen and names), True)


def check_outputs(viewer_export, trace, folder, path):
    with open(path, "rb") as file:
        contents = file.read()
    expect("standard output", fine(viewer_export, trace, "-o", "-", "-format=json").stdout == contents, True)
    compressed = os.path.join(folder, "whole.json.gz")
    fine(viewer_export, trace, "-o", compressed)
    with gzip.open(compressed, "rb") as file:
        expect("compressed", file.read() == contents, True)


def check_errors(viewer_export, trace, folder):
    before = sorted(os.listdir(folder))
    full = run(viewer_export, trace, "-o", os.path.join(folder, "full.json"),
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
    expect("status when a file cannot grow", full.returncode, 1)
    expect("one sentence", full.stderr.count(b"\n"), 1)
    missing = run(viewer_export, os.path.join(folder, "missing"), "-o", os.path.join(folder, "x.json"))
    expect("status without a trace", missing.returncode, 1)
    nowhere = run(viewer_export, trace, "-o", os.path.join(folder, "no-folder", "x.json"))
    expect("status without a folder", nowhere.returncode, 1)
    odd = os.path.join(os.path.dirname(trace), "odd", "babeltrace", "succeed", "meta-ctx-sequence")
    if os.path.isdir(odd):  # babeltrace2 aborts
        broken = run(viewer_export, odd, "-o", os.path.join(folder, "x.json"))
        expect("status when the reader breaks down", (broken.returncode, broken.stderr.count(b"\n")), (1, 1))
        expect("who says so", broken.stderr.startswith(b"viewer_export: "), True)
    for mistake in (["-split=3"], ["-max-size=many"], ["-format=xml"], ["-stacks=-1"], ["-symbolize=all"],
                    ["-split=1MB", "-max-size=1MB"], ["-thread=("]):
        done = run(viewer_export, trace, "-o", os.path.join(folder, "x.json"), *mistake)
        expect(f"status of {mistake}", (done.returncode, done.stderr.count(b"\n")), (2, 1))
    expect("files left", sorted(os.listdir(folder)), before)


def check_signals(viewer_export, trace, folder):
    """A file that was begun is gone after a signal that can be caught, and never has its final name."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        for _ in range(100):  # until it is met in the middle
            target = os.path.join(folder, "signals")
            os.mkdir(target)
            process = subprocess.Popen([viewer_export, trace, "-o", os.path.join(target, "t.json")],
                                       stderr=subprocess.DEVNULL)
            while process.poll() is None and not os.listdir(target):
                pass
            process.send_signal(number)
            status, left = process.wait(), os.listdir(target)
            shutil.rmtree(target)
            if status != 0:
                break
            expect("files of a finished run", left, ["t.json"])
        expect("status", status, -number)
        if number == signal.SIGKILL:
            expect("final name after SIGKILL", "t.json" in left, False)
        else:
            expect(f"files after {number}", left, [])


def main():
    viewer_export, trace = sys.argv[1:]
    if not os.path.isdir(trace):
        print(f"skipped: there is no {trace}")
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "whole.json")
        fine(viewer_export, trace, "-o", path)
        whole = events(path)
        check_split(viewer_export, trace, folder, whole)
        check_max_size(viewer_export, trace, folder, whole)
        check_threads(viewer_export, trace, folder, whole)
        check_outputs(viewer_export, trace, folder, path)
        check_errors(viewer_export, trace, folder)
        check_signals(viewer_export, trace, folder)


main()
