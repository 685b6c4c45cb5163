"""Conversion of JSON and arrays to objects of known kinds or of the caller's classes."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.base import BaseEstimator

from skae._compat import MetadataRequest
from skae.io._errors import UnreadableFileError
from skae.io._registry import RECORDS, named
from skae.io._writing import WITH_CONFIG, WITH_STATE
from skae.outlier import ConformalMonitor
from skae.packing._layers import Held
from skae.packing._models import PackedLoss, PackedModel
from skae.packing._models import _Compilation as PackedCompilation

_MOST_OBJECTS = 10_000  # each takes far more memory than its text
_COST_OF_OPTIMIZER = 100
_MAKING_VARIABLES = (keras.metrics.Metric, keras.optimizers.Optimizer, PackedCompilation)
_MT19937_LENGTH = 624


class Reader:
    """Turns a document into the object that it describes.

    Parameters
    ----------
    arrays : dict of str to ndarray
        As ``read_file`` returns them.
    custom : dict of str to object
        The caller's classes and functions.
    """

    def __init__(self, arrays: dict[str, np.ndarray], custom: dict[str, Any]):
        self._arrays = arrays
        self._custom = custom
        self._copies: dict[str, np.ndarray] = {}
        self._made: dict[int, Any] = {}
        self._n_objects = 0

    def value(self, node: Any) -> Any:
        """Return the object that a node represents."""
        if isinstance(node, list):
            return [self.value(inner) for inner in node]
        if not isinstance(node, dict):
            return node
        ((kind, content),) = node.items()
        return self._KINDS[kind](self, content)

    # ---- plain values -----------------------------------------------------------------------

    def _float(self, text):
        return float(text)

    def _tuple(self, content):
        return tuple(self.value(content))

    def _dict(self, content):
        if "class_name" in content:  # Keras would look for what it names
            raise UnreadableFileError("The file has a class outside of what names classes.")
        return {key: self.value(inner) for key, inner in content.items()}

    def _pairs(self, content):
        return {self.value(key): self.value(inner) for key, inner in content}

    def _slice(self, content):
        return slice(*self.value(content))

    def _ellipsis(self, content):
        return ...

    # ---- numbers ----------------------------------------------------------------------------

    def _array(self, place):
        return self._copies.setdefault(str(place), self._arrays[str(place)].copy())

    def _transposed(self, place):
        return self._array(place).T

    def _view(self, node):
        """Return an array that is only looked at, without a copy of its own."""
        ((kind, place),) = node.items()
        if kind not in ("array", "transposed"):
            return self.value(node)
        stored = self._arrays[str(place)]
        return stored.T if kind == "transposed" else stored

    def _scalar(self, node):
        return self.value(node)[()]

    def _text(self, content):
        width, node = content
        codes = np.ascontiguousarray(self.value(node))
        return codes.view(f"<U{int(width)}").reshape(codes.shape[:-1])

    def _objects(self, content):
        shape, nodes = content
        array = np.empty(len(nodes), dtype=object)
        array[:] = self.value(nodes)
        return array.reshape(shape)

    def _dtype(self, text):
        return np.dtype(str(text))

    def _random_state(self, node):
        state = self.value(node)
        key, position = state["state"]["key"], state["state"]["pos"]
        if key.shape != (_MT19937_LENGTH,) or not 0 <= position <= _MT19937_LENGTH:
            raise UnreadableFileError("The file has a generator in an impossible state.")
        generator = np.random.RandomState()
        generator.set_state(state)
        return generator

    # ---- objects ----------------------------------------------------------------------------

    def _named(self, name):
        """Return a class or function."""
        kind, _, own_name = name.partition(":")
        if kind == "custom":
            return self._custom[own_name]
        if name not in named():
            raise UnreadableFileError(
                f"The file names {name!r}, which this version of skae does not know. Update skae, "
                "or use the version that wrote the file."
            )
        return named()[name]

    def _class(self, name, parents):
        kind = self._named(name)
        if not (isinstance(kind, type) and issubclass(kind, parents)):
            raise UnreadableFileError(f"The file has {name!r} where it cannot be.")
        self._count(kind)
        return kind

    def _count(self, kind):
        makes_variables = issubclass(kind, _MAKING_VARIABLES)
        self._n_objects += _COST_OF_OPTIMIZER if makes_variables else 1
        if self._n_objects > _MOST_OBJECTS:
            raise UnreadableFileError("The file has more objects than any estimator needs.")

    def _config(self, content):
        """Return a configuration in Keras's words, of a class that is known."""
        name, config, build_config = content
        kind = self._class(name, object)
        described = {
            "module": name.rpartition(".")[0],
            "class_name": name.rpartition(".")[2],
            "config": self.value(config),
            "registered_name": None,
        }
        if name.startswith("skae."):
            registered = keras.saving.get_registered_name(kind)
            described |= {"module": kind.__module__, "registered_name": registered}
        if build_config is not None:
            described["build_config"] = self.value(build_config)
        return described

    def _configured(self, content):
        name, config, place = content
        parents = object if name.startswith("custom:") else WITH_CONFIG
        made = self._class(name, parents).from_config(self.value(config))
        return self._made.setdefault(place, made)

    def _same(self, place):
        return self._made[place]

    def _held(self, index):
        return Held(index)

    def _record(self, content):
        name, values = content
        kind = RECORDS[name]
        self._count(kind)
        if kind is PackedModel:
            return self._model(**values)
        fields = {field: self.value(node) for field, node in values.items()}
        if fields.get("files"):
            raise UnreadableFileError("The file has a layer with files of its own.")
        if kind is PackedLoss:
            self._class_of_loss(fields["kind"])
            return PackedLoss(**fields).unpacked()
        return kind(**fields)

    def _class_of_loss(self, kind):
        if not (isinstance(kind, type) and issubclass(kind, keras.losses.Loss)):
            raise UnreadableFileError("The file has a loss that is none.")

    def _model(self, weights, **values):
        """Return a model that takes no more memory than its weights."""
        fields = {field: self.value(node) for field, node in values.items()}
        packed = PackedModel(weights=list(map(self._view, weights)), **fields)
        try:
            return packed.unpacked_within_weights()
        except ValueError as error:
            # A layer of the user's may begin with values of its own, which Keras does not defer.
            if not self._custom or "stateless scope" not in str(error):
                raise
            return packed.unpacked()

    def _object(self, content):
        name, state = content
        made = object.__new__(self._class(name, WITH_STATE))
        values = self.value(state)
        if isinstance(made, BaseEstimator | ConformalMonitor):
            made.__setstate__(values)
        else:
            vars(made).update(values)
        return made

    def _requests(self, content):
        made = MetadataRequest(owner="estimator")
        for method, requests in self.value(content).items():
            for parameter, alias in requests.items():
                getattr(made, method).add_request(param=parameter, alias=alias)
        return made

    _KINDS: ClassVar[dict[str, Callable]] = {
        "float": _float,
        "tuple": _tuple,
        "dict": _dict,
        "pairs": _pairs,
        "slice": _slice,
        "ellipsis": _ellipsis,
        "array": _array,
        "transposed": _transposed,
        "scalar": _scalar,
        "text": _text,
        "objects": _objects,
        "dtype": _dtype,
        "random_state": _random_state,
        "named": _named,
        "config": _config,
        "configured": _configured,
        "same": _same,
        "held": _held,
        "record": _record,
        "object": _object,
        "requests": _requests,
    }
