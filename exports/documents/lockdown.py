"""Giving up all rights but to compute: called by the process that draws, before it reads a byte of a document. Pure.

On Linux a seccomp filter (Documentation/userspace-api/seccomp_filter.rst) leaves it reading its input, writing its
output, memory, and its end; whatever else it asks the kernel for is refused. It needs no root, no package and no
name space. Limits on memory and time (getrlimit(2)) hold on every system. There is no way back from either.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from typing import NamedTuple

MOST_MEMORY = 1024 * 1024 * 1024  # bytes of address space, with Python and its libraries
MOST_SECONDS = 120  # of computing
STDIN, STDOUT = 0, 1

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
SECCOMP_MODE_FILTER = 2
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # 1 is EPERM
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06  # BPF: BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JSET|K, BPF_RET|K
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
PROT_EXEC = 4


class CannotLockDown(Exception):
    """This system gives no way to lock the process up."""


class Calls(NamedTuple):
    """The numbers of system calls on one architecture."""

    audit: int  # AUDIT_ARCH_… of linux/audit.h
    read: int
    write: int
    mapping: tuple[int, ...]  # mmap, mprotect
    allowed: tuple[int, ...]


# What computing needs: close, fstat, lseek, munmap, brk, rt_sigaction, rt_sigprocmask, rt_sigreturn, mremap,
# sched_yield, madvise, getpid, exit, gettimeofday, sigaltstack, gettid, futex, sched_getaffinity, clock_gettime,
# exit_group, getrandom.
CALLS = {
    "x86_64": Calls(
        0xC000003E,
        0,
        1,
        (9, 10),
        (3, 5, 8, 11, 12, 13, 14, 15, 25, 24, 28, 39, 60, 96, 131, 186, 202, 204, 228, 231, 318),
    ),
    "aarch64": Calls(
        0xC00000B7,
        63,
        64,
        (222, 226),
        (57, 80, 62, 215, 214, 134, 135, 139, 216, 124, 233, 172, 93, 169, 132, 178, 98, 123, 113, 94, 278),
    ),
}


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction))]


def limit() -> None:
    """Bound memory and time, and let no file be opened, written or grown, and no core of a crash be kept."""
    for kind, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),  # binds nobody who is root: there the filter does
        (resource.RLIMIT_NOFILE, 3),
    ):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):  # macOS knows no limit of the address space
            if sys.platform == "linux":
                raise CannotLockDown("a limit could not be set") from None


def lock_down() -> None:
    """Take away every system call but those that computing needs; raises CannotLockDown."""
    calls = CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if calls is None or sys.maxsize < 2**32:
        raise CannotLockDown("no filter of system calls is known for this system")
    kernel = ctypes.CDLL(None, use_errno=True)
    written = _filter(calls)
    program = _Program(len(written), (_Instruction * len(written))(*written))
    zero = ctypes.c_ulong(0)
    if kernel.prctl(PR_SET_DUMPABLE, zero, zero, zero, zero):
        raise CannotLockDown("the process stays readable for others")
    if kernel.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        raise CannotLockDown("new rights can't be given up")
    if kernel.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), zero, zero):
        raise CannotLockDown("the kernel takes no filter of system calls")


def _filter(calls: Calls) -> list[_Instruction]:
    """The filter, instruction by instruction: what it does not name is refused; another architecture's call kills."""
    return [
        _Instruction(LOAD, 0, 0, ARCHITECTURE),
        _Instruction(EQUAL, 1, 0, calls.audit),
        _Instruction(RETURN, 0, 0, KILL),
        _Instruction(LOAD, 0, 0, NUMBER),
        *_only_on(calls.read, STDIN),
        *_only_on(calls.write, STDOUT),
        *(step for number in calls.mapping for step in _unless_executable(number)),
        *(step for number in calls.allowed for step in _always(number)),
        _Instruction(RETURN, 0, 0, REFUSE),
    ]


def _always(number: int) -> list[_Instruction]:
    return [_Instruction(EQUAL, 0, 1, number), _Instruction(RETURN, 0, 0, ALLOW)]


def _only_on(number: int, descriptor: int) -> list[_Instruction]:
    """A call on one descriptor, its first argument, whose lower half is a whole descriptor."""
    return [
        _Instruction(EQUAL, 0, 4, number),
        _Instruction(LOAD, 0, 0, ARGUMENTS),
        _Instruction(EQUAL, 0, 1, descriptor),
        _Instruction(RETURN, 0, 0, ALLOW),
        _Instruction(RETURN, 0, 0, REFUSE),
    ]


def _unless_executable(number: int) -> list[_Instruction]:
    """A mapping of memory from which nothing can be run; the third argument says what it is for."""
    return [
        _Instruction(EQUAL, 0, 4, number),
        _Instruction(LOAD, 0, 0, ARGUMENTS + 2 * 8),
        _Instruction(ANY_BIT, 1, 0, PROT_EXEC),
        _Instruction(RETURN, 0, 0, ALLOW),
        _Instruction(RETURN, 0, 0, REFUSE),
    ]
