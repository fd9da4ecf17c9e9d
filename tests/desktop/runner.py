"""Runs the tests one after the other, each on a clean desk, and says what the windows held when one fails."""

import faulthandler
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from desk import quiet, sh, shot, wait_for
from file_manager import FileManager
from sealdrop import Sealdrop

SHOTS = Path(os.environ["SHOTS"])
# As root the network is ours alone and can be slowed down; otherwise only the size makes a transfer last.
PRIVATE = os.environ.get("SEALDROP_DESK_PRIVATE") == "yes" and shutil.which("tc") is not None
SLOW_BYTES_PER_SECOND = 20_000_000
# A test that takes longer hangs where no deadline reaches: the run ends there, with where it stood.
TEST_SECONDS = int(os.environ.get("SEALDROP_DESK_TEST_SECONDS", "240"))
# Width and height of a window that is looked at; a narrow one shows everything in one column.
WINDOW = tuple(int(side) for side in os.environ.get("SEALDROP_DESK_WINDOW", "1060x1000").split("x"))
BIG_BYTES = 300_000_000 if PRIVATE else 2_000_000_000


def check(holds, what):
    """One thing that has to be so."""
    if not holds:
        raise AssertionError(f"not so: {what}")


def random_file(path, size):
    """A file of random bytes; big ones repeat, which no hash minds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    block = os.urandom(min(size, 50_000_000))
    with open(path, "wb") as out:
        for start in range(0, size, max(len(block), 1)):
            out.write(block[: size - start])


def md5sum(folder):
    """What md5sum prints for every file below the folder: {path below it: digest}."""
    paths = sorted(path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file())
    found = {}
    for path in paths:
        found[str(path)] = sh("md5sum", "--", Path(folder) / path, timeout=120).lstrip("\\").split()[0]
    return found


class Desk:
    """What one test has before it: folders, windows, the network. Everything is gone after it."""

    big_bytes = BIG_BYTES

    def __init__(self, test):
        self.test = test
        # In memory: no disk's speed decides how long a transfer lasts.
        self.root = Path(tempfile.mkdtemp(prefix="sealdrop-desk-", dir="/dev/shm" if big_enough("/dev/shm") else None))
        self.programs = []
        # What pops up over the windows is in the way of all tests but those about it.
        self.notifications = False
        self.shots = 0
        for old in SHOTS.glob(f"{test}-*.png"):
            old.unlink()

    def folder(self, name):
        path = self.root / name
        path.mkdir()
        return path

    def start(self, device_name, port=0, folder=None, paths=(), nearby="off"):
        """A window with the profile in `folder`, which is new unless somebody made it before."""
        folder = folder or device_name
        window = Sealdrop(self.root / folder, device_name, self.root / f"{folder}.log", port, paths, nearby, self.notifications)
        self.programs.append(window)
        return window

    def file(self, name, size=200_000):
        """A file to send."""
        path = self.root / "Outbox" / name
        random_file(path, size)
        return path

    def side_by_side(self, left, right):
        """Two windows on one screen, as high as it is."""
        left.place(0, 0, *WINDOW)
        right.place(WINDOW[0] + 20, 0, *WINDOW)

    def two_windows_and(self, outbox):
        """Anna's window on the left, the file manager in the middle, Bert's window on the right."""
        anna, bert = self.start("Anna"), self.start("Bert")
        anna.place(0, 0, 850, 1000)
        bert.place(1340, 0, 850, 1000)
        files = FileManager(outbox, self.root / "thunar.log")
        self.programs.append(files)
        files.place(860, 100, 470, 500)
        files.show_list()
        return anna, bert, files

    def window_and(self, outbox):
        """Anna's window on the left, the file manager beside it."""
        anna = self.start("Anna")
        anna.place(0, 0, *WINDOW)
        files = FileManager(outbox, self.root / "thunar.log")
        self.programs.append(files)
        files.place(WINDOW[0] + 20, 100, 470, 500)
        files.show_list()
        return anna, files

    def offer(self, name, size):
        """Anna offers one file, dropped out of the file manager, to Bert; it stands before him as a card."""
        outbox = self.folder("Outbox")
        random_file(outbox / name, size)
        anna, bert, files = self.two_windows_and(outbox)
        files.drag(anna.centre, name)
        files.drop()
        anna.see(name.replace(".", r"\."))
        anna.fill("Address", f"127.0.0.1:{bert.port}")
        anna.click("Send")
        bert.card()
        self.shot("offered")
        return anna, bert

    def slow_network(self):
        """From here on the loopback carries so little that a transfer can be watched."""
        if PRIVATE:
            rate = f"{SLOW_BYTES_PER_SECOND * 8}bit"
            sh("tc", "qdisc", "replace", "dev", "lo", "root", "tbf", "rate", rate, "burst", "256kb", "latency", "200ms")

    def rest_the_pointer(self):
        """Away from every window."""
        sh("xdotool", "mousemove", 1095, 1040)

    def shot(self, name):
        self.shots += 1
        path = SHOTS / f"{self.test}-{self.shots:02}-{name}.png"
        shot(path)
        return path

    def note(self, text):
        print(f"     {text}", flush=True)

    def explain(self):
        """What stood on the screen when the test failed."""
        try:
            print(f"     screen: {self.shot('failed')}")
        except Exception as error:
            print(f"     no screenshot: {error}")
        for program in self.programs:
            print(f"     --- {program}: exit code {program.process.poll()}; it said:")
            print(program.log.read_text(errors="replace")[-3000:])
            if isinstance(program, Sealdrop):
                print(f"     stored: {program.stored()}\n{program.root.tree()}")

    def clear(self):
        quiet("xdotool", "mouseup", "1")
        for key in "ctrl", "alt":
            quiet("xdotool", "keyup", key)
        if PRIVATE:
            quiet("tc", "qdisc", "del", "dev", "lo", "root")
        for program in self.programs:
            program.kill()
        wait_for("all windows to go", lambda: not quiet("xdotool", "search", "--onlyvisible", "--class", "sealdrop|thunar").split(), 10)
        shutil.rmtree(self.root, ignore_errors=True)


def big_enough(folder):
    """Room for the file that is sent and for what arrives."""
    try:
        return shutil.disk_usage(folder).free > 3 * BIG_BYTES
    except OSError:
        return False


def run(test):
    began = time.monotonic()
    name = test.__name__
    print(f"test {name.replace('_', ' ')}", flush=True)
    faulthandler.dump_traceback_later(TEST_SECONDS, exit=True)
    desk = Desk(name)
    try:
        test(desk)
        passed = True
    except Exception:
        passed = False
        traceback.print_exc(file=sys.stdout)
        desk.explain()
    try:
        desk.clear()
    except Exception as error:
        print(f"     while clearing up: {error}")
    faulthandler.cancel_dump_traceback_later()
    print(f"     {'ok' if passed else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True)
    return passed


def main(tests):
    words = sys.argv[1:]
    chosen = [test for test in tests if not words or any(word in test.__name__ for word in words)]
    SHOTS.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([os.environ["SEALDROP"], "--version"], capture_output=True, text=True, timeout=20)
    network = "its own, slowed down where needed" if PRIVATE else "this machine's"
    print(f"{version.stdout.strip() or os.environ['SEALDROP']}; network: {network}; screenshots: {SHOTS}", flush=True)
    failed = [test.__name__ for test in chosen if not run(test)]
    for name in failed:
        print(f"failed: {name.replace('_', ' ')}")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed or not chosen else 0)
