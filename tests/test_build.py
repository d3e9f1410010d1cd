# SPDX-License-Identifier: GPL-2.0
"""Building and installing, on computers that lack something, and in folders with odd names.

make sees only the programs that a test gives it; some of these are scripts that stand in for
what would change this computer. The kernel that modules are built for is a Makefile.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from vm import kernels

ROOT = Path(__file__).resolve().parents[1]
# What building and installing needs, beside make, a compiler and pkg-config.
USUAL = """
    awk basename cat chmod cksum cmp cp cut date dirname echo env expr false find flock getconf
    grep head id install ln ls mkdir mktemp mv nproc printf pwd readlink realpath rm rmdir sed sh
    sleep sort strip test touch tr true uname wc xargs""".split()
BUILDING = ("make", "cc", "gcc", "ar", "as", "ld", "pkg-config")
RELEASE = "1.2.3-test"
RUNNING = "1.2.4-running"
# Stands in for a compiler: writes an empty file.
COMPILER = """
while [ $# -gt 0 ]; do
    [ "$1" != -o ] || { : >"$2"; chmod +x "$2"; }
    shift
done
"""
KERNEL = """
ifneq ($(words $(subst :, ,$(M))),1)
$(error M holds a blank or a colon)
endif
modules: ; @echo 'jobs: $(MAKEFLAGS)' >$(M)/jobs && cp @HERE@/built.ko $(M)/memlab.ko
"""
MODULE = """
static const char types[] __attribute__((section(".BTF"), used)) = "types";
int memlab(int argument) { return argument + 1; }
"""


class Computer:
    """A PATH of chosen programs, and make in a source tree."""

    def __init__(self, folder, source):
        self.bin, self.source = folder / "bin", source
        self.log = folder / "log"
        self.bin.mkdir()
        self.variables = {"OS_RELEASE": "/dev/null", "XDG_CACHE_HOME": str(folder / "cache"),
                          "SBIN": ""}
        self.has(*USUAL, *BUILDING)
        self.script("uname", f'[ "$1" != -m ] || {{ echo x86_64; exit; }}; echo {RUNNING}')

    def has(self, *names):
        """Gives it programs of this computer."""
        for name in names:
            path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            if path:
                (self.bin / name).symlink_to(path)

    def lacks(self, *names):
        """Takes programs away."""
        for name in names:
            (self.bin / name).unlink()

    def script(self, name, text="", logged=False):
        """Gives it a program that is a script."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        log = f'echo "{name} $*" >>"{self.log}"\n' if logged else ""
        path.write_text(f"#!/bin/sh\n{log}{text}\n", "ascii")
        path.chmod(0o755)

    def logged(self):
        """The calls of scripts that are logged."""
        return self.log.read_text("ascii").splitlines() if self.log.exists() else []

    def run(self, *command, umask=0o022, cwd=None, **variables):
        """Runs a command without a terminal; its output is in stdout."""
        environment = {"HOME": "/nonexistent", "LC_ALL": "C", **self.variables, **variables,
                       "PATH": str(self.bin)}
        return subprocess.run([*map(str, command)], env=environment, cwd=cwd or self.source,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True, check=False,
                              preexec_fn=lambda: os.umask(umask))

    def make(self, *arguments, **options):
        """Runs make."""
        return self.run(self.bin / "make", *arguments, **options)

    def succeeds(self, *arguments, **options):
        """Runs make, which must succeed; what it printed."""
        done = self.make(*arguments, **options)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fails(self, *arguments, **options):
        """Runs make, which must fail; what it printed."""
        done = self.make(*arguments, **options)
        assert done.returncode not in (0, 126, 127), done.stdout
        return done.stdout


def listed(folder):
    """Everything below a folder, with when it was changed."""
    return {path.relative_to(folder): path.lstat().st_mtime_ns for path in folder.rglob("*")}


def modes(folder):
    """{path: mode} of all files and folders below one."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
            for path in folder.rglob("*")}


def copy(folder):
    """A copy of the sources."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(
        "build", ".git", "__pycache__", ".pytest_cache"))
    return folder


