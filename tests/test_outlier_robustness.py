"""What the outlier detector does off the usual path: errors, few rows, odd scores, time, groups."""

import gc
import weakref

import keras
import numpy as np
import pytest

from skae import (
    DenseAutoencoder,
    DenseNetwork,
    HiddenPath,
    KerasAutoencoder,
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
)
from skae._layer_outputs import hidden_path


def correlated(n_rows, seed=0, n_features=6):
    """Rows near a plane in space, all from one distribution."""
    plane = np.random.default_rng(99).normal(size=(2, n_features))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2)) @ plane + 0.1 * rng.normal(size=(n_rows, n_features))


def own_model():
    """A user's model of 6 features, with an activation as a layer and the code in the middle."""
    layers = keras.layers
    inputs = keras.Input((6,))
    hidden = layers.LeakyReLU()(layers.Dense(5)(inputs))
    code = layers.Dense(2, name="code")(hidden)
    return keras.Model(inputs, layers.Dense(6)(layers.Dense(5, "relu")(code)))


def small(**parameters):
    return DenseAutoencoder(2, hidden_layer_sizes=(5,), epochs=1, random_state=0, **parameters)


def n_nodes(model):
    layers = model._flatten_layers()
    return sum(len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in layers)


# ---- the way through the encoder ----------------------------------------------------------


@pytest.mark.parametrize(
    "autoencoder",
    [
        small(init="pca"),
        small(init="random"),
        small(init="random", code_activation="LeakyReLU"),
        VariationalAutoencoder(2, network=DenseNetwork((5,)), epochs=1, random_state=0),
        KerasAutoencoder(own_model(), epochs=1, random_state=0),
    ],
    ids=["pca", "random", "activation", "variational", "keras"],
)
def test_hidden_path_is_the_hidden_layers_and_the_code_once(autoencoder):
    X = correlated(60)
    score = HiddenPath(whiten=False)
    detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0).fit(X)
    encoder = detector.autoencoder_.encoder_
    rows = X.astype(np.float32)
    back = detector.autoencoder_.reconstruct(X)
    (hidden,) = hidden_path(encoder)(rows)
    (hidden_of_back,) = hidden_path(encoder)(back)
    assert hidden.shape == (60, 5)
    ways = [(rows, back), (hidden, hidden_of_back), (encoder(rows), encoder(back))]
    expected = sum(np.square(np.array(x) - np.array(y)).sum(axis=1) for x, y in ways)
    np.testing.assert_allclose(-detector.score_samples(X), expected, rtol=1e-3)


def test_hidden_path_is_kept_as_long_as_the_encoder_and_follows_its_weights():
    autoencoder = small(init="random").fit(correlated(60))
    encoder, rows = autoencoder.encoder_, np.ones((2, 6), np.float32)
    path = hidden_path(encoder)
    assert hidden_path(encoder) is path
    before = path(rows)[0]
    encoder.set_weights([weight + 1 for weight in encoder.get_weights()])
    assert not np.array_equal(path(rows)[0], before)
    alive = weakref.ref(encoder)
    del autoencoder, encoder, path
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("score", ["sap", "nap"])
def test_scoring_leaves_no_traces_in_the_model(score):
    X = correlated(60)
    for autoencoder in (small(), KerasAutoencoder(own_model(), epochs=1, random_state=0)):
        detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0).fit(X)
        model = detector.autoencoder_.model_
        before = n_nodes(model)
        for _ in range(3):
            detector.score_samples(X)
        assert n_nodes(model) == before
