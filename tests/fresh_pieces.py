# SPDX-License-Identifier: GPL-2.0
"""What `make check-fresh` runs: commands of the README in circumstances of other computers.

A piece is a new installation of Debian in which its rows run one after the other, each in
a new clone of the committed tree. What a row leaves installed, the next one finds.
"""

import dataclasses
import re

RELEASES = (12, 13)
# A piece that takes longer fails.
PIECE_MINUTES = 30
# A command that fails as expected says why in its last lines, where a reader looks.
REASON_LINES = 10

# Users: root; "sudo", who needs no password for it; "asked", whose sudo asks for one, and there
# is no terminal; "user", without sudo. "admin" is root, and runs the line that the row before
# printed for an administrator.
USERS = ("root", "sudo", "asked", "user", "admin")
KVM = ("hidden", "host", "dead", "closed")
PLAIN = "memlab"
WITH_SPACE = "my sources/mem lab"

# The line to copy for an administrator.
ADMIN_LINE = re.compile(r"^[ \t]*((?:sudo )?apt(?:-get)? update && .*\binstall\b.*)$",
                        re.MULTILINE)
# What no output may have, not even that of a command that fails as expected.
_NEVER = (
    (r"^Traceback \(most recent call last\)", "a traceback"),
)
# What no output of a command that works has.
_NEVER_IN_SUCCESS = (
    (r"^.*: (?:command )?not found$", "a missing program"),
    (r"^.*: Permission denied$", "a file that the user may not use"),
    (r"^.*: Read-only file system$", "a file in a read-only tree"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """A command, where and by whom it runs, and what it must do."""

    command: str                # "" for the administrator's line
    user: str = "root"
    cache: str = "empty"        # "warm": the kernels that a row before it fetched
    kvm: str = "hidden"         # as Chroot.run() has it
    path: str = PLAIN           # of the sources, below the user's home
    umask: int = 0o022
    read_only: bool = False     # the sources; what is built goes to the user's home
    offline: bool = False
    refused: bool = False       # the command must fail
    wants: tuple = ()           # expressions that its output must have, at the end if refused
    leaves: tuple = ()          # files that it must leave, below the build folder
    minutes: float = 3          # how long it takes on two processors
    limit: float = 15           # minutes after which it is ended

    @property
    def circumstances(self):
        """What is special, in words."""
        words = {"host": "kvm", "dead": "dead kvm", "closed": "kvm of root's"}
        said = [f"{self.cache} cache", words.get(self.kvm, ""), "offline" * self.offline,
                "path with a space" * (" " in self.path),
                f"umask {self.umask:03o}" * (self.umask != 0o022),
                "read-only sources" * self.read_only]
        return ", ".join(word for word in said if word) if self.command else "-"

    @property
    def shell(self):
        """The command as the user types it."""
        if self.read_only and self.command.startswith("make "):
            return f'{self.command} BUILD="$HOME/out"'
        return self.command

    @property
    def title(self):
        """The command as the table has it."""
        return self.shell or "(the line printed)"


@dataclasses.dataclass(frozen=True)
class Piece:
    """Rows that share an installation of a release."""

    name: str
    release: int
    summary: str
    rows: tuple
    packages: tuple = ()        # installed beforehand
    always: bool = True         # belongs to all pieces

    @property
    def minutes(self):
        """How long it takes on two processors."""
        return sum(row.minutes for row in self.rows)


# The file system that `make demo` leaves and what it says.
_DEMO = {"command": "make demo", "wants": (r"^Linux \S+, under QEMU \(tcg\)",
                                           r"^  yes  1024 of 1024 pages"),
         "leaves": ("report.html",)}
_ON_ANY = {**_DEMO, "wants": (r"^Linux \S+, under QEMU \((kvm|tcg)\)",)}
_TOOLS = {"command": "make tools", "leaves": ("tools/memlab",), "minutes": 1}
# Packages are missing, and the user cannot install them: one line says how.
_LINE = {"refused": True, "wants": (ADMIN_LINE.pattern,), "minutes": 0.2, "limit": 3}
# Building does not install packages; it says what is missing, for several distributions.
_MISSING = {"command": "make tools", "refused": True, "minutes": 0.2, "limit": 3,
            "wants": (r"missing .*pkg-config", r"^ +Debian, Ubuntu: +apt install .*gcc")}
_NO_MIRROR = {"refused": True, "offline": True, "wants": (r"(?i)mirror", r"(?i)network"),
              "minutes": 1, "limit": 5}
_CHECK = {"command": "make check", "wants": (r"^=+ .*\d+ passed.* =+$",), "limit": 29}


def _pieces(release):
    yield Piece(f"{release}-demo", release, "make demo and make tools by root", (
        Row(**_MISSING),
        Row("make demo", **_NO_MIRROR),
        Row(**{**_DEMO, "minutes": 8}),
        Row(**_DEMO, cache="warm", path=WITH_SPACE, umask=0o077),
        Row(**_DEMO, cache="warm", read_only=True, offline=True),
        Row(**_TOOLS),
        Row(**_TOOLS, path=WITH_SPACE, umask=0o077, offline=True),
    ))
    yield Piece(f"{release}-sudo", release, "the same by a user with sudo", (
        Row("make demo", user="asked", **_LINE),
        Row(**{**_DEMO, "minutes": 8}, user="sudo", kvm="dead"),
        Row(**_ON_ANY, user="sudo", cache="warm", kvm="host"),
        Row(**_DEMO, user="sudo", cache="warm", path=WITH_SPACE, umask=0o077),
        Row(**_DEMO, user="sudo", cache="warm", read_only=True, offline=True),
        Row(**_TOOLS, user="sudo", path=WITH_SPACE),
    ), packages=("sudo",))
    yield Piece(f"{release}-user", release, "the same by a user without sudo", (
        Row(**_MISSING, user="user"),
        Row("make demo", user="user", **_LINE),
        Row("", user="admin", minutes=5),
        Row("make demo", user="user", **_NO_MIRROR),
        Row(**_DEMO, user="user", kvm="closed"),
        Row(**_DEMO, user="user", cache="warm", path=WITH_SPACE, umask=0o077),
        Row(**_DEMO, user="user", cache="warm", umask=0o077, read_only=True, offline=True),
        Row(**_TOOLS, user="user", read_only=True, offline=True),
    ))
    yield Piece(f"{release}-check", release, "make check by root", (
        Row(**_CHECK, minutes=19),
    ))
    yield Piece(f"{release}-check-sudo", release, "make check by a user with sudo", (
        Row(**_CHECK, user="sudo", minutes=19),
    ), packages=("sudo",), always=False)
    yield Piece(f"{release}-check-user", release, "make check by a user without sudo", (
        Row("make check", user="user", **_LINE),
        Row("", user="admin", minutes=5),
        Row(**_CHECK, user="user", minutes=16),
    ), always=False)


PIECES = {piece.name: piece for release in RELEASES for piece in _pieces(release)}


def chosen(names):
    """The pieces of these names; none means those that always run, "all" means all."""
    if names == ["all"]:
        return list(PIECES.values())
    if not names:
        return [piece for piece in PIECES.values() if piece.always]
    if unknown := [name for name in names if name not in PIECES]:
        raise ValueError(f"unknown piece '{unknown[0]}'; the known ones are: {' '.join(PIECES)}")
    return [PIECES[name] for name in names]


def admin_line(log):
    """The line that a command printed for an administrator, or ""."""
    lines = ADMIN_LINE.findall(log)
    return lines[-1] if lines else ""


def complaint(row, status, log):
    """Why the outcome of a row is not as expected, or ""; status None: it was ended."""
    if status is None:
        return "not done in time"
    if row.refused != (status != 0):
        return "works, where it must fail" if row.refused else f"exit status {status}"
    for expression, what in _NEVER + (() if row.refused else _NEVER_IN_SUCCESS):
        if found := re.search(expression, log, re.MULTILINE):
            return f"the output has {what}: {found[0]}"
    said = "\n".join(log.splitlines()[-REASON_LINES:]) if row.refused else log
    for expression in row.wants:
        if not re.search(expression, said, re.MULTILINE):
            return f"the output{' does not end with' if row.refused else ' lacks'} {expression}"
    return ""
