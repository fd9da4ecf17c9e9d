"""The queue as a person sees it: what waits for its turn, and in which order.

Each function without an underscore that takes nothing but the desk is one test; `promises.py` lists them.
"""

import json
import os
import re

from desk import wait_for
from runner import check, md5sum, random_file
from survive import set_limit

FIRST, SECOND, THIRD = "first.bin", "夏日照片 and a name that is longer than the row it stands in may be, by far.bin", "third.bin"


def the_order_of_the_queue_is_what_a_person_makes_it(desk):
    one_at_a_time(desk.root / "Anna" / "profile")
    outbox = desk.folder("Outbox")
    random_file(outbox / FIRST, 120_000_000)
    for name in SECOND, THIRD:
        random_file(outbox / name, 400_000)
    anna, bert, files = desk.two_windows_and(outbox)
    for name in FIRST, SECOND, THIRD:
        files.drag(anna.centre, name)
        files.drop()
        anna.see(re.escape(name[:8]))
        anna.fill("Address", f"127.0.0.1:{bert.port}")
        anna.click("Send")
        bert.card()
        bert.answer("Accept")
        wait_for(f"{name} to be accepted", lambda: anna.all(row(name)))
    waits(anna, SECOND, "it is next")
    waits(anna, THIRD, "1 transfer before it")
    desk.rest_the_pointer()
    desk.shot("queued")
    check(not [node for node in anna.all("Move up", within=row(SECOND)) if node.enabled], "the first cannot go up")
    check(not [node for node in anna.all("Move down", within=row(THIRD)) if node.enabled], "the last cannot go down")

    anna.click("Move up", within=row(THIRD))
    waits(anna, THIRD, "it is next")
    waits(anna, SECOND, "1 transfer before it")
    anna.click("Move down", within=row(THIRD))
    waits(anna, SECOND, "it is next")
    anna.click("Move up", within=row(THIRD))
    waits(anna, THIRD, "it is next")
    desk.shot("reordered")

    set_limit(anna, None)
    wait_for("everything to arrive", lambda: sorted(bert.stored()) == sorted([FIRST, SECOND, THIRD]), timeout=90)
    check(md5sum(bert.received) == md5sum(outbox), "whole")
    # When it got its name; the time of the file itself is that of its source.
    came = {name: os.stat(bert.received / name).st_ctime_ns for name in (FIRST, SECOND, THIRD)}
    check(came[FIRST] < came[THIRD] < came[SECOND], f"it came in the order that was made: {came}")
    desk.shot("arrived")


def one_at_a_time(profile):
    """As slow as it takes to look at what waits."""
    profile.mkdir(parents=True)
    (profile / "settings.json").write_text(json.dumps({"parallel": 1, "send_limit": 1_000_000}))


def row(name):
    """What a screen reader calls the row of this file."""
    return re.compile("^" + re.escape(name) + ", ")


def waits(window, name, how):
    """The row of this file says how long it waits."""
    wait_for(f"{name} to say {how!r}", lambda: window.all(re.compile(f"^Waiting for its turn: {how}$"), within=row(name)))
