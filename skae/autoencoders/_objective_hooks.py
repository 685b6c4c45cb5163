"""Hooks of an objective: network, corruption, code and penalty."""

from abc import ABC, abstractmethod
from typing import Any

import keras

from skae.autoencoders._common_parameters import CommonParameters
from skae.model._principal import principal_axes
from skae.networks import BaseNetwork, activated


class ObjectiveHooks(CommonParameters, ABC):
    """Hooks that subclasses override to define their own objective."""

    @abstractmethod
    def make_network(self) -> BaseNetwork:
        """Return the network: the layers on either side of the code."""

    def corrupt(self, inputs: Any) -> Any:
        r"""Return the encoder's input, computed from the standardized input.

        Parameters
        ----------
        inputs : KerasTensor of shape (None, \*sample_shape)

        Returns
        -------
        seen : KerasTensor of the same shape
        """
        return inputs

    def compute_code(self, features: Any, kernel_initializer: Any) -> Any:
        """Return the code; with ``n_components=None`` these are the features.

        Parameters
        ----------
        features : KerasTensor
            Output of the network's encoder body.
        kernel_initializer : str or keras.initializers.Initializer
            Initializer of the kernel; zeros where PCA's projection is added.

        Returns
        -------
        codes : KerasTensor of shape (None, n_components)
        """
        if self.n_components is None:
            return features
        if len(features.shape) > 2:
            features = keras.layers.Flatten("channels_last", name="code_flatten")(features)
        layer = keras.layers.Dense(
            self.n_components, kernel_initializer=kernel_initializer, name="code"
        )
        return activated(layer, self.code_activation, features)

    def regularize_code(self, seen: Any, features: Any, codes: Any) -> Any:
        """Return the decoder's input: the code with a penalty, or drawn at random.

        Parameters
        ----------
        seen, features, codes : KerasTensor
            The encoder's input, the output of its body, and the code.

        Returns
        -------
        codes : KerasTensor of the same shape
        """
        return codes

    def _principal_start(self, rows, rng):
        """Return the linear maps to codes and back, (n_features, k) and (k, n_features)."""
        axes = principal_axes(rows, self.n_components, rng)
        return axes.T, axes

    def _objective_callbacks(self):
        """Return callbacks that training needs, beside the user's."""
        return []
