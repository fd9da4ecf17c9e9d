"""Windows that find each other by themselves, within this computer: nothing leaves it.

Each function without an underscore that takes nothing but the desk is one test; `promises.py` lists them.
"""

import time

from desk import wait_for
from runner import check, md5sum


def a_window_finds_the_other_and_one_click_sends(desk):
    anna = desk.start("Anna", nearby="loopback", paths=[desk.file("found.pdf")])
    anna.see("^Nobody yet")
    desk.shot("nobody")
    bert = desk.start("Bert 桌面", folder="Bert", nearby="loopback")
    desk.side_by_side(anna, bert)
    began = time.monotonic()
    anna.see("^Device Bert 桌面, nearby, not verified$")
    bert.see("^Device Anna, nearby, not verified$")
    desk.note(f"both see each other {time.monotonic() - began:.1f} s after the windows stood in their places")
    desk.shot("found")
    anna.click("Bert 桌面", role=("check box",))
    anna.click("Send")
    bert.card()
    check(anna.code() == bert.code(), "a code is compared as with a typed address")
    for window in anna, bert:
        window.verify()
    bert.answer("Accept")
    wait_for("the file", lambda: "found.pdf" in bert.stored(), timeout=30)
    check(md5sum(bert.received) == {"found.pdf": md5sum(desk.root / "Outbox")["found.pdf"]}, "it is the same file")
    anna.see("^Here now$")
    desk.shot("here-now")
    check(anna.devices() == ["Bert 桌面, verified"], f"one row for one device: {anna.devices()}")

    anna.click("Visible to nobody", role=("radio button",))
    anna.see("^Everybody for 10 minutes$")
    desk.shot("nobody-sees-anna")
    anna.click("Everybody for 10 minutes")
    anna.see("^Everybody, 10 min left$")
    desk.shot("ten-minutes")
    port = bert.port
    bert.close()
    wait_for("Bert to be away", lambda: not anna.shows("^Here now$"), timeout=10)
    anna.see("^Last seen ")
    desk.shot("away")
    bert = desk.start("Bert 桌面", folder="Bert", nearby="loopback")
    anna.see("^Here now$")
    check(bert.port != port, "it listens elsewhere now")


def the_network_check_names_the_step_that_fails(desk):
    anna = desk.start("Anna")
    bert = desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.click("Network check…")
    anna.see("^Listening: Fine$")
    desk.shot("this-device")
    anna.fill("Device to check", f"127.0.0.1:{bert.port}")
    anna.click("Check")
    anna.see("^Greeting: Fine$")
    anna.see("^Way back: Fine$")
    desk.shot("all-steps")
    port = bert.port
    bert.close()
    anna.click("Check")
    anna.see("^Connection: Failed$")
    anna.see(f"^127.0.0.1:{port} answers that nothing listens there$")
    anna.see("^Open Sealdrop there")
    desk.shot("failed")
    anna.click("Close")
    wait_for("the check to be gone", lambda: not anna.shows("^Connection: Failed$"))
