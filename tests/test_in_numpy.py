"""Small dense networks in NumPy: as Keras computes them, and each row by itself."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from skae import (
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DenseAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from skae.data._products import product
from skae.engine._in_numpy import NotInNumpyError, NumpyNetwork

SETTINGS = {"hidden_layer_sizes": (12, 6), "epochs": 1, "random_state": 0}
X = load_digits().data[:200] / 16
AUTOENCODERS = [
    *(
        DenseAutoencoder(3, activation=activation, **SETTINGS)
        for activation in ("linear", "relu", "sigmoid", "silu", "tanh")
    ),
    DenseAutoencoder(3, init="random", output_activation="sigmoid", **SETTINGS),
    SparseAutoencoder(3, **SETTINGS),
    ContractiveAutoencoder(3, **SETTINGS),
    DenoisingAutoencoder(3, **SETTINGS),
    VariationalAutoencoder(3, **SETTINGS),
]


@keras.saving.register_keras_serializable(package="tests")
class TwiceDense(keras.layers.Dense):
    def call(self, inputs, training=None):
        return 2 * super().call(inputs)


def weights_of(network):
    return [np.asarray(variable) for variable in network.variables]


@pytest.mark.parametrize("autoencoder", AUTOENCODERS, ids=lambda one: type(one).__name__)
def test_networks_give_what_keras_gives_and_follow_their_weights(autoencoder):
    autoencoder.fit(X)
    assert autoencoder.maps_rows_alone()
    for _ in range(2):
        codes, back = autoencoder.transform(X), autoencoder.reconstruct(X)
        np.testing.assert_allclose(
            codes, autoencoder.encoder_(X.astype("float32")), rtol=1e-4, atol=1e-5
        )
        np.testing.assert_allclose(back, autoencoder.decoder_(codes), rtol=1e-4, atol=1e-5)
        for variable in autoencoder.model_.trainable_variables:
            variable.assign(0.9 * variable)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 8, 9, 63, 1000, 1024, 5000])
def test_codes_and_reconstructions_of_a_row_are_the_same_among_any_others(n_rows):
    rows = np.random.default_rng(0).normal(size=(5003, 64))
    autoencoder = DenseAutoencoder(3, **SETTINGS).fit(X)
    for mapped in (autoencoder.transform, autoencoder.reconstruct, autoencoder.score_samples):
        whole = mapped(rows)
        for start in (0, 5003 - n_rows):
            part = slice(start, start + n_rows)
            np.testing.assert_array_equal(mapped(rows[part]), whole[part])


@pytest.mark.parametrize("shape", [(30, 30), (30, 512), (300, 300), (3, 1), (20_000, 40)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_product_of_a_row_is_the_same_among_any_others(shape, dtype):
    rng = np.random.default_rng(0)
    rows, matrix = rng.normal(size=(100, shape[0])).astype(dtype), rng.normal(size=shape)
    matrix = matrix.astype(dtype)
    whole = product(rows, matrix)
    np.testing.assert_allclose(whole, rows @ matrix, rtol=1e-3, atol=1e-3)
    for part in (slice(1), slice(5, 12), slice(3, 99)):
        np.testing.assert_array_equal(product(rows[part], matrix), whole[part])
    order = rng.permutation(100)
    np.testing.assert_array_equal(product(rows[order], matrix), whole[order])
    assert product(rows[:0], matrix).shape == (0, shape[1])


def test_sums_beyond_float32_are_as_silent_as_in_the_backend():
    autoencoder = DenseAutoencoder(3, **SETTINGS).fit(X)
    codes = autoencoder.transform(np.full((1, 64), 1e37))
    assert codes.shape == (1, 3)


def dense_model(layer, shape=(4,)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


def of_low_rank():
    layer = keras.layers.Dense(3)
    model = dense_model(layer)
    layer.enable_lora(2)
    return model


def quantized():
    layer = keras.layers.Dense(3)
    model = dense_model(layer)
    layer.quantize("int8")
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: dense_model(TwiceDense(3)),
        lambda: dense_model(keras.layers.Dense(3, "gelu")),
        lambda: dense_model(keras.layers.Dense(3, lambda values: values)),
        lambda: dense_model(keras.layers.Dense(3, dtype="bfloat16")),
        lambda: dense_model(keras.layers.BatchNormalization()),
        lambda: dense_model(keras.layers.Dense(3), shape=(2, 2)),
        lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]),
        lambda: dense_model(keras.layers.Dense(2**15)),
        of_low_rank,
        quantized,
    ],
    ids=[
        "class",
        "activation",
        "function",
        "precision",
        "layer",
        "shape",
        "sequential",
        "size",
        "lora",
        "int8",
    ],
)
def test_what_is_not_known_is_left_to_the_backend(make):
    with pytest.raises(NotInNumpyError):
        NumpyNetwork(make())


def test_own_model_of_dense_layers_is_computed_alike():
    inputs = keras.Input((8, 8))
    hidden = keras.layers.Dense(9, "relu")(keras.layers.Flatten()(inputs))
    code = keras.layers.Dense(2)(keras.layers.Dropout(0.5)(hidden))
    outputs = keras.layers.Activation("sigmoid")(keras.layers.Dense(64)(code))
    network = NumpyNetwork(model := keras.Model(inputs, outputs))
    rows = X.astype(np.float32).reshape(-1, 8, 8)
    expected = model(rows, training=False)
    np.testing.assert_allclose(network(weights_of(network), rows), expected, rtol=1e-5, atol=1e-6)


def of_low_rank_here(layer):
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape))


def with_another_activation(layer):
    layer.activation = keras.activations.tanh


@pytest.mark.parametrize("change", [of_low_rank_here, with_another_activation])
def test_layers_that_are_changed_after_fit_are_applied_as_they_are(change):
    X = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    fitted = DenseAutoencoder(2, hidden_layer_sizes=(8,), init="random", epochs=1, random_state=0)
    before = fitted.fit_transform(X)
    change(fitted.encoder_.get_layer("encoder_hidden_1"))
    codes = fitted.transform(X)
    assert not np.allclose(codes, before)
    np.testing.assert_allclose(codes, fitted.encoder_(X), atol=1e-5)
