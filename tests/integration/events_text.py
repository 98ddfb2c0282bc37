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
