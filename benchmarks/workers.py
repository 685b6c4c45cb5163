"""Processes of their own for what is measured, so that none pays for another or profits from it."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path


class Worker:
    """A fresh process that runs functions one after the other.

    Parameters
    ----------
    environment : dict of str to str, default=None
        Environment variables, set before anything is imported that could read them.
    """

    def __init__(self, environment=None):
        self._pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=get_context("spawn"),
            initializer=_set_environment,
            initargs=({"TF_CPP_MIN_LOG_LEVEL": "3"} | (environment or {}),),
        )

    def __call__(self, function, *arguments):
        """Return ``function(*arguments)``, both picklable, or raise what it raised."""
        return self._pool.submit(function, *arguments).result()

    def close(self):
        """End the process."""
        self._pool.shutdown()


def resident_mb():
    """Return the memory that this process holds, in MB of 2²⁰ bytes."""
    return _status("VmRSS")


def peak_mb():
    """Return the most memory that this process held since `forget_peak`, in MB of 2²⁰ bytes."""
    return _status("VmHWM")


def forget_peak():
    """Let `peak_mb` begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def can_measure_memory():
    """Return whether this system tells a process what it holds, as Linux does."""
    return Path("/proc/self/clear_refs").exists()


def _set_environment(environment):
    os.environ.update(environment)


def _status(field):
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)
