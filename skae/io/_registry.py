"""Which classes and functions a file can name: Keras's, skae's and some of scikit-learn's.

A file cannot cause imports: names must be in a fixed table, or among the objects that the caller
passes.
"""

import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import keras
import numpy as np

import skae
from skae._compat import functional_class, operations
from skae.autoencoders._sequence import MaskedLoss
from skae.engine import Finish, Standing
from skae.engine._own_state import OwnState
from skae.model._scaling import GlobalScale
from skae.outlier._named_scores import SCORES
from skae.outlier._whitening import Whitening
from skae.packing import _layers as packed_layers
from skae.packing import _models as persistence

# They run code that is not Keras's, read files that their configuration names, or take as much
# memory as a number in it says.
_NEVER = (
    *("FlaxLayer", "IntegerLookup", "JaxLayer", "StringLookup", "TFSMLayer", "TextVectorization"),
    *("TorchModuleWrapper", "AUC", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"),
    *("PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity"),
    "SpecificityAtSensitivity",
)
_OF_NO_USE = ("deserialize", "get", "serialize")
_OF_KERAS: dict[str, tuple[ModuleType, type]] = {
    "keras": (keras, keras.DTypePolicy),
    "keras.constraints": (keras.constraints, keras.constraints.Constraint),
    "keras.dtype_policies": (keras.dtype_policies, keras.DTypePolicy),
    "keras.initializers": (keras.initializers, keras.initializers.Initializer),
    "keras.layers": (keras.layers, keras.layers.Layer),
    "keras.losses": (keras.losses, keras.losses.Loss),
    "keras.metrics": (keras.metrics, keras.metrics.Metric),
    "keras.optimizers": (keras.optimizers, keras.optimizers.Optimizer),
    "keras.optimizers.schedules": (
        keras.optimizers.schedules,
        keras.optimizers.schedules.LearningRateSchedule,
    ),
    "keras.regularizers": (keras.regularizers, keras.regularizers.Regularizer),
}
_FUNCTIONS_OF_KERAS = {
    "keras.activations": keras.activations,
    "keras.losses": keras.losses,
    "keras.metrics": keras.metrics,
    "keras.ops": keras.ops,
}

# What they have learned is numbers, arrays and each other, and no compiled code trusts it.
_OF_SKLEARN = {
    "sklearn.compose": "ColumnTransformer",
    "sklearn.decomposition": "FactorAnalysis FastICA IncrementalPCA NMF PCA TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis",
    "sklearn.feature_selection": "VarianceThreshold",
    "sklearn.impute": "MissingIndicator SimpleImputer",
    "sklearn.linear_model": "LinearRegression LogisticRegression Ridge",
    "sklearn.model_selection": "GroupKFold GroupShuffleSplit KFold ShuffleSplit TimeSeriesSplit",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing": "FunctionTransformer KBinsDiscretizer MaxAbsScaler MinMaxScaler "
    "Normalizer OneHotEncoder OrdinalEncoder PowerTransformer QuantileTransformer RobustScaler "
    "StandardScaler",
}

_LIBRARIES = ("builtins", "keras", "numpy", "skae", "sklearn")
_NUMBERS = (
    *(np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
    *(np.float16, np.float32, np.float64),
)

RECORDS: dict[str, type] = {
    "Finish": Finish,
    "GlobalScale": GlobalScale,
    "OwnState": OwnState,
    "PackedCompilation": persistence._Compilation,
    "PackedGraph": packed_layers.PackedGraph,
    "PackedLayer": packed_layers.PackedLayer,
    "PackedLoss": persistence.PackedLoss,
    "PackedModel": persistence.PackedModel,
    "PackedTensor": packed_layers._Tensor,
    "Standing": Standing,
    "Whitening": Whitening,
}
"""What estimators hold that is a plain record of its fields, by its name in files."""


@cache
def named() -> dict[str, Any]:
    """Return the known classes and functions by their names in files."""
    return {name: thing for part in (_keras, _own, _sklearn, _numpy) for name, thing in part()}


@cache
def _names() -> dict[int, str]:
    names: dict[int, str] = {}
    for name, thing in named().items():
        is_own_name = name.rpartition(".")[2] == getattr(thing, "__name__", None)
        if is_own_name or id(thing) not in names:
            names[id(thing)] = name
    return names


def name_of(thing: Any) -> str | None:
    """Return the name of a class or function, or None for one that is not known."""
    return _names().get(id(thing))


def is_of_a_library(thing: Any) -> bool:
    """Tell whether a class or function is none of the user's, whom a file could ask for it."""
    module = str(getattr(thing, "__module__", None))
    if module.partition(".")[0] not in _LIBRARIES:
        return False
    there = vars(sys.modules.get(module, thing)).get(thing.__name__)
    return there is thing  # and does not only say so, as what wraps a function does


def _keras() -> Iterator[tuple[str, Any]]:
    yield from {
        "keras.Functional": functional_class(),
        "keras.Model": keras.Model,
        "keras.Sequential": keras.Sequential,
    }.items()
    for prefix, (module, parent) in _OF_KERAS.items():
        for name, thing in vars(module).items():
            if isinstance(thing, type) and issubclass(thing, parent) and name not in _NEVER:
                yield f"{prefix}.{name}", thing
    for prefix, module in _FUNCTIONS_OF_KERAS.items():
        for name, thing in vars(module).items():
            if isinstance(thing, FunctionType) and name not in _OF_NO_USE:
                yield f"{prefix}.{name}", thing
    yield from ((f"keras.ops.{name}", kind) for name, kind in operations().items())


def _own() -> Iterator[tuple[str, Any]]:
    for name in skae.__all__:
        thing = getattr(skae, name)
        if isinstance(thing, type):
            yield f"skae.{name}", thing
    for score in SCORES.values():
        if isinstance(score, type):
            yield f"skae.{score.__name__}", score
    for name, thing in vars(skae.layers).items():
        if isinstance(thing, type):
            yield f"skae.layers.{name}", thing
    yield "skae.layers.Held", packed_layers.Held
    yield "skae.losses.MaskedLoss", MaskedLoss


def _sklearn() -> Iterator[tuple[str, Any]]:
    for module, names in _OF_SKLEARN.items():
        for name in names.split():
            yield f"{module}.{name}", getattr(import_module(module), name)


def _numpy() -> Iterator[tuple[str, Any]]:
    for kind in (np.bool_, np.object_, *_NUMBERS):
        yield f"numpy.{kind.__name__}", kind
    for name, thing in vars(np).items():
        if isinstance(thing, np.ufunc):
            yield f"numpy.{name}", thing
    for builtin in (bool, float, int, str):
        yield f"builtins.{builtin.__name__}", builtin
