"""What a person sees of transfers that are held, cut off, killed, and go on.

Each function without an underscore that takes nothing but the desk is one test; `promises.py` lists them.
"""

import os
import re
import signal
import threading
import time

from desk import BUTTON, FIELD, quiet, sh, wait_for
from runner import PRIVATE, check, md5sum, random_file
from sealdrop import CARD

PAUSED = re.compile(r"\bpaused\b", re.IGNORECASE)
# The other side is gone: what a row says until it is back.
CUT_OFF = re.compile(r"reconnect|connect(ing|ion)|trying|interrupted|waiting for", re.IGNORECASE)
INTERRUPTED = re.compile(r"\binterrupted\b", re.IGNORECASE)
PARTIAL = re.compile(r"\b1 of 2 files\b|\b1 of 2 arrived\b", re.IGNORECASE)
FAILED_FILE = re.compile(r"changed|shorter|not there|gone|missing|could not be read", re.IGNORECASE)
CHOICES = ("radio button", "check box", "toggle button", "menu item", "list item", *BUTTON)

# A transfer under the limit takes so long that each state can be looked at.
MEGABYTES_PER_SECOND = 12
FILE_BYTES = 200_000_000
# What the receiver has at a kill -9 counts from the last time it was put on the disk for good: 64 MiB or 5 s before.
UNFLUSHED = 64 * 2**20 + 5 * MEGABYTES_PER_SECOND * 1_000_000


def either_side_pauses_and_goes_on_and_both_say_so(desk):
    anna, bert = moving(desk)
    for window, other in (anna, bert), (bert, anna):
        window.click("Pause")
        for one in anna, bert:
            one.see(PAUSED)
        stands_still(desk, anna, bert)
        desk.shot(f"paused-by-{window.device_name.lower()}")
        check(not other.seals(), "nothing is sealed while it is paused")
        window.click("Resume")
        for one in anna, bert:
            wait_for(f"{one} to stop saying that it is paused", lambda one=one: not one.shows(PAUSED))
        moves_on(anna, bert)
        desk.shot(f"resumed-by-{window.device_name.lower()}")
    set_limit(anna, None)
    ends_with_the_same_seal(desk, anna, bert)


def a_killed_receiver_goes_on_where_it_was(desk):
    anna, bert = moving(desk, until=60)
    port, there = bert.port, part_bytes(bert)
    kill(bert)
    least = Least(bert)
    check(part_bytes(bert) > 0, f"what has arrived stays: {bert.stored()}")
    anna.see(CUT_OFF, timeout=30)
    desk.shot("receiver-killed")
    bert = again(desk, bert, port)
    desk.side_by_side(anna, bert)
    desk.shot("receiver-back")
    goes_on(desk, least, anna, bert)
    least.check(there - UNFLUSHED)
    ends_with_the_same_seal(desk, anna, bert)


def a_killed_sender_goes_on_where_it_was(desk):
    anna, bert = moving(desk, until=60)
    port, there = anna.port, part_bytes(bert)
    kill(anna)
    least = Least(bert)
    bert.see(CUT_OFF, timeout=30)
    desk.shot("sender-killed")
    anna = again(desk, anna, port)
    desk.side_by_side(anna, bert)
    desk.shot("sender-back")
    goes_on(desk, least, anna, bert)
    # The receiver lived: it has put everything on the disk.
    least.check(there)
    ends_with_the_same_seal(desk, anna, bert)


def closing_both_windows_loses_nothing(desk):
    anna, bert = moving(desk, until=40)
    there = part_bytes(bert)
    ports = [window.port for window in (anna, bert)]
    for window in anna, bert:
        close(desk, window)
    least = Least(bert)
    check(part_bytes(bert) >= there, "what had arrived is still there")
    anna, bert = (again(desk, window, port) for window, port in zip((anna, bert), ports))
    desk.side_by_side(anna, bert)
    for window in anna, bert:
        window.see(INTERRUPTED)
        check(window.all("Resume", BUTTON) and window.all("Discard", BUTTON), f"{window} offers both ways on")
    desk.shot("both-back")
    goes_on(desk, least, anna, bert)
    # Closed in order, all that had been written was put on the disk.
    least.check(there)
    ends_with_the_same_seal(desk, anna, bert)


