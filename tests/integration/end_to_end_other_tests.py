"""Other people's tests as judges: what passes bare passes recorded.

Arguments: BUILD python MODULE[:PATTERN,...]... | BUILD stress STRESSOR...
"""

import shutil
import subprocess
import sys

from end_to_end_support import Programs, Scratch, fail, need, run, skip

# Hangs without a hypervisor, recorded or not.
PYTHON_LEFT_OUT = ["-i", "*VSOCKSocket*"]


def python_tests(modules):
    """[(name, command)]"""
    if subprocess.run([sys.executable, "-c", "import test.test_threading"], capture_output=True,
                      check=False).returncode != 0:
        skip("Python's own tests are not installed (libpython3.11-testsuite)")
    commands = []
    for name in modules:
        module, _, patterns = name.partition(":")
        chosen = [word for pattern in patterns.split(",") if pattern for word in ("-m", pattern)]
        commands.append((module, [sys.executable, "-m", "test", "-q", *PYTHON_LEFT_OUT, *chosen, module]))
    return commands


def stressors(names):
    stress_ng = need("stress-ng")
    # A number of operations rather than a time; --verify makes wrong results failures.
    return [(name, [stress_ng, f"--{name}", "2", f"--{name}-ops", "300", "--verify", "--timeout", "60"])
            for name in names]


def main():
    build, kind, *names = sys.argv[1:]
    programs = Programs(build)
    problems = []
    with Scratch() as scratch:
        for name, command in {"python": python_tests, "stress": stressors}[kind](names):
            recorded = programs.record(scratch / name, command, ["-q"], cwd=scratch.path)
            if recorded.returncode != 0:
                bare = run(command, cwd=scratch.path)
                if bare.returncode != recorded.returncode:
                    problems.append(f"{name}: exit status {recorded.returncode} recorded, {bare.returncode} bare\n"
                                    f"{recorded.stdout[-3000:]}{recorded.stderr[-3000:]}")
            shutil.rmtree(scratch / name, ignore_errors=True)
        if problems:
            fail("\n".join(problems))


main()
