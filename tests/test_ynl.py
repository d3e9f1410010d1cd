# SPDX-License-Identifier: GPL-2.0
"""The decoder of netlink specifications: the other tests believe what it says."""

import errno
import struct

import pytest

import netlink
from netlink import attribute
from nlfamily import CONTROLLER, Refused, controller
from nlsocket import NetlinkSocket, Silence
from ynl import Spec, Unknown

SPEC = Spec({
    "name": "trial",
    "definitions": [
        {"name": "colour", "type": "enum", "value-start": 1,
         "entries": ["red", {"name": "green", "value": 5}, "blue"]},
        {"name": "right", "type": "flags", "entries": ["read", "write"]}],
    "attribute-sets": [
        {"name": "top", "attributes": [
            {"name": "small", "type": "u8"}, {"name": "id", "type": "u32"},
            {"name": "size", "type": "u64"}, {"name": "change", "type": "s32"},
            {"name": "label", "type": "string"}, {"name": "quick", "type": "flag"},
            {"name": "colour", "type": "u32", "enum": "colour"},
            {"name": "rights", "type": "u64", "enum": "right"},
            {"name": "colours", "type": "u32", "enum": "colour", "enum-as-flags": True},
            {"name": "inner", "type": "nest", "nested-attributes": "inner", "value": 20},
            {"name": "pad", "type": "pad"}]},
        {"name": "inner", "attributes": [{"name": "id", "type": "u32"}]}],
    "operations": {"list": [
        {"name": "get", "attribute-set": "top", "do": {}},
        {"name": "put", "attribute-set": "top", "value": 7, "do": {}},
        {"name": "told", "attribute-set": "top", "event": {}}]},
})
VALUES = {"small": 7, "id": 0xFFFFFFFF, "size": 1 << 63, "change": -2, "label": "a b",
          "quick": True, "colour": "blue", "rights": {"read", "write"}, "colours": {"red", "blue"},
          "inner": {"id": 3}}


def test_numbers():
    """By position, or as told; what follows counts on."""
    assert SPEC.definitions["colour"].numbers == {"red": 1, "green": 5, "blue": 6}
    assert SPEC.numbers["top"]["small"] == 1
    assert SPEC.numbers["top"]["inner"] == 20
    assert SPEC.numbers["top"]["pad"] == 21
    assert {name: one.number for name, one in SPEC.operations.items()} == {
        "get": 1, "put": 7, "told": 8}
    assert set(SPEC.events) == {8}


def test_both_ways():
    """What is encoded is decoded, and lies there as it must."""
    assert SPEC.decode("top", SPEC.encode("top", VALUES)) == VALUES
    assert SPEC.encode("top", {"id": 5, "label": "abcd", "quick": True}) == (
        b"\x08\0\x02\0\x05\0\0\0" b"\x09\0\x05\0abcd\0\0\0\0" b"\x04\0\x06\0")
    assert SPEC.encode("top", {"inner": {"id": 1}}) == (
        b"\x0c\0\x14\x80" b"\x08\0\x01\0\x01\0\0\0")
    assert SPEC.decode("top", attribute(21, b"") + attribute(2, b"\x05\0\0\0")) == {"id": 5}


@pytest.mark.parametrize("data", [
    attribute(99, b""), attribute(2, b"\0\0"), attribute(2, bytes(8)), attribute(3, bytes(4)),
    attribute(2, bytes(4)) * 2, attribute(5, b"abc"), attribute(5, b"a\0b\0"), attribute(5, b""),
    attribute(6, bytes(4)), attribute(7, struct.pack("<I", 2)), attribute(8, struct.pack("<Q", 4)),
    attribute(9, struct.pack("<I", 1)), attribute(20, attribute(2, bytes(4))),
    attribute(21, bytes(4)),
], ids=lambda data: data.hex())
def test_unknown(data):
    """What the specification does not tell of is no matter of course."""
    with pytest.raises(Unknown):
        SPEC.decode("top", data)


@pytest.mark.parametrize("data", [
    b"\x08", b"\x03\0\x01\0", b"\x08\0\x01\0\0", b"\x0c\0\x14\0\x09\0\x01\0\0\0\0\0"],
    ids=lambda data: data.hex())
def test_broken(data):
    """Attributes that do not fit their bytes."""
    with pytest.raises(netlink.Broken):
        SPEC.decode("top", data)


