"""How two people get to know each other's device, and what happens when somebody is not who they seem.

Each function without an underscore that takes nothing but the desk is one test; `promises.py` lists them.
"""

import os
import re

from desk import wait_for
from runner import WINDOW, check, md5sum
from sealdrop import CODE


def two_who_compared_the_code_know_each_other_from_then_on(desk):
    anna, bert = first_meeting(desk)
    wait_for("the seals to be equal", lambda: anna.seals() and anna.seals() == bert.seals(), timeout=30)
    sent = md5sum(desk.root / "Outbox")
    check(bert.seals() == {sent["first.pdf"]: "verified"}, f"the seal is what md5sum prints: {bert.seals()}")
    check(md5sum(bert.received) == {"first.pdf": sent["first.pdf"]}, f"it is on the disk: {bert.stored()}")
    desk.shot("sealed")

    # Bert has never typed Anna's address: he is called once more, by her who knows his.
    anna = again(desk, anna, "second.pdf")
    wait_for("the saved device to be chosen", lambda: choose(anna, "Bert"))
    anna.click("Send")
    who, count = bert.card()
    check((who, count) == ("Anna", 1), f"the card names her: {who}, {count}")
    desk.shot("second-offer")
    check(bert.shows("^Verified$"), "the card says that she is verified")
    for window in anna, bert:
        check(not window.shows(CODE), f"{window} asks for no code")
    bert.answer("Accept")
    wait_for("the second file", lambda: "second.pdf" in bert.stored(), timeout=30)
    for window, other in (anna, "Bert"), (bert, "Anna"):
        wait_for(f"{window} to list {other}", lambda w=window, o=other: w.devices() == [f"{o}, verified"])
    desk.shot("both-know")


def another_key_under_a_verified_name_is_refused_with_a_warning(desk):
    anna, bert = first_meeting(desk)
    wait_for("the first file", lambda: bert.stored() == ["first.pdf"], timeout=30)
    port = bert.port
    bert.close()
    anna = again(desk, anna, "secret.pdf")
    wrong = desk.start("Bert", port=port, folder="Wrong", paths=[desk.file("letter.pdf")])
    desk.side_by_side(anna, wrong)

    wait_for("the saved device to be chosen", lambda: choose(anna, "Bert"))
    anna.click("Send")
    anna.find("This is not “Bert”", role=ALERT)
    anna.see("The device there is not the one you verified")
    desk.shot("dialled")
    check(not wrong.shows("^Offer from") and wrong.stored() == [], f"nothing came out: {wrong.stored()}")
    anna.click("Dismiss")

    wrong.send_to(anna.port)
    anna.find("Somebody uses the name of “Bert”", role=ALERT)
    wrong.see("knows a device of this name by another key")
    check(not anna.shows("^Offer from"), "no card stands before Anna")
    desk.shot("called")

    anna.click("This is a different device")
    wait_for("the warning to go", lambda: not anna.all("Somebody uses the name of “Bert”"))
    wrong.click("Retry")
    anna.card()
    check(anna.code() == wrong.code(), "a stranger with the name is let in with a code to compare")
    check(not any("verified" in name for name in wrong.devices()), f"nobody is verified by that: {wrong.devices()}")
    desk.shot("let-in")


def codes_are_compared_without_a_file(desk):
    anna, bert = desk.start("Anna"), desk.start("Bert")
    desk.side_by_side(anna, bert)
    anna.fill("Address", f"127.0.0.1:{bert.port}")
    anna.click("Add")
    desk.shot("added")
    anna.click(f"Details of 127.0.0.1:{bert.port}")
    desk.shot("page")
    anna.click("Compare codes")
    check(anna.code() == bert.code(), "both windows show the same code")
    desk.shot("compared")
    for window in anna, bert:
        window.verify()
    desk.shot("verified")
    anna.click("End comparison")
    bert.click("Close")
    desk.shot("closed")
    wait_for("Anna's page to say so", lambda: anna.shows("^Verified since"))
    wait_for("Bert to list her", lambda: bert.devices() == ["Anna, verified"])


def a_blocked_device_is_told_and_a_forgotten_one_is_a_stranger(desk):
    anna, bert = first_meeting(desk)
    wait_for("the first file", lambda: bert.stored() == ["first.pdf"], timeout=30)
    bert.click("Details of Anna")
    bert.click("Block", role=("radio button",))
    wait_for("the list to say so", lambda: bert.devices() == ["Anna, verified, blocked"])
    desk.shot("blocking")
    bert.click("Close")
    anna = again(desk, anna, "second.pdf")
    wait_for("the saved device to be chosen", lambda: choose(anna, "Bert"))
    anna.click("Send")
    anna.see("This device is blocked on the other device")
    check(not bert.shows("^Offer from"), "no card stands before Bert")
    desk.shot("blocked")

    bert.click("Details of Anna")
    bert.click("Forget")
    desk.shot("forgetting")
    bert.click("Forget")
    wait_for("the device to go", lambda: bert.devices() == [])
    anna = again(desk, anna, "third.pdf")
    wait_for("the saved device to be chosen", lambda: choose(anna, "Bert"))
    anna.click("Send")
    bert.card()
    bert.code()
    check(bert.shows("^Not verified$"), "the card says that she is not verified")
    desk.shot("stranger")


def a_key_that_others_may_read_is_made_private_and_kept(desk):
    anna = desk.start("Anna")
    key = anna.own_key()
    anna.close()
    identity = anna.profile / "identity.pem"
    identity.chmod(0o644)
    anna = desk.start("Anna")
    anna.find("Others may read the key of this device")
    desk.shot("exposed")
    anna.click("Make it private and go on")
    anna.next_window("Add files…")
    desk.shot("going-on")
    check(anna.own_key() == key, "it is still the same key")
    check(identity.stat().st_mode & 0o777 == 0o600, f"nobody else may read it: {os.stat(identity).st_mode:o}")


ALERT = ("alert", "notification")


def first_meeting(desk):
    """Anna sends Bert a file; both compare the code, and Bert accepts."""
    anna, bert = desk.start("Anna", paths=[desk.file("first.pdf")]), desk.start("Bert")
    desk.side_by_side(anna, bert)
    desk.shot("staged")
    anna.send_to(bert.port)
    bert.card()
    check(anna.code() == bert.code(), "both windows show the same code")
    check(bert.shows("^Not verified$"), "the card says that nobody has compared it yet")
    desk.shot("code")
    for window in anna, bert:
        window.verify()
    desk.shot("verified")
    bert.answer("Accept")
    return anna, bert


def again(desk, window, name):
    """The same window closed and started once more, with another file staged: what it knows is on its disk."""
    code = window.close()
    check(code == 0, f"{window} ended with exit code {code}")
    window = desk.start(window.device_name, paths=[desk.file(name)])
    window.place(0, 0, *WINDOW)
    return window


def choose(window, device):
    """Ticks the device in the list."""
    if not window.all(device, role=("check box",)):
        return False
    window.click(device, role=("check box",))
    return True
