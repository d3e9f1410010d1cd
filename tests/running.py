# SPDX-License-Identifier: GPL-2.0
"""The memlab tool as it runs on: monitor, and what is watched.

A test file imports the fixture that it uses; see cli.py.
"""

import itertools
import json
import re
import shlex
import time
from signal import SIGINT

import pytest

from target import PATIENCE

_numbers = itertools.count()


def until(condition, what):
    """Waits until a condition holds; its value."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
    return value


class Running:
    """A command of the tool in the background, with its output in files of the target."""

    def __init__(self, target, *arguments, user=None, pipe="", out=None):
        self.target = target
        stem = f"/tmp/running.{next(_numbers)}"
        self.out, self.err = out or f"{stem}.out", f"{stem}.err"
        command = f"memlab {shlex.join(map(str, arguments))} 2>{self.err}"
        command = f"{command} | {pipe} >{self.out}" if pipe else f"exec {command} >{self.out}"
        self.process = target.spawn(["sh", "-c", command], user=user)
        self.ended = None

    def told(self):
        """Its standard output so far."""
        return self._content(self.out)

    def said(self):
        """Its standard error so far."""
        return self._content(self.err)

    def _content(self, path):
        """Of a file, that is empty before the shell has made it."""
        return self.target.run(["sh", "-c", f"! test -e {path} || cat {path}"]).stdout.decode()

    def until_told(self, pattern):
        """Waits until standard output has a match; it."""
        return self._until(self.told, pattern)

    def until_said(self, pattern):
        """Waits until standard error has a match; it."""
        return self._until(self.said, pattern)

    @staticmethod
    def _until(text, pattern):
        try:
            return until(lambda: re.search(pattern, text(), re.MULTILINE), pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}\nin:\n{text()}") from None

    def until_state(self, letter):
        """Waits until the process is in a state, such as T when it is stopped."""
        path = f"/proc/{self.process.pid}/stat"
        until(lambda: self.target.get(path).rpartition(b")")[2].split()[0] == letter.encode(),
              f"{path} in state {letter}")

    def wait(self):
        """Its exit status."""
        self.ended = self.process.wait(timeout=PATIENCE)
        return self.ended

    def stop(self, number=SIGINT):
        """Ends it by a signal; its exit status."""
        self.process.signal(number)
        return self.wait()

    def close(self):
        """At the end of a test."""
        if self.ended is None:
            self.process.kill()
        self.target.run(["rm", "-f", self.err] + ([self.out] if "/running." in self.out else []))


class Monitor(Running):
    """memlab monitor, once it listens."""

    def __init__(self, target, *arguments, user=None, pipe=""):
        super().__init__(target, "monitor", *arguments, user=user, pipe=pipe)
        self.until_said("listening to events")

    def events(self):
        """What it has printed as JSON."""
        return [json.loads(line) for line in self.told().splitlines()]

    def until_events(self, count):
        """Waits for that many of them."""
        until(lambda: self.told().count("\n") >= count, f"{count} events")
        return self.events()

    def total(self):
        """What it said in the end: (came, printed, lost)."""
        found = re.search(r"^memlab: (\d+) events came, (\d+) were printed, (\d+) were lost$",
                          self.said(), re.MULTILINE)
        assert found, self.said()
        return tuple(map(int, found.groups()))


@pytest.fixture(name="monitor")
def monitor_fixture(target):
    """Starts monitors: monitor("-j", ...); they end with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Monitor(target, *arguments, **options))
        return started[-1]
    yield start
    for one in started:
        one.close()
