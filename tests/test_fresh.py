# SPDX-License-Identifier: GPL-2.0
"""tests/fresh: its rows make sense, and outcomes that are not as expected are found.

The installations themselves are `make check-fresh`, which takes hours.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chroot
import fresh_pieces
from fresh_pieces import PIECES, Row
from vm_help import need_mounts, of_process

TESTS = Path(__file__).resolve().parent
ROWS = [row for piece in PIECES.values() for row in piece.rows]
LINE = "apt-get update && apt-get install -y --no-install-recommends gcc make"
WORKS = Row("make demo", wants=(r"^all is well$",))
REFUSED = Row("make demo", user="user", refused=True, wants=(fresh_pieces.ADMIN_LINE.pattern,))


def fresh(*arguments):
    return subprocess.run([TESTS / "fresh", *arguments], capture_output=True, text=True,
                          check=False, timeout=60)


@pytest.mark.parametrize("piece", PIECES.values(), ids=lambda piece: piece.name)
class TestPiece:
    def test_time(self, piece):
        """Each is meant to be done in time, and so is each of its rows."""
        assert piece.minutes < fresh_pieces.PIECE_MINUTES
        assert all(row.minutes <= row.limit < fresh_pieces.PIECE_MINUTES for row in piece.rows)

    def test_rows(self, piece):
        """Values are known; what a row needs, a row before it provides."""
        for number, row in enumerate(piece.rows):
            before = piece.rows[:number]
            assert row.user in fresh_pieces.USERS and row.kvm in fresh_pieces.KVM
            assert row.cache in ("empty", "warm")
            assert (row.user in ("sudo", "asked")) <= ("sudo" in piece.packages)
            if row.cache == "warm":
                assert any(not r.refused and r.command.startswith("make demo") for r in before)
            if not row.command:
                assert row.user == "admin" and before[-1].refused
                # the packages of its task serve the rows that follow
                assert before[-1].command in [r.command for r in piece.rows[number + 1:]]

    def test_targets(self, piece):
        """The commands are tasks of the Makefile, and a failure is recognized by what it says."""
        makefile = (TESTS.parent / "Makefile").read_text("utf-8")
        for row in piece.rows:
            if row.command:
                task = re.fullmatch(r"make ([a-z-]+)", row.command)[1]
                assert re.search(rf"^{task}:.* ## ", makefile, re.MULTILINE)
                assert row.wants or row.leaves


@pytest.mark.parametrize("program", [
    "demo.py", "vm/run", "vm/fetch", "fuzz", "costs", "matrix", "repeat", "fresh"])
def test_without_pytest(program, tmp_path):
    """A program starts where pytest is not, which is installed for the tests alone."""
    (tmp_path / "pytest.py").write_text("raise ModuleNotFoundError('no pytest here')\n", "ascii")
    done = subprocess.run([sys.executable, TESTS / program, "--help"], capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)}, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0 and "usage: " in done.stdout, done.stderr


@pytest.mark.parametrize("release", fresh_pieces.RELEASES)
@pytest.mark.parametrize("command", ["make demo", "make check"])
@pytest.mark.parametrize("user", ["root", "sudo", "user"])
def test_readme(release, command, user):
    """Both commands of the README are run by each kind of user, on each release."""
    assert f"\n{command} " in (TESTS.parent / "README.md").read_text("utf-8")
    assert any(row.command == command and row.user == user and not row.refused
               for piece in PIECES.values() if piece.release == release for row in piece.rows)


@pytest.mark.parametrize("release", fresh_pieces.RELEASES)
@pytest.mark.parametrize("special", [
    {"kvm": "hidden"}, {"kvm": "host"}, {"kvm": "dead"}, {"kvm": "closed"},
    {"cache": "empty"}, {"cache": "warm"}, {"path": fresh_pieces.WITH_SPACE}, {"umask": 0o077},
    {"read_only": True}, {"offline": True}, {"user": "asked"},
], ids=str)
def test_circumstances(release, special):
    """Each circumstance is that of a row."""
    assert any(special.items() <= dataclasses.asdict(row).items()
               for piece in PIECES.values() if piece.release == release for row in piece.rows)


class TestComplaint:
    """The outcome of a row is as expected, or not."""

    @pytest.mark.parametrize("row, status, log", [
        (WORKS, 0, "all is well\n"),
        (REFUSED, 2, f"setup: cannot install packages\n{LINE}\n"),
        (REFUSED, 2, f"an administrator can:\n  sudo {LINE}\n"),
        (REFUSED, 2, "E: no package\n" * 30 + f"{LINE}\n" + "word\n" * 9),
    ])
    def test_none(self, row, status, log):
        assert fresh_pieces.complaint(row, status, log) == ""

    @pytest.mark.parametrize("row, status, log, why", [
        (WORKS, None, "all is well\n", "not done in time"),
        (WORKS, 1, "all is well\n", "exit status 1"),
        (WORKS, 0, "all is almost well\n", "lacks ^all is well$"),
        (WORKS, 0, "Traceback (most recent call last):\nall is well\n", "a traceback"),
        (WORKS, 0, "sh: 1: pkg-config: not found\nall is well\n", "a missing program"),
        (WORKS, 0, "cp: cannot open 'x' for reading: Permission denied\nall is well\n", "not use"),
        (WORKS, 0, "mkdir: cannot create 'x': Read-only file system\nall is well\n", "read-only"),
        (REFUSED, 0, f"{LINE}\n", "works, where it must fail"),
        (REFUSED, 2, f"Traceback (most recent call last):\n{LINE}\n", "a traceback"),
        (REFUSED, 2, "setup: install gcc and make\n", "does not end with"),
        (REFUSED, 2, f"{LINE}\n" + "word\n" * 10, "does not end with"),
    ])
    def test_found(self, row, status, log, why):
        assert why in fresh_pieces.complaint(row, status, log)


def test_admin_line():
    assert fresh_pieces.admin_line(f"setup: no sudo\n  {LINE}\nmake: Error 1\n") == LINE
    assert fresh_pieces.admin_line(f"setup: no sudo; try {LINE}\n") == ""


def test_list():
    listed = fresh("--list")
    assert listed.returncode == 0
    assert re.findall(r"^(\S+): ", listed.stdout, re.MULTILINE) == list(PIECES)
    assert listed.stdout.count("\n") == len(PIECES) + len(ROWS)


def test_unknown_piece():
    result = fresh("12-demo", "11-demo")
    assert (result.returncode, result.stdout) == (2, "")
    assert "11-demo" in result.stderr and "12-demo" in result.stderr


def test_chosen():
    assert [piece.name for piece in fresh_pieces.chosen(["all"])] == list(PIECES)
    assert {piece.name for piece in fresh_pieces.chosen([])} == {
        piece.name for piece in PIECES.values() if piece.always}
    assert fresh_pieces.chosen(["13-user"]) == [PIECES["13-user"]]


@pytest.fixture(scope="module")
def enter(tmp_path_factory):
    """Runs a shell command in a small root: its exit status and output."""
    need_mounts()
    root, archives = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("archives")
    for name in ("bin", "etc", "dev", "mnt", "proc", "sys", "tmp", "root", "sources",
                 "home/visitor", "var/cache/apt/archives"):
        (root / name).mkdir(parents=True)
    root.chmod(0o755)
    os.chown(root / "home/visitor", 1000, 1000)
    (root / "etc/hostname").write_text("small\n", "ascii")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n"
                                     "visitor:x:1000:1000::/home/visitor:/bin/sh\n", "ascii")
    (root / "etc/group").write_text("root:x:0:\nvisitor:x:1000:\n", "ascii")
    for name in ("busybox", "setpriv", "env"):
        program = shutil.which(name)
        shutil.copy(program, root / "bin")
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        for library in re.findall(r"(/\S+) \(0x", listed.stdout):
            (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, root / library[1:])
    for name in ("sh", "id", "cat", "touch", "sleep", "setsid", "umount", "unshare", "hostname"):
        (root / "bin" / name).symlink_to("busybox")
    small = chroot.Chroot(root, archives)

    def call(command, user="visitor", **options):
        with open(root / "tmp/log", "w+b") as log:
            status = small.run(user, command, log, **options)
            log.seek(0)
            return status, log.read().decode()
    return call


class TestEnter:
    """The namespaces that a command of tests/fresh runs in."""

    def test_user(self, enter):
        status, output = enter("id -un; umask; pwd; hostname; echo $HOME $PATH; exit 3",
                               umask=0o077, directory="/home/visitor")
        assert (status, output.splitlines()) == (3, [
            "visitor", "0077", "/home/visitor", "small",
            "/home/visitor /usr/local/bin:/usr/bin:/bin"])

    def test_user_namespace(self, enter):
        """The kernel refuses these after chroot(2); kernels of other suites need them."""
        assert enter("unshare -r -m id -u") == (0, "0\n")

    @pytest.mark.parametrize("kvm, there, opens", [("hidden", 1, 1), ("dead", 0, 0),
                                                   ("closed", 0, 1)])
    def test_kvm(self, enter, kvm, there, opens):
        _, output = enter("test -e /dev/kvm; echo $?; test -w /dev/kvm; echo $?", kvm=kvm)
        assert output == f"{there}\n{opens}\n"

    def test_read_only(self, enter):
        status, output = enter("touch /root/a && touch /sources/a", "root", read_only="/sources")
        assert status == 1 and "/sources/a: Read-only file system" in output

    def test_offline(self, enter):
        """Of the network only the loopback interface is there, and it is up."""
        _, output = enter("cat /proc/net/dev; cat /sys/class/net/lo/flags", offline=True)
        assert re.findall(r"^ *(\S+): ", output, re.MULTILINE) == ["lo"]
        assert int(output.splitlines()[-1], 16) & 1

    def test_end(self, enter):
        """Nothing that the command started is left, however it ended."""
        number = f"7{os.getpid()}"
        status, _ = enter(f"setsid sleep {number} & sleep {number}", timeout=2)
        assert status is None
        assert enter(f"setsid sleep {number} & exit 0")[0] == 0
        assert not [path for path in Path("/proc").glob("[0-9]*/cmdline")
                    if number in of_process(path)]

    def test_mounts(self, enter):
        """All mounts are the command's, and the host's root is out of reach."""
        before = Path("/proc/self/mounts").read_text("utf-8")
        _, output = enter("cat /proc/mounts; echo /mnt/*", "root")
        assert output.endswith("/mnt/*\n") and " /proc proc " in output
        assert Path("/proc/self/mounts").read_text("utf-8") == before
