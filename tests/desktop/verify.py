"""Files that are verified in the window: dropped from a real file manager, hashed, compared. `promises.py` lists these tests."""

import os
import subprocess

from desk import sh, wait_for
from runner import check, random_file

LONG = "这是一个非常非常长的文件名，用来看看窗口在名字放不下的时候会怎么办，" * 2 + ".tar.gz"


def a_dropped_file_shows_the_seal_that_md5sum_prints(desk):
    outbox = desk.folder("Outbox")
    random_file(outbox / "thesis.pdf", 3_000_000)
    anna, files = desk.window_and(outbox)
    anna.click("Verify")
    anna.see("^Drop files here to see their seals$")
    desk.shot("empty")
    files.drag(anna.centre, "thesis.pdf")
    desk.shot("hovering")
    files.drop()
    md5 = sh("md5sum", str(outbox / "thesis.pdf")).split()[0]
    anna.see(f"MD5 {md5}, not checked")
    check(not anna.shows("^Remove thesis.pdf$"), "nothing is staged to be sent")
    anna.fill("Checksum", md5.upper())
    anna.see("^Equal: the checksums are the same$")
    desk.shot("equal")
    wrong = md5[:8] + ("0" if md5[8] != "0" else "1") + md5[9:]
    anna.fill("Checksum", wrong)
    anna.see("^Different, from digit 9 on$")
    desk.shot("different")
    anna.click("Close")
    files.drag(anna.centre, "thesis.pdf")
    files.drop()
    anna.see("^Remove thesis.pdf$")


def a_list_that_md5sum_wrote_is_checked_beside_itself(desk):
    outbox = desk.folder("Outbox")
    for name in "a.txt", "b.txt", "夏日照片.jpg", LONG, "gone.txt":
        random_file(outbox / name, 40_000)
    listed = sorted(path.name for path in outbox.iterdir())
    text = subprocess.run(["md5sum", *listed], cwd=outbox, check=True, capture_output=True, text=True).stdout
    secret = desk.folder("Elsewhere") / "secret.txt"
    random_file(secret, 10)
    (outbox / "SUMS.md5").write_text(text + "0" * 32 + "  ../Elsewhere/secret.txt\n", encoding="utf-8")
    (outbox / "gone.txt").unlink()
    random_file(outbox / "b.txt", 40_000)
    anna, files = desk.window_and(outbox)
    anna.click("Verify")
    files.drag(anna.centre, "SUMS.md5")
    files.drop()
    anna.see("^3 as listed, 1 differs, 1 missing, 1 not read$")
    anna.click("b.txt")
    anna.see("does not match$")
    desk.shot("list")
    anna.place(0, 0, 420, 1000)
    desk.shot("narrow")


def what_is_huge_is_stopped_at_once(desk):
    outbox = desk.folder("Outbox")
    with open(outbox / "huge.img", "wb") as huge:
        huge.truncate(100 << 30)
    anna, files = desk.window_and(outbox)
    anna.click("Verify")
    files.drag(anna.centre, "huge.img")
    files.drop()
    anna.see("^Reading 1 of 1 file: huge.img$")
    first = anna.progress()
    wait_for("its bytes to be counted", lambda: anna.shows("of 107 GB$"))
    desk.shot("busy")
    check(all(value < 100 for value in first), f"it is far from its end: {first}")
    anna.click("Cancel")
    wait_for("the end of it", lambda: anna.shows("^Stopped$"), timeout=2)
    wait_for("the file to be let go of", lambda: not held(anna, outbox / "huge.img"), timeout=2)
    desk.shot("stopped")


def held(window, path):
    """Whether the program has the file open."""
    folder = f"/proc/{window.process.pid}/fd"
    for descriptor in os.listdir(folder):
        try:
            if os.readlink(f"{folder}/{descriptor}") == str(path):
                return True
        except OSError:  # closed while we looked
            continue
    return False
