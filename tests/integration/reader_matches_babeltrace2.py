#!/usr/bin/python3
"""
reader_matches_babeltrace2.py DUMP_EVENTS TRACE...

What the reader hands out is what the babeltrace2 command prints, event by event and field by field: each event
line of babeltrace2 is turned into the line of event text it must become, by rules written apart from those of
the reader. Also: the output is the same with one worker and with five.
"""
import re
import shutil
import subprocess
import sys

EVENT = re.compile(r"\[(\d+)\.(\d{9})\] (?:(\S+) )?(\S+): (.*)")
FIELD = re.compile(r'(\w+) = (?:"((?:[^"\\]|\\.)*)"|(\[[^\]]*(?:\][^\]]*)*?\](?= [,}]))|([^,\s}]+))')


def number(text):
    return int(text, 0)


def hexadecimal(fields, key, name=None):
    value = number(fields.get(key, "0")) & 0xFFFFFFFFFFFFFFFF
    return f" {name or key}=0x{value:x}" if value else ""


def decimal(fields, key, name=None, default=0, scale=1):
    value = number(fields[key]) * scale if key in fields else default
    return f" {name or key}={value}" if value != default else ""


def text(fields, key, name=None):
    return f' {name or key}="{fields[key]}"' if key in fields else ""


def dash(fields, key):
    return fields.get(key, "-")


def state(value):
    return 0 if value & 0xFF == 0 else value


def switch(fields, cpu, thread):
    previous = fields.get("prev_tid", fields.get("prev_pid"))
    fields["next"] = fields.get("next_tid", fields.get("next_pid"))
    fields["previous"] = previous
    fields["prev_state"] = str(state(number(fields["prev_state"])))
    pid = fields.get("perf_pid", thread["pid"])
    return f"{pid} {previous} {cpu} kernel_switch" + decimal(fields, "previous", "prev_tid", -1) + decimal(
        fields, "next", "next_tid", -1) + decimal(fields, "prev_state") + decimal(fields, "prev_prio") + decimal(
        fields, "next_prio") + text(fields, "prev_comm") + text(fields, "next_comm")


def wakeup(kind):
    def line(fields, cpu, thread):
        woken = fields["pid"] if "perf_tid" in fields else fields["tid"]
        fields["waker"] = fields.get("perf_tid", thread["tid"])
        if fields["waker"] == "-":
            fields["waker"] = "-1"
        return f"- {woken} {cpu} sched_wakeup" + decimal(fields, "waker", "waker_tid", -1) + decimal(
            fields, "target_cpu", "target_cpu", -1) + (f" {kind}=1" if kind else "")
    return line


def call(kind, name):
    def line(fields, cpu, thread):
        out = f"{thread['pid']} {thread['tid']} {cpu} kernel_syscall_{kind}" + (f' name="{name}"' if name else "")
        for key in ("fd", "fildes", "epfd"):
            if key in fields and re.fullmatch(r"-?(0x)?[0-9A-Fa-f]+", fields[key]):
                fields["descriptor"] = fields[key]
                break
        value = number(fields.get("ret", "0"))
        if fields.get("ret", "").startswith("0x") and value >= 1 << 63:
            fields["ret"] = str(value - (1 << 64))
        out += decimal(fields, "ret", "result")
        if "descriptor" in fields:
            descriptor = number(fields["descriptor"]) & 0xFFFFFFFF
            fields["descriptor"] = str(descriptor - (1 << 32) if descriptor >> 31 else descriptor)
        return out + decimal(fields, "descriptor", "fd", -1)
    return line


def alloc(kind):
    def line(fields, cpu, thread):
        out = f"{thread['pid']} {thread['tid']} {cpu} {kind}" + hexadecimal(fields, "ptr", "address")
        return out + decimal(fields, "size") + decimal(fields, "size", "weight_bytes")
    return line


def module(fields, cpu, thread):
    return f"{thread['pid']} {thread['tid']} {cpu} module" + hexadecimal(fields, "baddr", "base") + hexadecimal(
        fields, "memsz", "size") + text(fields, "path")


def build_id(fields, cpu, thread):
    digits = "".join(f"{number(byte):02x}" for byte in re.findall(r"= (0x[0-9A-Fa-f]+|\d+)", fields["build_id"]))
    return f"{thread['pid']} {thread['tid']} {cpu} module_build_id" + hexadecimal(
        fields, "baddr", "base") + f" build_id={digits}"


def fork(fields, cpu, thread):
    return f"{dash(fields, 'child_pid')} {fields['child_tid']} {cpu} sched_start" + decimal(
        fields, "parent_pid", "parent_pid", -1) + decimal(fields, "parent_tid", "parent_tid", -1) + text(
        fields, "child_comm", "name")


def process_state(fields, cpu, thread):
    return f"{fields['pid']} {fields['tid']} {fields.get('cpu', '-')} kernel_thread" + decimal(
        fields, "ppid", "ppid", -1) + text(fields, "name") + decimal(fields, "status") + hexadecimal(
        fields, "file_table_address", "files")


