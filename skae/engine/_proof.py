"""Whether compiled code may be shared: only if all that it depends on is known.

A name, a module or a configuration that looks like Keras's own proves nothing. An object counts
as known if its type is, exactly, one of Keras's or skae's whose configuration is its whole state,
and a function if it is Keras's own object. A user's function counts as known, as the object that
it is, if nothing that it uses besides its arguments can change.
"""

import dis
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import keras
import numpy as np

from skae import layers as own_layers
from skae._compat import (
    KERAS_SOURCE,
    WRAPPED_BY_KERAS,
    functional_class,
    layers_within,
    learning_rate_of,
)

# Their configuration is not all of their state, or they run code that Keras does not know.
_UNKNOWN_LAYERS = (
    "FlaxLayer",
    "JaxLayer",
    "Lambda",
    "Normalization",
    "TFSMLayer",
    "TorchModuleWrapper",
)
_TRUSTED_PACKAGES = ("jax", "keras", "math", "tensorflow")
_LOOKS_ANYWHERE = {"__import__", "eval", "exec", "globals", "locals", "open", "vars"}
_WEIGHT_OF_SWITCH = {"center": "beta", "scale": "gamma", "use_bias": "bias"}
_PLAIN = (bool, bytes, complex, float, int, str, type(None))


class UnprovenError(Exception):
    """Raised where compiled code depends on something that is not known in full."""


def _classes_in(namespace, parent) -> frozenset[type]:
    return frozenset(
        value
        for value in vars(namespace).values()
        if isinstance(value, type)
        and issubclass(value, parent)
        and value.__module__.startswith(KERAS_SOURCE)
    )


def _functions_in(*namespaces) -> frozenset[int]:
    return frozenset(
        id(value)
        for namespace in namespaces
        for value in vars(namespace).values()
        if isinstance(value, FunctionType) and value.__module__.startswith(KERAS_SOURCE)
    )


_LAYERS = (
    _classes_in(keras.layers, keras.Layer)
    | {cls for cls in vars(own_layers).values() if isinstance(cls, type)}
    | {keras.Sequential, functional_class()}
) - {getattr(keras.layers, name) for name in _UNKNOWN_LAYERS if hasattr(keras.layers, name)}
_PARTS = (
    _classes_in(keras.initializers, keras.initializers.Initializer)
    | _classes_in(keras.regularizers, keras.regularizers.Regularizer)
    | _classes_in(keras.constraints, keras.constraints.Constraint)
)
_LOSSES = _classes_in(keras.losses, keras.losses.Loss)
_OPTIMIZERS = _classes_in(keras.optimizers, keras.optimizers.Optimizer)
_SCHEDULES = _classes_in(
    keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule
)
_FUNCTIONS = _functions_in(keras.activations, keras.losses, keras.metrics, keras.ops)
_CALLBACKS = _classes_in(keras.callbacks, keras.callbacks.Callback) - {
    keras.callbacks.LambdaCallback,  # whose attributes are functions of the user's
}

# A number names a function only while the function lives.
_named_by_id: dict[int, FunctionType] = {}


