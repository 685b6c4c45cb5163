"""Functions of the user's inside layers, of which Keras keeps names only."""

from types import FunctionType

import keras


def layers_by_path(layer: keras.Layer, path: str = "") -> dict[str, keras.Layer]:
    """Return the layers in a layer, at any depth, by their names from the outside in."""
    found = {}
    for inner in layer._flatten_layers(include_self=False, recursive=False):
        inner_path = f"{path}/{inner.name}"
        found[inner_path] = inner
        found |= layers_by_path(inner, inner_path)
    return found


def functions_of_the_user(model: keras.Model) -> dict[tuple[str, str], FunctionType]:
    """Return such functions by the path of their layer and the name of its attribute."""
    return {
        (path, name): value
        for path, layer in layers_by_path(model).items()
        for name, value in vars(layer).items()
        if isinstance(value, FunctionType) and is_of_the_user(value)
    }


def is_of_the_user(thing: FunctionType | type) -> bool:
    """Tell whether a function or class is neither Keras's nor skae's."""
    return thing.__module__.split(".")[0] not in ("builtins", "keras", "numpy", "skae")