@pytest.fixture(scope="module", name="blank")
def _blank(tmp_path_factory):
    """A folder with a blank in its name."""
    folder = tmp_path_factory.mktemp("build") / "a b"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module", name="source")
def _source(blank):
    """The sources below that folder, which nobody but root can write to."""
    source = copy(blank / "memlab")
    subprocess.run(["chmod", "-R", "a-w", source], check=True)
    before = listed(source)
    yield source
    assert listed(source) == before
    subprocess.run(["chmod", "-R", "u+w", source], check=True)


@pytest.fixture(name="computer")
def _computer(tmp_path, source):
    """A computer that can build, without apt, sudo or Python."""
    return Computer(tmp_path, source)


@pytest.fixture(scope="module", name="built")
def _built(blank, source, tmp_path_factory):
    """A folder in which the tool was built."""
    computer = Computer(tmp_path_factory.mktemp("builder"), source)
    said = computer.succeeds("tools", "BUILD=../with blank", "CFLAGS=-O0")
    build = blank / "with blank"
    assert said.splitlines() == [f"tools: {source}/../with blank/tools/memlab"]
    return build


@pytest.fixture(scope="module", name="kernel")
def _kernel(tmp_path_factory):
    """A kernel's build tree; its modules have debug information and types."""
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "include/generated").mkdir(parents=True)
    (folder / "include/generated/utsrelease.h").write_text(
        f'#define UTS_RELEASE "{RELEASE}"\n', "ascii")
    subprocess.run(["cc", "-g", "-xc", "-c", "-o", folder / "built.ko", "-"], input=MODULE,
                   text=True, check=True)
    (folder / "Makefile").write_text(KERNEL.replace("@HERE@", str(folder)), "ascii")
    return folder


# Where the sources are, and where BUILD

def test_tools_in_folders_with_blanks(computer, built):
    """The tool runs; building again does nothing, and the sources stay as they are."""
    tool = built / "tools/memlab"
    assert subprocess.run([tool, "version"], check=True, capture_output=True).stdout
    when = tool.stat().st_mtime_ns
    computer.succeeds("tools", f"BUILD={built}", "CFLAGS=-O0")
    assert tool.stat().st_mtime_ns == when


def test_module_in_folders_with_blanks(computer, kernel, tmp_path):
    """Kbuild, which takes no blanks, works in the user's cache; make clean removes that."""
    build = tmp_path / "my build"
    said = computer.succeeds("module", f"BUILD={build}", f"KDIR={kernel}")
    assert (build / f"module/{RELEASE}/driver/memlab.ko").exists()
    assert said.splitlines() == [f"module: {build}/module/{RELEASE}/driver/memlab.ko"]
    assert list((tmp_path / "cache").rglob("memlab.ko"))
    computer.succeeds("-s", "clean", f"BUILD={build}", cwd=copy(tmp_path / "a copy"))
    assert not build.exists() and not list((tmp_path / "cache").rglob("memlab.ko"))


def test_module_without_a_folder_for_it(computer, kernel, tmp_path):
    """Where the cache has a blank in its name, too, make says so."""
    said = computer.fails("module", f"BUILD={tmp_path}/my build", f"KDIR={kernel}",
                          XDG_CACHE_HOME=f"{tmp_path}/my cache")
    assert f"cannot build the module: {tmp_path}/my cache" in said and "blanks" in said
    assert not (tmp_path / "my cache").exists()


def test_build_inside_the_sources(computer, kernel, tmp_path):
    """Without BUILD it is build/, also where the path of the sources has a blank."""
    source = copy(tmp_path / "c d" / "memlab")
    computer.script("cc", COMPILER)
    computer.succeeds("tools", "guest", "module", f"KDIR={kernel}", cwd=source)
    for name in ("tools/memlab", "guest/bin/proxy32", f"module/{RELEASE}/driver/memlab.ko"):
        assert (source / "build" / name).exists(), name
    assert listed(source).keys() - listed(ROOT).keys() <= {
        path for path in listed(source) if path.parts[0] == "build"}


