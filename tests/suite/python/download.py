"""Downloads files over one connection, as tutorials do: a bare name out; 4 bytes, the header, the bytes in.

Prints a JSON line for each: the header, the md5 of what came and how many bytes; or null for what is not shared.

usage: download.py PORT KIND NAME...
KIND: bare (nothing behind the name), line (a line end), zero (padded to 1024 bytes with NUL), once (a connection for each)
"""

import hashlib
import json
import socket
import struct
import sys


def ask(conn, name, kind):
    request = name.encode("utf-8")
    if kind == "line":
        request += b"\n"
    if kind == "zero":
        request += b"\0" * (1024 - len(request))
    conn.send(request)
    length = struct.unpack("i", conn.recv(4))[0]
    # One recv, and hope.
    header = json.loads(conn.recv(length).decode("utf-8"))
    if not header:
        print("null", flush=True)
        return
    left = header["lenth"]
    digest = hashlib.md5()
    while left > 0:
        piece = conn.recv(min(1024, left))
        if not piece:
            break
        digest.update(piece)
        left -= len(piece)
    report = {"header": header, "md5": digest.hexdigest(), "bytes": header["lenth"] - left}
    print(json.dumps(report), flush=True)


def main():
    port, kind, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    conn = socket.create_connection(("127.0.0.1", port))
    for name in names:
        if kind == "once":
            conn = socket.create_connection(("127.0.0.1", port))
        ask(conn, name, kind)


main()
