"""Serves the files of a folder as tutorials do: one recv for the name; 4 bytes, a header, the bytes. Ends after NUMBER requests.

Prints the port it listens on, then each name it was asked for.

usage: serve_downloads.py FOLDER NUMBER KIND
KIND: right (with md5), none (without), wrong (another md5), two_sends (prefix and header apart, size as text)
"""

import hashlib
import json
import os
import socket
import struct
import sys


def serve(conn, folder, kind):
    name = conn.recv(1024).decode("utf-8")
    print(name, flush=True)
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        conn.send(struct.pack("i", 2) + b"{}")
        return
    with open(path, "rb") as f:
        body = f.read()
    header = {"lenth": len(body), "size(MB)": len(body) / 1024 / 1024}
    if kind == "two_sends":
        header["lenth"] = str(len(body))
    if kind != "none":
        digest = hashlib.md5(body if kind != "wrong" else body + b"x")
        header["md5"] = digest.hexdigest()
    data = json.dumps(header).encode("utf-8")
    if kind == "two_sends":
        conn.send(struct.pack("i", len(data)))
        conn.send(data)
    else:
        conn.send(struct.pack("i", len(data)) + data)
    conn.sendall(body)


def main():
    folder, number, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    for _ in range(number):
        conn, _ = server.accept()
        with conn:
            serve(conn, folder, kind)


main()
