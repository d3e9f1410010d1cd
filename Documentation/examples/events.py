#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""events.py [--all] [COUNT]: prints what becomes of your buffers, an event a line.

With --all, of everybody's, which needs CAP_SYS_ADMIN. Ends after COUNT events, or with
Ctrl-C, and says how many were lost. It needs a socket, python3-yaml and the specification;
nothing of memlab's own code.
"""

import errno
import os
import socket
import struct
import sys
from pathlib import Path

import yaml

SPEC = yaml.safe_load(
    Path(__file__).resolve().parents[1].joinpath("netlink/specs/memlab.yaml").read_text("utf-8"))
NETLINK_GENERIC, NLMSG_ERROR, NLM_F_REQUEST, NLM_F_ACK = 16, 2, 1, 4
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
INTEGERS = {"u32": "=I", "u64": "=Q"}


def numbered(entries, start):
    """The entries of a list by their numbers."""
    entries = [{"name": entry} if isinstance(entry, str) else entry for entry in entries]
    return dict(enumerate(entries, start))


COMMANDS = numbered(SPEC["operations"]["list"], 1)
SETS = {one["name"]: numbered(one["attributes"], 1) for one in SPEC["attribute-sets"]}
ENUMS = {one["name"]: (one["type"], numbered(one["entries"], one.get("value-start", 0)))
         for one in SPEC["definitions"]}


def name_of(enum, value):
    """The name of a number, or the names of its bits."""
    kind, entries = ENUMS[enum]
    if kind == "flags":
        return [entries[bit]["name"] for bit in entries if value >> bit & 1]
    return entries[value]["name"] if value in entries else value


def attributes(data):
    """Type and payload of each attribute."""
    while data:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[length + 3 & ~3:]


def decode(which, data):
    """Attributes of a set, by name."""
    found = {}
    for kind, payload in attributes(data):
        told = SETS[which].get(kind)
        if not told or told["type"] == "pad":
            continue
        value = True
        if told["type"] == "string":
            value = payload.rstrip(b"\0").decode()
        elif told["type"] in INTEGERS:
            value, = struct.unpack(INTEGERS[told["type"]], payload)
        found[told["name"]] = name_of(told["enum"], value) if "enum" in told else value
    return found


def messages(datagram):
    """Type, command and attributes of each message; an error is raised."""
    while datagram:
        length, kind = struct.unpack_from("=IH", datagram)
        if kind == NLMSG_ERROR:
            number, = struct.unpack_from("=i", datagram, 16)
            if number:
                raise OSError(-number, os.strerror(-number))
        else:
            yield kind, datagram[16], datagram[20:length]
        datagram = datagram[length + 3 & ~3:]


def request(sock, family, command, flags=0, payload=b""):
    """Sends a command; without NLM_F_ACK, an answer comes or an error."""
    sock.send(struct.pack("=IHHIIBBH", 20 + len(payload), family, NLM_F_REQUEST | flags, 0, 0,
                          command, 1, 0) + payload)


def attribute(kind, payload):
    """An attribute as it is sent."""
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def find_family(sock):
    """The number that the kernel gave the family."""
    name = SPEC["name"].encode() + b"\0"
    request(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, attribute(CTRL_ATTR_FAMILY_NAME, name))
    (_, _, data), = messages(sock.recv(8192))
    return struct.unpack("=H", dict(attributes(data))[CTRL_ATTR_FAMILY_ID])[0]


def command_number(name):
    """The number of a command."""
    return next(number for number, one in COMMANDS.items() if one["name"] == name)


def events(sock, family):
    """All that comes; None where the socket had no room."""
    while True:
        try:
            for kind, command, data in messages(sock.recv(65536)):
                if kind == family and "event" in COMMANDS[command]:
                    yield decode("event", data)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            yield None


def main():
    """Prints events."""
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), None)
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    family = find_family(sock)
    everybody = attribute(1, b"") if "--all" in sys.argv else b""  # "all" of the set "listener"
    request(sock, family, command_number("listener-add"), NLM_F_ACK, everybody)
    list(messages(sock.recv(8192)))
    last, lost = 0, 0
    try:
        print("listening", flush=True)
        for event in events(sock, family):
            if event:
                lost += event["seq"] - last - 1
                last = event["seq"]
                print(*(f"{name}={value}" for name, value in event.items()), flush=True)
            if count and last >= count:
                break
    except KeyboardInterrupt:
        pass
    print(f"{last} events, {lost} of them lost")


if __name__ == "__main__":
    main()
