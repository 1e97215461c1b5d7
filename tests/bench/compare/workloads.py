"""What is measured at each contender. Each workload answers {operation: seconds}."""

import json
import os
import subprocess
import time
from pathlib import Path

SOURCE_FILES = 12  # of the program that is built


def timed(*command, **options):
    start = time.monotonic()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **options)
    return time.monotonic() - start


def calls(program, *arguments):
    """One line an operation: name, tab, nanoseconds."""
    output = subprocess.run([str(program), *map(str, arguments)], check=True, capture_output=True,
                            text=True).stdout
    return {name: float(nanoseconds) / 1e9
            for name, nanoseconds in (line.split("\t") for line in output.splitlines())}


def fio(path, mode, block, total_mib, file_mib, extra=()):
    """Seconds for `total_mib`, through the page cache as programs do by default."""
    output = subprocess.run(
        ["fio", "--name=x", f"--filename={path}", f"--rw={mode}", f"--bs={block}", "--ioengine=psync",
         f"--size={file_mib}m", f"--io_size={total_mib}m", "--fallocate=none", "--invalidate=0",
         "--allow_file_create=1", "--randrepeat=1", "--output-format=json", *extra],
        check=True, capture_output=True, text=True).stdout
    job = json.loads(output[output.index("{"):])["jobs"][0]
    return job["write" if "write" in mode else "read"]["runtime"] / 1e3


class Sizes:
    def __init__(self, quick):
        self.tree_directories = 20
        self.tree_files = 50  # in each
        self.new_files = 500 if quick else 3000
        self.file_mib = 128 if quick else 1024
        self.random_mib = 128 if quick else 1024
        self.direct_mib = 2 if quick else 16


def make_tree(sizes, archive):
    def make(source):
        tree = source / "tree"
        for number in range(sizes.tree_directories):
            directory = tree / f"part={number}"
            directory.mkdir(parents=True)
            for index in range(sizes.tree_files):
                (directory / f"file-{index}").write_bytes(b"x" * 4096)
        with open(tree / "big", "wb") as big:
            for _ in range(sizes.file_mib):
                big.write(b"y" * (1 << 20))
        # A checkout of the sources, as git and make see it.
        checkout = tree / "checkout"
        checkout.mkdir()
        timed("tar", "xf", archive, "-C", checkout)
        timed("git", "init", "-q", checkout)
        timed("git", "-C", checkout, "add", "-A")
        timed("git", "-C", checkout, "-c", "user.name=bench", "-c", "user.email=bench@localhost",
              "commit", "-qm", "all")
    return make


def pack_sources(repository, archive):
    """The sources of this project, a few times, as an archive to unpack."""
    subprocess.run(["tar", "cf", str(archive), "-C", str(repository), "fs", "txn", "meta", "tools", "tests"],
                   check=True)


def read_data(sizes, contender):
    big = contender.tree() / "big"
    fio(big, "read", "1m", sizes.file_mib, sizes.file_mib, ["--readonly"])  # into the page cache
    return {
        "read 1 MiB sequential": fio(big, "read", "1m", 2 * sizes.file_mib, sizes.file_mib, ["--readonly"]),
        "read 4 KiB random": fio(big, "randread", "4k", sizes.random_mib, sizes.file_mib, ["--readonly"]),
        "read 4 KiB random, O_DIRECT": fio(big, "randread", "4k", sizes.direct_mib,
                                           sizes.file_mib, ["--readonly", "--direct=1"]),
    }


def write_data(sizes, work):
    new = work / "big"
    os.sync()  # what others left to be written
    result = {
        "write 1 MiB sequential": fio(new, "write", "1m", sizes.file_mib, sizes.file_mib),
        "write 4 KiB random": fio(new, "randwrite", "4k", sizes.random_mib, sizes.file_mib),
    }
    new.unlink()
    return result


def git_status(contender):
    command = ["git", "-c", "safe.directory=*", "-C", contender.tree() / "checkout", "status"]
    timed(*command)  # notes what the files' numbers are here
    return {"git status": timed(*command)}


def unpack(archive, work):
    target = work / "unpacked"
    target.mkdir()
    result = {"tar x": timed("tar", "xf", archive, "-C", target)}
    result["rm -rf"] = timed("rm", "-rf", target)
    return result


def build(work):
    """A program of many small files, compiled and linked by make."""
    directory = work / "build"
    directory.mkdir()
    objects = []
    for number in range(SOURCE_FILES):
        (directory / f"part{number}.cc").write_text(
            f"#include <string>\nint part{number}(const std::string& s) {{ return int(s.size()); }}\n")
        objects.append(f"part{number}.o")
    (directory / "main.cc").write_text("int main() {}\n")
    (directory / "Makefile").write_text(
        f"CXX = /usr/bin/g++\nprogram: main.o {' '.join(objects)}\n\t$(CXX) -o $@ $^\n")
    return {"C++ build": timed("make", "-j2", "-C", directory, env={"PATH": "/usr/bin:/bin"})}


def measure(contender, number, sizes, programs, archive):
    results = {}
    results.update(calls(programs, "look", contender.tree()))
    results.update(read_data(sizes, contender))
    if not contender.writable:
        return results
    results.update(git_status(contender))
    work = contender.begin_round(number)
    try:
        results.update(write_data(sizes, work))
        calls_in = Path(work) / "calls"
        calls_in.mkdir()
        results.update(calls(programs, "change", calls_in, sizes.new_files))
        results.update(unpack(archive, work))
        results.update(build(work))
    finally:
        contender.end_round(work)
    return results