def descriptor(fields, cpu, thread):
    return f"{dash(fields, 'pid')} - - kernel_fd" + decimal(fields, "fd", "fd", -1) + text(
        fields, "filename", "file") + hexadecimal(fields, "file_table_address", "files")


def received(fields, cpu, thread):
    return f"{thread['pid']} {thread['tid']} {cpu} kernel_net_receive" + text(fields, "name")


def irq(kind, context="irq", key="irq"):
    def line(fields, cpu, thread):
        return (f"{thread['pid']} {thread['tid']} {cpu} kernel_irq_{kind} context={context}"
                + decimal(fields, key, "irq") + text(fields, "name"))
    return line


RULES = {
    "sched_switch": switch,
    "sched:sched_switch": switch,
    "sched_waking": wakeup("is_waking"),
    "sched_wakeup": wakeup(""),
    "sched_wakeup_new": wakeup("is_new"),
    "sched:sched_wakeup": wakeup(""),
    "sched:sched_wakeup_new": wakeup("is_new"),
    "sched_process_fork": fork,
    "lttng_statedump_process_state": process_state,
    "lttng_statedump_file_descriptor": descriptor,
    "netif_receive_skb": received,
    "irq_handler_entry": irq("entry"),
    "irq_handler_exit": irq("exit"),
    "lttng_ust_libc:malloc": alloc("alloc"),
    "lttng_ust_libc:free": alloc("free"),
    "lttng_ust_statedump:bin_info": module,
    "lttng_ust_statedump:build_id": build_id,
    "lttng_ust_dl:dlopen": module,
    "lttng_ust_dl:build_id": build_id,
}


for end in ("entry", "exit"):
    RULES.update({f"softirq_{end}": irq(end, "softirq", "vec"), f"irq_softirq_{end}": irq(end, "softirq", "vec"),
                  f"timer_expire_{end}": irq(end, "timer", ""), f"hrtimer_expire_{end}": irq(end, "hrtimer", "")})


def rule(name):
    for pattern, kind in ((r"syscall_entry_(.*)", "entry"), (r"syscall_exit_(.*)", "exit"),
                          (r"compat_syscall_entry_(.*)", "entry"), (r"compat_syscall_exit_(.*)", "exit"),
                          (r"(?:compat_)?sys_(.*)", "entry"), (r"exit_syscall()", "exit")):
        match = re.fullmatch(pattern, name)
        if match:
            return call(kind, match.group(1))
    return RULES.get(name)


def expected_lines(trace):
    """The lines that must come out, and how many events there are in all."""
    command = ["babeltrace2", "--clock-seconds", "--no-delta", trace]
    lines, total, names = [], 0, set()
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    for line in output.decode("utf-8", "replace").splitlines():
        match = EVENT.match(line)
        assert match, line
        total += 1
        seconds, nanoseconds, _, name, rest = match.groups()
        if not rule(name):
            continue
        names.add(name)
        *contexts, payload = rest.split("}, {")
        context = {}
        for part in contexts:
            context.update((key, value or other) for key, value, _, other in FIELD.findall(part))
        fields = {key: value or array or other for key, value, array, other in FIELD.findall(payload)}
        thread = {"pid": context.get("pid", context.get("vpid", "-")),
                  "tid": context.get("tid", context.get("vtid", "-"))}
        cpu = context.get("cpu_id", fields.get("perf_cpu", "-"))
        lines.append(f"{int(seconds + nanoseconds)} " + rule(name)(fields, cpu, thread) + text(context, "procname"))
    return lines, total, names


def kinds(lines):
    return {line.split()[4] for line in lines}


def check(dump_events, trace):
    expected, total, names = expected_lines(trace)
    output = subprocess.run([dump_events, trace, "1"], stdout=subprocess.PIPE, check=True).stdout
    other = subprocess.run([dump_events, trace, "5"], stdout=subprocess.PIPE, check=True).stdout
    assert output == other, f"{trace}: the output depends on the number of workers"
    lines = [re.sub(r" leaf_is_exact=1$", "", line) for line in output.decode("utf-8", "replace").splitlines()]
    events = [line for line in lines if line.split()[4] != "lost"]
    assert len(events) == total, f"{trace}: {len(events)} events, babeltrace2 has {total}"
    checked = kinds(expected)
    found = [line for line in events if line.split()[4] in checked]
    missing = sorted(set(expected) - set(found))[:3]
    surplus = sorted(set(found) - set(expected))[:3]
    assert sorted(found) == sorted(expected), f"{trace}:\n  missing: {missing}\n  surplus: {surplus}"
    print(f"{trace}: {total} events, {len(expected)} compared field by field: {', '.join(sorted(names))[:200]}")


def main():
    dump_events, *traces = sys.argv[1:]
    if not shutil.which("babeltrace2"):
        print("skipped: there is no babeltrace2 command")
        return 77
    for trace in traces:
        check(dump_events, trace)
    return 0


sys.exit(main())
