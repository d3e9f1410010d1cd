# SPDX-License-Identifier: GPL-2.0
"""Commands and options: the tool's tables, its help, manual page and completion agree."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture)
from target import BUILD

ROOT = Path(__file__).resolve().parents[1]
MAN = ROOT / "Documentation" / "man" / "memlab.1"
COMPLETION = ROOT / "tools" / "memlab" / "completion.bash"
COMPLETE = r"""
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_memlab memlab "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module", name="table")
def _table(target):
    """The tables: commands by name, subcommands among them; the common options by ""."""
    told = json.loads(target.run(["memlab", "help", "-j"]).stdout)
    table = {"": {"name": "", "options": told["options"], "commands": told["commands"]}}
    waiting = list(told["commands"])
    while waiting:
        command = waiting.pop(0)
        table[command["name"]] = command
        waiting += command["commands"]
    return table


@pytest.fixture(name="complete")
def _complete(table):
    """Completes the last word: complete("alloc", "--") is a set of words."""
    # pylint: disable=unused-argument # the table's target has built the tool
    path = f"{BUILD / 'tools'}:{os.environ['PATH']}"

    def run(*words):
        told = subprocess.run(
            ["bash", "-c", COMPLETE, "bash", COMPLETION, "memlab", *words], check=True,
            env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert not told.stderr
        return set(told.stdout.splitlines())
    return run


def options_of(command):
    """The long options of a command."""
    return {f"--{option['name']}" for option in command["options"]}


def forms_of(option):
    """Its long form, and the short one if it has one: {"-z", "--zero"}."""
    short = {f"-{option['short']}"} if option["short"] else set()
    return {f"--{option['name']}"} | short


def plain(line):
    """A line of the page without what is only look."""
    return line.replace("\\-", "-").replace('"', "")


def flags_in(line):
    """Options that a line of the page marks: {"-z", "--zero"}."""
    found, words, in_flags = set(), plain(line).split(), False
    for word in words:
        if word in ("Fl", "Ar", "Cm", "Ns", "Op", ".Fl", ".Op", ".It"):
            in_flags = word in ("Fl", ".Fl")
        elif in_flags and re.fullmatch(r"-?[a-zA-Z][-a-z]*", word):
            found.add(f"-{word}")
    return found


def sections():
    """The page's account of each command: name -> lines below its heading."""
    found, lines = {}, None
    for line in MAN.read_text("utf-8").splitlines():
        if line.startswith((".Ss ", ".Sh ")):
            lines = None
            if line.startswith(".Ss memlab "):
                lines = found.setdefault(line.removeprefix(".Ss memlab "), [])
        elif lines is not None:
            lines.append(line)
    return found


def synopses():
    """What the page says how a command is called: name -> lines, subcommands by path."""
    found = {}
    for name, lines in sections().items():
        lines = lines[:lines.index(".Pp")]
        assert lines[0] == ".Nm", name
        for line in lines:
            if line.startswith(".Cm "):
                current = found.setdefault(line.removeprefix(".Cm "), [])
            elif line != ".Nm":
                current.append(line)
    return found


def described():
    """Options that the page explains, by the section: [["-z", "--zero"], ...]."""
    return {name: [flags_in(line) for line in lines if line.startswith(".It Fl")]
            for name, lines in sections().items()}


def test_page_has_commands(table):
    """Each command has a section, in the order of the table, and nothing else has."""
    names = [command["name"] for command in table[""]["commands"]]
    assert list(sections()) == names
    groups = {name for name in table if table[name]["commands"]}
    assert set(synopses()) == set(table) - groups


def test_page_has_options(table):
    """The synopsis of a command has its options, all of them and no other."""
    for name, lines in synopses().items():
        flags = set().union(*map(flags_in, lines))
        longs = {option["short"] or "": f"--{option['name']}" for option in table[name]["options"]}
        named = {longs[flag[1:]] if re.fullmatch("-[a-zA-Z]", flag) else flag for flag in flags}
        assert named == options_of(table[name]), name


def test_page_explains_options(table):
    """An option is explained, in both its forms, where it is or in a section it refers to."""
    explained = described()
    for name, command in table.items():
        if not name or command["commands"]:
            continue
        section = name.split()[0]
        text = "\n".join(sections()[section])
        others = [other for other in explained if re.search(
            rf"^\.Cm .*\b{other}\b|^\.Cm {other} ", text, re.MULTILINE)]
        known = [flags for other in [section, *others] for flags in explained[other]]
        for option in command["options"]:
            assert any(forms_of(option) <= flags for flags in known), (name, option)


def test_page_explains_nothing_else(table):
    """No section explains an option that its command does not have."""
    for name, items in described().items():
        commands = [table[name], *table[name]["commands"]]
        known = set().union(set(), *(
            forms_of(option) for command in commands for option in command["options"]))
        assert set().union(set(), *items) <= known, name


def test_page_has_common_options(table):
    """The common options stand before the commands."""
    page = MAN.read_text("utf-8")
    part = page[page.index(".Ss Options"):page.index(".Ss JSON output")].splitlines()
    flags = set().union(*(flags_in(line) for line in part if line.startswith(".It Fl")))
    assert flags == set().union(*map(forms_of, table[""]["options"]))


def test_help_has_all(table, memlab):
    """The text of the help has every command and every option, with its explanation."""
    text = memlab("help").stdout.decode()
    for command in table[""]["commands"]:
        assert re.search(rf"^  {command['name']} .*{re.escape(command['help'])}$", text,
                         re.MULTILINE)
    for name, command in table.items():
        asked = [memlab("help", *name.split()).stdout.decode()]
        if name:
            asked.append(memlab(*name.split(), "--help").stdout.decode())
            assert asked[0] == asked[1] and asked[0].startswith(f"Usage: memlab {name} ")
        for option in [*command["options"], *table[""]["options"]]:
            short = f"-{option['short']}, " if option["short"] else "    "
            assert re.search(
                rf"^  {short}--{option['name']}( {re.escape(option['argument'] or '')})?\s+"
                rf"{re.escape(option['help'])}$", asked[0], re.MULTILINE), (name, option)


def test_help_quiet(table, memlab):
    """-q gives names of commands, and options as scripts read them."""
    assert memlab("help", "-q").stdout.decode().split() == [
        command["name"] for command in table[""]["commands"]]
    for name, command in table.items():
        if name and not command["commands"]:
            assert memlab("help", "-q", *name.split()).stdout.decode().splitlines() == [
                "\t".join(option[key] or "-" for key in ("name", "short", "argument"))
                for option in command["options"]]


def test_help_of_unknown(memlab):
    """Help on what does not exist is wrong usage."""
    for words in (["alocc"], ["cache", "creat"], ["alloc", "x"], ["cache", "create", "x"]):
        memlab("help", *words, status=2)


def test_completion_of_commands(table, complete):
    """The first word is any command; after a group, any of its commands."""
    names = {command["name"] for command in table[""]["commands"]}
    assert complete("") == complete("help", "") == complete("-d", "/dev/x", "-j", "") == names
    for command in table[""]["commands"]:
        known = {one["name"].split()[-1] for one in command["commands"]}
        if known:
            assert complete(command["name"], "") == known
        assert complete(command["name"][:-1]) >= {command["name"]}


def test_completion_of_options(table, complete):
    """A command's options and the common ones, and nothing else."""
    common = options_of(table[""])
    assert complete("-") == common
    for name, command in table.items():
        if name:
            assert complete(*name.split(), "--") == options_of(command) | common, name


def test_completion_of_values(complete, as_json, memlab, made):
    """What stands for a name of the driver's is completed with all of them."""
    info = as_json("info")
    made("kmalloc", 10)
    assert complete("alloc", "") == complete("try", "-z", "") == set(info["allocators"])
    assert complete("alloc", "-c", "") == complete("free", "--context", "") == set(
        info["contexts"])
    assert complete("alloc", "--gfp", "") == complete("resize", "-g", "") == set(info["gfp"])
    assert complete("alloc", "--gfp", "atomic,nofa") == {"atomic,nofail"}
    assert complete("read", "--format", "") == complete("read", "1", "-f", "") == {"hex", "raw"}
    assert complete("stats", "") == complete("stats", "vmalloc", "") == complete(
        "list", "-a", "") == set(info["allocators"])
    columns = set(memlab("list", "-O").stdout.split(b"\n")[0].decode().split())
    assert complete("list", "-o", "") == complete("list", "--sort", "") == columns
    assert complete("list", "-o", "ID,MAPP") == {"ID,MAPPINGS"}
    assert {"root", "daemon"} <= complete("list", "-u", "")
    assert complete("alloc", "--array", "") == set()
    assert complete("alloc", "--array", "3", "kv") == {"kvmalloc"}


def test_completion_of_claims(complete, memlab):
    """verify is completed with the claims that it lists."""
    claims = set(memlab("verify", "--list", "-q").stdout.decode().split())
    assert claims and complete("verify", "") == complete("verify", "--explain", "") == claims
    assert "ktap" in complete("verify", "--format", "")
