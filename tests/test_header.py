# SPDX-License-Identifier: GPL-2.0
"""The uapi header: it compiles alone, and means the same to everyone."""

import re
import struct
import subprocess
from ctypes import sizeof
from pathlib import Path

import pytest

import abi

UAPI = Path(__file__).resolve().parents[1] / "uapi"
HEADER = UAPI / "linux" / "memlab.h"
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
TEXT = HEADER.read_text("ascii")
COMMENTS = re.findall(r"/\*\*\n(.*?)\*/", TEXT, re.DOTALL)


def compile_to(directory, source, compiler, *options):
    """Compiles a source text; returns the object file."""
    path, result = directory / "source.c", directory / "object.o"
    path.write_text(source)
    done = subprocess.run(
        [compiler, *WARNINGS, *options, f"-I{UAPI}", "-c", path, "-o", result],
        capture_output=True, text=True, check=False)
    assert not done.returncode and not done.stderr, done.stderr
    return result


@pytest.mark.parametrize("bits", ["-m64", "-m32"])
@pytest.mark.parametrize("compiler, language", [
    ("gcc", "-std=c99"), ("gcc", "-std=c11"), ("gcc", "-std=gnu17"),
    ("g++", "-std=c++11"), ("g++", "-std=c++17"),
])
def test_compiles_alone(tmp_path, compiler, language, bits):
    """Included first and twice, with nothing before it."""
    source = "#include <linux/memlab.h>\n#include <linux/memlab.h>\nint one;\n"
    kind = "c++" if compiler == "g++" else "c"
    compile_to(tmp_path, source, compiler, language, bits, "-x", kind)


def numbers(directory, bits, expressions):
    """What a C program of that width finds for expressions, without running it."""
    table = ",\n".join(f"(unsigned long long)({expression})" for expression in expressions)
    source = ("#include <linux/memlab.h>\n#include <stddef.h>\n"
              f'__attribute__((section(".table"))) const unsigned long long t[] = {{\n{table}\n}};')
    result = compile_to(directory, source, "gcc", bits)
    binary = directory / "table"
    subprocess.run(["objcopy", "-O", "binary", "-j", ".table", "--set-section-flags",
                    ".table=alloc", result, binary], check=True)
    return struct.unpack(f"<{len(expressions)}Q", binary.read_bytes())


@pytest.mark.parametrize("bits", ["-m64", "-m32"])
def test_structs(tmp_path, bits):
    """sizeof, offsetof and the size of every member equal those in abi.py."""
    wanted = {}
    for name, kind in abi.STRUCTS.items():
        wanted[f"sizeof(struct {name})"] = sizeof(kind)
        for member in abi.members(kind):
            wanted[f"offsetof(struct {name}, {member})"] = getattr(kind, member).offset
            wanted[f"sizeof(((struct {name} *)0)->{member})"] = getattr(kind, member).size
    found = dict(zip(wanted, numbers(tmp_path, bits, list(wanted))))
    assert found == wanted


@pytest.mark.parametrize("bits", ["-m64", "-m32"])
def test_constants(tmp_path, bits):
    """Every constant has the value that abi.py gives it."""
    found = dict(zip(abi.CONSTANTS, numbers(tmp_path, bits, list(abi.CONSTANTS))))
    assert found == abi.CONSTANTS


def members(name):
    """The members of a struct in the header, in order."""
    body = re.search(rf"^struct {name} {{\n(.*?)^}};", TEXT, re.DOTALL | re.MULTILINE)[1]
    return re.findall(r"(\w+)(?:\[\w+\])?;", body)


def test_nothing_forgotten():
    """abi.py knows every struct, member and constant of the header."""
    assert re.findall(r"^struct (\w+) {", TEXT, re.MULTILINE) == sorted(
        abi.STRUCTS, key=lambda name: TEXT.index(f"struct {name} {{"))
    for name, kind in abi.STRUCTS.items():
        assert members(name) == abi.members(kind)
    macros = re.findall(r"^#define (MEMLAB_\w+)\s", TEXT, re.MULTILINE)
    enumerators = re.findall(r"^\t(MEMLAB_\w+) = ", TEXT, re.MULTILINE)
    assert sorted(macros + enumerators) == sorted(abi.CONSTANTS)


@pytest.mark.parametrize("name", sorted(abi.STRUCTS))
def test_struct_alignment(name):
    """No padding: each member begins where the one before it ended."""
    kind, end = abi.STRUCTS[name], 0
    for member in abi.members(kind):
        field = getattr(kind, member)
        assert field.offset == end
        end += field.size
    assert end == sizeof(kind) and end % 8 == 0


def documented(title):
    """The names that a kernel-doc comment explains."""
    for comment in COMMENTS:
        if re.match(rf" \* {title} - \S", comment):
            return re.findall(r"^ \* @(\w+): \S", comment, re.MULTILINE)
    return None


@pytest.mark.parametrize("name", sorted(abi.STRUCTS))
def test_struct_documentation(name):
    """Kernel-doc explains exactly the members, in their order."""
    assert documented(f"struct {name}") == members(name)


@pytest.mark.parametrize("name", sorted(re.findall(r"^enum (\w+) {", TEXT, re.MULTILINE)))
def test_enum_documentation(name):
    """Kernel-doc explains exactly the enumerators."""
    body = re.search(rf"^enum {name} {{\n(.*?)^}};", TEXT, re.DOTALL | re.MULTILINE)[1]
    assert documented(f"enum {name}") == re.findall(r"^\t(\w+) =", body, re.MULTILINE)
