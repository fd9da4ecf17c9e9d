"""Sends files as a socket tutorial does: one connection each, fields file_name, file_size and (as told) md5.

usage: send_file_size.py PORT none|right|wrong|upper FILE...
"""

import hashlib
import json
import os
import socket
import struct
import sys


def md5_of(path):
    md5 = hashlib.md5()
    with open(path, "rb") as f:
        for piece in iter(lambda: f.read(1024), b""):
            md5.update(piece)
    return md5.hexdigest()


def send(port, kind, path):
    header = {"file_name": os.path.basename(path), "file_size": os.path.getsize(path)}
    if kind != "none":
        digest = md5_of(path)
        header["md5"] = {"right": digest, "wrong": "0" * 32, "upper": digest.upper()}[kind]
    header = json.dumps(header).encode("utf-8")
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.connect(("127.0.0.1", port))
    client.sendall(struct.pack("i", len(header)) + header)
    with open(path, "rb") as f:
        while True:
            piece = f.read(1024)
            if not piece:
                break
            client.sendall(piece)
    client.close()


def main():
    port, kind = int(sys.argv[1]), sys.argv[2]
    for path in sys.argv[3:]:
        send(port, kind, path)


main()
