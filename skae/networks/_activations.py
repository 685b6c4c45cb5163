"""Activations in a network: as a part of the layer before, or as a layer of their own."""

from typing import Any

import keras

from skae.engine import activation_layer_class
from skae.packing import renamed


def activation_layer(activation: Any, name: str) -> keras.layers.Layer:
    """Return a new layer that applies an activation.

    Parameters
    ----------
    activation : str, callable, keras.layers.Layer or subclass of it
        A function or its name, such as ``"relu"``; a layer, its class or the class's name, such as
        ``"LeakyReLU"``. An instance is copied.
    name : str
    """
    layer_class = activation_layer_class(activation)
    if layer_class is None:
        return keras.layers.Activation(activation, name=name)
    if isinstance(activation, keras.layers.Layer):
        return renamed(activation, name)
    return layer_class(name=name)


def activated(layer: Any, activation: Any, inputs: Any) -> Any:
    """Return ``layer(inputs)`` under an activation; a function becomes part of the layer."""
    if activation_layer_class(activation) is not None:
        return activation_layer(activation, f"{layer.name}_activation")(layer(inputs))
    layer.activation = keras.activations.get(activation)
    return layer(inputs)
