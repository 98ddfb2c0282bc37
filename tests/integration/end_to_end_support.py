"""What the end-to-end tests share: running the three programs and reading what they wrote with other tools.

A test is a script that imports this module; CTest gives it the build folder as its first argument and, where
it needs them, the paths of its programs after that. Exit status: 0 passed, 1 failed, 77 skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# A generous limit: a test that reaches it hangs.
TIMEOUT_S = 240


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def fail(message):
    print(f"FAILED: {message}")
    sys.exit(1)


def need(command):
    """The path of a command that this machine must have for the test."""
    path = shutil.which(command)
    if path is None:
        skip(f"{command} is not installed")
    return path


def run(command, **options):
    """Runs to the end; stdout and stderr as text. Fails the test when it hangs."""
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace",
                              timeout=TIMEOUT_S, **options)
    except subprocess.TimeoutExpired as expired:
        fail(f"{command} hangs; it said: {expired.stdout!r} {expired.stderr!r}")


def run_fine(command, **options):
    """Runs; its stdout. Anything but exit status 0 fails the test."""
    done = run(command, **options)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Scratch:
    """A folder that is removed when the test ends; kept, and named, when it fails."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="exectrace-test-")

    def __enter__(self):
        return self

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def __exit__(self, kind, value, traceback):
        if kind is None or (kind is SystemExit and value.code in (0, SKIPPED)):
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"the test's files are in {self.path}")


ATTEMPTS = 3


def must_agree(check):
    """Fails with what check(number) finds wrong, if it does so each time. It records a program that measures its own
    waits: a loaded machine may take a thread off its CPU between the program's clock and the call."""
    for number in range(ATTEMPTS):
        problems = check(number)
        if not problems:
            return
    fail("\n".join(problems))


class Programs:
    """The three programs and the library, of a build folder."""

    def __init__(self, build):
        self.build = build
        self.recorder = os.path.join(build, "recorder", "recorder")
        self.analyzer = os.path.join(build, "analyzer", "analyzer")
        self.viewer_export = os.path.join(build, "viewer_export", "viewer_export")
        self.library = os.path.join(build, "tracepoints", "libexectrace.so")

    def record(self, trace, command, options=(), **run_options):
        """Records; the finished process (stdout, stderr, returncode)."""
        return run([self.recorder, *options, "-o", trace, "--", *command], **run_options)

    def record_fine(self, trace, command, options=()):
        """Records a program that must succeed; what it printed."""
        done = self.record(trace, command, options)
        if done.returncode != 0:
            fail(f"recording {command}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def profile(self, trace, kind, path, options=()):
        """Writes one profile to path and returns path."""
        with open(path, "wb") as output:
            done = subprocess.run([self.analyzer, trace, f"-pprof={kind}", *options], stdout=output,
                                  stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
        if done.returncode != 0:
            fail(f"analyzer -pprof={kind}: exit status {done.returncode}: {done.stderr}")
        return path


def pprof(*arguments):
    """The output of `go tool pprof`, which must not warn about the file."""
    go = need("go")
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, HOME=home, PPROF_TMPDIR=home, GOCACHE=home, GOFLAGS="", GOTOOLCHAIN="local")
        done = run([go, "tool", "pprof", "-symbolize=none", *arguments], env=environment)
    if done.returncode != 0:
        fail(f"go tool pprof {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


_UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "": 1}


def pprof_top(path, *options, sample="delay"):
    """`go tool pprof -top` as {function: (flat, cumulative)}, exact to the nanosecond."""
    text = pprof("-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0", "-unit=ns",
                 f"-sample_index={sample}", *options, path)
    rows = {}
    for line in text.splitlines():
        match = re.match(r"\s*(-?[\d.]+)(\w*)\s+-?[\d.]+%\s+-?[\d.]+%\s+(-?[\d.]+)(\w*)\s+-?[\d.]+%\s+(.*)$", line)
        if match:
            flat = float(match[1]) * _UNITS[match[2]]
            cumulative = float(match[3]) * _UNITS[match[4]]
            name = match[5].removesuffix(" (inline)")
            known = rows.get(name, (0.0, 0.0))
            rows[name] = (known[0] + flat, known[1] + cumulative)
    return rows


def pprof_total(path, *options, sample="delay"):
    """The sum over a profile's samples."""
    return sum(flat for flat, _ in pprof_top(path, *options, sample=sample).values())


def differs(measured, truth, tolerance):
    return abs(measured - truth) > tolerance * truth


# Of the total a function waited, as tests/apps/e2e_known_waits.c measured it around its own calls.
TOLERANCE = 0.02


def read_truth(text):
    """{function: (profile, kind, count, total_ns)} as e2e_known_waits printed it."""
    truth = {}
    for line in text.splitlines():
        function, profile, kind, count, total_ns = line.split()
        truth[function] = (profile, kind, int(count), int(total_ns))
    return truth


def check_function(function, expected, delays, counts):
    """What is wrong with one function's rows of a profile, as sentences."""
    _, _, count, total_ns = expected
    if function not in delays:
        return [f"{function} is missing from the profile"]
    problems = []
    if counts[function][0] != count:
        problems.append(f"{function}: {counts[function][0]:.0f} waits instead of {count}")
    if differs(delays[function][0], total_ns, TOLERANCE):
        problems.append(f"{function}: {delays[function][0]:.0f} ns instead of {total_ns}")
    return problems