def test_module_beside_the_sources(computer, kernel, tmp_path):
    """Kbuild works in BUILD where it can."""
    computer.succeeds("module", f"BUILD={tmp_path}/out", f"KDIR={kernel}")
    assert (tmp_path / f"out/module/{RELEASE}/driver/jobs").exists()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("variable, why", [
    ("BUILD=/tmp/o'brien", "holds an apostrophe"), ("DESTDIR=/tmp/a$$b", "a dollar sign"),
    ("PREFIX=/opt/my tools", "must not hold blanks")])
def test_paths_that_make_cannot_quote(computer, tmp_path, variable, why):
    """They are refused; nothing is built, installed or removed elsewhere."""
    for goal in ("tools", "install", "uninstall"):
        said = computer.fails(goal, f"BUILD={tmp_path}/out", variable)
        assert why in said
    assert not (tmp_path / "out/tools/memlab").exists()


def test_folder_that_cannot_be_made(computer, kernel):
    said = computer.fails("module", "BUILD=/proc/nowhere", f"KDIR={kernel}")
    assert "cannot build in /proc/nowhere" in said and "BUILD=DIR" in said


@pytest.mark.parametrize("given, jobs", [((), "-j3"), (("-j2",), "-j2")], ids=str)
def test_jobs(computer, kernel, tmp_path, given, jobs):
    """All processors build, unless make gets a number."""
    computer.script("nproc", "echo 3")
    computer.succeeds(*given, "module", f"BUILD={tmp_path}/out", f"KDIR={kernel}")
    flags = (tmp_path / f"out/module/{RELEASE}/driver/jobs").read_text("ascii")
    assert jobs in flags.split()


@pytest.mark.parametrize("given, wanted", [((), []), (("KERNEL=6.12",), ["--kernel", "'6.12'"])],
                         ids=str)
def test_kernel_of_the_machine(computer, given, wanted):
    """The harness chooses it where make has no KERNEL."""
    said = computer.succeeds("-n", "demo", *given)
    assert re.search(r"tests/demo\.py(.*)", said)[1].split() == wanted


def test_caches_of_python(computer, source, tmp_path):
    """Those of Python and pytest are in BUILD."""
    computer.script("dpkg-query", 'shift 3; for name; do echo "$name installed"; done')
    computer.script("apt-get")
    before = listed(source)
    computer.make("scale", f"BUILD={tmp_path}/out", f"PYTHON={sys.executable}",
                  "PYTEST=-k no_such_test")
    assert listed(source) == before
    assert list((tmp_path / "out/pycache").rglob("test_scale.*.pyc"))
    assert (tmp_path / "out/.pytest_cache").exists()


def test_payload_of_a_cautious_user(computer, kernel, source, tmp_path):
    """What the guest's users need is readable to all, and make does not warn of jobs."""
    computer.script("cc", COMPILER)
    done = computer.run("tests/payload", "some", RELEASE, kernel, tmp_path / "dest", umask=0o077,
                        BUILD=str(tmp_path / "out"), MAKEFLAGS=" -j2 --jobserver-auth=3,4")
    assert done.returncode == 0, done.stdout
    assert "jobserver" not in done.stdout
    assert source.exists()
    found = modes(tmp_path / "dest")
    assert found["usr/bin/memlab"] == 0o755 and found["usr/bin/proxy"] == 0o755
    assert not [name for name, mode in found.items() if not mode & 0o044]


# What is missing

