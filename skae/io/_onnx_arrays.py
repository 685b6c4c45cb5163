"""NumPy's functions on TensorFlow's tensors, so that what NumPy computes can be written as a graph.

scikit-learn's and skae's formulas are written once, in NumPy. NumPy hands a call with an array of
another kind to that array, which here passes it on to TensorFlow's function of the same name.
"""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf
from tensorflow.experimental import numpy as tensor_numpy


class TracedArray(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor that NumPy's functions and operators take for an array.

    Parameters
    ----------
    tensor : tf.Tensor
        Its first dimension, the number of rows, is not known yet.
    """

    def __init__(self, tensor: tf.Tensor):
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Dimensions; None is the number of rows."""
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype:
        """Type of the numbers."""
        return np.dtype(self.tensor.dtype.as_numpy_dtype)

    def astype(self, dtype) -> "TracedArray":
        """Return the array in another type."""
        return TracedArray(tf.cast(self.tensor, np.dtype(dtype)))

    def reshape(self, *shape) -> "TracedArray":
        """Return the array in another shape; -1 is the number of rows."""
        return TracedArray(tf.reshape(self.tensor, shape))

    def sum(self, axis=None, dtype=None) -> "TracedArray":
        """Return sums."""
        return _applied("sum", (self,), {"axis": axis, "dtype": dtype})

    def mean(self, axis=None) -> "TracedArray":
        """Return means."""
        return _applied("mean", (self,), {"axis": axis})

    def max(self, axis=None) -> "TracedArray":
        """Return maxima."""
        return _applied("max", (self,), {"axis": axis})

    def min(self, axis=None) -> "TracedArray":
        """Return minima."""
        return _applied("min", (self,), {"axis": axis})

    def __getitem__(self, index):
        return TracedArray(self.tensor[index])

    def __iter__(self) -> Iterator:
        raise TypeError("Expected a formula for all rows at once; received a loop over rows.")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__":
            return NotImplemented
        return _applied(ufunc.__name__, [self._weak(value) for value in inputs], kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _applied(function.__name__, args, kwargs)

    def _weak(self, value):
        """Return a number of Python's in this array's type, as NumPy takes it."""
        return tf.constant(value, self.tensor.dtype) if type(value) in (int, float) else value


def _applied(name, args, kwargs):
    function = _NAMED_OTHERWISE.get(name) or vars(tensor_numpy).get(name)
    if function is None:
        raise TypeError(f"numpy.{name} has no counterpart in TensorFlow.")
    args, kwargs = keras.tree.map_structure(_tensor, (tuple(args), kwargs))
    return TracedArray(tf.convert_to_tensor(function(*args, **kwargs)))


def _tensor(value):
    return value.tensor if isinstance(value, TracedArray) else value


def _partition(values, kth, axis=-1):
    return tensor_numpy.sort(values, axis=axis)


def _clip(values, lowest, highest):
    return tensor_numpy.minimum(tensor_numpy.maximum(values, lowest), highest)


def _column_stack(columns):
    return tensor_numpy.stack(columns, axis=1)


def _log1p(values):
    return tensor_numpy.log(1 + values)


def _logaddexp(first, second):
    return tensor_numpy.maximum(first, second) + _log1p(tensor_numpy.exp(-abs(first - second)))


# Partitions, and what TensorFlow writes by operations that ONNX has not.
_NAMED_OTHERWISE: dict[str, Callable] = {
    "clip": _clip,
    "column_stack": _column_stack,  # of vectors
    "log1p": _log1p,
    "logaddexp": _logaddexp,
    "partition": _partition,
}
