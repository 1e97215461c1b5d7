"""The file systems that are measured side by side, each over a copy of the same tree."""

import os
import shutil
import subprocess
import time

PEER_PACKAGES = {"bindfs": "bindfs", "fuse-overlayfs": "fuse-overlayfs", "mergerfs": "mergerfs"}


def run(*command, **options):
    subprocess.run([str(part) for part in command], check=True, **options)


def install_missing_peers():
    missing = [p for program, p in {**PEER_PACKAGES, "fio": "fio"}.items() if not shutil.which(program)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "-q", "-y", "install", "--no-install-recommends", *missing],
                       stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


class Contender:
    """A place with `tree`, to look at, and a new empty directory for each round, to change."""

    writable = True

    def __init__(self, name, directory):
        self.name = name
        self.directory = directory / name
        self.source = self.directory / "source"
        self.root = self.source

    def start(self, make_tree):
        """Lays out the tree and mounts. Raises CalledProcessError or OSError when that fails."""
        self.source.mkdir(parents=True)
        make_tree(self.source)
        self.mount()

    def mount(self):
        pass

    def stop(self):
        if self.root != self.source:
            subprocess.run(["umount", str(self.root)], stderr=subprocess.DEVNULL)

    def tree(self):
        return self.root / "tree"

    def begin_round(self, number):
        work = self.root / f"round-{number}"
        work.mkdir()
        return work

    def end_round(self, work):
        shutil.rmtree(work, ignore_errors=True)


class Peer(Contender):
    """Anything that one command mounts; `command` knows {source}, {root} and {scratch}."""

    def __init__(self, name, directory, command):
        super().__init__(name, directory)
        self.command = command
        self.root = self.directory / "mount"
        self.process = None

    def mount(self):
        self.root.mkdir()
        scratch = self.directory / "scratch"
        for part in ("upper", "work"):
            (scratch / part).mkdir(parents=True)
        command = [part.format(source=self.source, root=self.root, scratch=scratch)
                   for part in self.command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if os.path.ismount(self.root):
                return
            time.sleep(0.1)
        self.process.kill()
        raise OSError(f"{self.name} does not mount")

    def stop(self):
        super().stop()
        self.process.wait(timeout=20)


class Table:
    """One mounted table, shared by its contenders."""

    def __init__(self, program, directory):
        self.program = program
        self.directory = directory / "table"
        self.root = directory / "mount"

    def mount(self, options):
        self.root.mkdir()
        command = [self.program, "mount", "--log-file", self.directory.parent / "log"]
        run(*command, *(["-o", options] if options else []), self.directory, self.root,
            stdout=subprocess.DEVNULL)

    def stop(self):
        run(self.program, "umount", self.root)


class Session(Contender):
    def __init__(self, directory, program, options):
        super().__init__("session", directory)
        self.table = Table(program, self.directory)
        self.source = self.table.directory
        self.root = self.table.root / "sessions" / "looking"
        self.options = options

    def mount(self):
        self.table.mount(self.options)
        self.root.mkdir()

    def stop(self):
        self.table.stop()

    def begin_round(self, number):
        session = self.table.root / "sessions" / f"round-{number}"
        session.mkdir()
        work = session / "work"
        work.mkdir()
        return work

    def end_round(self, work):
        session = work.parent
        session.rename(self.table.root / "discard" / session.name)


class Live(Contender):
    """The newest version of the session's table; read-only."""

    writable = False

    def __init__(self, session):
        self.name = "live"
        self.session = session

    def start(self, make_tree):
        pass

    def stop(self):
        pass

    def tree(self):
        return self.session.table.root / "live" / "tree"


def all_contenders(directory, program, passthrough_hp, options):
    session = Session(directory, program, options)
    peers = {
        "passthrough_hp": [str(passthrough_hp), "--single", "--foreground", "{source}", "{root}"],
        "bindfs": ["bindfs", "-f", "{source}", "{root}"],
        "mergerfs": ["mergerfs", "-f", "{source}", "{root}"],
        "fuse-overlayfs": ["fuse-overlayfs", "-f", "-o",
                           "lowerdir={source},upperdir={scratch}/upper,workdir={scratch}/work",
                           "{root}"],
        "overlayfs": ["mount", "-t", "overlay", "overlay", "-o",
                      "lowerdir={source},upperdir={scratch}/upper,workdir={scratch}/work", "{root}"],
    }
    found = [Contender("native", directory), session, Live(session)]
    for name, command in peers.items():
        if shutil.which(command[0]):
            found.append(Peer(name, directory, command))
    return found