def test_module_without_headers(computer, built, tmp_path):
    """make builds the tool, says what the module needs, and fails."""
    arguments = (f"BUILD={built}", "CFLAGS=-O0", f"MODULESDIR={tmp_path}/none")
    said = computer.fails(*arguments)
    assert said.startswith(f"tools: {built}/tools/memlab\n")
    assert f"memlab: cannot build the module: missing headers of the running kernel, {RUNNING}" \
        in said
    for package in (f"linux-headers-{RUNNING}", f"kernel-devel-{RUNNING}",
                    "pacman -S linux-headers"):
        assert package in said
    assert said.count("\n") <= 7
    assert "tools:" not in computer.fails("module", *arguments)


@pytest.mark.parametrize("kdir, why", [
    ("none", "no build tree of a kernel"), ("a b", "no modules in a path with blanks"),
    ("raw", "not prepared")], ids=lambda value: value)
def test_wrong_build_tree(computer, tmp_path, kdir, why):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/Makefile").touch()
    said = computer.fails("module", f"BUILD={tmp_path}/out", f"KDIR={tmp_path}/{kdir}")
    assert f"KDIR={tmp_path}/{kdir}: " in said and why in said


def test_install_module_without_headers(computer, kernel, tmp_path):
    """Nothing is installed for a kernel that does not run, such as the virtual machine's."""
    home = tmp_path / "vm/kernels" / kernels.find().name
    (home / f"{RELEASE}_1/usr/src").mkdir(parents=True)
    (home / f"{RELEASE}_1/usr/src/linux-headers-{RELEASE}").symlink_to(kernel)
    (home / "current").symlink_to(f"{RELEASE}_1")
    computer.fails("install-module", f"BUILD={tmp_path}/out", f"MODULESDIR={tmp_path}/none",
                   f"DESTDIR={tmp_path}/stage", VM_CACHE=str(tmp_path / "vm"))
    assert not (tmp_path / "stage").exists()


@pytest.mark.parametrize("release, first", [
    ("ID=ubuntu\nID_LIKE=debian", "Debian"), ("ID=arch", "Arch"), ("ID=other", "Debian"),
    ('ID="rocky"\nID_LIKE="rhel centos fedora"', "Fedora")], ids=lambda value: value.split("\n")[0])
def test_missing_programs(computer, tmp_path, release, first):
    """All are named at once, with this distribution's packages first."""
    (tmp_path / "os-release").write_text(release, "ascii")
    computer.lacks("cc", "pkg-config", "ar")
    said = computer.fails("tools", f"BUILD={tmp_path}/out",
                          OS_RELEASE=str(tmp_path / "os-release"))
    lines = said.splitlines()
    assert "missing a C compiler (cc), ar, pkg-config" in lines[0]
    assert lines[1].split()[0].rstrip(",:") == first
    assert {line.split(":  ")[1].strip() for line in lines[1:4]} >= {
        "apt install gcc binutils pkg-config", "dnf install gcc binutils pkgconf-pkg-config",
        "pacman -S gcc binutils pkgconf"}


def test_missing_libraries(computer, tmp_path):
    """They are asked for by pkg-config, not by package."""
    said = computer.fails("tools", f"BUILD={tmp_path}/out", PKG_CONFIG_LIBDIR=str(tmp_path))
    assert "library json-c, library smartcols, library libnl, library libnl-genl" in said
    assert "json-c-devel libsmartcols-devel libnl3-devel\n" in said
    assert not (tmp_path / "out").exists()


def test_machine_without_apt(computer):
    """What boots a virtual machine says what works without apt."""
    said = computer.fails("demo")
    assert "'make demo' needs Debian's apt" in said and "make tools" in said
    assert said.count("\n") == 2


# Packages

PACKAGE = "E: Unable to locate package qemu-system-x86"
LOCKED = ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4242"
          " (unattended-upgr)")
REMOVE = "E: Packages need to be removed but remove is disabled."
OFFLINE = "E: Failed to fetch a.deb  Temporary failure resolving 'mirror'"


