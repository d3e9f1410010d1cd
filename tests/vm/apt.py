# SPDX-License-Identifier: GPL-2.0
"""A private state of apt: packages of any suite and architecture, verified, not installed.

The mirrors and their keys are those of the host's own sources of Debian; a host that has
none names a mirror in VM_MIRROR. Lists, caches and the (empty) list of installed packages
are in the cache folder, so the host's apt state is neither used nor changed, not even its
locks, and nobody needs to be root.
"""

import os
import re
import shutil
from pathlib import Path

from . import cache, programs
from .errors import NoRoom, VmError

_SOURCES = Path("/etc/apt")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# For one call, which downloads 100 MB at the most: a guard, as apt has time limits of its own.
_HANG_SECONDS = 1800
# What the lists of a suite take.
_LISTS_MIB = 128
# Suites that get all their packages at once.
_WITHOUT_PARTS = ("sid", "unstable")
# What the host wants to be done after updates is about the host.
_CONFIG = """\
Dir::State "{home}";
Dir::State::lists "lists";
Dir::State::status "{home}/status";
Dir::Cache "{home}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{home}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{architecture}";
APT::Architectures "{architecture}";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Check-Valid-Until "{valid}";
// The user _apt cannot reach a cache in a home folder.
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


class State:
    """What apt knows of a suite of Debian, by its code name, on an architecture."""

    def __init__(self, suite, architecture="amd64"):
        self._name = f"{suite}-{architecture}"
        self._home = cache.directory() / "apt" / self._name
        programs.need("apt-get", "apt-cache", "apt-config", "dpkg-deb")
        with cache.lock(f"apt-{self._name}"):
            self._configure(suite, architecture)
            if not list(self._home.glob("lists/*_Packages*")):
                self._update()

    def refresh(self):
        """Asks the mirrors what is new."""
        with cache.lock(f"apt-{self._name}"):
            self._update()

    def depends(self, package):
        """The packages that a package directly depends on."""
        text = self._ask(f"no package {package}", "apt-cache", "depends", package)
        return re.findall(r"^ *\|?(?:Pre)?Depends: ([^<\s]+)", text, re.MULTILINE)

    def closure(self, packages):
        """The packages with all that they need, on a system that has nothing."""
        text = self._ask(f"cannot resolve {' '.join(packages)}",
                         "apt-get", "-qq", "--simulate", "install", *packages)
        return sorted(set(re.findall(r"^Inst (\S+)", text, re.MULTILINE)))

    def version(self, package):
        """The version that download() would fetch, as file names have it."""
        line = self._ask(f"no package {package}",
                         "apt-get", "-qq", "download", "--print-uris", package)
        return line.split()[1].split("_")[1]

    def download(self, packages, into):
        """The packages' files in the folder `into`, verified."""
        # A failed download may leave a part of a file.
        self._ask(f"cannot fetch {' '.join(packages)}",
                  "apt-get", "-qq", "download", *packages, cwd=into)
        return sorted(Path(into).glob("*.deb"))

    def _ask(self, what, *command, **options):
        """Like _run(), and again with new lists if these are damaged or too old."""
        with cache.lock(f"apt-{self._name}"):
            try:
                return self._run(what, *command, **options)
            except NoRoom:
                raise
            except VmError as error:
                try:
                    self._update()
                except VmError as more:
                    raise VmError(f"{error}\n{more}") from more
                return self._run(f"{self._name}: {what}", *command, **options)

    def _configure(self, suite, architecture):
        for name in ("sources", "lists/partial", "cache/archives/partial"):
            (self._home / name).mkdir(parents=True, exist_ok=True)
        (self._home / "status").touch()
        # Only the host knows whether its mirror is a frozen one.
        valid = programs.output("apt-config", "shell", "V", "Acquire::Check-Valid-Until")
        _write(self._home / "apt.conf", _CONFIG.format(
            home=self._home, architecture=architecture,
            valid="false" if re.search("false|no|'0'", valid) else "true"))
        _write(self._home / "sources" / "debian.sources", sources(suite, architecture))

    def _update(self):
        """Fetches the lists anew: apt trusts damaged ones. Without a mirror the old ones stay."""
        lists, old = self._home / "lists", self._home / "lists.old"
        # A process that was killed left its lists there.
        if old.exists() and not list(lists.glob("*_Packages*")):
            shutil.rmtree(lists)
            old.rename(lists)
        shutil.rmtree(old, ignore_errors=True)
        lists.rename(old)
        (lists / "partial").mkdir(parents=True)
        for path in (self._home / "cache").glob("*.bin"):
            path.unlink()
        try:
            self._run("apt-get update", "apt-get", "-qq", "update")
        except BaseException:
            shutil.rmtree(lists)
            old.rename(lists)
            raise
        shutil.rmtree(old)

    def _run(self, what, program, *arguments, **options):
        try:
            with cache.room(self._home, _LISTS_MIB):
                return programs.output(program, "-c", self._home / "apt.conf", *arguments,
                                       what=what, timeout=_HANG_SECONDS, **options)
        except NoRoom:
            raise
        except VmError as error:
            if re.search(r"Temporary failure|Could not (resolve|connect)|Network is unreachable"
                         r"|Cannot initiate the connection|Connection (refused|timed out|failed)"
                         r"|Unable to connect|No address associated", str(error)):
                raise VmError("cannot reach Debian's mirror; connect to the network once, kernels "
                              f"that are in the cache stay usable\n{error}") from error
            raise


