"""secure_execution.py PROGRAM: a setuid program with the library in it does not heed the library's environment variables.

The variable that has the library make a file is set, once for an ordinary program and once for a setuid one.
"""
import os
import shutil
import sys

from end_to_end_support import Scratch, fail, run, skip

NOBODY = 65534


def run_as_nobody(program, folder):
    """AT_SECURE of the program, and the files that the library has made."""
    state = os.path.join(folder, "state")
    os.mkdir(state)
    os.chmod(state, 0o777)
    done = run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", program],
               env={"PATH": os.environ["PATH"], "EXECTRACE_STATE": state, "LTTNG_UST_REGISTER_TIMEOUT": "0"}, cwd="/")
    if done.returncode != 0:
        skip(f"another user cannot run it: {done.stderr}")
    files = os.listdir(state)
    shutil.rmtree(state)
    return done.stdout.strip(), files


def main():
    if os.geteuid() != 0:
        skip("only root can make a program setuid")
    with Scratch() as scratch:
        os.chmod(scratch.path, 0o755)
        program = shutil.copy(sys.argv[1], scratch / "program")
        secure, files = run_as_nobody(program, scratch.path)
        if (secure, len(files)) != ("0", 1):
            fail(f"the test does not see what the library makes of the variable: AT_SECURE {secure}, {files}")
        os.chmod(program, 0o4755)
        secure, files = run_as_nobody(program, scratch.path)
        if secure == "0":
            skip("the file system knows no setuid programs")
        if files:
            fail(f"in secure execution the library has made {files}")


main()
