"""KerasAutoencoder: any model of the user's, cut at its code and left as it is."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skae import KerasAutoencoder

SMALL = {"epochs": 1, "batch_size": 32, "early_stopping": False, "random_state": 0}


def dense(units, name):
    """Return a layer."""
    return layers.Dense(units, activation="tanh", name=name)


def sequential():
    """Return a model that has no input shape yet."""
    return keras.Sequential(
        [dense(16, "wide"), dense(3, "code"), dense(16, "mirrored"), layers.Dense(64)]
    )


def functional():
    """Return the same as a graph with the same layer used twice."""
    twice = dense(16, "twice")
    inputs = keras.Input((64,))
    code = dense(3, "code")(twice(dense(16, "wide")(inputs)))
    return keras.Model(inputs, layers.Dense(64)(dense(16, "mirrored")(code)))


def nested():
    """Return an autoencoder of two inner models, with equal names inside."""
    encoder = keras.Sequential([dense(16, "hidden"), dense(3, "last")], name="code")
    decoder = keras.Sequential([dense(16, "hidden"), layers.Dense(64)], name="rows")
    inputs = keras.Input((64,))
    return keras.Model(inputs, decoder(encoder(inputs)))


def deep():
    """Return a model whose code lies inside an inner autoencoder."""
    inputs = keras.Input((64,))
    return keras.Model(inputs, layers.Rescaling(16.0)(functional()(layers.Rescaling(0.1)(inputs))))


MODELS = [sequential, functional, nested, deep]


@pytest.mark.slow
@pytest.mark.parametrize("code_layer", [None, "code"])
@pytest.mark.parametrize("build", MODELS)
def test_code_is_found_or_named(build, code_layer, X):
    autoencoder = KerasAutoencoder(build(), code_layer=code_layer, **SMALL).fit(X)
    assert autoencoder.code_shape_ == (3,)
    codes = autoencoder.transform(X)
    np.testing.assert_allclose(
        autoencoder.inverse_transform(codes), autoencoder.reconstruct(X), atol=1e-4
    )
    np.testing.assert_allclose(np.asarray(autoencoder.encoder_(X)), codes, atol=1e-5)


@pytest.mark.parametrize("build", MODELS)
def test_trained_model_is_the_start_and_stays_as_it_is(build, X):
    model = build()
    model.build((None, 64))
    model.compile(keras.optimizers.RMSprop(1e-12), "mae")
    before = [weight.copy() for weight in model.get_weights()]
    autoencoder = KerasAutoencoder(model, **SMALL).fit(X)
    np.testing.assert_allclose(autoencoder.reconstruct(X), np.asarray(model(X)), atol=1e-4)
    error = np.abs(X - np.asarray(model(X))).mean(axis=1)
    assert autoencoder.history_["val_loss"][0] == pytest.approx(error.mean(), rel=0.2)
    assert isinstance(autoencoder.model_.optimizer, keras.optimizers.RMSprop)
    autoencoder.set_params(optimizer__learning_rate=0.1).fit(X)
    assert not np.allclose(autoencoder.reconstruct(X), np.asarray(model(X)), atol=1e-2)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_encoder_and_decoder_apart(X):
    encoder = keras.Sequential([layers.Reshape((8, 8, 1)), layers.Conv2D(2, 3, strides=3)])
    decoder = keras.Sequential([layers.Flatten(), layers.Dense(64)])
    autoencoder = KerasAutoencoder(encoder=encoder, decoder=decoder, standardize=True, **SMALL)
    assert autoencoder.fit(X).code_shape_ == (2, 2, 2)
    assert autoencoder.transform(X).shape == (len(X), 8)
    assert autoencoder.inverse_transform(autoencoder.transform(X)).shape == X.shape


def build(units, meta, activation="tanh"):
    """Return a model for any table."""
    return keras.Sequential(
        [layers.Dense(units, activation=activation), layers.Dense(meta["n_features_in_"])]
    )


def test_routed_parameters_reach_their_objects(X):
    autoencoder = KerasAutoencoder(
        build,
        model__units=5,
        optimizer="sgd",
        optimizer__momentum=0.5,
        loss=keras.losses.Huber,
        loss__delta=2.0,
        callbacks={"stop": keras.callbacks.EarlyStopping},
        callbacks__stop__monitor="loss",
        **SMALL,
    ).fit(X)
    assert autoencoder.transform(X).shape == (len(X), 5)
    assert autoencoder.model_.optimizer.momentum == 0.5
    assert isinstance(autoencoder.model_.loss, keras.losses.Huber)
    twin = clone(autoencoder).set_params(model__units=4)
    assert twin.get_params()["callbacks__stop__monitor"] == "loss"
    assert twin.fit(X).transform(X).shape == (len(X), 4)
    assert autoencoder.get_params()["model__units"] == 5


@pytest.mark.slow
def test_grid_search_reaches_them(X):
    autoencoder = KerasAutoencoder(build, standardize=True, **SMALL)
    grid = {"model__units": [1, 8], "optimizer__learning_rate": [1e-2]}
    search = GridSearchCV(autoencoder, grid, cv=2).fit(X)
    assert set(search.cv_results_["param_model__units"]) == {1, 8}
    assert len(set(search.cv_results_["mean_test_score"])) == 2


def test_seed_reaches_the_function(X):
    codes = [KerasAutoencoder(build, model__units=2, **SMALL).fit(X).transform(X) for _ in range(2)]
    np.testing.assert_array_equal(*codes)


def around():
    """Return a model with a connection around its code."""
    inputs = keras.Input((64,))
    code = dense(3, "code")(inputs)
    return keras.Model(inputs, layers.Add()([layers.Dense(64)(code), inputs]))


def tied():
    """Return a model with a layer on both sides of its code."""
    both = dense(64, "both")
    inputs = keras.Input((64,))
    code = dense(3, "code")(both(inputs))
    return keras.Model(inputs, both(layers.Dense(64)(code)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "either model, or encoder and decoder"),
        ({"encoder": layers.Dense(2)}, "either model, or encoder and decoder"),
        ({"model": sequential(), "code_layer": "absent"}, "No layer 'absent'"),
        ({"model": around()}, "a connection goes around it"),
        ({"model": tied()}, "share the weights"),
    ],
)
def test_model_that_cannot_be_cut(X, settings, message):
    with pytest.raises(ValueError, match=message):
        KerasAutoencoder(**settings, **SMALL).fit(X)


def test_unknown_parameter(X):
    with pytest.raises(TypeError, match="has no parameter 'epoch'"):
        KerasAutoencoder(build, epoch=3).fit(X)


def test_loss_of_probabilities_is_refused_for_standardised_rows(X):
    with pytest.raises(ValueError, match="standardize=False and a decoder that ends in a sigmoid"):
        KerasAutoencoder(sequential(), standardize=True, loss="binary_crossentropy", **SMALL).fit(X)
