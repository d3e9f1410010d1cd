# SPDX-License-Identifier: GPL-2.0
"""Calls that must fail, with which errno and for which reason, and without a trace."""

import errno

import pytest

import abi

NAMES = {**errno.errorcode, errno.EOPNOTSUPP: "EOPNOTSUPP"}  # which has two names


def error_of(function, *args, **members):
    """The name of the errno with which a call fails."""
    with pytest.raises(OSError) as caught:
        function(*args, **members)
    return NAMES[caught.value.errno]


def outcome(result, argument):
    """What became of an ioctl: None, or (name of the errno, reason)."""
    if result >= 0:
        return None
    return NAMES[-result], abi.Reason(getattr(argument, "reason", abi.Reason.NONE))


def attempt(device, command, argument):
    """An ioctl that may fail: (its outcome, the struct afterwards)."""
    result, data = device.proxy.ioctl_raw(device.fd, command, bytes(argument))
    after = type(argument).from_buffer_copy(data)
    return outcome(result, after), after


def state(device):
    """What a refused request must not change."""
    return device.info().total_bytes, device.ids(), device.cache_ids()


def refused(device, command, data, wanted, reason=None):
    """Whether an ioctl fails with this errno, leaves its struct alone and loses nothing.

    With a reason the struct must tell it, and its other members be as they were.
    """
    before, expected = state(device), bytes(data)
    if reason is not None:
        data.reason = 0xEEEEEEEE  # an answer is more than what was there before
        told = type(data).from_buffer_copy(bytes(data))
        told.reason = reason
        expected = bytes(told)
    result, after = device.proxy.ioctl_raw(device.fd, command, bytes(data))
    assert NAMES.get(-result, result) == NAMES[wanted]
    if reason is not None:
        assert type(data).from_buffer_copy(after).reason == reason
    assert after == expected
    assert state(device) == before
