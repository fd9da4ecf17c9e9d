"""Words between two windows: written, read, copied, kept. `promises.py` lists these tests."""

import os
import re
import subprocess

from desk import sh, wait_for
from runner import WINDOW, check

LONG = "\n".join(f"{n}. line of a text that somebody has copied out of a longer one" for n in range(1, 60))
CJK = "八点在河边的餐馆见面，好吗？\n带上照片：https://example.org/照片\n— 安娜 👩‍💻"


def a_message_is_read_copied_and_delivered(desk):
    anna, bert = desk.start("Anna"), desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.fill("Message", "Dinner at eight?")
    desk.shot("written")
    anna.fill("Address", f"127.0.0.1:{bert.port}")
    anna.click("Send message")
    bert.find("Message from Anna")
    check(bert.shows("^Dinner at eight.$"), "it can be read before it is answered")
    check(anna.code() == bert.code(), "both windows show the same code")
    desk.shot("offered")
    check(not anna.shows("^Delivered$"), "nothing is delivered that nobody has answered")
    bert.answer("Accept")
    anna.see("^Delivered$")
    bert.see("^Received$")
    desk.shot("delivered")
    bert.click("Copy message")
    bert.see("^Copied$")
    # Through the real clipboard, into the other program.
    anna.click("Paste")
    wait_for("the text in Anna's field", lambda: texts(anna) == ["Dinner at eight?"], timeout=10)
    desk.shot("pasted")
    check(bert.stored() == [], f"no file comes of it: {bert.stored()}")
    bert.click("History")
    bert.click(re.compile("^Dinner at eight.*Received from Anna"))
    bert.see("^Dinner at eight.$")
    desk.shot("history")


def long_and_foreign_texts_stay_readable(desk):
    bert = desk.start("Bert")
    bert.place(0, 0, *WINDOW)
    senders = [send(desk, bert.port, text) for text in (CJK, LONG)]
    wait_for("both cards", lambda: len(bert.all("Accept")) == 2, timeout=30)
    desk.shot("cards")
    bert.place(0, 0, 420, 1000)
    desk.shot("narrow")
    for left in (1, 0):
        bert.answer("Accept", left)
    for sender in senders:
        check(sender.wait(20) == 0, f"the sender is told: {sender.stdout.read()}")
    wait_for("both rows", lambda: len(bert.all("Received")) == 2, timeout=10)
    desk.shot("narrow-rows")
    bert.place(0, 0, *WINDOW)
    desk.shot("rows")


def texts(window):
    """What stands in the field for a message."""
    return [node.text for node in window.all("Message", ("entry", "text"))]


def send(desk, port, text):
    """`sealdrop send` with a message alone."""
    command = [os.environ["SEALDROP"], "send", "--profile", str(desk.root / "sender"), "--to", f"127.0.0.1:{port}",
               "--message", "-"]
    sender = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    sender.stdin.write(text)
    sender.stdin.close()
    return sender
