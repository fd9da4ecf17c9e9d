"""Drives real windows on an X11 desktop by accessible name, with a real pointer.

Every wait has a deadline. What a failing test leaves on the screen, and the accessibility tree of each window, is
printed by the runner (`runner.py`), so that a failure shows what the windows really held.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

Atspi.init()
# A window that does not answer must not hang the test: milliseconds for a call, and for one to a program that just started.
Atspi.set_timeout(3000, 10000)

# What the accessibility bus calls them; the word for a button depends on its version.
BUTTON = ("button", "push button")
FIELD = ("entry", "text")


def sh(*words, timeout=20):
    """Runs a program, returns what it printed."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def quiet(*words):
    """Runs a program that may fail, returns what it printed, or nothing."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=20)
    return done.stdout if done.returncode == 0 else ""


def wait_for(what, look, timeout=20.0, every=0.05):
    """Calls `look` until it returns something true; that is returned. Raises TimeoutError naming `what`."""
    end = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:.0f} s for {what}")
        time.sleep(every)


class Node:
    """One control of a window, as the accessibility bus shows it."""

    def __init__(self, raw):
        self.raw = raw

    @property
    def role(self):
        return self.raw.get_role_name() or ""

    @property
    def name(self):
        return self.raw.get_name() or ""

    @property
    def value(self):
        """The number behind a progress bar, slider or spin box; None for any other control."""
        iface = self.raw.get_value_iface()
        return iface.get_current_value() if iface else None

    @property
    def text(self):
        """What stands in a text field; empty for any other control."""
        iface = self.raw.get_text_iface()
        return iface.get_text(0, iface.get_character_count()) if iface else ""

    @property
    def box(self):
        """(x, y, width, height) on the screen, pixels; (-1, -1, 0, 0) for what has no place on it."""
        try:
            extents = self.raw.get_extents(Atspi.CoordType.SCREEN)
        except Exception:
            return -1, -1, 0, 0
        return extents.x, extents.y, extents.width, extents.height

    @property
    def enabled(self):
        return self.raw.get_state_set().contains(Atspi.StateType.ENABLED)

    @property
    def focused(self):
        return self.raw.get_state_set().contains(Atspi.StateType.FOCUSED)

    def children(self):
        for i in range(self.raw.get_child_count()):
            child = self.raw.get_child_at_index(i)
            if child is not None:
                yield Node(child)

    def walk(self):
        yield self
        # Menus that are not open hold a hundred controls that nobody sees; asking for each would take seconds.
        if self.role not in ("menu", "menu bar", "tool bar"):
            for child in self.children():
                yield from child.walk()

    def tree(self, depth=0):
        """The control and all below it, a line each."""
        try:
            parts = [self.role, repr(self.name)]
            parts += [f"value {self.value:g}"] if self.value is not None else []
            parts += [f"text {self.text!r}"] if self.text and self.text != self.name else []
            lines = ["  " * depth + " ".join([*parts, str(self.box)])]
            for child in self.children():
                lines.append(child.tree(depth + 1))
        except Exception as gone:  # it went away while we looked
            lines = [f"{'  ' * depth}({gone})"]
        return "\n".join(lines)


class Program:
    """A program with a window: started here, found on the accessibility bus by its process id."""

    # Nobody runs a main loop here that would keep libatspi's cache of names and states fresh, so it goes without.
    fresh_names = True

    def __init__(self, command, log, env=None, title=None):
        self.log = Path(log)
        self.name = Path(command[0]).name
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([str(word) for word in command], env={**os.environ, **(env or {})},
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self.window = wait_for(f"a window of {self.name}", lambda: self._find_window(title), timeout=60)
            self.root = wait_for(f"{self.name} on the accessibility bus", self._find_root, timeout=60)
        except Exception:
            self.kill()
            raise

    def next_window(self, name):
        """Waits until the program has closed its window and opened another, which holds a control of that name."""
        wait_for(f"the next window of {self}", lambda: self._another_window(name), timeout=30)

    def _another_window(self, name):
        # Which of the two is the new one, only its contents say; ids and places on the bus may come again.
        window, root = self._find_window(None), self._find_root()
        if window and root:
            self.window, self.root = window, root
        return self.all(name)

    def _find_window(self, title):
        self.alive()
        by = ["--name", title] if title else ["--pid", self.process.pid]
        return quiet("xdotool", "search", "--onlyvisible", *by).split()[-1:]

    def _find_root(self):
        self.alive()
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            try:
                raw = desktop.get_child_at_index(i)
                if raw is not None and raw.get_process_id() == self.process.pid and raw.get_child_count():
                    if self.fresh_names:
                        raw.set_cache_mask(Atspi.Cache.NONE)
                    return Node(raw)
            except Exception:  # a program that is just coming or going
                continue
        return None

    def alive(self):
        if self.process.poll() is not None:
            said = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.name} ended with exit code {self.process.returncode} and said:\n{said}")

    def place(self, x, y, width, height):
        """Puts the window there and waits until it is."""
        now = self.frame()
        # Asked for the size that a window has already, `--sync` would wait 15 s for it to change.
        if abs(now[2] - width) > 20 or abs(now[3] - height) > 20:
            sh("xdotool", "windowsize", "--sync", *self.window, width, height)
        sh("xdotool", "windowmove", *self.window, x, y)
        # Nothing says when the program has drawn at its new place; boxes that stay the same for a moment have.
        wait_for(f"{self} to come to rest", self._at_rest, timeout=15)

    def _at_rest(self):
        before = self._boxes()
        time.sleep(0.25)
        return before and before == self._boxes()

    def _boxes(self):
        try:
            return [(node.name, node.box) for node in self.all()]
        except Exception:  # the tree changed while we looked
            return []

    def frame(self):
        """(x, y, width, height) of the window on the screen."""
        lines = sh("xdotool", "getwindowgeometry", "--shell", *self.window).splitlines()
        found = dict(line.split("=", 1) for line in lines)
        return int(found["X"]), int(found["Y"]), int(found["WIDTH"]), int(found["HEIGHT"])

    @property
    def centre(self):
        x, y, width, height = self.frame()
        return x + width // 2, y + height // 2

    def all(self, name=None, role=None, within=None):
        """Every control with that name (a string: exactly; a pattern: found in it) and role (one, or several); only below the
        first control named `within`, if that is given."""
        top = self.all(within)[:1] if within else [self.root]
        roles = (role,) if isinstance(role, str) else role
        found = []
        try:
            for node in (node for one in top for node in one.walk()):
                if roles and node.role not in roles:
                    continue
                if isinstance(name, str) and node.name != name:
                    continue
                if isinstance(name, re.Pattern) and not name.search(node.name):
                    continue
                found.append(node)
        except Exception:  # the tree changed while we walked: the caller looks again
            return []
        return found

    def find(self, name=None, role=None, timeout=20.0):
        """The first such control; waits for it."""
        shown = name.pattern if isinstance(name, re.Pattern) else name

        def look():
            self.alive()
            return self.all(name, role)

        return wait_for(f"a control ({role or 'any'}) named {shown!r} in {self}", look, timeout)[0]

    def click(self, name, role=BUTTON, timeout=20.0, within=None):
        """Moves the real pointer onto the enabled control and presses the button."""
        node = wait_for(f"an enabled control ({role}) named {name!r} in {self}",
                        lambda: next((n for n in self.all(name, role, within) if n.enabled), None), timeout)
        x, y = self.into_view(node)
        sh("xdotool", "windowactivate", "--sync", *self.window)
        # Over two points, as a hand comes over many: a window may miss the first one after something was dropped on it.
        sh("xdotool", "mousemove", x - 2, y, "mousemove", x, y)
        time.sleep(0.1)  # a hand also rests before it presses; the window sees the pointer arrive in a frame of its own
        sh("xdotool", "mousedown", "1")
        time.sleep(0.05)
        sh("xdotool", "mouseup", "1")
        return node

    def into_view(self, node):
        """Where to press: the middle of the control, after scrolling it into the window if it stands outside."""
        def middle():
            x, y, width, height = node.box
            left, top, whole_width, whole_height = self.frame()
            x, y = x + width // 2, y + height // 2
            inside = left <= x < left + whole_width and top <= y < top + whole_height
            return (x, y) if inside and width > 0 and height > 0 else None

        if middle() is None:
            node.raw.scroll_to(Atspi.ScrollType.ANYWHERE)
        return wait_for(f"{node.role} {node.name!r} to be in view", middle, timeout=5)

    def fill(self, name, text):
        """Clicks the text field and types over what stands in it; no text empties it."""
        self.click(name, role=FIELD)
        # Keys that come before the click has been drawn go nowhere.
        wait_for(f"the field {name!r} to take keys", lambda: any(node.focused for node in self.all(name, FIELD)), timeout=10)
        sh("xdotool", "key", "--clearmodifiers", "ctrl+a", "BackSpace")
        if text:
            sh("xdotool", "type", "--delay", "20", text)
        wait_for(f"{text!r} to stand in the field {name!r}", lambda: [n.text for n in self.all(name, FIELD)] == [text], timeout=10)

    def tab_to(self, name):
        """Goes to the control by the keyboard alone."""
        sh("xdotool", "windowactivate", "--sync", *self.window)
        way = []
        while len(way) < 40:
            sh("xdotool", "key", "--clearmodifiers", "Tab")
            time.sleep(0.1)
            focused = [node.name for node in self.all() if node.focused and node.role != "frame"]
            way += focused or ["nothing"]
            if focused == [name]:
                return
        raise AssertionError(f"Tab does not reach {name!r} in {self}: {way}")

    def cpu_seconds(self):
        """Processor time used so far by all threads of the program."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self, timeout=15):
        """Closes the window as a person does (the window manager asks it to); returns the exit code."""
        sh("xdotool", "windowactivate", "--sync", *self.window)
        sh("xdotool", "key", "--clearmodifiers", "alt+F4")
        return self.process.wait(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __str__(self):
        return self.name


def shot(path):
    """Saves the whole screen as a PNG."""
    sh("/usr/bin/import", "-window", "root", path)


def pixels_changed(before, after, frame):
    """How much of `frame` differs between two screenshots, as a fraction."""
    x, y, width, height = frame
    crop = ["-crop", f"{width}x{height}+{x}+{y}", "+repage"]
    words = ["/usr/bin/convert", "(", before, *crop, ")", "(", after, *crop, ")",
             "-compose", "difference", "-composite", "-colorspace", "gray", "-threshold", "2%", "-format", "%[fx:mean]", "info:"]
    return float(sh(*words))
