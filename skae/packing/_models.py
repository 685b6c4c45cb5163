"""Keras models inside pickles and clones."""

import copyreg
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator

from skae import engine
from skae._compat import allocated_at_the_end, mark_as_called, without_model
from skae.engine._seeding import seeded
from skae.packing._layers import PackedGraph, PackedLayer, is_graph, packed


@dataclass(frozen=True)
class _Compilation:
    """What a model was compiled with, without the optimizer's state."""

    optimizer_class: type[keras.optimizers.Optimizer]
    optimizer_config: dict[str, Any]
    loss: Any

    @classmethod
    def of(cls, model):
        return cls(type(model.optimizer), engine.config_of(model.optimizer), _packed(model.loss))

    def apply_to(self, model):
        optimizer = self.optimizer_class.from_config(self.optimizer_config)
        model.compile(optimizer=optimizer, loss=_unpacked(self.loss))


@dataclass(frozen=True)
class PackedLoss:
    """A loss with its whole state, of which Keras's own copies and pickles keep a part.

    Attributes
    ----------
    kind : type
    state : dict
    """

    kind: type[keras.losses.Loss]
    state: dict[str, Any]

    @classmethod
    def of(cls, loss: keras.losses.Loss) -> "PackedLoss":
        """Pack a loss."""
        return cls(type(loss), {name: _packed(value) for name, value in vars(loss).items()})

    def unpacked(self) -> keras.losses.Loss:
        """Return a loss like the packed one."""
        loss = object.__new__(self.kind)
        vars(loss).update({name: _unpacked(value) for name, value in self.state.items()})
        return loss

    def __sklearn_clone__(self):
        return self.unpacked()


@dataclass(frozen=True)
class PackedOptimizer:
    """An optimizer of the user's, or with a schedule of the user's, without registration.

    Attributes
    ----------
    kind : type
    config : dict
        What ``kind.from_config`` takes.
    """

    kind: type[keras.optimizers.Optimizer]
    config: dict[str, Any]

    def unpacked(self) -> keras.optimizers.Optimizer:
        """Return an optimizer like the packed one, without its state."""
        return self.kind.from_config(dict(self.config))

    def __sklearn_clone__(self):
        return self.unpacked()


def _reduced(loss):
    return PackedLoss.unpacked, (PackedLoss.of(loss),)


# A search copies and pickles the losses of its grid itself, and their configuration leaves out
# what they were made with.
copyreg.pickle(keras.losses.CosineSimilarity, _reduced)
copyreg.pickle(keras.losses.Huber, _reduced)


@dataclass(frozen=True)
class PackedModel:
    """The parts of a model or layer, all of them picklable.

    Keras's own pickling knows a user's functions and classes by name only and cannot find them
    again in another process; here they are part of the pickle, as a pickle of them would be.

    Attributes
    ----------
    architecture : PackedGraph or PackedLayer
    build_config : dict or None
        Shapes to build it with; None if it was not built.
    weights : list of ndarray
        Values of all variables, states of random layers included.
    own_states : dict of str to OwnState
        What layers keep elsewhere.
    compilation : _Compilation or None
    """

    architecture: PackedGraph | PackedLayer
    build_config: dict[str, Any] | None
    weights: list[np.ndarray]
    own_states: dict[str, Any]
    compilation: _Compilation | None

    @classmethod
    def of(cls, model: keras.layers.Layer) -> "PackedModel":
        """Pack a model or layer, of which nothing is changed."""
        compiled = isinstance(model, keras.Model) and model.compiled
        return cls(
            architecture=packed(model),
            build_config=model.get_build_config() if model.built else None,
            weights=engine.values_of(model.variables),  # of generators, where it is not built
            own_states=engine.own_states(model),
            compilation=_Compilation.of(model) if compiled else None,
        )

    def unpacked(self) -> Any:
        """Return a model or layer like the packed one."""
        with seeded(0):
            model = self._built()
        return self._filled(model)

    def unpacked_within_weights(self) -> Any:
        """Return the same; raise if the architecture would take more memory than its weights.

        Raises
        ------
        ValueError
            If its variables are not of the shapes of the weights.
        """
        with seeded(0), allocated_at_the_end():
            model = self._built()
            shapes = [tuple(variable.shape) for variable in model.variables]
            if self.weights and shapes != [np.shape(values) for values in self.weights]:
                raise ValueError("the weights are not those of the layers")
            if not self.weights and shapes:
                raise ValueError("layers that were not built have variables")
        return self._filled(model)

    def _built(self):
        model = self.architecture.unpacked()
        if self.build_config and not model.built:
            model.build_from_config(self.build_config)
        return model

    def _filled(self, model):
        if self.compilation is not None:
            self.compilation.apply_to(model)
        if self.weights:
            engine.load(model.variables, self.weights)
        engine.load_own_states(model, self.own_states)
        if is_graph(model) and model.built:
            mark_as_called(model)
        return model

    def __sklearn_clone__(self):
        return self.unpacked()


class KerasHolder(BaseEstimator):
    """An estimator or parameter object whose attributes may be Keras models, layers and losses."""

    def __getstate__(self):
        return {name: _packed(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, state):
        # Where the backend would hang, models stay packed: to use them is an error of its own.
        if not engine.is_forked():
            state = {name: _unpacked(value) for name, value in state.items()}
        super().__setstate__(state)

    def __sklearn_clone__(self):
        twin: Any = object.__new__(type(self))
        vars(twin).update(vars(self))
        parameters = self.get_params(deep=False)
        vars(twin).update({name: _packed(value) for name, value in parameters.items()})
        return super(KerasHolder, twin).__sklearn_clone__()


def _packed(value):
    if isinstance(value, keras.layers.Layer):
        return PackedModel.of(value)
    if isinstance(value, keras.optimizers.Optimizer) and not engine.is_optimizer_of_keras(value):
        return PackedOptimizer(type(value), engine.config_of(value))
    if isinstance(value, keras.callbacks.Callback):
        return without_model(value)
    if isinstance(value, list | tuple | dict) and _holds_callbacks(value):
        if isinstance(value, dict):
            return {name: _packed(part) for name, part in value.items()}
        return type(value)(map(_packed, value))
    return PackedLoss.of(value) if isinstance(value, keras.losses.Loss) else value


def _holds_callbacks(value):
    if isinstance(value, list | tuple | dict):
        return any(map(_holds_callbacks, value.values() if isinstance(value, dict) else value))
    return isinstance(value, keras.callbacks.Callback)


def _unpacked(value):
    is_packed = isinstance(value, PackedModel | PackedLoss | PackedOptimizer)
    return value.unpacked() if is_packed else value
