# SPDX-License-Identifier: GPL-2.0
"""The specification of the netlink family, and the headers that say the same."""

import re
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

import abi
from nlfamily import CONTROLLER, MEMLAB

TESTS = Path(__file__).resolve().parent
UAPI = TESTS.parent / "uapi"
HEADER = "linux/memlab_netlink.h"
CODE = re.sub(r"/\*.*?\*/", "", (UAPI / HEADER).read_text("ascii"), flags=re.DOTALL)
SCHEMA = yaml.safe_load((TESTS / "genetlink.yaml").read_text("utf-8").split("---\n", 1)[1])
OPERATIONS = MEMLAB.told["operations"]
FORMS = ("do", "dump")
# linux/genetlink.h has other words for some sets of nlctrl.yaml
CONTROLLER_NAMES = {"ctrl": "CTRL_ATTR", "op": "CTRL_ATTR_OP", "group": "CTRL_ATTR_MCAST_GRP",
                    "policy": "NL_POLICY_TYPE_ATTR", "op-policy": "CTRL_ATTR_POLICY"}
PROGRAM = """%s#include <stdio.h>
static void number(const char *name, unsigned long long value)
{
    printf("%%s %%llu\\n", name, value);
}
static void string(const char *name, const char *value)
{
    printf("%%s \\"%%s\\n", name, value);
}
#define show(name, value) _Generic((value), char *: string, default: number)(name, value)
int main(void)
{
%s}
"""


def c_name(*words):
    """A name of the header, as the generators of the kernel form it."""
    return "_".join(words).upper().replace("-", "_")


