# SPDX-License-Identifier: GPL-2.0
"""The pattern of FILL and CHECK (splitmix64), from the header's words.

Many words are computed at once in one large integer, a word in the lower half
of each lane of 128 bits: products of 64 by 64 bits fit, shifts are masked.
"""

from array import array
from functools import lru_cache

GAMMA = 0x9E3779B97F4A7C15
WORD = 0xFFFFFFFFFFFFFFFF
BLOCK = 8192  # words computed at once


def mix(z):
    """The mixing function, for one word."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & WORD
    return z ^ (z >> 31)


def byte(seed, offset):
    """The byte at one offset, computed the slow way."""
    return mix((seed + (offset // 8 + 1) * GAMMA) & WORD) >> 8 * (offset % 8) & 0xFF


@lru_cache(None)
def _lanes(value):
    """The same word in every lane."""
    return int.from_bytes(value.to_bytes(16, "little") * BLOCK, "little")


@lru_cache(None)
def _steps():
    """Lane i holds i * GAMMA in 64 bits."""
    return int.from_bytes(
        b"".join((i * GAMMA & WORD).to_bytes(16, "little") for i in range(BLOCK)), "little"
    )


@lru_cache(512)
def _block(seed, number):
    """The bytes of one block."""
    low = _lanes(WORD)
    z = _steps() + _lanes((seed + (number * BLOCK + 1) * GAMMA) & WORD) & low
    z = (z ^ (z >> 30 & _lanes(WORD >> 30))) * 0xBF58476D1CE4E5B9 & low
    z = (z ^ (z >> 27 & _lanes(WORD >> 27))) * 0x94D049BB133111EB & low
    z = z ^ (z >> 31 & _lanes(WORD >> 31))
    return array("Q", z.to_bytes(16 * BLOCK, "little"))[::2].tobytes()


def pattern(seed, offset, length):
    """The bytes from an offset on."""
    size = 8 * BLOCK
    first, last = offset // size, (offset + length + size - 1) // size
    whole = b"".join(_block(seed & WORD, number) for number in range(first, last))
    return whole[offset - first * size:][:length]
