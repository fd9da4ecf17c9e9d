"""Sends all files over one connection, with fields filename, filesize and filepath, and prefix, header and body apart.

usage: send_filepath.py PORT none|right FILE...
"""

import hashlib
import json
import os
import socket
import struct
import sys


def main():
    port, kind = int(sys.argv[1]), sys.argv[2]
    client = socket.create_connection(("127.0.0.1", port))
    for path in sys.argv[3:]:
        with open(path, "rb") as f:
            body = f.read()
        header = {
            "filename": os.path.basename(path),
            "filesize": len(body),
            "filepath": os.path.dirname(os.path.abspath(path)),
        }
        if kind == "right":
            header["md5"] = hashlib.md5(body).hexdigest()
        data = json.dumps(header, ensure_ascii=False).encode("utf-8")
        client.send(struct.pack("i", len(data)))
        client.send(data)
        client.sendall(body)
    client.close()


main()
