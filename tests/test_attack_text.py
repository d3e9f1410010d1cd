# SPDX-License-Identifier: GPL-2.0
"""No address in any text that the driver causes: sysfs, procfs, tracefs, the kernel's log."""

import pytest

import abi
from abi import KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, PERSISTENT, VMALLOC, make
from attack import POINTER, Secrets
from device import Device
from nlfamily import Family
from refusal import error_of

pytestmark = pytest.mark.usefixtures("public_device")
KINDS = [(KMALLOC, 100), (KMALLOC, 65000), (VMALLOC, 65000), (KVMALLOC, 5 << 20), (PAGES, 9000),
         (PAGES_EXACT, 20000)]
# whatever a user may read there about the module, its device, caches and mappings
READ_ALL = """
cd /sys/kernel/slab
find /sys/module/memlab /sys/class/misc/memlab/ memlab-* -follow -maxdepth 3 -type f \\
2>/dev/null | sort -u |
while read -r name; do [ -r "$name" ] && echo "$name" && cat "$name" 2>/dev/null; done
ls /sys/kernel/slab | grep memlab
grep memlab /proc/modules /proc/misc /proc/devices /proc/kallsyms
cat /proc/self/maps /proc/iomem
dmesg
exit 0
"""
CLOSED = ("/sys/module/memlab/sections/.text", "/sys/kernel/tracing/trace",
          "/sys/kernel/tracing/events/memlab/memlab_alloc/format", "/sys/kernel/debug/tracing",
          "/proc/vmallocinfo", "/proc/slabinfo", "/proc/kcore", "/proc/kpageflags")


@pytest.fixture
def alice(process):
    """The device, opened by an ordinary user."""
    return Device(process(user="alice"))


def secrets_of(device, ids):
    """What root knows of some buffers."""
    return [Secrets(device, ident) for ident in ids]


def test_closed(target, alice):
    """Traces, section addresses and the kernel's own tables are not for users."""
    for name in CLOSED:
        # 0200 for a file that nobody may read; some kernels have no such file
        if not target.run(["test", "-e", name]).returncode:
            assert error_of(alice.proxy.open, name) in ("EACCES", "EPERM"), name


def test_what_users_read(target, device, alice):
    """All that a user can read in text, while there are buffers and caches of all sorts."""
    ids = [alice.alloc(allocator, size).id for allocator, size in KINDS]
    caches = [alice.create_cache(100 + number, user=(0, 8)).id for number in range(3)]
    ids += [alice.alloc(abi.CACHE, 0, cache=cache).id for cache in caches]
    text = target.run(["sh", "-c", READ_ALL], user="alice").stdout.decode(errors="replace")
    for name in ("/sys/module/memlab/parameters/max_user_bytes", "memlab-", "00000000-"):
        assert name in text
    assert not POINTER.findall(text)
    for secrets in secrets_of(device, ids):
        assert not secrets.in_text(text)
    seen = target.run(["sh", "-c", "grep memlab /proc/modules"]).stdout.decode()
    assert POINTER.findall(seen)  # root's look at the same file


def busy(device):
    """Something of everything, also what fails: the ids of what stays."""
    ids = [device.alloc(allocator, size, PERSISTENT).id for allocator, size in KINDS]
    for ident in ids:
        query = device.query(ident)
        device.fill(ident, 3)
        device.read(ident, 0, 10)
        device.layout(ident)
        if query.map_length:
            address = device.map(query)
            device.proxy.peek(address, query.map_length)
            device.proxy.munmap(address, query.map_length)
        if device.info().resizable >> query.allocator & 1:
            device.resize(ident, query.bytes + 5000)
    for members in ({"size": 1 << 50}, {"size": 64, "gfp": 1 << 63}, {"size": 64, "flags": 1 << 31},
                    {"size": 64, "context": 9}):
        for allocator in range(1, 8):
            with pytest.raises(OSError):
                device.alloc(allocator, **members)
    for command in range(0xB900, 0xB920):
        device.proxy.ioctl_raw(device.fd, command, bytes(make(abi.Query, id=(1 << 31) - 1)))
        device.proxy.ioctl_raw(device.fd, command, b"\xFF" * 256)
    return ids


def test_log(target, device, alice):
    """The kernel's log never holds an address of a buffer, whoever did what."""
    mark = target.log_mark()
    ids = busy(device) + busy(alice)
    with Family(device.proxy) as family:
        family.do("listener-add", all=True)
        family.dump("buffer-get")
        for ident in ids:
            family.dump("extent-get", buffer_id=ident)
        secrets = secrets_of(device, ids)
        for ident in ids:
            device.free(ident)
    text = "\n".join(target.log_since(mark))
    assert not POINTER.findall(text)
    for one in secrets:
        assert not one.in_text(text)


def test_log_since_boot(target, device):
    """Nor does it hold one of the addresses that are in use now, from boot to here."""
    ids = [device.alloc(*kind).id for kind in KINDS]
    secrets = secrets_of(device, ids)
    boot = target.boot_mark() if target.has_hypervisor else target.log_mark()
    text = "\n".join(target.log_since(boot))
    for one in secrets:
        assert not one.in_text(text)
    for ident in ids:
        device.free(ident)


@pytest.mark.parametrize("event", ["alloc", "resize", "free", "map", "unmap", "fail"])
def test_trace_formats(target, event):
    """No field of a tracepoint is a pointer, or as wide as one and named like one."""
    text = target.get(f"/sys/kernel/tracing/events/memlab/memlab_{event}/format").decode()
    fields = [line.split(";")[0].split("field:")[1] for line in text.splitlines()
              if "field:" in line]
    assert len(fields) > 10
    assert not [field for field in fields if "*" in field or "addr" in field or "phys" in field]
    assert "%p" not in text


def test_trace_text(target, device, alice):
    """What root reads in the trace holds no address, as it may be passed on."""
    def put(name, what):
        assert target.run(["sh", "-c", f"echo {what} >/sys/kernel/tracing/{name}"]).returncode == 0
    put("trace", "")
    put("events/memlab/enable", 1)
    put("tracing_on", 1)
    try:
        ids = busy(alice)
        text = target.get("/sys/kernel/tracing/trace").decode()
    finally:
        put("events/memlab/enable", 0)
        put("trace", "")
    assert text.count("memlab_alloc:") >= len(KINDS) and "memlab_fail:" in text
    lines = "\n".join(line.split(": ", 1)[-1] for line in text.splitlines()
                      if "memlab_" in line)
    assert not POINTER.findall(lines)
    for one in secrets_of(device, ids):
        assert not one.in_text(lines)
    for ident in ids:
        device.free(ident)
