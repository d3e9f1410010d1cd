# SPDX-License-Identifier: GPL-2.0
"""Calls that must fail, with which errno, and without a trace."""

import errno

import pytest


def error_of(function, *args, **members):
    """The name of the errno with which a call fails."""
    with pytest.raises(OSError) as caught:
        function(*args, **members)
    return errno.errorcode[caught.value.errno]


def refused(device, command, data, wanted):
    """Whether an ioctl fails with this errno, leaves its struct alone and loses nothing."""
    before = device.info().total_bytes, device.ids()
    result, after = device.proxy.ioctl_raw(device.fd, command, bytes(data))
    assert errno.errorcode.get(-result, result) == errno.errorcode[wanted]
    assert after == bytes(data)
    assert (device.info().total_bytes, device.ids()) == before
