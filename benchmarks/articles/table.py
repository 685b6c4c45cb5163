"""The published autoencoders that `benchmarks.articles` rebuilds, and how skae would do the job."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import keras

import skae
from benchmarks.articles import by_hand, networks

OWN_EPOCHS = 15
TRAINING_ROWS = 60_000  # of MNIST and of Fashion-MNIST
RMSPROP_EPSILON = 1e-14  # Keras 2 added 1e-7 to the root of what Keras 3 adds epsilon to


@dataclass(frozen=True)
class Own:
    """What skae would use for a code of the same size.

    Parameters
    ----------
    name : str
        Articles with the same name share one fit.
    label : str
        Network and training, for the reader.
    build : callable
        Returns the estimator, unfitted, given epochs and batches an epoch.
    epochs : int, default=15
        Passes over the training rows.
    """

    name: str
    label: str
    build: Callable
    epochs: int = OWN_EPOCHS


@dataclass(frozen=True)
class Article:
    """One published autoencoder: its network, its training, and what it reached.

    Parameters
    ----------
    id : str
        Short name.
    network : str
        Layers of the encoder, for the reader.
    data : str
        Data set.
    skae : callable
        Returns the same network as an estimator.
    by_hand : callable
        Returns the same network as a Keras model, not compiled.
    epochs, batch_size : int
        Of its training.
    own : Own
        skae's own settings.
    pictures : tuple of str
        Names in `pictures.DRAWN`.
    loss : {"bce", "mse", "nats"}, default="bce"
        "nats" is that of a variational autoencoder: cross-entropy and divergence of an image.
    optimizer, learning_rate : str and float, default="adam" and 1e-3
        Of its training.
    decays : bool, default=False
        Whether the rate falls to zero along half a cosine.
    validation_split : float, default=0.0
        Share of the training rows that it is not trained on.
    noise : float, default=0.0
        Standard deviation of what is added to the pixels, clipped to [0, 1] then.
    keeps_best : bool, default=False
        Whether the published loss is that of the best epoch instead of the last.
    published : float or None, default=None
        Validation loss.
    published_parameters : tuple of int, default=()
        Number of weights, of the whole or of encoder and decoder.
    raced_rows : int, default=60_000
        Rows on which its time is compared.
    training : str, default="the published training"
        What else it is trained with.
    """

    id: str
    network: str
    data: str
    skae: Callable
    by_hand: Callable
    epochs: int
    batch_size: int
    own: Own
    pictures: tuple[str, ...]
    loss: str = "bce"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    decays: bool = False
    validation_split: float = 0.0
    noise: float = 0.0
    keeps_best: bool = False
    published: float | None = None
    published_parameters: tuple[int, ...] = ()
    raced_rows: int = 60_000
    training: str = "the published training"

    def compiled_loss(self):
        """Return what Keras is to minimise."""
        return {"bce": "binary_crossentropy", "mse": "mse", "nats": by_hand.nats}[self.loss]

    def compiled_optimizer(self):
        """Return a new optimizer with the article's rate."""
        classes = {
            "adam": keras.optimizers.Adam,
            "adadelta": keras.optimizers.Adadelta,
            "rmsprop": partial(keras.optimizers.RMSprop, epsilon=RMSPROP_EPSILON),
        }
        return classes[self.optimizer](learning_rate=self._rate())

    def _rate(self):
        if not self.decays:
            return self.learning_rate
        n_steps = self.epochs * ceil(TRAINING_ROWS / self.batch_size)
        return keras.optimizers.schedules.CosineDecay(self.learning_rate, n_steps)

    def estimator(self, seed):
        """Return the network as an estimator with the published training, for `fit` in parts."""
        loss = "mse" if self.loss == "mse" else "binary_crossentropy"
        return self.skae().set_params(
            loss=loss,
            optimizer=self.compiled_optimizer(),
            learning_rate=None,
            batch_size=self.batch_size,
            validation_split=self.validation_split,
            early_stopping=False,
            warm_start=True,
            random_state=seed,
        )


def _own(data, code, *, bce=True, epochs=OWN_EPOCHS):
    loss = "bce" if bce else "mse"
    return Own(
        f"own-{data}-{code}-{loss}",
        f"784-512-256-{code}, SiLU, {loss}, Adam, cosine decay",
        partial(networks.own_dense, code, networks.BERNOULLI if bce else {}),
        epochs,
    )


_OWN_VARIATIONAL = Own(
    "own-variational", "784-512-256-2, SiLU, Adam, cosine decay", networks.own_variational
)
_D = {"data": "fashion_mnist", "optimizer": "rmsprop", "batch_size": 256}
_C = {
    "data": "mnist",
    "loss": "mse",
    "optimizer": "adadelta",
    "learning_rate": 1.0,
    "epochs": 15,
    "batch_size": 64,
    "validation_split": 0.1,
}
_A1 = {
    "data": "mnist",
    "epochs": 10,
    "batch_size": 128,
    "validation_split": 0.2,
    "own": _own("mnist", 50),
}

