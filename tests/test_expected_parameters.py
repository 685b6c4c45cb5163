"""Parameters and outputs that users of scikit-learn and Keras expect, found where they look."""

import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    ConvNetwork,
    DenoisingAutoencoder,
    DenseAutoencoder,
    DenseNetwork,
    KerasNetwork,
    SparseAutoencoder,
    VariationalAutoencoder,
)

OBJECTIVES = [
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
]
SMALL = {"epochs": 1, "batch_size": 32, "random_state": 0}

objectives = pytest.mark.parametrize("objective", OBJECTIVES)


def _units(autoencoder):
    """Return the units of the hidden layers of the fitted decoder, code to output."""
    return [layer.units for layer in autoencoder.decoder_.layers if "hidden" in layer.name]


# ---- sizes of hidden layers -------------------------------------------------------------------


@objectives
def test_hidden_layer_sizes_are_those_of_a_dense_network(objective, X):
    given = objective(2, hidden_layer_sizes=(6, 4), **SMALL).fit(X)
    by_network = objective(2, network=DenseNetwork((6, 4)), **SMALL).fit(X)
    assert _units(given) == [4, 6]
    np.testing.assert_array_equal(given.reconstruct(X), by_network.reconstruct(X))


@objectives
@pytest.mark.parametrize(
    "network", [DenseNetwork((4,)), ConvNetwork((4,)), KerasNetwork(len, len)], ids=repr
)
def test_network_and_hidden_layer_sizes_exclude_each_other(objective, network, X):
    autoencoder = objective(2, network=network, hidden_layer_sizes=(8,))
    with pytest.raises(ValueError, match="Expected either network or hidden_layer_sizes"):
        autoencoder.fit(X)


@objectives
def test_parameters_of_the_default_network_can_be_set(objective, X):
    autoencoder = objective(2, **SMALL).set_params(network__hidden_layer_sizes=(5,))
    assert autoencoder.get_params()["network__hidden_layer_sizes"] == (5,)
    assert clone(autoencoder).get_params()["network__hidden_layer_sizes"] == (5,)
    assert _units(autoencoder.fit(X)) == [5]


def test_parameters_of_a_given_network_are_set_in_it():
    autoencoder = DenoisingAutoencoder().set_params(
        network=ConvNetwork((4,)), network__filters=(3,)
    )
    assert isinstance(autoencoder.network, ConvNetwork)
    assert autoencoder.network.filters == (3,)
    autoencoder.set_params(network=None, network__activation="relu")
    assert isinstance(autoencoder.network, DenseNetwork)
    with pytest.raises(ValueError, match=r"Invalid parameter 'filters' for estimator DenseNetwork"):
        DenoisingAutoencoder().set_params(network__filters=(3,))


def test_getting_parameters_installs_no_network():
    autoencoder = DenoisingAutoencoder()
    assert autoencoder.get_params()["network"] is None
    assert clone(autoencoder).set_params(noise=0.1).network is None


@pytest.mark.parametrize("parameter", ["network__hidden_layer_sizes", "hidden_layer_sizes"])
def test_search_over_sizes_of_the_default_network(parameter, X):
    pipeline = make_pipeline(StandardScaler(), DenoisingAutoencoder(2, **SMALL))
    grid = {f"denoisingautoencoder__{parameter}": [(4,), (6,)]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    chosen = search.best_params_[f"denoisingautoencoder__{parameter}"]
    assert _units(search.best_estimator_[-1]) == list(chosen)


# ---- dropout ----------------------------------------------------------------------------------


@objectives
def test_dropout_reaches_every_objective(objective, X):
    plain = objective(2, network=DenseNetwork((16,)), **SMALL).fit(X)
    dropped = clone(plain).set_params(network__dropout=0.5).fit(X)
    assert "decoder_dropout_1" in {layer.name for layer in dropped.decoder_.layers}
    assert dropped.history_["loss"] != plain.history_["loss"]
    np.testing.assert_array_equal(dropped.reconstruct(X), dropped.reconstruct(X))
    np.testing.assert_array_equal(clone(dropped).fit(X).reconstruct(X), dropped.reconstruct(X))


def test_more_dropout_makes_a_larger_training_loss_at_the_same_weights(X):
    def loss(dropout):
        autoencoder = DenseAutoencoder(
            2, hidden_layer_sizes=(32,), dropout=dropout, init="random", learning_rate=1e-9, **SMALL
        )
        return autoencoder.fit(X).history_["loss"][0]

    assert loss(0.0) < loss(0.3) < loss(0.8)


def test_dropout_keeps_the_start_at_pca(X):
    settings = {"learning_rate": 1e-9, "early_stopping": False, **SMALL}
    plain = DenseAutoencoder(2, hidden_layer_sizes=(8,), **settings).fit(X)
    dropped = DenseAutoencoder(2, hidden_layer_sizes=(8,), dropout=0.5, **settings).fit(X)
    np.testing.assert_allclose(dropped.transform(X), plain.transform(X), atol=1e-4)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, "half"])
