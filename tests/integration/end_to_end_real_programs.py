"""A real program runs bare and recorded: the same exit status and output; its profiles name what they should.

Arguments: BUILD NAME [PROGRAM], NAME one of the functions program_* below.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from end_to_end_support import TIMEOUT_S, Programs, Scratch, fail, need, pprof_top, run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until_listening(port, server):
    """Waits for the server's port; fails the test when the server ends first."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S):
                return
        except ConnectionRefusedError:
            if server.poll() is not None:
                fail(f"the server ended too early: {server.communicate()}")
            time.sleep(0.02)


class Server:
    """A server, under load while `load(port)` runs, then ended with a signal."""

    def __init__(self, arguments, load):
        self.arguments = arguments  # a function of (port, folder)
        self.load = load

    def run(self, prefix, folder):
        port = free_port()
        os.mkdir(folder)
        command = [*prefix, *self.arguments(port, folder)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as server:
            try:
                until_listening(port, server)
                self.load(port)
                server.send_signal(signal.SIGTERM)
                stdout, _ = server.communicate(timeout=TIMEOUT_S)
            except BaseException:
                server.terminate()
                raise
        # Times, process ids and ports differ from run to run.
        stdout = re.sub(r"\b\d+:[A-Z] .*? \d\d:\d\d:\d\d\.\d+|\b\d+:signal-handler \(\d+\)|pid=\d+|PID: \d+", "", stdout)
        return server.returncode, stdout.replace(str(port), "PORT")


class Command:
    """A program that ends by itself; its lines may come in any order."""

    def __init__(self, arguments):
        self.arguments = arguments  # a function of (folder)

    def run(self, prefix, folder):
        os.mkdir(folder)
        done = run([*prefix, *self.arguments(folder)])
        return done.returncode, sorted(done.stdout.replace(folder, "FOLDER").splitlines())


def redis_load(port):
    done = run(["redis-benchmark", "-h", "127.0.0.1", "-p", port, "-q", "-t", "set,get", "-n", "5000", "-c", "50"])
    if done.returncode != 0:
        fail(f"redis-benchmark: {done.stdout}{done.stderr}")


def program_redis():
    need("redis-benchmark")
    server = need("redis-server")
    return (Server(lambda port, folder: [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
                                         "--save", "", "--appendonly", "yes", "--appendfsync", "always",
                                         "--io-threads", "2"], redis_load),
            {"net": r"^ae(Main|ProcessEvents|ApiPoll)$", "syscall": r"^flushAppendOnlyFile$",
             "sync": r"^bioProcessBackgroundJobs$"})


def memcached_load(port):
    failures = []

    def client(number):
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
            stream = connection.makefile("rwb")
            for i in range(800):
                key = b"key-%d-%d" % (number, i % 50)
                stream.write(b"set %s 0 0 64\r\n%s\r\nget %s\r\n" % (key, b"v" * 64, key))
                stream.flush()
                lines = [stream.readline() for _ in range(4)]
                if lines[0] != b"STORED\r\n" or lines[3] != b"END\r\n":
                    failures.append(lines)
                    return

    clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if failures:
        fail(f"memcached answers {failures[0]}")


def program_memcached():
    server = need("memcached")
    as_root = ["-u", "nobody"] if os.geteuid() == 0 else []
    return (Server(lambda port, _: [server, "-t", "4", "-l", "127.0.0.1", "-p", str(port), "-U", "0", *as_root],
                   memcached_load),
            {"net": r"^event_base_loop$", "sync": r"."})


PYTHON_SCRIPT = """
import queue, threading, time
work, done, lock, totals = queue.Queue(), queue.Queue(), threading.Lock(), {}
def worker():
    while (number := work.get()) is not None:
        value = sum(i * i for i in range(number % 1000))
        with lock:
            time.sleep(0.0005)
            totals[number] = value
        done.put(number)
workers = [threading.Thread(target=worker, name=f"worker-{i}") for i in range(4)]
for thread in workers: thread.start()
for number in range(300): work.put(number)
for _ in workers: work.put(None)
for thread in workers: thread.join()
print(done.qsize(), sum(totals.values()))
"""


def program_python():
    return (Command(lambda _: [sys.executable, "-c", PYTHON_SCRIPT]),
            {"sync": r"^PyEval_(RestoreThread|EvalCode)$|^_PyEval_EvalFrameDefault$", "syscall": r"Py"})


SQL_SCRIPT = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE fact(id INTEGER PRIMARY KEY, text TEXT);
{inserts}
SELECT count(*), sum(length(text)) FROM fact;
"""


def program_sqlite3():
    sqlite3 = need("sqlite3")
    inserts = "\n".join(f"INSERT INTO fact(text) VALUES (hex(zeroblob({i % 100})));" for i in range(60))
    return (Command(lambda folder: [sqlite3, os.path.join(folder, "facts.db"), SQL_SCRIPT.format(inserts=inserts)]),
            {"syscall": r"^sqlite3_(step|exec)$"})


def program_cxx():
    return (Command(lambda _: [sys.argv[3]]),
            {"sync": r"^(transfer|take_job|account::wait_for_funds)\b"})


def make_haystack(folder):
    for i in range(200):
        with open(os.path.join(folder, f"file-{i}.txt"), "w", encoding="ascii") as file:
            file.write("straw\n" * 500 + ("needle\n" if i % 10 == 0 else ""))
    return folder


def program_ripgrep():
    rg = need("rg")
    return (Command(lambda folder: [rg, "--no-config", "--threads", "4", "needle", make_haystack(folder)]),
            {"sync": r"."})


def program_fd():
    fd = need("fdfind")
    return (Command(lambda folder: [fd, "--threads", "4", "7", make_haystack(folder)]), {"sync": r"."})


def main():
    build, name = sys.argv[1:3]
    programs = Programs(build)
    program, expected = globals()[f"program_{name}"]()
    with Scratch() as scratch:
        trace = scratch / "trace"
        bare = program.run([], scratch / "bare")
        recorded = program.run([programs.recorder, "-o", trace, "--"], scratch / "recorded")
        if bare[0] != recorded[0]:
            fail(f"exit status {recorded[0]} recorded, {bare[0]} bare")
        if bare[1] != recorded[1]:
            fail(f"output differs; bare:\n{bare[1]}\nrecorded:\n{recorded[1]}")
        for kind, pattern in expected.items():
            rows = pprof_top(programs.profile(trace, kind, scratch / f"{kind}.pb.gz"))
            if not any(re.search(pattern, function) for function in rows):
                fail(f"{kind}: no function like {pattern} among {sorted(rows)}")


main()
