"""Seeds that reach every initializer and noise layer, and leave no trace."""

import random
import threading
from contextlib import contextmanager

import numpy as np

_global_generators = threading.RLock()


@contextmanager
def seeded(seed: int):
    """Seed the global generators for the duration of a block, then put them back.

    Keras draws the seeds of layers that were given none from Python's ``random``; a user's own
    network may draw from NumPy's. One block runs at a time, so that threads do not mix.
    """
    with _global_generators:
        python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