@pytest.fixture(name="with_apt")
def _with_apt(computer):
    """A Debian computer on which no package is installed; root works there."""
    computer.script("dpkg-query", "exit 1")
    computer.script("apt-cache", "exit 1")
    computer.script("apt-get", logged=True)
    computer.script("id", "echo 0")
    return computer


def packages(call):
    """Those that a call of apt-get installs."""
    words = call.split()
    return set(words[words.index("--no-install-recommends") + 1:])


def test_setup_for_a_task(with_apt):
    """Only what that task needs; everything by default."""
    with_apt.succeeds("setup", "FOR=demo")
    with_apt.succeeds("setup")
    demo, everything = [packages(call) for call in with_apt.logged() if " install " in call]
    assert "qemu-system-x86" in demo and not demo & {"shellcheck", "python3-pytest", "flex"}
    assert everything > demo | {"shellcheck", "python3-pytest", "flex", "qemu-system-arm"}


def test_setup_installs_nothing_twice(with_apt):
    with_apt.script("dpkg-query", 'shift 3; for name; do echo "$name installed"; done')
    said = with_apt.succeeds("setup", "FOR=check")
    assert said == "setup: the packages for check are installed\n"
    assert not with_apt.logged()


def test_setup_for_the_module(with_apt):
    """Headers of the running kernel are asked for; by default only if there is such a package."""
    with_apt.succeeds("setup", "FOR=module")
    with_apt.script("apt-cache", "[ $# = 2 ]")
    with_apt.succeeds("setup")
    with_headers = [packages(call) for call in with_apt.logged() if " install " in call]
    assert all(f"linux-headers-{RUNNING}" in names for names in with_headers)
    assert "qemu-system-x86" not in with_headers[0]


def test_setup_waits_for_apt(with_apt, tmp_path):
    """Another program has the lock for a while."""
    with_apt.script("apt-get", f'cd "{tmp_path}"; echo >>tries; [ "$(wc -l <tries)" -gt 2 ] ||'
                    f' {{ echo "{LOCKED}"; exit 100; }}')
    said = with_apt.succeeds("setup", "FOR=demo", SETUP_WAIT="10")
    assert "held by process 4242" in said and "waiting for it, 10 s at most" in said
    assert said.count("waiting") == 1


NOT_ROOT = {"id": "echo 1000"}


def failing(text, before=""):
    """A script that prints a text and fails."""
    return f'{before}\necho "{text}"; exit 100'


@pytest.mark.parametrize("scripts, why", [
    ({"apt-get": failing(LOCKED)}, "apt is still locked after 1 s"),
    ({"apt-get": failing(OFFLINE)}, "apt cannot reach its mirror"),
    ({"apt-get": failing(PACKAGE, f'[ "$4" != update ] || {{ echo "W: {OFFLINE}"; exit 0; }}')},
     "apt cannot reach its mirror"),
    ({"apt-get": failing(PACKAGE)}, "apt-get failed"),
    ({"apt-get": failing(REMOVE, 'case " $* " in *" --no-remove "*) ;; *) exit 0 ;; esac')},
     "that would remove packages that are installed"),
    (NOT_ROOT, "not root, and no sudo here"),
    ({**NOT_ROOT, "sudo": "exit 1"}, "sudo asks for a password, and there is no terminal"),
    ({**NOT_ROOT, "sudo": failing("sudo: a password is required", '[ "$2" != true ] || exit 0')},
     "sudo does not allow it"),
], ids=["locked", "offline", "without-lists", "no-package", "remove", "no-sudo",
        "password", "refused"])
def test_setup_that_cannot(with_apt, scripts, why):
    """The reason, and a line for an administrator to copy."""
    for name, text in scripts.items():
        with_apt.script(name, text)
    said = with_apt.fails("setup", "FOR=demo", SETUP_WAIT="1")
    assert f"setup: cannot install packages: {why}" in said
    line, = re.findall(r"^apt-get update && (apt-get install .*)$", said, re.MULTILINE)
    assert "qemu-system-x86" in packages(line)


