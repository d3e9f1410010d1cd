# SPDX-License-Identifier: GPL-2.0
"""Files that the tool writes: complete or not at all, and nothing beside them."""

import signal

import pytest

from cli import (  # noqa: F401 # pylint: disable=unused-import
    USAGE, as_json_fixture, made_fixture, memlab_fixture, refusal_fixture)
from running import until
from target import PATIENCE

END = b"</svg>\n"

# The signal comes after each of so many system calls of the tool, from the one that makes
# its file on, or until it has ended before. Prints what was wrong then, and how many were
# tried. That something is left if it is killed shows that these are the right calls.
EVERYWHERE = """
cd {folder}
printf '#!/bin/sh\ncat >/dev/null\n' >gnuplot
chmod +x gnuplot
mkdir files
PATH=$PWD:$PATH
cd files
run() {{
    rm -rf ../files/* ../files/.[!.]*
    printf old >file.svg
    interrupt $1 $2 memlab {arguments} >/dev/null 2>&1
    status=$?
}}
run 1 9
[ "$(ls -A)" != file.svg ] || echo "killed, it left nothing"
number=0 status=1
while [ $number -lt {most} ] && [ $status = 1 ]; do
    number=$((number + 1))
    run $number {signal}
    [ "$(ls -A)" = file.svg ] || echo "call $number: there is" $(ls -A)
    [ "$(cat file.svg)" = old ] || [ "$(tail -n 1 file.svg)" = "</svg>" ] ||
        echo "call $number: a part of a file"
done
echo $number
"""


@pytest.fixture(name="folder")
def _folder(target):
    """A directory of the target's, for all to write in."""
    path = "/tmp/outfile"
    target.run(["sh", "-c", f"mkdir {path} && chmod 777 {path}"])
    yield path
    target.run(["rm", "-rf", path])


@pytest.fixture(name="content")
def _content(target, folder):
    """What is in it: names of files."""
    return lambda: target.run(["ls", "-A", folder]).stdout.decode().split()


def test_file(target, made, memlab, as_json, folder, content):
    """The file has what "-" prints; nothing is printed, but with -j its name."""
    ident, path = made("kmalloc", "64K")["id"], f"{folder}/a.svg"
    assert not memlab("layout", ident, "--svg", path).stdout
    assert not memlab("-q", "layout", ident, "--svg", path).stdout
    assert target.get(path) == memlab("layout", ident, "--svg", "-").stdout
    assert as_json("layout", ident, "--svg", path) == {"svg": path, "ids": [ident]}
    assert content() == ["a.svg"]


def test_replaced(target, made, memlab, folder, content):
    """An old file is replaced by a new one of its mode, also behind a symbolic link."""
    ident, path = made("kmalloc", "64K")["id"], f"{folder}/a.svg"
    target.run(["sh", "-c", f"cd {folder}; echo old >a.svg; chmod 640 a.svg; ln a.svg b.svg;"
                "ln -s a.svg c.svg"])
    memlab("layout", ident, "--svg", f"{folder}/c.svg")
    told = target.run(["stat", "-c", "%F %a", path, f"{folder}/c.svg"]).stdout.decode()
    assert told.splitlines() == ["regular file 640", "symbolic link 777"]
    assert target.get(path).endswith(END)
    assert target.get(f"{folder}/b.svg") == b"old\n"
    assert content() == ["a.svg", "b.svg", "c.svg"]


def test_mode_of_new_file(target, made, folder):
    """A new file has the mode that the umask leaves."""
    ident = made("kmalloc", 100)["id"]
    for mask, mode in (("022", "644"), ("077", "600")):
        told = target.run(["sh", "-c", f"cd {folder}; umask {mask};"
                           f"memlab layout {ident} --svg {mask}.svg; stat -c %a {mask}.svg"])
        assert told.stdout.decode().strip() == mode


