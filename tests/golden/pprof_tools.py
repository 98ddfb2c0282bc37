"""go's own pprof opens our files without a word of warning, and shows what is in them.

pprof_tools.py DRIVER FIXTURES: the driver makes a profile of event text; FIXTURES has the object files.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BASE = 0x7F0000000000
driver, fixtures = sys.argv[1:3]
failures = []


os.environ.pop("DEBUGINFOD_URLS", None)


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def return_address(library, function):
    """Where the call of fixture_note in a function returns to, as the file counts."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", "--disassemble=" + function, library],
        check=True, capture_output=True, text=True).stdout
    return int(re.search(r"call.*fixture_note.*\n\s*([0-9a-f]+):", listing).group(1), 16)


def events(library, waits):
    inlined = BASE + return_address(library, "fixture_outer")
    hidden = BASE + return_address(library, "hidden_function")
    head = [
        f"1700000000000000000 100 100 - process_start contract=1 exe={library} name=app",
        f"1700000000000000000 100 100 - module base={BASE:#x} size=0x10000 path={library}",
        f"1700000000000000000 100 100 - stack stack=1 pcs={inlined:#x},{hidden:#x}",
        f"1700000000000000000 100 100 - stack stack=2 pcs={hidden:#x}",
        f"1700000000000000000 100 100 - stack stack=3 pcs=0x7e0000000101,{hidden:#x}",
        f"1700000000000000000 100 100 - stack stack=4 pcs=0x7e0000000201,{hidden:#x}",
        "1700000000000000001 100 101 - thread_name name=worker",
    ]
    lines = [
        f"{1700000001000000000 + number * 100000000} 100 101 - wait kind={kind} outcome=acquired object=0x7f00 "
        f"duration_ns={delay} stack={stack}"
        for number, (kind, delay, stack) in enumerate(waits)
    ]
    return "\n".join(head + lines) + "\n"


def write_profile(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        subprocess.run([driver, "sync", "lines"], input=text.encode(), stdout=out, check=True)
    return path


def pprof(folder, *arguments):
    environment = dict(os.environ, PPROF_TMPDIR=folder, HOME=folder, GOCACHE=folder, GOFLAGS="")
    done = subprocess.run(["go", "tool", "pprof", *arguments], capture_output=True, text=True, cwd="/",
                          env=environment, check=False)
    if done.returncode != 0 or done.stderr:
        failures.append(f"pprof {' '.join(arguments)}: status {done.returncode}, says: {done.stderr}")
    return done.stdout


def expect(what, pattern, text):
    if not re.search(pattern, text, re.MULTILINE):
        failures.append(f"{what}: nothing like {pattern!r} in\n{text}")


def check(folder):
    library = os.path.join(fixtures, "fixture.so")
    first = write_profile(folder, "first.pb.gz", events(
        library, [("mutex", 1000000, 1), ("mutex", 500000, 2), ("semaphore", 250000, 3), ("semaphore", 125000, 4)]))
    second = write_profile(folder, "second.pb.gz", events(
        library, [("mutex", 3000000, 1), ("mutex", 500000, 2), ("semaphore", 250000, 3), ("semaphore", 125000, 4)]))

    top = pprof(folder, "-top", first)
    expect("top", r"Type: delay", top)
    expect("top", r"^\s*1000us\s.*\s1000us\s.*inner \(inline\)$", top)
    expect("top", r"^\s*500us\s.*hidden_function$", top)
    expect("top", r"^\s*250us\s.*\[anonymous code\] 0x7e0000000100$", top)
    expect("top", r"^\s*125us\s.*\[anonymous code\] 0x7e0000000200$", top)
    expect("top count", r"^\s*2 .*hidden_function|^\s*1 .*hidden_function", pprof(
        folder, "-top", "-sample_index=contentions", first))
    expect("tree", r"hidden_function", pprof(folder, "-tree", first))
    expect("list", r"1ms\s+1ms.*inner|1ms\s+1ms\s+\d+:\s+return fixture_note\(slot\) \* 3", pprof(
        folder, "-list=inner", first))
    expect("diff", r"^\s*2ms\s.*inner \(inline\)$", pprof(folder, "-top", "-diff_base=" + first, second))
    expect("tagfocus", r"accounting for 1500us", pprof(folder, "-top", "-tagfocus=kind=mutex", first))
    expect("tags", r"thread: Total[\s\S]*worker", pprof(folder, "-tags", first))
    expect("traces", r"inner \(inline\)\n\s+middle \(inline\)\n\s+fixture_outer\n\s+hidden_function", pprof(
        folder, "-traces", first))
    expect("comments", r"lost events: 0", pprof(folder, "-comments", first))


def main():
    for tool in ("go", "objdump"):
        if not shutil.which(tool):
            skip(tool + " is not installed")
    with tempfile.TemporaryDirectory() as folder:
        check(folder)
    print("\n".join(failures))
    return 1 if failures else 0


sys.exit(main())
