"""Base of the objectives: any network, and no comparison with PCA after training."""

from typing import ClassVar, Self

from sklearn.base import clone

from skae._parameters import ACTIVATION, SIZES, Activation, Sizes, parametrized
from skae.autoencoders._base import BaseAutoencoder
from skae.networks import BaseNetwork, DenseNetwork


@parametrized
class ObjectiveAutoencoder(BaseAutoencoder):
    """An autoencoder with any network and an objective of its own."""

    network: BaseNetwork | None = None
    hidden_layer_sizes: Sizes | None = None
    activation: Activation | None = None

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "network": [BaseNetwork, None],
        "hidden_layer_sizes": [*SIZES, None],
        "activation": [*ACTIVATION, None],
    }

    def set_params(self, **params) -> Self:
        """Set parameters, those of the network included.

        Parameters
        ----------
        **params
            As in scikit-learn. ``network__<name>`` with ``network=None`` first sets ``network`` to
            a :class:`DenseNetwork`.

        Returns
        -------
        self : object
        """
        of_network = any(name.startswith("network__") for name in params)
        if of_network and params.get("network", self.network) is None:
            params = {**params, "network": DenseNetwork()}
        return super().set_params(**params)

    def make_network(self):
        """Return the network that was given or the default, with ``activation``."""
        network = self._given_or_dense_network()
        if self.activation is None:
            return network
        return clone(network).set_params(activation=self.activation)

    def _given_or_dense_network(self):
        if self.hidden_layer_sizes is None:
            return DenseNetwork() if self.network is None else self.network
        if self.network is None:
            return DenseNetwork(self.hidden_layer_sizes)
        raise ValueError(
            "Expected either network or hidden_layer_sizes, got "
            f"hidden_layer_sizes={self.hidden_layer_sizes!r} and network={self.network!r}. Give "
            "the sizes to the network, or leave network=None for a dense one."
        )

    def _keep_start_unless_beaten(self, start, held_out):
        """Do nothing: the monitored loss is the objective, and decides about the start."""
