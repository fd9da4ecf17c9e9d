"""Notifications, shown by a real notification server (dunst), read on the bus and clicked in it. `promises.py` lists these."""

import os
import re
import subprocess
from pathlib import Path

from desk import quiet, sh, wait_for
from messages import send
from one_window import in_front
from runner import check
from trust import first_meeting

# What dbus-monitor prints of a call: everything between two headers.
CALL = re.compile(r"^method call .*?member=Notify\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
TEXT = re.compile(r'^   string "(.*)"$', re.MULTILINE)


def a_message_is_told_of_and_accepted_in_its_notification(desk):
    server = Server(desk)
    desk.notifications = True
    anna, bert = first_meeting(desk)
    wait_for("the first file", lambda: bert.stored() == ["first.pdf"], timeout=30)
    with server:
        anna.fill("Message", "Dinner at eight <b>sharp</b>?")
        anna.click("Send message")
        body = server.shown("Anna sends a message")
        check(body == "Dinner at eight &lt;b&gt;sharp&lt;/b&gt;?", f"it begins there, and none of it is markup: {body!r}")
        desk.shot("message")
        check(not in_front(bert), "Bert's window is behind")
        server.click("Accept")
        anna.see("^Delivered$")
        check(not in_front(bert), "who accepts there goes on with what he does")
        server.none_left()

        anna.fill("Message", "Never mind")
        anna.click("Send message")
        server.shown("Anna sends a message", times=2)
        wait_for("it to stand there", lambda: server.displayed() == 1, timeout=10)
        anna.click("Cancel")
        # That it was taken back is not told in its place: the row says it.
        wait_for("the offer to go", lambda: not bert.all("Accept"), timeout=10)
        desk.shot("withdrawn")

        desk.note("a transfer that has ended is told of, too")
        anna.fill("Message", "One more")
        anna.click("Send message")
        server.shown("Anna sends a message", times=3)
        server.click("Show")
        wait_for("Bert's window to come to the front", lambda: in_front(bert), timeout=10)
        server.none_left()
        bert.answer("Accept")


def strangers_are_gathered_and_only_shown(desk):
    desk.notifications = True
    bert = desk.start("Bert")
    with Server(desk) as server:
        other = desk.start("Carl")
        sh("xdotool", "windowactivate", "--sync", *other.window)
        wait_for("Carl to be in front", lambda: in_front(other))
        senders = [send(desk, bert.port, f"hello {n}") for n in range(3)]
        body = server.shown("3 devices wait for your answer", timeout=40)
        desk.shot("gathered")
        check("hello" not in body and "hello" not in server.heard(), "nothing that strangers write stands there")
        check(server.displayed() == 1, "there is one notification for all of them")
        server.click("Show")
        wait_for("Bert's window to come to the front", lambda: in_front(bert), timeout=10)
        check(len(bert.all("Accept")) == 3, "nothing was accepted")
        server.none_left()
        for sender in senders:
            sender.kill()
            sender.wait()


class Server:
    """dunst on the desk's own bus, what it is asked for, and a hand that picks from its menu."""

    def __init__(self, desk):
        # It may have been started by the bus before, for something else: always with the same configuration.
        home = Path(os.environ["HOME"]) / ".config" / "dunst"
        home.mkdir(parents=True, exist_ok=True)
        self.choice, menu = home / "choice", home / "menu"
        menu.write_text(f'#!/bin/sh\ngrep -m1 -F "$(cat {self.choice})"\n')
        menu.chmod(0o755)
        (home / "dunstrc").write_text(f"[global]\nfont = Sans 11\ndmenu = {menu}\nmarkup = full\nwidth = 360\n")
        self.log, self.bus = desk.root / "dunst.log", desk.root / "bus.log"

    def __enter__(self):
        rule = "type='method_call',interface='org.freedesktop.Notifications',member='Notify'"
        with open(self.log, "wb") as log, open(self.bus, "wb") as bus:
            self.programs = [subprocess.Popen(["dunst"], stdout=log, stderr=log),
                             subprocess.Popen(["dbus-monitor", "--session", rule], stdout=bus, stderr=log)]
        wait_for("dunst to answer", lambda: quiet("dunstctl", "count"), timeout=15)
        wait_for("the monitor to listen", self.heard, timeout=15)
        # What an earlier test has left.
        sh("dunstctl", "close-all")
        return self

    def __exit__(self, *_):
        for program in self.programs:
            program.terminate()
            program.wait(10)

    def heard(self):
        return self.bus.read_text(errors="replace")

    def shown(self, title, times=1, timeout=20):
        """Waits until notifications with this title were asked for so often; the text of the last."""
        def look():
            calls = [TEXT.findall(call) for call in CALL.findall(self.heard())]
            bodies = [texts[3] for texts in calls if len(texts) > 3 and texts[2] == title]
            return bodies[-1:] if len(bodies) >= times else None

        return wait_for(f"the notification {title!r}", look, timeout)[0]

    def displayed(self):
        return int(quiet("dunstctl", "count", "displayed") or 0)

    def click(self, label):
        """Picks a button of what stands there."""
        wait_for("a notification to stand there", self.displayed, timeout=10)
        self.choice.write_text(label)
        sh("dunstctl", "context")

    def none_left(self):
        wait_for("the notifications to go", lambda: self.displayed() == 0, timeout=15)
