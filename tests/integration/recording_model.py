"""What a recording says, from what the babeltrace2 command prints of it: operations, allocations, off-CPU times.

For tests that compute figures again. The rules are those of analyzer(1) and tracepoints/contract.h, written apart
from the analyzer's.
"""
import collections
import functools
import os
import re
import subprocess

import events_text
from recording_idle import IdleRule

HERE = os.path.dirname(os.path.abspath(__file__))

LINE = re.compile(r"\[(\d+)\](?: \(\S+\))? (?:\S+ )??([\w]+:[\w]+): (.*)")
FIELD = re.compile(r"(\w+) = (\"(?:[^\"\\]|\\.)*\"|\[.*?\](?=, \w+ =| \})|-?[\w.]+)")
ITEM = re.compile(r"\[\d+\] = (-?\w+)")
KINDS = ["", "mutex", "rwlock read", "rwlock write", "spin", "cond", "semaphore", "barrier", "join", "once", "futex"]
NET_CALLS = {"accept", "accept4", "connect", "epoll_wait", "epoll_pwait", "epoll_pwait2", "getaddrinfo", "getnameinfo",
             "recv", "recvfrom", "recvmsg", "recvmmsg", "res_query", "send", "sendto", "sendmsg", "sendmmsg"}
SOCKET, EPOLL = 2, 7
LATENESS = 50000  # an event is recorded a little after its operation ended


def call_names():
    """Numbers of system calls from the system's own header, of library calls from the contract."""
    names = {}
    for path in ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"):
        if os.path.exists(path):
            names.update((int(n), name) for name, n in re.findall(r"#define __NR_(\w+) (\d+)", open(path).read()))
    contract = open(os.path.join(HERE, "../../tracepoints/contract.h")).read()
    names.update((int(n), name.lower()) for name, n in re.findall(r"EXECTRACE_CALL_(\w+) =\s+(\d+)", contract)
                 if name != "FIRST")
    return names


@functools.lru_cache(None)
def symbols(path):
    """(address, size, name) of a file's functions; not of C++, whose names are shown in another form."""
    run = subprocess.run(["nm", "-S", "--defined-only", path], capture_output=True, text=True)
    return [(int(start, 16), int(size, 16), name) for start, size, name in
            re.findall(r"^(\w+) (\w+) [tT] ((?!_Z)\w+)$", run.stdout, re.MULTILINE)]


