# SPDX-License-Identifier: GPL-2.0
"""`vm/run` without a command: a shell on the guest's console."""

import os
import pty
import subprocess

from vm_help import PATIENCE, RUN, running
from vm_help import empty_fixture  # noqa: F401 # pylint: disable=unused-import


def talk(terminal):
    """What a user types, and sees."""
    said = b""

    def expect(text):
        nonlocal said
        while text not in said:
            piece = os.read(terminal, 4096)
            assert piece, said
            said += piece
        said = said.partition(text)[2]

    expect(b"Ctrl-A x")
    expect(b"# ")
    os.write(terminal, b"echo $((6 * 7)) $(tty)\n")
    expect(b"42 /dev/ttyS0")
    os.write(terminal, b"exit\n")


def test_shell(empty):
    """On a terminal it is a shell there, with what a shell needs."""
    terminal, its = pty.openpty()
    with running([RUN, "--payload", empty, "--timeout", "100"], stdin=its, stdout=its,
                 stderr=its, start_new_session=True) as process:
        os.close(its)
        talk(terminal)
        assert process.wait(PATIENCE) == 0
    os.close(terminal)


def test_panic_in_the_shell(empty):
    """The exit status tells, though the console was the user's."""
    with running([RUN, "--payload", empty, "--timeout", "100"], stdin=subprocess.PIPE,
                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        said = b""
        while b"# " not in said:
            said += process.stdout.read1()
        process.stdin.write(b"echo c > /proc/sysrq-trigger\n")
        process.stdin.flush()
        assert b"the kernel complained" in process.stdout.read()
    assert process.returncode == 125
