# SPDX-License-Identifier: GPL-2.0
"""Virtual machines to try kernel modules in; see machine.Machine and `run`."""

from .errors import UnknownKernel, VmError, VmTimeout
from .machine import LogMark, Machine, Result, need_programs
from .payload import default_payload

__all__ = ["LogMark", "Machine", "Result", "UnknownKernel", "VmError", "VmTimeout",
           "default_payload", "need_programs"]
