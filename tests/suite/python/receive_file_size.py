"""Receives files as a socket tutorial does: four bytes, ONE recv for the whole header, then 1024 at a time up to file_size.

Prints the port it listens on, then a JSON line for each file: name, size and md5 as announced, md5 of what came.

usage: receive_file_size.py FOLDER NUMBER_OF_FILES
"""

import hashlib
import json
import os
import socket
import struct
import sys


def receive(conn, folder):
    length = struct.unpack("i", conn.recv(4))[0]
    header = json.loads(conn.recv(length).decode("utf-8"))
    size = header["file_size"]
    md5 = hashlib.md5()
    received = 0
    with open(os.path.join(folder, header["file_name"]), "wb") as f:
        while received < size:
            piece = conn.recv(1024)
            if not piece:
                break
            f.write(piece)
            md5.update(piece)
            received += len(piece)
    name, announced = header["file_name"], header["md5"]
    print(json.dumps({"name": name, "size": size, "announced": announced, "md5": md5.hexdigest()}), flush=True)


def main():
    folder, number = sys.argv[1], int(sys.argv[2])
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(5)
    print(server.getsockname()[1], flush=True)
    for _ in range(number):
        conn, _ = server.accept()
        receive(conn, folder)
        conn.close()
    server.close()


main()
