"""Compiled programs are shared by what is proven to be the same, and by nothing else."""

import functools
import gc
import multiprocessing
import pickle
import random

import keras
import numpy as np
import pytest
from keras import callbacks, losses, ops
from sklearn.base import clone
from sklearn.model_selection import learning_curve

from skae import (
    ContractiveAutoencoder,
    DenoisingAutoencoder,
    DenseAutoencoder,
    SparseAutoencoder,
    VariationalAutoencoder,
    clear_compiled_programs,
)
from skae.engine import _inference, _programs
from skae.layers import SparsityPenalty

X = np.random.default_rng(0).normal(size=(200, 6))


def dense(**parameters):
    defaults = {"hidden_layer_sizes": (8,), "epochs": 2, "random_state": 0, "init": "random"}
    return DenseAutoencoder(2, **{**defaults, "early_stopping": False, **parameters})


def alone(estimator):
    """Return the history of a fit that found nothing compiled."""
    clear_compiled_programs()
    return estimator.fit(X).history_


@pytest.mark.slow
@pytest.mark.parametrize("delta", [0.01, 5.0])
def test_state_of_a_loss_that_its_configuration_leaves_out_counts(delta):
    expected = alone(dense(loss=losses.Huber(delta=delta)))
    dense(loss=losses.Huber(delta=1.0)).fit(X)
    assert dense(loss=losses.Huber(delta=delta)).fit(X).history_ == expected


def test_wrapped_function_does_not_pass_for_the_one_it_wraps():
    @functools.wraps(losses.mean_squared_error)
    def tenfold(y_true, y_pred):
        return 10 * losses.mean_squared_error(y_true, y_pred)

    plain = dense(loss=losses.mean_squared_error).fit(X)
    wrapped = dense(loss=tenfold, learning_rate=0.0005).fit(X)
    assert wrapped.history_["loss"][0] > 5 * plain.history_["loss"][0]


def test_wrapped_activation_does_not_pass_for_the_one_it_wraps():
    @functools.wraps(keras.activations.relu)
    def shifted(x):
        return ops.relu(x) + 1

    plain = dense(activation=keras.activations.relu).fit(X)
    assert dense(activation=shifted).fit(X).history_ != plain.history_


WEIGHT = 1.0


def weighted(y_true, y_pred):
    return WEIGHT * ops.mean((y_true - y_pred) ** 2, axis=-1)


def doubly_weighted(y_true, y_pred):
    return 2 * weighted(y_true, y_pred)


@pytest.mark.parametrize("loss", [weighted, doubly_weighted])
def test_global_that_a_loss_sees_counts(monkeypatch, loss):
    once = dense(loss=loss).fit(X).history_["loss"][0]
    monkeypatch.setattr(f"{__name__}.WEIGHT", 10.0)
    assert dense(loss=loss).fit(X).history_["loss"][0] > 5 * once


def test_list_that_a_loss_sees_counts():
    weight = [1.0]

    def loss(y_true, y_pred):
        return weight[0] * ops.mean((y_true - y_pred) ** 2, axis=-1)

    once = dense(loss=loss).fit(X).history_["loss"][0]
    weight[0] = 10.0
    assert dense(loss=loss).fit(X).history_["loss"][0] > 5 * once


@pytest.mark.slow
def test_function_that_sees_nothing_that_changes_compiles_once(count_programs):
    for rate in (0.001, 0.002, 0.003):
        dense(loss=weighted, learning_rate=rate).fit(X)
    assert count_programs() == 1


def test_learning_curve_compiles_once(count_programs):
    learning_curve(
        dense(epochs=1, batch_size=8), X, None, train_sizes=np.linspace(0.2, 1, 10), cv=2
    )
    assert count_programs() == 1


def test_unproven_loss_compiles_once_an_estimator(count_programs):
    def loss(y_true, y_pred, seen=np.ones(1)):  # noqa: B008
        return seen[0] * ops.mean((y_true - y_pred) ** 2, axis=-1)

    estimator = dense(loss=loss).partial_fit(X)
    estimator.partial_fit(X).partial_fit(X)
    assert count_programs() == 1


@pytest.mark.slow
def test_epsilon_counts():
    Y = np.clip(np.abs(X) / 5, 0, 1)
    parameters = {"loss": "mape", "output_activation": "sigmoid"}
    before = keras.config.epsilon()
    try:
        dense(**parameters).fit(Y)
        keras.config.set_epsilon(0.1)
        shared = dense(**parameters).fit(Y).history_
        clear_compiled_programs()
        assert dense(**parameters).fit(Y).history_ == shared
    finally:
        keras.config.set_epsilon(before)


