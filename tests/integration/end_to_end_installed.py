"""Installed under a prefix of its own, everything works from there without the build folder.

Arguments: BUILD CMAKE
"""

import os
import shutil
import sys

from end_to_end_support import Scratch, fail, run_fine


def find(folder, name):
    for where, _, names in os.walk(folder):
        if name in names:
            return os.path.join(where, name)
    return fail(f"{name} is not installed")


def main():
    build, cmake = sys.argv[1:]
    with Scratch() as scratch:
        # Moved after the installation, so that nothing may depend on where it was.
        run_fine([cmake, "--install", build, "--prefix", scratch / "first"])
        prefix = shutil.move(scratch / "first", scratch / "second")
        recorder, analyzer, viewer_export = (os.path.join(prefix, "bin", name)
                                             for name in ("recorder", "analyzer", "viewer_export"))
        for name in ("recorder.1", "analyzer.1", "viewer_export.1", "libexectrace.so", "exectrace.h"):
            find(prefix, name)
        trace = scratch / "trace"
        if run_fine([recorder, "-o", trace, "--", "echo", "fine"]) != "fine\n":
            fail("the recorded program's output is not its own")
        if "echo" not in run_fine([analyzer, trace]):
            fail("the summary does not name the program")
        run_fine([viewer_export, trace, "-o", scratch / "timeline.json"])


main()
