"""Available memory, and aligned arrays for TensorFlow."""

import os
import resource
from math import prod
from pathlib import Path

import numpy as np

_LARGEST_SHARE = 0.25
_ALIGNMENT = 64
_LIMITS_OF_CONTAINERS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def fits_memory(n_bytes: int) -> bool:
    """Tell whether so many bytes are at most a quarter of the memory that may be used."""
    return n_bytes <= _LARGEST_SHARE * usable_memory()


def usable_memory() -> int:
    """Return the machine's memory in bytes, or what a container or ``ulimit`` leaves of it."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _LIMITS_OF_CONTAINERS:
        if path.exists() and path.read_text().strip().isdigit():
            limits.append(int(path.read_text()))
    for kind, used in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            limits.append(max(0, limit - _in_use(used)))
    return min(limits)


def _in_use(name):
    """Return an entry of this process's status in bytes, or 0 where there is no such thing."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def aligned_empty(shape: tuple[int, ...]) -> np.ndarray:
    """Return an uninitialized float32 array that TensorFlow can use without a copy."""
    size = 4 * prod(shape)
    buffer = np.empty(size + _ALIGNMENT, dtype=np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + size].view(np.float32).reshape(shape)
