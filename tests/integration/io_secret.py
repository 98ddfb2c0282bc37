"""io_secret.py RECORDER ANALYZER VIEWER_EXPORT PROGRAM: data and arguments of calls are in no file of a recording, nor in what is made of it; nobody else can read it."""
import gzip
import os
import re
import stat
import subprocess
import sys
import tempfile

recorder, analyzer, viewer_export, program = sys.argv[1:]
SECRET = "tell-nobody-0xC0FFEE"
SAID = b"this may be found"
RECORDER = ["--wait-threshold=0", "--syscall-threshold=0", "--alloc=all", "-q"]


def forms(text):
    """As bytes, as wide characters, and either without its first half."""
    return [form for part in (text, text[len(text) // 2:]) for form in (part.encode(), part.encode("utf-32-le"))]


def files_below(folder):
    return [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]


def record(folder):
    trace, work = os.path.join(folder, "trace"), os.path.join(folder, "work")
    os.mkdir(work)
    done = subprocess.run([recorder, *RECORDER, "-o", trace, "--", program, SECRET], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not re.match(r"[1-9]\d+ calls, 0 failed\n", done.stdout):
        sys.exit(f"the program ended with {done.returncode}: {done.stdout}{done.stderr}")
    return trace


def made_of(trace, folder):
    """Everything that the tools make of the recording."""
    commands = [[analyzer, trace], [analyzer, trace, "-pprof=syscall", "-o", os.path.join(folder, "made.pb")]]
    commands += [[analyzer, trace, f"-report={name}"] for name in ("threads", "locks", "sched", "syscalls", "net", "heap", "loss")]
    commands += [[viewer_export, trace, "-o", os.path.join(folder, name)] for name in ("made.json", "made.pftrace")]
    outputs = {" ".join(command): subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout for command in commands}
    outputs |= {name: open(os.path.join(folder, name), "rb").read() for name in ("made.json", "made.pftrace")}
    return outputs | {"made.pb": gzip.open(os.path.join(folder, "made.pb")).read()}


def check(folder):
    trace = record(folder)
    contents = {path: open(path, "rb").read() for path in files_below(trace)}
    if not any(SAID in content for content in contents.values()):
        yield "what the program says in its annotation was not found: the search proves nothing"
    for path, content in (contents | made_of(trace, folder)).items():
        for form in forms(SECRET):
            if form in content:
                yield f"{path} has the secret: {content[max(content.index(form) - 40, 0):content.index(form) + 60]}"
    if stat.S_IMODE(os.stat(trace).st_mode) != 0o700:
        yield f"the recording's directory has mode {os.stat(trace).st_mode:o}"
    for path in files_below(trace):
        if os.stat(path).st_mode & 0o6002:
            yield f"{path} has mode {os.stat(path).st_mode:o}"


with tempfile.TemporaryDirectory() as folder:
    failures = list(check(folder))
print("\n".join(failures) or "nothing of it is told")
sys.exit(bool(failures))
