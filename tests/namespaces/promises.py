"""What a transfer promises when the way between two machines is bad: it finishes without anyone touching it, every file right."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import tree
from machine import PARTS, PORT, Machine, Watch, out_of_order, wait_for
from network import Network, close_with, sh

# From its start to its end, with a lane's silence (a minute) in the middle.
TEST_SECONDS = 165
MIB = 1 << 20
CHUNK = 256 * 1024
# What TLS and the protocol add to the bytes of files.
RECORD, RECORD_MORE = 16_384, 22
FILE_MORE, CONNECTION_MORE = 260, 4_000


def check(holds, what):
    """One thing that has to be so."""
    if not holds:
        raise AssertionError(f"not so: {what}")


class Two:
    """Two machines with the relay between them, and a tree on the left one that goes to the right one."""

    def __init__(self, name, seed, megabytes, **network):
        self.root = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=os.environ["ROOT"]))
        self.began = time.monotonic()
        self.network = Network(name, seed, **network)
        self.source = self.root / "source" / "Photos"
        self.into = self.root / "into"
        self.into.mkdir()
        self.source.mkdir(parents=True)
        tree.make(self.source, seed, megabytes * MIB)
        self.bytes, self.files = tree.size(self.source), tree.count(self.source)
        self.sender = Machine("sender", self.network.left, self.root / "left")
        self.receiver = Machine("receiver", self.network.right, self.root / "right")
        self.breaks = []
        self.watch = None

    def start(self):
        self.receiver.start("receive", "--into", self.into, "--accept", "all", "--once")
        self.receiver.see("listening")
        self.watch = Watch(self.receiver.process.pid, self.receiver.journal)
        # It listens as well: a receiver that wants to go on dials it.
        self.sender.start("send", "--to", f"{self.network.right.address}:{PORT}", self.source)
        self.moving = time.monotonic()

    def until(self, share):
        """Waits until that share of the bytes has arrived."""
        def look():
            check(self.sender.process.poll() is None, f"the sender still runs at {share:.0%}")
            return self.network.arrived() >= share * self.bytes

        wait_for(f"{share:.0%} to arrive", look, 60)

    def note_break(self, what):
        """To be said at the moment of a break: how much of what has arrived is not flushed, and not even read."""
        unread, unflushed = self.receiver.unread(), self.receiver.unflushed(self.into)
        self.breaks.append((what, self.network.arrived(), unread, unflushed))
        print(f"  {time.monotonic() - self.moving:5.1f} s: {what}", flush=True)

    def say(self, what):
        print(f"  {time.monotonic() - self.moving:5.1f} s: {what}", flush=True)

    def new_flow(self, flows_before, seconds):
        """The first connection that was begun after those, once bytes of files have come through it."""
        def look():
            for machine in self.sender, self.receiver:
                check(machine.process.poll() is None, f"the {machine.name} has not given up")
            fresh = self.network.flows()[len(flows_before):]
            return [flow for flow in fresh if flow["arrived"] > CHUNK]

        return wait_for("a new connection that moves bytes", look, seconds)[0]

    def finish(self):
        """Nobody touches it any more: both ends finish, and all is there and right."""
        codes = [one.wait(TEST_SECONDS - (time.monotonic() - self.began)) for one in (self.sender, self.receiver)]
        self.say(f"both have ended: exit codes {codes}")
        self.watch.stop()
        self.report()
        check(codes == [0, 0], f"sender and receiver say that all is verified, exit codes {codes}")
        found, wanted = tree.digests(self.into), tree.digests(self.source.parent)
        check(found == wanted, f"every file arrived and is right; differing: {differing(found, wanted)}")
        for machine in self.sender, self.receiver:
            outcomes = [line["outcome"] for line in machine.events("finished")]
            check(outcomes == ["verified"], f"{machine.name} says once that it is verified: {outcomes}")
        check(not self.watch.two_writers, f"no part file ever had two writers: {self.watch.two_writers[:3]}")
        check(self.watch.looks > 100 and self.watch.written, f"part files were watched ({self.watch.looks} looks)")
        wrong = out_of_order(self.watch.journal)
        check(not wrong, f"the journal goes forward only: {wrong[:3]}")
        left = [path.name for path in self.receiver.profile.glob("running/*")] + [
            path.name for path in self.sender.profile.glob("running/*")
        ]
        check(not left, f"nothing is left in the profiles: {left}")
        check(self.again() <= self.allowed(), f"{self.again():,} bytes sent again, {self.allowed():,} were allowed")

    def report(self):
        stats = self.network.stats()
        packets = ", ".join(f"{count:,} {what}" for what, count in stats["packets"].items())
        print(f"  {self.files} files, {self.bytes:,} bytes in {time.monotonic() - self.moving:.1f} s; packets: {packets}")
        for flow in stats["flows"]:
            print(
                f"    {flow['began'] - self.moving:5.1f} s {flow['left']} - {flow['right']}, dialled by the {flow['dialled_by']}: "
                f"{flow['arrived']:,} bytes arrived, {flow['again']:,} sent again by TCP"
            )
        for what, arrived, unread, unflushed in self.breaks:
            print(f"    break ({what}): {arrived:,} bytes had arrived, {unread:,} of them unread, {unflushed:,} not flushed")
        print(f"    sent again by the program: {self.again():,} bytes of {self.bytes:,}; allowed: {self.allowed():,}")
        looks = f"{self.watch.looks} looks at {len(self.watch.written)} part files"
        lines = self.watch.journal.rstrip("\0").count("\n")
        print(f"    {looks}: {len(self.watch.two_writers)} times two writers; {lines} lines of journal", flush=True)

    def again(self):
        """Bytes beyond what one undisturbed transfer costs."""
        flows = self.network.flows()
        needed = self.bytes * (1 + RECORD_MORE / RECORD) + self.files * FILE_MORE + len(flows) * CONNECTION_MORE
        return max(0, round(sum(flow["arrived"] for flow in flows) - needed))

    def allowed(self):
        """What was not flushed or not read at each break, and one chunk: with each connection the receiver reads ahead anew."""
        return sum(unread + unflushed + CHUNK for _, _, unread, unflushed in self.breaks) + CHUNK

    def explain(self):
        try:
            self.report()
        except Exception as error:
            print(f"  no report: {error!r}")
        for machine in self.sender, self.receiver:
            machine.explain()
        print("  stored:", *sorted(str(path.relative_to(self.root)) for path in self.into.glob("*/*"))[:8])
        for name, text in self.receiver.journal().items():
            print(f"  {name} ends with: {text.rstrip(chr(0))[-600:]!r}")

    def close(self):
        for machine in self.sender, self.receiver:
            machine.kill()
        if self.watch:
            self.watch.stop()
        self.network.close()


def differing(found, wanted):
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))[:5]


def big_enough(folder):
    try:
        return shutil.disk_usage(folder).free > 1500 * MIB
    except OSError:
        return False


# ----- the promises -----


def a_bad_way_alone_is_no_obstacle(seed):
    """Delay, loss, packets that overtake each other, a limited rate: no break at all."""
    two = Two("bad", seed, 40)
    yield two
    two.start()
    two.finish()
    packets = two.network.stats()["packets"]
    check(packets["lost"] and packets["overtaken"], f"the way was bad: {packets}")


def a_long_way_that_loses_is_made_up_for(seed):
    """One connection that takes each loss for a full queue would move 3.7 MB a second at most: 1.22 segments of 32 kB a round
    trip of 60 ms over the root of what is lost (Mathis and others, 1997)."""
    two = Two("loses", seed, 120, delay=(0.030, 0.030), loss=0.03, reorder=0, rate=20_000_000)
    yield two
    # Everybody may use it.
    two.network.left.use("reno")
    two.start()
    two.finish()
    took, most = time.monotonic() - two.moving, two.bytes / 3_700_000
    check(took < most * 0.75, f"it took {took:.1f} s, and {most:.1f} s would be what one connection takes")
    allowed = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control").read_text().split()
    flows = len(two.network.flows())
    check(flows == 1 if "bbr" in allowed else flows > 4, f"it went over {flows} connections, allowed were {allowed}")


def a_way_that_is_gone_for_seconds_is_no_obstacle(seed):
    """Nothing passes for seven seconds in the middle."""
    two = Two("gone", seed, 120, delay=(0.020, 0.040), rate=6_000_000)
    yield two
    two.start()
    two.until(0.4)
    two.network.cut()
    two.note_break("nothing passes any more")
    time.sleep(7)
    two.network.mend()
    two.say("everything passes again")
    two.finish()


def a_receiver_with_another_address_goes_on(seed):
    """The sender cannot know the new address: the receiver dials it and says that it wants the rest."""
    two = Two("recv", seed, 60, rate=4_000_000)
    yield two
    two.start()
    two.until(0.4)
    flows = two.network.flows()
    two.network.right.take_address()
    two.note_break("the receiver's address is gone")
    time.sleep(2)
    two.network.right.set_address("10.9.2.99")
    two.say("the receiver has another address")
    flow = two.new_flow(flows, 110)
    two.say(f"it goes on from {flow['left']} to {flow['right']}")
    two.finish()
    check(any(flow["right"].startswith("10.9.2.99:") for flow in two.network.flows()), "bytes came to the new address")


def a_sender_with_another_address_goes_on(seed):
    """The sender dials from its new address."""
    two = Two("send", seed, 60, rate=4_000_000)
    yield two
    two.start()
    two.until(0.4)
    flows = two.network.flows()
    two.network.left.take_address()
    two.note_break("the sender's address is gone")
    time.sleep(2)
    two.network.left.set_address("10.9.1.99")
    two.say("the sender has another address")
    flow = two.new_flow(flows, 110)
    two.say(f"it goes on from {flow['left']} to {flow['right']}")
    check(flow["left"].startswith("10.9.1.99:"), "it comes from the new address")
    two.finish()


def a_half_open_lane_and_its_successor_never_write_to_one_file(seed):
    """The sender is told that its connection is gone, the receiver never hears of it: its old lane stands while the new one comes."""
    two = Two("half", seed, 60, rate=4_000_000)
    yield two
    two.start()
    for share, back in (0.25, False), (0.45, True):
        two.until(share)
        flows = two.network.flows()
        old = next(flow for flow in reversed(flows) if flow["arrived"] > CHUNK)
        # What the receiver says may still pass, what it is told not: it pings somebody who is not there any more.
        two.network.cut_flow(old, forth=True, back=back)
        two.note_break(f"only the sender knows that {old['left']} is gone")
        # The first number may not be the one that the sender expects: an answer was on its way.
        for _ in range(20):
            two.network.reset(old)
            check(two.receiver.has_connection(old), "the receiver knows nothing of it")
            time.sleep(0.05)
            if not two.sender.has_connection(old):
                break
        check(not two.sender.has_connection(old), "the sender has understood that its connection is gone")
        flow = two.new_flow(flows, 60)
        two.say(f"it goes on from {flow['left']}")
    two.finish()


def the_watch_tells_two_writers_from_one_with_a_duplicate(_seed):
    """The checker is itself checked."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["ROOT"]))
    yield None
    for how, expected in ("os.dup(one)", 0), ("os.open(name, os.O_WRONLY)", 1), ("os.open(name, os.O_RDONLY)", 0):
        name = folder / f"{PARTS}x-{expected}.part"
        opened = f"name = {str(name)!r}; one = os.open(name, os.O_CREAT | os.O_WRONLY); two = {how}"
        script = f"import os, time; {opened}; time.sleep(60)"
        writer = subprocess.Popen([sys.executable, "-c", script])
        try:
            watch = Watch(writer.pid)
            wait_for("the part file to be open", lambda: watch.written)
            time.sleep(0.3)
            watch.stop()
        finally:
            writer.kill()
            writer.wait()
        check(bool(watch.two_writers) == bool(expected), f"{how} is {expected} writer more: {watch.two_writers[:2]}")
    flushed = 'a 1 {"flushed":{"index":2,"to":5}}\nb 2 {"flushed":{"index":2,"to":9}}\n'
    forward = flushed + 'c 3 {"commit":{"index":2}}\nd 4 "over"\n'
    check(not out_of_order(forward + "\0" * 99), "a journal that goes forward is in order")
    check(not out_of_order(forward + '{"again":{"index":2}}\n{"flushed":{"index":2,"to":1}}'), "a file may start again")
    for line in '{"flushed":{"index":2,"to":8}}', '{"commit":{"index":2}}', '{"flushed":{"index":2,"to":10}}':
        check(out_of_order(forward + line), f"{line} is out of order")


