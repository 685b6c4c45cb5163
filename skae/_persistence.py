"""Keras models inside pickles."""

from dataclasses import dataclass
from types import FunctionType
from typing import Any

import keras
import numpy as np

from skae import _training
from skae._seeding import seeded
from skae._training._functions import functions_of_the_user, is_of_the_user, layers_by_path


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
    functions : dict of (str, str) to function
        The user's own functions, lambdas among them, by the path of their layer and the name of its
        attribute.
    custom_classes : dict of str to type
        The user's own classes, by the names that Keras gives them in ``config``.
    """

    config: dict[str, Any]
    weights: list[np.ndarray]
    optimizer_class: type[keras.optimizers.Optimizer]
    optimizer_config: dict[str, Any]
    loss: Any
    functions: dict[tuple[str, str], FunctionType]
    custom_classes: dict[str, type]

    @classmethod
    def of(cls, model: keras.Model, parameters: dict[str, Any]) -> "PackedModel":
        """Pack a model that was built from an estimator's parameters."""
        functions = functions_of_the_user(model)
        return cls(
            config=_config_without(functions, model),
            weights=_training.values_of(model.variables),
            optimizer_class=type(model.optimizer),
            optimizer_config=model.optimizer.get_config(),
            loss=model.loss,
            functions=functions,
            custom_classes=_custom_classes(model, parameters),
        )

    def unpacked(self) -> keras.Model:
        """Return a model like the packed one."""
        with seeded(0), keras.saving.custom_object_scope(self.custom_classes):
            model = keras.Model.from_config(self.config)
            optimizer = self.optimizer_class.from_config(self.optimizer_config)
        _set_functions(model, self.functions)
        model.compile(optimizer=optimizer, loss=self.loss)
        _training.load(model.variables, self.weights)
        return model


def _set_functions(model, functions):
    layers = layers_by_path(model)
    for (path, name), function in functions.items():
        setattr(layers[path], name, function)


def _config_without(functions, model):
    """Return the configuration with a stand-in for functions, of which Keras keeps names only."""
    try:
        _set_functions(model, dict.fromkeys(functions, keras.activations.linear))
        return model.get_config()
    finally:
        _set_functions(model, functions)


def _custom_classes(model, parameters):
    """Return classes that are neither Keras's nor skae's, by name."""
    classes = [type(layer) for layer in model._flatten_layers()]
    classes += [type(value) for value in parameters.values()]
    return {cls.__name__: cls for cls in classes if is_of_the_user(cls)}