def one_failed_file_is_sent_again_by_retry_and_no_other(desk):
    good, bad = desk.file("good.bin", 3_000_000), desk.file("wanders.bin", 2_000_000)
    anna, bert = desk.start("Anna", paths=[good, bad]), desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.see(r"wanders\.bin")
    # It has been listed, and is gone before it is read.
    bad.rename(desk.root / "elsewhere.bin")
    in_part(desk, anna, bert)
    before = os.stat(bert.received / "good.bin")

    (desk.root / "elsewhere.bin").rename(bad)
    anna.click("Retry")
    wait_for("the file", lambda: "wanders.bin" in bert.stored(), timeout=30)
    check(not bert.all(CARD), "what was accepted is not asked about again")
    for window in anna, bert:
        wait_for(f"{window} to say that nothing is missing", lambda w=window: not w.shows(PARTIAL), timeout=20)
    all_arrived(desk, anna, bert, before)


def a_file_that_is_another_now_is_offered_again_by_retry_and_no_other(desk):
    good, bad = desk.file("good.bin", 3_000_000), desk.file("shrinks.bin", 2_000_000)
    anna, bert = desk.start("Anna", paths=[good, bad]), desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.see(r"shrinks\.bin")
    # It has been listed with its size, and becomes shorter before it is read.
    os.truncate(bad, 1_000_000)
    in_part(desk, anna, bert)
    before = os.stat(bert.received / "good.bin")

    anna.click("Retry")
    check(bert.card()[1] == 1, "only the file that failed is offered")
    bert.answer("Accept")
    wait_for("the file", lambda: "shrinks.bin" in bert.stored(), timeout=30)
    all_arrived(desk, anna, bert, before)


def in_part(desk, anna, bert):
    anna.send_to(bert.port)
    bert.card()
    bert.answer("Accept")
    for window in anna, bert:
        window.see(PARTIAL, timeout=30)
        window.see(FAILED_FILE)
    desk.shot("in-part")
    check(bert.stored() == ["good.bin"], f"only the good file is there: {bert.stored()}")


