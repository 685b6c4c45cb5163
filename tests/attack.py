"""Random configurations of autoencoders, and what a fit of each gives.

A configuration is the position of one entry in every list below. Entries are made anew for every
fit, so that nothing but what is compiled can pass from one fit to another.
"""

import functools
import hashlib
import json
import random
import sys

import keras
import numpy as np
from keras import callbacks, layers, losses, ops, optimizers, regularizers
from keras.optimizers import schedules

from skae import (
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    ConvNetwork,
    DenoisingAutoencoder,
    DenseAutoencoder,
    DenseNetwork,
    KerasAutoencoder,
    KerasNetwork,
    RecurrentNetwork,
    SparseAutoencoder,
    VariationalAutoencoder,
    clear_compiled_programs,
)

X = np.random.default_rng(0).normal(size=(56, 6))
DIGEST_SIZE = 64
WEIGHTS = np.random.default_rng(1).uniform(size=len(X))


# ---- what a user may write ---------------------------------------------------------------------


def squared(y_true, y_pred):
    return ops.mean((y_true - y_pred) ** 2, axis=-1)


def times(factor):
    return lambda y_true, y_pred: factor * squared(y_true, y_pred)


def from_a_list(factor):
    factors = [factor]
    return lambda y_true, y_pred: factors[0] * squared(y_true, y_pred)


def weighted(y_true, y_pred, factor):
    return factor * squared(y_true, y_pred)


@functools.wraps(losses.mean_squared_error)
def tenfold(y_true, y_pred):
    return 10 * losses.mean_squared_error(y_true, y_pred)


class Power:
    def __init__(self, exponent):
        self.exponent = exponent

    def __call__(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** self.exponent, axis=-1)


@functools.wraps(keras.activations.relu)
def shifted(x):
    return ops.relu(x) + 0.1


def steep(slope):
    return lambda x: ops.tanh(slope * x)


class Penalty(regularizers.Regularizer):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, x):
        return self.rate * ops.sum(ops.abs(x))


class Steps(schedules.LearningRateSchedule):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, step):
        return self.rate / (1 + ops.cast(step, "float32"))

    def get_config(self):
        return {"rate": self.rate}


class Meddler(callbacks.Callback):
    """Change an attribute of every layer that has it, or of the optimizer."""

    def __init__(self, name, value):
        super().__init__()
        self.name, self.value = name, value

    def on_train_begin(self, logs=None):
        for thing in [*self.model._flatten_layers(), self.model.optimizer]:
            if self.name in vars(thing):
                setattr(thing, self.name, self.value)


