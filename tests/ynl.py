# SPDX-License-Identifier: GPL-2.0
"""A family of generic netlink from its YAML specification, and from nothing else.

What it encodes and decodes are dicts: attribute names to numbers, strings, sets of names
(flags), names (enums), True (flag), dicts (nests), lists of dicts (indexed-array).
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

import yaml

import netlink

NUMBERS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q",
           "s8": "<b", "s16": "<h", "s32": "<i", "s64": "<q"}


class Unknown(Exception):
    """Something that the specification does not tell of, or tells otherwise."""


def numbered(entries, start):
    """Names to numbers: each is one more than the one before it, unless it says otherwise."""
    found, number = {}, start
    for entry in entries:
        entry = {"name": entry} if isinstance(entry, str) else entry
        if entry["name"] in found:
            raise Unknown(f"{entry['name']} twice")
        number = entry.get("value", number)
        found[entry["name"]] = number
        number += 1
    return found


class Definition:
    """An enum or flags."""

    def __init__(self, told):
        self.name, self.header = told["name"], told.get("header")
        self.is_flags = told["type"] == "flags"
        self.numbers = numbered(told["entries"], told.get("value-start", 0))
        if self.is_flags:
            self.numbers = {name: 1 << bit for name, bit in self.numbers.items()}
        self.names = {number: name for name, number in self.numbers.items()}

    def encode(self, value, as_flags):
        """The number of a name or a set of names; numbers stay, so that wrong ones can be sent."""
        if isinstance(value, int):
            return value
        if isinstance(value, str):
            return self.numbers[value]
        return sum(self.numbers[name] if not as_flags or self.is_flags
                   else 1 << self.numbers[name] for name in value)

    def decode(self, number, as_flags):
        """The name, or the set of names, of a number."""
        if not (as_flags or self.is_flags):
            if number not in self.names:
                raise Unknown(f"{number} in {self.name}")
            return self.names[number]
        bits = self.names if self.is_flags else {1 << bit: name for bit, name in self.names.items()}
        if number & ~sum(bits):
            raise Unknown(f"{number:#x} in {self.name}")
        return {name for bit, name in bits.items() if number & bit}


class Operation(NamedTuple):
    """A command or an event."""

    name: str
    number: int
    reply: int
    attributes: str
    told: dict


class Spec:
    """A specification: a dict, or the path of a file."""

    def __init__(self, told):
        if isinstance(told, (str, Path)):
            told = yaml.safe_load(Path(told).read_text("utf-8"))
        self.told, self.name = told, told["name"]
        self.definitions = {one["name"]: Definition(one) for one in told.get("definitions", ())}
        self.sets = {one["name"]: {attribute["name"]: attribute for attribute in one["attributes"]}
                     for one in told["attribute-sets"]}
        self.numbers = {one["name"]: numbered(one["attributes"], 1)
                        for one in told["attribute-sets"]}
        self.names = {which: {number: name for name, number in numbers.items()}
                      for which, numbers in self.numbers.items()}
        numbers = numbered(told["operations"]["list"], 1)
        self.operations = {
            one["name"]: Operation(one["name"], numbers[one["name"]],
                                   self._reply(one, numbers[one["name"]]),
                                   one["attribute-set"], one)
            for one in told["operations"]["list"]}
        self.events = {one.number: one for one in self.operations.values() if "event" in one.told}
        self.groups = [group["name"] for group in told.get("mcast-groups", {}).get("list", ())]

    @staticmethod
    def _reply(told, number):
        """Families with the directional model number replies by themselves."""
        for kind in ("do", "dump"):
            number = told.get(kind, {}).get("reply", {}).get("value", number)
        return number

    # Encoding

    def encode(self, which, values):
        """Attributes of a set as bytes; a number instead of a name stands for itself."""
        return b"".join(self._encode(which, name, value) for name, value in values.items())

    def _encode(self, which, name, value):
        number = self.numbers[which].get(name, name)
        if isinstance(value, bytes):  # as it is, right or wrong
            return netlink.attribute(number, value)
        told = self.sets[which][name]
        kind = told["type"]
        if kind == "nest":
            return netlink.attribute(number, self.encode(told["nested-attributes"], value), True)
        if kind == "flag":
            return netlink.attribute(number, b"")
        if kind == "string":
            return netlink.attribute(number, os.fsencode(value) + b"\0")
        if "enum" in told:
            value = self.definitions[told["enum"]].encode(value, told.get("enum-as-flags"))
        return netlink.attribute(number, struct.pack(NUMBERS[kind], value))

    # Decoding

    def decode(self, which, data):
        """Attributes of a set from bytes; each once, none that is not in the set."""
        found = {}
        for one in netlink.attributes(data):
            name = self.names[which].get(one.type)
            if name is None:
                raise Unknown(f"attribute {one.type} in {which}")
            told = self.sets[which][name]
            if told["type"] == "pad":
                if one.payload:
                    raise Unknown(f"{which} {name} with {one.payload!r}")
            elif name in found:
                raise Unknown(f"{which} {name} twice")
            else:
                found[name] = self._decode(told, one, f"{which} {name}")
        return found

    def _decode(self, told, one, where):
        kind, payload = told["type"], one.payload
        if kind in NUMBERS:
            return self._number(told, payload, where)
        if kind == "flag" and not payload:
            return True
        if kind == "string" and payload[-1:] == b"\0" and b"\0" not in payload[:-1]:
            return os.fsdecode(payload[:-1])
        if kind == "nest":
            return self.decode(told["nested-attributes"], payload)
        if kind == "indexed-array":
            return [self.decode(told["nested-attributes"], element.payload)
                    for element in netlink.attributes(payload)]
        if kind == "nest-type-value":
            return self._by_type(told, one, [])
        raise Unknown(f"{where}: {payload!r} is no {kind}")

    def _number(self, told, payload, where):
        form = NUMBERS[told["type"]]
        if len(payload) != struct.calcsize(form):
            raise Unknown(f"{where}: {told['type']} of {len(payload)} bytes")
        number, = struct.unpack(form, payload)
        if "enum" in told:
            return self.definitions[told["enum"]].decode(number, told.get("enum-as-flags"))
        return number

    def _by_type(self, told, one, types):
        """Nests whose types are values themselves."""
        if len(types) < len(told["type-value"]):
            inner = netlink.attributes(one.payload)[0]
            return self._by_type(told, inner, types + [inner.type])
        return {**dict(zip(told["type-value"], types)),
                **self.decode(told["nested-attributes"], one.payload)}

    def attribute_at(self, which, request, offset):
        """The name of the attribute that begins at this place of a request."""
        start = netlink.HEADER.size + netlink.GENERIC.size
        for one in netlink.attributes(request, start):
            if one.offset == offset:
                return self.names[which].get(one.type, one.type)
        raise Unknown(f"no attribute begins at {offset}")
