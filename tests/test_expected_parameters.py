"""Parameters and outputs that users of scikit-learn and Keras expect, found where they look."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import (
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    ConvAutoencoder,
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("parameter", ["network__hidden_layer_sizes", "hidden_layer_sizes"])
def test_search_over_sizes_of_the_default_network(parameter, X):
    pipeline = make_pipeline(StandardScaler(), DenoisingAutoencoder(2, **SMALL))
    grid = {f"denoisingautoencoder__{parameter}": [(4,), (6,)]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    chosen = search.best_params_[f"denoisingautoencoder__{parameter}"]
    assert _units(search.best_estimator_[-1]) == list(chosen)


# ---- dropout ----------------------------------------------------------------------------------


@pytest.mark.slow
@objectives
def test_dropout_reaches_every_objective(objective, X):
    plain = objective(2, network=DenseNetwork((16,)), **SMALL).fit(X)
    dropped = clone(plain).set_params(network__dropout=0.5).fit(X)
    assert "decoder_dropout_1" in {layer.name for layer in dropped.decoder_.layers}
    assert dropped.history_["loss"] != plain.history_["loss"]
    np.testing.assert_array_equal(dropped.reconstruct(X), dropped.reconstruct(X))
    np.testing.assert_array_equal(clone(dropped).fit(X).reconstruct(X), dropped.reconstruct(X))


@pytest.mark.slow
def test_more_dropout_makes_a_larger_training_loss_at_the_same_weights(X):
    def loss(dropout):
        autoencoder = DenseAutoencoder(
            2, hidden_layer_sizes=(32,), dropout=dropout, init="random", learning_rate=1e-9, **SMALL
        )
        return autoencoder.fit(X).history_["loss"][0]

    assert loss(0.0) < loss(0.3) < loss(0.8)


@pytest.mark.slow
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


@pytest.mark.slow
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
        (
            {"callbacks": keras.callbacks.EarlyStopping(), "callbacks__patience": 1},
            "no class to take it.*Give the class instead of an instance",
        ),
        (
            {
                "callbacks": [keras.callbacks.EarlyStopping(), keras.callbacks.TerminateOnNaN],
                "callbacks__0__patience": 1,
            },
            "callbacks__0__patience was given, but no class to take it",
        ),
        ({"optimizer__mass": 1.0}, "arguments of optimizer='adam'; received optimizer__mass"),
        (
            {"loss": keras.losses.Huber, "loss__mass": 1.0},
            r"arguments of loss=.*Huber.*received loss__mass",
        ),
        (
            {"callbacks": keras.callbacks.EarlyStopping, "callbacks__mass": 1.0},
            "arguments of callbacks=.*received callbacks__mass",
        ),
        ({"early_stopping": 0}, "epochs of patience .False turns early stopping off.*Got 0"),
        ({"activation": np.tanh}, r"function of Keras's tensors, such as keras.ops.tanh.*ufunc"),
    ],
)
def test_parameter_that_nothing_takes(params, message, X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).set_params(**params)
    with pytest.raises((TypeError, ValueError), match=message):
        autoencoder.fit(X)
    with pytest.raises(ValueError, match="Invalid parameter 'optimiser'"):
        autoencoder.set_params(optimiser__weight_decay=1.0)


def test_parameters_of_the_optimizer_are_shown():
    autoencoder = DenseAutoencoder(optimizer="adamw").set_params(optimizer__weight_decay=0.1)
    assert repr(autoencoder) == "DenseAutoencoder(optimizer='adamw', optimizer__weight_decay=0.1)"
    assert repr(clone(autoencoder)) == repr(autoencoder)
    assert repr(DenseAutoencoder()) == "DenseAutoencoder()"
    alone = DenseAutoencoder().set_params(loss__delta=2)
    assert repr(alone) == "DenseAutoencoder(loss__delta=2)"
    keras_model = skae.KerasAutoencoder(optimizer="adam", optimizer__weight_decay=0.1)
    assert repr(keras_model).count("weight_decay") == 1


def test_long_parameters_are_broken_into_lines_in_a_pipeline():
    autoencoder = DenseAutoencoder(
        5, hidden_layer_sizes=(100, 50, 25), learning_rate=0.01, validation_split=0.25, epochs=33
    )
    lines = repr(make_pipeline(StandardScaler(), autoencoder)).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 80


# ---- scikit-learn's callbacks -------------------------------------------------------------------

_has_callbacks = pytest.mark.skipif(
    not hasattr(DenseAutoencoder, "set_callbacks"),
    reason="scikit-learn before 1.9 has no callbacks",
)


class Witness:
    """Note every task that ends, and stop after a number of epochs."""

    def __init__(self, stop_after=99):
        self.stop_after = stop_after
        self.ended = []
        self.fitted = []

    def setup(self, estimator, context):
        self.estimator = estimator

    def teardown(self, estimator, context):
        assert estimator is self.estimator

    def on_fit_task_begin(self, estimator, context):
        assert estimator is self.estimator

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        assert estimator is self.estimator
        self.ended.append((context.task_name, context.task_id))
        self.fitted.append(fitted_estimator)
        return context.task_id + 1 >= self.stop_after


@_has_callbacks
def test_epochs_are_tasks_of_a_fit(autoencoder, X):
    witness = Witness()
    autoencoder.set_params(epochs=3).set_callbacks(witness).fit(X)
    assert witness.ended == [("epoch", 0), ("epoch", 1), ("epoch", 2), ("fit", 0)]
    *_, before_last, last, at_end = witness.fitted
    np.testing.assert_array_equal(at_end.transform(X), autoencoder.transform(X))
    np.testing.assert_array_equal(last.transform(X), autoencoder.transform(X))
    assert last.history_ == autoencoder.history_
    assert before_last.n_epochs_ == 2
    assert pickle.loads(pickle.dumps(before_last)).history_ == before_last.history_


@_has_callbacks
def test_callbacks_change_nothing_and_may_stop(X):
    settings = {"hidden_layer_sizes": (4,), "random_state": 0, "early_stopping": False}
    told = DenseAutoencoder(2, epochs=4, **settings).set_callbacks(Witness(stop_after=2)).fit(X)
    plain = DenseAutoencoder(2, epochs=2, **settings).fit(X)
    np.testing.assert_array_equal(told.transform(X), plain.transform(X))
    assert not {"_fit_task", "_callback_fit_ctx"} & set(vars(told))


def _share_of_variance(estimator, X, y):
    return estimator.score(X)


@pytest.mark.slow
@_has_callbacks
def test_scores_of_every_epoch_are_monitored_in_a_search(X):
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring={"score": _share_of_variance})
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **{**SMALL, "epochs": 2})
    pipeline = make_pipeline(StandardScaler(), autoencoder.set_callbacks(monitor))
    search = GridSearchCV(pipeline, {"denseautoencoder__n_components": [1, 2]}, cv=2).fit(X)
    scores = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 2 * (2 * 2 + 1)
    assert np.isfinite([row["score"] for row in scores]).all()
    assert search.best_estimator_[-1].n_epochs_ == 2


@_has_callbacks
def test_progress_bar_shows_epochs_in_a_pipeline(X, capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    pipeline = make_pipeline(
        StandardScaler(), DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL)
    )
    pipeline.set_callbacks(ProgressBar()).fit(X)
    assert "DenseAutoencoder - fit" in capsys.readouterr().out


# ---- metrics ------------------------------------------------------------------------------------


def largest_error(y_true, y_pred):
    return keras.ops.max(keras.ops.abs(y_true - y_pred), axis=-1)


def test_metrics_of_every_epoch_are_in_the_history(autoencoder, X):
    class Scheduled(keras.callbacks.Callback):
        seen: list = []  # noqa: RUF012

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(logs["val_mae"])

    own = keras.metrics.RootMeanSquaredError(name="rms")
    autoencoder.set_params(metrics=["mae", own, largest_error], callbacks=Scheduled())
    history = autoencoder.fit(X[:64], validation_data=X[64:]).history_
    samples = autoencoder._scale.standardize(X[64:])
    errors = samples - autoencoder._scale.standardize(autoencoder.reconstruct(X[64:]))
    expected = {
        "val_mae": np.abs(errors).mean(),
        "val_rms": np.sqrt((errors**2).mean()),
        "val_largest_error": np.abs(errors).max(axis=1).mean(),
    }
    assert {"mae", "rms", "largest_error"} < set(history)
    for name, value in expected.items():
        np.testing.assert_allclose(history[name][-1], value, rtol=1e-4)
    assert Scheduled.seen == history["val_mae"]
    assert own.result() == 0  # the user's object is left alone


def test_metrics_change_no_weights(X):
    settings = {"hidden_layer_sizes": (4,), "early_stopping": False, **SMALL}
    plain = DenseAutoencoder(2, **settings).fit(X)
    watched = DenseAutoencoder(2, metrics="mae", **settings).fit(X)
    np.testing.assert_array_equal(watched.transform(X), plain.transform(X))


@pytest.mark.parametrize("metrics", ["no such metric", ["mae", "no such metric"], 3])
def test_metrics_that_keras_does_not_know(metrics, X):
    with pytest.raises(ValueError, match="metric"):
        DenseAutoencoder(2, metrics=metrics).fit(X)


# ---- rows to monitor with -----------------------------------------------------------------------


def test_own_validation_rows_are_what_is_monitored(autoencoder, X):
    training, held_out = X[:64], X[64:]
    autoencoder.set_params(validation_split=0.3, early_stopping=False, learning_rate=1e-9)
    given = clone(autoencoder).fit(training, validation_data=held_out)
    same = clone(autoencoder).fit(training, validation_data=held_out[::-1])
    other = clone(autoencoder).fit(training, validation_data=X[32:64])
    unmonitored = clone(autoencoder).set_params(validation_split=0.0).fit(training)
    np.testing.assert_allclose(same.history_["val_loss"], given.history_["val_loss"], rtol=0.2)
    assert other.history_["val_loss"] != given.history_["val_loss"]
    np.testing.assert_array_equal(given.mean_, unmonitored.mean_)  # all rows are trained on
    assert given.batch_size_ == unmonitored.batch_size_


def test_start_is_kept_unless_own_validation_rows_show_that_it_was_beaten(X):
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(8,), learning_rate=0.01, epochs=15, random_state=0
    )
    assert autoencoder.fit(X, validation_data=X).best_epoch_ > 0
    noise = np.random.default_rng(0).permuted(X, axis=0)
    assert clone(autoencoder).fit(X, validation_data=noise).best_epoch_ == 0


def test_validation_rows_through_a_pipeline_and_a_search(X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL)
    pipeline = make_pipeline(StandardScaler(), autoencoder)
    pipeline.fit(X, denseautoencoder__validation_data=StandardScaler().fit_transform(X)[:20])
    assert len(pipeline[-1].history_["val_loss"]) == 1
    search = GridSearchCV(autoencoder, {"n_components": [1, 2]}, cv=2)
    assert search.fit(X, validation_data=X[:20]).best_estimator_.history_["val_loss"]


@pytest.mark.parametrize("rows", [lambda X: X[:, :5], lambda X: X[:0], lambda X: X[:3] * np.nan])
def test_validation_rows_unlike_the_others(rows, X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL)
    with pytest.raises(ValueError, match="validation_data is not like X"):
        autoencoder.fit(X, validation_data=rows(X))
    assert not hasattr(autoencoder, "model_")


# ---- frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_rows_come_back_as_frames(fitted, X, output):
    pytest.importorskip(output)
    twin = copy.deepcopy(fitted).set_output(transform=output)
    codes = twin.transform(X)
    names = [f"x{i}" for i in range(X.shape[1])]
    for rows, given in [
        (twin.reconstruct(X), fitted.reconstruct(X)),
        (twin.inverse_transform(codes), fitted.inverse_transform(np.asarray(codes))),
    ]:
        assert type(rows).__module__.startswith(output)
        assert list(rows.columns) == names
        np.testing.assert_array_equal(np.asarray(rows), given)
    assert type(fitted.reconstruct(X)) is np.ndarray


def test_frames_keep_names_and_index(autoencoder, X):
    frame = pd.DataFrame(
        X, columns=[f"pixel {i}" for i in range(64)], index=[f"row {i}" for i in range(len(X))]
    )
    autoencoder.set_output(transform="pandas").fit(frame)
    reconstruction = autoencoder.reconstruct(frame[:5])
    back = autoencoder.inverse_transform(autoencoder.transform(frame[:5]))
    for rows in (reconstruction, back):
        pd.testing.assert_index_equal(rows.columns, frame.columns)
        pd.testing.assert_index_equal(rows.index, frame.index[:5])


def test_frames_by_the_global_setting(X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(X)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(autoencoder.reconstruct(X), pd.DataFrame)


def test_images_stay_arrays(X):
    autoencoder = ConvAutoencoder(2, filters=(2,), **SMALL).set_output(transform="pandas")
    images = X.reshape(-1, 8, 8)
    assert autoencoder.fit(images).reconstruct(images).shape == images.shape


def test_generated_rows_stay_arrays(X):
    autoencoder = VariationalAutoencoder(2, hidden_layer_sizes=(4,), **SMALL)
    autoencoder.set_output(transform="pandas").fit(X)
    assert autoencoder.sample(3, random_state=0).shape == (3, 64)
    assert autoencoder.interpolate(X[:2], X[2:4], n_steps=3).shape == (2, 3, 64)


# ---- targets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_targets_of_the_shape_of_the_rows_are_not_ignored_in_silence(method, X):
    noisy = X + np.random.default_rng(0).normal(size=X.shape)
    autoencoder = DenoisingAutoencoder(2, hidden_layer_sizes=(4,), **SMALL)
    for targets in (X, pd.DataFrame(X), X.tolist()):
        with pytest.warns(UserWarning, match="y has the shape of X.* pass the clean rows as X"):
            getattr(clone(autoencoder), method)(noisy, targets)


@pytest.mark.parametrize(
    "targets",
    [
        lambda X: X,
        lambda X: X.copy(),
        lambda X: X[:, 0],
        lambda X: X[:, :3],
        lambda X: X.astype(str),
        lambda X: [[0], [0, 1]],
        lambda X: "anything",
    ],
)
def test_other_targets_are_ignored_in_silence(targets, X):
    DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(X, targets(X))


# ---- a fresh process ----------------------------------------------------------------------------

_FIRST_FIT = """
import os
import numpy as np
from skae import DenseAutoencoder
X = np.random.default_rng(0).normal(size=(40, 4))
DenseAutoencoder(2, hidden_layer_sizes=(4,), epochs=1).fit(X)
print(os.environ.get("TF_CPP_MIN_LOG_LEVEL"))
"""


def _in_a_fresh_process(code, **settings):
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env=kept | settings,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.slow
def test_first_fit_says_at_most_one_line():
    done = _in_a_fresh_process(_FIRST_FIT)
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    assert done.stdout == "None\n"


@pytest.mark.slow
def test_worker_that_unpickles_says_at_most_one_line(X):
    fitted = DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL).fit(X)
    code = (
        f"import pickle; print(pickle.loads({pickle.dumps(fitted)!r}).transform([[0] * 64]).shape)"
    )
    done = _in_a_fresh_process(code)
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    assert done.stdout == "(1, 2)\n"


@pytest.mark.slow
def test_tensorflow_is_not_imported_beside_jax():
    pytest.importorskip("jax")
    check = """
