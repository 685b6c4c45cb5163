"""Processes of their own for what is measured, so that none pays for another or profits from it."""

import os
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path


class Workers:
    """Fresh processes by name, each of which runs functions one after the other.

    One without a name ends with its function.
    """

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
        try:
            return self._pools[name].submit(function, *arguments).result()
        finally:
            if name is None:
                self._pools.pop(name).shutdown()

    def close(self):
        while self._pools:
            self._pools.popitem()[1].shutdown()


def _set_environment(environment):
    os.environ.update(environment)


def lift_mb(function, *arguments):
    """Return what a function gives, and by how many MB it lifts the peak memory; on Linux."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = memory_mb("VmRSS")
    value = function(*arguments)
    return value, memory_mb("VmHWM") - before


def memory_mb(field="VmRSS"):
    """Return the memory of this process, or another field of its status, in MB of 2²⁰ bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"^{field}:\s*(\d+)", status, re.MULTILINE)[1]) / 1024