@pytest.fixture
def count_programs(monkeypatch):
    """Return a function that tells how many programs were made since."""
    made = []
    program_class = _programs._program_class()

    class Counted(program_class):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    clear_compiled_programs()
    monkeypatch.setattr(_programs, "_program_class", lambda: Counted)
    return lambda: len(made)


def count_graphs():
    gc.collect()
    return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())


SMALL = {"hidden_layer_sizes": (8,), "epochs": 2, "random_state": 0, "init": "random"}
vae = functools.partial(VariationalAutoencoder, 2, **SMALL)
sparse = functools.partial(SparseAutoencoder, 3, **SMALL)
contractive = functools.partial(ContractiveAutoencoder, 2, **SMALL)
denoising = functools.partial(DenoisingAutoencoder, 2, **SMALL)


def outcome(estimator):
    return estimator.fit(X).history_, estimator.transform(X).tobytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (denoising, "noise"),
        *(
            pytest.param(functools.partial(make, **parameters), name, marks=pytest.mark.slow)
            for make, name, parameters in [
                (vae, "beta", {}),
                (vae, "beta", {"kl_warmup": 1, "validation_split": 0.2}),
                (vae, "beta", {"epochs": 100}),
                (sparse, "sparsity", {}),
                (sparse, "sparsity", {"penalty": "kl", "code_activation": "sigmoid"}),
                (sparse, "sparsity", {"epochs": 100}),
                (contractive, "contraction", {}),
                (contractive, "contraction", {"hidden_layer_sizes": ()}),
                (contractive, "contraction", {"epochs": 100}),
                (denoising, "noise", {"corruption": "masking"}),
                (denoising, "noise", {"corruption": "salt_and_pepper", "clip": True}),
                (denoising, "noise", {"corruption": "swap"}),
                (denoising, "noise", {"epochs": 100}),
            ]
        ),
    ],
)
def test_search_over_a_hyperparameter_of_an_objective_compiles_once(make, name, count_programs):
    values = [0.1, 0.9]
    expected = {}
    for value in values:
        clear_compiled_programs()
        expected[value] = outcome(make(**{name: value}))
    clear_compiled_programs()
    compiled_before = count_programs()
    order = [*values, *values[::-1]]
    assert all(outcome(make(**{name: value})) == expected[value] for value in order)
    assert count_programs() == compiled_before + 1
    assert len(_inference._programs) == 1
    first, second = (history for history, _ in expected.values())
    assert first != second


def test_penalty_without_weight_is_not_compiled(count_programs):
    assert set(sparse(sparsity=0.0).fit(X).history_["sparsity_loss"]) == {0.0}
    assert min(sparse(sparsity=0.1).fit(X).history_["sparsity_loss"]) > 0
    assert set(sparse(sparsity=0.0).fit(X).history_["sparsity_loss"]) == {0.0}
    assert count_programs() == 2


@pytest.mark.slow
def test_hyperparameters_of_a_subclass_are_compiled():
    class Doubled(SparsityPenalty):
        def penalty(self, codes):
            return 2 * self.sparsity * super().penalty(codes)

    class DoublySparse(SparseAutoencoder):
        def regularize_code(self, seen, features, codes):
            return Doubled(self.sparsity, name="sparsity")(codes)

    def make(sparsity):
        return DoublySparse(2, sparsity=sparsity, **SMALL)

    expected = alone(make(0.1))
    make(5.0).fit(X)
    assert make(0.1).fit(X).history_ == expected


def test_hyperparameter_that_a_layer_is_given_is_trained_with():
    estimator = sparse(sparsity=0.1).partial_fit(X)
    estimator.encoder_.get_layer("sparsity").sparsity = 10.0
    first, second = estimator.partial_fit(X).history_["sparsity_loss"]
    assert second > 20 * first
    assert sparse(sparsity=0.1).partial_fit(X).history_["sparsity_loss"] == [first]


def test_saved_program_has_the_hyperparameters_of_its_fit(tmp_path):
    path = tmp_path / "model.keras"
    for beta in (1.0, 0.3):
        estimator = vae(beta=beta, callbacks=[callbacks.ModelCheckpoint(path)]).fit(X)
        saved = keras.saving.load_model(path)
        assert saved.get_layer("encoder").get_layer("kl").beta == beta
        assert len(saved.weights) == len(estimator.model_.weights)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")
