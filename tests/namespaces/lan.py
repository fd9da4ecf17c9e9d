"""A local network: any number of machines on one bridge, what they send, and what an observer reads on the wire."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from network import sh

PORT = 9527
ETH_P_ALL = 3


class Lan:
    """A bridge; its name keeps it apart from others that are there at the same time."""

    def __init__(self, name):
        self.name = name
        self.machines = []
        sh("ip", "link", "add", name, "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        sh("ip", "link", "set", name, "up")

    def add(self, root, **settings):
        machine = Neighbour(self, len(self.machines) + 1, root, settings)
        self.machines.append(machine)
        return machine

    def sent(self):
        """Packets and bytes that all machines have sent so far."""
        counted = [machine.sent() for machine in self.machines]
        return sum(packets for packets, _ in counted), sum(size for _, size in counted)

    def close(self):
        for machine in self.machines:
            machine.close()
        sh("ip", "link", "delete", self.name)


class Neighbour:
    """A machine with an address, a profile, and the programs that run there."""

    def __init__(self, lan, number, root, settings):
        self.lan, self.number, self.settings = lan, number, settings
        self.name = settings.pop("device_name", f"Device {number}")
        self.address = f"10.7.{number // 250}.{number % 250 + 1}"
        self.folder = root / f"{lan.name}-{number}"
        self.folder.mkdir()
        self.programs = []
        self.host = f"{lan.name}h{number}"
        self.holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", f"hostname secret-host-{number}; echo; exec sleep 100000"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        sh("ip", "link", "add", self.host, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        sh("ip", "link", "set", self.host, "master", lan.name, "up")
        self.ip("link", "set", "lo", "up")
        self.ip("link", "set", "eth0", "up")
        self.ip("address", "add", f"{self.address}/16", "dev", "eth0")
        self.set(device_name=self.name, **settings)

    def inside(self, *command):
        where = [f"--{kind}=/proc/{self.holder.pid}/ns/{kind}" for kind in ("net", "uts")]
        return ["nsenter", *where, "--", *map(str, command)]

    def ip(self, *words):
        return sh(*self.inside("ip", *words))

    @property
    def profile(self):
        return self.folder / "profile"

    def set(self, **settings):
        self.profile.mkdir(exist_ok=True)
        (self.folder / "received").mkdir(exist_ok=True)
        stored = self.profile / "settings.json"
        before = json.loads(stored.read_text()) if stored.exists() else {}
        stored.write_text(json.dumps({"receive_folder": str(self.folder / "received"), **before, **settings}))

    def knows(self, *others):
        """From now on, as if a person here had compared codes with those."""
        devices = [
            {"name": other.name, "addresses": [f"{other.address}:{PORT}"], "trusted": {"key": other.key}} for other in others
        ]
        (self.profile / "devices.json").write_text(json.dumps({"devices": devices}))

    def run(self, *arguments, name="sealdrop"):
        program = Running(self, name, [os.environ["SEALDROP"], *arguments, "--json", "--profile", self.profile])
        self.programs.append(program)
        return program

    def receive(self, *more):
        program = self.run("receive", "--accept", "verified", "--port", PORT, *more)
        program.see("listening")
        self.key = program.see("identity")["key"]
        return program

    def watch(self):
        return self.run("devices", "--watch")

    def tool(self, *command, name):
        program = Running(self, name, command)
        self.programs.append(program)
        return program

    def sent(self):
        counted = json.loads(sh("ip", "-s", "-j", "link", "show", "dev", self.host))[0]["stats64"]["rx"]
        return counted["packets"], counted["bytes"]

    def close(self):
        for program in self.programs:
            program.kill()
        self.holder.kill()
        self.holder.wait()

    def explain(self):
        for program in self.programs:
            program.explain()


class Running:
    """A program, and what it says, line by line with the time."""

    def __init__(self, machine, name, command):
        self.machine, self.name, self.lines = machine, name, []
        self.log = machine.folder / f"stderr-{len(machine.programs)}"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                machine.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, "RUST_BACKTRACE": "1", "HOME": str(machine.folder)}, cwd=machine.folder,
            )
        self.began = time.monotonic()
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                said = {"event": "text", "text": line.decode(errors="replace").rstrip()}
            with self.changed:
                self.lines.append((time.monotonic(), said))
                self.changed.notify_all()

    def when(self, what, look, seconds=20, since=0.0):
        """The time at which a line was said that `look` accepts, not before `since`."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for at, said in self.lines:
                    if at >= since and look(said):
                        return at, said
                if not self.changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{self}: waited {seconds:.0f} s for {what}")

    def see(self, kind, seconds=20):
        return self.when(kind, lambda said: said.get("event") == kind, seconds)[1]

    def sees(self, other, seconds=20, since=0.0, **more):
        """The time at which it told that `other` is nearby."""
        def look(said):
            return said.get("event") == "nearby" and said["name"] == other.name and more.items() <= said.items()

        return self.when(f"{other.name} to be nearby", look, seconds, since)[0]

    def misses(self, other, seconds, since=0.0):
        """The time at which it told that `other` is gone."""
        def look(said):
            return said.get("event") == "gone" and said["name"] == other.name

        return self.when(f"{other.name} to be gone", look, seconds, since)[0]

    def now(self):
        """Who is nearby by what it has told so far: {name: the line}."""
        found = {}
        with self.changed:
            for _, said in self.lines:
                if said.get("event") == "nearby":
                    found[said["name"]] = said
                if said.get("event") == "gone":
                    found.pop(said["name"], None)
        return found

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def held(self):
        """Resident memory in KiB, open files, threads."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines())
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return int(status["VmRSS"].split()[0]), files, int(status["Threads"])

    def cpu(self):
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def explain(self):
        print(f"  --- {self}: exit code {self.process.poll()}; the last it said:")
        with self.changed:
            for at, said in self.lines[-4:]:
                print(f"    {at - self.began:6.1f} {json.dumps(said, ensure_ascii=False)}")
        print("    " + self.log.read_text(errors="replace")[-800:].replace("\n", "\n    "))

    def __str__(self):
        return f"{self.name} of {self.machine.name}"


class Wire:
    """Everything that passes the bridge from now on."""

    def __init__(self, lan):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(263, 1, packet_mreq(lan.name))
        self.socket.bind((lan.name, 0))
        self.socket.settimeout(0.2)
        self.packets = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while not self.over.is_set():
            try:
                self.packets.append(self.socket.recv(65535))
            except TimeoutError:
                continue

    def stop(self):
        """All packets."""
        self.over.set()
        self.thread.join()
        self.socket.close()
        return self.packets


def packet_mreq(interface):
    """`struct packet_mreq` for promiscuous mode."""
    index = ctypes.c_int(socket.if_nametoindex(interface))
    return bytes(index) + bytes(ctypes.c_ushort(1)) + bytes(10)
