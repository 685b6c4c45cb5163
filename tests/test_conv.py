"""ConvAutoencoder: the code as a feature map, published parameter counts, any size."""

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA

from skae import ConvAutoencoder, DenseAutoencoder

ONE_EPOCH = {"epochs": 1, "batch_size": 32, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(size=(8, 28, 28)).astype(np.float32)


def test_fitted_model_has_the_layers_of_keras(images):
    autoencoder = ConvAutoencoder(2, filters=(3,), batch_normalization=True, **ONE_EPOCH)
    layers = autoencoder.fit(images[:, ::4, ::4]).model_._flatten_layers()
    names = {type(layer).__module__ for layer in layers if "normalization" in layer.name}
    assert names == {"keras.src.layers.normalization.batch_normalization"}


def _counts(autoencoder):
    return autoencoder.encoder_.count_params(), autoencoder.decoder_.count_params()


def test_feature_map_is_the_code(images):
    autoencoder = ConvAutoencoder(
        None, filters=(16, 1), pooling="max", activation="relu", optimizer="adadelta", **ONE_EPOCH
    ).fit(images)
    assert autoencoder.code_shape_ == (7, 7, 1)
    codes = autoencoder.transform(images)
    assert codes.shape == (8, 49)
    assert autoencoder.inverse_transform(codes).shape == images.shape
    scale = 2 * 28 * 28 + 2  # mean and scale of the data, in either half
    assert sum(_counts(autoencoder)) - scale == 160 + 145 + 10 + 160 + 145


@pytest.mark.slow
def test_published_convolutional_network(images):
    autoencoder = ConvAutoencoder(
        None,
        filters=(32, 16, 16),
        pooling="max",
        activation="relu",
        batch_normalization=True,
        output_activation="sigmoid",
        loss="binary_crossentropy",
        **ONE_EPOCH,
    ).fit(images)
    assert autoencoder.code_shape_ == (4, 4, 16)
    assert _counts(autoencoder) == (7_456, 9_761)


def test_published_dense_networks_by_layer_name(images):
    rows = images.reshape(8, -1)
    leaky = DenseAutoencoder(
        2,
        hidden_layer_sizes=(300,),
        activation="LeakyReLU",
        code_activation="LeakyReLU",
        output_activation="LeakyReLU",
        **ONE_EPOCH,
    ).fit(rows)
    assert _counts(leaky) == (236_102, 236_884)
    rectified = DenseAutoencoder(
        2,
        hidden_layer_sizes=(32,),
        activation="relu",
        code_activation="relu",
        output_activation="sigmoid",
        loss="binary_crossentropy",
        **ONE_EPOCH,
    ).fit(rows)
    assert sum(_counts(rectified)) == 51_154


@pytest.mark.parametrize("shape", [(5, 4, 3), (9,)])
def test_rows_of_any_shape_come_back_in_it(shape):
    X = np.random.default_rng(0).normal(size=(12, *shape))
    autoencoder = ConvAutoencoder(1, filters=(2, 2), **ONE_EPOCH).fit(X)
    assert autoencoder.reconstruct(X).shape == X.shape
    flat = ConvAutoencoder(1, filters=(2, 2), image_shape=shape, **ONE_EPOCH)
    flat.fit(X.reshape(12, -1))
    np.testing.assert_allclose(
        flat.transform(X.reshape(12, -1)), autoencoder.transform(X), atol=1e-5
    )


def test_start_is_the_reconstruction_of_pca(X):
    autoencoder = ConvAutoencoder(
        4, image_shape=(8, 8), filters=(4,), learning_rate=1e-12, **ONE_EPOCH
    ).fit(X)
    pca = PCA(4).fit(X)
    np.testing.assert_allclose(
        autoencoder.reconstruct(X), pca.inverse_transform(pca.transform(X)), atol=1e-3
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters", [{}, {"pooling": "max"}, {"upsampling": "transpose", "batch_normalization": True}]
)
def test_channels_come_last_whatever_keras_is_told(parameters, X):
    autoencoder = ConvAutoencoder(
        n_components=2, filters=(3,), image_shape=(8, 8), epochs=1, random_state=0
    ).set_params(**parameters)
    codes = autoencoder.fit_transform(X)
    keras.config.set_image_data_format("channels_first")
    try:
        np.testing.assert_allclose(clone(autoencoder).fit_transform(X), codes, atol=1e-6)
    finally:
        keras.config.set_image_data_format("channels_last")
