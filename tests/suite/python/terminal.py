"""Runs a program at a terminal of its own, types answers, and prints all that stood on the terminal.

Each time the terminal shows "[y/N] " or "y or n: ", and a moment has passed as with a person, the next answer is typed;
the answer v waits for the question that names it.
The last line is the exit code. The first line that holds a port is repeated on standard error.

usage: terminal.py ANSWERS PROGRAM ARGUMENT...      ANSWERS are words with commas between them
"""

import os
import pty
import re
import sys
import time


def main():
    answers = sys.argv[1].split(",")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(sys.argv[2], sys.argv[2:])
    shown, seen, port = b"", 0, None
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if port is None:
            found = re.search(rb"port (\d+)", shown)
            if found:
                port = found.group(1).decode()
                print(port, file=sys.stderr, flush=True)
        prompt = rb"or v if .*: $" if answers[:1] == ["v"] else rb"(\[y/N\] |y or n: )$"
        question = re.search(prompt, shown[seen:])
        if question and answers:
            seen = len(shown)
            time.sleep(0.7)
            os.write(terminal, answers.pop(0).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(shown)
    print("\n%d" % os.waitstatus_to_exitcode(status))


main()
