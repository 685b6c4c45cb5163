"""Rows through an encoder, a decoder or both, compiled, in large batches."""

import threading
from collections import OrderedDict
from enum import Enum
from math import prod
from operator import is_

import keras
import numpy as np

from skae._compat import layers_within
from skae.data._chunks import chunks
from skae.engine._graph import autoencoder_core, decoder_core, encoder_core, posterior_core
from skae.engine._hidden_layers import hidden_core
from skae.engine._in_numpy import NotInNumpyError, NumpyNetwork
from skae.engine._row_by_row import mixes_rows
from skae.engine._seeding import seeded
from skae.engine._signature import architecture_signature
from skae.engine._variables import array_of, tensor_of
from skae.engine._workers import check_process

_MAX_PROGRAMS = 32


class Mapping(Enum):
    """Which part of an autoencoder to apply; several outputs of it are one, side by side."""

    ENCODE = "encode"
    DECODE = "decode"
    RECONSTRUCT = "reconstruct"
    POSTERIOR = "posterior"
    HIDDEN = "hidden"


_CORES = {
    Mapping.ENCODE: encoder_core,
    Mapping.DECODE: decoder_core,
    Mapping.RECONSTRUCT: autoencoder_core,
    Mapping.POSTERIOR: posterior_core,
    Mapping.HIDDEN: hidden_core,
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

    def fits(self, model) -> bool:
        """Tell whether the variables of a model stand where those of the architecture do."""
        return _kinds_of_variables(model) == _kinds_of_variables(self._model)


def _kinds_of_variables(model):
    return [(variable.name, variable.shape, variable.dtype) for variable in model.variables]


class _CompiledMapping:
    """A compiled part of a model, and the positions of the variables that it takes."""

    def __init__(self, model, core):
        network = _in_numpy(core)
        self.is_in_numpy = network is not None
        self._apply, used = _compiled(core) if network is None else network
        position_of = {id(variable): i for i, variable in enumerate(model.variables)}
        self._positions = [position_of[id(variable)] for variable in used]
        shapes = [output.shape[1:] for output in core.outputs]
        self._output_shape = shapes[0] if len(shapes) == 1 else (sum(map(prod, shapes)),)

    def variables_of(self, model):
        variables = model.variables
        return [variables[position] for position in self._positions]

    def __call__(self, variables, rows):
        weights = [variable.value for variable in variables]
        outputs = np.empty((len(rows), *self._output_shape), dtype=np.float32)
        for chunk in chunks(len(rows)):
            applied = self._apply(weights, rows[chunk])
            outputs[chunk] = np.reshape(applied, (-1, *self._output_shape))
        return outputs


class _Application:
    """The program of a model's architecture, applied to the variables of the model."""

    def __init__(self, model):
        self._model = model
        layers = map(vars, layers_within(model)[1:])
        self._attributes = [(attributes, list(attributes.values())) for attributes in layers]
        program = _program_for(model)
        self._program = program if program.fits(model) else InferenceProgram(model)
        self._variables = {}

    def fits(self) -> bool:
        """Tell whether the layers of the model have the attributes, and so variables, they had."""
        return all(
            len(now) == len(before) and all(map(is_, now.values(), before))
            for now, before in self._attributes
        )

    @property
    def maps_rows_alone(self):
        return self._program[Mapping.RECONSTRUCT].is_in_numpy  # the largest of them

    def __call__(self, mapping, rows):
        compiled = self._program[mapping]
        if mapping not in self._variables:
            self._variables[mapping] = compiled.variables_of(self._model)
        return compiled(self._variables[mapping], rows)


def _in_numpy(core):
    """Return a function of weights and rows, and its variables, or None if NumPy is not for it."""
    if not _computes_on_cpu():
        return None
    try:
        network = NumpyNetwork(core)
    except NotInNumpyError:
        return None
    return (lambda weights, rows: network(list(map(array_of, weights)), rows)), network.variables


def _computes_on_cpu():
    """Tell whether the backend is known to compute on the processor."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return not tf.config.list_physical_devices("GPU")
    if backend == "jax":
        import jax

        return jax.default_backend() == "cpu"
    return False


def _compiled(core):
    """Return a function of weights and rows, and its variables."""

    def apply(weights, rows):
        with keras.StatelessScope(list(zip(core.variables, weights, strict=True))):
            outputs = keras.tree.flatten(core(rows, training=False))
        if len(outputs) == 1:
            return outputs[0]
        return keras.ops.concatenate([_flat(output) for output in outputs], axis=1)

    return _by_backend(apply, core), core.variables


def _flat(output):
    return keras.ops.cast(keras.ops.reshape(output, (-1, prod(output.shape[1:]))), "float32")


def _by_backend(apply, core):
    """Return a function compiled by the backend, which fills up the rows where it may."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        from skae.engine._traced import Traced

        weights = [tf.TensorSpec(variable.shape, variable.dtype) for variable in core.variables]
        rows = tf.TensorSpec((None, *core.input.shape[1:]), tf.float32)
        mapping = Traced(apply, weights, rows)

        def run(variables, rows):
            return mapping(*map(tensor_of, variables), tf.convert_to_tensor(rows)).numpy()

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
    return _application_of(model)(mapping, rows)


def maps_rows_alone(model: keras.Model) -> bool:
    """Tell whether an output of ``apply_model`` is the same, bit for bit, among any other rows."""
    return _application_of(model).maps_rows_alone


def _application_of(model):
    application = getattr(model, "_skae_inference", None)
    if application is None or not application.fits():
        application = model._skae_inference = _Application(model)
    return application


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
