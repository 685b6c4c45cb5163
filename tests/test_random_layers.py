"""Layers that draw: the right distributions, at a price that XLA does not raise."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
from keras import ops, random
from scipy import stats
from scipy.special import erfinv

from skae import DenseNetwork, VariationalAutoencoder
from skae.layers import LayerCorruption, SaltAndPepperCorruption, SwapCorruption, inside_xla
from skae.layers._random import inverse_error_function, normal, signs, uniform

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="XLA is a choice on TensorFlow only"
)

NOISE_LAYERS = [
    keras.layers.Dropout(0.2),
    keras.layers.SpatialDropout1D(0.2),
    keras.layers.GaussianNoise(0.2),
    keras.layers.GaussianDropout(0.2),
    keras.layers.AlphaDropout(0.2),
]


def _drawn_in_xla(draw, seed=0):
    """Return two draws in a row of one generator, by code that XLA compiled."""
    import tensorflow as tf

    generator = random.SeedGenerator(seed)
    compiled = tf.function(lambda: draw(generator), autograph=False, jit_compile=True)
    with inside_xla():
        return compiled().numpy(), compiled().numpy()


def test_inverse_error_function():
    values = np.concatenate([np.linspace(-0.999, 0.999, 1001), [2**-24 - 1, 1 - 2**-24]])
    values = values.astype("float32")
    found = ops.convert_to_numpy(inverse_error_function(values))
    np.testing.assert_allclose(found, erfinv(values.astype(float)), rtol=1e-5, atol=1e-6)


@on_tensorflow
@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (lambda seed: uniform((200, 50), seed), stats.uniform()),
        (lambda seed: uniform((200, 50), seed, minval=1e-7), stats.uniform()),
        (lambda seed: normal((200, 50), seed, "float32"), stats.norm()),
    ],
    ids=["uniform", "uniform above 0", "normal"],
)
def test_numbers_drawn_in_xla_have_their_distribution(draw, distribution):
    first, second = _drawn_in_xla(draw)
    assert stats.kstest(first.ravel(), distribution.cdf).pvalue > 0.01
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    np.testing.assert_array_equal(first, _drawn_in_xla(draw)[0])
    assert (first != _drawn_in_xla(draw, seed=1)[0]).mean() > 0.99


@on_tensorflow
def test_xla_compiles_the_generator_made_for_it():
    """What TensorFlow chooses by itself is thirty times as slow there."""
    import tensorflow as tf

    def operations(place):
        generator = random.SeedGenerator(0)
        with place:
            function = tf.function(lambda: normal((3, 2), generator, "float32"), autograph=False)
            return {node.type for node in function.get_concrete_function().graph.get_operations()}

    choice = "StatelessRandomGetKeyCounter"
    assert choice in operations(nullcontext())
    assert choice not in operations(inside_xla())


def test_signs_are_fair():
    drawn = ops.convert_to_numpy(signs((200, 50), random.SeedGenerator(0), "float32"))
    assert set(np.unique(drawn)) == {-1, 1}
    assert abs(drawn.mean()) < 0.05


def test_salt_and_pepper_hit_half_each():
    layer = SaltAndPepperCorruption(0.4)
    rows = np.full((400, 50), 0.5, dtype="float32")
    noisy = ops.convert_to_numpy(layer(rows, training=True))
    assert (noisy == 0).mean() == pytest.approx(0.2, abs=0.02)
    assert (noisy == 1).mean() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_swapped_entries_come_from_all_rows_alike(noise):
    rows = np.tile(np.arange(10, dtype="float32")[:, None], (1, 2000))
    noisy = ops.convert_to_numpy(SwapCorruption(noise)(rows, training=True))
    assert (noisy != rows).mean() == pytest.approx(0.9 * noise, abs=0.02)
    donors = noisy[noisy != rows]
    shares = np.bincount(donors.astype(int), minlength=10) / max(len(donors), 1)
    np.testing.assert_allclose(shares, 0.1 if noise else 0, atol=0.02)


@on_tensorflow
@pytest.mark.parametrize("layer", NOISE_LAYERS, ids=lambda layer: type(layer).__name__)
def test_noise_of_keras_keeps_a_model_out_of_xla(layer):
    from skae.engine._tensorflow import TensorFlowProgram

    def variant(*layers):
        return TensorFlowProgram.variant(keras.Sequential([keras.Input((4, 3)), *layers]), 10**6)

    dense = keras.layers.Dense(2)
    copy = type(layer).from_config(layer.get_config())
    assert variant(dense) == "xla"
    assert variant(dense, copy) == "graph"
    assert variant(LayerCorruption(copy), dense) == "graph"


def test_scores_of_a_variational_autoencoder_leave_no_nodes_in_its_model(X):
    autoencoder = VariationalAutoencoder(
        3, network=DenseNetwork((8,)), epochs=1, validation_split=0, random_state=0
    ).fit(X)

    def nodes():
        return sum(len(layer._inbound_nodes) for layer in autoencoder.model_._flatten_layers())

    before = nodes()
    for _ in range(2):
        autoencoder.score_samples(X)
        autoencoder.score_samples(X, importance_samples=5)
        autoencoder.transform(X, return_std=True)
    assert nodes() == before