class Recompiler(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.compile(optimizer="sgd", loss="mae")


class Refuser(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("no more")


class Rebuilder(callbacks.Callback):
    """Read and write weights while training is under way."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([0.5 * values for values in self.model.get_weights()])


def _branches(hidden):
    """Return a network of the user's, with two branches and an operation outside layers."""

    def encoder():
        inputs = keras.Input((6,))
        narrow = layers.Dense(3, activation=hidden["activation"])(inputs)
        wide = layers.Dense(4, kernel_regularizer=hidden["kernel_regularizer"])(inputs)
        return keras.Model(inputs, layers.Concatenate()([narrow, ops.tanh(wide)]))

    def decoder():
        return keras.Sequential([layers.Dense(4, hidden["activation"]), layers.Dense(6)])

    return KerasNetwork(encoder, decoder)


def _flat(hidden):
    return DenseAutoencoder(2, hidden_layer_sizes=(4,), **hidden)


def _on(network, kind, **parameters):
    """Return an objective on a network that is made with what hidden layers have."""
    return lambda hidden: kind(2, network=network(hidden), **parameters)


def _whole_model(hidden):
    def dense(n_units, activation=None, **parameters):  # seeds of its own: threads share Keras's
        start = keras.initializers.GlorotUniform(seed=n_units)
        return layers.Dense(n_units, activation, kernel_initializer=start, **parameters)

    model = keras.Sequential(
        [
            keras.Input((6,)),
            dense(4, hidden["activation"]),
            layers.BatchNormalization(),
            dense(2, name="code"),
            layers.GaussianNoise(0.1, seed=1),
            dense(6),
        ]
    )
    return KerasAutoencoder(model, code_layer="code")


def _dense(hidden):
    return DenseNetwork((4,), **hidden)


def _images(hidden):
    return ConvNetwork((2,), image_shape=(2, 3), activation=hidden["activation"])


def _sequences(hidden):
    return RecurrentNetwork((3,), sequence_shape=(2, 3))


# ---- the lists ---------------------------------------------------------------------------------

KINDS = [
    _flat,
    _flat,
    _on(_dense, DenoisingAutoencoder, noise=0.1),
    _on(_dense, DenoisingAutoencoder, noise=0.9),
    _on(_dense, DenoisingAutoencoder, corruption="swap"),
    _on(_dense, DenoisingAutoencoder, corruption="swap", noise=0.7),
    _on(_dense, VariationalAutoencoder, beta=0.1),
    _on(_dense, VariationalAutoencoder, beta=0.5),
    _on(_dense, SparseAutoencoder, sparsity=0.0),
    _on(_dense, SparseAutoencoder, sparsity=0.1),
    _on(_dense, SparseAutoencoder, sparsity=0.5),
    _on(_dense, ContractiveAutoencoder, contraction=0.1),
    _on(_dense, ContractiveAutoencoder, contraction=0.5),
    _on(_dense, ConcreteAutoencoder),
    _on(_branches, DenoisingAutoencoder),
    _on(_branches, SparseAutoencoder),
    _on(_images, DenoisingAutoencoder),
    _on(_sequences, DenoisingAutoencoder),
    _whole_model,
]
HIDDEN = {
    "activation": [
        lambda: "relu",
        lambda: "silu",
        lambda: keras.activations.relu,
        lambda: shifted,
        lambda: steep(1.0),
        lambda: steep(3.0),
        lambda: functools.partial(keras.activations.leaky_relu, negative_slope=0.5),
        lambda: layers.LeakyReLU(0.1),
        lambda: layers.LeakyReLU(0.5),
    ],
    "dropout": [lambda: 0.0, lambda: 0.0, lambda: 0.1, lambda: 0.5],
    "kernel_regularizer": [
        lambda: None,
        lambda: None,
        lambda: "l2",
        lambda: regularizers.L2(0.1),
        lambda: regularizers.L1(0.1),
        lambda: Penalty(0.05),
        lambda: Penalty(0.2),
    ],
}
TRAINING = {
    "loss": [
        lambda: "mse",
        lambda: "mse",
        lambda: "mae",
        lambda: losses.MeanSquaredError(),
        lambda: losses.Huber(delta=0.01),
        lambda: losses.Huber(delta=2.0),
        lambda: losses.CosineSimilarity(),
        lambda: losses.LogCosh(),
        lambda: tenfold,
        lambda: squared,
        lambda: times(2.0),
        lambda: times(3.0),
        lambda: from_a_list(2.0),
        lambda: from_a_list(3.0),
        lambda: functools.partial(weighted, factor=2.0),
        lambda: functools.partial(weighted, factor=3.0),
        lambda: Power(2.0),
        lambda: Power(3.0),
    ],
    "optimizer": [
        lambda: "adam",
        lambda: "sgd",
        lambda: "rmsprop",
        lambda: optimizers.Adam(0.01, clipvalue=1e-3),
        lambda: optimizers.Adam(0.01, clipvalue=1.0),
        lambda: optimizers.AdamW(0.01, weight_decay=0.5),
        lambda: optimizers.SGD(0.01, momentum=0.5),
        lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        lambda: optimizers.Adam(0.01, use_ema=True),
        lambda: optimizers.Adam(schedules.ExponentialDecay(0.01, 2, 0.5)),
        lambda: optimizers.Adam(Steps(0.01)),
    ],
    "learning_rate": [
        lambda: 0.01,
        lambda: 0.02,
        lambda: None,
        lambda: schedules.ExponentialDecay(0.01, 2, 0.5),
        lambda: schedules.ExponentialDecay(0.01, 2, 0.9),
        lambda: schedules.CosineDecay(0.01, 10),
        lambda: Steps(0.01),
        lambda: Steps(0.02),
    ],
    "callbacks": [
        lambda: None,
        lambda: None,
        lambda: None,
        lambda: callbacks.ReduceLROnPlateau(monitor="loss", patience=0, factor=0.1),
        lambda: callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch)),
        lambda: callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
        lambda: Meddler("rate", 0.9),
        lambda: Meddler("beta", 10.0),
        lambda: Meddler("sparsity", 10.0),
        lambda: Meddler("clipvalue", 1e-9),
        lambda: Meddler("trainable", value=False),
        lambda: Recompiler(),
        lambda: Refuser(),
        lambda: Rebuilder(),
    ],
    "batch_size": [lambda: 16, lambda: 16, lambda: 20],
    "validation_split": [lambda: 0.0, lambda: 0.25],
    "early_stopping": [lambda: False, lambda: False, lambda: True],
    "output_activation": [lambda: "linear", lambda: "linear", lambda: steep(0.5)],
    "random_state": [lambda: 0, lambda: 1],
}
PINNED = {VariationalAutoencoder: {"loss"}, KerasAutoencoder: {"output_activation"}}
OPTIONS = {
    "kind": KINDS,
    **HIDDEN,
    **TRAINING,
    "sample_weight": [None, None, WEIGHTS],
    "use": [False, False, False, True],
}