def test_no_file(target, made, memlab, folder, content):
    """What is no regular file stays what it is."""
    ident = made("kmalloc", 100)["id"]
    memlab("layout", ident, "--svg", "/dev/null")
    assert target.run(["test", "-c", "/dev/null"]).returncode == 0
    told = target.run(["sh", "-c", f"cd {folder}; mkfifo f; cat f & memlab layout {ident} "
                       "--svg f; wait"])
    assert told.stdout.endswith(END)
    assert content() == ["f"]


@pytest.mark.parametrize("path", ["/nowhere/a.svg", "/tmp", "/proc/version/a.svg", ""])
def test_unwritable(refusal, path):
    """A file that cannot be written is told before the driver is asked."""
    said = refusal("layout", 4711, "--svg", path)
    assert said.startswith(f"memlab: cannot write {path}: ") and "4711" not in said


@pytest.mark.usefixtures("public_device")
def test_forbidden(target, refusal, folder, content):
    """Neither is a file replaced that the user may not write."""
    target.run(["sh", "-c", f"cd {folder}; echo old >a.svg"])
    assert "ermission" in refusal("layout", 4711, "--svg", f"{folder}/a.svg", user="alice")
    assert "ermission" in refusal("layout", 4711, "--svg", "/etc/a.svg", user="alice")
    assert target.get(f"{folder}/a.svg") == b"old\n"
    assert content() == ["a.svg"]


def test_full(made, refusal):
    """Nor does a full disk look like success."""
    ident = made("kmalloc", 100)["id"]
    assert "No space left" in refusal("layout", ident, "--svg", "/dev/full")


def test_failed(target, made, refusal, folder, content):
    """If one of the buffers is not there, the old file stays, and nothing beside it."""
    ident = made("kmalloc", 100)["id"]
    target.run(["sh", "-c", f"cd {folder}; echo old >a.svg"])
    assert "4711" in refusal("layout", ident, 4711, "--svg", f"{folder}/a.svg")
    assert target.get(f"{folder}/a.svg") == b"old\n"
    assert content() == ["a.svg"]
    assert "4711" in refusal("layout", 4711, "--svg", f"{folder}/b.svg")
    assert content() == ["a.svg"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(target, folder, content, number):
    """A signal leaves nothing behind; here it comes while the device is opened."""
    target.run(["mkfifo", f"{folder}/device"])
    process = target.spawn(["memlab", "-d", f"{folder}/device", "layout", "1",
                            "--svg", f"{folder}/a.svg"])
    until(lambda: len(content()) == 2, "a temporary file")
    process.signal(number)
    process.wait(PATIENCE)
    assert content() == ["device"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("arguments, most", [
    ("layout ID --svg file.svg", 1000), ("report -t 1 -o file.svg", 10),
    ("bench -t 1 --plot file.svg", 10)], ids=["layout", "report", "bench"])
def test_interrupted_anywhere(target, made, folder, arguments, most, number):
    """Nor does a signal at any other moment."""
    ident = made("vmalloc", "64K")["id"]
    script = EVERYWHERE.format(folder=folder, most=most, signal=int(number),
                               arguments=arguments.replace("ID", str(ident)))
    *wrong, tried = target.run(["sh", "-c", script]).stdout.decode().splitlines()
    assert not wrong
    assert int(tried) == most if most < 1000 else 10 < int(tried) < most


@pytest.mark.parametrize("arguments, wanted", [
    ([], "ID..."), (["--svg", "a.svg"], "ID..."), (["1", "2"], "--svg"),
    (["1", "x", "--svg", "a.svg"], "x"), (["1", "--svg", "a.svg", "--map"], "--map"),
    (["1", "--svg", "a.svg", "--limit", "3"], "--limit"), (["1", "--svg"], "argument"),
    (["-j", "1", "--svg", "-"], "exclude")])
def test_wrong_usage(memlab, folder, content, arguments, wanted):
    """Status 2, what would be right, and no file."""
    arguments = [f"{folder}/a.svg" if word == "a.svg" else word for word in arguments]
    result = memlab("layout", *arguments, status=USAGE)
    assert wanted in result.stderr.decode() and not result.stdout
    assert content() == []
