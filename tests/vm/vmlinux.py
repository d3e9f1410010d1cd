# SPDX-License-Identifier: GPL-2.0
"""Takes the uncompressed kernel out of an x86 bzImage.

Under emulation the kernel's own decompressor takes more than half of the
boot. QEMU boots the ELF file inside through its PVH entry instead. That skips
the choice of a random load address too, so addresses repeat from boot to boot.
"""

import lzma
import struct
import subprocess
import zlib

from . import programs
from .errors import VmError

_PAYLOAD_OFFSET = 0x248     # Documentation/arch/x86/boot.rst: payload_offset, payload_length
_SETUP_SECTORS = 0x1f1
# ELF notes of the owner Xen, type PHYS32_ENTRY, with a 32- or a 64-bit address.
_PVH_NOTES = (b"\x04\0\0\0\x04\0\0\0\x12\0\0\0Xen\0",
              b"\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0")


def _zstd(packed):
    # The kernel's build appends the unpacked size, which is no zstd.
    result = subprocess.run([programs.path("zstd"), "-dc"], input=packed[:-4], check=False,
                            capture_output=True)
    if result.returncode:
        raise VmError(f"cannot unpack the kernel: {result.stderr.decode(errors='replace')}")
    return result.stdout


_DECOMPRESSORS = (
    (b"\xfd7zXZ\0", lambda packed: lzma.LZMADecompressor().decompress(packed)),
    (b"\x1f\x8b", lambda packed: zlib.decompressobj(wbits=31).decompress(packed)),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


def extract(image):
    """The ELF kernel inside `image`; None if there is none that QEMU could boot."""
    if image[0x202:0x206] != b"HdrS":
        return None
    offset, length = struct.unpack_from("<II", image, _PAYLOAD_OFFSET)
    offset += (image[_SETUP_SECTORS] + 1) * 512
    packed = image[offset:offset + length]
    for magic, decompress in _DECOMPRESSORS:
        if packed.startswith(magic) and (vmlinux := decompress(packed)):
            return vmlinux if any(note in vmlinux for note in _PVH_NOTES) else None
    return None
