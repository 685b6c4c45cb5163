"""Rows through an encoder, a decoder or both, compiled, in large batches."""

import threading
from collections import OrderedDict
from enum import Enum

import keras
import numpy as np

from skae.data._chunks import chunks
from skae.engine._graph import autoencoder_core, decoder_core, encoder_core, posterior_core
from skae.engine._row_by_row import mixes_rows
from skae.engine._seeding import seeded
from skae.engine._signature import architecture_signature
from skae.engine._workers import check_process

_MAX_PROGRAMS = 32


class Mapping(Enum):
    """Which part of an autoencoder to apply."""

    ENCODE = "encode"
    DECODE = "decode"
    RECONSTRUCT = "reconstruct"
    POSTERIOR = "posterior"


_CORES = {
    Mapping.ENCODE: encoder_core,
    Mapping.DECODE: decoder_core,
    Mapping.RECONSTRUCT: autoencoder_core,
    Mapping.POSTERIOR: posterior_core,
}


class InferenceProgram:
    """The compiled mappings of one architecture, each from its first use on.

    It has no weights, so that all models and threads can share it.

    Parameters
    ----------
    model : keras.Model
        Any model of the architecture; its weights are not used.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._mappings: dict[Mapping, _CompiledMapping] = {}

    def __getitem__(self, mapping: Mapping) -> "_CompiledMapping":
        if mapping not in self._mappings:
            self._mappings[mapping] = _CompiledMapping(self._model, _CORES[mapping](self._model))
        return self._mappings[mapping]


class _CompiledMapping:
    """A compiled part of a model, and the positions of the variables that it takes."""

    def __init__(self, model, core):
        position_of = {id(variable): i for i, variable in enumerate(model.variables)}
        self._positions = [position_of[id(variable)] for variable in core.variables]
        self._output_shape = core.output.shape[1:]

        def apply(weights, rows):
            with keras.StatelessScope(list(zip(core.variables, weights, strict=True))):
                return core(rows, training=False)

        self._apply = _compiled(apply, core)

    def variables_of(self, model):
        variables = model.variables
        return [variables[position] for position in self._positions]

    def __call__(self, variables, rows):
        weights = [variable.value for variable in variables]
        outputs = np.empty((len(rows), *self._output_shape), dtype=np.float32)
        for chunk in chunks(len(rows)):
            outputs[chunk] = self._apply(weights, rows[chunk])
        return outputs


class _Application:
    """The program of a model's architecture, applied to the variables of the model."""

    def __init__(self, model):
        self._model = model
        self._program = _program_for(model)
        self._variables = {}

    def __call__(self, mapping, rows):
        compiled = self._program[mapping]
        if mapping not in self._variables:
            self._variables[mapping] = compiled.variables_of(self._model)
        return compiled(self._variables[mapping], rows)


def _compiled(apply, core):
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        from skae.engine._traced import Traced

        weights = [tf.TensorSpec(variable.shape, variable.dtype) for variable in core.variables]
        rows = tf.TensorSpec((None, *core.input.shape[1:]), tf.float32)
        mapping = Traced(apply, weights, rows)

        def value_of(variable):
            if isinstance(variable, tf.distribute.DistributedValues):
                return variable.read_value()
            return tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)

        def run(variables, rows):
            return mapping(*map(value_of, variables), tf.convert_to_tensor(rows)).numpy()

        return _PaddedMapping(run, core, _next_multiple)
    if keras.backend.backend() == "jax":
        from skae.engine._jax_compiled import JaxCompiled

        return _PaddedMapping(JaxCompiled(apply), core, _next_power_of_two)
    return lambda weights, rows: keras.ops.convert_to_numpy(apply(weights, rows))


class _PaddedMapping:
    """A compiled mapping for any number of rows, padded to one of fewer numbers.

    Where an output may depend on other rows of the batch, rows are not padded.
    """

    def __init__(self, apply, core, padded_size):
        self._apply = apply
        self._pads = not mixes_rows(core, training=False)
        self._padded_size = padded_size

    def __call__(self, weights, rows):
        size = self._padded_size(len(rows)) if self._pads else len(rows)
        if size == len(rows):
            return self._apply(weights, rows)
        padded = np.zeros((size, *rows.shape[1:]), dtype=rows.dtype)
        padded[: len(rows)] = rows
        return self._apply(weights, padded)[: len(rows)]


def _next_multiple(n_rows):
    """Return a multiple of what kernels take at a time, so that no row meets another kernel."""
    return -(-n_rows // 8) * 8


def _next_power_of_two(n_rows):
    """Return a power of two, so that a mapping compiles for a few sizes only."""
    return 1 << (n_rows - 1).bit_length()


_programs: OrderedDict[str, InferenceProgram] = OrderedDict()
_lock = threading.Lock()


def apply_model(model: keras.Model, mapping: Mapping, rows: np.ndarray) -> np.ndarray:
    """Return the float32 output of a part of ``model`` for standardized rows or codes."""
    check_process()
    application = getattr(model, "_skae_inference", None)
    if application is None:
        application = model._skae_inference = _Application(model)
    return application(mapping, rows)


def _program_for(model):
    signature = architecture_signature(model)
    if signature is None:
        return InferenceProgram(model)
    with _lock:
        if signature not in _programs:
            with seeded(0):
                copy = keras.Model.from_config(model.get_config())
            _programs[signature] = InferenceProgram(copy)
            if len(_programs) > _MAX_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(signature)
        return _programs[signature]


def clear_inference_programs() -> None:
    """Forget the shared programs; a model that has used its own keeps it."""
    with _lock:
        _programs.clear()
