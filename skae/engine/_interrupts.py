"""Interrupts by the user, also where a library converts them to another error."""

from collections.abc import Iterator
from contextlib import contextmanager

from skae._compat import keras_scopes_left_on_error


@contextmanager
def interrupts_as_such() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` where a block raises what compiled code made of one.

    An interrupt while TensorFlow calls Python, to trace a graph or read an array, comes out as a
    ``SystemError`` that was caused by it. It may also leave Keras in the call of a layer.
    """
    try:
        with keras_scopes_left_on_error():
            yield
    except SystemError as error:
        if _is_caused_by_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def _is_caused_by_interrupt(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
