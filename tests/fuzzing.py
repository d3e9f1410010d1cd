# SPDX-License-Identifier: GPL-2.0
"""The fuzzer of tests/guest/fuzz, watched from outside the machine.

It tells which programs it is about to run and waits, so that they are known when the
kernel dies. Whoever reads them asks the kernel's log first whether the last ones did harm.
"""

import json
from typing import NamedTuple

from target import PATIENCE, VirtualTarget
from vm import VmError, VmTimeout

LEFT_BEHIND = 4     # exit status of the fuzzer
LOG_LINES = 60
KEPT = 4            # batches before the one that the kernel died of


class Trouble(NamedTuple):
    """What the kernel said, and the programs that ran just before, the last ones last."""

    what: str
    programs: list


def split(text):
    """The programs in a text."""
    programs, lines = [], []
    for line in [*text.splitlines(), ""]:
        if line and not line.startswith("#"):
            lines.append(line)
        elif not line and lines:
            programs.append(lines)
            lines = []
    return programs


def join(programs):
    """The text of programs."""
    return "".join("\n".join(program) + "\n\n" for program in programs)


class Run:
    """One run of the fuzzer: programs that it makes up, or those of a file."""

    def __init__(self, machine, arguments, patience=240):
        self.machine, self.patience = machine, patience
        self.mark = machine.log_mark()
        self.process = machine.spawn(["fuzz", "--report", *map(str, arguments)])
        self.batches = []
        self.operations = 0
        self.statistics = None

    def _problems(self):
        """What the kernel complained of, and its log from there on."""
        if not (problems := self.machine.problems(self.mark)):
            return ""
        log = self.machine.log_since(self.mark)
        first = next((i for i, line in enumerate(log) if line in problems), 0)
        return "\n".join([*problems, "The kernel's log:", *log[first:first + LOG_LINES]])

    def _batch(self):
        """The next programs, as text; None at the end, or what is wrong as an exception."""
        lines = []
        while not (line := self.process.readline(self.patience)).startswith((b"run ", b"end\n")):
            if not line.endswith(b"\n"):
                raise EOFError(f"the fuzzer ended, {self.process.wait(PATIENCE)}: "
                               f"{self.process.stderr_so_far().decode()}")
            lines.append(line.decode())
        if line == b"end\n":
            return None
        self.operations = int(line.split()[1])
        return "".join(lines)

    def _go_on(self):
        """Lets it run its next programs, unless the last ones did harm: whether it ended."""
        batch = self._batch()
        if problems := self._problems():
            self.process.kill()
            raise EOFError(problems)
        if batch is None:
            self.statistics = json.loads(self.process.readline(self.patience))
            return True
        self.batches = [*self.batches[-KEPT:], split(batch)]
        self.process.write(b"go\n")
        return False

    def run(self):
        """Runs to the end: the trouble that there was, or None."""
        try:
            while not self._go_on():
                pass
            return None
        except VmTimeout:
            what = f"no sign of life in {self.patience} s\n{self.machine.console_tail()}"
        except (VmError, EOFError) as error:
            what = str(error)
        return Trouble(what, [program for batch in self.batches for program in batch])


class Replayer:
    """Machines to run programs in; a new one when the last one is broken."""

    def __init__(self, arguments=(), patience=60, **options):
        self.arguments, self.options, self.patience = list(arguments), options, patience
        self.machine = None
        self.boots = 0

    def close(self):
        """Ends the machine, if one is there."""
        if self.machine:
            self.machine.close()
            self.machine = None

    def _boot(self):
        if not self.machine:
            self.machine = VirtualTarget(**{"mem": "1G", **self.options}).machine
            self.boots += 1
            self.machine.run(["chmod", "666", "/dev/memlab"])
        return self.machine

    def run(self, programs):
        """Runs programs: the trouble that there was, or None."""
        machine = self._boot()
        machine.put(join(programs).encode(), "/tmp/programs")
        trouble = Run(machine, ["--replay", "/tmp/programs", *self.arguments],
                      self.patience).run()
        if trouble:
            self.close()
        return trouble

    def source(self, program, repeat=1):
        """A program as C."""
        machine = self._boot()
        machine.put(join([program]).encode(), "/tmp/program")
        result = machine.run(["fuzz", "--to-c", "/tmp/program", "--repeat", str(repeat)])
        if result.returncode:
            raise VmError(result.stderr.decode())
        return result.stdout.decode()


def fewer(items, fails):
    """Items of a list that fails, none of which can be left out (delta debugging)."""
    size = (len(items) + 1) // 2
    while size:
        at = 0
        while at < len(items):
            if (rest := items[:at] + items[at + size:]) and fails(rest):
                items = rest
            else:
                at += size
        size = size // 2 if size > 1 else 0
    return items


def _plainer(program, fails):
    """The same calls, with as many arguments as usual as can be."""
    for number, line in enumerate(program):
        thread, name, *arguments = line.split()
        for argument in list(arguments):
            rest = [one for one in arguments if one != argument]
            changed = [*program[:number], " ".join([thread, name, *rest]), *program[number + 1:]]
            if fails(changed):
                program, arguments = changed, rest
    return program


def minimise(programs, replayer):
    """The programs, and of them the calls, without which there is no trouble; [] if none is.

    A first run, which tells of one program at a time, says which one was the last; mostly
    that one alone is enough.
    """
    if not (trouble := replayer.run(programs)):
        return []
    last = trouble.programs[-1:]
    if replayer.run(last):
        programs = last
    else:
        programs = fewer(trouble.programs, replayer.run)
    for number, program in enumerate(programs):
        def fails(lines, number=number):
            return replayer.run([*programs[:number], lines, *programs[number + 1:]])
        programs[number] = _plainer(fewer(program, fails), fails)
    return programs
