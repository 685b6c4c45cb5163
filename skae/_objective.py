"""What the objectives share: any network, and no return to PCA."""

from typing import ClassVar

from sklearn.base import clone

from skae._base import BaseAutoencoder
from skae._networks import BaseNetwork, DenseNetwork
from skae._parameters import ACTIVATION


class ObjectiveAutoencoder(BaseAutoencoder):
    """An autoencoder with any network, trained for more than reconstructing what it sees."""

    _parameter_constraints: ClassVar[dict[str, list]] = {
        **BaseAutoencoder._parameter_constraints,
        "network": [BaseNetwork, None],
        "activation": [*ACTIVATION, None],
        "code_activation": ACTIVATION,
    }

    def __init__(self, n_components, *, network, activation, **common):
        super().__init__(n_components, **common)
        self.network = network
        self.activation = activation

    def _network(self):
        network = DenseNetwork() if self.network is None else self.network
        if self.activation is None:
            return network
        return clone(network).set_params(activation=self.activation)

    def _code_activation(self):
        return "linear"

    def _keep_start_unless_beaten(self, start, held_out):
        """Leave it to the monitored loss, which is the objective, to judge the start."""