def test_other_processor(with_apt):
    """What boots a virtual machine says at once that its packages are not to be had there."""
    with_apt.script("uname", f'[ "$1" != -m ] || {{ echo aarch64; exit; }}; echo {RUNNING}')
    said = with_apt.fails("demo")
    assert "'make demo' needs an x86-64 computer, and this is aarch64" in said
    assert not with_apt.logged()
    with_apt.succeeds("setup", "FOR=module")


def test_setup_with_sudo(with_apt):
    """sudo that needs no password works without a terminal."""
    with_apt.script("id", NOT_ROOT["id"])
    with_apt.script("sudo", '[ "$1" = -n ] || exit 1; shift; exec "$@"', logged=True)
    with_apt.succeeds("setup", "FOR=demo")
    assert [call.split()[0] for call in with_apt.logged()] == [
        "sudo", "sudo", "apt-get", "sudo", "apt-get"]


# Installing

def test_install(computer, built, tmp_path):
    """Everybody can read what a cautious root installs, and uninstall removes it."""
    stage = tmp_path / "the stage"
    arguments = (f"BUILD={built}", "CFLAGS=-O0", f"DESTDIR={stage}", "PREFIX=/opt/x")
    computer.succeeds("install", *arguments, umask=0o077)
    found = modes(stage)
    assert {"opt/x/bin/memlab", "opt/x/lib/libmemlab.so", "opt/x/include/linux/memlab.h",
            "opt/x/share/man/man3/libmemlab.3"} <= found.keys()
    for name, mode in found.items():
        wanted = 0o755 if (stage / name).is_dir() or ".so" in name or "/bin/" in name else 0o644
        assert mode == wanted, name
    computer.succeeds("uninstall", *arguments)
    assert not [path for path in stage.rglob("*") if not path.is_dir()]


def test_install_into_a_relative_folder(computer, built, blank):
    """DESTDIR is relative to where make runs."""
    computer.succeeds("install", f"BUILD={built}", "CFLAGS=-O0", "DESTDIR=../stage")
    assert (blank / "stage/usr/local/bin/memlab").exists()


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_ldconfig(computer, built, tmp_path, known):
    """Its cache is updated; where it does not look, make says what to do."""
    library = f"{tmp_path}/lib/libmemlab.so.0"
    computer.script("ldconfig", f'[ "$1" != -p ] || echo "	libmemlab.so.0 (libc6,x86-64) =>'
                    f' {library if known else "/nowhere"}"', logged=True)
    said = computer.succeeds("install", f"BUILD={built}", "CFLAGS=-O0", f"PREFIX={tmp_path}")
    assert computer.logged() == ["ldconfig ", "ldconfig -p"]
    assert ("the loader does not look for libraries in" in said) != known
    assert known or f"echo {tmp_path}/lib >/etc/ld.so.conf.d/memlab.conf && ldconfig" in said


@pytest.fixture(name="places")
def _places(computer, kernel, tmp_path):
    """Variables that put a module below a folder of the test."""
    computer.script("depmod", logged=True)
    computer.script("lsmod", "echo 'ext4 1 1'")
    computer.script("getent", "exit 2")
    return (f"BUILD={tmp_path}/out", f"KDIR={kernel}", f"MODULESDIR={tmp_path}/modules",
            f"UDEVRULESDIR={tmp_path}/rules", f"SYSUSERSDIR={tmp_path}/sysusers")


def sections(path):
    """Names of an object's sections."""
    shown = subprocess.run(["readelf", "-SW", path], check=True, capture_output=True, text=True)
    return set(re.findall(r"\] (\.\S+)", shown.stdout))


@pytest.mark.parametrize("option, debug", [
    ((), False), (("INSTALL_MOD_STRIP=0",), True),
    (("INSTALL_MOD_STRIP=-g -R .comment",), False)], ids=str)
