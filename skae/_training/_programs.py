"""Compile once: traced training programs, reused by every fit of the same architecture."""

import json
import threading
from collections import OrderedDict
from contextlib import contextmanager

import keras
import numpy as np

_MAX_IDLE_PROGRAMS = 16


def program_signature(model: keras.Model, batch_size: int) -> str | None:
    """Return what a traced program depends on, or None if the model cannot be shared safely.

    That is architecture, loss, kind of optimizer and batch size; neither weights nor a constant
    learning rate, which are loaded into a program. A model with functions or classes that are not
    Keras's or skae's is described by their names only, so two different ones could look alike.
    """
    description = [
        keras.saving.serialize_keras_object(model)["config"],
        _described_optimizer(model.optimizer),
        _described_loss(model.loss),
    ]
    if not _is_shareable(description):
        return None
    policy = keras.config.dtype_policy().name
    return json.dumps([keras.backend.backend(), policy, batch_size, *description], default=str)


def _described_optimizer(optimizer):
    description = keras.saving.serialize_keras_object(optimizer)
    settings = dict(description["config"], name=None)
    if isinstance(settings["learning_rate"], float):
        del settings["learning_rate"]
    return {**description, "config": settings}


def _described_loss(loss):
    """Return Keras's own loss functions by name, and everything else as Keras serialises it."""
    if getattr(loss, "__module__", "").startswith("keras.") and hasattr(loss, "__name__"):
        return loss.__name__
    return keras.saving.serialize_keras_object(loss)


def _is_shareable(description) -> bool:
    if isinstance(description, list | tuple):
        return all(map(_is_shareable, description))
    if not isinstance(description, dict):
        return True
    if "class_name" in description and "registered_name" in description:
        module, registered = description.get("module"), description["registered_name"]
        known = (module or "").split(".")[0] == "keras" or (registered or "").startswith("skae>")
        if not known:
            return False
    return all(map(_is_shareable, description.values()))


class _ProgramCache:
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


_cache = _ProgramCache(_MAX_IDLE_PROGRAMS)


def clear_compiled_programs() -> None:
    """Forget all compiled programs and free the memory they hold.

    Fitted estimators keep working; the next fit or transform of each architecture compiles anew.

    Examples
    --------
    >>> import skae
    >>> skae.clear_compiled_programs()
    """
    _cache.clear()


def _program_class():
    if keras.backend.backend() == "tensorflow":
        from skae._training._tensorflow import TensorFlowProgram

        return TensorFlowProgram
    if keras.backend.backend() == "jax":
        from skae._training._jax import JaxProgram

        return JaxProgram
    from skae._training._keras import KerasProgram

    return KerasProgram


@contextmanager
def loaded_program(model: keras.Model, batch_size: int):
    """Lend a program whose model holds the weights and the optimizer state of ``model``.

    On a clean exit ``model`` receives what the program's model holds then; after an exception it
    is as it was.
    """
    signature = program_signature(model, batch_size)
    state = state_of(model)
    if signature is None:
        program = _program_class()(model, batch_size)
    else:
        program = _cache.take(signature) or _program_class()(_copy_of(model), batch_size)
        load_state(program.model, state)
    try:
        yield program
        state = state_of(program.model)
    finally:
        load_state(model, state)
        if signature is not None:
            _cache.put(signature, program)


def _copy_of(model: keras.Model) -> keras.Model:
    copy = keras.Model.from_config(model.get_config())
    copy.compile(
        optimizer=type(model.optimizer).from_config(model.optimizer.get_config()), loss=model.loss
    )
    copy.optimizer.build(copy.trainable_variables)
    return copy


def _state_variables(model: keras.Model) -> list:
    """Return the variables that training changes, in one order for all copies of a model."""
    return [*model.variables, *model.optimizer.variables]


def state_of(model: keras.Model) -> list[np.ndarray]:
    """Return weights and optimizer state of a compiled model."""
    return [keras.ops.convert_to_numpy(variable) for variable in _state_variables(model)]


def load_state(model: keras.Model, state: list[np.ndarray]) -> None:
    """Give a compiled model the weights and optimizer state of another of its architecture."""
    for variable, value in zip(_state_variables(model), state, strict=True):
        variable.assign(value)
