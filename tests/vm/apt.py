# SPDX-License-Identifier: GPL-2.0
"""A private state of apt: packages of any suite and architecture, verified, not installed.

The mirrors and their keys are those of the host's own sources of Debian. Lists,
caches and the (empty) list of installed packages are in the cache folder, so
the host's apt state is neither used nor changed, and nobody needs to be root.
"""

import os
import re
import subprocess
from pathlib import Path

from . import cache
from .errors import VmError

_SOURCES = Path("/etc/apt")
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
    """What apt knows of a suite (default: the host's suites) on an architecture."""

    def __init__(self, suite=None, architecture="amd64"):
        self._name = f"{suite or 'host'}-{architecture}"
        self._home = cache.directory() / "apt" / self._name
        with cache.lock(f"apt-{self._name}"):
            self._configure(suite, architecture)
            if not list(self._home.glob("lists/*_Packages*")):
                self._update()

    def refresh(self):
        """Asks the mirrors what is new."""
        with cache.lock(f"apt-{self._name}"):
            self._update()

    def depends(self, package):
        """The packages that a package directly depends on; none if there is no such package."""
        try:
            text = self._run("apt-cache", "depends", package)
        except subprocess.CalledProcessError:
            return []
        return re.findall(r"^ *\|?(?:Pre)?Depends: ([^<\s]+)", text, re.MULTILINE)

    def closure(self, packages):
        """The packages with all that they need, on a system that has nothing."""
        try:
            text = self._run("apt-get", "-qq", "--simulate", "install", *packages)
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot resolve {' '.join(packages)}:\n{error.stderr}") from error
        return sorted(set(re.findall(r"^Inst (\S+)", text, re.MULTILINE)))

    def version(self, package):
        """The version that download() would fetch, as file names have it."""
        try:
            line = self._run("apt-get", "-qq", "download", "--print-uris", package)
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot fetch {package}:\n{error.stderr}") from error
        return line.split()[1].split("_")[1]

    def download(self, packages, into):
        """The packages' files in the folder `into`, verified."""
        command = ["apt-get", "-qq", "download", *packages]
        with cache.lock(f"apt-{self._name}"):
            try:
                self._run(*command, cwd=into)
            except subprocess.CalledProcessError:
                # The lists may be older than what the mirror still has.
                self._update()
                try:
                    self._run(*command, cwd=into)
                except subprocess.CalledProcessError as error:
                    raise VmError(f"cannot fetch {' '.join(packages)}:\n"
                                  f"{error.stderr}") from error
        return sorted(Path(into).glob("*.deb"))

    def _configure(self, suite, architecture):
        for name in ("sources", "lists/partial", "cache/archives/partial"):
            (self._home / name).mkdir(parents=True, exist_ok=True)
        (self._home / "status").touch()
        # Only the host knows whether its mirror is a frozen one.
        valid = self._run("apt-config", "shell", "V", "Acquire::Check-Valid-Until", host=True)
        _write(self._home / "apt.conf", _CONFIG.format(
            home=self._home, architecture=architecture,
            valid="false" if re.search("false|no|'0'", valid) else "true"))
        _write(self._home / "sources" / "debian.sources", _sources(suite, architecture))

    def _update(self):
        try:
            self._run("apt-get", "-qq", "update")
        except subprocess.CalledProcessError as error:
            raise VmError("cannot ask Debian's mirror for packages; what is in the cache stays "
                          f"usable:\n{error.stderr}") from error

    def _run(self, program, *arguments, cwd=None, host=False):
        config = [] if host else ["-c", str(self._home / "apt.conf")]
        try:
            return subprocess.run([program, *config, *arguments], check=True, cwd=cwd,
                                  capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": "C"}).stdout
        except FileNotFoundError as error:
            raise VmError(f"{program}: not found; this needs Debian's apt") from error


def _write(path, text):
    with cache.replacing(path) as temporary:
        temporary.write_text(text, "utf-8")


def _sources(suite, architecture):
    """The host's sources of Debian, with another suite in place of its release's."""
    text = ""
    for source in host_sources():
        suites = source["Suites"].split()
        if suite and not any("-" not in name for name in suites):
            continue
        text += (f"Types: deb\nURIs: {source['URIs']}\nSuites: {suite or ' '.join(suites)}\n"
                 f"Components: main\nArchitectures: {architecture}\n")
        if key := source.get("Signed-By"):
            text += f"Signed-By: {key}\n"
        text += "\n"
    if not text:
        raise VmError(f"no source of Debian below {_SOURCES}")
    return text


def host_sources():
    """The host's sources of Debian's own suites, as fields of deb822."""
    release = re.search(r"^VERSION_CODENAME=(\w+)",
                        Path("/etc/os-release").read_text("utf-8"), re.MULTILINE)
    codename = release[1] if release else "stable"
    own = re.compile(rf"({codename}|stable|oldstable|testing|sid|unstable)(-updates|-security)?")
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