def pair(number):
    """Return two configurations that differ in one option, drawn with a number as the seed."""
    rng = random.Random(number)
    first = {name: rng.randrange(len(entries)) for name, entries in OPTIONS.items()}
    name = rng.choice(list(OPTIONS))
    return first, {**first, name: rng.randrange(len(OPTIONS[name]))}


def configurations(n_pairs, first=0):
    return [chosen for number in range(first, first + n_pairs) for chosen in pair(number)]


def made(chosen):
    """Return the autoencoder of a configuration, unfitted."""
    hidden = {name: entries[chosen[name]]() for name, entries in HIDDEN.items()}
    autoencoder = KINDS[chosen["kind"]](hidden)
    taken = TRAINING.keys() - PINNED.get(type(autoencoder), set())
    return autoencoder.set_params(
        epochs=2, **{name: TRAINING[name][chosen[name]]() for name in taken}
    )


def fitted(chosen):
    return made(chosen).fit(X, sample_weight=OPTIONS["sample_weight"][chosen["sample_weight"]])


def outcome(chosen) -> str:
    """Return the digest of a fit, or the kind of its error."""
    try:
        autoencoder = fitted(chosen)
    except (RuntimeError, TypeError, ValueError) as error:
        return type(error).__name__
    return digest(autoencoder, use=OPTIONS["use"][chosen["use"]])


def digest(autoencoder, use=False) -> str:
    """Return a digest of history and weights, of codes and scores too if they are to be used."""
    values = list(autoencoder.history_.values())  # names of terms count a user's layers up
    digest = hashlib.sha256(repr(values).encode())
    for values in autoencoder.model_.get_weights():
        digest.update(values.tobytes())
    if use:
        digest.update(autoencoder.transform(X).tobytes())
        digest.update(autoencoder.score_samples(X[:7]).tobytes())
    return digest.hexdigest()


def outcome_alone(chosen) -> str:
    """Return the same where nothing was compiled before."""
    clear_compiled_programs()
    return outcome(chosen)


if __name__ == "__main__":
    n_pairs, first = map(int, sys.argv[1:])
    results = [outcome_alone(chosen) for chosen in configurations(n_pairs, first)]
    sys.stdout.write(json.dumps(results))
