# SPDX-License-Identifier: GPL-2.0
"""libmemlab as its users meet it: installed, found by pkg-config, and at work."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import facts
from building import compiler, make, variables

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
EXAMPLES = sorted((ROOT / "Documentation" / "examples").glob("*.c"))
PAGE = ROOT / "Documentation" / "man" / "libmemlab.3"
PREFIX = "/opt/somewhere"
# What LIBMEMLAB_0.1 had when it came out: programs rely on it, so nothing joins or leaves.
FIRST_FUNCTIONS = 88


def make_tools(build, *arguments):
    """Runs make in tools/; compiles fast, as how fast the tool is does not matter here."""
    make(TOOLS, f"BUILD={build}", "CFLAGS=-O0", *arguments)


@pytest.fixture(scope="module", name="build")
def _build(tmp_path_factory):
    """A folder in which tools/ was built."""
    build = tmp_path_factory.mktemp("tools")
    make_tools(build)
    return build


@pytest.fixture(name="stage")
def _stage(build, tmp_path):
    """A folder into which it was installed."""
    make_tools(build, "install", f"DESTDIR={tmp_path}", f"PREFIX={PREFIX}")
    return tmp_path


def flags(stage, *arguments):
    """What pkg-config says there."""
    environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(stage),
                   "PKG_CONFIG_LIBDIR": f"{stage}{PREFIX}/lib/pkgconfig"}
    said = subprocess.run(["pkg-config", *arguments, "libmemlab"], check=True, env=environment,
                          capture_output=True, text=True)
    return said.stdout.split()


def files(stage):
    """What is installed, below the prefix."""
    base = Path(f"{stage}{PREFIX}")
    return {str(path.relative_to(base)) for path in base.rglob("*")
            if path.is_file() or path.is_symlink()}


def test_install_and_uninstall(build, stage):
    """The files that the README names are there, and go again."""
    found = files(stage)
    assert found >= {
        "bin/memlab", "lib/libmemlab.so", "lib/libmemlab.a", "lib/pkgconfig/libmemlab.pc",
        "include/libmemlab.h", "include/linux/memlab.h", "include/linux/memlab_netlink.h",
        "share/man/man1/memlab.1", "share/man/man3/libmemlab.3"}
    make_tools(build, "uninstall", f"DESTDIR={stage}", f"PREFIX={PREFIX}")
    assert not files(stage)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_compiles(stage, tmp_path, example):
    """By the line that it tells, against the shared library and nothing else of ours."""
    name = example.stem
    line = f"cc {name}.c -o {name} $(pkg-config --cflags --libs libmemlab)"
    assert f" * {line}\n" in example.read_text("ascii")
    program = tmp_path / name
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", example, "-o", program,
                    *flags(stage, "--cflags", "--libs")], check=True)
    needed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True)
    assert "[libmemlab.so.0]" in needed.stdout


@pytest.mark.parametrize("order", [("libmemlab.h", "linux/memlab.h"),
                                   ("linux/memlab.h", "libmemlab.h")], ids=str)
@pytest.mark.parametrize("words", [("gcc", "-std=c99", "-xc"), ("g++", "-std=c++11", "-xc++")],
                         ids=lambda words: words[0])
def test_headers_together(stage, words, order):
    """A program may use the library and the ioctls, in C and in C++."""
    source = "".join(f"#include <{header}>\n" for header in order)
    subprocess.run([*words, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
                    *flags(stage, "--cflags"), "-"], input=source, text=True, check=True)


def declared(stage):
    """The functions of the header."""
    header = Path(f"{stage}{PREFIX}/include/libmemlab.h").read_text("ascii")
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return set(re.findall(r"\b(memlab_\w+)\(", code))


def test_symbols(stage):
    """What the header declares is exported with a version, and nothing besides."""
    listed = subprocess.run(["nm", "-D", "--defined-only", f"{stage}{PREFIX}/lib/libmemlab.so"],
                            check=True, capture_output=True, text=True).stdout
    exported = [line.split()[-1] for line in listed.splitlines() if " T " in line]
    versions = dict(name.split("@@") for name in exported)
    assert len(versions) == len(exported)
    assert set(versions) == declared(stage)
    assert set(versions.values()) == {"LIBMEMLAB_0.1", "LIBMEMLAB_0.2", "LIBMEMLAB_0.3"}
    assert list(versions.values()).count("LIBMEMLAB_0.1") == FIRST_FUNCTIONS


def test_versions_inherit(stage):
    """The version of the file is the header's, and its symbols' are a chain."""
    library = Path(f"{stage}{PREFIX}/lib/libmemlab.so").resolve()
    header = Path(f"{stage}{PREFIX}/include/libmemlab.h").read_text("ascii")
    numbers = re.findall(r"^#define LIBMEMLAB_VERSION_\w+ (\d+)$", header, re.MULTILINE)
    assert library.name == f"libmemlab.so.{'.'.join(numbers)}"
    said = subprocess.run(["readelf", "-V", library], check=True, capture_output=True, text=True)
    assert re.search(r"Name: LIBMEMLAB_0\.3\n.*Parent 1: LIBMEMLAB_0\.2\n", said.stdout)


def test_man_page(stage):
    """Every function has a line of its own in the page, and the page knows no others."""
    page = PAGE.read_text("ascii")
    assert sorted(re.findall(r"^\.It Fn (\w+)$", page, re.MULTILINE)) == sorted(declared(stage))
    assert set(re.findall(r"\b(memlab_\w+)\(", page)) <= declared(stage)


@pytest.fixture(scope="module", name="archive")
def _archive(tmp_path_factory):
    """The library for programs that run in the target."""
    build = tmp_path_factory.mktemp("archive")
    make_tools(build, *map("=".join, variables().items()), "libmemlab.a")
    return build / "libmemlab.a"


@pytest.fixture(name="example")
def _example(target, archive, tmp_path):
    """Runs an example in the target: example(name) gives its lines."""
    def run(name):
        program, place = tmp_path / name, f"/tmp/{name}"
        subprocess.run([*compiler(), f"-I{TOOLS / 'lib'}",
                        ROOT / "Documentation/examples" / f"{name}.c", archive, "-o", program],
                       check=True)
        target.put(program.read_bytes(), place, mode=0o755)
        said = target.run([place])
        target.run(["rm", place])
        assert said.returncode == 0, said.stderr
        return said.stdout.decode().splitlines()
    return run


def test_hello(example):
    """Its extents add up to what it asked for."""
    first, *extents = example("hello")
    assert first.endswith('65536 bytes mapped: "hello, kernel memory"')
    lengths = [int(line.split()[-1]) for line in extents]
    assert sum(lengths) == 65536
    assert all(re.match(r"offset +\S+  physical +0x[0-9a-f]+  length \d+$", line)
               for line in extents)


def test_contexts(example):
    """Flags that allow sleeping get nowhere but in process context; the others everywhere."""
    said = {tuple(line.split()[:2]): line.split(maxsplit=2)[2] for line in example("contexts")}
    assert len(said) == 8
    for context, where in (("process", "in a task"), ("atomic", "in a task"),
                           ("softirq", "in a soft interrupt"), ("hardirq", "in a hard interrupt")):
        called = rf"kmalloc: preempt count (0|0x[0-9a-f]+), {where}, \d+ ns"
        assert re.fullmatch(called, said[context, "nowait"])
        if context == "process":
            assert re.fullmatch(called, said[context, "kernel"])
        else:
            assert said[context, "kernel"].startswith("refused: these GFP flags allow sleeping, ")


def test_grow(target, example):
    """Every size keeps all of the one before."""
    lines = [re.fullmatch(r" *(\d+) elements, +(\d+) bytes by krealloc_array, "
                          r"(moved|in place), (\d+) bytes kept", line)
             for line in example("grow")]
    assert all(lines)
    counts = [1 << shift for shift in range(1, 11)]
    assert [int(line[1]) for line in lines] == counts
    assert [int(line[2]) for line in lines] == [24 * count for count in counts]
    assert [int(line[4]) for line in lines] == [12 * count for count in counts]
    # elsewhere than on arm64, no class of kmalloc holds twice the bytes that it was chosen for
    least = facts.kmalloc_sizes(target)[0]
    assert [line[3] for line in lines] == ["moved" if 24 * count > least else "in place"
                                           for count in counts]


def test_objects(example):
    """Only the part for user space takes the write."""
    first, *writes = example("objects")
    assert re.fullmatch(r"\S+, made by kmem_cache_create_usercopy: 1 object of 192 bytes", first)
    assert writes == ["write at 0: Operation not supported", "write at 64: done"]
