"""The outputs of an encoder's hidden layers."""

from typing import Any

import keras

from skae._compat import nodes_by_depth


class HiddenLayers:
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
    ends : list of KerasTensor
        Outputs of the hidden layers; of a model among them its input.
    within : list of HiddenLayers
        Those of the models among them.
    """

    def __init__(self, model: keras.Model, *, before_weights: bool = False):
        self._stops = _stops(keras.Model(model.inputs[0], model.outputs), before_weights)
        self.ends = [tensor for tensor, _ in self._stops]
        self.within = [within for _, within in self._stops if within is not None]
        self._until_stops = keras.Model(model.inputs[0], self.ends) if self.ends else None

    def __call__(self, inputs) -> list[Any]:
        r"""Return the outputs of the hidden layers, starting from the input."""
        if self._until_stops is None:
            return []
        hidden: list[Any] = []
        values = keras.tree.flatten(self._until_stops(inputs, training=False))
        for value, (_, within) in zip(values, self._stops, strict=True):
            hidden += [value] if within is None else within(value)
        return hidden


def hidden_core(model: keras.Model) -> keras.Model:
    """Return the model from an autoencoder's input to its encoder's hidden layers and the code."""
    encoder = model.get_layer("encoder")
    hidden = HiddenLayers(encoder)
    if hidden.within:
        inputs = keras.Input(encoder.input.shape[1:], name="input")
        code = keras.Model(encoder.inputs[0], encoder.outputs)(inputs)
        return keras.Model(inputs, [*hidden(inputs), code], name="hidden")
    return keras.Model(encoder.inputs[0], [*hidden.ends, *encoder.outputs], name="hidden")


def _stops(graph, before_weights):
    """Return the outputs of hidden layers, or inner models and their inputs, in order."""
    stops: list[tuple[keras.KerasTensor, HiddenLayers | None]] = []
    needed = {id(output) for output in graph.outputs} if before_weights else set()
    for nodes in nodes_by_depth(graph):
        for node in nodes:
            outputs = keras.tree.flatten(node.output_tensors)
            is_needed = any(id(output) in needed for output in outputs)
            weighted = isinstance(node.operation, keras.Layer) and node.operation.trainable_weights
            if weighted and is_open(node.operation):
                inner = HiddenLayers(node.operation, before_weights=is_needed)
                stops.append((node.input_tensors[0], inner))
            elif weighted and is_needed:
                stops.append((outputs[0], None))
            if weighted or is_needed:
                needed |= {id(tensor) for tensor in node.input_tensors}
    return stops[::-1]


def is_open(layer):
    """Tell whether a layer is a model made of layers whose connections are known."""
    return isinstance(layer, keras.Model) and len(getattr(layer, "inputs", None) or ()) == 1
