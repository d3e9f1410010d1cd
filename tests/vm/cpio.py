# SPDX-License-Identifier: GPL-2.0
"""Writes an initramfs archive (cpio, format newc)."""

import os
import stat


class Archive:
    """Collects files; `data()` is the finished archive.

    The kernel unpacks a series of archives one over the other, so archives
    can be joined end to end.
    """

    def __init__(self):
        self._parts = []
        self._directories = set()
        self._inode = 0

    def file(self, path, data, mode=0o644):
        """A file of the given contents."""
        self._entry(path, stat.S_IFREG | mode, data)

    def symlink(self, path, target):
        """A symbolic link."""
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def directory(self, path, mode=0o755, owner=0):
        """A directory; parents of other entries come by themselves."""
        path = path.strip("/")
        if path and path not in self._directories:
            self._directories.add(path)
            self._entry(path, stat.S_IFDIR | mode, b"", owner)

    def copy(self, source, path):
        """A host's file, or what its link points to; readable, whatever the host's umask was."""
        with open(source, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            self.file(path, file.read(), mode | (0o555 if mode & 0o100 else 0o444))

    def tree(self, root):
        """All that is below the host's folder `root`."""
        for folder, directories, files in os.walk(root):
            for name in sorted(directories + files):
                source = os.path.join(folder, name)
                path = os.path.relpath(source, root)
                if os.path.islink(source):
                    self.symlink(path, os.readlink(source))
                elif os.path.isdir(source):
                    self.directory(path, stat.S_IMODE(os.stat(source).st_mode) | 0o555)
                else:
                    self.copy(source, path)

    def data(self):
        """The archive with its trailer."""
        self._entry("TRAILER!!!", 0, b"")
        return b"".join(self._parts)

    def _entry(self, path, mode, data, owner=0):
        path = path.strip("/")
        if os.path.dirname(path):
            self.directory(os.path.dirname(path))
        self._inode += 1
        name = path.encode() + b"\0"
        # inode mode uid gid links mtime size major minor rmajor rminor name check
        fields = (self._inode, mode, owner, owner, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
        for part in (header, data):
            self._parts += [part, bytes(-len(part) % 4)]