def _write(path, text):
    with cache.replacing(path) as temporary:
        temporary.write_text(text, "utf-8")


def sources(suite, architecture=None):
    """The host's sources of Debian, with another suite in place of its release's, for apt."""
    entries = [(source["URIs"], source.get("Signed-By", ""),
                [name for name in _as_suite(source["Suites"].split(), suite)
                 if "-" not in name or suite not in _WITHOUT_PARTS])
               for source in host_sources()]
    if not entries and (mirror := os.environ.get("VM_MIRROR")):
        entries = [(mirror, _KEYRING, [suite])]
    if not entries:
        raise VmError(f"no source of Debian below {_SOURCES}: set VM_MIRROR to the URL of a mirror "
                      "of Debian, and install the package debian-archive-keyring")
    return "\n".join(
        f"Types: deb\nURIs: {uris}\nSuites: {' '.join(suites)}\nComponents: main\n"
        + (f"Architectures: {architecture}\n" if architecture else "")
        + (f"Signed-By: {key}\n" if key else "")
        for uris, key, suites in entries if suites)


def _as_suite(names, suite):
    """The same parts (-updates, -security) of another suite."""
    return dict.fromkeys(suite + "".join(re.findall("-(?:updates|security)$", name))
                         for name in names)


def host_release():
    """The code name of the host's Debian; "" if the host is no Debian."""
    try:
        text = Path("/etc/os-release").read_text("utf-8")
    except OSError:
        return ""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    # A testing or unstable Debian has no code name, or that of the next release.
    return fields.get("VERSION_CODENAME", "") if fields.get("ID") == "debian" else ""


def host_sources():
    """The host's sources of Debian's own suites, as fields of deb822."""
    names = "|".join(filter(None, (host_release(), "stable|oldstable|testing|sid|unstable")))
    own = re.compile(rf"({names})(-updates|-security)?")
    found = []
    for path in sorted([*_SOURCES.glob("sources.list"), *_SOURCES.glob("sources.list.d/*")]):
        if path.suffix == ".sources":
            entries = _paragraphs(path.read_text("utf-8"))
        elif path.suffix == ".list":
            entries = _lines(path.read_text("utf-8"))
        else:
            continue
        for entry in entries:
            suites = [name for name in entry.get("Suites", "").split() if own.fullmatch(name)]
            if ("deb" in entry.get("Types", "").split() and suites and
                    "main" in entry.get("Components", "").split() and
                    entry.get("Enabled", "yes") not in ("no", "false")):
                found.append({**entry, "Suites": " ".join(suites)})
    return found


def _paragraphs(text):
    """The paragraphs of a file in deb822's format; continuation lines stay as they are."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        yield dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", paragraph, re.MULTILINE))


def _lines(text):
    """The entries of a sources.list."""
    line = re.compile(r"^(deb)\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+([^#\n]*)", re.MULTILINE)
    for types, options, uri, suite, components in line.findall(text):
        entry = {"Types": types, "URIs": uri, "Suites": suite, "Components": components}
        if key := re.search(r"signed-by=(\S+)", options):
            entry["Signed-By"] = key[1]
        yield entry
