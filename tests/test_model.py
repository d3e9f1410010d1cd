# SPDX-License-Identifier: GPL-2.0
"""Random sequences of everything, over all allocators, against a model of what must come out."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test,
)

import abi
import model
import rules
from abi import CACHE, KMALLOC, KVMALLOC, NODE, PERSISTENT, VMALLOC, ZERO, Context, Gfp, make
from device import Device
from refusal import attempt, error_of
from rules import Request, World

MAX = 4 << 20  # KMALLOC_MAX_SIZE
SIZES = st.one_of(
    st.integers(1, 9000), st.sampled_from([1, 8, 96, 4095, 4096, 4097, 8192, 8193, 65536, 131072]),
    st.sampled_from([MAX, MAX + 1]))
FLAGS = st.sampled_from([0, 0, 0, ZERO, NODE, ZERO | NODE, PERSISTENT])
GFPS = st.sampled_from([
    Gfp(0), Gfp(0), Gfp.KERNEL, Gfp.NOWAIT, Gfp.ATOMIC, Gfp.USER, Gfp.HIGHUSER,
    Gfp.KERNEL | Gfp.ZERO, Gfp.KERNEL | Gfp.NORETRY, Gfp.KERNEL | Gfp.DMA32,
    Gfp.KERNEL | Gfp.NOFAIL,
    Gfp.KERNEL | Gfp.NO_ACCOUNT | Gfp.WARN, Gfp.NOWAIT | Gfp.THISNODE])
COUNTS = st.sampled_from([0, 0, 0, 1, 3, 1 << 62])
CONTEXTS = st.sampled_from([Context.PROCESS, Context.PROCESS, Context.PROCESS, *Context])
WHICH = st.integers(0, 1 << 16)
RARELY = st.sampled_from([False, False, False, True])
BOUNDED = settings(max_examples=32, stateful_step_count=50, derandomize=True, database=None,
                   deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
HIGH_ORDER = 32768  # from here on the page allocator may say no, however much is free


def simpler(request):
    """The request, and what is left of it when more and more is left out."""
    yield request
    for plain in ({"context": Context.PROCESS}, {"count": 0}, {"gfp": Gfp(0)}, {"flags": 0},
                  {"bytes": min(request.bytes, 8192)}):
        request = request._replace(**plain)
        yield request


class Driver(RuleBasedStateMachine):
    """The driver, and what it must be like."""

    proxy = None  # the process, set by the test
    processors = 0  # as is their number

    def __init__(self):
        super().__init__()
        self.device = None
        self.world = None
        self.buffers = {}
        self.caches = {}
        self.steps = 0

    @initialize()
    def begin(self):
        """A new open file."""
        self.device = Device(self.proxy)
        self.world = World(self.device.info())

    def pick(self, which, things):
        """One of them."""
        return list(things.values())[which % len(things)]

    def in_use(self):
        """Bytes of all users."""
        return self.device.info().total_bytes

    @rule(allocator=st.sampled_from(list(rules.ALLOCATORS.values())), size=SIZES, flags=FLAGS,
          gfp=GFPS, count=COUNTS, context=CONTEXTS, which=WHICH, anything=RARELY)
    def alloc(self, allocator, size, flags, gfp, count, context, which, anything):
        """ALLOC, at times of what is refused."""
        cache = None
        if allocator == CACHE:
            if not self.caches:
                return
            cache = self.pick(which, self.caches)
            size, count = cache.size, 0
        elif count:
            size = min(size, 9000)
        request = Request(allocator, size, gfp, flags, count, context, cache.ident if cache else 0)
        if not anything:
            request = next(one for one in simpler(request)
                           if not rules.refusals(one, self.world))
        before, wanted = self.in_use(), rules.refusals(request, self.world)
        got, reply = attempt(self.device, abi.ALLOC, request.argument())
        if got and not wanted and request.total() >= HIGH_ORDER:
            wanted = {("ENOMEM", abi.Reason.NONE)}
        if wanted:
            assert got in wanted, request
            return
        assert got is None, (request, got)
        made = model.Buffer(request, reply, self.in_use() - before)
        if cache:
            made.user, made.charged = cache.user, 0
            cache.add(1)
        assert made.charged == (0 if cache else reply.usable)
        self.buffers[reply.id] = made

    @precondition(lambda self: self.buffers)
    @rule(which=WHICH, seed=st.integers(0, 9), start=st.floats(0, 1, exclude_max=True),
          part=st.floats(0, 1))
    def fill(self, which, seed, start, part):
        """FILL of a part."""
        one = self.pick(which, self.buffers)
        offset = int(start * one.size)
        length = int(part * (one.size - offset))
        self.device.fill(one.ident, seed, offset, length)
        one.fill(seed, offset, length)

    @precondition(lambda self: self.buffers)
    @rule(which=WHICH, data=st.binary(min_size=1, max_size=64), start=st.floats(0, 1))
    def write(self, which, data, start):
        """WRITE, or a user's write through the mapping."""
        one = self.pick(which, self.buffers)
        offset = int(start * (one.size - 1))
        data = data[:one.size - offset]
        if one.address is not None:
            self.proxy.poke(one.address + offset, data)
        elif one.allocator == CACHE and not inside(one.user, offset, len(data)):
            assert error_of(self.device.write, one.ident, offset, data) == "EOPNOTSUPP"
            return
        else:
            self.device.write(one.ident, offset, data)
        one.content[offset:offset + len(data)] = data

    @precondition(lambda self: self.buffers)
    @rule(which=WHICH)
    def look(self, which):
        """READ, the mapping and QUERY agree with the model."""
        self.compare(self.pick(which, self.buffers))

    def compare(self, one):
        """One buffer with its model."""
        for offset, length in one.windows():
            assert self.device.read(one.ident, offset, length) == one.content[offset:][:length]
            if one.address is not None:
                seen = self.proxy.peek(one.address + offset, length)
                assert seen == one.content[offset:][:length]
        query = self.device.query(one.ident)
        assert (query.bytes, query.allocator, query.cache) == (one.size, one.allocator, one.cache)
        assert (query.backing, query.resizes) == (one.backing, one.resizes)
        assert query.mappings == (one.address is not None)
        assert sum(extent.length for extent in self.device.layout(one.ident)) == one.size

    @precondition(lambda self: self.buffers)
    @rule(which=WHICH, size=SIZES, count=st.sampled_from([0, 0, 0, 3, 1 << 62]),
          flags=st.sampled_from([0, abi.RESIZE_ZERO]), anything=RARELY)
    def resize(self, which, size, count, flags, anything):
        """RESIZE, in place or not."""
        easy = {ident: one for ident, one in self.buffers.items()
                if not self.resize_refusal(one, one.size, 0)}
        one = self.pick(which, self.buffers if anything or not easy else easy)
        size = min(size, 9000) if count else size
        argument = make(abi.Resize, id=one.ident, bytes=size, count=count, flags=flags)
        got, done = attempt(self.device, abi.RESIZE, argument)
        wanted = self.resize_refusal(one, size, count)
        if got and not wanted and size >= HIGH_ORDER:
            wanted = "ENOMEM"
        assert (got and got[0]) == wanted, (one.allocator, one.size, size, count)
        if got:
            return
        assert done.kept == one.resize(size * (count or 1))
        one.place, one.charged = done, done.usable

    def resize_refusal(self, one, size, count):
        """With which errno, if any."""
        if not self.world.info.resizable >> one.allocator & 1 or count and one.allocator != KMALLOC:
            return "EOPNOTSUPP"
        if count * size > rules.SIZE_MAX:
            return "EBUSY" if one.address is not None else "EOVERFLOW"
        if size * (count or 1) > rules.largest(one.allocator, self.world.info):
            return "ERANGE"
        return "EBUSY" if one.address is not None else None

    @precondition(lambda self: self.buffers)
    @rule(which=WHICH)
    def map(self, which):
        """mmap() or munmap()."""
        one = self.pick(which, self.buffers)
        if one.address is not None:
            self.unmap(one)
        elif one.place.map_length:
            one.address = self.device.map(one.place)

    def unmap(self, one):
        """Ends a mapping."""
        self.proxy.munmap(one.address, one.place.map_length)
        one.address = None

    @precondition(lambda self: len(self.buffers) > 2)
    @rule(which=WHICH, context=CONTEXTS, kvfree=RARELY)
    def free(self, which, context, kvfree):
        """FREE, by either function, anywhere."""
        one = self.pick(which, self.buffers)
        self.compare(one)
        got, _ = attempt(self.device, abi.FREE, make(
            abi.Free, id=one.ident, context=context, flags=abi.KVFREE if kvfree else 0))
        wanted = set()
        if kvfree and not one.takes_kvfree:
            wanted.add("EOPNOTSUPP")
        if context != Context.PROCESS and one.size > MAX:
            wanted.add("ERANGE")
        if context == Context.ATOMIC and one.backing == abi.VMALLOC_BACKING:
            wanted.add("EOPNOTSUPP")
        if one.address is not None:
            wanted.add("EBUSY")
        if wanted:
            assert got and got[0] in wanted
        else:
            assert got is None
            del self.buffers[one.ident]
            if one.cache:
                self.caches[one.cache].add(-1)

    @rule(size=st.integers(1, 9000), align=st.sampled_from([0, 0, 8, 64, 4096]),
          part=st.one_of(st.none(), st.floats(0, 1)))
    def create_cache(self, size, align, part):
        """CACHE_CREATE, of a few."""
        if len(self.caches) < 4:
            user = None if part is None else (int(part * (size - 1)), size - int(part * (size - 1)))
            made = self.device.create_cache(size, align, user=user)
            self.caches[made.id] = model.Cache(made)

    @precondition(lambda self: self.caches)
    @rule(which=WHICH)
    def destroy_cache(self, which):
        """CACHE_DESTROY, unless it has objects."""
        cache = self.pick(which, self.caches)
        assert self.device.query_cache(cache.ident).objects == cache.objects
        if cache.objects:
            assert error_of(self.device.destroy_cache, cache.ident) == "EBUSY"
        else:
            self.device.destroy_cache(cache.ident)
            del self.caches[cache.ident]

    @invariant()
    def counted(self):
        """Every byte, buffer and cache is accounted for."""
        self.steps += 1
        if self.device:
            caches = self.in_use() - sum(one.charged for one in self.buffers.values())
            least = sum(cache.least() for cache in self.caches.values())
            greatest = sum(cache.greatest(self.processors) for cache in self.caches.values())
            assert least <= caches <= greatest
            assert self.device.ids() == sorted(self.buffers)

    def teardown(self):
        """All goes, one after another or with the open file; nothing is in use."""
        if not self.device:
            return
        for one in self.buffers.values():
            if one.address is not None:
                self.unmap(one)
        for one in list(self.buffers.values()):
            self.compare(one)
            if self.steps % 2 or one.persistent:
                self.device.free(one.ident)
        self.device.close()
        with Device(self.proxy) as device:
            left = device.ids(), device.cache_ids(), device.info().total_bytes
            for ident in left[0]:
                device.free(ident)
        assert left == ([], [], 0)


def inside(user, offset, length):
    """Whether a range lies in the part that may be copied."""
    return bool(user) and user[0] <= offset and offset + length <= sum(user)


def test_sequences(target, root):
    """Whatever is done in whatever order: errors where they belong, contents and bytes right."""
    assert {KMALLOC, VMALLOC, KVMALLOC, CACHE} < set(rules.ALLOCATORS.values())
    processors = int(target.run(["nproc"]).stdout)
    run_state_machine_as_test(type("Bound", (Driver,), {"proxy": root, "processors": processors}),
                              settings=BOUNDED)
