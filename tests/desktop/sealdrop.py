"""One Sealdrop window with a profile of its own, and what a person sees in it."""

import json
import os
import re
import time
from pathlib import Path

from desk import BUTTON, Program, wait_for

SEAL = re.compile(r"MD5 ([0-9a-f]{32}), (verified|does not match|not checked)")
CARD = re.compile(r"^Offer from (.+), ([\d,]+) files?$")
CODE = re.compile(r"^Code ([0-9]{6})$")
OWN_KEY = re.compile(r"^Key of this device ([0-9a-f]{64})$")
REMEMBERED = "Verified: the other device is remembered"
# For whoever wants to look at the screenshots in the dark.
THEME = os.environ.get("SEALDROP_DESK_THEME", "light")
# What may open the table of files of a row, where it does not stand open by itself.
OPENERS = re.compile(r"^(Show files|Files|Details|Show all|\d+ files?)", re.IGNORECASE)


class Sealdrop(Program):
    def __init__(self, folder, device_name, log, port=0, paths=(), nearby="off", notifications=False):
        """Starts the program with `paths` staged; `folder` holds its profile and the folder it receives into."""
        self.device_name = device_name
        self.received = Path(folder) / "Received"
        self.received.mkdir(parents=True, exist_ok=True)
        self.profile = Path(folder) / "profile"
        self.profile.mkdir(exist_ok=True)
        settings = {"device_name": device_name, "receive_folder": str(self.received), "port": port, "theme": THEME,
                    "notifications": notifications}
        stored = self.profile / "settings.json"
        # What was set in the window before stays set.
        before = json.loads(stored.read_text()) if stored.exists() else {}
        # English, whatever the machine speaks: the tests go by names.
        stored.write_text(json.dumps({"language": "en", **before, **settings}))
        command = [os.environ["SEALDROP"], "--nearby", nearby, "--profile", self.profile, "--port", str(port), *paths]
        super().__init__(command, log, env={"RUST_BACKTRACE": "1"})

    @property
    def port(self):
        """The port it listens on, as the kernel has it; the window has to show the same."""
        return wait_for(f"{self} to listen", self._listening_port)

    def _listening_port(self):
        self.alive()
        sockets = set()
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                sockets.add(os.readlink(descriptor))
            except OSError:  # closed while we looked
                continue
        for table in "tcp", "tcp6":
            for line in Path(f"/proc/{self.process.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    return int(fields[1].rsplit(":", 1)[1], 16)
        return None

    def shows(self, pattern):
        """Names of all controls that hold the pattern."""
        pattern = re.compile(pattern) if isinstance(pattern, str) else pattern
        try:
            return [node.name for node in self.all(pattern)]
        except Exception:  # the tree changed while we looked: the caller looks again
            return []

    def see(self, pattern, timeout=20):
        return wait_for(f"{self} to show /{pattern}/", lambda: self.shows(pattern), timeout)

    def card(self, timeout=30):
        """The device that an offer comes from, and the number of files, as the card is named."""
        found = CARD.match(self.find(CARD, timeout=timeout).name)
        return found[1], int(found[2].replace(",", ""))

    def answer(self, button, left=0):
        """Clicks Accept or Decline, until so many cards are left. A new card, or one that has moved, ignores clicks for half a
        second, so a person may have to click again."""
        end = time.monotonic() + 15
        while True:
            self.click(button)
            try:
                wait_for("the card to go", lambda: len(self.all(button)) <= left, timeout=2)
                return
            except TimeoutError:
                if time.monotonic() > end:
                    raise

    def code(self, timeout=20):
        """The six digits that are to be compared."""
        return CODE.match(self.find(CODE, timeout=timeout).name)[1]

    def own_key(self):
        """The key of this device, 64 hex digits."""
        return OWN_KEY.match(self.find(OWN_KEY).name)[1]

    def verify(self):
        """Clicks *Verified* until it counts: what has just come takes no clicks."""
        def done():
            self.click("Verified")
            try:
                return wait_for("the answer", lambda: self.shows(f"^{REMEMBERED}$"), timeout=2)
            except TimeoutError:
                return None

        wait_for(f"{self} to take *Verified*", done, timeout=15)

    def devices(self):
        """What the list calls each device: its name, and what is to be said of it."""
        groups = self.shows(re.compile("^Device "))
        return sorted(name.removeprefix("Device ") for name in groups if name != "Device name")

    def send_to(self, port):
        """Sends what is staged to a typed address of this machine."""
        self.fill("Address", f"127.0.0.1:{port}")
        self.click("Send")

    def progress(self):
        """The value of each progress bar, percent."""
        # One may go between two looks at it.
        values = [node.value for node in self.all(role="progress bar")]
        return [value for value in values if value is not None]

    def seals(self):
        """What the seals say: {md5: state}."""
        found = (SEAL.search(name) for name in self.shows(SEAL))
        return {seal[1]: seal[2] for seal in found if seal}

    def open_rows(self):
        """Opens every row's table of files, as far as it is closed."""
        for node in self.all(OPENERS, (*BUTTON, "toggle button", "check box")):
            self.click(node.name, node.role)

    def stored(self):
        """Everything below the receive folder, also what is hidden."""
        return sorted(str(path.relative_to(self.received)) for path in self.received.rglob("*"))

    def __str__(self):
        return f"{self.device_name}'s window"
