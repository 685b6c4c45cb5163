"""Seeds that reach every initializer and noise layer, and leave no trace."""

import random
import threading
from contextlib import contextmanager

import numpy as np

from skae._compat import keras_seeds_from
from skae.engine._initial_values import uncompiled_initial_values

_global_generators = threading.RLock()


@contextmanager
def seeded(seed: int):
    """Seed the global generators for the duration of a block, then put them back.

    Keras draws the seeds of layers that were given none from Python's ``random``, from which other
    threads of a server or a cluster's worker draw too: they come from a generator of their own. A
    user's own network may draw from Python's or NumPy's. One block runs at a time.
    """
    with _global_generators:
        python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            with keras_seeds_from(random.Random(seed)), uncompiled_initial_values():
                yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
