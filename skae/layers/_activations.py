"""Activations: functions by Keras's name, and layers such as LeakyReLU by their class's name."""

from typing import Any

import keras

from skae.engine._proof import is_known
from skae.layers._packed_layers import renamed


def _layer_class(activation: Any) -> type[keras.layers.Layer] | None:
    """Return the layer class that ``activation`` names, is or has, or None for a function."""
    if isinstance(activation, str):
        activation = vars(keras.layers).get(activation)
    if isinstance(activation, keras.layers.Layer):
        return type(activation)
    is_layer = isinstance(activation, type) and issubclass(activation, keras.layers.Layer)
    return activation if is_layer else None


def activation_name(activation: Any) -> str:
    """Return Keras's name of an activation: of the function, or of the layer's class.

    A function or object of the user's has the name "custom".
    """
    layer_class = _layer_class(activation)
    if layer_class is not None:
        return layer_class.__name__
    function = keras.activations.get(activation)
    return keras.activations.serialize(function) if is_known(function) else "custom"


def activation_layer(activation: Any, name: str) -> keras.layers.Layer:
    """Return a new layer that applies an activation.

    Parameters
    ----------
    activation : str, callable, keras.layers.Layer or subclass of it
        A function or its name, such as ``"relu"``; a layer, its class or the class's name, such as
        ``"LeakyReLU"``. An instance is copied.
    name : str
    """
    layer_class = _layer_class(activation)
    if layer_class is None:
        return keras.layers.Activation(activation, name=name)
    if isinstance(activation, keras.layers.Layer):
        return renamed(activation, name)
    return layer_class(name=name)


def activated(layer: Any, activation: Any, inputs: Any) -> Any:
    """Return ``layer(inputs)`` under an activation; a function becomes part of the layer."""
    if _layer_class(activation) is not None:
        return activation_layer(activation, f"{layer.name}_activation")(layer(inputs))
    layer.activation = keras.activations.get(activation)
    return layer(inputs)
