# SPDX-License-Identifier: GPL-2.0
"""Who hears of which events: listeners of their own, of all; members of the group."""

import errno

import pytest

from abi import KMALLOC, PERSISTENT
from device import Device
from nlevents import Watch, event
from nlfamily import Family, Refused
from nlsocket import NetlinkSocket
from syscalls import CLONE_NEWNET, CLONE_NEWUSER, O_WRONLY

MOST = 16
ROOM = 100000  # of a socket that needs no privilege


@pytest.fixture
def opened(process, public_device):
    """The device, opened by users: by their names."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    return {user: Device(process(user=user)) for user in ("root", "alice", "bob")}


def listen(proxy, **options):
    """A listener of anybody."""
    return Watch(proxy, room=ROOM, **options)


def refused(family, **options):
    """What is said to who must not listen."""
    with pytest.raises(Refused) as caught:
        family.do("listener-add", options)
    assert caught.value.message
    return caught.value


def life(device, flags=0):
    """A buffer that comes and goes: what it was."""
    query = device.query(device.alloc(KMALLOC, 64, flags).id)
    device.free(query.id)
    return query


def test_own(process, opened):
    """Without a word, a listener hears of the buffers of its user, root too."""
    watches = {user: listen(process(user=user)) for user in opened}
    queries = {user: life(device) for user, device in opened.items()}
    for user, watch in watches.items():
        device = opened[user]
        assert watch.take() == [event("allocated", device.proxy, queries[user]),
                                event("freed", device.proxy, queries[user])]
        assert watch.sent() == 2 and watch.family.do("listener-get") == {"seq": 2}


def test_all(process, opened):
    """With CAP_SYS_ADMIN of the buffers of all."""
    watch = listen(process(), all=True)
    queries = {user: life(device) for user, device in opened.items()}
    assert watch.take() == [event(kind, opened[user].proxy, query)
                            for user, query in queries.items() for kind in ("allocated", "freed")]
    assert watch.family.do("listener-get") == {"all": True, "seq": 6}


def test_all_refused(process, opened):
    """Not without; the attribute is named, and the socket does not listen."""
    with Family(process(user="alice")) as family:
        refusal = refused(family, all=True)
        assert (refusal.errno, refusal.attribute) == (errno.EPERM, "all")
        life(opened["root"])
        life(opened["alice"])
        assert not family.take_events()
        with pytest.raises(Refused) as caught:
            family.do("listener-get")
        assert caught.value.errno == errno.ENOENT


def test_done_by_another(process, opened):
    """It is the owner that counts, not who did it: root frees what alice made."""
    alice, bob = listen(process(user="alice")), listen(process(user="bob"))
    query = opened["alice"].query(opened["alice"].alloc(KMALLOC, 64, PERSISTENT).id)
    opened["root"].free(query.id)
    assert alice.take() == [event("allocated", opened["alice"].proxy, query),
                            event("freed", opened["root"].proxy, query)]
    assert not bob.take()


def test_twice(process, opened):
    """A socket listens once; it goes on to hear each event once."""
    watch = listen(process(user="alice"))
    assert refused(watch.family).errno == errno.EEXIST
    life(opened["alice"])
    assert len(watch.take()) == 2
    root = listen(process())
    assert refused(root.family, all=True).errno == errno.EEXIST


def test_seq_is_its_own(process, opened):
    """Each listener counts from 1, from when it began."""
    first = listen(process(user="alice"))
    life(opened["alice"])
    second = listen(process(user="alice"))
    life(opened["alice"])
    assert [one["seq"] for one in first.all()] == [1, 2, 3, 4]
    assert [one["seq"] for one in second.all()] == [1, 2]
    assert (first.sent(), second.sent()) == (4, 2)


def test_most(process, opened):
    """16 sockets a user, in whatever processes; each that is closed makes room for one."""
    proxies = [process(user="alice") for _ in range(2)]
    watches = [listen(proxies[number % 2]) for number in range(MOST)]
    with Family(proxies[0]) as family:
        assert refused(family).errno == errno.EDQUOT
        listen(process(user="bob")).close()
        watches.pop().close()
        family.do("listener-add")
        with Family(proxies[1]) as other:
            assert refused(other).errno == errno.EDQUOT
    # a process that ends closes its sockets: 8 are left
    proxies[1].kill()
    more = [listen(proxies[0]) for _ in range(MOST // 2)]
    with Family(proxies[0]) as family:
        assert refused(family).errno == errno.EDQUOT
    life(opened["alice"])
    for watch in watches[::2] + more:
        assert len(watch.take()) == 2


def test_most_of_root(process):
    """Root has no more, whichever events it wants."""
    proxy = process()
    watches = [listen(proxy, **({"all": True} if number % 2 else {})) for number in range(MOST)]
    with Family(proxy) as family:
        assert refused(family, all=True).errno == errno.EDQUOT
    for watch in watches:
        watch.close()
    listen(proxy).close()


def test_closed(process, opened):
    """Who takes over the port id of a listener gets none of its events."""
    proxy = process(user="alice")
    watch = listen(proxy)
    port = watch.family.socket.port
    watch.close()
    with NetlinkSocket(proxy) as socket:
        life(opened["alice"])
        assert not socket.waiting()
        with Family(proxy) as family:
            assert port in (socket.port, family.socket.port)
            assert not family.take_events()


def test_inherited(process, opened):
    """A socket that a fork has, too, goes on listening until both have closed it."""
    proxy = process(user="alice")
    watch = listen(proxy)
    child = proxy.fork()
    heir = watch.family.socket.seen_by(child)
    watch.close()
    life(opened["alice"])
    assert len(heir.waiting()) == 2
    heir.close()
    watches = [listen(process(user="alice")) for _ in range(MOST)]
    for one in watches:
        one.close()


def test_not_by_another(process, opened):
    """A socket that root opened hears nothing for alice, who was given it; nor does she see."""
    buffer = opened["alice"].alloc(KMALLOC, 64)
    proxy = process()
    family = Family(proxy)
    child = proxy.fork()
    child.become(1000)
    family.socket = family.socket.seen_by(child)
    assert refused(family).errno == errno.EPERM
    assert refused(family, all=True).errno == errno.EPERM
    assert not family.dump("buffer-get")
    with pytest.raises(Refused) as caught:
        family.do("buffer-get", id=buffer.id)
    assert caught.value.errno == errno.ENOENT
    opened["alice"].free(buffer.id)


def test_network_namespace(process, opened):
    """A listener in a network namespace of its own hears; a member of the group does not."""
    proxy = process()
    proxy.call("unshare", CLONE_NEWNET)
    member, child = Watch(proxy, group=True), proxy.fork()
    child.become(1000)
    watches = listen(proxy, all=True), listen(child)
    query = life(opened["alice"])
    for watch in watches:
        assert watch.take() == [event("allocated", opened["alice"].proxy, query),
                                event("freed", opened["alice"].proxy, query)]
    assert not member.take()
    with Watch(process(), group=True).family as first:
        life(opened["root"])
        assert len(first.take_events()) == 2
    assert not member.take()


def root_of(proxy, flags):
    """Makes a process root of a user namespace, where it has all capabilities."""
    uid = 1000
    proxy.call("unshare", CLONE_NEWUSER | flags)
    for name, text in (("setgroups", b"deny"), ("uid_map", b"0 %d 1" % uid),
                       ("gid_map", b"0 %d 1" % uid)):
        fd = proxy.open(f"/proc/self/{name}", O_WRONLY)
        proxy.write(fd, text)
        proxy.close(fd)


def test_group_refused(process):
    """The group of the first network namespace is for CAP_SYS_ADMIN in the first user one."""
    with Family(process(user="alice")) as family:
        with pytest.raises(PermissionError):
            family.join("events")
    proxy = process(user="alice")
    root_of(proxy, 0)
    with Family(proxy) as family:
        with pytest.raises(PermissionError):
            family.join("events")
        assert not family.take_events()


@pytest.mark.parametrize("flags", [0, CLONE_NEWNET])
def test_user_namespace(process, opened, flags):
    """Root of a user namespace is but a user here: own events, own buffers, by its ids."""
    held = opened["alice"].alloc(KMALLOC, 64)
    others = opened["bob"].alloc(KMALLOC, 64)
    proxy = process(user="alice")
    root_of(proxy, flags)
    with Family(proxy) as family:
        assert refused(family, all=True).errno == errno.EPERM
        with pytest.raises(Refused) as caught:
            family.dump("stats-get")
        assert caught.value.errno == errno.EPERM
        told = family.dump("buffer-get")
        assert [(one["id"], one["owner-uid"]) for one in told] == [(held.id, 0)]
        assert "phys" not in told[0] and "kernel-address" not in told[0]
        assert family.dump("buffer-get", owner_uid=0) == told
        with pytest.raises(Refused) as caught:
            family.dump("buffer-get", owner_uid=1001)
        assert caught.value.errno == errno.EINVAL
        if flags:
            # a member of a group to which nothing is sent
            family.join("events")
        life(opened["alice"])
        life(opened["root"])
        assert not family.take_events()
    watch = listen(proxy)
    query = life(opened["alice"])
    life(opened["bob"])
    # told by the ids of who listens: alice is root there
    assert watch.take() == [event("allocated", opened["alice"].proxy, query, uid=0),
                            event("freed", opened["alice"].proxy, query, uid=0)]
    opened["alice"].free(held.id)
    opened["bob"].free(others.id)


def test_group_counts_while_heard(process, opened):
    """Numbers of the group go on from member to member, only while there is one."""
    first = Watch(process(), group=True)
    life(opened["alice"])
    last = first.all()[-1]["seq"]
    first.close()
    life(opened["alice"])
    second, third = Watch(process(), group=True), Watch(process(), group=True)
    life(opened["bob"])
    assert [one["seq"] for one in second.all()] == [last + 1, last + 2]
    assert [one["seq"] for one in third.all()] == [last + 1, last + 2]
    second.family.socket.leave(second.family.groups["events"])
    life(opened["bob"])
    assert not second.all() and len(third.all()) == 2


def test_both(process, opened):
    """A socket that is a member and listens gets each event twice, by either number."""
    watch = listen(process())
    watch.family.join("events")
    life(opened["root"])
    told = watch.family.take_events()
    assert len(told) == 4
    by_listener = [one for one in told if one["seq"] in (1, 2)]
    assert [one["type"] for one in by_listener] == ["allocated", "freed"]
