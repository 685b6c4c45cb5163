"""Values of parameters: of NumPy, changed between calls, refused; and what fit owes to each."""

import pickle
import threading
import warnings

import keras
import numpy as np
import pytest
from keras import callbacks
from scipy.stats import ttest_1samp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skae import (
    ConcreteAutoencoder,
    ContractiveAutoencoder,
    ConvAutoencoder,
    ConvNetwork,
    DenoisingAutoencoder,
    DenseAutoencoder,
    DenseNetwork,
    KerasAutoencoder,
    RecurrentNetwork,
    SequenceAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
)
from skae.model._principal import is_beaten
from skae.model._scaling import GlobalScale, weighted_mean
from tests.estimators import dense_model, skip_without, state

X = np.random.RandomState(0).randn(200, 6)


def small(**parameters):
    return DenseAutoencoder(
        hidden_layer_sizes=(8,), epochs=3, random_state=0, init="random"
    ).set_params(**parameters)


def assert_same_codes(one, other):
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


@pytest.mark.parametrize(
    ("kind", "parameter", "value"),
    [
        (VariationalAutoencoder, "beta", 1e40),
        (VariationalAutoencoder, "noise_variance", 1e40),
        (VariationalAutoencoder, "noise_variance", 1e-50),
        (DenoisingAutoencoder, "noise", 10**400),
        (SparseAutoencoder, "sparsity", 1e40),
        (SparseAutoencoder, "target_rate", 1e-40),
        (SparseAutoencoder, "target_rate", 1 - 1e-12),
        (ContractiveAutoencoder, "contraction", 1e40),
        (ConcreteAutoencoder, "start_temperature", 1e40),
        (ConcreteAutoencoder, "end_temperature", 1e-50),
    ],
)
def test_numbers_that_float32_does_not_hold_are_refused(kind, parameter, value):
    message = f"'{parameter}' parameter of {kind.__name__} must be .* rounded to float32"
    with pytest.raises(ValueError, match=message):
        kind(2, **{parameter: value}).fit(X)


# ---- values of NumPy --------------------------------------------------------------------------

SAME = [
    ({"n_components": 2}, {"n_components": np.int64(2)}),
    ({"hidden_layer_sizes": (8,)}, {"hidden_layer_sizes": 8}),
    ({"hidden_layer_sizes": (8,)}, {"hidden_layer_sizes": np.int32(8)}),
    ({"hidden_layer_sizes": (8, 4)}, {"hidden_layer_sizes": np.array([8, 4])}),
    ({"hidden_layer_sizes": (8, 4)}, {"hidden_layer_sizes": (np.int64(8), np.int64(4))}),
    ({"hidden_layer_sizes": ()}, {"hidden_layer_sizes": np.array([], dtype=int)}),
    ({"learning_rate": 1.0}, {"learning_rate": 1}),
    ({"learning_rate": 0.5}, {"learning_rate": np.float32(0.5)}),
    ({"learning_rate": 0.01}, {"learning_rate": np.float64(0.01)}),
    ({"epochs": 2, "batch_size": 32}, {"epochs": np.int64(2), "batch_size": np.int16(32)}),
    ({"validation_split": 0.25}, {"validation_split": np.float32(0.25)}),
    ({"random_state": 3}, {"random_state": np.int64(3)}),
    ({"early_stopping": 2}, {"early_stopping": np.int64(2)}),
    ({"early_stopping": True}, {"early_stopping": np.True_}),
    ({"early_stopping": False}, {"early_stopping": np.False_}),
    ({"shuffle": True}, {"shuffle": np.True_}),
    ({"shuffle": False}, {"shuffle": np.False_}),
    ({"optimizer": "sgd"}, {"optimizer": np.array(["sgd"])[0]}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("python", "numpy"), SAME, ids=repr)
def test_values_of_numpy_are_those_of_python(python, numpy):
    fitted = small(**numpy).fit(X)
    expected = small(**python).fit(X)
    assert_same_codes(fitted, expected)
    assert fitted.history_ == expected.history_
    for name, value in numpy.items():
        assert fitted.get_params()[name] is value


def test_numpys_booleans_stop_early_as_pythons_do():
    """A patience of 1 would stop, and keeping the best would go back, where the loss rises."""
    rising = callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch < 3 else 1.0)
    settings = {"epochs": 8, "callbacks": rising, "batch_size": 16}
    for flag in (True, False):
        expected = small(early_stopping=flag, **settings).fit(X)
        fitted = small(early_stopping=np.bool_(flag), **settings).fit(X)
        assert fitted.n_epochs_ == expected.n_epochs_
        assert fitted.best_epoch_ == expected.best_epoch_


