"""What a user could mistype is answered with a sentence on stderr, nothing on stdout and the documented status.

Arguments: BUILD
"""

import os
import subprocess
import sys

from end_to_end_support import Programs, Scratch, fail, run, run_fine

USAGE, FAILURE = 2, 1
# The recorder, whose exit status is otherwise the program's, does as env and timeout do.
RECORDER_FAILURE, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127


def make_files(scratch):
    """An empty folder, a file, a folder and a file of a trace nobody may read, a file that is no program."""
    os.mkdir(scratch / "empty")
    os.mkdir(scratch / "closed", 0o000)
    os.mkdir(scratch / "part")
    os.close(os.open(scratch / "part" + "/metadata", os.O_CREAT, 0o644))
    os.close(os.open(scratch / "part" + "/stream_0", os.O_CREAT, 0o000))
    for name in ("file", "no-program"):
        with open(scratch / name, "w", encoding="ascii") as file:
            file.write("nothing\n")


def recorder_mistakes(scratch):
    full = scratch / "full"
    os.mkdir(full)
    with open(os.path.join(full, "precious"), "w", encoding="ascii") as file:
        file.write("keep me\n")
    return [
        (["--no-such-option", "--", "true"], RECORDER_FAILURE),
        ([], RECORDER_FAILURE),
        (["-o", scratch / "new", "--"], RECORDER_FAILURE),
        (["-o", scratch / "new1", "--", scratch / "no-such-program"], NOT_FOUND),
        (["-o", scratch / "new2", "--", "no-such-program-on-the-path"], NOT_FOUND),
        (["-o", scratch / "new3", "--", scratch / "no-program"], NOT_EXECUTABLE),
        (["-o", scratch / "empty" + "/missing/deeper", "--", "true"], RECORDER_FAILURE),
        (["-o", full, "--", "true"], RECORDER_FAILURE),
        (["-o", scratch / "file", "--", "true"], RECORDER_FAILURE),
    ]


def reader_mistakes(scratch):
    mistakes = [
        ([], USAGE),
        (["--no-such-option", scratch / "empty"], USAGE),
        ([scratch / "missing"], FAILURE),
        ([scratch / "empty"], FAILURE),
        ([scratch / "file"], FAILURE),
        ([scratch / "empty", "-thread=("], USAGE),
        ([scratch / "empty", "-from=yesterday"], USAGE),
        ([scratch / "empty", "-from=80%", "-to=20%"], USAGE),
    ]
    if os.geteuid() != 0:
        mistakes += [([scratch / "closed"], FAILURE), ([scratch / "part"], FAILURE)]
    return mistakes


def check(program, arguments, status):
    """What is wrong with the answer, as sentences."""
    done = run([program, *arguments])
    shown = f"{os.path.basename(program)} {' '.join(arguments)}"
    problems = []
    if done.returncode != status:
        problems.append(f"{shown}: exit status {done.returncode} instead of {status}; it says: {done.stderr}")
    if done.returncode < 0 or "Sanitizer" in done.stderr:
        problems.append(f"{shown}: crashed: {done.stderr}")
    if done.stdout:
        problems.append(f"{shown}: writes to stdout: {done.stdout}")
    first_line = done.stderr.split("\n", 1)[0]
    if not first_line.startswith(os.path.basename(program) + ": ") and "usage" not in first_line.lower():
        problems.append(f"{shown}: the message is no sentence of the program: {done.stderr!r}")
    if done.stderr.count("\n") > 4:
        problems.append(f"{shown}: says more than a sentence: {done.stderr}")
    return problems


def check_full_output(programs, trace):
    """A reader that cannot write says so; one whose pipe is closed early ends quietly."""
    problems = []
    for command in ([programs.analyzer, trace], [programs.analyzer, trace, "-pprof=syscall"],
                    [programs.viewer_export, trace, "-o", "-"], [programs.analyzer, "--help"],
                    [programs.viewer_export, "--help"], [programs.viewer_export, "--version"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != FAILURE or "cannot write" not in done.stderr:
            problems.append(f"{command} > /dev/full: exit status {done.returncode}, stderr {done.stderr!r}")
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
        os.close(writing)
        if "Sanitizer" in done.stderr or done.returncode == 0 or done.stderr.count("\n") > 1:
            problems.append(f"{command} | true: exit status {done.returncode}, stderr {done.stderr!r}")
    return problems


def main():
    programs = Programs(sys.argv[1])
    with Scratch() as scratch:
        make_files(scratch)
        problems = []
        for arguments, status in recorder_mistakes(scratch):
            problems += check(programs.recorder, arguments, status)
        for arguments, status in reader_mistakes(scratch):
            problems += check(programs.analyzer, arguments, status)
            problems += check(programs.viewer_export, [*arguments, "-o", scratch / "timeline.json"], status)
        problems += check(programs.analyzer, [scratch / "empty", "-pprof=nonsense"], USAGE)
        problems += check(programs.analyzer, [scratch / "empty", "-report=nonsense"], USAGE)
        problems += check(programs.viewer_export, [scratch / "empty", "-format=nonsense", "-o", "-"], USAGE)
        if os.path.exists(scratch / "timeline.json"):
            problems.append("viewer_export left a half-written timeline")

        trace = scratch / "trace"
        programs.record_fine(trace, ["sleep", "0.01"])
        problems += check_full_output(programs, trace)
        for program in (programs.recorder, programs.analyzer, programs.viewer_export):
            for option in ("--help", "--version"):
                if not run_fine([program, option]):
                    problems.append(f"{os.path.basename(program)} {option} prints nothing")
        os.chmod(scratch / "closed", 0o700)
        if problems:
            fail("\n".join(problems))


main()
