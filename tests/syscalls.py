# SPDX-License-Identifier: GPL-2.0
"""System call numbers and kernel constants, for programs of each kind that the proxy may be."""

MACHINES = ("x86_64", "i386", "aarch64", "arm")
# name: its number on each of these
NUMBERS = {
    "read": (0, 3, 63, 3),
    "write": (1, 4, 64, 4),
    "close": (3, 6, 57, 6),
    "mmap": (9, 192, 222, 192),  # mmap2 for 32 bits: the offset counts pages
    "mprotect": (10, 125, 226, 125),
    "munmap": (11, 91, 215, 91),
    "ioctl": (16, 54, 29, 54),
    "pread64": (17, 180, 67, 180),
    "pwrite64": (18, 181, 68, 181),
    "mremap": (25, 163, 216, 163),
    "madvise": (28, 219, 233, 220),
    "dup": (32, 41, 23, 41),
    "setitimer": (38, 104, 103, 104),
    "socket": (41, 359, 198, 281),
    "sendto": (44, 369, 206, 290),
    "recvfrom": (45, 371, 207, 292),
    "sendmsg": (46, 370, 211, 296),
    "recvmsg": (47, 372, 212, 297),
    "bind": (49, 361, 200, 282),
    "getsockname": (51, 367, 204, 286),
    "socketpair": (53, 360, 199, 288),
    "setsockopt": (54, 366, 208, 294),
    "kill": (62, 37, 129, 37),
    "wait4": (61, 114, 260, 114),
    "setgroups": (116, 206, 159, 206),
    "personality": (135, 136, 92, 136),
    "setresuid": (117, 208, 147, 208),
    "setresgid": (119, 210, 149, 210),
    "sched_setaffinity": (203, 241, 122, 241),
    "delete_module": (176, 129, 106, 129),
    "clock_gettime": (228, 403, 113, 403),  # with 64 bits in all
    "exit_group": (231, 252, 94, 248),
    "openat": (257, 295, 56, 322),
    "ppoll": (271, 309, 73, 336),
    "unshare": (272, 310, 97, 337),
    "vmsplice": (278, 316, 75, 343),
    "pipe2": (293, 331, 59, 359),
    "perf_event_open": (298, 336, 241, 364),
    "process_vm_readv": (310, 347, 270, 376),
    "finit_module": (313, 350, 273, 379),
}

AT_FDCWD = -100
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC = 0, 1, 2, 0o100, 0o1000
PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC = 0, 1, 2, 4
MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_ANONYMOUS = 1, 2, 3, 0x20
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4
MADV_DONTNEED, MADV_DONTFORK = 4, 10
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SOCK_RAW, SOCK_CLOEXEC = 3, 0o2000000
SOL_SOCKET, SO_RCVBUF, SO_RCVTIMEO, SO_RCVBUFFORCE = 1, 8, 20, 33
MSG_TRUNC, MSG_DONTWAIT = 0x20, 0x40
SIGSEGV, SIGBUS, SIGKILL = 11, 7, 9
ITIMER_REAL = 0
CLOCK_REALTIME = 0
READ_IMPLIES_EXEC = 0x0400000
