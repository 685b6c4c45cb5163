"""ContractiveAutoencoder: the norm of the Jacobian, exact and by projections."""

import keras
import numpy as np
import pytest
from keras import layers

from skae import ContractiveAutoencoder, ConvNetwork, DenseNetwork
from skae.layers import ContractionPenalty

RNG = np.random.default_rng(0)


def _dense_encoder(activation):
    inputs = keras.Input((6,))
    encoder = keras.Model(inputs, layers.Dense(3, activation=activation, name="code")(inputs))
    encoder.set_weights([RNG.normal(size=(6, 3)), RNG.normal(size=3)])
    return encoder


def _numerical_norms(encoder, rows, step=1e-2):
    columns = []
    for direction in np.eye(rows.shape[1], dtype=np.float32) * step:
        ahead, behind = (np.asarray(encoder(rows + s * direction)) for s in (1, -1))
        columns.append((ahead - behind) / (2 * step))
    return np.square(columns).sum(axis=(0, 2))


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "tanh"])
def test_closed_form_is_the_norm_of_the_jacobian(activation):
    encoder = _dense_encoder(activation)
    rows = RNG.normal(size=(10, 6)).astype(np.float32)
    exact = ContractionPenalty(encoder, 1.0).squared_jacobian_norms(rows, encoder(rows))
    np.testing.assert_allclose(np.asarray(exact), _numerical_norms(encoder, rows), rtol=5e-3)


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "tanh"])
def test_projections_agree_with_the_closed_form(activation):
    encoder = _dense_encoder(activation)
    rows = np.tile(RNG.normal(size=(1, 6)), (20_000, 1)).astype(np.float32)
    exact, projected = (
        np.asarray(ContractionPenalty(encoder, 1.0, exact).squared_jacobian_norms(rows, codes))
        for exact, codes in ((True, encoder(rows)), (False, encoder(rows)))
    )
    assert projected.std() > 0
    assert projected.mean() == pytest.approx(exact.mean(), rel=0.03)


def test_projections_of_a_convolutional_encoder():
    inputs = keras.Input((4, 4, 1))
    features = layers.Flatten()(layers.Conv2D(2, 3, activation="tanh")(inputs))
    encoder = keras.Model(inputs, layers.Dense(2)(features))
    row = RNG.normal(size=(1, 4, 4, 1)).astype(np.float32)
    rows = np.tile(row, (20_000, 1, 1, 1))
    projected = ContractionPenalty(encoder, 1.0).squared_jacobian_norms(rows, None)
    flat = keras.Sequential([layers.Reshape((4, 4, 1)), encoder])
    expected = _numerical_norms(flat, row.reshape(1, 16))[0]
    assert np.asarray(projected).mean() == pytest.approx(expected, rel=0.03)


def _mean_norm(autoencoder, X):
    directions = np.random.default_rng(0).normal(size=(64, *X.shape)) * 0.05
    codes = autoencoder.transform(X)
    squares = [((autoencoder.transform(X + d) - codes) / 0.05) ** 2 for d in directions]
    return np.sqrt(np.mean(squares, axis=0).sum(axis=1)).mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"network": DenseNetwork((32,))},
        {"network": DenseNetwork(()), "code_activation": "sigmoid"},
        {"network": ConvNetwork((4,), image_shape=(8, 8))},
    ],
    ids=["dense", "closed form", "convolutional"],
)
def test_contraction_shrinks_the_jacobian(X, settings):
    norms = {
        contraction: _mean_norm(
            ContractiveAutoencoder(
                8,
                contraction=contraction,
                epochs=30,
                batch_size=16,
                learning_rate=1e-2,
                random_state=0,
                **settings,
            ).fit(X),
            X[:32],
        )
        for contraction in (0.0, 1.0)
    }
    assert norms[1.0] < 0.7 * norms[0.0]


def test_penalty_has_its_weight(X):
    """With an untrained linear encoder, which is PCA, every unit's gradient has norm 1."""
    autoencoder = ContractiveAutoencoder(
        3, contraction=2.0, epochs=1, learning_rate=1e-12, network=DenseNetwork(()), random_state=0
    ).fit(X)
    assert autoencoder.history_["contraction_loss"][0] == pytest.approx(2, rel=1e-4)