def test_strip(computer, places, tmp_path, option, debug):
    """A module is installed without debug information, and with its types, for all to read."""
    computer.succeeds("install-module", *places, *option, f"DESTDIR={tmp_path}/stage", umask=0o077)
    stage = tmp_path / "stage"
    installed, = stage.rglob(f"{RELEASE}/extra/memlab.ko")
    found = sections(installed)
    assert (".debug_info" in found) == debug and ".BTF" in found
    assert (".comment" in found) == (not option or debug)
    for name, mode in modes(stage).items():
        assert mode == (0o755 if (stage / name).is_dir() else 0o644), name
    assert not computer.logged()


def test_files_of_depmod(computer, places):
    """They are for all to read, whatever the umask of root is."""
    computer.script("depmod", "umask", logged=True)
    said = computer.succeeds("install-module", *places, umask=0o077)
    assert "0022\n" in said and computer.logged()


def test_module_that_strip_cannot_read(computer, places, tmp_path):
    """A module of another architecture is installed as it is, and make says so."""
    said = computer.succeeds("install-module", *places, "STRIP=false", f"DESTDIR={tmp_path}/stage")
    assert "false failed: installing the module with its debug information" in said
    assert list((tmp_path / "stage").rglob("memlab.ko"))


@pytest.mark.parametrize("running", [RUNNING, RELEASE])
def test_module_for_another_kernel(computer, places, running):
    """make says when the running kernel cannot load it."""
    computer.script("uname", f"echo {running}")
    computer.script("systemd-sysusers")
    said = computer.succeeds("install-module", *places)
    assert (f"Linux {running}, which is running, cannot load it" in said) == (running == RUNNING)
    assert computer.logged() == [f"depmod {RELEASE}"]


@pytest.mark.parametrize("program, call", [
    ("systemd-sysusers", "systemd-sysusers {}/sysusers/memlab.conf"),
    ("groupadd", "groupadd --system memlab"), ("addgroup", "addgroup -S memlab"), (None, None)])
def test_group(computer, places, tmp_path, program, call):
    """It is made by what there is; else make says that it is missing."""
    if program:
        computer.script(program, logged=True)
    said = computer.succeeds("install-module", *places)
    assert computer.logged()[1:] == ([call.format(tmp_path)] if call else [])
    assert ("cannot create group memlab" in said) == (call is None)


def test_group_that_exists(computer, places):
    computer.script("getent")
    computer.script("groupadd", logged=True)
    assert "group memlab" not in computer.succeeds("install-module", *places)
    assert computer.logged() == [f"depmod {RELEASE}"]


def test_uninstall_module(computer, places, tmp_path):
    """The modules of all kernels go, without headers; what others installed stays."""
    computer.script("groupadd")
    computer.script("lsmod", "echo 'memlab 1 1'")
    computer.succeeds("install-module", *places)
    older = tmp_path / "modules/1.0.0-old"
    (older / "extra").mkdir(parents=True)
    (older / "extra/memlab.ko").touch()
    (older / "kernel").mkdir()
    other = tmp_path / "modules/1.1.0-dkms/updates/dkms/memlab.ko.xz"
    other.parent.mkdir(parents=True)
    other.touch()
    computer.log.unlink()
    said = computer.succeeds("uninstall-module", *places, "KDIR=/nonexistent")
    left = [path for path in tmp_path.glob("[mrs]*/**/*") if path.is_file()]
    assert left == [other]
    for path in (f"modules/{RELEASE}/extra/memlab.ko", "modules/1.0.0-old/extra/memlab.ko",
                 "rules/60-memlab.rules", "sysusers/memlab.conf"):
        assert f"module: removed {tmp_path}/{path}\n" in said
    assert f"left {other}" in said and "the module is still loaded" in said
    # Nothing but the module was there of the newer kernel.
    assert computer.logged() == ["depmod 1.0.0-old"]
