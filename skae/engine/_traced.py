"""One TensorFlow graph a function."""

import threading
from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from skae.layers import inside_xla


class Traced:
    """A function as one graph, traced at its first call.

    ``tf.function`` warns of retracing when several programs trace the same method, each once.

    Parameters
    ----------
    function : callable
    *signature : tf.TensorSpec or nest of them
        Of each argument.
    jit_compile : bool, default=False
        Whether XLA compiles the graph.
    """

    def __init__(self, function, *signature, jit_compile: bool = False):
        self._function = tf.function(function, autograph=False, jit_compile=jit_compile)
        self._signature = signature
        self._place = inside_xla if jit_compile else nullcontext
        self._graph: Any = None
        self._lock = threading.Lock()

    def __call__(self, *arguments):
        """Run the graph on tensors of the signature."""
        with self._lock:
            if self._graph is None:
                with self._place():
                    self._graph = self._function.get_concrete_function(*self._signature)
        return self._graph(*arguments)
