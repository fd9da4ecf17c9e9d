"""One Sealdrop on one of the machines, what it says, and what an observer sees of it from outside."""

import ctypes
import json
import os
import platform
import subprocess
import threading
import time
from itertools import combinations
from pathlib import Path

PORT = 9527
KCMP = {"x86_64": 312, "aarch64": 272}.get(platform.machine())
KCMP_FILE = 0
WRITABLE = os.O_WRONLY | os.O_RDWR
PARTS = ".sealdrop-"
ESTABLISHED = "01"


class Machine:
    """A Sealdrop in `namespace` with its profile in `folder`."""

    def __init__(self, name, namespace, folder):
        self.name, self.namespace, self.folder = name, namespace, folder
        folder.mkdir()
        self.profile = folder / "profile"
        self.process = None
        self.lines = []

    def start(self, *arguments):
        command = [os.environ["SEALDROP"], *arguments, "--json", "--nearby", "off", "--profile", self.profile, "--port", PORT]
        self.log = self.folder / "stderr"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.namespace.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, "RUST_BACKTRACE": "1", "HOME": str(self.folder)}, cwd=self.folder,
            )
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()

    def _read(self, stdout):
        for line in stdout:
            try:
                self.lines.append((time.monotonic(), json.loads(line)))
            except ValueError:
                self.lines.append((time.monotonic(), {"event": "not JSON", "line": repr(line)}))

    def events(self, kind):
        return [line for _, line in self.lines if line.get("event") == kind]

    def see(self, kind, seconds=20):
        """The first event of that kind."""

        def look():
            ended = self.process.poll() is not None and not self.reader.is_alive()
            found = self.events(kind)
            if ended and not found:
                raise AssertionError(f"{self.name} ended without saying {kind}")
            return found

        return wait_for(f"{self.name} to say {kind}", look, seconds)[0]

    def wait(self, seconds):
        """The exit code."""
        code = self.process.wait(max(0.1, seconds))
        self.reader.join(5)
        return code

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def journal(self):
        """The text of every journal of a transfer that is being received: {name: text}."""
        found = {}
        for path in self.profile.glob("running/*.journal"):
            try:
                found[path.name] = path.read_text(errors="replace")
            except OSError:  # the transfer has just ended
                continue
        return found

    def connections(self):
        """Both ends of each connection that stands here, as `1.2.3.4:5`, and the bytes that have arrived and were not read."""
        found = {}
        for table in "tcp", "tcp6":
            try:
                lines = Path(f"/proc/{self.process.pid}/net/{table}").read_text().splitlines()[1:]
            except OSError:  # it has ended
                return {}
            for fields in map(str.split, lines):
                if fields[3] == ESTABLISHED:
                    found[end(fields[1]), end(fields[2])] = int(fields[4].split(":")[1], 16)
        return found

    def has_connection(self, flow):
        return any({flow["left"], flow["right"]} == set(ends) for ends in self.connections())

    def unread(self):
        """Bytes that have arrived at its sockets and were not read by it."""
        return sum(self.connections().values())

    def unflushed(self, into):
        """Bytes in part files below `into` beyond what the journals say is flushed."""
        written = {}
        for path in into.rglob(f"{PARTS}*.part"):
            try:
                written[path.name] = path.stat().st_size
            except OSError:  # it has its real name now
                continue
        flushed = {}
        for name, text in self.journal().items():
            transfer = name.removesuffix(".journal")
            for what, about in journal_lines(text):
                if what == "flushed":
                    flushed[f"{PARTS}{transfer}-{about['index']}.part"] = about["to"]
        return sum(max(0, size - flushed.get(name, 0)) for name, size in written.items())

    def explain(self):
        code = self.process.poll() if self.process else None
        print(f"  --- {self.name}: exit code {code}; the last it said:")
        last = [f"{at:.1f} {json.dumps(line, ensure_ascii=False)}" for at, line in self.lines if line.get("event") != "file"]
        print("\n".join(f"    {line}" for line in last[-8:]))
        print("    " + self.log.read_text(errors="replace")[-1500:].replace("\n", "\n    "))


class Watch:
    """Looks at the open part files of a process, many times a second: at no time may one have two writers. Keeps the newest
    journal as well, which is gone when the transfer has ended."""

    def __init__(self, pid, journal=dict, gap=0.004):
        self.pid, self.read_journal, self.gap = pid, journal, gap
        self.looks = 0
        self.journal = ""
        self.written = set()
        self.two_writers = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        pid = self.pid
        while not self.over.wait(self.gap):
            try:
                open_files = writers(pid)
            except OSError:  # it has ended
                return
            self.looks += 1
            if self.looks % 25 == 0:
                self.journal = "".join(self.read_journal().values()) or self.journal
            for path, descriptors in open_files.items():
                self.written.add(path)
                if any(not one_file(pid, *pair) for pair in combinations(descriptors, 2)):
                    self.two_writers.append((time.monotonic(), path, descriptors))

    def stop(self):
        self.over.set()
        self.thread.join()


def end(text):
    """IPv4 is the end of an address of either kind, its first byte last."""
    address, port = text.split(":")
    numbers = reversed(bytes.fromhex(address[-8:]))
    return f"{'.'.join(map(str, numbers))}:{int(port, 16)}"


def journal_lines(text):
    """What the lines of a journal say, as pairs: `("flushed", {"index": 2, "to": 4096})`."""
    found = []
    for line in text.rstrip("\0").splitlines():
        try:
            said = json.loads(line[line.index("{"):])
        except ValueError:  # a line without anything about a file, or one that is being written
            continue
        found += [(what, about) for what, about in said.items() if isinstance(about, dict)]
    return found


def out_of_order(journal):
    """Lines that two writers would leave: a part that was flushed further before, a file that gets
    its name a second time."""
    flushed, named, wrong = {}, set(), []
    for what, about in journal_lines(journal):
        index = about.get("index")
        if what == "flushed":
            if about["to"] < flushed.get(index, 0) or index in named:
                wrong.append((what, about))
            flushed[index] = about["to"]
        if what == "again":  # the file starts again
            flushed.pop(index, None)
            named.discard(index)
        if what == "commit":
            if index in named:
                wrong.append((what, about))
            named.add(index)
    return wrong


def writers(pid):
    """Descriptors of the process that may write to a part file, by what they are open on (inode, not name)."""
    found = {}
    folder = f"/proc/{pid}/fd"
    for descriptor in os.listdir(folder):
        try:
            path = os.readlink(f"{folder}/{descriptor}")
            if not os.path.basename(path).startswith(PARTS):
                continue
            info = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text()
            inode = os.stat(f"{folder}/{descriptor}").st_ino
        except OSError:  # closed while we looked
            continue
        flags = int(next(line for line in info.splitlines() if line.startswith("flags:")).split()[1], 8)
        if flags & WRITABLE:
            found.setdefault((inode, os.path.basename(path)), []).append(int(descriptor))
    return found


def one_file(pid, one, other):
    """Whether two descriptors are duplicates: what is flushed by another thread is no second writer."""
    if KCMP is None:
        raise RuntimeError(f"no number of kcmp is known for {platform.machine()}")
    answer = ctypes.CDLL(None, use_errno=True).syscall(KCMP, pid, pid, KCMP_FILE, one, other)
    # Less than 0: one was closed while we looked.
    return answer <= 0


def wait_for(what, look, seconds=20, gap=0.02):
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(gap)
