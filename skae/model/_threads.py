"""Small matrix products on one thread, which is faster than on several."""

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

    OpenBLAS's threads busy-wait for each other, and afterwards for more work. On few cores a
    product of .1 ms can then take 40 ms, and slow down the code after it. The limit is that of the
    process, so that threads enter one at a time.
    """
    if n_multiplications > _LARGEST_SMALL:
        yield
        return
    with _limited, _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
