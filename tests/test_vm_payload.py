# SPDX-License-Identifier: GPL-2.0
"""The payload: the hook that makes it, and the modules that it loads."""

import shutil
import subprocess

import pytest

from vm import kernels
from vm_help import FETCH, VM
from vm_help import empty_fixture, vm_run_fixture  # noqa: F401 # pylint: disable=unused-import


# The hook

def make_hook(tmp_path, script):
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\nset -e\n{script}\n", encoding="ascii")
    hook.chmod(0o755)
    return ["--payload-hook", hook]


def test_hook(vm_run, tmp_path):
    """The tree is in the guest, and its programs find their libraries."""
    options = make_hook(tmp_path, """
        mkdir -p "$4/usr/bin"
        test -e "$3/Module.symvers"
        echo "$1 $2" > "$4/arguments"
        cp "$(command -v dpkg)" "$4/usr/bin/copy-of-dpkg" """)
    result = vm_run("sh", "-c", "cat /arguments; uname -r; copy-of-dpkg --version",
                    options=options, payload=False)
    assert result.returncode == 0, result.stderr
    arguments, release, version = result.stdout.decode().splitlines()[:3]
    assert arguments == f"{kernels.default()} {release}"
    assert "dpkg" in version


def test_failing_hook(vm_run, tmp_path):
    result = vm_run("true", options=make_hook(tmp_path, "echo the reason; exit 3"), payload=False)
    assert result.returncode == 125
    assert b"the reason" in result.stderr


def test_missing_hook(vm_run):
    result = vm_run("true", options=["--payload-hook", "/nonexistent"], payload=False)
    assert result.returncode == 125
    assert b"/nonexistent" in result.stderr


# Modules

@pytest.fixture(scope="module", name="module")
def _module(tmp_path_factory):
    """A module built with the headers in the cache, from another folder than theirs."""
    where = tmp_path_factory.mktemp("module")
    shutil.copy(VM / "trial.c", where)
    (where / "Kbuild").write_text("obj-m := trial.o\n", encoding="ascii")
    headers = subprocess.run([FETCH, "--print", "headers"], check=True, capture_output=True,
                             text=True).stdout.strip()
    # Without types for BPF: pahole, which writes them, need not be there.
    built = subprocess.run(["make", "-C", headers, f"M={where}", "W=1",
                            "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"], check=False,
                           capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert "warning:" not in built.stderr
    return where / "trial.ko"


@pytest.fixture(name="with_module")
def _with_module(module, tmp_path):
    def payload(act):
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "modules").write_text(
            f"# a comment\n\n/trial.ko act={act}\n", encoding="ascii")
        shutil.copy(module, tmp_path)
        return tmp_path
    return payload


def test_module_is_loaded_and_no_problem(vm_run, with_module):
    result = vm_run("lsmod", options=["--payload", with_module("nothing")], payload=False)
    assert result.returncode == 0, result.stderr
    assert b"trial" in result.stdout


def test_warning_while_the_module_loads(vm_run, with_module):
    result = vm_run("true", options=["--payload", with_module("warn")], payload=False)
    assert result.returncode == 125
    assert b"WARNING: CPU" in result.stderr and b"trial_init" in result.stderr


def test_oops_while_the_module_loads(vm_run, with_module):
    result = vm_run("true", options=["--payload", with_module("oops")], payload=False)
    assert result.returncode == 125
    assert b"NULL pointer dereference" in result.stderr and b"trial_init" in result.stderr


def test_module_that_does_not_load(vm_run, with_module):
    """The reason is shown, and a failing init runs only once."""
    result = vm_run("true", options=["--payload", with_module("fail")], payload=False)
    assert result.returncode == 125
    assert b"/trial.ko does not load" in result.stderr
    assert result.stderr.count(b"trial: fail") == 1
