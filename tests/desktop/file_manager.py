"""Thunar showing one folder: the place that files are dragged out of."""

import time
from pathlib import Path

from desk import Program, sh, wait_for


class FileManager(Program):
    # libatspi hangs when a GTK program's cache is switched off while it is being filled; it is emptied before each look.
    fresh_names = False

    def __init__(self, folder, log):
        folder = Path(folder)
        # Thunar has one process for all windows; its window is known by the folder it shows.
        super().__init__(["thunar", folder], log, title=f"^{folder.name} - Thunar$")

    def show_list(self):
        """The list view: its rows have names."""
        sh("xdotool", "windowactivate", "--sync", *self.window, "key", "ctrl+2")
        wait_for("the list view", self._rows, timeout=15)

    def _rows(self):
        self.root.raw.clear_cache()
        return self.all(role="table cell")

    def _spot(self, name):
        """Where to press on the row called `name`: the start of its text."""
        def look():
            cells = (node for node in self._rows() if node.name == name and node.box[0] >= 0 and node.box[2] > 8)
            return next(cells, None)

        x, y, width, height = wait_for(f"row {name!r} in the file manager", look).box
        return x + min(width // 2, 16), y + height // 2

    def drag(self, target, *names):
        """Selects `names` and drags them over the screen position `target`; `drop` lets go."""
        sh("xdotool", "windowactivate", "--sync", *self.window)
        spots = [self._spot(name) for name in names]
        self._select(spots)
        x, y = spots[-1]
        sh("xdotool", "mousemove", x, y, "mousedown", "1")
        time.sleep(0.3)
        steps = 15
        for i in range(1, steps + 1):
            sh("xdotool", "mousemove", x + (target[0] - x) * i // steps, y + (target[1] - y) * i // steps)
            time.sleep(0.05)
        time.sleep(0.4)

    def _select(self, spots):
        """Clicks the first row, then the others with Ctrl held; GTK needs a moment between two clicks to see two."""
        for i, (x, y) in enumerate(spots):
            sh("xdotool", "mousemove", x, y)
            held = (["keydown", "ctrl"], ["keyup", "ctrl"]) if i else ([], [])
            sh("xdotool", *held[0], "click", "1", *held[1])
            time.sleep(0.6)

    def drop(self):
        """Lets go of what `drag` holds."""
        sh("xdotool", "mouseup", "1")

    def __str__(self):
        return "the file manager"
