# SPDX-License-Identifier: GPL-2.0
"""A process in the target that executes the system calls it is told.

The other end is guest/proxy.c, which documents the protocol.
"""

import contextlib
import errno
import os
from array import array
from ctypes import sizeof

import syscalls
from frames import Fault, Gone, Stream, call_record, fork_record, peek_record, poke_record
from syscalls import (
    AT_FDCWD, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, SIGKILL,
)
from target import PATIENCE


class Proxy:
    """A process: the proxy itself (index 0) or one of its forks."""

    def __init__(self, target, user=None, bits=64):
        self.target = target
        self.bits = bits
        self.index = 0
        self.parent = None
        self.forks = []
        self.ended = False
        self.process = target.spawn(["proxy" if bits == 64 else "proxy32"], user=user)
        self.stream = Stream(self.process)
        self.machine, said_bits, self.page_size, self.pid, self.scratch, size = (
            self.stream.hello())
        if said_bits != bits:
            raise Gone(f"a {said_bits}-bit proxy")
        self._column = syscalls.MACHINES.index(self.machine)
        # the lower half carries arguments, the upper one is for callers to use
        self.spare = self.scratch + size // 2
        self.spare_size = size // 2

    def fork(self):
        """A child with a copy of everything, driven like its parent."""
        child = Proxy.__new__(Proxy)
        child.__dict__.update(self.__dict__)
        child.pid = self._checked("fork", self.submit([fork_record()])[0][0])
        child.index, child.parent = len(self.forks) + 1, self
        self.forks.append(child)
        return child

    def submit(self, records, expected=0):
        """Executes records, returns (result, bytes) for each; see Stream.submit()."""
        return self.stream.submit(self.index, records, expected)

    @staticmethod
    def _checked(what, result):
        if result < 0:
            raise OSError(-result, os.strerror(-result), what)
        return result

    # Memory

    def peek(self, address, count):
        """Reads memory; Fault when that raises a signal."""
        return self.peek_many([(address, count)])[0]

    def peek_many(self, ranges):
        """Reads many (address, count) in few round trips."""
        parts = []
        for address, count in ranges:
            part = [(address + at, min(1 << 20, count - at)) for at in range(0, count, 1 << 20)]
            parts.append(part or [(address, 0)])
        largest = max((count for part in parts for _, count in part), default=0)
        replies = iter(self.submit(
            [peek_record(*piece) for part in parts for piece in part], expected=largest))
        return [b"".join(self._faulting(next(replies)) for _ in part) for part in parts]

    def poke(self, address, data):
        """Writes memory; Fault when that raises a signal."""
        self.poke_many((address + at, data[at:at + (1 << 20)])
                       for at in range(0, len(data), 1 << 20))

    def poke_many(self, pieces):
        """Writes many (address, bytes) in few round trips."""
        for reply in self.submit(poke_record(*piece) for piece in pieces):
            self._faulting(reply)

    @staticmethod
    def _faulting(reply):
        if reply[0]:
            raise Fault(reply[0])
        return reply[1]

    # System calls

    def number(self, name):
        """The number of a system call for this program."""
        return syscalls.NUMBERS[name][self._column]

    def call_many(self, name, calls):
        """The same system call with many lists of integers: what each returned."""
        number = self.number(name)
        return [reply[0] for reply in self.submit(call_record(number, *args) for args in calls)]

    def call(self, name, *args):
        """A system call; bytes are passed by address."""
        pokes, words, at = [], [], self.scratch
        for arg in args:
            if isinstance(arg, (bytes, bytearray)):
                pokes.append(poke_record(at, bytes(arg)))
                words.append(at)
                at += len(arg) + 15 & ~15
            else:
                words.append(arg)
        if at > self.spare:
            raise ValueError("arguments too long")
        replies = self.submit(pokes + [call_record(self.number(name), *words)])
        return self._checked(name, replies[-1][0])

    def ioctl_raw(self, fd, command, data):
        """Returns (result or -errno, the struct's bytes afterwards)."""
        replies = self.submit([
            poke_record(self.scratch, bytes(data)),
            call_record(self.number("ioctl"), fd, command, self.scratch),
            peek_record(self.scratch, len(data)),
        ])
        return replies[1][0], replies[2][1]

    def ioctl(self, fd, command, argument):
        """An ioctl with a ctypes struct; returns it as it is afterwards."""
        result, data = self.ioctl_raw(fd, command, bytes(argument))
        self._checked(f"ioctl {command:#x}", result)
        return type(argument).from_buffer_copy(data[:sizeof(argument)])

    def open(self, path, flags=syscalls.O_RDONLY, mode=0o600):
        """openat()."""
        return self.call("openat", AT_FDCWD, os.fsencode(path) + b"\0", flags, mode)

    def close(self, fd):
        """close()."""
        self.call("close", fd)

    def mmap(self, length, fd=-1, offset=0, prot=PROT_READ | PROT_WRITE, flags=None, address=0):
        """mmap(): anonymous memory without a file."""
        if flags is None:
            flags = MAP_PRIVATE | MAP_ANONYMOUS if fd < 0 else MAP_SHARED
        if self.bits == 32:
            offset //= self.page_size
        result = self.call_many("mmap", [(address, length, prot, flags, fd, offset)])[0]
        if -4096 < result < 0:
            raise OSError(-result, os.strerror(-result), "mmap")
        return result & (1 << self.bits) - 1

    def munmap(self, address, length):
        """munmap()."""
        self.call("munmap", address, length)

    def read(self, fd, count):
        """read()."""
        got = self.call("read", fd, self.spare, count)
        return self.peek(self.spare, got)

    def write(self, fd, data):
        """write() of bytes, or of (address, count) as it lies in memory."""
        if isinstance(data, tuple):
            return self.call("write", fd, *data)
        return self.call("write", fd, data, len(data))

    def pread(self, fd, count, offset):
        """pread() of at most what the spare memory holds."""
        got = self.call("pread64", fd, self.spare, count, *self._file_offset(offset))
        return self.peek(self.spare, got)

    def _file_offset(self, offset):
        if self.bits == 64:
            return (offset,)
        # the calling convention of ARM has two halves begin at an even register
        gap = (0,) if self.machine == "arm" else ()
        return (*gap, offset & 0xFFFFFFFF, offset >> 32)

    def pread_many(self, fd, ranges):
        """pread() of many (offset, count), each whole, in few round trips."""
        results, wave, used = [], [], 0
        for offset, count in ranges:
            if used + count > self.spare_size:
                results += self._pread_wave(fd, wave)
                wave, used = [], 0
            wave.append((offset, count))
            used += count
        return results + self._pread_wave(fd, wave)

    def _pread_wave(self, fd, wave):
        calls, at = [], self.spare
        for offset, count in wave:
            calls.append((fd, at, count, *self._file_offset(offset)))
            at += count
        for got, (offset, count) in zip(self.call_many("pread64", calls), wave):
            if self._checked("pread64", got) != count:
                raise OSError(errno.EIO, f"{got} of {count} bytes at {offset:#x}")
        data, at, results = self.peek(self.spare, at - self.spare), 0, []
        for _, count in wave:
            results.append(data[at:at + count])
            at += count
        return results

    def pagemap(self, address, pages):
        """The entries of /proc/self/pagemap for pages from an address on."""
        fd = self.open("/proc/self/pagemap")
        try:
            first, most = address // self.page_size, self.spare_size // 8
            pieces = self.pread_many(fd, [(8 * (first + at), 8 * min(most, pages - at))
                                          for at in range(0, pages, most)])
        finally:
            self.close(fd)
        return array("Q", b"".join(pieces)).tolist()

    def become(self, uid):
        """Drops to an ordinary user for good."""
        self.call("setgroups", 0, 0)
        self.call("setresgid", uid, uid, uid)
        self.call("setresuid", uid, uid, uid)

    def stay(self, processor=0):
        """Runs on one processor only, which hands out first what was freed there last."""
        self.call("sched_setaffinity", 0, 8, (1 << processor).to_bytes(8, "little"))

    # The end

    def exit(self, status=0):
        """exit_group(), and what wait() then says."""
        try:
            self.submit([call_record(self.number("exit_group"), status)])
        except Gone:
            return self.wait()
        raise Gone("exit_group returned")

    def kill(self):
        """kill -9, of its forks too, and what wait() then says."""
        for child in self.forks if not self.parent else ():
            if not child.ended:
                child.kill()
        if self.parent:
            self.parent.call("kill", self.pid, SIGKILL)
        else:
            self.process.signal(SIGKILL)
        return self.wait()

    def wait(self):
        """Exit status, or minus the signal that ended it."""
        self.ended = True
        if not self.parent:
            return self.process.wait(PATIENCE)
        self.parent.call("wait4", self.pid, self.parent.spare, 0, 0)
        word = int.from_bytes(self.parent.peek(self.parent.spare, 4), "little")
        return -(word & 0x7F) if word & 0x7F else word >> 8

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not self.ended:
            self.kill()


@contextlib.contextmanager
def watching(target):
    """A process of root that looks after every test, and is shown addresses of the kernel."""
    path = "/proc/sys/kernel/kptr_restrict"
    old = target.get(path)
    target.run(["sh", "-c", f"echo 1 >{path}"])
    with Proxy(target) as proxy:
        yield proxy
    target.run(["sh", "-c", f"echo {old.decode().strip()} >{path}"])
