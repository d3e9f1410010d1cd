# SPDX-License-Identifier: GPL-2.0
"""`vm/fetch`: kernels in the cache, and where they are."""

import contextlib
import errno
import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vm import apt, cache, debian, kernels
from vm_help import FETCH, VM, need_mounts


def test_fetch_prints(tmp_path):
    def ask(what):
        return subprocess.run([FETCH, "6.1", "--print", what], check=True, cwd=tmp_path,
                              capture_output=True, text=True).stdout.strip()
    assert ask("release") in ask("vmlinuz")
    assert Path(ask("dir")).is_dir()
    assert (Path(ask("headers")) / ".config").is_file()


def test_fetch_unknown():
    result = subprocess.run([FETCH, "no-such"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "6.1" in result.stderr


def test_fetch_without_network(tmp_path):
    """It says that the mirror cannot be asked; what is in the cache is served all the same."""
    subprocess.run([FETCH, "6.1"], check=True, capture_output=True)
    nowhere = "http://127.0.0.1:9"
    offline = {**os.environ, "http_proxy": nowhere, "https_proxy": nowhere}
    assert subprocess.run([FETCH, "6.1"], env=offline, check=True, capture_output=True).stdout
    empty = subprocess.run([FETCH, "6.1"], env={**offline, "VM_CACHE": str(tmp_path)},
                           capture_output=True, text=True, check=False)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "mirror" in empty.stderr and "Traceback" not in empty.stderr


@pytest.fixture(name="tiny")
def _tiny(tmp_path, monkeypatch):
    """A cache whose only kernel is made of a few bytes; the list of times that it was made."""
    monkeypatch.setenv("VM_CACHE", str(tmp_path))
    made = []

    def update(source, home, _refresh):
        # pylint: disable-next=protected-access
        directory = home / f"6.1.0-1_6.1.1_{debian._key(source)}"
        assert not directory.exists()
        kernel = kernels.Kernel(source, directory, "6.1.0-1")
        for file in ("Makefile", ".config", "Module.symvers"):
            write(kernel.headers / file)
        for file in (kernel.vmlinuz, kernel.modules / "modules.dep",
                     kernel.modules / "modules.builtin"):
            write(file)
        made.append(directory)
        return directory

    def write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("whole", "ascii")
    monkeypatch.setattr(debian, "_update", update)
    return made


def test_damaged_kernel(tiny, capsys):
    """A kernel that lost a file, or a part of one, is fetched again; a whole one is not."""
    source = kernels.find("6.1")
    for number, spoil in enumerate((
            lambda kernel: kernel.vmlinuz.write_bytes(b""),
            lambda kernel: (kernel.headers / "Module.symvers").unlink(),
            lambda kernel: (kernel.directory / "sizes.json").write_text("{", "ascii"),
            lambda kernel: (kernel.directory / "sizes.json").write_text("{}", "ascii"),
            lambda kernel: (kernel.directory / "sizes.json").write_text("[]", "ascii"),
            lambda kernel: shutil.rmtree(kernel.directory),
            lambda kernel: None), 1):
        kernel = debian.fetch(source)
        assert debian.fetch(source) == kernel
        assert kernel.vmlinuz.read_text("ascii") == "whole"
        assert len(tiny) == number
        spoil(kernel)
    assert capsys.readouterr().err.count("is damaged; making it again") == 5


def test_changed_recipe(tiny, monkeypatch):
    """Another version of the harness makes its own, and the old one goes when it is not used."""
    source = kernels.find("6.1")
    old = debian.fetch(source).directory
    for count, days in enumerate((0, cache.UNUSED_DAYS - 1, cache.UNUSED_DAYS + 1), 1):
        os.utime(old / "sizes.json", times=(time.time() - days * 86400,) * 2)
        monkeypatch.setattr(debian, "_RECIPE", ("kernels.toml",) * count)
        assert debian.fetch(source).directory != old
        assert len(tiny) == 1 + count
        assert old.exists() == (days < cache.UNUSED_DAYS)


def test_damaged_file(tmp_path, monkeypatch):
    """A file of the cache is made once for a key, and again when its contents changed."""
    monkeypatch.setenv("VM_CACHE", str(tmp_path))
    made = []

    def make(path):
        made.append(path)
        path.write_bytes(b"contents")
    first = cache.made("thing", "key", make)
    assert cache.made("thing", "key", make) == first and len(made) == 1
    assert cache.made("thing", "another", make) != first and len(made) == 2
    first.write_bytes(b"content")
    assert cache.made("thing", "key", make).read_bytes() == b"contents" and len(made) == 3


def test_initramfs_by_content(tmp_path):
    """Two checkouts share one base: it is named after what is in it, not after paths or times."""
    def name(tree):
        code = ("from vm import debian, initramfs, kernels;"
                "print(initramfs._base(debian.fetch(kernels.find())).name)")
        return subprocess.run([sys.executable, "-c", code], cwd=tree, check=True,
                              capture_output=True, text=True).stdout
    for copy in ("one", "two"):
        shutil.copytree(VM, tmp_path / copy / "vm", copy_function=shutil.copyfile)
    first = name(tmp_path / "one")
    assert name(tmp_path / "two") == first
    with open(tmp_path / "two/vm/init", "a", encoding="ascii") as file:
        file.write("# changed\n")
    assert name(tmp_path / "two") != first
    assert name(tmp_path / "one") == first


def test_cache_that_cannot_be_made():
    """An unusable cache folder is named, with the variable that chooses another one."""
    result = subprocess.run([FETCH, "6.1"], env={**os.environ, "VM_CACHE": "/proc/self/cache"},
                            capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "/proc/self/cache" in result.stderr and "set VM_CACHE" in result.stderr
    assert "Traceback" not in result.stderr


def test_full_disk(tmp_path):
    """A full disk is named with what is free on it, and nothing half-done stays."""
    need_mounts()
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c",
         f"mount -t tmpfs -o size=8M tmpfs {tmp_path} && {{ {FETCH} 6.1; status=$?;"
         f" find {tmp_path} -name '*.work'; exit $status; }}"],
        env={**os.environ, "VM_CACHE": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "MiB free" in result.stderr and "set VM_CACHE" in result.stderr
    assert "Traceback" not in result.stderr and "mirror" not in result.stderr


@pytest.mark.parametrize("said", ["E: write (28: No space left on device)", "E: Hash Sum mismatch"])
def test_failing_apt(tmp_path, monkeypatch, said):
    """A disk that fills is no mirror out of reach, nor is anything else; nothing is left behind."""
    monkeypatch.setenv("VM_CACHE", str(tmp_path))

    def fail(*_, what="", **__):
        raise cache.VmError(f"{what}: E: Failed to fetch http://a\n{said}\n"
                            "E: Some index files failed to download.")
    monkeypatch.setattr(apt.programs, "output", fail)
    monkeypatch.setattr(apt.State, "_configure", lambda *_: (tmp_path / "apt/a-b/lists").mkdir(
        parents=True))
    with pytest.raises(cache.VmError, match="Some index files failed") as failure:
        apt.State("a", "b")
    assert "mirror" not in str(failure.value)
    assert ("set VM_CACHE" in str(failure.value)) == ("28" in said)
    assert list(tmp_path.glob("apt/a-b/*")) == [tmp_path / "apt/a-b/lists"]


def test_failing_make(tmp_path, monkeypatch):
    """A disk that fills while a file is made leaves no part of it."""
    monkeypatch.setenv("VM_CACHE", str(tmp_path))

    def make(path):
        path.write_bytes(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(cache.NoRoom, match="set VM_CACHE"):
        cache.made("thing", "key", make)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_lock_is_announced(tmp_path, monkeypatch, capsys):
    """A process that waits for another one says so, and then goes on."""
    monkeypatch.setenv("VM_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "_PATIENCE_SECONDS", 0)
    with subprocess.Popen(["flock", tmp_path / "name.lock", "sh", "-c", "echo; read line"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.read(1)

        class End(io.StringIO):
            """Ends the other process once it was written to."""

            def write(self, text):
                other.stdin.close()
                return super().write(text)
        with contextlib.redirect_stderr(End()) as said, cache.lock("name"):
            assert other.wait(10) is not None
    assert "waiting for another process" in said.getvalue()
    with cache.lock("name"):
        pass
    assert not capsys.readouterr().err


def test_suites(monkeypatch):
    """The mirrors and keys of the host, the suites of another release; unstable has no parts."""
    monkeypatch.setattr(apt, "host_sources", lambda: [
        {"Types": "deb", "URIs": "http://a/debian", "Suites": "stable stable-updates",
         "Signed-By": "/k.gpg"},
        {"Types": "deb", "URIs": "http://a/security", "Suites": "stable-security"}])
    assert apt.sources("trixie") == (
        "Types: deb\nURIs: http://a/debian\nSuites: trixie trixie-updates\nComponents: main\n"
        "Signed-By: /k.gpg\n\n"
        "Types: deb\nURIs: http://a/security\nSuites: trixie-security\nComponents: main\n")
    assert apt.sources("sid", "arm64") == (
        "Types: deb\nURIs: http://a/debian\nSuites: sid\nComponents: main\n"
        "Architectures: arm64\nSigned-By: /k.gpg\n")


def test_mirror(monkeypatch):
    """A host that has no sources of Debian names a mirror."""
    monkeypatch.setattr(apt, "host_sources", lambda: [])
    monkeypatch.delenv("VM_MIRROR", raising=False)
    with pytest.raises(apt.VmError, match="set VM_MIRROR"):
        apt.sources("trixie")
    monkeypatch.setenv("VM_MIRROR", "http://a/debian")
    assert "URIs: http://a/debian\nSuites: trixie\n" in apt.sources("trixie")
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring" in apt.sources("trixie")


def test_default_kernel(monkeypatch):
    """The default is the kernel of the host's Debian; on another host it comes from elsewhere."""
    for release, name, suite, root in (("bookworm", "6.1", "bookworm", False),
                                       ("trixie", "6.12", "trixie", False),
                                       ("", "6.12", "trixie", True)):
        monkeypatch.setattr(kernels, "host_release", lambda release=release: release)
        source = kernels.find()
        assert (source.name, source.suite, source.build_root) == (name, suite, root)
        assert kernels.names()[0] == name
    monkeypatch.setattr(kernels, "host_release", lambda: "trixie")
    assert kernels.find("6.1").build_root and kernels.find("6.1").suite == "bookworm"


def test_sources():
    """Both formats of apt's sources are understood."""
    # pylint: disable=protected-access
    line, = apt._lines("# deb http://a x main\ndeb [arch=amd64 signed-by=/k] http://b sid main x\n")
    assert line == {"Types": "deb", "URIs": "http://b", "Suites": "sid", "Components": "main x",
                    "Signed-By": "/k"}
    one, two = apt._paragraphs("Types: deb\n# no\nSigned-By:\n key\n .\n\nTypes: deb-src\n")
    assert one == {"Types": "deb", "Signed-By": "\n key\n ."} and two == {"Types": "deb-src"}
