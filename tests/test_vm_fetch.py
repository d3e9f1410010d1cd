# SPDX-License-Identifier: GPL-2.0
"""`vm/fetch`: kernels in the cache, and where they are."""

import subprocess
from pathlib import Path

from vm_help import FETCH


def test_fetch_prints(tmp_path):
    def ask(what):
        return subprocess.run([FETCH, "stable", "--print", what], check=True, cwd=tmp_path,
                              capture_output=True, text=True).stdout.strip()
    assert ask("release") in ask("vmlinuz")
    assert Path(ask("dir")).is_dir()
    assert (Path(ask("headers")) / ".config").is_file()


def test_fetch_unknown():
    result = subprocess.run([FETCH, "no-such"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "stable" in result.stderr
