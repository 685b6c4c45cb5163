"""Keras models inside pickles."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from skae import _training
from skae._seeding import seeded


@dataclass(frozen=True)
class PackedModel:
    """What a compiled model is made of, all of it picklable.

    Keras's own pickling knows a user's functions and classes by name only and cannot find them
    again in another process; here they are part of the pickle, as a pickle of them would be.

    Attributes
    ----------
    config : dict
        Architecture.
    weights : list of ndarray
        Values of all variables, states of random layers included.
    optimizer_class, optimizer_config : type, dict
    loss : str, callable or keras.losses.Loss
    custom_objects : dict of str to callable
        The user's own functions and classes, by the names that Keras gives them in ``config``.
    """

    config: dict[str, Any]
    weights: list[np.ndarray]
    optimizer_class: type[keras.optimizers.Optimizer]
    optimizer_config: dict[str, Any]
    loss: Any
    custom_objects: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, model: keras.Model, parameters: dict[str, Any]) -> "PackedModel":
        """Pack a model that was built from an estimator's parameters."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of lambdas, which pickles can carry
            config = model.get_config()
        return cls(
            config=config,
            weights=_training.values_of(model.variables),
            optimizer_class=type(model.optimizer),
            optimizer_config=model.optimizer.get_config(),
            loss=model.loss,
            custom_objects=_custom_objects(model, parameters),
        )

    def unpacked(self) -> keras.Model:
        """Return a model like the packed one."""
        with seeded(0), keras.saving.custom_object_scope(self.custom_objects):
            model = keras.Model.from_config(self.config)
            optimizer = self.optimizer_class.from_config(self.optimizer_config)
        model.compile(optimizer=optimizer, loss=self.loss)
        _training.load(model.variables, self.weights)
        return model


def _custom_objects(model, parameters):
    """Return functions and classes that are neither Keras's nor skae's, by name."""
    layers = list(model._flatten_layers())
    candidates = [type(layer) for layer in layers]
    candidates += [vars(layer).get("activation") for layer in layers]
    for value in parameters.values():
        candidates += [value, type(value)]
    return {
        candidate.__name__: candidate
        for candidate in candidates
        if callable(candidate)
        and hasattr(candidate, "__name__")
        and candidate.__module__.split(".")[0] not in ("builtins", "keras", "numpy", "skae")
    }
