"""Every objective beside the same thing written by hand in Keras: the table of all paths."""

import gc
import time
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod

import numpy as np
import pandas as pd
from sklearn.base import clone

import skae
from benchmarks import page, start_keras
from benchmarks.measures import loss_of, n_weights, timed
from benchmarks.record import Record, version

FEATURES = {64: (8, 8), 784: (28, 28), 1555: (5, 311)}  # and their shapes as images and sequences
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX"}
CODE, UNITS, FILTERS, CELLS = 16, (128,), (16, 8), 32
NOISE, SPARSITY, CONTRACTION, VARIANCE = 0.3, 1e-3, 1e-2, 0.1
TEMPERATURES, ANNEALING = (10.0, 0.1), 0.75  # skae's defaults
AT_LEAST = 1.5
LOSS_TOLERANCE = 1.1
SLOW = ("convolutional", "recurrent")  # trained on a fifth of the samples


@dataclass(frozen=True)
class Size:
    """How much of every path is trained."""

    rows: int = 5000
    epochs: int = 20
    rounds: int = 3
    batch_size: int = 128


def measure(run, quick, rounds, seed):
    size = Size(rows=500, epochs=2, rounds=rounds) if quick else Size(rounds=rounds)
    rows = []
    for backend in ("tensorflow",) if quick else filter(version, BACKENDS):
        process = (f"paths-{backend}", {"KERAS_BACKEND": backend})
        for objective, n_features in product(OBJECTIVES, (64,) if quick else FEATURES):
            tags = {"objective": objective, "features": n_features, "backend": BACKENDS[backend]}
            key = f"paths-{backend}-{objective}-{n_features}"
            rows.append(tags | run(key, process, race, objective, n_features, size, seed))
    return describe(pd.DataFrame(rows), size)


def describe(paths, size):
    worst = paths.loc[paths["first_ratio"].idxmin()]
    name = f"{worst['objective']}, {worst['features']} features, {worst['backend']}"
    figures = {
        "worst": worst["first_ratio"],
        "median": paths["first_ratio"].median(),
        "worst_second": paths["second_ratio"].min(),
        "median_second": paths["second_ratio"].median(),
        "paths": len(paths),
    }
    close = paths["skae_loss"] <= LOSS_TOLERANCE * paths["by_hand_loss"]
    shown = paths.assign(
        path=paths["objective"] + ", " + paths["features"].astype(str) + ", " + paths["backend"]
    ).sort_values("first_ratio", ascending=False)
    picture = page.chart(shown, "barh", "path", "first_ratio")
    return Record(
        name="speed/paths",
        title="All paths beside Keras by hand",
        answer=f"On the worst of {len(paths)} paths ({name}) a first fit is {figures['worst']:.1f} "
        f"times as fast as by hand, in the median {figures['median']:.1f} times; a second "
        f"fit {figures['worst_second']:.1f} and {figures['median_second']:.1f} times.",
        figures=figures,
        tables={"paths": paths},
        claims={
            f"On every path Keras by hand takes at least {AT_LEAST:g} times as long as a first "
            "fit.": figures["worst"] >= AT_LEAST,
            "On every path the loss is at most a tenth above that by hand.": close.all(),
            "Every network has as many parameters as the one by hand.": (
                paths["difference"] == 0
            ).all(),
        },
        settings={
            "Samples": f"{size.rows} of random data with {CODE} factors; where {SLOW}, a fifth",
            "Training": f"{size.epochs} epochs, batches of {size.batch_size}, Adam at 1e-3",
            "Rounds": f"medians of {size.rounds}, in turns",
            "Networks": f"dense {UNITS}, code of {CODE}; convolutions {FILTERS}; LSTM {CELLS}",
        },
        pictures={"All paths, the slowest on top": picture},
    )


