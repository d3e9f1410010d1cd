# SPDX-License-Identifier: GPL-2.0
"""What the running kernel says of the family, held against the specification."""

import errno

import pytest

from nlfamily import MEMLAB, Family, Refused, controller, dump_names_attributes
from ynl import NUMBERS

FORMS = ("do", "dump")
REQUESTS = {(one.name, form): one.told[form].get("request", {}).get("attributes", [])
            for one in MEMLAB.operations.values() for form in FORMS if form in one.told}
MOST = {kind: (1 << int(kind[1:])) - 1 for kind in NUMBERS if kind[0] == "u"}


@pytest.fixture
def ctrl(process):
    """The controller, for anybody."""
    with controller(process(user="alice")) as family:
        yield family


def test_family(ctrl):
    """Its name, version, header; the operations it takes, and how; its group."""
    told = ctrl.do("getfamily", family_name="memlab")
    assert (told["family-name"], told["version"], told["hdrsize"]) == ("memlab", 1, 0)
    assert [one["name"] for one in told["mcast-groups"]] == MEMLAB.groups == ["events"]
    wanted = {MEMLAB.operations[name].number: {
        f"cmd-cap-{form}" for form in FORMS if (name, form) in REQUESTS} for name, _ in REQUESTS}
    found = {one["id"]: one["flags"] - {"cmd-cap-haspol"} for one in told["ops"]}
    assert found == wanted
    with_policy = {one["id"] for one in told["ops"] if "cmd-cap-haspol" in one["flags"]}
    assert {MEMLAB.operations[name].number for (name, _), names in REQUESTS.items()
            if names} <= with_policy


def expected(name, attributes):
    """What the kernel ought to check of a request's attributes."""
    found, which = {}, MEMLAB.operations[name].attributes
    for attribute in attributes:
        told = MEMLAB.sets[which][attribute]
        policy = found[attribute] = {"type": told["type"]}
        if told["type"] in MOST:
            policy["min-value-u"] = told.get("checks", {}).get("min", 0)
            policy["max-value-u"] = told.get("checks", {}).get("max", MOST[told["type"]])
    return found


@pytest.mark.parametrize("name, form", REQUESTS)
def test_policy(ctrl, name, form):
    """Each request takes the attributes of the specification, of that type and range.

    Do and dump of an operation share a policy, as they must on older kernels; what is not
    for one of them it refuses by itself, see test_foreign().
    """
    operation = MEMLAB.operations[name]
    answers = ctrl.dump("getpolicy", family_name="memlab", op=operation.number)
    told, = [one["op-policy"] for one in answers if "op-policy" in one]
    assert told.pop("op-id") == operation.number
    assert set(told) == {form for form in FORMS if (name, form) in REQUESTS}
    found = {}
    for one in answers:
        if "policy" in one and one["policy"]["policy-id"] == told[form]:
            policy = one["policy"]
            found[MEMLAB.names[operation.attributes][policy.pop("attribute-id")]] = policy
            del policy["policy-id"]
    wanted = [one for other in FORMS for one in REQUESTS.get((name, other), ())]
    assert found == expected(name, wanted)


def some(name, attribute):
    """A value that the attribute's check takes."""
    told = MEMLAB.sets[MEMLAB.operations[name].attributes][attribute]
    # of fields, 1 stands for no attribute
    return {"flag": True, "string": "x", "pad": b"", "u64": 2}.get(told["type"], 1)


@pytest.mark.parametrize("name, form", REQUESTS)
def test_foreign(target, process, name, form):
    """Each attribute that a request does not take is refused, and named.

    When the driver refuses a dump, older kernels have no room for more than a message.
    """
    others = ()
    if form == "dump" and not dump_names_attributes(target):
        others = REQUESTS.get((name, "do"), ())
    with Family(process()) as family:
        needed = {one: some(name, one) for one in REQUESTS[name, form]}
        for attribute in MEMLAB.sets[MEMLAB.operations[name].attributes]:
            if attribute in needed:
                continue
            with pytest.raises(Refused) as caught:
                getattr(family, form)(name, {**needed, attribute: some(name, attribute)})
            assert caught.value.errno == errno.EINVAL, attribute
            assert caught.value.attribute == (None if attribute in others else attribute)
            assert caught.value.message


CHECKED = [(name, form, attribute, bound) for (name, form), taken in REQUESTS.items()
           for attribute in taken for bound in ("min", "max")
           if bound in MEMLAB.sets[MEMLAB.operations[name].attributes][attribute].get("checks", {})]


@pytest.mark.parametrize("name, form, attribute, bound", CHECKED)
def test_range(process, name, form, attribute, bound):
    """A number beyond its bounds is refused, and named."""
    limit = MEMLAB.sets[MEMLAB.operations[name].attributes][attribute]["checks"][bound]
    with Family(process()) as family, pytest.raises(Refused) as caught:
        getattr(family, form)(name, {attribute: limit + (1 if bound == "max" else -1)})
    assert (caught.value.errno, caught.value.attribute) == (errno.ERANGE, attribute)
    assert caught.value.message


@pytest.mark.parametrize("name, form", REQUESTS)
def test_unknown(process, name, form):
    """Attributes of no name, of any length, are refused."""
    with Family(process()) as family:
        needed = {one: some(name, one) for one in REQUESTS[name, form]}
        most = max(MEMLAB.names[MEMLAB.operations[name].attributes])
        for number in (0, most + 1, 200, 0x3FFF):
            for payload in (b"", bytes(4), bytes(40)):
                with pytest.raises(Refused) as caught:
                    getattr(family, form)(name, {**needed, number: payload})
                assert caught.value.errno == errno.EINVAL
                assert caught.value.attribute == number and caught.value.message
