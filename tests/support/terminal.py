"""Commands at a terminal of their own, where they ask."""

import os
import pty

from tests.support.command import ROOT


def at_a_terminal(words, answers, questions):
    """Run a command and answer what it asks: `questions` are how its questions end. Returns all that it shows."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(words[0], words)  # noqa: S606 - the project's own command
    said = b""
    try:
        while True:
            said += os.read(terminal, 4096)
            if answers and said.endswith(questions):
                os.write(terminal, answers.pop(0).encode() + b"\n")
    except OSError:  # the command has ended, and with it its terminal
        os.waitpid(process, 0)
    finally:
        os.close(terminal)
    return said.decode()
