"""Small matrix products on one thread, which is sooner than handing half of them to another."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController

_LARGEST_SMALL = 2**32  # multiplications, some 100 ms on one core

_limited = Lock()


@contextmanager
def threads_for(n_multiplications: int) -> Iterator[None]:
    """Keep BLAS to one thread while inside, if the work is small.

    OpenBLAS's threads wait for each other, and afterwards for more to do, without sleeping: on few
    cores a product of .1 ms can take 40 ms, and what follows it is slowed down. Limits are the
    process's, so that threads enter one by one.
    """
    if n_multiplications > _LARGEST_SMALL:
        yield
        return
    with _limited, _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