_PUBLISHED = (
    Article(
        id="A1",
        network="784-50, functional",
        skae=lambda: skae.KerasAutoencoder(by_hand.functional_50, code_layer="code"),
        by_hand=by_hand.functional_50,
        pictures=("reconstruction", "encoded"),
        **_A1,
    ),
    Article(
        id="A1s",
        network="784-50, Sequential",
        skae=lambda: skae.KerasAutoencoder(by_hand.sequential_50, code_layer="code"),
        by_hand=by_hand.sequential_50,
        pictures=("reconstruction", "encoded", "layers"),
        **_A1,
    ),
    Article(
        id="B1",
        network="784-32-2",
        data="mnist",
        skae=partial(networks.dense, 2, 32),
        by_hand=partial(by_hand.dense, (32,), 2),
        epochs=10,
        batch_size=32,
        own=_own("mnist", 2),
        pictures=("latent", "manifold", "history"),
        published=0.1985,
        published_parameters=(51_154,),
    ),
    Article(
        id="C1",
        network="Conv 16-1 to 7×7×1",
        skae=networks.feature_map,
        by_hand=by_hand.feature_map_49,
        own=_own("mnist", 49, bce=False),
        pictures=("reconstruction", "history"),
        raced_rows=5_000,
        **_C,
    ),
    Article(
        id="C2",
        network="784-128-64-32",
        skae=partial(networks.dense, 32, 128, 64),
        by_hand=partial(by_hand.dense, (128, 64), 32),
        own=_own("mnist", 32, bce=False),
        pictures=("reconstruction",),
        **_C,
    ),
    Article(
        id="D1",
        network="784-32",
        skae=partial(networks.dense, 32),
        by_hand=partial(by_hand.dense, (), 32),
        epochs=100,
        own=_own("fashion_mnist", 32, epochs=40),
        pictures=("reconstruction", "history"),
        published=0.282,
        **_D,
    ),
    Article(
        id="D2",
        network="784-32, sparse",
        skae=networks.sparse,
        by_hand=partial(by_hand.dense, (), 32, sparsity=1e-8),
        epochs=150,
        own=_own("fashion_mnist", 32, epochs=40),
        pictures=("reconstruction",),
        published=0.285,
        **_D,
    ),
    Article(
        id="D3",
        network="784-128-64-32",
        skae=partial(networks.dense, 32, 128, 64),
        by_hand=partial(by_hand.dense, (128, 64), 32),
        epochs=150,
        own=_own("fashion_mnist", 32, epochs=40),
        pictures=("reconstruction", "history"),
        published=0.277,
        **_D,
    ),
    Article(
        id="D4",
        network="Conv 32-16-16 to 4×4×16",
        skae=networks.convolutions,
        by_hand=partial(by_hand.normalized_convolutions, (32, 16, 16)),
        epochs=150,
        own=_own("fashion_mnist", 256),
        pictures=("reconstruction", "history"),
        keeps_best=True,
        published=0.265,
        raced_rows=5_000,
        **_D,
    ),
    Article(
        id="D5",
        network="Conv 32-32-32, denoising",
        skae=networks.denoising,
        by_hand=partial(by_hand.normalized_convolutions, (32, 32, 32)),
        epochs=150,
        own=Own("own-denoising", "784-1024-512, SiLU, Adam, cosine decay", networks.own_denoising),
        pictures=("denoised", "history"),
        noise=0.5,
        keeps_best=True,
        published=0.287,
        raced_rows=5_000,
        **_D,
    ),
    Article(
        id="D6",
        network="LSTM 64, repeated",
        data="ecg5000",
        skae=networks.recurrent,
        by_hand=partial(by_hand.recurrent, 140, 64),
        epochs=10,
        batch_size=32,
        own=Own(
            "own-ecg5000", "140-256-128-64, skae's defaults", networks.own_sequence, epochs=100
        ),
        pictures=("reconstruction", "history"),
        loss="mse",
    ),
    Article(
        id="D7",
        network="784-256-2, variational",
        data="fashion_mnist",
        skae=lambda: networks.variational(skae.DenseNetwork((256,), activation="relu")),
        by_hand=by_hand.dense_variational,
        epochs=100,
        batch_size=128,
        own=_OWN_VARIATIONAL,
        pictures=("latent", "manifold", "samples", "history"),
        loss="nats",
        optimizer="rmsprop",
    ),
    Article(
        id="D8",
        network="Conv 64-64-64-128-2, variational",
        data="fashion_mnist",
        skae=networks.convolutional_variational,
        by_hand=partial(by_hand.convolutional_variational, 64, 128),
        epochs=150,
        batch_size=128,
        own=_OWN_VARIATIONAL,
        pictures=("latent", "manifold", "history"),
        loss="nats",
        optimizer="rmsprop",
        raced_rows=1_000,
    ),
    Article(
        id="E1",
        network="784-300-2, LeakyReLU",
        data="mnist",
        skae=networks.leaky,
        by_hand=by_hand.leaky,
        epochs=20,
        batch_size=256,
        own=_own("mnist", 2, bce=False),
        pictures=("latent", "reconstruction"),
        loss="mse",
        learning_rate=5e-4,
        published_parameters=(236_102, 236_884),
    ),
    Article(
        id="V",
        network="784-32, contractive",
        data="mnist",
        skae=networks.contractive,
        by_hand=partial(by_hand.contractive, 32, 0.1),
        epochs=20,
        batch_size=256,
        own=_own("mnist", 32),
        pictures=("reconstruction",),
    ),
)


def _with_adam(name, **changes):
    (article,) = (article for article in _PUBLISHED if article.id == name)
    return replace(
        article,
        id=f"{name}a",
        network=f"{article.network}, Adam",
        optimizer="adam",
        training="Adam instead of the published optimizer",
        pictures=("history",),
        **changes,
    )


ARTICLES = (
    *_PUBLISHED,
    _with_adam("D1"),
    _with_adam("D3"),
    _with_adam("D4", epochs=75, learning_rate=2e-3, decays=True),
)
