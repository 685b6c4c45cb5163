"""Activations by name: functions by Keras's, and layers such as LeakyReLU by their class's."""

from typing import Any

import keras

from skae.engine._proof import is_known


def activation_layer_class(activation: Any) -> type[keras.layers.Layer] | None:
    """Return the layer class that ``activation`` names, is or has, or None for a function."""
    if isinstance(activation, str):
        activation = vars(keras.layers).get(activation)
    if isinstance(activation, keras.layers.Layer):
        return type(activation)
    is_layer = isinstance(activation, type) and issubclass(activation, keras.layers.Layer)
    return activation if is_layer else None


def activation_name(activation: Any) -> str:
    """Return Keras's name of an activation: of the function, or of the layer's class.

    The name of a user's function or object is "custom".
    """
    layer_class = activation_layer_class(activation)
    if layer_class is not None:
        return layer_class.__name__
    function = keras.activations.get(activation)
    return keras.activations.serialize(function) if is_known(function) else "custom"