def test_grid_over_ranges_of_numpy():
    grid = {"n_components": np.arange(1, 4), "early_stopping": np.array([True, False])}
    search = GridSearchCV(small(epochs=1), grid, cv=2, error_score="raise").fit(X)
    assert len(search.cv_results_["params"]) == 6
    assert isinstance(search.best_params_["n_components"], np.integer)


@pytest.mark.slow
def test_numpys_numbers_in_networks():
    images = X[:, :4].reshape(-1, 2, 2)
    conv = {"filters": (4, 2), "kernel_size": 3, "strides": (2, 1), "hidden_layer_sizes": (5, 3)}
    numpy = {name: np.array(value) for name, value in conv.items()}
    numpy["kernel_size"] = np.int64(3)
    common = {"epochs": 1, "random_state": 0, "image_shape": (2, 2)}
    expected = ConvAutoencoder(2, **conv, **common).fit(images).transform(images)
    common["image_shape"] = (np.int64(2), np.int64(2))
    fitted = ConvAutoencoder(np.int64(2), **numpy, **common).fit(images)
    np.testing.assert_array_equal(fitted.transform(images), expected)
    one = ConvNetwork(np.int64(4), strides=np.array([2])).encoder_body(keras.Input((2, 2, 1)))
    assert one.shape == (None, 1, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("units", [4, np.int64(4), np.array([4]), (np.int64(4),)])
def test_numpys_numbers_of_recurrent_units(units):
    sequences = X.reshape(-1, 3, 2)[:40]
    common = {"epochs": 1, "random_state": 0}
    expected = SequenceAutoencoder(2, units=(4,), **common).fit(sequences)
    fitted = SequenceAutoencoder(np.int64(2), units=units, **common).fit(sequences)
    np.testing.assert_array_equal(fitted.transform(sequences), expected.transform(sequences))
    decoded = RecurrentNetwork(units).decoder_body(keras.Input((2,)), (3, 2), "zeros")
    assert decoded.shape == (None, 3, 2)


def test_numpys_numbers_in_a_nested_network():
    network = DenseNetwork(np.array([8]))
    fitted = DenoisingAutoencoder(
        np.int64(2), noise=np.float32(0.5), network=network, epochs=1, random_state=0
    ).fit(X)
    expected = DenoisingAutoencoder(
        2, noise=0.5, network=DenseNetwork((8,)), epochs=1, random_state=0
    ).fit(X)
    assert_same_codes(fitted, expected)
    assert fitted.network is network
    assert isinstance(network.hidden_layer_sizes, np.ndarray)


# ---- sums -------------------------------------------------------------------------------------


def test_weighted_sums_of_many_float32_rows_are_exact():
    rows = np.random.RandomState(0).randn(300_000, 3).astype(np.float32) + np.float32(1000)
    weights = np.ones(len(rows), dtype=np.float32)
    exact = rows.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(weighted_mean(rows, weights), exact, rtol=1e-12)
    assert GlobalScale.of(rows, weights).scale == pytest.approx(GlobalScale.of(rows, None).scale)


@pytest.mark.slow
def test_equal_weights_change_nothing_for_many_float32_rows():
    rng = np.random.RandomState(0)
    rows = rng.randn(30_000, 4).astype(np.float32) @ np.diag([3, 1, 1, 1]).astype(np.float32)
    rows += np.float32(1000)
    settings = {"epochs": 1, "batch_size": 8_000, "random_state": 0, "early_stopping": True}
    sequences = SequenceAutoencoder(1, units=2, mask_value=0.0, sequence_shape=(2, 2), **settings)
    for autoencoder in (
        DenseAutoencoder(1, hidden_layer_sizes=(2,), **settings),
        VariationalAutoencoder(1, network=DenseNetwork((2,)), **settings),
        sequences,
    ):
        fitted = clone(autoencoder).fit(rows, sample_weight=np.ones(len(rows)))
        expected = clone(autoencoder).fit(rows)
        np.testing.assert_allclose(fitted.mean_, expected.mean_, rtol=1e-7)
        assert fitted.score(rows) == pytest.approx(expected.score(rows), abs=1e-3)
        if isinstance(autoencoder, VariationalAutoencoder):
            assert fitted.noise_variance_ == pytest.approx(expected.noise_variance_, rel=1e-5)


# ---- divergence -------------------------------------------------------------------------------


def assert_unchanged(estimator, use, error, match=None):
    before = state(estimator)
    codes = estimator.transform(X[:5]) if hasattr(estimator, "model_") else None
    with pytest.raises(error, match=match):
        use()
    assert state(estimator) == before
    if codes is not None:
        np.testing.assert_array_equal(estimator.transform(X[:5]), codes)


@pytest.mark.parametrize("settings", [{"validation_split": 0.0}, {"early_stopping": False}])
def test_divergence_in_the_last_step_is_noticed(settings):
    exploding = small(optimizer="sgd", learning_rate=1e30, epochs=1, **settings)
    assert_unchanged(exploding, lambda: exploding.partial_fit(X[:16]), ValueError, "became")
    if "early_stopping" in settings:
        assert_unchanged(exploding, lambda: exploding.fit(X[:20]), ValueError, "became")


def test_nan_loss_of_held_out_rows_is_an_error():
    @keras.saving.register_keras_serializable("test")
    class NanBeyondTraining(keras.layers.Layer):
        def call(self, inputs, training=None):
            return inputs if training else inputs * np.nan

    model = keras.Sequential([keras.layers.Dense(2), NanBeyondTraining(), keras.layers.Dense(6)])
    autoencoder = KerasAutoencoder(model, epochs=2, early_stopping=False)
    with pytest.raises(ValueError, match=r"the val_loss became nan in epoch 1\. Lower"):
        autoencoder.fit(X)


def test_weights_that_are_not_finite_are_an_error():
    class Break(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            variable = self.model.trainable_variables[0]
            variable.assign(variable * np.inf)

    broken = small(epochs=1, callbacks=Break(), early_stopping=False)
    with pytest.raises(ValueError, match="the weights became nan"):
        broken.fit(X)
    assert not hasattr(broken, "model_")


@pytest.mark.parametrize("batch_size", [16, pytest.param(100, marks=pytest.mark.slow)])
def test_early_stopping_without_held_out_rows_keeps_nothing_worse_than_the_start(batch_size):
    """The mean loss of an epoch, not that at its end, is lower than the start's."""

    class Explode(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 200 // batch_size - 1:
                for variable in self.model.trainable_variables:
                    variable.assign(variable * 3)

    def loss_of(autoencoder):
        return np.square(autoencoder.reconstruct(X) - X).mean()

    settings = {"validation_split": 0.0, "batch_size": batch_size, "learning_rate": 1e-2}
    start = small(**settings, optimizer="sgd", epochs=1)
    start.set_params(learning_rate=1e-30).fit(X)
    fitted = small(**settings, epochs=1, callbacks=Explode()).fit(X)
    assert loss_of(fitted) <= loss_of(start) + 1e-6
    assert fitted.best_epoch_ == 0


# ---- as it was before -------------------------------------------------------------------------


class _Fails(callbacks.Callback):
    """Raise in an epoch, of those since the model was built."""

    def __init__(self, epoch, error):
        super().__init__()
        self._epoch, self._error = epoch, error

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self._epoch:
            raise self._error


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_error_in_the_test_of_the_start_changes_nothing(monkeypatch, warm_start, error):
    fitted = small(init="pca", warm_start=warm_start).fit(X)

    def fail(*args):
        raise error

    monkeypatch.setattr("skae.autoencoders._fitting.is_beaten", fail)
    assert_unchanged(fitted, lambda: fitted.fit(X + 1), error)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_error_in_the_second_phase_of_a_selection_changes_nothing(monkeypatch, error):
    fitted = ConcreteAutoencoder(
        2, network=DenseNetwork((4,)), epochs=2, annealing=0.5, random_state=0, warm_start=True
    ).fit(X)
    fitted.set_params(epochs=8)

    keep_choice = ConcreteAutoencoder._keep_choice

    def fail(self):
        keep_choice(self)
        raise error

    monkeypatch.setattr(ConcreteAutoencoder, "_keep_choice", fail)
    assert_unchanged(fitted, lambda: fitted.fit(X), error)


def test_warning_turned_into_an_error_changes_nothing(monkeypatch):
    monkeypatch.setattr("skae.autoencoders._variational._ACTIVE_VARIANCE", np.inf)
    autoencoder = VariationalAutoencoder(
        2, network=DenseNetwork((4,)), epochs=1, random_state=0, warm_start=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        autoencoder.fit(X, None)
    for use in (autoencoder.fit, autoencoder.partial_fit):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            assert_unchanged(autoencoder, lambda use=use: use(X), UserWarning, "collapse")


@pytest.mark.parametrize("use", ["fit", "partial_fit"])
def test_changed_optimizer_is_put_back_after_an_error(use):
    fitted = small(warm_start=True).fit(X)
    optimizer, loss = fitted.model_.optimizer, fitted.model_.loss
    fitted.set_params(optimizer="sgd", loss="mae", callbacks=_Fails(3, RuntimeError()))
    held = fitted.history_
    with pytest.raises(RuntimeError):
        getattr(fitted, use)(X)
    assert fitted.model_.optimizer is optimizer
    assert fitted.model_.loss is loss
    assert fitted.history_ is held
    again = small(warm_start=True).fit(X).fit(X)
    fitted.set_params(optimizer="adam", loss="mse", callbacks=None).fit(X)
    assert_same_codes(fitted, again)


def test_estimator_in_use_by_another_thread_is_whole_while_it_is_refitted():
    fitted = small(epochs=2).fit(X)
    before = fitted.transform(X)
    after = small(epochs=2).fit(X + 1).transform(X)
    wrong, done = [], threading.Event()

    def use():
        while not done.is_set():
            codes = fitted.transform(X)
            if not any(np.array_equal(codes, known) for known in (before, after)):
                wrong.append(codes)

    thread = threading.Thread(target=use)
    thread.start()
    try:
        for rows in (X + 1, X, X + 1):
            fitted.fit(rows)
    finally:
        done.set()
        thread.join()
    assert not wrong


# ---- changed between calls --------------------------------------------------------------------


def test_changed_learning_rate_takes_effect_and_keeps_the_optimizers_state():
    settings = {"early_stopping": False, "epochs": 2, "shuffle": False}
    fitted = small(**settings, warm_start=True, learning_rate=0.01).fit(X)
    slots = fitted._optimizer_state
    before = fitted.transform(X)
    fitted.set_params(learning_rate=1e-12).fit(X)
    np.testing.assert_allclose(fitted.transform(X), before, atol=1e-6)
    assert fitted._optimizer_state[0] > slots[0]
    scheduled = callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch < 2 else 0.1)
    expected = small(**settings | {"epochs": 4}, callbacks=scheduled).fit(X)
    changed = small(**settings, warm_start=True, learning_rate=0.01).fit(X)
    changed = pickle.loads(pickle.dumps(changed)).set_params(learning_rate=0.1).fit(X)
    np.testing.assert_allclose(changed.transform(X), expected.transform(X), atol=1e-5)


@pytest.mark.parametrize("use", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(1e-12, 5, 0.5)},
        {"optimizer": keras.optimizers.SGD(1e-12)},
        {"optimizer": "sgd", "learning_rate": 1e-12},
    ],
    ids=["schedule", "instance", "name"],
)
def test_changed_optimizer_takes_effect(use, change):
    fitted = small(warm_start=True, early_stopping=False).fit(X)
    before, n_epochs = fitted.transform(X), fitted.n_epochs_
    getattr(fitted.set_params(**change), use)(X)
    np.testing.assert_allclose(fitted.transform(X), before, atol=1e-6)
    assert fitted.n_epochs_ > n_epochs
    getattr(pickle.loads(pickle.dumps(fitted)), use)(X)


def test_changed_loss_takes_effect():
    fitted = small(warm_start=True, early_stopping=False, learning_rate=1e-12).fit(X)
    fitted.set_params(loss="mae").fit(X)
    standardized = (X - fitted.mean_) / fitted._scale.scale
    reconstructed = (fitted.reconstruct(X) - fitted.mean_) / fitted._scale.scale
    n = len(fitted.history_["loss"])
    assert n == 6
    mae = np.abs(standardized - reconstructed).mean()
    assert fitted.history_["loss"][-1] == pytest.approx(mae, rel=0.1)


def test_changed_optimizer_of_a_keras_model_takes_effect():
    autoencoder = KerasAutoencoder(
        dense_model, code_layer="code", epochs=2, random_state=0, early_stopping=False
    )
    fitted = autoencoder.set_params(warm_start=True, standardize=True).fit(X)
    before = fitted.transform(X)
    fitted.set_params(optimizer="sgd", optimizer__learning_rate=1e-12).fit(X)
    np.testing.assert_allclose(fitted.transform(X), before, atol=1e-6)
    fitted.set_params(optimizer__learning_rate=1e-2).fit(X)
    assert np.abs(fitted.transform(X) - before).max() > 1e-4


@pytest.mark.parametrize("use", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "change",
    [
        {"n_components": 3},
        {"hidden_layer_sizes": (4,)},
        pytest.param({"activation": "relu"}, marks=pytest.mark.slow),
        pytest.param({"code_activation": "tanh"}, marks=pytest.mark.slow),
        pytest.param({"output_activation": "sigmoid"}, marks=pytest.mark.slow),
    ],
    ids=repr,
)
def test_changed_network_is_refused_while_training_goes_on(use, change):
    fitted = small(warm_start=True).fit(X).set_params(**change)
    (name,) = change
    says = f"built with {name}=.*Set it back, or call fit with warm_start=False"
    assert_unchanged(fitted, lambda: getattr(fitted, use)(X), ValueError, says)
    fitted.set_params(warm_start=False).fit(X / 100 + 0.5)


def test_changed_parts_of_a_network_are_refused_and_equal_ones_are_not():
    fitted = DenoisingAutoencoder(2, network=DenseNetwork([8]), epochs=1, warm_start=True).fit(X)
    fitted.set_params(network=DenseNetwork(np.array([8]))).fit(X)
    fitted.network.hidden_layer_sizes[0] = 4
    assert_unchanged(fitted, lambda: fitted.fit(X), ValueError, "network__hidden_layer_sizes=")
    fitted.set_params(network=ConvNetwork())
    assert_unchanged(fitted, lambda: fitted.fit(X), ValueError, "built with network=")


def test_warm_start_goes_on_after_pickling_and_with_other_epochs(autoencoder, X):
    fitted = clone(autoencoder).set_params(warm_start=True).fit(X)
    fitted = pickle.loads(pickle.dumps(fitted)).set_params(epochs=1, early_stopping=np.False_)
    fitted.fit(X)
    assert fitted.n_epochs_ == 3


# ---- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["sum", None])
def test_losses_that_do_not_average_are_refused(reduction):
    loss = keras.losses.MeanSquaredError(reduction=reduction)
    says = "reduction=.*expected reduction='sum_over_batch_size' or 'mean'"
    with pytest.raises(ValueError, match=says):
        small(loss=loss).fit(X)
    with pytest.raises(ValueError, match=says):
        SequenceAutoencoder(2, units=2, mask_value=0.0, loss=loss).fit(X)
    assert_same_codes(
        small(loss=keras.losses.MeanSquaredError(reduction="mean")).fit(X), small().fit(X)
    )


def test_exclusion_from_weight_decay_is_refused():
    optimizer = keras.optimizers.AdamW(1e-3)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    with pytest.raises(ValueError, match=r"exclude_from_weight_decay.*decays all weights"):
        small(optimizer=optimizer).fit(X)
    optimizer.exclude_from_weight_decay(var_names=[])
    small(optimizer=optimizer, epochs=1).fit(X)


# ---- weights in the test of the start ---------------------------------------------------------


def test_whole_weights_in_the_test_of_the_start_are_like_more_rows_or_fewer():
    rng = np.random.RandomState(0)
    start, now = rng.chisquare(3, 40), rng.chisquare(3, 40)
    halves = np.repeat([True, False], 20)
    now[halves] = start[halves] * 0.8
    now[~halves] = start[~halves] * 1.5
    assert is_beaten(start, now, np.where(halves, 1.0, 1e-6))
    assert not is_beaten(start, now, np.where(halves, 1e-6, 1.0))
    assert not is_beaten(start, now)
    equal = rng.chisquare(3, 40)
    assert is_beaten(start, equal) == is_beaten(start, equal, np.full(40, 3.0))
    assert not is_beaten(start, start * 0.5, np.eye(40)[0])


def test_equal_weights_in_the_test_of_the_start_are_a_paired_t_test():
    rng = np.random.RandomState(0)
    for _ in range(50):
        start = rng.chisquare(3, 30)
        now = start * rng.lognormal(-0.1, 0.3, 30)
        floor = start.mean() / 1000
        gains = np.log((start + floor) / (now + floor))
        pvalue = ttest_1samp(gains, 0, alternative="greater").pvalue
        expected = now.mean() < start.mean() and pvalue < 0.05
        assert is_beaten(start, now) == is_beaten(start, now, np.full(30, 2.0)) == expected


def test_sample_weight_decides_whether_the_start_is_kept(monkeypatch):
    received = []

    def record(start_errors, errors, weights):
        received.append(weights)
        return True

    monkeypatch.setattr("skae.autoencoders._fitting.is_beaten", record)
    small(init="pca", epochs=1).fit(X, sample_weight=np.r_[np.ones(100), np.full(100, 3.0)])
    small(init="pca", epochs=1).fit(X)
    assert set(np.unique(received[0])) == {0.5, 1.5}
    assert len(received[0]) == 40
    assert received[1] is None


# ---- size of batches --------------------------------------------------------------------------


def test_batches_are_never_larger_than_the_rows():
    huge = small(batch_size=20_000_000).fit(X)
    assert huge.batch_size_ == 160
    assert_same_codes(huge, small(batch_size=160).fit(X))
    assert huge.partial_fit(X[:7]).batch_size_ == 7
    assert small().fit(X[:10]).batch_size_ == 8


def test_automatic_size_of_batches_is_a_power_of_two():
    from skae.engine import resolved_batch_size

    resolved = {n_rows: resolved_batch_size("auto", n_rows) for n_rows in range(16, 12_000)}
    assert set(resolved.values()) == {16, 32, 64, 128, 256}
    assert (resolved[16], resolved[1023], resolved[1024], resolved[11_999]) == (16, 16, 32, 256)
    assert resolved_batch_size(np.int64(7), 5) == 5
    assert small(validation_split=0.0, epochs=1).fit(X).batch_size_ == 16


# ---- interrupted by the user ------------------------------------------------------------------


def interrupted_in(epoch):
    return _Fails(epoch, KeyboardInterrupt())


def test_interrupt_keeps_the_best_state_so_far():
    expected = small(epochs=4).fit(X)
    interrupted = small(epochs=9, callbacks=interrupted_in(4))
    with pytest.warns(ConvergenceWarning, match="interrupted by user after 4 epochs"):
        interrupted.fit(X)
    assert_same_codes(interrupted, expected)
    assert interrupted.n_epochs_ == 4
    assert interrupted.history_ == expected.history_
    interrupted.set_params(callbacks=None).fit(X)
    assert_same_codes(interrupted, small(epochs=9).fit(X))


def test_interrupt_without_early_stopping_keeps_the_last_state():
    interrupted = small(epochs=9, early_stopping=False, callbacks=interrupted_in(2))
    with pytest.warns(ConvergenceWarning, match="The last state is kept"):
        interrupted.fit(X)
    assert_same_codes(interrupted, small(epochs=2, early_stopping=False).fit(X))


def test_interrupt_before_the_end_of_the_first_epoch_changes_nothing():
    fitted = small(warm_start=True).fit(X)
    held, codes = fitted.history_, fitted.transform(X)
    with pytest.raises(KeyboardInterrupt):
        fitted.set_params(callbacks=interrupted_in(3)).fit(X)
    assert fitted.history_ is held
    np.testing.assert_array_equal(fitted.transform(X), codes)


@pytest.mark.parametrize("epoch", [2, pytest.param(6, marks=pytest.mark.slow)])
def test_interrupted_choice_of_features_is_complete(epoch):
    selector = ConcreteAutoencoder(
        2, network=DenseNetwork((4,)), epochs=8, random_state=0, callbacks=interrupted_in(epoch)
    )
    with pytest.warns(ConvergenceWarning, match=f"after {epoch} epochs"):
        selector.fit(X)
    assert selector.n_epochs_ == epoch
    assert len(set(selector.selected_)) == 2
    assert selector.transform(X).shape == (200, 2)


def test_parameters_given_are_the_ones_kept(autoencoder, X):
    given = clone(autoencoder).set_params(
        epochs=np.int64(1), early_stopping=np.False_, shuffle=np.True_
    )
    skip_without(given, "n_components")
    given.set_params(n_components=np.int64(2))
    held = given.get_params(deep=False)
    given.fit(X).partial_fit(X)
    assert all(given.get_params(deep=False)[name] is value for name, value in held.items())


@pytest.mark.parametrize(
    "parameters",
    [
        {"activation": keras.layers.LeakyReLU(0.1)},
        {"loss": keras.losses.Huber(delta=0.1)},
        {"optimizer": keras.optimizers.SGD(0.1, momentum=0.9)},
    ],
    ids=["layer", "loss", "optimizer"],
)
def test_copies_of_an_object_are_no_change(parameters):
    fitted = small(**parameters).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.partial_fit(X).history_ == fitted.partial_fit(X).history_


class _InterruptedAtTheEnd(callbacks.Callback):
    def on_train_end(self, logs=None):
        raise KeyboardInterrupt


@pytest.mark.slow
def test_interrupt_after_the_last_epoch_keeps_all_epochs(X):
    interrupted = DenseAutoencoder(2, epochs=2, random_state=0, callbacks=[_InterruptedAtTheEnd()])
    with pytest.warns(ConvergenceWarning, match="after 2 epochs"):
        interrupted.fit(X)
    undisturbed = DenseAutoencoder(2, epochs=2, random_state=0).fit(X)
    np.testing.assert_array_equal(interrupted.transform(X), undisturbed.transform(X))


def test_units_whose_squares_are_zero_are_refused(X):
    with pytest.raises(ValueError, match="whose square is zero in float64"):
        DenseAutoencoder(2, epochs=1).fit(X * 1e-170)


def test_weights_near_the_largest_float(X):
    heavy = DenseAutoencoder(2, epochs=1, random_state=0).fit(X, np.full(len(X), 1e308))
    light = DenseAutoencoder(2, epochs=1, random_state=0).fit(X, np.ones(len(X)))
    np.testing.assert_allclose(heavy.transform(X), light.transform(X), rtol=1e-5)