def values(directory, headers, expressions):
    """What a C program prints for expressions: numbers, or strings."""
    lines = "".join(f'    show("{one}", {one});\n' for one in expressions)
    includes = "".join(f"#include <{header}>\n" for header in headers)
    (directory / "show.c").write_text(PROGRAM % (includes, lines))
    program = directory / "show"
    subprocess.run(["gcc", "-w", f"-I{UAPI}", "-o", program, directory / "show.c"], check=True)
    found = {}
    for line in subprocess.run([program], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        name, value = line.rsplit(" ", 1)
        found[name] = value[1:] if value.startswith('"') else int(value)
    return found


def family_names():
    """Every name that the header of the family has to have, and its value."""
    found = {"MEMLAB_FAMILY_NAME": "memlab", "MEMLAB_FAMILY_VERSION": 1}
    for one in MEMLAB.definitions.values():
        if not one.header:
            found |= {c_name("memlab", one.name, name): number
                      for name, number in one.numbers.items()}
    for which, numbers in MEMLAB.numbers.items():
        prefix = c_name("memlab-a", which)
        found |= {c_name(prefix, name): number for name, number in numbers.items()}
        found |= {f"{prefix}_MAX": max(numbers.values()), f"__{prefix}_MAX": 1 + max(
            numbers.values())}
    assert OPERATIONS["name-prefix"] == "memlab-nl-cmd-"
    found |= {c_name("memlab-nl-cmd", one.name): one.number for one in MEMLAB.operations.values()}
    found |= {"MEMLAB_NL_CMD_MAX": len(MEMLAB.operations),
              "__MEMLAB_NL_CMD_MAX": 1 + len(MEMLAB.operations)}
    return found | {c_name("memlab-mcgrp", group): group for group in MEMLAB.groups}


@pytest.mark.parametrize("bits", ["-m64", "-m32"])
@pytest.mark.parametrize("compiler, language", [
    ("gcc", "-std=c99"), ("gcc", "-std=gnu11"), ("g++", "-std=c++11"), ("g++", "-std=c++17")])
def test_compiles_alone(tmp_path, compiler, language, bits):
    """The header included first and twice, and beside the ioctls' one."""
    source = tmp_path / "source.c"
    source.write_text("".join(f"#include <{header}>\n" for header in (
        HEADER, HEADER, "linux/memlab.h")) + "int one;\n")
    done = subprocess.run(
        [compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", language, bits, f"-I{UAPI}",
         "-x", "c++" if compiler == "g++" else "c", "-c", source, "-o", tmp_path / "object.o"],
        capture_output=True, text=True, check=False)
    assert not done.returncode and not done.stderr, done.stderr


def test_schema():
    """The kernel's own schema of such specifications accepts it."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.Draft7Validator(SCHEMA).validate(MEMLAB.told)


@pytest.mark.parametrize("wrong", [
    {"colour": "red"}, {"protocol": "netlink-raw"}, {"attribute-sets": [{"name": "x"}]},
    {"operations": {"list": [{"name": "get"}]}}, {"definitions": [{"name": "x"}]}])
def test_schema_refuses(wrong):
    """It would not accept just anything."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate({**MEMLAB.told, **wrong})


def lists():
    """(operation, where, names of attributes) of each list."""
    for one in OPERATIONS["list"]:
        for form in FORMS:
            for way in ("request", "reply"):
                told = one.get(form, {}).get(way)
                if told is not None:
                    yield one, f"{form} {way}", told["attributes"]
        if "event" in one:
            yield one, "event", one["event"]["attributes"]


def test_lists():
    """Lists name attributes of their set, once; every attribute is in one, but the pad."""
    used = {which: set() for which in MEMLAB.sets}
    for one, where, names in lists():
        which = one["attribute-set"]
        assert len(set(names)) == len(names), (one["name"], where)
        assert set(names) <= set(MEMLAB.sets[which]) - {"pad"}, (one["name"], where)
        used[which] |= set(names)
    for which, attributes in MEMLAB.sets.items():
        assert set(attributes) - used[which] == {"pad"}, which
        assert attributes["pad"]["type"] == "pad"
        assert {one["type"] for one in attributes.values()} & {"u64"}


def test_references():
    """Enums, checks and groups exist; flags fit into their attribute; only requests check."""
    asked = {(one["attribute-set"], name) for one, where, names in lists()
             if "request" in where for name in names}
    for which, attributes in MEMLAB.sets.items():
        for name, told in attributes.items():
            if "enum" in told:
                numbers = MEMLAB.definitions[told["enum"]].numbers.values()
                assert max(numbers) < 1 << int(told["type"][1:]), (which, name)
                for bound, number in (("min", min(numbers)), ("max", max(numbers))):
                    assert told.get("checks", {}).get(bound, number) == number, (which, name)
            assert "checks" not in told or (which, name) in asked
    for one in OPERATIONS["list"]:
        assert one.get("mcgrp", "events") in MEMLAB.groups
        assert ("event" in one) == ("mcgrp" in one) != any(form in one for form in FORMS)


def test_header_values(tmp_path):
    """The header gives every name of the specification its value."""
    wanted = family_names()
    assert values(tmp_path, [HEADER], wanted) == wanted


def test_header_has_no_more():
    """The header has those names and no others; it is the one that the specification names."""
    guard = {"_UAPI_LINUX_MEMLAB_NETLINK_H"}
    assert set(re.findall(r"\b_*(?:UAPI_LINUX_)?MEMLAB_\w+", CODE)) == set(family_names()) | guard
    enums = re.findall(r"\benum (\w+)", CODE)
    assert enums == [c_name("memlab", one.name).lower()
                     for one in MEMLAB.definitions.values() if not one.header]
    assert MEMLAB.told["uapi-header"] == HEADER


def ioctl_names():
    """Names of the ioctls' header that definitions stand for, and their values."""
    for one in MEMLAB.definitions.values():
        if one.header:
            assert one.header == "linux/memlab.h"
            yield one.name, {c_name("memlab", one.name, name): number
                             for name, number in one.numbers.items()}


def test_ioctl_header(tmp_path):
    """Definitions that are in linux/memlab.h have the values that they have there."""
    wanted = {name: value for _, names in ioctl_names() for name, value in names.items()}
    assert values(tmp_path, ["linux/memlab.h"], wanted) == wanted


@pytest.mark.parametrize("definition, wanted", ioctl_names())
def test_ioctl_numbers(definition, wanted):
    """They are all that there are, and abi.py knows them, too."""
    prefix = c_name("memlab", definition, "")
    assert wanted == {name: value for name, value in abi.CONSTANTS.items()
                      if name.startswith(prefix) and name != "MEMLAB_CACHE_MAX_BYTES"}


def test_controller_numbers(tmp_path):
    """nlctrl.yaml, which the tests rely on, agrees with linux/genetlink.h and linux/netlink.h."""
    known = {"CTRL_CMD_GETFAMILY": 3, "CTRL_CMD_NEWFAMILY": 1, "CTRL_CMD_GETPOLICY": 10,
             "GENL_ID_CTRL": 16}
    for which, numbers in CONTROLLER.numbers.items():
        known |= {c_name(CONTROLLER_NAMES[which], name): number
                  for name, number in numbers.items()}
    known |= {c_name("NL_ATTR_TYPE", name): number
              for name, number in CONTROLLER.definitions["type"].numbers.items()}
    known |= {c_name("GENL", name): number
              for name, number in CONTROLLER.definitions["op-flags"].numbers.items()}
    # the headers of this computer may be older than sint and uint
    newer = {"NL_ATTR_TYPE_SINT", "NL_ATTR_TYPE_UINT"}
    assert values(tmp_path, ["linux/genetlink.h", "linux/netlink.h"], set(known) - newer) == {
        name: number for name, number in known.items() if name not in newer}
