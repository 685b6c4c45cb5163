"""What the user put inside layers: functions, objects and state that Keras's config leaves out."""

import sys
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import keras

from skae._compat import WRAPPED_BY_KERAS, layers_directly_in

_KNOWN_PACKAGES = ("builtins", "keras", "numpy", "skae")


def layers_by_path(layer: keras.Layer, path: str = "") -> dict[str, keras.Layer]:
    """Return the layers in a layer, at any depth, by their names from the outside in."""
    found = {}
    for inner in layers_directly_in(layer):
        inner_path = f"{path}/{inner.name}"
        found[inner_path] = inner
        found |= layers_by_path(inner, inner_path)
    return found


def callables_of_the_user(layer: keras.Layer) -> dict[str, Any]:
    """Return the attributes of one layer that are the user's functions, objects or classes."""
    return {
        name: value
        for name, value in vars(layer).items()
        if callable(value)
        and not isinstance(value, keras.layers.Layer)
        and name not in WRAPPED_BY_KERAS
        and is_of_the_user(value)
    }


def is_of_the_user(thing: Any) -> bool:
    """Tell whether a function, a class or an object is neither Keras's nor skae's.

    ``functools.wraps`` gives a function the name and the module of another one, so only what its
    module holds under its name counts as that module's.
    """
    if isinstance(thing, MethodType | BuiltinFunctionType):
        return True
    named = thing if isinstance(thing, FunctionType | type) else type(thing)
    if named.__module__.split(".")[0] not in _KNOWN_PACKAGES:
        return True
    found: Any = sys.modules.get(named.__module__)
    for name in named.__qualname__.split("."):
        found = vars(found).get(name) if found is not None else None
    return found is not named


def has_own_state(layer: keras.Layer) -> bool:
    """Tell whether a layer keeps state elsewhere than in its weights and its configuration."""
    return (
        isinstance(layer, keras.layers.Normalization)
        or "save_assets" in dir(layer)
        or type(layer).load_own_variables.__module__.split(".")[0] not in _KNOWN_PACKAGES
    )
