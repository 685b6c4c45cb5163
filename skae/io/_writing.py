"""Conversion of objects to JSON and arrays, with type names for all but plain values.

A JSON object in a file has one key, the kind of object it represents; `_reading` knows the same
kinds.
"""

import math
from dataclasses import fields
from types import EllipsisType, FunctionType
from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator, BaseShuffleSplit

from skae._compat import MetadataRequest
from skae.autoencoders._fitting import AutoencoderFitting
from skae.io._container import is_storable
from skae.io._registry import RECORDS, is_of_a_library, name_of, named
from skae.outlier import ConformalMonitor
from skae.packing._layers import Held
from skae.packing._models import PackedLoss, PackedModel

_RECORD_NAMES = {kind: name for name, kind in RECORDS.items()}
WITH_CONFIG = (
    keras.DTypePolicy,
    keras.constraints.Constraint,
    keras.initializers.Initializer,
    keras.metrics.Metric,
    keras.optimizers.Optimizer,
    keras.optimizers.schedules.LearningRateSchedule,
    keras.regularizers.Regularizer,
)
WITH_STATE = (BaseEstimator, BaseCrossValidator, BaseShuffleSplit, ConformalMonitor)


class Writer:
    """Turns one object into a document, and collects arrays and the user's objects on the way.

    Parameters
    ----------
    include_optimizer : bool
        Whether autoencoders keep the state of their optimizers.

    Attributes
    ----------
    arrays : list of ndarray
    custom : dict of str to object
        The user's classes and functions, by the names that they have in the file.
    """

    def __init__(self, include_optimizer: bool):
        self._include_optimizer = include_optimizer
        self.arrays: list[np.ndarray] = []
        self.custom: dict[str, Any] = {}
        self._places: dict[int, int] = {}
        self._objects: dict[int, int] = {}
        self._kept_alive: list[Any] = []  # nothing else gets the id of what was stored

    def node(self, value: Any) -> Any:
        """Return the JSON representation of a value.

        Raises
        ------
        ValueError
            If it, or something in it, cannot be part of a file.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        for kinds, write in self._KINDS:
            if isinstance(value, kinds):
                return write(self, value)
        if type(value) in _RECORD_NAMES:
            return self._record(value)
        if callable(getattr(value, "get_config", None)) and name_of(type(value)) is None:
            return self._with_config(value)  # an activation of the user's, for instance
        raise ValueError(
            f"A {type(value).__name__} cannot be part of a file: expected numbers, text, arrays, "
            "scikit-learn estimators of the kinds that the documentation lists, objects of Keras "
            f"or skae, and functions and classes that have a name; got {value!r}. Keep the "
            "estimator with pickle, or replace it."
        )

    # ---- plain values -----------------------------------------------------------------------

    def _list(self, values):
        return [self.node(value) for value in values]

    def _tuple(self, values):
        return {"tuple": self._list(values)}

    def _dict(self, values):
        if "class_name" in values:
            return self._keras_config(values)
        if all(type(key) is str for key in values):
            return {"dict": {key: self.node(value) for key, value in values.items()}}
        return {"pairs": [[self.node(key), self.node(value)] for key, value in values.items()]}

    def _keras_config(self, values):
        """Return the node of a configuration in which Keras names the class of an object."""
        name = f"{values.get('module')}.{values['class_name']}"
        registered = values.get("registered_name")
        if str(registered).startswith("skae>"):
            name = name_of(keras.saving.get_registered_object(registered)) or name
        self._check_known(name)
        return {
            "config": [name, self.node(values["config"]), self.node(values.get("build_config"))]
        }

    def _check_known(self, name):
        if name not in named():
            raise ValueError(
                f"A layer or metric holds a {name.rpartition('.')[2]} that Keras finds by its name "
                "alone: expected an object, a function or a class. Give it the object itself, or "
                "keep the estimator with pickle."
            )

    def _slice(self, value):
        return {"slice": self._list([value.start, value.stop, value.step])}

    def _ellipsis(self, value):
        return {"ellipsis": None}

    # ---- numbers ----------------------------------------------------------------------------

    def _scalar(self, value):
        return {"scalar": self._array(np.asarray(value))}

    def _text(self, value):
        return str(value)

    def _dtype(self, value):
        return {"dtype": value.str}

    def _array(self, array):
        if array.dtype == object:
            return {"objects": [list(array.shape), self._list(array.ravel().tolist())]}
        if array.dtype.kind == "U":
            width = array.dtype.itemsize // 4
            codes = np.ascontiguousarray(array).view(np.uint32).reshape(*array.shape, width)
            return {"text": [width, self._array(codes)]}
        if not is_storable(array):
            raise ValueError(
                f"Arrays of {array.dtype} cannot be part of a file: expected booleans, integers of "
                "up to 64 bits, floats or text."
            )
        if list(array.strides) == sorted(array.strides) and not array.flags.c_contiguous:
            return {"transposed": self._place(array, array.T)}
        return {"array": self._place(array, array)}

    def _place(self, array, stored):
        """Store an array once, however often it is met."""
        if id(array) not in self._places:
            self._places[id(array)] = len(self.arrays)
            self.arrays.append(stored)
            self._kept_alive.append(array)
        return self._places[id(array)]

    def _random_state(self, value):
        return {"random_state": self.node(value.get_state(legacy=False))}

    # ---- objects ----------------------------------------------------------------------------

    def _record(self, value):
        content = {field.name: self.node(getattr(value, field.name)) for field in fields(value)}
        if content.get("files", {"dict": {}}) != {"dict": {}}:
            raise ValueError(
                "A layer with files of its own, such as a vocabulary, cannot be saved."
            )
        return {"record": [_RECORD_NAMES[type(value)], content]}

    def _object(self, value):
        if type(value).__module__.split(".")[0] == "sklearn" and name_of(type(value)) is None:
            raise ValueError(
                f"scikit-learn's {type(value).__name__} cannot be part of a file: expected one of "
                "those whose state is known to be arrays and numbers, as the documentation lists "
                "them. Keep the estimator with pickle or skops."
            )
        state = value.__getstate__() or {}
        if isinstance(value, AutoencoderFitting):
            state = self._lasting(state)
        return {"object": [self._reference(type(value)), self._dict(state)]}

    def _lasting(self, state):
        """Return the state of an autoencoder without what belongs to one training."""
        lasting = _without_callbacks(state)
        if "_built_with" in state:
            lasting["_built_with"] = _without_callbacks(state["_built_with"])
        if "_optimizer_state" in state and not self._include_optimizer:
            lasting["_optimizer_state"] = None
        return lasting

    def _model(self, value):
        return self._record(PackedModel.of(value))

    def _loss(self, value):
        return self._record(PackedLoss.of(value))

    def _held(self, value):
        return {"held": value.index}

    def _with_config(self, value):
        """Return the node of an object, which stays one object if it is met again."""
        if id(value) in self._objects:
            return {"same": self._objects[id(value)]}
        place = self._objects[id(value)] = len(self._objects)
        self._kept_alive.append(value)
        config = self._dict(value.get_config())
        return {"configured": [self._reference(type(value)), config, place]}

    def _requests(self, value):
        methods = {name: request for name, request in vars(value).items() if name != "owner"}
        return {"requests": self._dict({name: made.requests for name, made in methods.items()})}

    def _class_or_function(self, value):
        return {"named": self._reference(value)}

    def _reference(self, thing):
        """Return the name of a class or function, and remember it if it is the user's."""
        known = name_of(thing)
        if known is not None:
            return known
        name = getattr(thing, "__name__", "")
        if is_of_a_library(thing):
            raise ValueError(
                f"{thing.__module__}.{name} cannot be part of a file, as load would not know it: "
                "expected what the documentation lists, or classes and functions of your own. "
                "Replace it, or keep the estimator with pickle."
            )
        if not name.isidentifier():
            raise ValueError(
                f"{thing!r} has no name by which it could be given to load: expected a function "
                "defined with def, or a class. Define it so."
            )
        if self.custom.setdefault(name, thing) is not thing:
            raise ValueError(f"Two functions or classes are named {name!r}. Rename one of them.")
        return f"custom:{name}"

    _KINDS: ClassVar[tuple] = (
        (list, _list),
        (tuple, _tuple),
        (dict, _dict),
        (slice, _slice),
        (EllipsisType, _ellipsis),
        (np.str_, _text),
        (np.generic, _scalar),
        (np.ndarray, _array),
        (np.dtype, _dtype),
        (np.random.RandomState, _random_state),
        (MetadataRequest, _requests),
        (WITH_STATE, _object),
        (keras.layers.Layer, _model),
        (keras.losses.Loss, _loss),
        (Held, _held),
        (WITH_CONFIG, _with_config),
        ((type, FunctionType, np.ufunc), _class_or_function),
    )


def _without_callbacks(values):
    kept = {name: value for name, value in values.items() if not name.startswith("callbacks__")}
    return {**kept, "callbacks": None} if "callbacks" in kept else kept
