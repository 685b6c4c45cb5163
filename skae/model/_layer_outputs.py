"""Outputs of every layer of a model."""

from typing import Any

import keras
import numpy as np

from skae._compat import nodes_by_depth
from skae.model._splitting import calls_of
from skae.packing import PackedModel


def activations(autoencoder, rows: np.ndarray) -> dict[str, np.ndarray]:
    r"""Return the outputs of every layer of a fitted autoencoder.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
        Its model is copied first, because calls of layers change a model.
    rows : ndarray of shape (n_samples, n_features) or (n_samples, \*row_shape)

    Returns
    -------
    outputs : dict of str to ndarray of shape (n_samples, \*layer_shape)
    """
    model = PackedModel.of(autoencoder.model_).unpacked()
    return layer_outputs(model, rows.astype("float32").reshape(-1, *model.input.shape[1:]))


def layer_outputs(model: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    r"""Run rows through a model and return the outputs of its layers.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, with one input; models within are opened likewise. Its layers are
        called once more, symbolically: give a copy.
    inputs : ndarray of shape (n_samples, \*input_shape)

    Returns
    -------
    outputs : dict of str to ndarray of shape (n_samples, \*layer_shape)
        In the order of the calls, by the names of the layer and of the models around it, joined by
        "/"; from its second call on with the number of the call. Of several outputs the first.
    """
    calls, start, _ = calls_of(model)
    ends = [keras.tree.flatten(end)[0] for call in calls for end in (call.inputs, call.outputs)]
    values = keras.tree.flatten(keras.Model(start, ends)(inputs, training=False))
    outputs: dict[str, np.ndarray] = {}
    for call, received, given in zip(calls, values[::2], values[1::2], strict=True):
        name = _new_name(call.layer.name, outputs)
        if _is_open(call.layer):
            inner = layer_outputs(call.layer, received)
            outputs |= {f"{name}/{layer}": value for layer, value in inner.items()}
        else:
            outputs[name] = keras.ops.convert_to_numpy(given)
    return outputs


class HiddenPath:
    """The outputs of the hidden layers of an encoder.

    Hidden layers have trainable weights, and others with weights come after them: the last, whose
    outputs become the code by sums, activations or penalties, are no layers of their own.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential; models within are opened likewise. Its layers are shared, not
        called: it is left as it was.
    before_weights : bool, default=False
        Whether layers with weights come after the model.

    Attributes
    ----------
    compiled : keras.Model or None
        Place for a model that is kept as long as this one.
    """

    compiled: keras.Model | None = None

    def __init__(self, model: keras.Model, *, before_weights: bool = False):
        self._stops = _stops(keras.Model(model.inputs[0], model.outputs), before_weights)
        ends = [tensor for tensor, _ in self._stops]
        self._until_stops = keras.Model(model.inputs[0], ends) if ends else None

    def __call__(self, inputs) -> list[Any]:
        r"""Return the outputs of the hidden layers, starting from the input."""
        if self._until_stops is None:
            return []
        hidden: list[Any] = []
        values = keras.tree.flatten(self._until_stops(inputs, training=False))
        for value, (_, within) in zip(values, self._stops, strict=True):
            hidden += [value] if within is None else within(value)
        return hidden


def hidden_path(encoder: keras.Model) -> HiddenPath:
    """Return the hidden path of an encoder, made on first use and stored with it."""
    if getattr(encoder, "_skae_path", None) is None:
        encoder._skae_path = HiddenPath(encoder)
    return encoder._skae_path


def _stops(graph, before_weights):
    """Return the outputs of hidden layers, or inner models and their inputs, in order."""
    stops: list[tuple[keras.KerasTensor, HiddenPath | None]] = []
    needed = {id(output) for output in graph.outputs} if before_weights else set()
    for nodes in nodes_by_depth(graph):
        for node in nodes:
            outputs = keras.tree.flatten(node.output_tensors)
            is_needed = any(id(output) in needed for output in outputs)
            weighted = isinstance(node.operation, keras.Layer) and node.operation.trainable_weights
            if weighted and _is_open(node.operation):
                inner = HiddenPath(node.operation, before_weights=is_needed)
                stops.append((node.input_tensors[0], inner))
            elif weighted and is_needed:
                stops.append((outputs[0], None))
            if weighted or is_needed:
                needed |= {id(tensor) for tensor in node.input_tensors}
    return stops[::-1]


def _is_open(layer):
    """Tell whether a layer is a model made of layers whose connections are known."""
    return isinstance(layer, keras.Model) and len(getattr(layer, "inputs", None) or ()) == 1


def _new_name(name, taken):
    n_calls = sum(other.split("/")[0].split(" ")[0] == name for other in taken)
    return f"{name} {n_calls + 1}" if n_calls else name
