# SPDX-License-Identifier: GPL-2.0
"""libmemlab in this process, above a driver that is a Python object."""

import ctypes
import errno
import re
import subprocess
from ctypes import c_char_p, c_int, c_size_t, c_uint, c_uint32, c_uint64, c_ulong, c_void_p
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import abi
from building import make

HEADER = Path(__file__).resolve().parents[1] / "tools" / "lib" / "libmemlab.h"
CODE = re.sub(r"/\*.*?\*/", "", HEADER.read_text("ascii"), flags=re.DOTALL)
PROTOTYPES = re.findall(r"^(\w[\w ]*[ *])(memlab_\w+)\((.*?)\);", CODE, re.MULTILINE | re.DOTALL)
TYPES = {"int": c_int, "unsigned int": c_uint, "uint32_t": c_uint32, "uint64_t": c_uint64,
         "size_t": c_size_t, "bool": ctypes.c_bool, "void": None}
DEVICE = b"/dev/null"  # any file that opens: what matters is who answers its ioctls

# In place of libc's ioctl(), for the library alone.
SHIM = """
#include <errno.h>
int (*driver)(unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    int err = driver(request, argument);

    errno = err ? err : errno;
    return err ? -1 : 0;
}
"""


def type_of(declaration):
    """The ctypes type of "uint64_t " or of "const struct memlab_buf *buf"."""
    if "char *" in declaration:
        return c_char_p
    if "*" in declaration:
        return c_void_p
    words = declaration.split()
    return TYPES[" ".join(words[:2]) if words[0] == "unsigned" else words[0]]


class FakeDriver:
    """Answers ioctls as it was told to, and remembers them."""

    def __init__(self):
        self.calls = []
        self.errors = []  # the errno of the next ones; then they succeed
        self.answers = {}  # {command: {member: value}}
        self.old = False  # knows the first version of each struct only

    def last(self, command):
        """What came with the last ioctl of that number."""
        return [argument for number, argument in self.calls if number == command][-1]

    def ioctl(self, command, address):
        """One ioctl; the errno, or 0."""
        kind = abi.COMMANDS[command]
        argument = kind.from_address(address)
        self.calls.append((command, kind.from_buffer_copy(argument)))
        error = self.errors.pop(0) if self.errors else 0
        for name, value in self.answers.get(command, {}).items():
            known = not self.old or getattr(kind, name).offset < abi.first_size(kind)
            if known and (not error or name == "reason"):
                setattr(argument, name, value)
        return error


class Library:
    """Its functions under their names; those that fail raise OSError."""

    def __init__(self, path):
        self.driver = FakeDriver()
        dll = ctypes.CDLL(str(path), use_errno=True)
        kind = ctypes.CFUNCTYPE(c_int, c_ulong, c_void_p)
        self._ioctl = kind(self._ask_driver)
        c_void_p.in_dll(dll, "driver").value = ctypes.cast(self._ioctl, c_void_p).value
        for result, name, arguments in PROTOTYPES:
            function = dll[name]
            function.restype = type_of(result)
            function.argtypes = [] if arguments == "void" else map(type_of, arguments.split(","))
            setattr(self, name, self._checked(name, function, "struct" in result))

    def _ask_driver(self, command, address):
        return self.driver.ioctl(command, address)

    @staticmethod
    def _checked(name, function, makes):
        def call(*arguments):
            ctypes.set_errno(0)
            result = function(*arguments)
            # a getter's -1 is a value
            fails = result is None if makes else result == -1 and "_get_" not in name
            if fails and function.restype in (c_int, c_void_p):
                raise OSError(ctypes.get_errno(), errno.errorcode.get(ctypes.get_errno()), name)
            return result
        return call


@cache
def load():
    """The library, built as for its users but for where its ioctls go."""
    with TemporaryDirectory() as name:
        archive, shim, whole = (Path(name, file) for file in ("libmemlab.a", "shim.c", "shim.so"))
        make(HEADER.parents[1], f"BUILD={name}", archive.name)
        shim.write_text(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", shim, "-o", whole, "-Wl,--wrap=ioctl",
                        "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive"], check=True)
        return Library(whole)
