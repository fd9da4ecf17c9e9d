"""The way between two machines: every packet passes through here, is delayed, lost, overtaken or cut off, and is counted.

Runs as a program of its own: a line of JSON on standard input is a command, a line on standard output its answer.
"""

import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
TCP = 6
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
# What a router holds at most before it drops, as time.
QUEUE_SECONDS = 0.25


def open_tun(name):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Segment:
    """What counts of a TCP packet over IPv4; `None` in `of` for anything else."""

    @staticmethod
    def of(packet):
        if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != TCP:
            return None
        return Segment(packet)

    def __init__(self, packet):
        at = (packet[0] & 15) * 4
        self.source, self.target = packet[12:16], packet[16:20]
        self.source_port, self.target_port, self.seq, self.ack, offset, self.flags = struct.unpack_from("!HHIIBB", packet, at)
        self.length = struct.unpack_from("!H", packet, 2)[0] - at - (offset >> 4) * 4


class OneWay:
    """The bytes of one direction of one connection."""

    def __init__(self):
        self.first = None
        self.sent = 0  # the furthest byte that was sent
        self.again = 0  # bytes that TCP sent once more
        self.arrived = 0  # how far it arrived without a gap
        self.early = []  # what arrived beyond a gap
        self.ack = None  # what this end said last that it expects

    def _range(self, segment):
        if segment.flags & SYN:
            self.first = (segment.seq + 1) & 0xFFFFFFFF
        if self.first is None or segment.length <= 0:
            return None
        start = (segment.seq + (1 if segment.flags & SYN else 0) - self.first) & 0xFFFFFFFF
        # A keep-alive probe lies before the first byte.
        return (start, start + segment.length) if start < 1 << 31 else None

    def note_sent(self, segment):
        if segment.flags & ACK:
            self.ack = segment.ack
        found = self._range(segment)
        if found:
            start, end = found
            self.again += max(0, min(self.sent, end) - start)
            self.sent = max(self.sent, end)

    def note_arrived(self, segment):
        found = self._range(segment)
        if not found:
            return
        heapq.heappush(self.early, found)
        while self.early and self.early[0][0] <= self.arrived:
            self.arrived = max(self.arrived, heapq.heappop(self.early)[1])


class Flow:
    def __init__(self, left, right, dialled_by):
        self.left, self.right, self.dialled_by = left, right, dialled_by
        self.began = time.monotonic()
        self.ways = [OneWay(), OneWay()]
        self.cut = [False, False]
        self.ended = False

    def told(self):
        name = lambda end: f"{'.'.join(map(str, end[0]))}:{end[1]}"
        sent, back = self.ways
        return {
            "left": name(self.left), "right": name(self.right), "dialled_by": self.dialled_by, "ended": self.ended,
            "began": self.began, "sent": sent.sent, "arrived": sent.arrived, "again": sent.again, "back": back.arrived,
        }


