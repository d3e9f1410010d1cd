# SPDX-License-Identifier: GPL-2.0
"""How a program of the harness ends: with one message, and without a traceback."""

import signal
import sys

from .errors import UnknownKernel, VmError

_USAGE = 2


def status(name, main, failed=1):
    """The exit status of main(), or `failed`; 2 for an unknown kernel, 128 + N for signal N.

    Signals that end it are exceptions, so that `with` and `finally` clear up.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return main()
    except UnknownKernel as error:
        print(f"{name}: {error}", file=sys.stderr)
        return _USAGE
    except (VmError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return failed
    except KeyboardInterrupt:
        print(f"{name}: interrupted; nothing is half-done, call it again", file=sys.stderr)
        return 128 + signal.SIGINT
