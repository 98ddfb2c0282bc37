#!/usr/bin/python3
"""Functions, files, lines and inlined calls of object files are those that LLVM names.

usage: symbols_agree.py SYMBOLS_OF COUNT FILE...

Compares at COUNT addresses of each file, with llvm-symbolizer (addr2line gives many inlined calls the name of the
function that they are in). Of names and paths the last parts are compared: demanglers write arguments differently, and
only the analyzer gives all inlined calls their scopes.
"""
import os
import re
import shutil
import subprocess
import sys

LEAST = 0.98


def plain(function):
    """The last part of a name, without what compilers and demanglers add each in their own way."""
    function = re.sub(r"::h[0-9a-f]{16}$", "", function)
    function = re.sub(r"\.(part|isra|constprop|cold|lto_priv|llvm|localalias)(\.\d+)?|\.\d+$|@.*", "", function)
    function = re.sub(r"\[abi:\w+\]| \[clone [^]]*\]", "", function)
    while (shorter := re.sub(r"(?<!operator)<[^<>]*>|\([^()]*\)(?: const)?", "", function)) != function:
        function = shorter
    function = function.rsplit("::", 1)[-1].split("$", 1)[0].strip()
    return "lambda" if "lambda" in function else function.rsplit(" ", 1)[-1]


def last(file):
    return file.rsplit("/", 1)[-1]


def ours(program, path, count):
    done = subprocess.run([program, path, str(count)], capture_output=True, text=True, check=True)
    chains, address = {}, None
    for line in done.stdout.splitlines():
        if line.startswith("0x"):
            address = line
            chains[address] = []
        else:
            function, file, number = line.split("\t")
            chains[address].append((plain(function), last(file), int(number)))
    return chains


def theirs(path, addresses):
    command = ["llvm-symbolizer", "--output-style=GNU", "-a", "-i", "-f", "-C", f"--obj={path}"]
    text = subprocess.run(command, input="\n".join(addresses) + "\n", capture_output=True, text=True, check=True).stdout
    chains, address, function = {}, None, None
    for line in text.splitlines():
        if re.fullmatch("0x[0-9a-f]+", line):
            address, function = hex(int(line, 16)), None
            chains[address] = []
        elif not line:
            continue
        elif function is None:
            function = line
        else:
            file, number = re.match(r"(.*?):(\d+|\?)?(?: \(discriminator \d+\)|:\d+)*$", line).groups()
            chains[address].append((plain(function), last(file), int(number) if number and number != "?" else 0))
            function = None
    return chains


def one_name_each(path, chains):
    """The chains with one name for all functions that begin at one address: each tool chooses another of them."""
    done = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True, check=True)
    names = {}
    for address, _, name in sorted(line.split(maxsplit=2) for line in done.stdout.splitlines()):
        names.setdefault(address, []).append(plain(name))
    first = {name: same[0] for same in names.values() for name in same}
    return {address: [(first.get(function, function), *place) for function, *place in chain]
            for address, chain in chains.items()}


def agreement(path, found, wanted):
    known = [address for address, chain in wanted.items() if chain and chain[0][0] not in ("??", "")]
    lined = [address for address in known if wanted[address][0][2] > 0]

    def same(addresses, part):
        return sum(part(found[address]) == part(wanted[address]) for address in addresses)

    # LLVM names what has no symbol after the one before it.
    named = [address for address in known if not re.search(r"\+0x|^\[", found[address][-1][0])]
    counts = {"functions": (same(named, lambda chain: chain[-1][0]), len(named)),
              "lines": (same(lined, lambda chain: chain[0][1:] if chain else None), len(lined)),
              "inlined calls": (same(lined, lambda chain: [call[0] for call in chain]), len(lined))}
    print(f"{last(path)}: " + ", ".join(f"{what} {part} of {whole}" for what, (part, whole) in counts.items()))
    for address in known:
        if "-v" in sys.argv and found[address] != wanted[address]:
            print(f"  {address}\n    {found[address]}\n    {wanted[address]}")
    return [f"{path}: {what}" for what, (part, whole) in counts.items() if part < LEAST * whole] or \
        ([] if named else [f"{path}: nothing is known there"])


def main():
    if not shutil.which("llvm-symbolizer"):
        print("skipped: there is no llvm-symbolizer")
        sys.exit(77)
    program, count, *paths = [argument for argument in sys.argv[1:] if argument != "-v"]
    failures = []
    for path in map(os.path.abspath, paths):
        found = ours(program, path, int(count))
        wanted = theirs(path, list(found))
        failures += agreement(path, one_name_each(path, found), one_name_each(path, wanted))
    print("\n".join(failures))
    sys.exit(bool(failures))


main()
