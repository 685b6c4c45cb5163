"""The published autoencoders that `benchmarks.articles` rebuilds: `articles.csv`, and how."""

from functools import partial
from math import ceil
from pathlib import Path

import keras
import pandas as pd

import skae
from benchmarks import by_hand

TRAINING_ROWS = 60_000  # of MNIST and of Fashion-MNIST
RMSPROP_EPSILON = 1e-14  # Keras 2 added 1e-7 to the root of what Keras 3 adds epsilon to
SIGMOID = {"output_activation": "sigmoid"}
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adadelta": keras.optimizers.Adadelta,
    "rmsprop": partial(keras.optimizers.RMSprop, epsilon=RMSPROP_EPSILON),
}
# A loss of "nats" is that of a variational autoencoder: cross-entropy and divergence of an image.
ARTICLES = pd.read_csv(Path(__file__).with_name("articles.csv"), dtype={"parameters": str})


def estimator(article, seed):
    """Return the network as an estimator with the published training, for `fit` in parts."""
    rate = article.learning_rate
    if article.decays:
        rate = cosine_decay(rate, article.epochs, TRAINING_ROWS, article.batch_size)
    return NETWORKS[article.id.rstrip("a")]().set_params(
        loss="mse" if article.loss == "mse" else "binary_crossentropy",
        optimizer=OPTIMIZERS[article.optimizer](rate),
        learning_rate=None,
        batch_size=article.batch_size,
        validation_split=article.validation_split,
        early_stopping=False,
        warm_start=True,
        random_state=seed,
    )


def cosine_decay(rate, epochs, n_rows, batch_size):
    return keras.optimizers.schedules.CosineDecay(rate, epochs * ceil(n_rows / batch_size))


def _dense(code, *units, activation="relu", output_activation="sigmoid"):
    return skae.DenseAutoencoder(
        code,
        hidden_layer_sizes=units,
        activation=activation,
        code_activation=activation,
        output_activation=output_activation,
        init="random",
    )


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
    "D2": lambda: skae.SparseAutoencoder(
        32, sparsity=1e-8, network=skae.DenseNetwork(()), **SIGMOID
    ),
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
    "D8": lambda: skae.VariationalAutoencoder(
        2,
        network=skae.ConvNetwork(
            (64, 64, 64),
            strides=(1, 2, 1),
            upsampling="transpose",
            hidden_layer_sizes=(128,),
            image_shape=(28, 28),
            activation="relu",
        ),
        **SIGMOID,
    ),
    "E1": partial(_dense, 2, 300, activation="LeakyReLU", output_activation="LeakyReLU"),
}