import pickle, sys
fitted = DenseAutoencoder(2, hidden_layer_sizes=(4,), epochs=1, kernel_regularizer="l2").fit(X)
pickle.loads(pickle.dumps(fitted)).partial_fit(X).transform(X)
print([name for name in sys.modules if name.split(".")[0] == "tensorflow"])
"""
    done = _in_a_fresh_process(_FIRST_FIT + check, KERAS_BACKEND="jax")
    assert done.stdout == "None\n[]\n"
    assert len(done.stderr.splitlines()) <= 1, done.stderr


@pytest.mark.slow
def test_log_level_of_the_user_is_left_alone():
    assert _in_a_fresh_process(_FIRST_FIT, TF_CPP_MIN_LOG_LEVEL="0").stdout == "0\n"


def test_only_notes_are_held_back():
    code = """
import os
from skae._quiet import quiet_first_import
try:
    with quiet_first_import():
        os.write(2, b"I0000 00:00:1 port.cc:153] a note\\n")
        os.write(2, b"E0000 00:00:1 cuda.cc:1] an error\\nlast words")
        raise ImportError("broken")
except ImportError as error:
    os.write(2, b" " + str(error).encode())
"""
    assert (
        _in_a_fresh_process(code).stderr == "E0000 00:00:1 cuda.cc:1] an error\nlast words broken"
    )


def test_versions_are_shown_without_importing_keras():
    code = "import sys, skae; skae.show_versions(); assert not {'keras', 'jax'} & set(sys.modules)"
    shown = _in_a_fresh_process(code, KERAS_BACKEND="jax").stdout
    versions = dict(
        line.replace("keras backend", "backend").split(maxsplit=1)
        for line in shown.splitlines()[1:]
    )
    assert versions["skae"] == skae.__version__
    assert versions["scikit-learn"] == sklearn.__version__
    assert versions["backend"] == "jax"


# ---- what a penalty and a loss are made with ----------------------------------------------------


@pytest.mark.slow
def test_weight_penalty_is_part_of_the_loss(X):
    def losses(rate):
        penalty = keras.regularizers.L2(rate)
        autoencoder = DenseAutoencoder(
            2, hidden_layer_sizes=(8,), kernel_regularizer=penalty, init="random", **SMALL
        )
        return autoencoder.set_params(learning_rate=1e-9).fit(X).history_["loss"][0]

    assert losses(1e-3) < losses(1e-2) < losses(1e-1)


def test_parameter_of_a_loss_changes_it(X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), loss=keras.losses.Huber, **SMALL)
    small = autoencoder.set_params(loss__delta=1e-3).fit(X).history_["loss"]
    large = clone(autoencoder).set_params(loss__delta=1.0).fit(X).history_["loss"]
    assert 10 * small[0] < large[0]


def test_search_over_made_losses_keeps_what_they_were_made_with(X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), init="random", **SMALL)
    grid = {"loss": [keras.losses.Huber(delta=delta) for delta in (1e-4, 1.0)]}
    autoencoder.set_params(optimizer="sgd", learning_rate=0.1)
    scores = GridSearchCV(autoencoder, grid, cv=2).fit(X).cv_results_["mean_test_score"]
    assert scores[0] != scores[1]


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_copies_of_losses_keep_what_they_were_made_with(twin):
    assert twin(keras.losses.Huber(delta=0.5))._fn_kwargs == {"delta": 0.5}
    assert twin(keras.losses.CosineSimilarity(axis=0))._fn_kwargs == {"axis": 0}


def test_loss_that_changed_in_place_is_noticed(X):
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(4,), loss=keras.losses.Huber(delta=1.0), warm_start=True, **SMALL
    ).fit(X)
    autoencoder.loss._fn_kwargs["delta"] = 1e-3
    losses = autoencoder.fit(X).history_["loss"]
    assert losses[1] < 0.1 * losses[0]


def test_values_that_callbacks_add_to_the_logs_are_in_the_history(X):
    def add(epoch, logs):
        logs["twice"] = 2 * logs["loss"]

    autoencoder = DenseAutoencoder(
        2,
        hidden_layer_sizes=(4,),
        callbacks=keras.callbacks.LambdaCallback(on_epoch_end=add),
        **SMALL,
    )
    history = autoencoder.fit(X).history_
    assert history["twice"] == [2 * loss for loss in history["loss"]]


def test_pairs_of_validation_data_are_refused(X):
    with pytest.raises(TypeError, match="samples like X; received a tuple of 2"):
        skae.DenseAutoencoder(2).fit(X, validation_data=(X, X))


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.CosineSimilarity(axis=0),
        lambda y_true, y_pred: keras.ops.mean((y_true - y_pred) ** 2, axis=0),
    ],
)
def test_loss_that_mixes_rows_is_refused(loss, X):
    autoencoder = DenseAutoencoder(2, hidden_layer_sizes=(4,), loss=loss, **SMALL)
    with pytest.raises(ValueError, match="expected one a row"):
        autoencoder.fit(X)
    assert not hasattr(autoencoder, "model_")
