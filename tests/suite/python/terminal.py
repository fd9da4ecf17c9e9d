"""Runs a program at a terminal of its own, types answers, and prints all that stood on the terminal.

Each answer is typed a moment after its question was shown, as by a person, whatever came below the question meanwhile: the
answer v after the question that names it, an answer after one that was not understood when the question is put again,
and any other after the next "[y/N] ".
The last line is the exit code. The first line that holds a port is repeated on standard error.

usage: terminal.py ANSWERS PROGRAM ARGUMENT...      ANSWERS are words with commas between them
"""

import os
import pty
import re
import sys
import time

UNDERSTOOD = ("y", "n", "v")


def question_for(answer, before):
    if answer == "v":
        return rb"or v if .*: "
    if before not in UNDERSTOOD:
        return rb"Type y.*: "
    return rb"\[y/N\] "


def main():
    answers, before = [answer for answer in sys.argv[1].split(",") if answer], "y"
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(sys.argv[2], sys.argv[2:])
    shown, answered, port = b"", 0, None
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
        question = answers and re.search(question_for(answers[0], before), shown[answered:])
        if question:
            answered += question.end()
            time.sleep(0.7)
            before = answers.pop(0)
            os.write(terminal, before.encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    sys.stdout.buffer.write(shown)
    print("\n%d" % os.waitstatus_to_exitcode(status))


main()
