#!/usr/bin/python3
"""
reader_odd_traces.py DUMP_EVENTS FOLDER

Damaged and unusual traces (FOLDER holds fail/, succeed/, packet-seq-num/, ...) are read, or end with exit
status 1 and one sentence on stderr; within ten seconds and one gigabyte, whatever a length field says.
"""
import os
import re
import resource
import subprocess
import sys

# Events and losses that must come out.
READ = {
    "deterministic-ordering/b-not-corrupted": (3, 0),
    "intersection/3eventsintersect": (8, 0),
    "intersection/3eventsintersectreverse": (8, 0),
    "intersection/nointersect": (6, 0),
    "intersection/nostream": (0, 0),
    "intersection/onestream": (3, 0),
    "live/split-metadata": (3, 0),
    "packet-seq-num/2-lost-before-last": (3, 2),
    "packet-seq-num/2-streams-lost-in-1": (8, 2),
    "packet-seq-num/2-streams-lost-in-2": (8, 6),
    "packet-seq-num/7-lost-between-2-with-index": (2, 7),
    "packet-seq-num/no-lost": (3, 0),
    "packet-seq-num/no-lost-not-starting-at-0": (3, 0),
    "succeed/2packets": (2, 0),
    "succeed/array-align-elem": (1, 0),
    "succeed/barectf-event-before-packet": (2, 0),
    "succeed/crlf-metadata": (5, 0),
    "succeed/debug-info": (4, 0),
    "succeed/env-warning": (7809, 0),
    "succeed/ev-disc-no-ts-begin-end": (3, 17),
    "succeed/lf-metadata": (5, 0),
    "succeed/lttng-crash": (400, 0),
    "succeed/lttng-event-after-packet": (2, 0),
    "succeed/lttng-tracefile-rotation": (12305, 0),
    "succeed/meta-variant-no-underscore": (1, 0),
    "succeed/meta-variant-one-underscore": (1, 0),
    "succeed/meta-variant-reserved-keywords": (1, 0),
    "succeed/meta-variant-same-with-underscore": (1, 0),
    "succeed/meta-variant-two-underscores": (1, 0),
    "succeed/multi-domains": (4272, 728),
    "succeed/no-packet-context": (3, 0),
    "succeed/sequence": (10, 0),
    "succeed/session-rotation": (266, 0),
    "succeed/smalltrace": (2, 0),
    "succeed/struct-array-align-elem": (1, 0),
    "succeed/succeed1": (7809, 0),
    "succeed/succeed2": (7809, 0),
    "succeed/succeed3": (7809, 0),
    "succeed/succeed4": (0, 0),
    "succeed/trace-with-index": (4000, 0),
    "succeed/warnings": (7809, 0),
    "succeed/wk-heartbeat-u": (20, 0),
}
# What can be read before the damage is handed out all the same.
FAIL = {
    "deterministic-ordering/a-corrupted": 2,
    "deterministic-ordering/c-corrupted": 2,
    "fail/fail1": 0,
    "fail/fail2": 0,
    "fail/integer-range": 0,
    "fail/invalid-packet-size": 0,
    "fail/invalid-sequence-length-field-class": 0,
    "fail/invalid-variant-selector-field-class": 0,
    "fail/lttng-modules-2.0-pre1": 0,
    "fail/metadata-syntax-error": 0,
    "fail/packet-based-metadata": 0,
    "fail/smalltrace": 0,
    "fail/valid-events-then-invalid-events": 2,
}
# babeltrace2 2.0.4 fails an assertion; later versions read it.
EITHER = {"succeed/meta-ctx-sequence"}


def limit_memory():
    if os.environ.get("EXECTRACE_SANITIZE") != "ON":  # AddressSanitizer reserves terabytes
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


def run(dump_events, path):
    process = subprocess.run([dump_events, "-c", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10,
                             preexec_fn=limit_memory, check=False)
    counts = re.search(r"total (\d+) lost (\d+)", process.stdout.decode())
    return process.returncode, counts and tuple(map(int, counts.groups())), process.stderr.decode()


def is_sentence(stderr, path):
    return stderr.count("\n") == 1 and path in stderr and len(stderr) < 1000


def check(dump_events, folder, name):
    path = os.path.join(folder, name)
    status, counts, stderr = run(dump_events, path)
    if name in READ:
        return (status, counts, stderr) == (0, READ[name], ""), (status, counts, stderr)
    if name in FAIL:
        return status == 1 and counts[0] == FAIL[name] and is_sentence(stderr, path), (status, counts, stderr)
    return (status == 0 and not stderr) or (status == 1 and is_sentence(stderr, path)), (status, counts, stderr)


def main():
    dump_events, folder = sys.argv[1:]
    failed = 0
    present = {os.path.join(group, name) for group in os.listdir(folder) if os.path.isdir(os.path.join(folder, group))
               for name in os.listdir(os.path.join(folder, group)) if os.path.isdir(os.path.join(folder, group, name))}
    for name in sorted(present):
        is_fine, result = check(dump_events, folder, name)
        if not is_fine or name not in READ.keys() | FAIL.keys() | EITHER:
            print(f"{name}: {result}")
            failed += 1
    print(f"{len(present)} traces, {failed} not as they should be")
    return 1 if failed or not present else 0


sys.exit(main())
