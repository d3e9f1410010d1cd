# SPDX-License-Identifier: GPL-2.0
"""`vm/fetch`: kernels in the cache, and where they are."""

import os
import subprocess
from pathlib import Path

from vm import apt
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


def test_fetch_without_network(tmp_path):
    """It says that the mirror cannot be asked; what is in the cache is served all the same."""
    subprocess.run([FETCH, "stable"], check=True, capture_output=True)
    nowhere = "http://127.0.0.1:9"
    offline = {**os.environ, "http_proxy": nowhere, "https_proxy": nowhere}
    assert subprocess.run([FETCH, "stable"], env=offline, check=True, capture_output=True).stdout
    empty = subprocess.run([FETCH, "stable"], env={**offline, "VM_CACHE": str(tmp_path)},
                           capture_output=True, text=True, check=False)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "mirror" in empty.stderr and "Traceback" not in empty.stderr


def test_sources():
    """Both formats of apt's sources are understood."""
    # pylint: disable=protected-access
    line, = apt._lines("# deb http://a x main\ndeb [arch=amd64 signed-by=/k] http://b sid main x\n")
    assert line == {"Types": "deb", "URIs": "http://b", "Suites": "sid", "Components": "main x",
                    "Signed-By": "/k"}
    one, two = apt._paragraphs("Types: deb\n# no\nSigned-By:\n key\n .\n\nTypes: deb-src\n")
    assert one == {"Types": "deb", "Signed-By": "\n key\n ."} and two == {"Types": "deb-src"}
