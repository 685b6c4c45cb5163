"""When the layers of an objective act."""

from contextlib import contextmanager
from contextvars import ContextVar

import keras

_monitoring = ContextVar("_monitoring", default=False)


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


class ObjectiveLayer(keras.layers.Layer):
    """A layer that acts while an autoencoder is trained or monitored, never when it is used."""

    def acts(self, training: bool | None) -> bool:
        """Tell whether the layer acts in a call."""
        return bool(training) or _monitoring.get()
