"""A stranger on the network: announces devices that are not there, and sends what is no DNS at all.   flood.py ADDRESS COUNT SEED"""

import random
import socket
import struct
import sys
import time

SERVICE = "_sealdrop._tcp.local"
PTR, TXT, SRV, A = 12, 16, 33, 1
IN, FLUSH = 1, 0x8001


def name(text):
    labels = [label.encode() for label in text.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner, kind, klass, data, ttl=120):
    return name(owner) + struct.pack("!HHIH", kind, klass, ttl, len(data)) + data


def announcement(instance, address, port, text):
    full, host = f"{instance}.{SERVICE}", f"{instance[:20]}.local"
    strings = b"".join(bytes([len(value)]) + value for value in text)
    records = [
        record(SERVICE, PTR, IN, name(full), 4500),
        record(full, SRV, FLUSH, struct.pack("!HHH", 0, 0, port) + name(host)),
        record(full, TXT, FLUSH, strings or b"\0", 4500),
        record(host, A, FLUSH, socket.inet_aton(address)),
    ]
    return struct.pack("!HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def main():
    own, count, dice = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
    out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    out.bind(("", 5353))
    group = ("224.0.0.251", 5353)
    for number in range(count):
        instance = dice.choice(["", "\u202e", "..", "x" * 40]) + dice.randbytes(10).hex()
        address = dice.choice([f"10.7.{dice.randrange(256)}.{dice.randrange(256)}", "127.0.0.1", "255.255.255.255", "0.0.0.0", own])
        text = [b"name=" + dice.randbytes(dice.randrange(200)), b"os=" + b"\x1b[31m" * 20, b"version=\0\0", b"=", b"x" * 255]
        packet = announcement(instance.replace("..", "dots"), address, dice.randrange(65536), text[: dice.randrange(6)])
        kind = number % 4
        if kind == 1:  # bytes that have flipped
            packet = bytearray(packet)
            for _ in range(8):
                packet[dice.randrange(len(packet))] = dice.randrange(256)
        if kind == 2:  # cut off
            packet = packet[: dice.randrange(len(packet))]
        if kind == 3 and number % 8 == 3:  # nothing of the kind
            packet = dice.randbytes(dice.randrange(1, 1400))
        out.sendto(bytes(packet), group)
        if number % 20 == 0:
            time.sleep(0.01)


if __name__ == "__main__":
    main()
