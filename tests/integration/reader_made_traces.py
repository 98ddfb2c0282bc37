#!/usr/bin/python3
"""
reader_made_traces.py DUMP_EVENTS

Small traces made here, for what no real trace at hand shows: timestamps that step back between packets, a
missing vtid context, several hosts and chunks below one folder, the pid of a per-process buffer, payload times
of the recorder's events, call stacks, sizes beyond the limits, and folders that hold no trace.
"""
import os
import struct
import subprocess
import sys
import tempfile
import uuid

from made_trace import OFFSET, Trace

WAKE = ("exectrace_sync:wake", "uint8_t _kind; uint64_t _object; uint32_t _stack;")


def wake(tid, thing, pid=100):
    return struct.pack("<iiBQI", pid, tid, 1, thing, 0)


def run(dump_events, *arguments):
    process = subprocess.run([dump_events, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return process.returncode, process.stdout.decode().splitlines(), process.stderr.decode()


def check_step_back(dump_events, folder):
    trace = Trace(folder, [WAKE])
    trace.packet("a", 0, 0, 1000, 5000, [(0, 1000, wake(1, 1)), (0, 5000, wake(1, 2))])
    trace.packet("a", 0, 1, 4990, 9000, [(0, 4990, wake(1, 3)), (0, 6000, wake(1, 4))])
    trace.packet("b", 1, 0, 1000, 9000, [(0, 4995, wake(2, 5)), (0, 5500, wake(2, 6))])
    status, lines, stderr = run(dump_events, folder)
    assert (status, stderr) == (0, ""), stderr
    found = [(int(line.split()[0]) - OFFSET, int(line.split("object=0x")[1].split()[0], 16)) for line in lines]
    assert found == [(1000, 1), (4995, 5), (5000, 2), (5000, 3), (5500, 6), (6000, 4)], found
    status, lines, stderr = run(dump_events, "-c", folder)
    assert "step back 1" in lines, lines


def check_no_thread(dump_events, folder):
    trace = Trace(folder, [WAKE], context="int32_t _vpid;")
    trace.packet("a", 0, 0, 1000, 5000, [(0, 1000, struct.pack("<iBQI", 1, 1, 1, 0))])
    status, lines, stderr = run(dump_events, folder)
    assert status == 1 and stderr.count("\n") == 1, stderr
    assert "lttng add-context" in stderr and "vtid" in stderr and folder in stderr, stderr
    assert [line.split()[4] for line in lines] == ["other"], lines


def check_tree(dump_events, folder):
    """Two hosts, one of them in two rotated chunks and a per-process buffer, all below one folder."""
    identity = uuid.uuid4()
    first = Trace(f"{folder}/one/archives/1/ust", [WAKE], identity=identity)
    first.packet("a", 0, 0, 1000, 2000, [(0, 1000, wake(1, 1)), (0, 2000, wake(1, 2))])
    second = Trace(f"{folder}/one/archives/2/ust", [WAKE], identity=identity)
    second.packet("a", 0, 1, 2000, 4000, [(0, 3000, wake(1, 3)), (0, 4000, wake(1, 4))], discarded=7)
    other = Trace(f"{folder}/two/ust/pid/x", [WAKE], context="int32_t _vtid;", env='hostname = "two"; vpid = 4711;')
    other.packet("a", 0, 0, 1000, 4000, [(0, 1500, struct.pack("<iBQI", 9, 1, 5, 0))])
    status, lines, stderr = run(dump_events, folder)
    assert (status, stderr) == (0, ""), stderr
    assert sum("sync" in line or "wake" in line for line in lines) == 5, lines
    assert [line for line in lines if " 4711 9 " in line and "host=1" in line], lines
    assert [line for line in lines if "lost count=7" in line and "host" not in line], lines


def check_lost_counter_steps_back(dump_events, folder):
    trace = Trace(folder, [WAKE])
    for sequence, discarded in enumerate((0, 50, 20, 50, 60, 10, 15, 61)):
        time = 1000 * (sequence + 1)
        trace.packet("a", 0, sequence, time, time + 500, [(0, time, wake(1, 1))], discarded=discarded)
    _, lines, _ = run(dump_events, folder)
    counts = [int(line.split("lost count=")[1].split()[0]) for line in lines if "lost count=" in line]
    assert counts == [50, 10, 1], lines


def check_payload_time(dump_events, folder):
    trace = Trace(folder, [("exectrace_sched:switch", "uint64_t _time; uint64_t _off_ns; int32_t _pid; int32_t _tid;"
                            " uint16_t _cpu; uint16_t _prev_cpu; uint8_t _reason;")], context="")
    trace.packet("a", 0, 0, 9000, 9000, [(0, 9000, struct.pack("<QQiiHHB", 1234, 200, 5, 6, 1, 0, 1))])
    _, lines, _ = run(dump_events, folder)
    assert lines == [f"{OFFSET + 1234} 5 6 1 off_cpu off_ns=200 prev_cpu=0 reason=preempted"], lines


def check_limits(dump_events, folder):
    """Text and sequences are cut at their limits; a call stack of the kernel loses its end mark."""
    trace = Trace(folder, [("exectrace_stack:define", "uint32_t _id; uint16_t __pcs_length; uint64_t _pcs[__pcs_length];"),
                           ("exectrace_thread:name", "int32_t _tid; string _name;"),
                           ("syscall_entry_read", "uint32_t _fd;")],
                  context="int32_t _vpid; int32_t _vtid; uint32_t __callstack_user_length;"
                          " uint64_t _callstack_user[__callstack_user_length];")
    none = struct.pack("<iiI", 1, 2, 0)
    some = struct.pack("<iiIQQQ", 1, 2, 3, 0x1000, 0x2000, 2**64 - 1)
    events = [(0, 1, none + struct.pack("<IH1024Q", 7, 1024, *range(1024))),
              (0, 2, none + struct.pack("<IH1025Q", 8, 1025, *range(1025))),
              (1, 3, none + struct.pack("<i", 2) + b"n" * 4095 + b"\0"),
              (1, 4, none + struct.pack("<i", 2) + b"n" * 4096 + b"\0"),
              (2, 5, some + struct.pack("<I", 3))]
    trace.packet("a", 0, 0, 0, 9, events)
    _, lines, _ = run(dump_events, folder)
    assert [line.count(",") for line in lines[:2]] == [1023, 1023], [line.count(",") for line in lines]
    assert [line.count("n") for line in lines[2:4]] == [4097, 4097], [line.count("n") for line in lines]
    assert lines[4].endswith('name="read" fd=3 callstack=0x1000,0x2000 leaf_is_exact=1'), lines[4]


def check_kernel_call_stacks(dump_events, folder):
    """The kernel's part of a call stack comes first, in whichever order they were recorded."""
    part = " uint32_t __callstack_{0}_length; uint64_t _callstack_{0}[__callstack_{0}_length];"
    user, kernel = struct.pack("<IQQ", 2, 0x1000, 2**64 - 1), struct.pack("<IQQ", 2, 2**64 - 0x5000, 2**64 - 1)
    wanted = f"callstack={hex(2**64 - 0x5000)},0x1000 leaf_is_exact=1"
    for parts, packed in ((("user", "kernel"), user + kernel), (("kernel", "user"), kernel + user)):
        trace = Trace(f"{folder}/{parts[0]}", [("syscall_entry_read", "uint32_t _fd;")],
                      context="int32_t _tid;" + "".join(part.format(name) for name in parts))
        trace.packet("a", 0, 0, 0, 9, [(0, 5, struct.pack("<i", 2) + packed + struct.pack("<I", 3))])
        _, lines, _ = run(dump_events, f"{folder}/{parts[0]}")
        assert len(lines) == 1 and lines[0].endswith(wanted), lines


def check_empty_text(dump_events, folder):
    """babeltrace2 2.0.4 leaves an earlier event's text in a field that is empty."""
    trace = Trace(folder, [("exectrace_thread:name", "int32_t _tid; string _name;")])
    names = [f"name{i}" if i % 3 else "" for i in range(100)]
    trace.packet("a", 0, 0, 0, 100, [(0, i, struct.pack("<iii", 1, 2, 2) + name.encode() + b"\0")
                                     for i, name in enumerate(names)])
    _, lines, _ = run(dump_events, folder)
    assert [line.split('"')[1] for line in lines] == names, lines


def check_procname(dump_events, folder):
    """The name in the contexts is that of the thread an event is from, which need not be the one it is about."""
    text = "integer { size = 8; align = 8; signed = false; encoding = UTF8; } _procname[17];"
    trace = Trace(folder, [WAKE, ("sched_waking", "uint8_t _comm[16]; int32_t _tid; int32_t _target_cpu;")],
                  context="int32_t _vpid; int32_t _vtid; " + text)
    context = struct.pack("<ii17s", 1, 2, b"worker")
    trace.packet("a", 0, 0, 0, 9, [(0, 1, context + struct.pack("<BQI", 1, 7, 0)),
                                   (1, 2, context + struct.pack("<16sii", b"sleeper", 9, 0))])
    _, lines, _ = run(dump_events, folder)
    assert [" 2 " in lines[0], 'procname="worker"' in lines[0]] == [True, True], lines
    assert [" 9 " in lines[1], "procname" in lines[1]] == [True, False], lines


def check_empty_packets(dump_events, folder):
    """babeltrace2 2.0.4 goes round for ever at a packet of size 0."""
    trace = Trace(folder, [WAKE])
    header = struct.pack("<I16sIQ", 0xC1FC1FC1, trace.uuid.bytes, 0, 0)
    with open(os.path.join(folder, "a"), "wb") as file:
        file.write((header + struct.pack("<QQQQQQI", 0, 0, 0, 0, 0, 0, 0)).ljust(4096, b"\0"))
    status, lines, stderr = run(dump_events, folder)
    assert status == 1 and stderr.count("\n") == 1 and folder in stderr, stderr


def check_events_of_no_size(dump_events, folder):
    os.makedirs(folder)
    with open(os.path.join(folder, "metadata"), "w", encoding="ascii") as file:
        file.write("/* CTF 1.8 */ trace { major = 1; minor = 8; byte_order = le; }; stream { }; event { name = e; };")
    with open(os.path.join(folder, "a"), "wb") as file:
        file.write(b"\0" * 100)
    status, lines, stderr = run(dump_events, "-c", folder)
    assert status == 1 and stderr.count("\n") == 1 and folder in stderr, stderr


def check_no_trace(dump_events, folder):
    os.makedirs(folder)
    file = os.path.join(folder, "file")
    with open(file, "w", encoding="ascii"):
        pass
    for path, word in ((folder, "holds no trace"), (file, "is a file"), (folder + "/nowhere", "No such file")):
        status, lines, stderr = run(dump_events, path)
        assert status == 1 and not lines and word in stderr and stderr.count("\n") == 1, stderr


def main():
    dump_events = sys.argv[1]
    checks = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
    for check in checks:
        with tempfile.TemporaryDirectory() as folder:
            check(dump_events, os.path.join(folder, "trace"))
            print(check.__name__, "passed")


main()