def race(objective, n_features, size, seed):
    """Train one objective by hand, and with skae for the first and the second time, in turns.

    Runs in a worker. Compiled programs are forgotten before every first fit.
    """
    keras = start_keras()
    from benchmarks import by_hand

    shape = FEATURES[n_features]
    estimator, build = OBJECTIVES[objective]
    temperatures = np.geomspace(*TEMPERATURES, max(1, round(ANNEALING * size.epochs)))
    X = random_rows(size.rows // 5 if objective in SLOW else size.rows, n_features)
    training = {"learning_rate": 1e-3, "epochs": size.epochs, "batch_size": size.batch_size}
    ours = estimator(shape).set_params(
        optimizer="adam", loss="mse", validation_split=0.0, early_stopping=False, **training
    )
    _warm_up(keras, by_hand, seed)
    runs = []
    for turn in range(seed, seed + size.rounds):
        keras.utils.set_random_seed(turn)
        start = time.perf_counter()
        model = build(by_hand, shape)
        callbacks = by_hand.annealing(model, temperatures)
        reconstruct = by_hand.trained(model, X, callbacks=callbacks, **training)
        by_hand_s = time.perf_counter() - start
        skae.clear_compiled_programs()
        gc.collect()
        ours.set_params(random_state=turn)
        fitted, first_s = timed(clone(ours).fit, X)
        _, second_s = timed(clone(ours).fit, X)
        runs.append(
            {
                "by_hand_s": by_hand_s,
                "first_s": first_s,
                "second_s": second_s,
                "by_hand_loss": loss_of("mse", X, reconstruct),
                "skae_loss": loss_of("mse", X, fitted.reconstruct),
                "difference": n_weights(fitted.model_) - n_weights(model),
            }
        )
    medians = pd.DataFrame(runs).median().to_dict()
    return medians | {
        f"{fit}_ratio": medians["by_hand_s"] / medians[f"{fit}_s"] for fit in ("first", "second")
    }


@cache
def _warm_up(keras, by_hand, seed):
    """Train something else once a process, so that the first path does not pay for imports."""
    X = random_rows(64, 16)
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16)])
    by_hand.trained(model, X, learning_rate=1e-3)(X)
    skae.DenseAutoencoder(4, hidden_layer_sizes=(8,), epochs=1, random_state=seed).fit(X)


def random_rows(n_rows, n_features):
    """Return samples of few factors, bent a little, centred, of variance 1."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(n_rows, CODE))
    X = np.tanh(factors @ rng.normal(size=(CODE, n_features)) / 2)
    X += 0.1 * rng.normal(size=X.shape)
    X -= X.mean(axis=0)
    return (X / X.std()).astype(np.float32)


def _network():
    return {"network": skae.DenseNetwork(UNITS)}


def _dense(hand, shape, code_activation="linear", **settings):
    return hand.dense(
        UNITS,
        CODE,
        n_features=prod(shape),
        activation="silu",
        code_activation=code_activation,
        output_activation="linear",
        **settings,
    )


def _own_model(shape):
    from benchmarks import by_hand

    return skae.KerasAutoencoder(lambda: _dense(by_hand, shape), code_layer="code")


# The estimator of a shape, and the same by hand: functions of `by_hand` and of the shape.
OBJECTIVES = {
    "plain": (
        lambda shape: skae.DenseAutoencoder(CODE, hidden_layer_sizes=UNITS, init="random"),
        _dense,
    ),
    "denoising": (
        lambda shape: skae.DenoisingAutoencoder(CODE, noise=NOISE, init="random", **_network()),
        lambda hand, shape: _dense(hand, shape, noise=NOISE),
    ),
    "sparse": (
        lambda shape: skae.SparseAutoencoder(CODE, sparsity=SPARSITY, **_network()),
        lambda hand, shape: _dense(hand, shape, "relu", sparsity=SPARSITY),
    ),
    "contractive": (
        lambda shape: skae.ContractiveAutoencoder(
            CODE, contraction=CONTRACTION, init="random", **_network()
        ),
        lambda hand, shape: hand.deep_contractive(prod(shape), UNITS, CODE, CONTRACTION),
    ),
    "variational": (
        lambda shape: skae.VariationalAutoencoder(
            CODE, noise_variance=VARIANCE, init="random", **_network()
        ),
        lambda hand, shape: hand.deep_variational(
            prod(shape), UNITS, CODE, 2 * VARIANCE / prod(shape)
        ),
    ),
    "concrete": (
        lambda shape: skae.ConcreteAutoencoder(CODE, **_network()),
        lambda hand, shape: hand.concrete(prod(shape), UNITS, CODE),
    ),
    "convolutional": (
        lambda shape: skae.ConvAutoencoder(CODE, image_shape=shape, filters=FILTERS, init="random"),
        lambda hand, shape: hand.strided_convolutions(shape, FILTERS, CODE),
    ),
    "recurrent": (
        lambda shape: skae.SequenceAutoencoder(
            CODE, sequence_shape=shape, units=(CELLS,), init="random"
        ),
        lambda hand, shape: hand.recurrent(shape[0], CELLS, channels=shape[1], code=CODE),
    ),
    "own Keras model": (_own_model, _dense),
}
