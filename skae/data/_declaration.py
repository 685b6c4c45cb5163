"""What a source of blocks says of its samples, checked."""

from collections.abc import Sequence
from operator import index
from reprlib import repr as short
from typing import Any

import numpy as np
import pandas as pd

_TEXT = (str, bytes, bytearray)


def checked_lengths(source: str, lengths: Any) -> list[int]:
    """Return the numbers of samples in blocks as integers of Python's, which do not overflow.

    Parameters
    ----------
    source : str
        Whose attribute it is.
    lengths : object

    Raises
    ------
    ValueError
        If they are no sequence of integers from 0.
    """
    if (found := _counts_in(lengths)) is None:
        raise ValueError(
            f"Expected lengths of {source} to be a sequence of integers from 0, the number of "
            f"samples in each block; received {short(lengths)}. Set for instance lengths = "
            "[len(array) for array in arrays]."
        )
    return found


def checked_row_shape(source: str, row_shape: Any) -> tuple[int, ...]:
    """Return the shape of a sample as NumPy reads it: a number alone is that of features.

    Parameters
    ----------
    source : str
        Whose attribute it is.
    row_shape : object

    Raises
    ------
    ValueError
        If it is neither an integer from 0 nor a sequence of them.
    """
    found = _counts_in([row_shape])
    found = _counts_in(row_shape) if found is None else found
    if found is None:
        raise ValueError(
            f"Expected row_shape of {source} to be a tuple of integers from 0, the shape of a "
            f"sample; received {short(row_shape)}. Set row_shape = array.shape[1:], or "
            "(n_features,)."
        )
    return tuple(found)


def checked_dtype(source: str, dtype: Any) -> np.dtype:
    """Return a dtype as NumPy reads it.

    Parameters
    ----------
    source : str
        Whose attribute it is.
    dtype : object

    Raises
    ------
    ValueError
        If it names none.
    """
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ValueError(
            f"Expected dtype of {source} to be a dtype of NumPy's, the type of the samples; "
            f'received {short(dtype)}. Set dtype = array.dtype, or a name such as "float32".'
        ) from error


def _counts_in(values) -> list[int] | None:
    """Return integers from 0, or None for anything else, such as a mask of bools."""
    is_sequence = isinstance(values, Sequence | np.ndarray | pd.Index | pd.Series)
    if not is_sequence or isinstance(values, _TEXT) or np.ndim(values) != 1:
        return None
    if any(isinstance(value, bool) for value in values):
        return None
    try:
        counts = [index(value) for value in values]
    except TypeError:
        return None
    return counts if min(counts, default=0) >= 0 else None
