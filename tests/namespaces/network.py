"""Two machines that only know each other through the relay."""

import json
import subprocess
import sys
import time
from pathlib import Path

RELAY = Path(__file__).with_name("relay.py")
# As large as packets are within one machine: fewer of them pass through Python.
MTU = 32_000
SECONDS = 20


def sh(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Namespace:
    """A network namespace, held open by a process that sleeps; one interface leads to the relay."""

    def __init__(self, interface, address):
        self.interface, self.address = interface, address
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        sh("ip", "link", "set", interface, "netns", self.holder.pid)
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", interface, "mtu", MTU, "txqueuelen", 1000, "up")
        self.set_address(address)

    def inside(self, *command):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--", *map(str, command)]

    def ip(self, *words):
        return sh(*self.inside("ip", *words))

    def set_address(self, address):
        """From now on this is the address; the one before is gone, with every route."""
        self.ip("address", "flush", "dev", self.interface)
        self.address = address
        self.ip("address", "add", f"{address}/32", "dev", self.interface)
        self.ip("route", "replace", "default", "dev", self.interface)

    def use(self, control):
        """From now on connections begin with this congestion control."""
        sh(*self.inside("sh", "-c", f"echo {control} > /proc/sys/net/ipv4/tcp_congestion_control"))

    def take_address(self):
        self.ip("address", "flush", "dev", self.interface)

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Network:
    """Left is the sender's machine, right the receiver's."""

    def __init__(self, name, seed, delay=(0.010, 0.020), loss=0.005, reorder=0.01, rate=8_000_000):
        names = {"left": f"{name}-l", "right": f"{name}-r"}
        how = {**names, "seed": seed, "delay": delay, "loss": loss, "reorder": reorder, "rate": rate}
        command = [sys.executable, "-B", RELAY, json.dumps(how)]
        self.relay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()
        self.left = Namespace(names["left"], "10.9.1.1")
        self.right = Namespace(names["right"], "10.9.2.1")

    def _answer(self):
        line = self.relay.stdout.readline()
        if not line:
            raise RuntimeError("the relay has ended")
        return json.loads(line)

    def _say(self, do, **what):
        self.relay.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self.relay.stdin.flush()
        return self._answer()

    def stats(self):
        return self._say("stats")

    def flows(self):
        """The connections that were ever begun, oldest first."""
        return self.stats()["flows"]

    def arrived(self):
        """Bytes that have come from the sender's machine to the receiver's, over all connections."""
        return sum(flow["arrived"] for flow in self.flows())

    def cut(self, forth=True, back=True):
        self._say("cut", forth=forth, back=back)

    def mend(self):
        self.cut(False, False)

    def cut_flow(self, flow, forth=True, back=True):
        self._say("cut_flow", left=flow["left"], forth=forth, back=back)

    def reset(self, flow):
        self._say("reset", left=flow["left"])

    def close(self):
        self.relay.kill()
        self.relay.wait()
        self.left.close()
        self.right.close()


def close_with(chosen, failed, began):
    """Says how the chosen tests came out, and ends the program accordingly; none chosen is a failure."""
    for name in failed:
        print(f"failed: {name}")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed in {time.monotonic() - began:.0f} s", flush=True)
    sys.exit(1 if failed or not chosen else 0)
