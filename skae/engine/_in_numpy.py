"""Small dense networks in NumPy.

A call of the backend takes longer than the arithmetic of a few rows, and the kernels that it
chooses depend on their number. Here what a row becomes is the same, bit for bit, among any others.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import keras
import numpy as np
from keras import activations, layers

from skae import layers as own_layers
from skae._compat import functional_class, nodes_by_depth
from skae.data._products import filled, product
from skae.engine._proof import unknown_parts

_MOST_WEIGHTS = 2**17  # beyond, the threads of the backend are faster
_ROWS_AT_ONCE = 1024

_Weights = Sequence[np.ndarray]
_Step = Callable[..., list[np.ndarray]]

_UNCHANGED_IN_USE = (  # as flat vectors
    layers.AlphaDropout,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.Reshape,
    own_layers.GaussianCorruption,
    own_layers.MaskingCorruption,
    own_layers.SaltAndPepperCorruption,
    own_layers.SparsityPenalty,
    own_layers.SwapCorruption,
)


class NotInNumpyError(Exception):
    """Raised where a network has a part that is not computed in NumPy."""


class NumpyNetwork:
    """A small dense network in NumPy.

    Parameters
    ----------
    core : keras.Model
        Its weights are not used.

    Attributes
    ----------
    variables : list of keras.Variable
        Those of ``core`` whose values are the weights.

    Raises
    ------
    NotInNumpyError
        If the network is large, or not made of known layers in float32 alone.
    """

    def __init__(self, core: keras.Model):
        self.variables = [variable for variable in core.variables if variable.dtype == "float32"]
        if sum(prod(variable.shape) for variable in self.variables) > _MOST_WEIGHTS:
            raise NotInNumpyError
        position_of = {id(variable): i for i, variable in enumerate(self.variables)}
        self._step = _step_of(core, position_of)

    def __call__(self, weights: _Weights, rows: np.ndarray) -> np.ndarray:
        r"""Return the outputs of rows, flat.

        Parameters
        ----------
        weights : list of ndarray
            Values for ``variables``.
        rows : ndarray of shape (n_samples, \*input_shape), float32

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs), float32
        """
        rows = rows.reshape(len(rows), -1)
        starts = range(0, len(rows), _ROWS_AT_ONCE)
        parts = [rows[start : start + _ROWS_AT_ONCE] for start in starts]
        with np.errstate(all="ignore"):
            outputs = [self._outputs(weights, filled(part))[: len(part)] for part in parts]
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def _outputs(self, weights, rows):
        outputs = self._step(weights, rows)
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=1)


def _graph_step(model, position_of) -> _Step:
    """Return a function of weights and inputs that does what a functional model does."""
    calls = []
    for node in (node for nodes in reversed(nodes_by_depth(model)) for node in nodes):
        if type(node.operation) is layers.InputLayer:
            continue
        step = _step_of(node.operation, position_of)
        _check_tensors(node)
        given = [id(tensor) for tensor in node.input_tensors]
        calls.append((step, given, [id(tensor) for tensor in node.output_tensors]))
    starts = [id(tensor) for tensor in model.inputs]
    ends = [id(tensor) for tensor in model.outputs]

    def run(weights, *inputs):
        values = dict(zip(starts, inputs, strict=True))
        for step, given, results in calls:
            outputs = step(weights, *[values[tensor] for tensor in given])
            values.update(zip(results, outputs, strict=True))
        return [values[end] for end in ends]

    return run


def _check_tensors(node):
    """Raise unless flat vectors in float32 stand for the inputs and outputs of a call."""
    tensors = [*node.input_tensors, *node.output_tensors]
    shapes = {tensor.shape for tensor in tensors}
    is_on_vectors = type(node.operation) in (layers.Concatenate, layers.Dense)
    if any(tensor.dtype != "float32" for tensor in tensors) or (
        (is_on_vectors and any(len(shape) != 2 for shape in shapes))
        or (type(node.operation) is layers.Add and len(shapes) > 1)
    ):
        raise NotInNumpyError


def _step_of(operation, position_of) -> _Step:
    """Return a function of weights and inputs that does what a layer does in use.

    Raises
    ------
    NotInNumpyError
        If it is not known what the layer does.
    """
    kind = type(operation)
    if kind is functional_class():
        return _graph_step(operation, position_of)
    if kind not in _STEPS or unknown_parts(operation) or operation.compute_dtype != "float32":
        raise NotInNumpyError
    return _STEPS[kind](operation, position_of)


def _dense_step(layer, position_of):
    plain = [layer.kernel, layer.bias] if layer.use_bias else [layer.kernel]
    if list(map(id, plain)) != list(map(id, layer.variables)):  # quantized, or of low rank
        raise NotInNumpyError
    kernel, *bias = (_position(variable, position_of) for variable in plain)
    activate = _activation(layer.activation)

    def run(weights, inputs):
        outputs = product(inputs, weights[kernel])
        for position in bias:
            outputs += weights[position]
        return [activate(outputs)]

    return run


def _position(variable, position_of):
    if id(variable) not in position_of:
        raise NotInNumpyError
    return position_of[id(variable)]


def _activation(function):
    if function not in _ACTIVATIONS:
        raise NotInNumpyError
    return _ACTIVATIONS[function]


def _activation_step(layer, position_of):
    activate = _activation(layer.activation)
    return lambda weights, inputs: [activate(inputs.copy())]


def _concatenation_step(layer, position_of):
    return lambda weights, *inputs: [np.concatenate(inputs, axis=1)]


def _contraction_step(layer, position_of):
    return _step_of(layer.encoder, position_of)


def _flat_step(layer, position_of):
    if layer.data_format != "channels_last":
        raise NotInNumpyError
    return _first_input_step(layer, position_of)


def _first_input_step(layer, position_of):
    return lambda weights, first, *others: [first]


def _sum_step(layer, position_of):
    return lambda weights, *inputs: [sum(inputs[1:], start=inputs[0])]


def _standardization_step(layer, position_of):
    mean, scale = (_position(variable, position_of) for variable in (layer.mean, layer.scale))
    if layer.invert:
        return lambda weights, inputs: [inputs * weights[scale] + weights[mean].ravel()]
    return lambda weights, inputs: [(inputs - weights[mean].ravel()) / weights[scale]]


def _sigmoid(values):
    """Return 1 / (1 + exp(−x)), in place."""
    np.exp(np.negative(values, out=values), out=values)
    values += 1
    return np.reciprocal(values, out=values)


_ACTIVATIONS: dict[Any, Callable[[np.ndarray], np.ndarray]] = {
    activations.linear: lambda values: values,
    activations.relu: lambda values: np.maximum(values, 0, out=values),
    activations.sigmoid: _sigmoid,
    activations.silu: lambda values: values * _sigmoid(values.copy()),
    activations.tanh: lambda values: np.tanh(values, out=values),
}
_STEPS: dict[type, Callable[[Any, dict[int, int]], _Step]] = {
    **dict.fromkeys(_UNCHANGED_IN_USE, _first_input_step),
    layers.Activation: _activation_step,
    layers.Add: _sum_step,
    layers.Concatenate: _concatenation_step,
    layers.Dense: _dense_step,
    layers.Flatten: _flat_step,
    own_layers.ContractionPenalty: _contraction_step,
    own_layers.GaussianCode: _first_input_step,
    own_layers.Standardization: _standardization_step,
}