class Relay:
    """`delay`: seconds each way, lowest and highest. `rate`: bytes a second each way. `loss`, `reorder`: shares of packets."""

    def __init__(self, left, right, seed, delay, loss, reorder, rate):
        self.tuns = [open_tun(left), open_tun(right)]
        self.random = random.Random(seed)
        self.delay, self.loss, self.reorder, self.rate = delay, loss, reorder, rate
        self.now_delay = [sum(delay) / 2] * 2
        self.free, self.last = [0.0, 0.0], [0.0, 0.0]
        self.cut = [False, False]
        self.flows = {}
        self.heap, self.count = [], 0
        self.told = {"passed": 0, "lost": 0, "dropped": 0, "cut": 0, "overtaken": 0}

    def run(self):
        commands = b""
        while True:
            wait = max(0, self.heap[0][0] - time.monotonic()) if self.heap else 1
            ready = select.select([*self.tuns, 0], [], [], wait)[0]
            for way, tun in enumerate(self.tuns):
                if tun in ready:
                    self.read(way, tun)
            self.deliver()
            if 0 in ready:
                data = os.read(0, 1 << 16)
                if not data:
                    return
                *lines, commands = (commands + data).split(b"\n")
                for line in lines:
                    print(json.dumps(self.command(**json.loads(line))), flush=True)

    def read(self, way, tun):
        for _ in range(64):
            try:
                packet = os.read(tun, 1 << 16)
            except BlockingIOError:
                return
            if packet[0] >> 4 == 4:
                self.take(way, packet)

    def take(self, way, packet):
        segment = Segment.of(packet)
        flow = segment and self.flow(way, segment)
        if flow:
            flow.ways[way].note_sent(segment)
        now = time.monotonic()
        if self.is_cut(way, flow):
            self.told["cut"] += 1
        elif self.random.random() < self.loss:
            self.told["lost"] += 1
        elif self.free[way] > now + QUEUE_SECONDS:
            self.told["dropped"] += 1
        else:
            self.free[way] = max(now, self.free[way]) + len(packet) / self.rate
            self.count += 1
            heapq.heappush(self.heap, (self.due(way), self.count, way, packet, segment, flow))

    def due(self, way):
        """The delay wanders; few packets take so long that others overtake them."""
        low, high = self.delay
        wander = self.random.uniform(-1, 1) * (high - low) / 20
        self.now_delay[way] = min(high, max(low, self.now_delay[way] + wander))
        due = self.free[way] + self.now_delay[way]
        if self.random.random() < self.reorder:
            self.told["overtaken"] += 1
            return due + self.random.uniform(0.2, 1) * high
        self.last[way] = max(self.last[way], due)
        return self.last[way]

    def deliver(self):
        now = time.monotonic()
        while self.heap and self.heap[0][0] <= now:
            _, _, way, packet, segment, flow = heapq.heappop(self.heap)
            # What was on its way when the cut came is lost as well.
            if self.is_cut(way, flow):
                self.told["cut"] += 1
                continue
            if flow:
                flow.ways[way].note_arrived(segment)
                flow.ended |= bool(segment.flags & (FIN | RST))
            self.told["passed"] += 1
            self.write(1 - way, packet)

    def write(self, to, packet):
        try:
            os.write(self.tuns[to], packet)
        except OSError:  # the interface is down or full: a loss like any other
            self.told["lost"] += 1

    def is_cut(self, way, flow):
        return self.cut[way] or bool(flow and flow.cut[way])

    def flow(self, way, segment):
        ends = [(segment.source, segment.source_port), (segment.target, segment.target_port)]
        key = tuple(ends if way == 0 else reversed(ends))
        if segment.flags & (SYN | ACK) == SYN and (key not in self.flows or self.flows[key].ended):
            self.flows[key] = Flow(*key, "left" if way == 0 else "right")
        return self.flows.get(key)

    def command(self, do, **what):
        return {"stats": self.stats, "cut": self.set_cut, "cut_flow": self.cut_flow, "reset": self.reset}[do](**what)

    def stats(self):
        flows = sorted(self.flows.values(), key=lambda flow: flow.began)
        return {"packets": self.told, "flows": [flow.told() for flow in flows]}

    def set_cut(self, forth, back):
        """Nothing passes any more, or everything again, from left to right and from right to left."""
        self.cut = [forth, back]
        return {}

    def cut_flow(self, left, forth, back):
        """As `cut`, for the connection with that address and port at the left end."""
        flow = self.at_left(left)
        flow.cut = [forth, back]
        return {}

    def reset(self, left):
        """Tells the left end that its connection is gone, as a router does that has lost its table; the right end hears nothing."""
        flow = self.at_left(left)
        (source, source_port), (target, target_port) = flow.right, flow.left
        seq = flow.ways[0].ack
        tcp = struct.pack("!HHIIBBHHH", source_port, target_port, seq, 0, 5 << 4, RST, 0, 0, 0)
        pseudo = source + target + struct.pack("!BBH", 0, TCP, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, TCP, 0) + source + target
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.write(0, ip + tcp)
        return {}

    def at_left(self, left):
        return next(flow for flow in self.flows.values() if flow.told()["left"] == left)


if __name__ == "__main__":
    relay = Relay(**json.loads(sys.argv[1]))
    print("{}", flush=True)
    relay.run()
