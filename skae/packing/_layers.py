"""Layers and models by value, including the user's own functions and classes.

Keras's configurations contain the names of a user's functions and classes only. Here the objects
themselves are stored, so that layers need no registration and two classes may have the same name.
The original layer is not changed, since another thread may be using it.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import keras

from skae._compat import all_steps, ends, functional_class, layers_within, nodes_by_depth
from skae.engine._proof import is_known, is_known_layer, misstated_weight, unknown_parts

_held: ContextVar[list[Any]] = ContextVar("_held")


@keras.saving.register_keras_serializable(package="skae")
class Held:
    """Placeholder in a configuration for an object that is stored separately.

    Parameters
    ----------
    index : int
        Index of the stored object.
    """

    def __init__(self, index: int):
        self.index = index

    def __call__(self, *args, **kwargs):
        """Raise; Keras only checks that the placeholder can be called."""
        raise TypeError("A stand-in cannot be called.")

    def get_config(self) -> dict[str, int]:
        """Return the index."""
        return {"index": self.index}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> Any:
        """Return the object itself."""
        return _original(_held.get()[config["index"]])


def _original(kept):
    return kept.unpacked() if isinstance(kept, PackedLayer | PackedGraph) else kept


@contextmanager
def _holding(held):
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)


@dataclass(frozen=True)
class PackedLayer:
    """A layer or operation without its weights.

    Attributes
    ----------
    kind : type of layer or operation
    config : dict
        What ``kind.from_config`` takes, with stand-ins for what is held.
    held : list
        The user's functions, objects and packed layers within the configuration.
    """

    kind: Any
    config: dict[str, Any]
    held: list[Any]

    def unpacked(self) -> Any:
        """Return a new layer."""
        config = keras.tree.map_structure(self._instead_of_stand_in, self.config)
        with _holding(self.held):
            return self.kind.from_config(config)

    def _instead_of_stand_in(self, value):
        return _original(self.held[value.index]) if isinstance(value, Held) else value


@dataclass(frozen=True)
class _Tensor:
    """Placeholder for a tensor between the layers of a model."""

    number: int


@dataclass(frozen=True)
class PackedGraph:
    """A functional or Sequential model without its weights.

    Attributes
    ----------
    name : str
    trainable : bool
    layers : list of PackedLayer or PackedGraph
        Operations that are no layers among them.
    calls : list of tuple or None
        For every call the place of the layer, its arguments, and its outputs; None for a
        Sequential model, which calls one layer after the other.
    inputs, outputs : nest of _Tensor
    """

    name: str
    trainable: bool
    layers: list[Any]
    calls: list[tuple[int, tuple, dict, Any]] | None
    inputs: Any
    outputs: Any

    def unpacked(self) -> keras.Model:
        """Return a new model."""
        layers = [layer.unpacked() for layer in self.layers]
        if self.calls is None:
            return keras.Sequential(layers, name=self.name, trainable=self.trainable)
        tensors: dict[_Tensor, Any] = {}
        for place, args, kwargs, outputs in self.calls:
            args, kwargs = _with_tensors((args, kwargs), tensors)
            layer = layers[place]
            is_input = isinstance(layer, keras.layers.InputLayer)
            results = layer.output if is_input else layer(*args, **kwargs)
            pairs = zip(keras.tree.flatten(outputs), keras.tree.flatten(results), strict=True)
            tensors |= dict(pairs)
        inputs, outputs = _with_tensors((self.inputs, self.outputs), tensors)
        return keras.Model(inputs, outputs, name=self.name, trainable=self.trainable)


def _with_tensors(nest, tensors):
    return keras.tree.map_structure(
        lambda value: tensors[value] if isinstance(value, _Tensor) else value, nest
    )


def packed(layer: Any) -> PackedLayer | PackedGraph:
    """Take a layer, operation or model apart, without its weights.

    Raises
    ------
    ValueError
        If it does not say how it is built again, or with other weights than it has.
    """
    if type(layer) is keras.Sequential:
        parts = [packed(inner) for inner in all_steps(layer)]
        return PackedGraph(layer.name, layer.trainable, parts, None, None, None)
    if is_graph(layer):
        return _packed_graph(layer)
    if isinstance(layer, keras.Model):
        raise ValueError(
            f"{type(layer).__name__} is a subclass of keras.Model, whose layers are connected in "
            "code that cannot be copied. Write it as keras.Sequential or keras.Model(inputs, "
            "outputs), or as a subclass of keras.layers.Layer with get_config."
        )
    return _packed_layer(layer)


def renamed(layer: keras.layers.Layer, name: str) -> Any:
    """Return a copy of a layer that has no weights, under another name."""
    parts = packed(layer)
    if isinstance(parts, PackedGraph):
        return replace(parts, name=name).unpacked()
    return replace(parts, config={**parts.config, "name": name}).unpacked()


def is_graph(layer: Any) -> bool:
    """Tell whether a layer is a functional or Sequential model, not of a class of the user's."""
    return type(layer) in (functional_class(), keras.Sequential)


