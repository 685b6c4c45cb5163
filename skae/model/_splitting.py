"""Split a Keras autoencoder at its code."""

from dataclasses import dataclass
from math import inf, prod
from typing import Any

import keras

from skae import engine
from skae.networks import Shape
from skae.packing import packed


@dataclass(frozen=True)
class _Call:
    """One call of a layer in a model."""

    layer: keras.layers.Layer
    inputs: Any
    outputs: Any

    @property
    def size(self):
        """Numbers in one row of the output, infinite if that is not known."""
        n_rows, *shape = getattr(self.outputs, "shape", (None, None))
        return inf if n_rows is not None or None in shape else prod(shape)


def private_copy(model: keras.Model, sample_shape: Shape) -> keras.Model:
    """Return a functional copy of a functional or Sequential model, with the same weights.

    Parameters
    ----------
    model : keras.Model
        Never changed.
    sample_shape : tuple of int
        Shape of a row, for a Sequential model that was not built yet.

    Raises
    ------
    ValueError
        If the model is neither, or has several inputs or outputs.
    """
    copy = packed(model).unpacked()
    if isinstance(copy, keras.Sequential):
        if not copy.built:
            copy.build((None, *sample_shape))
        copy = keras.Model(copy.inputs, copy.outputs)
    if model.built:
        engine.load(copy.weights, engine.values_of(model.weights))
        engine.load_own_states(copy, engine.own_states(model))
    ends = [*(getattr(copy, "inputs", None) or []), *(getattr(copy, "outputs", None) or [])]
    if len(ends) != 2:
        raise ValueError(
            "Expected a functional or Sequential Keras model with one input and one output, got "
            f"{model!r}. Give encoder and decoder instead."
        )
    return copy


def split_at_code(model: keras.Model, code_layer: str | None) -> tuple[keras.Model, keras.Model]:
    """Return a model's encoder and decoder, which share its layers.

    Parameters
    ----------
    model : keras.Model
        Functional, with one input and one output.
    code_layer : str or None
        Name of the layer or inner model whose output is the code, at any depth. None is the one
        with the smallest output, the last of them if there are several.

    Raises
    ------
    ValueError
        If there is no such layer, or the decoder needs more than the code.
    """
    path = _narrowest(model)[1] if code_layer is None else _path_to(model, code_layer)
    if not path:
        raise ValueError(
            f"No layer {code_layer!r} between input and output was found in the model, which has "
            f"{[layer.name for layer in model.layers]}. Name the layer whose output is the code as "
            "code_layer."
        )
    encoder, decoder = _cut(model, path)
    both = {id(v) for v in encoder.weights} & {id(v) for v in decoder.weights}
    if both:
        names = sorted(v.path for v in encoder.weights if id(v) in both)
        raise ValueError(
            f"Encoder and decoder share the weights {names}: expected every layer on one side of "
            "the code. Use a copy of the layer, or another code_layer."
        )
    return encoder, decoder


def calls_of(model):
    """Return the calls of a model's layers, in a graph of the same layers, with its ends."""
    calls = []

    def record(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        calls.append(_Call(layer, args[0] if len(args) == 1 else args, outputs))
        return outputs

    graph = keras.models.clone_model(
        keras.Model(model.inputs, model.outputs),
        clone_function=lambda layer: layer,
        call_function=record,
    )
    return calls, graph.inputs[0], graph.outputs[0]


def _narrowest(model):
    """Return the size and the path of the smallest inner output; outer layers win ties."""
    calls, _, end = calls_of(model)
    best: tuple[float, tuple[str, ...]] = (inf, ())
    for call in calls:
        if call.outputs is not end and call.size <= best[0]:
            best = (call.size, (call.layer.name,))
    for call in calls:
        if isinstance(call.layer, keras.Model):
            size, path = _narrowest(call.layer)
            if size < best[0]:
                best = (size, (call.layer.name, *path))
    return best


def _path_to(model, name):
    """Return the names that lead to a layer, from the outermost model that has it, or ()."""
    calls, _, end = calls_of(model)
    if any(call.layer.name == name and call.outputs is not end for call in calls):
        return (name,)
    for call in calls:
        if isinstance(call.layer, keras.Model):
            path = _path_to(call.layer, name)
            if path:
                return (call.layer.name, *path)
    return ()


def _cut(model, path):
    calls, start, end = calls_of(model)
    call = [call for call in calls if call.layer.name == path[0]][-1]
    if len(path) == 1:
        return keras.Model(start, call.outputs), _rest(call.outputs, end)
    inner_encoder, inner_decoder = _cut(call.layer, path[1:])
    latent = keras.Input(inner_decoder.input.shape[1:])
    outputs = inner_decoder(latent)
    if call.outputs is not end:
        outputs = _rest(call.outputs, end)(outputs)
    return keras.Model(start, inner_encoder(call.inputs)), keras.Model(latent, outputs)


def _rest(code, end):
    """Return the model from the code to the end."""
    message = (
        "The output cannot be computed from the code alone: a connection goes around it. Choose "
        "another code_layer."
    )
    try:
        rest = keras.Model(code, end)
    except ValueError as error:
        raise ValueError(message) from error
    if sum(isinstance(layer, keras.layers.InputLayer) for layer in rest.layers) > 1:
        raise ValueError(message)  # which old Keras leaves to us
    return rest