TESTS = [
    the_watch_tells_two_writers_from_one_with_a_duplicate,
    a_bad_way_alone_is_no_obstacle,
    a_long_way_that_loses_is_made_up_for,
    a_way_that_is_gone_for_seconds_is_no_obstacle,
    a_receiver_with_another_address_goes_on,
    a_sender_with_another_address_goes_on,
    a_half_open_lane_and_its_successor_never_write_to_one_file,
]


def run_one(test, seed):
    """Whether it passed."""
    steps = test(seed)
    made = next(steps)
    try:
        next(steps, None)
        return True
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        if made:
            made.explain()
        return False
    finally:
        if made:
            made.close()


def run_all(tests, seed):
    """All at once, each as a process of its own; what they print comes in order."""
    sh("ip", "link", "set", "lo", "up")
    running = []
    for test in tests:
        output = tempfile.TemporaryFile("w+")
        command = [sys.executable, "-B", __file__, "--one", test.__name__, str(seed)]
        running.append((test, output, time.monotonic(), subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)))
    failed = []
    for test, output, began, process in running:
        try:
            passed = process.wait(began + TEST_SECONDS + 10 - time.monotonic()) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            passed = False
        output.seek(0)
        name = test.__name__.replace("_", " ")
        print(f"test {name}\n{output.read()}  {'ok' if passed else 'FAILED'}", flush=True)
        failed += [] if passed else [name]
    return failed


def main(words):
    seed = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
    version = subprocess.run([os.environ["SEALDROP"], "--version"], capture_output=True, text=True, timeout=20).stdout.strip()
    print(f"{version or os.environ['SEALDROP']}; SEED={seed}", flush=True)
    chosen = [test for test in TESTS if not words or any(word in test.__name__ for word in words)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sealdrop-two-", dir="/dev/shm" if big_enough("/dev/shm") else None) as root:
        os.environ["ROOT"] = root
        failed = run_all(chosen, seed)
    close_with(chosen, failed, began)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        chosen = next(test for test in TESTS if test.__name__ == sys.argv[2])
        sys.exit(0 if run_one(chosen, int(sys.argv[3])) else 1)
    main(sys.argv[1:])
