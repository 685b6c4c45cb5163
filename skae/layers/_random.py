"""Random numbers that cost little beside a training step, in code compiled by XLA too.

``keras.random`` leaves the choice of the generator to TensorFlow, and what it chooses takes some
thirty times as long on a CPU under XLA as elsewhere. Threefry is made of operations that XLA is
good at, but nothing else runs it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from keras import ops, random

_inside_xla = ContextVar("_inside_xla", default=False)

_LARGEST_BELOW_ONE = 1 - 2.0**-24
_CENTRAL = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    2.1858087e-04,
    -1.25372503e-03,
    -4.17768164e-03,
    2.46640727e-01,
    1.50140941,
)
_TAIL = (
    -2.00214257e-04,
    1.00950558e-04,
    1.34934322e-03,
    -3.67342844e-03,
    5.73950773e-03,
    -7.6224613e-03,
    9.43887047e-03,
    1.00167406,
    2.83297682,
)


@contextmanager
def inside_xla() -> Iterator[None]:
    """Let functions that TensorFlow traces in this block draw by what only XLA compiles."""
    token = _inside_xla.set(True)
    try:
        yield
    finally:
        _inside_xla.reset(token)


def uniform(shape, seed: random.SeedGenerator, minval: float = 0.0):
    """Return float32 numbers from ``minval`` to 1, without 1."""
    if _inside_xla.get():
        return _threefry(shape, seed, minval)
    return random.uniform(shape, minval=minval, dtype="float32", seed=seed)


def normal(shape, seed: random.SeedGenerator, dtype: str):
    """Return standard normal numbers."""
    if _inside_xla.get():
        drawn = _threefry(shape, seed, -_LARGEST_BELOW_ONE)
        return ops.cast(math.sqrt(2) * inverse_error_function(drawn), dtype)
    return random.normal(shape, dtype=dtype, seed=seed)


def signs(shape, seed: random.SeedGenerator, dtype: str):
    """Return 1 or -1, each with probability 1/2."""
    return 2 * ops.cast(uniform(shape, seed) < 0.5, dtype) - 1


def inverse_error_function(values):
    """Return erf⁻¹ of float32 numbers between -1 and 1.

    In XLA this is several times as fast as its own, which computes log1p. The polynomials are
    those of M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2011.
    """
    logs = -ops.log((1 - values) * (1 + values))
    central = _polynomial(_CENTRAL, logs - 2.5)
    tail = _polynomial(_TAIL, ops.sqrt(logs) - 3)
    return values * ops.where(logs < 5, central, tail)


def _polynomial(coefficients, values):
    result = coefficients[0]
    for coefficient in coefficients[1:]:
        result = coefficient + result * values
    return result


def _threefry(shape, seed, minval):
    import tensorflow as tf

    # XLA takes seeds of 32 bits, Keras counts them in 64.
    seeds = tf.cast(tf.math.floormod(seed.next(), tf.int32.max - 1), tf.int32)
    return tf.random.stateless_uniform(shape, seeds, minval=minval, maxval=1.0, alg="threefry")
