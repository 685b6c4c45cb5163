"""What networks owe: shapes that come back exact, names that do not change, clear errors."""

import keras
import numpy as np
import pytest
from sklearn.base import clone

from skae import ConvNetwork, DenseNetwork, KerasNetwork, RecurrentNetwork
from skae.layers import FusedBatchNormalization


def _own_models():
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5)])
    decoder = keras.Sequential([keras.layers.Dense(45), keras.layers.Reshape((9, 5, 1))])
    return KerasNetwork(encoder, decoder)


NETWORKS = {
    "dense": (DenseNetwork((7, 5)), (9, 5)),
    "dense without hidden layers": (DenseNetwork(()), (9, 5)),
    "strides": (ConvNetwork((3, 4)), (9, 5)),
    "pooling": (ConvNetwork((3, 4), pooling="max"), (9, 5)),
    "average": (ConvNetwork((3, 4), pooling="average", batch_normalization=True), (9, 5)),
    "transpose": (ConvNetwork((3, 4), upsampling="transpose", batch_normalization=True), (9, 5)),
    "strides apart": (ConvNetwork((3, 4, 2), strides=(3, 1, 2)), (9, 5, 3)),
    "hidden layers": (ConvNetwork((3,), hidden_layer_sizes=(6,)), (7, 7)),
    "signal": (ConvNetwork((3, 4)), (11,)),
    "signal of channels": (ConvNetwork((3, 4), dimensions=1), (11, 2)),
    "volume": (ConvNetwork((2, 2), dimensions=3), (5, 3, 4)),
    "one pixel": (ConvNetwork((2, 2)), (1, 1)),
    "lstm": (RecurrentNetwork((4,)), (6, 2)),
    "gru": (RecurrentNetwork((4, 3), cell="gru"), (6,)),
    "layer as activation": (ConvNetwork((3,), activation="PReLU"), (9, 5)),
    "own models": (_own_models(), (9, 5, 1)),
}


@pytest.fixture(params=NETWORKS)
def network_and_row_shape(request):
    return NETWORKS[request.param]


def _bodies(network, row_shape, code=None):
    shape = network.sample_shape(row_shape)
    inputs = keras.Input(shape)
    features = network.encoder_body(inputs)
    latent = keras.Input(features.shape[1:] if code is None else (code,))
    outputs = network.decoder_body(latent, shape, "zeros")
    return keras.Model(inputs, features), keras.Model(latent, outputs)


def test_output_has_the_shape_of_the_input(network_and_row_shape):
    network, row_shape = network_and_row_shape
    network.check_parameters()
    encoder, decoder = _bodies(network, row_shape, code=2)
    assert decoder.output.shape[1:] == encoder.input.shape[1:] == network.sample_shape(row_shape)
    assert np.prod(network.sample_shape(row_shape)) == np.prod(row_shape)


def test_features_can_be_the_code(network_and_row_shape):
    network, row_shape = network_and_row_shape
    encoder, decoder = _bodies(network, row_shape)
    rows = np.random.default_rng(0).normal(size=(3, *encoder.input.shape[1:]))
    assert decoder(encoder(rows)).shape == rows.shape


def test_last_layer_starts_as_it_is_told(network_and_row_shape):
    network, row_shape = network_and_row_shape
    _, decoder = _bodies(network, row_shape, code=2)
    outputs = np.asarray(decoder(np.ones((1, 2))))
    assert np.any(outputs) != network.starts_at_zero


def test_layers_have_the_same_names_every_time(network_and_row_shape):
    network, row_shape = network_and_row_shape
    once, twice = (_bodies(network, row_shape, code=2) for _ in range(2))
    for first, second in zip(once, twice, strict=True):
        names = [layer.name for layer in first.layers[1:]]
        assert len(set(names)) == len(names)
        if network.starts_at_zero:
            assert names == [layer.name for layer in second.layers[1:]]


def test_clone_keeps_parameters(network_and_row_shape):
    network, row_shape = network_and_row_shape
    twin = clone(network)
    assert set(twin.get_params()) == set(network.get_params())
    assert twin.sample_shape(row_shape) == network.sample_shape(row_shape)


def test_own_models_are_copied_with_their_weights():
    encoder, decoder = keras.Sequential([keras.layers.Dense(2)]), keras.layers.Dense(3)
    encoder.build((None, 3))
    network = KerasNetwork(encoder, lambda: decoder)
    copy, _ = _bodies(network, (3,))
    rows = np.eye(3, dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(copy(rows)), np.asarray(encoder(rows)))
    copy.set_weights([weight + 1 for weight in copy.get_weights()])
    assert not np.allclose(np.asarray(copy(rows)), np.asarray(encoder(rows)))


@pytest.mark.parametrize(
    ("network", "row_shape", "message"),
    [
        (ConvNetwork(image_shape=(28, 28)), (64,), r"holds 784 numbers, but a row of X has 64"),
        (ConvNetwork(dimensions=2), (8,), r"has neither 2 axes nor, with channels, 3"),
        (RecurrentNetwork(sequence_shape=(5, 2)), (8,), r"holds 10 numbers"),
        (RecurrentNetwork(), (2, 2, 2), r"expected \(steps, channels\) or \(steps,\)"),
    ],
)
def test_row_that_does_not_fit(network, row_shape, message):
    with pytest.raises(ValueError, match=message):
        network.sample_shape(row_shape)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (DenseNetwork((3, 0)), "every entry of hidden_layer_sizes"),
        (ConvNetwork((3, -1)), "every entry of filters"),
        (ConvNetwork((3, 3), strides=(2,)), "one for each, or one number for all"),
        (ConvNetwork(pooling="min"), "'pooling' parameter"),
        (RecurrentNetwork(()), "at least one"),
        (RecurrentNetwork(cell="rnn"), "'cell' parameter"),
    ],
)
def test_parameter_out_of_range(network, message):
    with pytest.raises(ValueError, match=message):
        network.check_parameters()


def test_decoder_of_another_size_says_so():
    network = KerasNetwork(keras.layers.Dense(2), keras.layers.Dense(4))
    with pytest.raises(ValueError, match=r"rows of shape \(4,\), expected \(3,\)"):
        _bodies(network, (3,))


@pytest.mark.parametrize("shape", [(5, 4, 3, 2), (6, 3, 2), (7, 2)])
def test_fused_batch_normalization_is_that_of_keras(shape):
    values = np.random.default_rng(0).normal(3, 2, shape).astype("float32")
    fused, composed = FusedBatchNormalization(), keras.layers.BatchNormalization()
    inputs = keras.Input(shape[1:])
    models = []
    for layer in (fused, composed):
        model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(layer(inputs)))
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        model.fit(values, values[..., :1] ** 2, batch_size=len(values), epochs=3, verbose=0)
        models.append(model)
    for own, other in zip(fused.variables, composed.variables, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)
    ours, theirs = (model(values) for model in models)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
