"""Receives files with ONE recv(1400) for prefix and header, and whatever of the body came along with them.

Joins its folder with filepath and filename, so that a filepath which is not empty would lead elsewhere.
Prints the port it listens on, then a JSON line for each file: name, size and md5 as announced, md5 of what came.

usage: receive_filepath.py FOLDER NUMBER_OF_FILES
"""

import hashlib
import json
import os
import socket
import struct
import sys


def receive(conn, folder):
    first = conn.recv(1400)
    length = struct.unpack("i", first[:4])[0]
    header = json.loads(first[4 : 4 + length].decode("utf-8"))
    body = first[4 + length :]
    while len(body) < header["filesize"]:
        piece = conn.recv(1024)
        if not piece:
            break
        body += piece
    path = os.path.join(folder, header["filepath"], header["filename"])
    with open(path, "wb") as f:
        f.write(body)
    report = {
        "name": header["filename"],
        "size": header["filesize"],
        "announced": header["md5"],
        "md5": hashlib.md5(body).hexdigest(),
    }
    print(json.dumps(report), flush=True)


def main():
    folder, number = sys.argv[1], int(sys.argv[2])
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    for _ in range(number):
        conn, _ = server.accept()
        with conn:
            receive(conn, folder)


main()
