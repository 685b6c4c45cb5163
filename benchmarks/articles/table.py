"""The published autoencoders that `benchmarks.articles` rebuilds: `articles.csv`, and how."""

from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path

import keras
import pandas as pd

import skae
from benchmarks import by_hand

TRAINING_ROWS = 60_000  # of MNIST and of Fashion-MNIST
RMSPROP_EPSILON = 1e-14  # Keras 2 added 1e-7 to the root of what Keras 3 adds epsilon to
BERNOULLI = {"loss": "binary_crossentropy", "output_activation": "sigmoid"}
SIGMOID = {"output_activation": "sigmoid"}
OWN_BATCH = 256
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adadelta": keras.optimizers.Adadelta,
    "rmsprop": partial(keras.optimizers.RMSprop, epsilon=RMSPROP_EPSILON),
}


@dataclass(frozen=True)
class Article:
    """One published autoencoder: its network, its training, and what it reached.

    A loss of "nats" is that of a variational autoencoder: cross-entropy and divergence of an image.
    """

    id: str
    network: str
    data: str
    epochs: int
    batch_size: int
    loss: str
    optimizer: str
    learning_rate: float
    decays: bool
    validation_split: float
    noise: float
    keeps_best: bool
    published: float | None
    parameters: tuple[int, ...]
    own: str
    own_code: int
    own_epochs: int

    @property
    def own_name(self):
        """Name of skae's own fit; articles with the same one share it."""
        return f"own-{self.own}-{self.data}-{self.own_code}-{self.loss}"

    def compiled_optimizer(self):
        """Return a new optimizer with the article's rate."""
        n_steps = self.epochs * ceil(TRAINING_ROWS / self.batch_size)
        rate = _decaying(self.learning_rate, n_steps) if self.decays else self.learning_rate
        return OPTIMIZERS[self.optimizer](learning_rate=rate)

    def estimator(self, seed):
        """Return the network as an estimator with the published training, for `fit` in parts."""
        return NETWORKS[self.id.rstrip("a")]().set_params(
            loss="mse" if self.loss == "mse" else "binary_crossentropy",
            optimizer=self.compiled_optimizer(),
            learning_rate=None,
            batch_size=self.batch_size,
            validation_split=self.validation_split,
            early_stopping=False,
            warm_start=True,
            random_state=seed,
        )

    def own_estimator(self, epochs, n_rows):
        """Return what skae would use for a code of the same size."""
        if self.own == "sequence":
            return skae.DenseAutoencoder(
                self.own_code, epochs=epochs, batch_size=32, early_stopping=False
            )
        rate = 2e-3 if self.own == "dense" else 1e-3
        return OWN[self.own](self.own_code).set_params(
            **({} if self.loss == "mse" else BERNOULLI),
            learning_rate=_decaying(rate, epochs * ceil(n_rows / OWN_BATCH)),
            epochs=epochs,
            batch_size=OWN_BATCH,
            validation_split=0,
            early_stopping=False,
        )


def _decaying(rate, n_steps):
    return keras.optimizers.schedules.CosineDecay(rate, n_steps)


def _dense(code, *units, activation="relu", output_activation="sigmoid"):
    return skae.DenseAutoencoder(
        code,
        hidden_layer_sizes=units,
        activation=activation,
        code_activation=activation,
        output_activation=output_activation,
        init="random",
    )


def _convolutional_variational():
    network = skae.ConvNetwork(
        (64, 64, 64),
        strides=(1, 2, 1),
        upsampling="transpose",
        hidden_layer_sizes=(128,),
        image_shape=(28, 28),
        activation="relu",
    )
    return skae.VariationalAutoencoder(2, network=network, **SIGMOID)


def _own_network(*units):
    return {"network": skae.DenseNetwork(units)}


OWN = {
    "dense": partial(skae.DenseAutoencoder, hidden_layer_sizes=(512, 256)),
    "variational": lambda code: skae.VariationalAutoencoder(code, **_own_network(512, 256)),
    "denoising": lambda code: skae.DenoisingAutoencoder(
        code, noise=0.5, clip=True, **_own_network(1024)
    ),
}
# "a" after an id is the same network with another optimizer.
NETWORKS = {
    "B1": partial(_dense, 2, 32),
    "C1": lambda: skae.ConvAutoencoder(
        None,
        image_shape=(28, 28),
        filters=(16, 1),
        pooling="max",
        activation="relu",
        init="random",
    ),
    "C2": partial(_dense, 32, 128, 64),
    "D1": partial(_dense, 32),
    "D2": lambda: skae.SparseAutoencoder(32, sparsity=1e-8, **_own_network(), **SIGMOID),
    "D3": partial(_dense, 32, 128, 64),
    "D4": lambda: skae.KerasAutoencoder(
        encoder=partial(by_hand.normalized_encoder, (32, 16, 16)),
        decoder=partial(by_hand.normalized_decoder, (32, 16, 16), "sigmoid"),
    ),
    "D5": lambda: skae.DenoisingAutoencoder(
        None,
        noise=0.5,
        clip=True,
        network=skae.KerasNetwork(
            partial(by_hand.normalized_encoder, (32, 32, 32)),
            partial(by_hand.normalized_decoder, (32, 32, 32), "linear"),
        ),
        **SIGMOID,
    ),
    "D6": lambda: skae.SequenceAutoencoder(None, units=(64,), init="random"),
    "D7": lambda: skae.VariationalAutoencoder(
        2, network=skae.DenseNetwork((256,), activation="relu"), **SIGMOID
    ),
    "D8": _convolutional_variational,
    "E1": partial(_dense, 2, 300, activation="LeakyReLU", output_activation="LeakyReLU"),
}


def _read():
    table = pd.read_csv(Path(__file__).with_name("articles.csv"), dtype={"parameters": str})
    for row in table.to_dict("records"):
        row["published"] = None if pd.isna(row["published"]) else row["published"]
        known = "" if pd.isna(row["parameters"]) else row["parameters"]
        row["parameters"] = tuple(map(int, known.split()))
        yield Article(**row)


ARTICLES = tuple(_read())
