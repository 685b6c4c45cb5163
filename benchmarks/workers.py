"""Processes of their own for what is measured, so that none pays for another or profits from it."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path


class Workers:
    """Fresh processes by name, each of which runs functions one after the other."""

    def __init__(self):
        self._pools = {}

    def __call__(self, name, environment, function, *arguments):
        """Return ``function(*arguments)``, both picklable, or raise what it raised.

        The environment is set before anything is imported that could read it.
        """
        if name not in self._pools:
            self._pools[name] = ProcessPoolExecutor(
                max_workers=1,
                mp_context=get_context("spawn"),
                initializer=_set_environment,
                initargs=({"TF_CPP_MIN_LOG_LEVEL": "3"} | environment,),
            )
        return self._pools[name].submit(function, *arguments).result()

    def close(self, name=None):
        for one in [name] if name is not None else list(self._pools):
            self._pools.pop(one).shutdown()


def alone(environment, function, *arguments):
    """Return ``function(*arguments)``, run in a process that ends with it."""
    workers = Workers()
    try:
        return workers("alone", environment, function, *arguments)
    finally:
        workers.close()


def _set_environment(environment):
    os.environ.update(environment)


def resident_mb():
    """Return the memory that this process holds, in MB of 2²⁰ bytes."""
    return _status("VmRSS")


def peak_mb():
    """Return the most memory that this process held since `forget_peak`, in MB of 2²⁰ bytes."""
    return _status("VmHWM")


def forget_peak():
    """Let `peak_mb` begin anew; Linux only, as the others."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(field):
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)