def _packed_graph(model):
    places = {id(operation): place for place, operation in enumerate(model.operations)}
    numbers: dict[int, _Tensor] = {}

    def described(value):
        if isinstance(value, keras.KerasTensor):
            return numbers.setdefault(id(value), _Tensor(len(numbers)))
        if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
            return keras.ops.convert_to_numpy(value)
        return value

    calls = []
    for nodes in reversed(nodes_by_depth(model)):
        for node in nodes:
            nests = (node.arguments.args, node.arguments.kwargs, node.output_tensors)
            args, kwargs, outputs = keras.tree.map_structure(described, nests)
            calls.append((places[id(node.operation)], args, kwargs, outputs))
    inputs, outputs = keras.tree.map_structure(described, ends(model))
    layers = [packed(operation) for operation in model.operations]
    return PackedGraph(model.name, model.trainable, layers, calls, inputs, outputs)


def _check_stated_weights(layer):
    """Raise if attributes of a layer, changed since it was built, speak of other weights."""
    for inner in layers_within(layer):
        if (found := misstated_weight(inner)) is None:
            continue
        switch, weight = found
        stated, neutral = getattr(inner, switch), 1 if weight == "gamma" else 0
        remedy = "" if stated else f", and fill {weight} with {neutral} where it is not wanted"
        raise ValueError(
            f"Expected {switch}={not stated} of the {type(inner).__name__} layer {inner.name!r}, "
            f"as it was built; received {switch}={stated}, with which a copy or file of it would "
            f"have other weights. Set {switch}={not stated} again{remedy}."
        )


def _packed_layer(layer):
    if isinstance(layer, keras.layers.Layer):
        _check_stated_weights(layer)
    taking_apart = _TakingApart()
    try:
        config = taking_apart.config_of(layer)
    except NotImplementedError as error:
        raise ValueError(
            f"{type(layer).__name__} cannot be copied: expected a functional or Sequential model, "
            "or a layer with get_config, which returns the arguments of its constructor; got "
            f"{layer!r}. Define get_config, or write the model as keras.Model(inputs, outputs)."
        ) from error
    return PackedLayer(type(layer), config, taking_apart.held)


class _TakingApart:
    """The configuration of one layer, and the objects that are stored separately.

    ``get_config`` is asked of a twin, which has stand-ins where the layer has the user's own.
    """

    def __init__(self):
        self.held: list[Any] = []
        self._twins: dict[int, Any] = {}
        self._originals: dict[int, Any] = {}

    def config_of(self, layer):
        if not isinstance(layer, keras.layers.Layer):
            return layer.get_config()
        config = self._twin(layer).get_config()
        return keras.tree.map_structure(self._held_if_own, config)

    def _held_if_own(self, value):
        if isinstance(value, keras.layers.Layer):
            return self._hold(packed(self._originals.get(id(value), value)))
        if callable(value) and not isinstance(value, Held) and not is_known(value):
            return self._hold(value)
        return value

    def _hold(self, value):
        self.held.append(value)
        return Held(len(self.held) - 1)

    def _twin(self, layer):
        if id(layer) not in self._twins:
            twin = self._new_twin(layer, type(layer))
            own = unknown_parts(layer)
            for name, value in vars(layer).items():
                vars(twin)[name] = self._hold(value) if name in own else self._inner(value)
        return self._twins[id(layer)]

    def _new_twin(self, layer, kind):
        twin = self._twins[id(layer)] = object.__new__(kind)
        self._originals[id(twin)] = layer
        return twin

    def _inner(self, value):
        if isinstance(value, list | tuple):
            has_layers = any(isinstance(entry, keras.layers.Layer) for entry in value)
            return [self._inner(entry) for entry in value] if has_layers else value
        if not isinstance(value, keras.layers.Layer):
            return value
        if is_known_layer(type(value)) and not is_graph(value):
            return self._twin(value)
        if id(value) not in self._twins:
            twin = self._new_twin(value, _held_class(type(value)))
            vars(twin).update(vars(value), _skae_place=self._hold(packed(value)))
        return self._twins[id(value)]


def _held_class(kind):
    """Return a class like ``kind`` whose objects Keras takes down as stand-ins."""
    return type("skae>Held", (kind,), {"get_config": lambda self: self._skae_place.get_config()})
