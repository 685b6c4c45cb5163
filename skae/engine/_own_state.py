"""State of layers outside their weights: adapted statistics and vocabularies."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from skae._compat import layers_directly_in
from skae.engine._proof import is_known_layer
from skae.engine._variables import values_of


@dataclass(frozen=True)
class OwnState:
    """What one layer would write into a model file.

    Attributes
    ----------
    variables : dict of str to ndarray
    files : dict of str to bytes
    """

    variables: dict[str, np.ndarray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: keras.layers.Layer) -> "OwnState":
        """Read it from a layer."""
        state = cls()
        layer.save_own_variables(state.variables)
        values = values_of(map(keras.ops.convert_to_tensor, state.variables.values()))
        state.variables.update(zip(state.variables, values, strict=True))
        if "save_assets" in dir(layer):
            with TemporaryDirectory() as folder:
                layer.save_assets(folder)
                files = (path for path in Path(folder).rglob("*") if path.is_file())
                state.files.update(
                    {str(path.relative_to(folder)): path.read_bytes() for path in files}
                )
        return state

    def load_into(self, layer: keras.layers.Layer) -> None:
        """Give it to a layer like the one that it was read from."""
        layer.load_own_variables(self.variables)
        if "load_assets" in dir(layer):
            with TemporaryDirectory() as folder:
                for name, content in self.files.items():
                    path = Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                layer.load_assets(folder)


def own_states(layer: keras.layers.Layer) -> dict[str, OwnState]:
    """Return such states of a layer and the layers in it, by path."""
    return {
        path: OwnState.of(inner)
        for path, inner in _by_path(layer).items()
        if inner.built and _has_own_state(inner)
    }


def load_own_states(layer: keras.layers.Layer, states: dict[str, OwnState]) -> None:
    """Give a layer and the layers in it the states of others like them."""
    layers = _by_path(layer)
    for path, state in states.items():
        state.load_into(layers[path])


def _by_path(layer, path=""):
    """Return a layer and those in it, at any depth, by their names from the outside in."""
    found = {path: layer}
    for inner in layers_directly_in(layer):
        found |= _by_path(inner, f"{path}/{inner.name}")
    return found


def _has_own_state(layer):
    """Tell whether a layer keeps state elsewhere than in its weights and its configuration."""
    loading = (cls for cls in type(layer).__mro__ if "load_own_variables" in vars(cls))
    return "save_assets" in dir(layer) or not is_known_layer(next(loading))
