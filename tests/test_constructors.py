"""Constructors: each parameter stated once, typed, in an order that reads well."""

import inspect
import pickle
from dataclasses import dataclass
from typing import ClassVar, get_type_hints

import keras
import numpy as np
import pytest
from sklearn.base import clone

import skae
from skae import BaseAutoencoder, BaseNetwork, DenseAutoencoder, DenseNetwork

CLASSES = [
    cls
    for cls in (getattr(skae, name) for name in sorted(skae.__all__))
    if isinstance(cls, type) and issubclass(cls, BaseAutoencoder | BaseNetwork)
    if not inspect.isabstract(cls)
]
GENERATED = [cls for cls in CLASSES if cls is not skae.KerasAutoencoder]

every_class = pytest.mark.parametrize("cls", CLASSES)


def made(cls):
    """Return an instance whose parameters are not the defaults but objects of their own."""
    given = {name: object() for name in made_from(cls)}
    return cls(**given), given


def made_from(cls):
    kinds = inspect.signature(cls).parameters.values()
    return [parameter.name for parameter in kinds if parameter.kind != parameter.VAR_KEYWORD]


@every_class
def test_every_parameter_has_a_type(cls):
    assert set(made_from(cls)) <= set(get_type_hints(cls.__init__))


@every_class
def test_the_constructor_only_assigns(cls):
    instance, given = made(cls)
    assert vars(instance) == given
    assert instance.get_params(deep=False) == given


@every_class
def test_defaults_are_valid(cls):
    required = {"encoder": keras.layers.Dense(2), "decoder": keras.layers.Dense(2)}
    parameters = inspect.signature(cls).parameters.values()
    instance = cls(
        **{
            one.name: required[one.name]
            for one in parameters
            if one.default is one.empty and one.kind != one.VAR_KEYWORD
        }
    )
    if isinstance(instance, BaseNetwork):
        instance.check_parameters()
    else:
        instance._validate_params()


@every_class
def test_one_parameter_is_positional(cls):
    parameters = list(inspect.signature(cls).parameters.values())
    positional = [one.name for one in parameters if one.kind == one.POSITIONAL_OR_KEYWORD]
    expected = ["encoder", "decoder"] if cls is skae.KerasNetwork else [parameters[0].name]
    assert positional == expected


@pytest.mark.parametrize("cls", GENERATED)
def test_constraints_are_those_of_the_parameters(cls):
    assert list(cls._parameter_constraints) == made_from(cls)


def test_own_parameters_come_first():
    names = made_from(skae.SparseAutoencoder)
    assert names[:7] == [
        "n_components",
        "sparsity",
        "penalty",
        "target_rate",
        "network",
        "hidden_layer_sizes",
        "activation",
    ]
    assert names[7:] == made_from(BaseAutoencoder)[1:]


@pytest.mark.parametrize(
    ("cls", "name"),
    [(skae.VariationalAutoencoder, "code_activation"), (skae.ConcreteAutoencoder, "init")],
)
def test_what_a_class_fixes_is_no_parameter(cls, name):
    with pytest.raises(TypeError, match=name):
        cls(**{name: "linear"})
    with pytest.raises(ValueError, match=f"Invalid parameter '{name}'"):
        cls().set_params(**{name: "linear"})
    assert name not in cls().get_params()


# ---- subclasses by others -----------------------------------------------------------------------


class ClassicAutoencoder(BaseAutoencoder):
    """An estimator as scikit-learn's own are written."""

    _parameter_constraints: ClassVar[dict[str, list]] = {
        **BaseAutoencoder._parameter_constraints,
        "units": [int],
    }

    def __init__(self, n_components=2, *, units=4, epochs=1, random_state=None):
        super().__init__(n_components, epochs=epochs, random_state=random_state)
        self.units = units

    def make_network(self):
        return DenseNetwork((self.units,))


@dataclass(kw_only=True, eq=False, repr=False)
class BlurredAutoencoder(DenseAutoencoder):
    """An estimator whose own parameter is a field."""

    blur: float = 0.1

    def regularize_code(self, seen, features, codes):
        return keras.layers.GaussianNoise(self.blur, name="blur")(codes)


@pytest.mark.parametrize(
    ("estimator", "own"),
    [
        (ClassicAutoencoder(3, units=5, random_state=0), {"units": 5}),
        (BlurredAutoencoder(3, blur=0.2, epochs=1, random_state=0), {"blur": 0.2}),
    ],
    ids=["classic", "fields"],
)
def test_estimators_by_others(estimator, own):
    X = np.random.default_rng(0).normal(size=(40, 4))
    assert estimator.get_params().items() >= {"n_components": 3, "epochs": 1, **own}.items()
    fitted = clone(estimator).fit(X)
    codes = fitted.transform(X)
    assert codes.shape == (40, 3)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), codes)
    (name,) = own
    with pytest.raises(ValueError, match="epochs"):
        clone(fitted).set_params(epochs=0).fit(X)
    assert f"{name}=" in repr(estimator)