def test_dropout_outside_its_range(dropout, X):
    with pytest.raises(ValueError, match=r"'dropout' parameter .* float in the range \[0.0, 1.0\)"):
        DenseAutoencoder(dropout=dropout).fit(X)
    with pytest.raises(ValueError, match=r"'dropout' parameter of DenseNetwork"):
        DenoisingAutoencoder(network=DenseNetwork(dropout=dropout)).fit(X)


def test_regularizer_that_keras_does_not_know(X):
    with pytest.raises(ValueError, match=r"name of a Keras regularizer, such as 'l2'"):
        DenseAutoencoder(kernel_regularizer="l7").fit(X)


# ---- parameters of optimizer, loss and callbacks ------------------------------------------------


def _routed(autoencoder):
    return autoencoder.set_params(
        optimizer="adamw",
        optimizer__weight_decay=0.25,
        loss=keras.losses.MeanSquaredError,
        loss__name="mine",
        callbacks=[keras.callbacks.EarlyStopping],
        callbacks__0__monitor="loss",
    )


def test_parameters_reach_optimizer_and_loss(autoencoder, X):
    fitted = _routed(autoencoder).fit(X)
    assert fitted.model_.optimizer.weight_decay == 0.25
    assert fitted.model_.loss.name == "mine"
    for twin in (clone(fitted).fit(X), pickle.loads(pickle.dumps(fitted)).fit(X)):
        assert twin.get_params()["loss__name"] == "mine"
        assert twin.history_ == fitted.history_


def test_callback_parameter_reaches_the_callback(X):
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(4,), epochs=5, early_stopping=False, random_state=0
    ).set_params(callbacks=keras.callbacks.EarlyStopping, callbacks__min_delta=1e9)
    assert autoencoder.fit(X).n_epochs_ == 2
    assert autoencoder.set_params(callbacks__patience=3).fit(X).n_epochs_ == 4


def test_search_over_a_parameter_of_the_optimizer(X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), optimizer="adamw", **SMALL)
    search = GridSearchCV(autoencoder, {"optimizer__weight_decay": [0.125, 0.25]}, cv=2).fit(X)
    best = search.best_estimator_
    assert best.model_.optimizer.weight_decay == search.best_params_["optimizer__weight_decay"]
    assert "optimizer__weight_decay" not in autoencoder.get_params()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss__delta": 1.0}, "loss='mse' takes no parameters"),
        ({"loss": keras.losses.Huber(), "loss__delta": 1.0}, "expected a class"),
        ({"callbacks__patience": 1}, "callbacks=None takes no parameters"),
        ({"optimizer__mass": 1.0}, "mass"),
    ],
)
def test_parameter_that_nothing_takes(params, message, X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).set_params(**params)
    with pytest.raises((TypeError, ValueError), match=message):
        autoencoder.fit(X)
    with pytest.raises(ValueError, match="Invalid parameter 'optimiser'"):
        autoencoder.set_params(optimiser__weight_decay=1.0)
