"""What makes two trainings the same, as text that is equal in every process.

A compiled program may be shared with an object that is the same in this process (`_proof`); a
checkpoint is read in another one, where the same function lies elsewhere. So functions are their
code and what they see, classes of the user's are their methods, and objects are their parts.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Iterable
from dataclasses import astuple
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import keras
import numpy as np

from skae._compat import layers_within, learning_rate_of
from skae.engine._proof import is_of_keras, names_read_by, unknown_parts
from skae.engine._recording import OF_WHERE_IT_WRITES, TrainingRecorder, collected
from skae.engine._signature import architecture_signature, text_of
from skae.engine._variables import values_of

_PLAIN = (bool, int, float, str, type(None))
# Their versions are those that the file says; what is the user's is looked at.
_KNOWN_PACKAGES = {
    *("jax", "keras", "numpy", "scipy", "skae", "sklearn", "tensorflow"),
    *sys.stdlib_module_names,
}


def identity_of(model, rows, validation, rng, callbacks, plan) -> dict[str, str]:
    """Return digests of what a training depends on: its parameters, its data and its start."""
    describe = _Description().of
    optimizer = model.optimizer
    architecture = architecture_signature(model, with_hyperparameters=True)
    parameters = [
        architecture or describe(list(map(_parts_of_layer, layers_within(model)))),
        describe([optimizer, learning_rate_of(optimizer), model.loss, astuple(plan)]),
        describe(list(map(_parts_of_callback, filter(_counts, callbacks)))),
    ]
    data = (pair for some in (rows, validation) if some is not None for pair in some.blocks())
    generator = rng.get_state(legacy=False)["state"]
    return {
        "parameters": hashlib.sha256(text_of(parameters).encode()).hexdigest(),
        "data": digest(array for pair in data for array in pair if array is not None),
        "start": digest(values_of(model.variables)),
        "generator": digest([generator["key"], np.array(generator["pos"])]),
    }


def digest(arrays: Iterable[np.ndarray]) -> str:
    """Return a checksum of arrays, their shapes included."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype}{np.shape(array)}".encode())
        total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def _parts_of_layer(layer):
    """Return what a layer is made of, in the words of Keras's configurations."""
    try:
        config = layer.get_config()
    except Exception:  # whatever the user's own raises
        config = {"name": layer.name}
    own = {name: value for name, value in vars(layer).items() if _is_number_or_text(name, value)}
    return {
        "class_name": type(layer).__name__,
        "config": config,
        "made_of": [type(layer), own, unknown_parts(layer)],
    }


def _is_number_or_text(name, value):
    return not name.startswith("_") and name != "name" and isinstance(value, _PLAIN)


def _counts(callback):
    """Tell whether a training must have this callback to be the same one: Keras's and skae's."""
    of_skae = type(callback).__module__.partition(".")[0] == "skae"
    return is_of_keras(callback) or (of_skae and not isinstance(callback, TrainingRecorder))


def _parts_of_callback(callback):
    """Return what a callback was constructed with, not what it has collected since."""
    if not is_of_keras(callback):
        metrics = getattr(callback, "metrics", None)
        return [type(callback), collected(callback), metrics]
    given = inspect.signature(type(callback).__init__).parameters.keys() - OF_WHERE_IT_WRITES
    parts = {name: vars(callback)[name] for name in sorted(given & vars(callback).keys())}
    if "min_delta" in parts:  # of which Keras changes the sign when training begins
        parts["min_delta"] = abs(parts["min_delta"])
    return [type(callback), parts]


class _Description:
    """Turns objects into what JSON can hold, each of them once."""

    def __init__(self):
        self._places: dict[int, int] = {}
        self._kept_alive: list[Any] = []

    def of(self, value: Any) -> Any:
        """Return what describes a value, equal for equal ones, in whatever process."""
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, tuple):  # constants of code are, which may be one object or two
            return ["tuple", *map(self.of, value)]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(json.dumps(self.of(inner)) for inner in value)]
        if isinstance(value, np.ndarray | np.generic) and value.dtype != object:
            return ["array", digest([np.asarray(value)])]
        if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
            return ["tensor", digest([keras.ops.convert_to_numpy(value)])]
        if id(value) in self._places:
            return ["again", self._places[id(value)]]
        self._places[id(value)] = len(self._places)
        self._kept_alive.append(value)
        return self._of_object(value)

    def _of_object(self, value):
        if isinstance(value, list):
            return ["list", *map(self.of, value)]
        if isinstance(value, dict):
            return {str(key): self.of(inner) for key, inner in value.items()}
        if isinstance(value, FunctionType):
            return self._of_function(value)
        if isinstance(value, MethodType):
            return ["method", self.of(value.__self__), self.of(value.__func__)]
        if isinstance(value, CodeType):
            return self._of_code(value)
        if isinstance(value, type):
            return self._of_class(value)
        if isinstance(value, ModuleType | BuiltinFunctionType):
            return [getattr(value, "__module__", None), value.__name__]
        if isinstance(value, property | staticmethod | classmethod):
            inner = value.fget if isinstance(value, property) else value.__func__
            return [type(value).__name__, self.of(inner)]
        return ["object", self.of(type(value)), self._of_state(value)]

    def _of_function(self, function):
        home = str(function.__globals__.get("__name__"))
        seen = [_content_of(cell) for cell in function.__closure__ or ()]
        is_there = vars(sys.modules.get(home, function)) is function.__globals__
        if is_there and home.partition(".")[0] in _KNOWN_PACKAGES:
            return ["function", home, function.__qualname__, *map(self.of, seen)]
        seen += [function.__defaults__, function.__kwdefaults__, vars(function)]
        names = dict.fromkeys(names_read_by(function.__code__))
        known = function.__globals__
        seen += [[name, known[name]] for name in names if name in known]
        return ["function", self.of(function.__code__), *map(self.of, seen)]

    def _of_code(self, code):
        parts = [code.co_names, code.co_varnames, code.co_freevars, code.co_consts]
        return ["code", code.co_code.hex(), *map(self.of, parts)]

    def _of_class(self, kind):
        name = [kind.__module__, kind.__qualname__]
        is_there = vars(sys.modules.get(kind.__module__, kind)).get(kind.__name__) is kind
        if is_there and kind.__module__.partition(".")[0] in _KNOWN_PACKAGES:
            return ["class", *name]
        content = {
            attribute: self.of(value)
            for attribute, value in vars(kind).items()
            if isinstance(value, FunctionType | property | staticmethod | classmethod)
            or _is_number_or_text(attribute, value)
        }
        return ["class", kind.__qualname__, content, *map(self.of, kind.__bases__)]

    def _of_state(self, value):
        if isinstance(value, keras.losses.Loss):  # its configuration leaves out a part of it
            return self.of({name: part for name, part in vars(value).items() if name != "name"})
        if isinstance(value, keras.layers.Layer):
            return self.of([_parts_of_layer(value), values_of(value.variables)])
        try:
            if callable(getattr(value, "get_config", None)):
                config = self.of(value.get_config())
                return {"class_name": type(value).__name__, "config": config}
            return self._of_pickled(value)
        except Exception:  # what cannot be taken apart is its class
            return None

    def _of_pickled(self, value):
        """Return a description of what a pickle would hold of an object."""
        made = value.__reduce_ex__(4)
        if isinstance(made, str):
            return made
        make, arguments, *further = made
        return [self.of(make), self.of(arguments), *(self.of(_listed(part)) for part in further)]


def _listed(part):
    return list(part) if hasattr(part, "__next__") else part


def _content_of(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None
