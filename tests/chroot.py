# SPDX-License-Identifier: GPL-2.0
"""Minimal installations of Debian in a folder, and commands that run in them.

A command has its own mounts, processes, host name and, without network, its own
network. They end with the command, so nothing is left to unmount or to kill. The
root is changed by pivot_root: after chroot(2) the kernel refuses user namespaces.
"""

import contextlib
import datetime
import hashlib
import os
import re
import shutil
import signal
import subprocess
import textwrap
import time
from pathlib import Path

from vm import cache
from vm.apt import sources
from vm.errors import VmError

# The file system of a release, before anything of the product is installed.
PACKAGES = ("git", "make", "ca-certificates")
CODE_NAMES = {12: "bookworm", 13: "trixie"}
HOST_NAME = "fresh"

# The first process of a command's namespaces.
_ENTER = Path(__file__).with_name("chroot-enter")


class Chroot:
    """A root file system in a folder."""

    def __init__(self, root, archives):
        self.root = root
        self._archives = archives       # the host's folder of packages that were downloaded

    def remove(self):
        """Removes the folder; no command runs in it any more."""
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=True)

    def path(self, inside):
        """Where a path of the chroot is on the host."""
        return self.root / inside.lstrip("/")

    def user_id(self, user):
        """A user's number, which is the number of the user's group, too."""
        text = self.path("/etc/passwd").read_text("utf-8")
        return int(re.search(rf"^{user}:[^:]*:(\d+):", text, re.MULTILINE)[1])

    def run(self, user, command, log, *, directory="/", umask=0o022, kvm="hidden", offline=False,
            read_only="", timeout=600):
        """Runs a shell command, its output appended to `log`: its exit status, None if ended.

        kvm: "hidden"; "host": the host's; "dead": opens, but is no KVM; "closed": root's only.
        read_only: a folder of the chroot that cannot be written to.
        """
        options = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        if offline:
            options.append("--net")
        home = "/root" if user == "root" else f"/home/{user}"
        # As Debian's login has them: users lack the folders of administration.
        folders = ["/usr/local/bin", "/usr/bin", "/bin"]
        if user == "root":
            folders += ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        shell = 'umask "$1" && cd "$2" && eval "$3"'
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "unshare", *options,
             _ENTER, self.root, self._archives, kvm, "offline" * offline, read_only,
             "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--",
             "env", "-i", f"HOME={home}", f"USER={user}", f"LOGNAME={user}",
             f"PATH={':'.join(folders)}",
             "SHELL=/bin/sh", "TERM=dumb",
             "sh", "-c", shell, "sh", f"{umask:03o}", directory, command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


@contextlib.contextmanager
def installation(release, name):
    """A Chroot with a release's base system, for the time of the block."""
    archives = _folder("archives") / str(release)
    chroot = Chroot(_folder("roots") / name, archives)
    base = _base(release)
    # A killed process leaves it.
    chroot.remove()
    try:
        chroot.root.mkdir()
        _call("tar", "-xpf", base, "--numeric-owner", "-C", chroot.root)
        _configure(chroot)
        # apt's user may have another number in another release.
        partial = archives / "partial"
        partial.mkdir(parents=True, exist_ok=True)
        os.chown(partial, chroot.user_id("_apt"), 0)
        _prune(archives)
        yield chroot
    finally:
        chroot.remove()


def _configure(chroot):
    """What an installer asks for, a host name and the network."""
    # Nothing here has to survive a power cut.
    chroot.path("/etc/dpkg/dpkg.cfg.d/fresh").write_text("force-unsafe-io\n", "ascii")
    hosts = Path("/etc/hosts").read_text("utf-8")
    chroot.path("/etc/hostname").write_text(f"{HOST_NAME}\n", "ascii")
    chroot.path("/etc/hosts").write_text(f"127.0.1.1 {HOST_NAME}\n{hosts}", "utf-8")
    resolver = chroot.path("/etc/resolv.conf")
    resolver.unlink(missing_ok=True)
    resolver.write_bytes(Path("/etc/resolv.conf").read_bytes())
    for name in ("auth.conf", "auth.conf.d"):
        source, target = Path("/etc/apt", name), chroot.path(f"/etc/apt/{name}")
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, target)


def _end(process):
    """Ends the command and everything that it started."""
    if process.poll() is None:
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
            # Its end is that of all processes of its namespace, and unshare waits for it.
            for child in children.split():
                os.kill(int(child), signal.SIGKILL)
            process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            pass
    process.kill()
    process.wait()


def _folder(name):
    path = cache.directory() / "fresh" / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _prune(archives, days=30):
    """Removes packages that were downloaded long ago."""
    for path in archives.glob("*.deb"):
        if path.stat().st_ctime < time.time() - days * 86400:
            path.unlink()


def _base(release):
    """The file system of a release as an archive; a new one each week, where there is network."""
    with cache.lock(f"fresh-base-{release}"):
        return _cached_base(release)


def _cached_base(release):
    text, options = sources(CODE_NAMES[release]), _apt_options()
    week = datetime.date.today().strftime("%G-%V")
    digest = hashlib.sha256(repr((PACKAGES, text, options)).encode()).hexdigest()[:12]
    folder = _folder("bases")
    path = folder / f"{release}-{digest}-{week}.tar"
    older = sorted(folder.glob(f"{release}-{digest}-*.tar"))
    if path.exists():
        return path
    try:
        with cache.replacing(path) as temporary:
            _bootstrap(release, text, options, temporary)
    except VmError:
        if older:
            return older[-1]
        raise
    for stale in folder.glob(f"{release}-*.tar*"):
        if stale != path:
            stale.unlink()
    return path


def _bootstrap(release, text, options, path):
    keys = dict.fromkeys(re.findall(r"^Signed-By: (/\S+)$", text, re.MULTILINE))
    hooks = [f"--customize-hook=[ -e \"$1{key}\" ] || install -D -m 644 '{key}' \"$1{key}\""
             for key in keys]
    # A killed process leaves this; with the lock held, no other one uses it.
    work = path.parent / f"{release}.work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        # Its mounts go with it, however it ends.
        _call("setpriv", "--pdeathsig", "KILL", "--",
              "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
              "mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=minbase",
              f"--include={','.join(PACKAGES)}", *(f"--aptopt={option}" for option in options),
              *hooks, CODE_NAMES[release], path, "-", text=text,
              env={**os.environ, "TMPDIR": str(work)})
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _apt_options():
    """How the host's apt reaches its mirror; a mirror may be a frozen one."""
    text = _call("apt-config", "dump")
    options = re.findall(r'^(Acquire::(?:https?::[\w:]*Proxy|Check-\S+|Retries) ".+";)$', text,
                         re.MULTILINE)
    for scheme in ("http", "https"):
        if proxy := os.environ.get(f"{scheme}_proxy"):
            options.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return [option.rstrip(";") for option in options]


def _call(*command, text=None, env=None):
    """What a program prints; its complaint is the error's."""
    try:
        return subprocess.run(command, input=text, env=env, check=True, capture_output=True,
                              text=True).stdout
    except FileNotFoundError as error:
        raise VmError(f"{command[0]}: not found; `make check-fresh` installs it") from error
    except subprocess.CalledProcessError as error:
        tail = "\n".join(error.stderr.splitlines()[-20:])
        raise VmError(f"{command[0]}: exit status {error.returncode}\n"
                      f"{textwrap.indent(tail, '  ')}") from error
