#!/usr/bin/env python3
"""unwrapped_functions.py LIBRARY LIST: nothing that waits is forgotten.

The machine code of this machine's C library tells which system calls each of its functions comes to, by its
direct calls and jumps. A function that comes to one that can wait must be wrapped by LIBRARY, or stand in LIST
with the reason why it is not. Calls through pointers are not followed.
"""
import bisect
import collections
import fnmatch
import os
import re
import shutil
import subprocess
import sys

JUDGED_VERSION = "2.36"
NUMBERS = ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h")


def output(*command):
    """What a tool says; readelf fails for details that matter to others."""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def read_list(path):
    """Sections of `names: reason`; a line that is indented goes on with the one before."""
    sections, section = collections.defaultdict(dict), None
    text = re.sub(r"^#.*\n", "", open(path).read(), flags=re.M)
    for line in re.sub(r"\n[ \t]+", " ", text).splitlines():
        if line.startswith("["):
            section = sections[line.strip("[]")]
        elif line:
            names, reason = line.split(": ", 1)
            for name in names.split():
                assert name not in section, f"{name} is listed twice"
                section[name] = reason
    return sections


def find_reason(name, section):
    if name in section:
        return section[name]
    return next((reason for pattern, reason in section.items() if fnmatch.fnmatchcase(name, pattern)), None)


def exports(library, of_its_own=False):
    """Name -> addresses of functions; of_its_own: with those for the C library's own use."""
    functions = collections.defaultdict(set)
    for line in output("nm", "-D", "--defined-only", library).splitlines():
        address, kind, name = line.split()
        is_own = "GLIBC_PRIVATE" in name or "@" in name and "@@" not in name
        if kind in "TWi" and (of_its_own or not is_own):
            functions[name.split("@")[0]].add(int(address, 16))
    return functions


class Code:
    """Who calls whom, and which system calls each function makes itself."""

    def __init__(self, library, functions):
        frames = re.findall(r"FDE.*pc=([0-9a-f]+)\.\.", output("readelf", "--debug-dump=frames-interp", library))
        self.starts = sorted({int(start, 16) for start in frames} | set().union(*functions.values()))
        self.callees, self.calls = collections.defaultdict(set), collections.defaultdict(set)
        eax = None
        for line in output("objdump", "-d", "--no-show-raw-insn", library).splitlines():
            match = re.match(r" +([0-9a-f]+):\s+(.*)", line)
            if match is None:
                eax = None
                continue
            function, instruction = self.function_at(int(match[1], 16)), match[2]
            if match := re.match(r"mov +\$0x([0-9a-f]+),%eax", instruction):
                eax = int(match[1], 16)
            elif re.match(r"xor +%eax,%eax", instruction):
                eax = 0
            elif re.match(r"syscall\b", instruction):
                self.calls[function].add(eax)
            elif match := re.match(r"(?:bnd )?(?:call|j[a-z]+) +([0-9a-f]+)\b", instruction):
                self.callees[function].add(self.function_at(int(match[1], 16)))

    def function_at(self, address):
        return self.starts[max(bisect.bisect_right(self.starts, address) - 1, 0)]

    def reached(self, function, inside):
        seen, todo, calls = {function}, [function], set()
        while todo:
            at = todo.pop()
            calls |= self.calls[at]
            for callee in self.callees[at] - inside - seen:
                seen.add(callee)
                todo.append(callee)
        return calls


def main(library, list_path):
    version = os.confstr("CS_GNU_LIBC_VERSION").split()[1]
    numbers = next((path for path in NUMBERS if os.path.exists(path)), None)
    for tool in ("nm", "readelf", "objdump"):
        if shutil.which(tool) is None or numbers is None:
            print("needs binutils and the kernel's headers")
            return 77
    libc = next(line.split()[-1] for line in open("/proc/self/maps") if re.search(r"/libc[.-]", line))
    names = {int(number): name for name, number in re.findall(r"__NR_(\w+) (\d+)", open(numbers).read())}
    sections = read_list(list_path)
    functions, wrapped = exports(libc), set(exports(library))
    code = Code(libc, functions)
    own = exports(libc, of_its_own=True)
    inside = set().union(*(own[name] for name in sections["inside"]))

    forgotten, count = [], collections.Counter()
    for name, addresses in sorted(functions.items()):
        calls = {names.get(call, "unknown") for address in addresses for call in code.reached(address, inside)}
        waits = sorted(call for call in calls if call not in sections["calls"])
        reason = find_reason(name, sections["functions"])
        if name in wrapped:
            count["wrapped"] += 1
            if name in sections["functions"]:
                forgotten.append(f"{name} is wrapped, but listed as not wrapped")
        elif not waits:
            count["do not wait"] += 1
        elif reason is not None:
            count["listed"] += 1
        else:
            forgotten.append(f"{name} comes to {' '.join(waits)}")
    for call in set(sections["calls"]) - set(names.values()) - {"unknown"}:
        forgotten.append(f"{call} is no system call")
    print(f"{libc}, {version}: {len(functions)} functions;", ", ".join(f"{n} {what}" for what, n in count.items()))
    print(*forgotten, sep="\n")
    # The functions that must be there in any case: that the code is read at all.
    assert count["wrapped"] > 450 and count["do not wait"] > 700
    if version != JUDGED_VERSION and forgotten:
        print(f"the list was made for the C library {JUDGED_VERSION}")
        return 77
    return 1 if forgotten else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