def test_messages():
    """Several messages in a datagram, each padded; cut ones are found."""
    first, second = netlink.message(7, 1, 2, b"abcde"), netlink.message(8, 0, 3, b"", 4)
    datagram = first + b"\0\0\0" + second
    assert [(one.type, one.seq, one.port, one.payload) for one in netlink.messages(datagram)] == [
        (7, 2, 0, b"abcde"), (8, 3, 4, b"")]
    for wrong in (datagram[:-1], datagram[:25], b"\x0f" + first[1:]):
        with pytest.raises(netlink.Broken):
            netlink.messages(wrong)


@pytest.mark.parametrize("flags", [0, netlink.CAPPED])
def test_refusal(flags):
    """Where the extended ACK begins depends on how much of the request comes back."""
    request = SPEC.encode("top", {"small": 1, "id": 7})
    request = netlink.message(30, 1, 9, netlink.GENERIC.pack(1, 1, 0) + request)
    told = attribute(netlink.ERROR_MESSAGE, b"not so\0") + attribute(
        netlink.ERROR_OFFSET, struct.pack("<I", 28))
    back = request[:16] if flags else request
    reply = netlink.Message(netlink.NLMSG_ERROR, flags | netlink.ACK_TLVS, 9, 0,
                            struct.pack("<i", -errno.EPERM) + back + told)
    refusal = netlink.Refusal.read(reply)
    assert refusal == (errno.EPERM, "not so", 28, None)
    assert SPEC.attribute_at("top", request, refusal.offset) == "id"
    with pytest.raises(Unknown):
        SPEC.attribute_at("top", request, 24)
    plain = reply._replace(flags=flags)
    assert netlink.Refusal.read(plain) == (errno.EPERM, "", None, None)


# From here on the running kernel answers.

@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("user", ["root", "alice"])
def test_controller(process, user, bits):
    """The controller of generic netlink tells of itself, as linux/genetlink.h has it."""
    with controller(process(user=user, bits=bits)) as ctrl:
        told = ctrl.do("getfamily", family_name="nlctrl")
        assert (told["family-id"], told["family-name"], told["hdrsize"]) == (16, "nlctrl", 0)
        assert [one["name"] for one in told["mcast-groups"]] == ["notify"]
        operations = {one["id"]: one["flags"] for one in told["ops"]}
        assert operations[3] == {"cmd-cap-do", "cmd-cap-dump", "cmd-cap-haspol"}
        assert operations[10] == {"cmd-cap-dump", "cmd-cap-haspol"}
        assert ctrl.do("getfamily", family_id=16) == told
        assert told in ctrl.dump("getfamily")


def test_policy(process):
    """Its policy: what it takes in a request for a family, by which type."""
    with controller(process()) as ctrl:
        answers = ctrl.dump("getpolicy", family_id=16, op=3)
        policies = [one["op-policy"] for one in answers if "op-policy" in one]
        assert [one["op-id"] for one in policies] == [3]
        found = {CONTROLLER.names["ctrl"][one["policy"]["attribute-id"]]: one["policy"]["type"]
                 for one in answers
                 if "policy" in one and one["policy"]["policy-id"] == policies[0]["do"]}
        assert found["family-id"] == "u16"
        assert found["family-name"] == "nul-string"


def test_refused(process):
    """Errors with their extended ACK, of requests and of dumps."""
    with controller(process(user="alice")) as ctrl:
        with pytest.raises(Refused) as caught:
            ctrl.do("getfamily", family_name="a name that is too long")
        assert caught.value.errno in {errno.ERANGE, errno.EINVAL}
        assert caught.value.attribute == "family-name" and caught.value.message
        with pytest.raises(Refused) as caught:
            ctrl.do("getfamily", family_name="nobody")
        assert caught.value.errno == errno.ENOENT
        with pytest.raises(Refused) as caught:
            ctrl.dump("getpolicy", family_name="nobody")
        assert caught.value.errno == errno.ENOENT
        with pytest.raises(Refused) as caught:
            ctrl.do("getfamily", family_name=b"")
        assert caught.value.errno == errno.EINVAL


def test_silence(process):
    """Nobody waits for ever."""
    with NetlinkSocket(process(), timeout=1) as socket:
        with pytest.raises(Silence):
            socket.receive()
        assert not socket.waiting()
        assert socket.port == socket.proxy.pid
