"""Compile once: traced training programs, reused by every fit of the same architecture."""

import ctypes
import gc
import os
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras
import numpy as np

from skae._compat import clear_kernel_cache
from skae.engine._devices import replicas
from skae.engine._inference import clear_inference_programs
from skae.engine._seeding import seeded
from skae.engine._signature import training_signature
from skae.engine._variables import load, values_of
from skae.layers import adopt_hyperparameters, hold_hyperparameters, use_fused_kernels

# Some ten megabytes each; a search over more architectures compiles the oldest ones anew.
_MAX_IDLE_PROGRAMS = 64


class _ProgramPool:
    """Idle programs by signature, the least recently used dropped first.

    A program in use belongs to one thread alone: its variables hold that thread's weights.
    """

    def __init__(self, max_idle: int):
        self._max_idle = max_idle
        self._idle: OrderedDict[str, list] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, signature):
        with self._lock:
            programs = self._idle.get(signature)
            if not programs:
                return None
            program = programs.pop()
            if not programs:
                del self._idle[signature]
            return program

    def put(self, signature, program):
        with self._lock:
            self._idle.setdefault(signature, []).append(program)
            self._idle.move_to_end(signature)
            while sum(map(len, self._idle.values())) > self._max_idle:
                oldest = next(iter(self._idle))
                self._idle[oldest].pop(0)
                if not self._idle[oldest]:
                    del self._idle[oldest]

    def clear(self):
        with self._lock:
            self._idle.clear()


_pool = _ProgramPool(_MAX_IDLE_PROGRAMS)


def clear_compiled_programs() -> None:
    """Discard all compiled programs and free their memory.

    Fitted estimators keep working. The next ``fit`` or ``transform`` of each architecture compiles
    again. TensorFlow's own cache of kernels is cleared too, as ``tf.random.set_seed`` does: random
    operations with a seed of their own, called outside of functions, start their sequence anew.

    Examples
    --------
    >>> import skae
    >>> skae.clear_compiled_programs()
    """
    _pool.clear()
    clear_inference_programs()
    clear_kernel_cache()
    for _ in range(2):  # what a program traced refers to it, and what frees that to more
        gc.collect()
    _return_free_memory()


def _return_free_memory():
    """Let the C library give back to the system what was freed; glibc keeps more than half."""
    trim = getattr(ctypes.CDLL(None) if os.name == "posix" else None, "malloc_trim", None)
    if trim is not None:
        trim(0)


def _program_class():
    if keras.backend.backend() == "tensorflow" and replicas() is None:
        from skae.engine._tensorflow import TensorFlowProgram

        return TensorFlowProgram
    if keras.backend.backend() == "jax":
        from skae.engine._jax import JaxProgram

        return JaxProgram
    from skae.engine._keras_fit import KerasProgram

    return KerasProgram


@contextmanager
def cached_program(
    model: keras.Model,
    optimizer_state: list[np.ndarray] | None,
    *,
    batch_size: int,
    n_steps: int,
    alone: bool,
):
    """Check out a cached program, with the weights of ``model`` and an optimizer's state.

    After an exception ``model`` is as it was; otherwise it has the weights that the program's
    model has then.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    optimizer_state : list of ndarray or None
        As a training run reports it, or None for the start.
    batch_size : int
    n_steps : int
        How many steps are planned, at most.
    alone : bool
        Whether something may happen to the program's model that must not reach other fits.
    """
    program_class = _program_class()
    variant = program_class.variant(model, n_steps)
    signature = None if alone else training_signature(model, batch_size, variant)
    weights = values_of(model.variables)
    if signature is None:
        program = _program_of(model, program_class, batch_size, variant, alone)
    else:
        program = _pool.take(signature) or program_class(_copy_of(model), batch_size, variant)
        load(program.model.variables, weights)
        adopt_hyperparameters(program.model, model)
    if optimizer_state is None:
        load(program.model.optimizer.variables, program.initial_optimizer_state)
        _adopt_learning_rate(program.model.optimizer, model.optimizer)
    else:
        load(program.model.optimizer.variables, optimizer_state)
    try:
        yield program
        weights = values_of(program.model.variables)
    finally:
        load(model.variables, weights)
        if signature is not None:
            _pool.put(signature, program)


def _program_of(model, program_class, batch_size, variant, alone):
    """Return a model's own program, the one of its last training where that still fits."""
    program = getattr(model, "_skae_training", None)
    if alone or program is None or not program.serves(model, batch_size, variant):
        program = model._skae_training = program_class(model, batch_size, variant)
    return program


def _copy_of(model: keras.Model) -> keras.Model:
    with seeded(0):
        copy = keras.Model.from_config(model.get_config())
    use_fused_kernels(copy)
    hold_hyperparameters(copy)
    copy.compile(
        optimizer=type(model.optimizer).from_config(model.optimizer.get_config()), loss=model.loss
    )
    return copy


def _adopt_learning_rate(optimizer, other) -> None:
    if isinstance(other, keras.optimizers.LossScaleOptimizer):
        _adopt_learning_rate(optimizer.inner_optimizer, other.inner_optimizer)
        return
    rate = other.get_config()["learning_rate"]
    if isinstance(rate, float):
        optimizer.learning_rate = rate