class Op(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


def whole(number):
    return int(number, 0)


def events(trace):
    """(time, name, fields) in the order of time; those of the recorder at their own time."""
    def lines(clock):
        run = subprocess.run(["babeltrace2", clock, "--no-delta", trace], capture_output=True, text=True,
                             errors="replace", timeout=200)
        return run.stdout.splitlines()
    found, first = [], None
    for line in lines("--clock-cycles"):
        match = LINE.match(line)
        fields = dict(FIELD.findall(match[3]))
        found.append((int(fields["time"] if "time" in fields else match[1]), match[2], fields))
        first = first or int(match[1])  # babeltrace2 shows LTTng's time
    seconds, nanoseconds = re.match(r"\[(\d+)\.(\d+)\]", lines("--clock-seconds")[0]).groups()
    found.sort(key=lambda event: event[0])
    return found, int(seconds) * 10 ** 9 + int(nanoseconds) - first


class Recording:
    """What happened, from the events."""

    def __init__(self, trace):
        self.names = call_names()
        self.events, self.epoch = events(trace)
        self.start, self.end = self.events[0][0], max(event[0] for event in self.events)
        self.operations, self.heap, self.waits = [], [], collections.defaultdict(list)
        self.peers, self.live, self.open, self.exits, self.modules = {}, {}, {}, {}, collections.defaultdict(dict)
        self.stacks, self.requests, self.births, self.tracers = {}, {}, {}, set()
        self.off = collections.defaultdict(list)
        self.wakers, self.waiters = collections.defaultdict(list), collections.defaultdict(set)
        self.lock_like, self.carry = {}, 0.0
        self.idle_rule = IdleRule(self)
        for time, name, fields in self.events:
            self.event(time, name, fields)
        for operation in self.open.values():
            self.add(operation)

    def add(self, op):
        self.operations.append(op)
        self.idle_rule.add(op)

    def operation(self, time, fields, duration, **more):
        op = Op(end=time, start=time - duration, total=duration, longest=duration, count=1, errors=0,
                tid=whole(fields.get("vtid", "-1")), pid=whole(fields.get("vpid", "-1")), object=0, fd=-1, fd_kind=0,
                result=0, peer=None, stack=0, waker=0, wake=0, waker_stack=(0, 0), outcome=0, open=False, summary=False,
                is_lock_like=False, idle=False, call=None, kind=None)
        op.update(more)
        op.own_stack = (op.pid, op.stack)
        if op.call:
            op.class_ = "net" if op.fd_kind in (SOCKET, EPOLL) or op.call in NET_CALLS else "syscall"
            op.kind = op.call
            if op.fd >= 0 and op.fd_kind == SOCKET:
                op.peer = self.peers.get((op.pid, op.fd))
        else:
            op.class_ = "sync"
        return op

    def note_wait(self, op):
        """Who waits for an object and wakes others that wait for it uses it as a lock."""
        key = (op.pid, op.object)
        self.waiters[key].add(op.tid)
        if op.tid in {wake[1] for wake in self.wakers[key]}:
            self.lock_like[key] = True
        op.is_lock_like = self.lock_like.get(key, False)

    def note_wake(self, time, scope, obj, tid, stack, kind):
        self.wakers[(scope, obj)].append((time, tid, stack))
        if tid in self.waiters[(scope, obj)]:
            self.lock_like[(scope, obj)] = True
        self.idle_rule.released(stack[0], tid, kind, self.lock_like.get((scope, obj), False))

    def wait(self, time, fields):
        op = self.operation(time, fields, int(fields["duration"]), kind=KINDS[int(fields["kind"])],
                            outcome=int(fields["outcome"]), object=whole(fields["object"]),
                            stack=whole(fields["stack"]))
        op.errors = int(op.outcome == 4)
        waker = int(fields["waker"])
        if waker > 0 and waker != op.tid:
            op.update(waker=waker, wake=time - min(int(fields["since_wake"]), op.total),
                      waker_stack=(op.pid, whole(fields["waker_stack"])))
            if op.kind != "join":
                self.note_wake(op.wake, op.pid, op.object, waker, op.waker_stack, op.kind)
        if op.kind == "join":
            if op.start <= self.exits.get(op.object, -1) <= op.end and self.exits[op.object] > op.wake:
                op.update(waker=op.object, wake=self.exits[op.object])
        else:
            self.note_wait(op)
            if not self.find_wake(op, op.pid) and not op.waker:
                self.find_wake(op, "shared")
        self.add(op)

    def find_wake(self, op, scope):
        """The latest release by another thread, if it lies within the wait."""
        earliest = op.start - min(op.total // 2, LATENESS)
        others = [wake for wake in self.wakers[(scope, op.object)] if wake[1] != op.tid]
        if not others or not max(op.wake + 1, earliest) <= others[-1][0] <= op.end:
            return False
        op.update(wake=others[-1][0], waker=others[-1][1], waker_stack=others[-1][2])
        return True

    def event(self, time, name, fields):
        base = name.replace("exectrace_", "")
        tid, pid = whole(fields.get("vtid", "-1")), whole(fields.get("vpid", "-1"))
        if base in ("sync:wait", "sync:wait_short", "sync:wait_woken", "sync:wake", "syscall:call", "alloc:alloc",
                    "alloc:free", "thread:exit"):
            self.open.pop((pid, tid), None)
        if wait := events_text.plain_wait(name, fields):
            self.wait(time, wait)
        elif base == "sync:wake":
            self.note_wake(time, "shared" if int(fields["kind"]) & 0x80 else pid, whole(fields["object"]), tid,
                           (pid, whole(fields["stack"])), KINDS[int(fields["kind"]) & 0x7f])
        elif base in ("sync:summary", "syscall:summary") and int(fields["age"]) <= time - self.start:
            fields = dict(fields, vtid=fields["tid"])
            what = {"kind": KINDS[int(fields["kind"])], "object": whole(fields["object"]),
                    "stack": whole(fields["stack"])} if base == "sync:summary" \
                else {"call": self.names[int(fields["number"])], "fd_kind": int(fields["fd_kind"]),
                      "errors": int(fields["errors"])}
            self.add(self.operation(time, fields, int(fields["total"]), count=int(fields["count"]), summary=True,
                                    longest=int(fields["longest"]), **what))
        elif base == "syscall:call":
            result = int(fields["result"])
            self.add(self.operation(time, fields, int(fields["duration"]), call=self.names[int(fields["number"])],
                                    fd=int(fields["fd"]), fd_kind=int(fields["fd_kind"]), result=result,
                                    errors=int(result < 0), stack=whole(fields["stack"])))
        elif base == "process:open":
            what = {"kind": KINDS[int(fields["kind"])], "object": whole(fields["object"])} if int(fields["kind"]) \
                else {"call": self.names[int(fields["number"])], "fd": int(fields["fd"]),
                      "fd_kind": int(fields["fd_kind"])}
            fields = dict(fields, vpid=fields["pid"], vtid=fields["tid"])
            op = self.operation(time, fields, int(fields["duration"]), open=True, stack=whole(fields["stack"]), **what)
            if not op.call:
                self.note_wait(op)
            self.open[(op.pid, op.tid)] = op
        elif base == "syscall:peer":
            self.peers[(pid, int(fields["fd"]))] = self.peer(fields)
        elif base in ("alloc:alloc", "alloc:free") or name.startswith("lttng_ust_libc:"):
            self.memory(time, base.split(":")[1], fields, pid, tid)
        elif name.startswith("lttng_ust_pthread:"):
            self.stock(time, name.split(":")[1], fields, pid, tid)
        elif base == "thread:exit":
            self.exits[tid] = time
        elif base == "sched:exit":
            self.exits.setdefault(int(fields["tid"]), time)
        elif base == "sched:name" and fields["name"].endswith('-ust"'):
            self.tracers.add(int(fields["tid"]))
        elif base == "sched:start":
            self.births[int(fields["tid"])] = time
        elif base == "sched:switch":
            off = Op(time=time, **{key: int(fields[key]) for key in ("pid", "tid", "off_ns", "reason", "runnable_ns",
                                                                        "waker_tid")})
            off.since_birth = time - self.births.get(int(fields["tid"]), time - off.off_ns)
            self.off[int(fields["tid"])].append(off)
        elif base == "stack:define":
            self.stacks[(pid, int(fields["id"]))] = [whole(pc) for pc in ITEM.findall(fields["pcs"])]
        elif base == "process:module":
            self.modules[pid][whole(fields["base"])] = (int(fields["size"]), fields["path"].strip('"'))

    @staticmethod
    def peer(fields):
        numbers = [whole(item) for item in ITEM.findall(fields["address"])]
        family = int(fields["family"])
        if family == 2:
            return ".".join(map(str, numbers)) + ":" + fields["port"]
        if family == 1:
            return "unix:" + ("@" + bytes(numbers[1:]).decode() if len(numbers) > 1 and not numbers[0] else
                              bytes(numbers).decode() if numbers and numbers[0] > 32 else "[unnamed]")
        return f"[address family {family}]"

    def allocate(self, time, key, tid, objects, size, stack=0):
        if key[0] == "exectrace" and key in self.live:
            self.free(time, key, tid)
        self.live[key] = (tid, objects, size, stack)
        self.heap.append(Op(time=time, tid=tid, owner=tid, objects=objects, bytes=size, free=False, stack=stack,
                            pid=key[2] if key[1] else -1))

    def free(self, time, key, tid):
        if key in self.live:
            owner, objects, size, stack = self.live.pop(key)
            self.heap.append(Op(time=time, tid=tid, owner=owner, objects=objects, bytes=size, free=True, stack=stack,
                                pid=key[2] if key[1] else -1))

    def memory(self, time, what, fields, pid, tid):
        source = "exectrace" if "weight_bytes" in fields or "address" in fields else "stock"
        scope = pid if pid >= 0 else tid
        address = whole(fields.get("address") or fields.get("ptr") or fields.get("out_ptr") or "0")
        if what == "alloc":
            size, weight = int(fields["size"]), int(fields["weight_bytes"])
            wanted = (weight / size if size else 1) + (self.carry if size else 0)
            objects = int(wanted + 0.5)
            self.carry = wanted - objects if size else self.carry
            if address:
                self.allocate(time, (source, pid >= 0, scope, address), tid, objects, weight, int(fields["stack"]))
        elif what == "free":
            self.free(time, (source, pid >= 0, scope, address), tid)
        elif what == "realloc":
            size, old = int(fields["size"]), whole(fields["in_ptr"])
            if address or size == 0:
                self.free(time, (source, pid >= 0, scope, old), tid)
            if address:
                self.allocate(time, (source, pid >= 0, scope, address), tid, 1, size)
        elif address and (what != "posix_memalign" or fields["result"] == "0"):
            size = int(fields["size"]) * int(fields.get("nmemb", "1"))
            self.allocate(time, (source, pid >= 0, scope, address), tid, 1, size)

    def stock(self, time, what, fields, pid, tid):
        mutex = whole(fields["mutex"])
        if what == "pthread_mutex_lock_req":
            self.requests[tid] = (mutex, time)
        elif what == "pthread_mutex_unlock":
            self.note_wake(time, pid, mutex, tid, (pid, 0), "mutex")
        elif what == "pthread_mutex_lock_acq" and self.requests.get(tid, (None,))[0] == mutex:
            waited = time - self.requests.pop(tid)[1]
            self.wait(time, dict(fields, duration=waited, kind=1, outcome=0 if fields["status"] == "0" else 4,
                                 object=fields["mutex"], stack="0", waker=0, since_wake=0))

    def places(self, pid, stack):
        """Object file and offset of a stack's frames, leaf first; those outside of any are left out."""
        for pc in self.stacks.get((pid, stack), []):
            inside = [(path, pc - 1 - base) for base, (size, path) in self.modules[pid].items()
                      if base <= pc - 1 < base + size]
            if inside:
                yield inside[-1]

    def frames(self, pid, stack):
        return [path for path, _ in self.places(pid, stack)]

    def functions(self, pid, stack):
        """Names that the symbol table has for a stack's frames, of position-independent files."""
        found = set()
        for path, offset in self.places(pid, stack):
            found.update(name for start, size, name in symbols(path) if start <= offset < start + size)
        return found
