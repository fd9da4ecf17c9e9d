"""Starting the program again while its window is open. `promises.py` lists these tests."""

import os
import signal
import subprocess
import time

from desk import quiet, sh, wait_for
from runner import WINDOW, check


def a_second_start_stages_its_files_in_the_window_that_runs(desk):
    first, second = desk.file("first.pdf"), desk.file("夏 2.jpg")
    anna, bert = desk.start("Anna", paths=[first]), desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.see(r"first\.pdf")
    wait_for("Bert to be in front", lambda: in_front(bert))
    ended = again(anna, second.name, cwd=second.parent)
    check(ended.returncode == 0 and not ended.stdout and not ended.stderr, f"it ends well: {ended}")
    anna.see("夏 2")
    anna.see(r"first\.pdf")
    wait_for("Anna's window to come to the front", lambda: in_front(anna), timeout=10)
    desk.shot("staged")
    check(len(windows(anna)) == 1, "there is still one window")

    sh("xdotool", "windowminimize", *anna.window)
    wait_for("the window to be gone", lambda: not in_front(anna))
    check(again(anna).returncode == 0, "a start without files ends well, too")
    wait_for("Anna's window to come back", lambda: in_front(anna), timeout=10)
    desk.shot("back")


def a_killed_window_is_in_nobody_s_way(desk):
    anna = desk.start("Anna")
    socket = anna.profile / "window.sock"
    check(socket.is_socket(), "the window listens")
    os.kill(anna.process.pid, signal.SIGKILL)
    anna.process.wait()
    check(socket.is_socket(), "what it listened at is still there")
    anna = desk.start("Anna", paths=[desk.file("first.pdf")])
    anna.see(r"first\.pdf")
    check(again(anna, desk.file("second.pdf")).returncode == 0, "the new one takes over")
    anna.see(r"second\.pdf")
    # Whoever connects and says nothing holds nobody up.
    silent = [connect(socket) for _ in range(20)]
    anna.click("Clear")
    anna.see("Drop files and folders here")
    began = time.monotonic()
    while again(anna).returncode != 0 and time.monotonic() - began < 20:
        pass
    desk.note(f"a start got through {time.monotonic() - began:.1f} s after 20 silent callers came")
    check(time.monotonic() - began < 20, "silent callers are sent away")
    for caller in silent:
        caller.close()
    check(anna.close() == 0 and not socket.exists(), "a window that closes takes its socket with it")


def again(window, *paths, cwd="/"):
    """Starts the program once more on the profile of a window that runs."""
    command = [os.environ["SEALDROP"], "--profile", str(window.profile), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=cwd)


def connect(path):
    import socket
    caller = socket.socket(socket.AF_UNIX)
    caller.connect(str(path))
    return caller


def windows(window):
    return quiet("xdotool", "search", "--onlyvisible", "--pid", window.process.pid).split()


def in_front(window):
    return quiet("xdotool", "getactivewindow").split() == window.window
