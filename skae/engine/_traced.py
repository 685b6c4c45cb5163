"""One TensorFlow graph a function."""

import threading
import weakref
from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from skae._compat import free_graph
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
        self._function = function
        self._signature = signature
        self._jit_compile = jit_compile
        self._graph: Any = None
        self._lock = threading.Lock()

    def __call__(self, *arguments):
        """Run the graph on the tensors of the signature, those of nests one after the other."""
        if self._graph is None:
            with self._lock:
                if self._graph is None:
                    self._graph = self._trace()
        # Without the binding of arguments to names, which takes longer than a small network.
        return self._graph.inference_fn.call_preflattened(
            [*arguments, *self._graph.captured_inputs]
        )

    def _trace(self):
        """Return the graph; what an interrupt leaves of an attempt, the next one does not meet."""
        function = tf.function(self._function, autograph=False, jit_compile=self._jit_compile)
        with inside_xla() if self._jit_compile else nullcontext():
            graph = function.get_concrete_function(*self._signature)
        weakref.finalize(self, free_graph, graph.graph).atexit = False
        return graph
