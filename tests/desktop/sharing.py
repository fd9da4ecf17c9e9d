"""A folder that is shared with ten-line programs, and a file fetched from one.

Each function without an underscore that takes nothing but the desk is one test; `promises.py` lists them.
"""

import hashlib
import json
import socket
import struct
import threading

from desk import wait_for
from runner import check, md5sum, random_file

CJK = "课堂笔记 第三章 动量守恒.pdf"


def a_shared_folder_serves_a_ten_line_program_and_the_window_shows_it(desk):
    public = desk.folder("Public")
    random_file(public / CJK, 70_001)
    random_file(public / "lecture.mkv", desk.big_bytes // 3)
    (public / ".hidden").write_text("not for others")
    seals = md5sum(public)
    anna = share(desk, public)
    anna.see("^Shared with everybody, not encrypted: Public$")
    desk.shot("shared")
    anna.click("Show downloads")
    anna.see("^Nobody has taken anything yet$")

    check(download(anna.port, CJK) == (seals[CJK], seals[CJK]), "the bytes have the checksum that the header names")
    anna.see(f"^127.0.0.1 took {CJK}, 70 kB$")
    check(download(anna.port, ".hidden") is None, "what is hidden is not there")
    desk.slow_network()
    taken = []
    taking = threading.Thread(target=lambda: taken.append(download(anna.port, "lecture.mkv")), daemon=True)
    taking.start()
    anna.see(r"^127.0.0.1 takes lecture.mkv, \d+ %$")
    wait_for("its progress", lambda: any(0 < value < 100 for value in anna.progress()), timeout=30)
    desk.shot("takes")
    taking.join(60)
    check(taken == [(seals["lecture.mkv"],) * 2], f"the large one is right too: {taken}")
    anna.see("^127.0.0.1 took lecture.mkv, ")
    anna.see("^Handed over, not confirmed$")
    anna.see("^Shared with everybody")
    desk.shot("taken")


def get_a_file_fetches_from_a_ten_line_program_and_shows_its_seal(desk):
    file = desk.file(CJK, 3_000_000)
    sent = md5sum(file.parent)[CJK]
    anna = desk.start("Anna")
    anna.place(0, 0, 1040, 720)
    desk.shot("before")
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = serve_once(server, file)
        anna.click("Get a file…")
        anna.fill("Get from", f"127.0.0.1:{server.getsockname()[1]}")
        anna.fill("Name of the file there", "notes.pdf")
        desk.shot("form")
        anna.click("Get")
        wait_for("the file", lambda: "notes.pdf" in anna.stored(), timeout=30)
    anna.see(f"MD5 {sent}, verified")
    desk.shot("verified")
    check(asked == ["notes.pdf"], f"only its name was asked for: {asked}")
    check(md5sum(anna.received) == {"notes.pdf": sent}, f"it is the same file: {anna.stored()}")


def share(desk, folder):
    """Anna's window with that folder shared, as her settings have it."""
    profile = desk.root / "Anna" / "profile"
    profile.mkdir(parents=True)
    (profile / "settings.json").write_text(json.dumps({"shared_folder": str(folder)}))
    anna = desk.start("Anna")
    anna.place(0, 0, 1060, 720)
    return anna


def download(port, name):
    """The checksums that the header names and that the bytes have, as any small program gets them; None: an empty header."""
    with socket.create_connection(("127.0.0.1", port), 60) as s, s.makefile("rb") as stream:
        s.sendall(name.encode())
        header = json.loads(stream.read(*struct.unpack("<i", stream.read(4))))
        if not header:
            return None
        md5, left = hashlib.md5(), header["lenth"]
        while left and (block := stream.read(min(left, 65536))):
            md5.update(block)
            left -= len(block)
    return header["md5"], md5.hexdigest()


def serve_once(server, path):
    """Answers one request with that file, whatever it asks for; what was asked comes to stand in the list that is returned."""
    asked = []

    def serve():
        connection, _ = server.accept()
        with connection:
            asked.append(connection.recv(1024).decode().rstrip("\r\n\0"))
            data = path.read_bytes()
            header = json.dumps({"lenth": len(data), "md5": hashlib.md5(data).hexdigest()}).encode()
            connection.sendall(struct.pack("<i", len(header)) + header + data)

    threading.Thread(target=serve, daemon=True).start()
    return asked