def test_cleared_programs_leave_no_graphs():
    dense().fit(X)
    clear_compiled_programs()
    before = count_graphs()
    for size in (5, 6):
        dense(hidden_layer_sizes=(size,), activation="silu").fit(X).transform(X)
    assert count_graphs() > before
    clear_compiled_programs()
    assert count_graphs() == before


class Meddler(callbacks.Callback):
    """Change a layer's or the optimizer's attribute when training begins."""

    def __init__(self, layer, **attributes):
        super().__init__()
        self.layer, self.attributes = layer, attributes

    def on_train_begin(self, logs=None):
        target = self.model.optimizer
        for layer in self.model._flatten_layers():
            if layer.name == self.layer:
                target = layer
        for name, value in self.attributes.items():
            setattr(target, name, value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "meddler"),
    [
        (dense, Meddler("encoder_hidden_1", activation=keras.activations.tanh)),
        (functools.partial(dense, optimizer=keras.optimizers.Adam(clipvalue=1.0)),
         Meddler("optimizer", clipvalue=1e-9)),
        (functools.partial(VariationalAutoencoder, 2, epochs=2, random_state=0),
         Meddler("code", beta=100.0)),
        (functools.partial(SparseAutoencoder, 2, epochs=2, random_state=0),
         Meddler("sparsity", sparsity=100.0)),
    ],
)  # fmt: skip
def test_what_a_callback_changes_stays_in_its_own_fit(make, meddler):
    expected = alone(make())
    meddled = alone(make(callbacks=[meddler]))
    assert make(callbacks=[meddler]).fit(X).history_ == meddled
    assert make().fit(X).history_ == expected
    assert make(callbacks=[meddler]).fit(X).history_ == meddled


class Recompiler(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.compile(optimizer="sgd", loss="mae")


class Scheduler(callbacks.Callback):
    def on_train_begin(self, logs=None):
        rate = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
        self.model.optimizer.learning_rate = rate


def freezer():
    return Meddler("code", trainable=False)


@pytest.mark.slow
@pytest.mark.parametrize("callback", [Recompiler, Scheduler, freezer])
def test_callback_that_compiles_anew_is_told_what_to_do(callback):
    expected = alone(dense())
    with pytest.raises(ValueError, match=r"compiled the model anew.*Pass loss, optimizer"):
        dense(callbacks=[callback()]).fit(X)
    assert dense().fit(X).history_ == expected


@pytest.mark.slow
def test_loss_keeps_its_state_through_clone_and_pickle():
    estimator = dense(loss=losses.Huber(delta=0.01))
    expected = alone(estimator)
    again = pickle.loads(pickle.dumps(estimator))
    assert alone(clone(estimator)) == expected
    assert alone(pickle.loads(pickle.dumps(clone(estimator)))) == expected
    assert again.partial_fit(X).history_ == estimator.partial_fit(X).history_


def configurations():
    return {
        "plain": dense,
        "slower schedule": lambda: dense(
            learning_rate=keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
        ),
        "small delta": lambda: dense(loss=losses.Huber(delta=0.01)),
        "large delta": lambda: dense(loss=losses.Huber(delta=5.0)),
        "other lambda": lambda: dense(loss=lambda y, p: ops.mean((y - p) ** 2, axis=-1)),
        "relu": lambda: dense(activation="relu"),
        "clipped": lambda: dense(optimizer=keras.optimizers.Adam(clipvalue=1e-3)),
        "decayed": lambda: dense(optimizer=keras.optimizers.AdamW(weight_decay=0.5)),
        "noise": lambda: DenoisingAutoencoder(2, noise=0.1, epochs=2, random_state=0),
        "more noise": lambda: DenoisingAutoencoder(2, noise=0.9, epochs=2, random_state=0),
        "beta": lambda: VariationalAutoencoder(2, beta=0.1, epochs=2, random_state=0),
        "meddled": lambda: dense(callbacks=[Meddler("code", activation=keras.activations.tanh)]),
    }


@pytest.mark.slow
def test_fits_in_any_order_are_what_each_is_alone():
    made = configurations()
    expected = {name: alone(make()) for name, make in made.items()}
    clear_compiled_programs()
    order = 2 * list(made)
    random.Random(0).shuffle(order)
    got = [(name, made[name]().fit(X).history_) for name in order]
    assert [name for name, history in got if history != expected[name]] == []


def in_fork(method, *arguments):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply_async(method, arguments).get(timeout=60)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
@pytest.mark.parametrize("method", ["transform", "score", "fit"])
def test_forked_process_raises_at_once(method):
    estimator = dense().fit(X)
    with pytest.raises(RuntimeError, match=r"forked.*spawn"):
        in_fork(getattr(estimator, method), X)