def leaves_model_alone(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback changes nothing of a model but values of its variables."""
    if any(name.startswith(("on_", "set_")) for name in vars(callback)):
        return False  # a method of its own in place of the class's
    if isinstance(callback, keras.callbacks.SwapEMAWeights):
        return False
    return type(callback) in _CALLBACKS or type(callback).__module__.split(".")[0] == "skae"


def is_known(part: Any) -> bool:
    """Tell whether a function is Keras's own, or an object of one of Keras's own classes."""
    if isinstance(part, FunctionType):
        return id(part) in _FUNCTIONS
    return type(part) in _PARTS


def is_known_layer(kind: type) -> bool:
    """Tell whether the layers of a class are their configuration and their weights."""
    return kind in _LAYERS


def is_known_optimizer(optimizer: keras.optimizers.Optimizer) -> bool:
    """Tell whether an optimizer is of one of Keras's own classes."""
    return type(optimizer) in _OPTIMIZERS


def is_known_schedule(schedule: keras.optimizers.schedules.LearningRateSchedule) -> bool:
    """Tell whether a learning-rate schedule is of one of Keras's own classes."""
    return type(schedule) in _SCHEDULES


def unknown_parts(layer: keras.Layer) -> dict[str, Any]:
    """Return the functions, objects and classes among a layer's attributes that are not known."""
    return {
        name: value
        for name, value in vars(layer).items()
        if callable(value)
        and not isinstance(value, keras.Layer | keras.Variable)
        and name not in WRAPPED_BY_KERAS
        and not is_known(value)
    }


def misstated_weight(layer: keras.Layer) -> tuple[str, str] | None:
    """Return an attribute that was changed after a layer was built, and the weight it speaks of.

    Such an attribute says that the layer has the weight where it has not, or the other way around:
    ``use_bias`` the bias, ``center`` the beta, ``scale`` the gamma. None where all of them agree.
    """
    for switch, weight in _WEIGHT_OF_SWITCH.items():
        stated = vars(layer).get(switch)
        if type(layer) in _LAYERS and isinstance(stated, int | np.bool_):
            names = {variable.name for variable in layer.variables}
            if names and (weight in names) != bool(stated):
                return switch, weight
    return None


def is_of_keras(callback: keras.callbacks.Callback) -> bool:
    """Tell whether a callback is of one of Keras's own classes."""
    return type(callback) in _CALLBACKS


def check_layers(model: keras.Model) -> None:
    """Raise unless every layer of a model, at any depth, is its configuration and its weights."""
    for layer in layers_within(model):
        _check_type(layer, _LAYERS)
        if isinstance(layer, keras.Model):
            _check_graph(layer)
        elif unknown_parts(layer):
            raise UnprovenError(f"{unknown_parts(layer)} are not Keras's own")
        elif misstated := misstated_weight(layer):
            raise UnprovenError(f"{misstated} of {layer.name} was changed since it was built")


def _check_graph(model):
    operations = getattr(model, "operations", model.layers)
    if "call" in vars(model) or not all(isinstance(step, keras.Layer) for step in operations):
        raise UnprovenError(f"{model.name} is more than its layers, one after the other")


def _check_type(thing, known):
    if type(thing) not in known:
        raise UnprovenError(f"nothing is known of {type(thing)}")


def described_loss(loss) -> Any:
    """Return all that a loss depends on, or raise."""
    if isinstance(loss, keras.losses.Loss):
        _check_type(loss, _LOSSES)
        return [type(loss).__name__, _described(vars(loss))]
    return _described(loss)


def described_optimizer(optimizer: keras.optimizers.Optimizer) -> Any:
    """Return all that an optimizer depends on but for a constant rate and its name, or raise."""
    _check_type(optimizer, _OPTIMIZERS)
    settings = {**optimizer.get_config(), "name": None}
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        settings["inner_optimizer"] = described_optimizer(optimizer.inner_optimizer)
        return [type(optimizer).__name__, _described(settings)]
    rate = settings.pop("learning_rate")
    if not isinstance(rate, float):
        schedule = learning_rate_of(optimizer)
        _check_type(schedule, _SCHEDULES)
        rate = [type(schedule).__name__, _described(schedule.get_config())]
        settings["schedule"] = rate
    return [type(optimizer).__name__, _described(settings)]


def _described(value, outer: frozenset = frozenset()) -> Any:
    """Return a value that JSON can hold, equal for equal things only, or raise.

    ``outer`` holds the functions that are being described, which may see themselves.
    """
    if type(value) in _PLAIN:
        return [type(value).__name__, repr(value)]
    if type(value) is tuple:
        return ["tuple", *(_described(inner, outer) for inner in value)]
    if type(value) is list and not outer:  # one that a function sees could change
        return ["list", *map(_described, value)]
    if type(value) is dict and not outer:
        return {repr(key): _described(inner) for key, inner in value.items()}
    if isinstance(value, keras.DTypePolicy):
        return ["policy", type(value).__name__, value.name]
    if isinstance(value, FunctionType):
        return _described_function(value, outer)
    if _is_trusted(_home_of(value)):
        return ["known", id(value)]
    raise UnprovenError(f"{value!r} may change")


def _home_of(value):
    """Return the name of the module that a module, class or built-in function is from."""
    if isinstance(value, ModuleType):
        return value.__name__
    return value.__module__ if isinstance(value, type | BuiltinFunctionType) else None


def _described_function(function, outer):
    # The module it was defined in, whatever `functools.wraps` made of its `__module__`.
    trusted = _is_trusted(function.__globals__["__name__"]) and not function.__closure__
    _named_by_id[id(function)] = function
    if trusted or id(function) in _FUNCTIONS or function in outer:
        return ["function", id(function)]
    seen = [_described(value, outer | {function}) for value in _seen_by(function)]
    return ["function", id(function), *seen]


def _seen_by(function):
    """Yield everything that a function can use besides its arguments, or raise."""
    yield from (_content_of(cell) for cell in function.__closure__ or ())
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from vars(function).values()
    _check_imports(function.__code__)
    for name in names_read_by(function.__code__):
        if name in _LOOKS_ANYWHERE:
            raise UnprovenError(f"{function!r} may look at anything, by {name}")
        if name in function.__globals__:
            yield name
            yield function.__globals__[name]


def _content_of(cell):
    try:
        return cell.cell_contents
    except ValueError as error:
        raise UnprovenError("a variable of an outer function is not assigned yet") from error


def _check_imports(code):
    for module in _operands(code, "IMPORT_NAME"):
        if not _is_trusted(module):
            raise UnprovenError(f"{module} is imported inside {code.co_name}")


def names_read_by(code: CodeType) -> Iterator[str]:
    """Yield the names of globals that the code of a function reads, and of those defined in it."""
    return _operands(code, "LOAD_GLOBAL", "LOAD_NAME")


def _operands(code, *operations):
    for instruction in dis.get_instructions(code):
        if instruction.opname in operations:
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _operands(constant, *operations)


def _is_trusted(module_name):
    return (module_name or "").split(".")[0] in _TRUSTED_PACKAGES
