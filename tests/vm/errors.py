# SPDX-License-Identifier: GPL-2.0
"""What can go wrong with a virtual machine."""


class VmError(Exception):
    """The machine, or something it needs, failed; the message says what."""


class UnknownKernel(VmError):
    """The name is not in kernels.toml."""


class NoRoom(VmError):
    """The disk is full, or nearly."""


class VmTimeout(VmError, TimeoutError):
    """A command or the boot took longer than allowed; a command was killed."""

    def __init__(self, message, stdout=b"", stderr=b""):
        super().__init__(message)
        self.stdout = stdout
        self.stderr = stderr