def all_arrived(desk, anna, bert, before):
    sent = md5sum(desk.root / "Outbox")
    check(md5sum(bert.received) == sent, f"both files are there once: {bert.stored()}")
    after = os.stat(bert.received / "good.bin")
    check((before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "the good file was not sent again")
    for window in anna, bert:
        window.open_rows()
        wait_for(f"both seals in {window}", lambda w=window: w.seals() == dict.fromkeys(sent.values(), "verified"))
    desk.shot("all-there")


def a_folder_that_is_there_already_costs_only_what_is_missing(desk):
    outbox = desk.root / "Outbox"
    names = ["1 shore.jpg", "2 sea.jpg", "3 hill.jpg"]
    for name in names:
        random_file(outbox / "Photos" / name, 2_000_000)
    anna, bert = desk.start("Anna", paths=[outbox / "Photos"]), desk.start("Bert")
    (bert.received / "Photos").mkdir()
    for name in names[:2]:
        (bert.received / "Photos" / name).write_bytes((outbox / "Photos" / name).read_bytes())
    before = {name: os.stat(bert.received / "Photos" / name).st_ino for name in names[:2]}
    desk.side_by_side(anna, bert)
    anna.send_to(bert.port)
    bert.card()
    desk.shot("offered")
    choose(bert, "Skip if identical")
    desk.shot("chosen")
    bert.answer("Accept")
    wait_for("the missing file", lambda: f"Photos/{names[2]}" in bert.stored(), timeout=30)
    sent = md5sum(outbox)
    seal = sent[f"Photos/{names[2]}"]
    for window in anna, bert:
        # Compared byte for byte, by their seals: that is as good as sent.
        window.see("All 3 files verified")
        window.open_rows()
        wait_for(f"the new seal in {window}", lambda w=window: w.seals().get(seal) == "verified")
    desk.shot("merged")
    check(md5sum(bert.received) == sent, f"one folder with all three: {bert.stored()}")
    after = {name: os.stat(bert.received / "Photos" / name).st_ino for name in names[:2]}
    check(before == after, "what was there already is the same file as before")


def a_full_disk_holds_it_on_both_screens_until_there_is_room(desk):
    if not PRIVATE:
        return desk.note("skipped: only root can mount a small disk")
    anna, bert = desk.start("Anna", paths=[desk.file("film.mkv", 15_000_000)]), desk.start("Bert")
    sh("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", bert.received)
    try:
        desk.side_by_side(anna, bert)
        set_limit(anna, 2)
        anna.send_to(bert.port)
        bert.card()
        bert.answer("Accept")
        wait_for("bytes to move", lambda: any(value > 5 for value in bert.progress()), timeout=30)
        other = bert.received / "something else"
        other.write_bytes(os.urandom(12_000_000))
        bert.see(r"^Paused: Not enough space on this device \(needs [\d.]+ MB, .+ free\)", timeout=30)
        anna.see(r"^Paused: Not enough space on the other device \(needs [\d.]+ MB, .+ free\)")
        desk.shot("full")
        other.unlink()
        ends_with_the_same_seal(desk, anna, bert)
    finally:
        quiet("umount", "-l", bert.received)


def discard_removes_what_an_interrupted_transfer_left(desk):
    anna, bert = moving(desk, until=10)
    port = bert.port
    kill(bert)
    kill(anna)
    check(part_bytes(bert) > 0, f"a part file is there: {bert.stored()}")
    bert = again(desk, bert, port)
    desk.side_by_side(bert, bert)
    bert.see(INTERRUPTED)
    desk.shot("interrupted")
    check(bert.all("Resume", BUTTON), "it could go on")
    bert.click("Discard")

    def gone():
        # A question whether that is meant may stand in between.
        if bert.stored() and bert.all("Discard", BUTTON):
            bert.click("Discard")
        return bert.stored() == []

    wait_for("the part file to go", gone, timeout=20, every=1)
    wait_for("the row to offer nothing more", lambda: not bert.all("Resume", BUTTON))
    desk.shot("discarded")
    close(desk, bert)
    bert = again(desk, bert, port)
    time.sleep(1)  # what is to come back has had the time
    check(not bert.shows(INTERRUPTED), "it does not come back")
    check(not list((bert.profile / "running").glob("*")), "nothing about it is left in the profile")


def moving(desk, until=10):
    """Anna sends Bert a large file under a speed limit; `until` percent of it have moved."""
    anna, bert = desk.start("Anna", paths=[desk.file("film.mkv", FILE_BYTES)]), desk.start("Bert")
    desk.side_by_side(anna, bert)
    set_limit(anna, MEGABYTES_PER_SECOND)
    anna.send_to(bert.port)
    bert.card()
    bert.answer("Accept")
    wait_for(f"{until} % of the file", lambda: any(until <= value < 95 for value in bert.progress()), timeout=60)
    desk.shot("moving")
    check("film.mkv" not in bert.stored(), "the real name is not taken yet")
    return anna, bert


def set_limit(window, megabytes):
    """Sets the speed limit for sending, or takes it away, as a person does."""
    window.click("Settings")
    window.fill("Speed limit for sending", "" if megabytes is None else str(megabytes))
    if megabytes is not None:
        window.click("Speed limit for sending: MB/s", role=("radio button",))
    window.click("Save")
    wait_for("the settings to close", lambda: not window.all("Speed limit for sending"))


def part_bytes(window):
    """Bytes in part files of the receive folder."""
    return sum(path.stat().st_size for path in window.received.rglob(".sealdrop-*.part"))


def stands_still(desk, anna, bert):
    """What was under way has a moment to arrive; then nothing more comes."""
    def still():
        before = part_bytes(bert), anna.progress(), bert.progress()
        time.sleep(1.5)
        return before == (part_bytes(bert), anna.progress(), bert.progress())

    wait_for("the bytes to stand still", still, timeout=10)


def moves_on(anna, bert):
    before = part_bytes(bert), max(bert.progress(), default=0)
    wait_for("bytes to move again", lambda: part_bytes(bert) > before[0] + 1_000_000, timeout=20)
    for window in anna, bert:
        wait_for(f"the progress of {window} to move again", lambda w=window: max(w.progress(), default=0) > before[1])


def goes_on(desk, least, anna, bert):
    """Until bytes move again: by itself, or because somebody says *Resume*."""
    windows = [window for window in (anna, bert) if window.process.poll() is None]
    began = time.monotonic()
    said = False

    def look():
        nonlocal said
        if any(window.seals() for window in windows) or least.has_grown():
            return True
        waiting = [window for window in windows if window.all("Resume", BUTTON)]
        # One word is enough for both sides.
        if waiting and not said and time.monotonic() > began + 5:
            waiting[0].click("Resume")
            said = True
        return False

    wait_for("the transfer to go on", look, timeout=60, every=0.1)
    desk.note(f"it went on {time.monotonic() - began:.1f} s after both were there")
    desk.shot("going-on")


class Least:
    """The least that the part file of a window holds from now on, looked at while the test does other things: it may be cut
    back to what had been put on the disk for good before it grows again."""

    def __init__(self, window):
        self.bytes = part_bytes(window)
        self.now = self.bytes
        self.over = threading.Event()
        threading.Thread(target=self._look, args=(window,), daemon=True).start()

    def _look(self, window):
        while not self.over.wait(0.02):
            try:
                self.now = part_bytes(window)
            except OSError:  # it has just got its real name
                continue
            # None at all: it has its real name.
            if self.now:
                self.bytes = min(self.bytes, self.now)

    def has_grown(self):
        return self.now > self.bytes + 1_000_000

    def check(self, least):
        self.over.set()
        check(self.bytes >= least, f"it went on from {self.bytes} bytes, of {least} that had to stay")


def ends_with_the_same_seal(desk, anna, bert):
    sent = md5sum(desk.root / "Outbox")
    for window in anna, bert:
        wait_for(f"a seal in {window}", window.seals, timeout=90)
        check(window.seals() == {sent["film.mkv"]: "verified"}, f"{window} shows what md5sum prints: {window.seals()}")
    desk.shot("sealed")
    check(md5sum(bert.received) == sent, f"the file arrived once, whole: {bert.stored()}")
    check(not any(".sealdrop-" in name for name in bert.stored()), "no part file is left")
    for window in anna, bert:
        left = lambda: list((window.profile / "running").glob("*"))
        wait_for(f"nothing about it to be left in the profile of {window}", lambda: not left())


def kill(window):
    """As kill -9, or a machine that loses power, does."""
    window.process.send_signal(signal.SIGKILL)
    window.process.wait(10)
    wait_for(f"{window} to go from the screen", lambda: not window_of(window), timeout=10)


def window_of(window):
    return quiet("xdotool", "search", "--onlyvisible", "--pid", window.process.pid).split()


def close(desk, window):
    """Closes a window in which something runs: it asks first."""
    sh("xdotool", "windowactivate", "--sync", *window.window)
    sh("xdotool", "key", "--clearmodifiers", "alt+F4")

    def ended():
        if window.process.poll() is None and window.all("Stop and close", BUTTON):
            desk.shot("asked-to-close")
            window.click("Stop and close")
        return window.process.poll() is not None

    wait_for(f"{window} to close", ended, timeout=20, every=0.3)
    check(window.process.returncode == 0, f"{window} ended with exit code {window.process.returncode}")


def again(desk, window, port):
    """The same profile and port in a new process."""
    return desk.start(window.device_name, port=port)


def choose(window, word):
    """Chooses one of several ways, whether they stand side by side or in a list that has to be opened."""
    def look():
        if window.all(word, CHOICES):
            return True
        for box in window.all(role=("combo box",))[:1]:
            window.click(box.name, role=("combo box",))
            time.sleep(0.3)
        return False

    wait_for(f"{word!r} to choose", look, timeout=15, every=0.3)
    window.click(word, role=CHOICES)
