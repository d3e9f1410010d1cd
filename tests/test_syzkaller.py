# SPDX-License-Identifier: GPL-2.0
"""The description for syzkaller says what the headers say; gcc is asked."""

import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("syzkaller")
UAPI = Path(__file__).resolve().parents[1] / "uapi"
TEXT = re.sub(r"^#.*$", "", (FOLDER / "memlab.txt").read_text("ascii"), flags=re.MULTILINE)
CONSTANTS = dict(re.findall(r"^(MEMLAB_\w+) = (\d+)$",
                            (FOLDER / "memlab.txt.const").read_text("ascii"), re.MULTILINE))
HEADERS = {name: (UAPI / "linux" / name).read_text("ascii")
           for name in ("memlab.h", "memlab_netlink.h")}
STRUCTS = dict(re.findall(r"^(memlab_\w+) \{\n(.*?)^\}", TEXT, re.MULTILINE | re.DOTALL))
# The same struct, with the id of something else.
SAME = {"memlab_cache_next": "memlab_next"}
# Types of their own, and the bytes that they have.
BYTES = {"memlab_bytes": 8, "memlab_map_offset": 8, "memlab_buffer_id": 4, "memlab_cache_id": 4}
# Left out on purpose, see README; and what only comes back.
NOT_USED = {"MEMLAB_GFP_WARN", "MEMLAB_GFP_COMP"}


def compiles(directory, lines):
    """What gcc says of assertions; empty when they hold."""
    source = directory / "check.c"
    source.write_text("#include <stddef.h>\n#include <linux/memlab.h>\n"
                      "#include <linux/memlab_netlink.h>\n" + "\n".join(lines) + "\n", "ascii")
    return subprocess.run(["gcc", "-fsyntax-only", f"-I{UAPI}", source], text=True,
                          capture_output=True, check=False).stderr


def bytes_of(kind):
    """Size of a field by its type."""
    if array := re.match(r"array\[int8, (\w+)\]", kind):
        return int(CONSTANTS.get(array[1]) or array[1])
    if kind.startswith("ptr64["):
        return 8
    if number := re.search(r"\bint(\d+)\b", kind):
        return int(number[1]) // 8
    return BYTES[re.match(r"\w+", kind)[0]]


def members(name):
    """The (name, offset, size) of a struct's fields, one after the other."""
    found, offset = [], 0
    for line in STRUCTS[name].splitlines():
        member, kind = re.match(r"\t(\w+)\s+(.*?)(?: \(\w+\))?$", line).groups()
        found.append((member, offset, bytes_of(kind)))
        offset += found[-1][2]
    return found, offset


def assertions():
    """What must hold, for a compiler."""
    for name in STRUCTS:
        real = SAME.get(name, name)
        fields, size = members(name)
        for member, offset, count in fields:
            yield (f"_Static_assert(offsetof(struct {real}, {member}) == {offset} &&"
                   f" sizeof(((struct {real} *)0)->{member}) == {count}, \"{name}.{member}\");")
        yield f"_Static_assert(sizeof(struct {real}) == {size}, \"size of {name}\");"
    for name, value in CONSTANTS.items():
        yield f"_Static_assert({name} == {value}ULL, \"{name}\");"


def test_agrees(tmp_path):
    """Offsets, sizes and constants are those of the headers."""
    checks = list(assertions())
    assert len(checks) > 150
    assert compiles(tmp_path, checks) == ""


@pytest.mark.parametrize("wrong", [
    "_Static_assert(offsetof(struct memlab_alloc, node) == 8, \"\");",
    "_Static_assert(MEMLAB_IOC_FREE == 1, \"\");"])
def test_disagrees(tmp_path, wrong):
    """What does not hold is noticed."""
    assert "static assertion failed" in compiles(tmp_path, [wrong])


def test_complete():
    """Every struct, ioctl, command, policy and flag of the headers is described."""
    for text in HEADERS.values():
        for name in re.findall(r"^struct (memlab_\w+) \{", text, re.MULTILINE):
            assert name in STRUCTS
    for name in re.findall(r"#define (MEMLAB_IOC_(?!TYPE)\w+)", HEADERS["memlab.h"]):
        assert re.search(rf"^ioctl\${name}\(.*const\[{name}\]", TEXT, re.MULTILINE), name
    for name in re.findall(r"\t(MEMLAB_NL_CMD_\w+)", HEADERS["memlab_netlink.h"]):
        if name not in ("MEMLAB_NL_CMD_EVENT", "MEMLAB_NL_CMD_MAX"):
            assert re.search(rf"^sendmsg\${name}\(.*\[{name}, ", TEXT, re.MULTILINE), name
    flags = re.findall(r"#define (MEMLAB_(?:GFP|ALLOC|FREE)_\w+)", HEADERS["memlab.h"])
    assert len(flags) > 20
    assert {name for name in flags if not re.search(rf"\b{name}\b", TEXT)} == NOT_USED


def test_constants_are_there():
    """Every constant that the description uses has a value."""
    used = set(re.findall(r"\bMEMLAB_[A-Z0-9_]+\b", re.sub(r"\$\w+", "", TEXT)))
    assert used == set(CONSTANTS)
