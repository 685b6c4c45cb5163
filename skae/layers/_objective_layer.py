"""When the layers of an objective act, and on which rows of a batch."""

from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
from keras import ops

_monitoring = ContextVar("_monitoring", default=False)
_shares: ContextVar[Any] = ContextVar("_shares", default=None)


@contextmanager
def monitoring():
    """Let the layers of an objective act in this block, though nothing is trained.

    The loss of held-out rows is then the objective itself: of noisy rows for a denoising
    autoencoder, with the sampled code for a variational one, with every penalty.
    """
    token = _monitoring.set(True)
    try:
        yield
    finally:
        _monitoring.reset(token)


@contextmanager
def sharing_rows(shares):
    """Let penalties in this block weigh each row of the batch by its share.

    Parameters
    ----------
    shares : tensor of float32 of shape (batch_size,)
        Of mean 1; 0 for rows that only fill the batch up.
    """
    token = _shares.set(shares)
    try:
        yield
    finally:
        _shares.reset(token)


def weighed(values):
    """Return float32 values of shape (batch_size, ...), each row times its share."""
    shares = _shares.get()
    if shares is None:
        return values
    return values * ops.reshape(shares, (-1, *[1] * (len(values.shape) - 1)))


class ObjectiveLayer(keras.layers.Layer):
    """A layer that acts while an autoencoder is trained or monitored, never when it is used."""

    def acts(self, training: bool | None) -> bool:
        """Tell whether the layer acts in a call."""
        return bool(training) or _monitoring.get()
