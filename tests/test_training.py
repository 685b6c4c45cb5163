"""The engine: it trains as `keras.Model.fit` would, calls callbacks so, and leaves no trace."""

import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import callbacks, losses, optimizers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import skae
from skae import DenseAutoencoder
from tests.estimators import digits, state

X = digits(70)
PIXELS = X / 16


def small(**parameters):
    """Return an autoencoder that trains for every epoch it has."""
    defaults = {
        "hidden_layer_sizes": (8,),
        "epochs": 3,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "validation_split": 0.1,
        "early_stopping": False,
        "random_state": 0,
    }
    return DenseAutoencoder(2, **(defaults | parameters))


# ---- losses and the range of rows --------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        ("binary_crossentropy", "between 0 and 1"),
        (losses.BinaryFocalCrossentropy(), "between 0 and 1"),
        (losses.categorical_crossentropy, "between 0 and 1"),
        ("kl_divergence", "between 0 and 1"),
        ("poisson", "of at least 0"),
        (losses.MeanSquaredLogarithmicError, "of at least 0"),
        ("mape", "other than 0"),
    ],
)
def test_losses_of_other_ranges_are_refused_where_rows_are_centred(loss, values):
    expected = f"defined for values {values}.*output_activation='sigmoid'.*MinMaxScaler"
    with pytest.raises(ValueError, match=expected):
        small().set_params(loss=loss).fit(PIXELS)
    small(output_activation="sigmoid").set_params(loss=loss).fit(PIXELS)


def test_a_loss_of_another_range_is_refused_by_a_model_that_was_fitted():
    autoencoder = small(warm_start=True).fit(PIXELS)
    with pytest.raises(ValueError, match="binary_crossentropy is defined for values between"):
        autoencoder.set_params(loss="binary_crossentropy").fit(PIXELS)


def test_a_loss_like_a_refused_one_is_not_judged():
    def squares(y_true, y_pred):
        return losses.mean_squared_logarithmic_error(y_true**2, y_pred**2)

    assert small(loss=squares).fit(PIXELS).n_epochs_ == 3


# ---- as keras.Model.fit -----------------------------------------------------------------------


class Start(callbacks.Callback):
    """Keeps the weights that training starts from."""

    def on_train_begin(self, logs=None):
        self.weights = self.model.get_weights()


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [
        ("adam", "mse"),
        (optimizers.SGD(momentum=0.9, nesterov=True), "mae"),
        (optimizers.RMSprop(), "binary_crossentropy"),
        pytest.param(optimizers.AdamW(weight_decay=0.1), losses.Huber(0.1), marks=pytest.mark.slow),
        pytest.param(optimizers.Nadam(clipnorm=0.01), "mse", marks=pytest.mark.slow),
        pytest.param(
            optimizers.Adam(use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2),
            "mse",
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_epochs_are_those_of_keras_fit(optimizer, loss, weighted):
    """70 rows in batches of 16: the last one is partial. A sigmoid output leaves X unscaled."""
    start = Start()
    given = {} if isinstance(optimizer, str) else optimizer.get_config()
    kind = type(optimizers.get(optimizer))
    settings = {**given, "learning_rate": 1e-2}
    autoencoder = small(
        output_activation="sigmoid",
        optimizer=kind.from_config(settings) if given else optimizer,
        loss=loss,
        learning_rate=1e-2,
        shuffle=False,
        validation_split=0.0,
        callbacks=start,
    )
    weights = np.linspace(0.2, 1.8, len(X)) if weighted else None
    autoencoder.fit(PIXELS, sample_weight=weights)

    reference = keras.models.clone_model(autoencoder.model_)
    reference.set_weights(start.weights)
    reference.compile(kind.from_config(settings), loss=loss)
    history = reference.fit(
        PIXELS, PIXELS, sample_weight=weights, batch_size=16, epochs=3, shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(autoencoder.history_["loss"], history["loss"], rtol=1e-4)
    for ours, theirs in zip(autoencoder.model_.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-4)
    assert (
        max(
            np.abs(after - before).max()
            for after, before in zip(reference.get_weights(), start.weights, strict=True)
        )
        > 1e-3
    )


def test_loss_is_in_standardised_units_and_validation_loss_of_the_rows_held_out():
    """Halves of equal size, and a rate too small to move a weight."""
    parameters = {"validation_split": 0.5, "epochs": 1, "optimizer": "sgd", "learning_rate": 1e-30}
    still = small(**parameters).fit(X)
    (loss,), (val_loss,) = still.history_["loss"], still.history_["val_loss"]
    expected = -still.score_samples(X).mean() / X.var(axis=0).mean()
    assert (loss + val_loss) / 2 == pytest.approx(expected, rel=1e-4)
    assert loss != pytest.approx(val_loss, rel=1e-4)


# ---- programs are reused, and keep nothing ----------------------------------------------------


@pytest.mark.slow
def test_same_architecture_other_weights_and_rates_do_not_mix():
    def codes(**parameters):
        return small(**parameters).fit(X).transform(X)

    first, second = {"random_state": 1}, {"random_state": 2, "learning_rate": 0.05}
    results = []
    for _ in range(2):
        results.append((codes(**first), codes(**second), codes(**first)))
        skae.clear_compiled_programs()
    for pair in zip(*results, strict=True):
        np.testing.assert_array_equal(*pair)
    np.testing.assert_array_equal(results[0][0], results[0][2])
    assert not np.allclose(results[0][0], results[0][1], atol=1e-3)


def test_learning_rate_counts_in_a_reused_program():
    """A step of gradient descent is as long as its rate says."""
    moved = []
    for rate in (1e-3, 1e-2):
        start = Start()
        autoencoder = small(
            optimizer="sgd",
            learning_rate=rate,
            epochs=1,
            batch_size=len(X),
            validation_split=0.0,
            callbacks=start,
        ).fit(X)
        pairs = zip(autoencoder.model_.get_weights(), start.weights, strict=True)
        moved.append(sum(np.abs(after - before).sum() for after, before in pairs))
    assert moved[1] == pytest.approx(10 * moved[0], rel=1e-2)


def _named_alike(power):
    def activation(inputs):
        return keras.ops.sign(inputs) * keras.ops.abs(inputs) ** power

    return activation


def test_functions_of_one_name_are_told_apart():
    """Keras describes both by their name only."""
    parameters = {"init": "random", "epochs": 1}
    one, two = (small(activation=_named_alike(power), **parameters).fit(X) for power in (1, 2))
    assert not np.allclose(one.transform(X), two.transform(X), atol=1e-2)
    np.testing.assert_allclose(one.transform(X[::-1])[::-1], one.transform(X), atol=1e-5)


def _weighing(weight):
    def loss(y_true, y_pred):
        return weight * keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    return loss


def test_losses_of_one_name_are_told_apart():
    one, two = (small(loss=_weighing(weight), epochs=1).fit(X) for weight in (1.0, 3.0))
    assert two.history_["loss"][0] > 2 * one.history_["loss"][0]


@pytest.mark.slow
def test_fitted_estimators_work_after_programs_were_cleared():
    autoencoder = small().fit(X)
    twin = copy.deepcopy(autoencoder).partial_fit(X)
    codes = autoencoder.transform(X)
    skae.clear_compiled_programs()
    np.testing.assert_array_equal(autoencoder.transform(X), codes)
    np.testing.assert_array_equal(autoencoder.partial_fit(X).transform(X), twin.transform(X))


# ---- optimizers, losses, activations, schedules -----------------------------------------------


@pytest.mark.parametrize(
    ("by_name", "by_other"),
    [
        ({"optimizer": "rmsprop"}, {"optimizer": optimizers.RMSprop}),
        (
            {"optimizer": "RMSprop", "learning_rate": 5e-3},
            {"optimizer": optimizers.RMSprop(5e-3), "learning_rate": 3.0},
        ),
        ({"loss": "mae"}, {"loss": losses.MeanAbsoluteError()}),
        ({"loss": "mean_absolute_error"}, {"loss": losses.MeanAbsoluteError}),
        ({"loss": "mae"}, {"loss": keras.metrics.mean_absolute_error}),
        ({"activation": "relu"}, {"activation": keras.activations.relu}),
        ({"output_activation": "linear"}, {"output_activation": keras.activations.linear}),
    ],
)
def test_name_class_and_object_mean_the_same(by_name, by_other):
    one, other = (small(**parameters).fit(X) for parameters in (by_name, by_other))
    np.testing.assert_allclose(one.transform(X), other.transform(X), rtol=0, atol=1e-6)
    plain = small().fit(X)
    if "output_activation" not in by_name:
        assert not np.allclose(one.transform(X), plain.transform(X), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Adadelta", "Adagrad", "Adamax", "Adafactor", "Lion"])
def test_any_optimizer_trains(name):
    autoencoder = small(optimizer=name, learning_rate=0.05, epochs=2).fit(X)
    assert autoencoder.history_["loss"][1] < autoencoder.history_["loss"][0]


def test_optimizer_instance_is_not_changed_and_can_be_shared():
    optimizer = optimizers.Adam(learning_rate=0.02)
    before = optimizer.get_config()
    one = small(optimizer=optimizer, learning_rate=None).fit(X)
    other = small(optimizer=optimizer, learning_rate=None).fit(X)
    np.testing.assert_array_equal(one.transform(X), other.transform(X))
    np.testing.assert_array_equal(
        one.transform(X), small(optimizer="adam", learning_rate=0.02).fit(X).transform(X)
    )
    assert optimizer.get_config() == before
    assert int(optimizer.iterations) == 0
    assert not optimizer.built
    assert one.optimizer is optimizer


def test_schedule_goes_on_from_call_to_call():
    """A rate that falls to nothing after one epoch leaves the codes as they are from there on."""
    steps = -(-63 // 16)
    schedule = optimizers.schedules.PiecewiseConstantDecay([steps - 1], [1e-2, 0.0])
    one = small(learning_rate=schedule, epochs=1).fit(X)
    three = small(learning_rate=schedule, epochs=3).fit(X)
    np.testing.assert_array_equal(one.transform(X), three.transform(X))
    again = copy.deepcopy(one).partial_fit(X)
    np.testing.assert_array_equal(one.transform(X), again.transform(X))
    moving = small(learning_rate=1e-2, epochs=3).fit(X)
    assert not np.allclose(moving.transform(X), one.transform(X), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"activation": _named_alike(1)},
        {"loss": _weighing(1.0)},
        {"loss": lambda y_true, y_pred: keras.ops.mean((y_true - y_pred) ** 2, axis=-1)},
        {"activation": lambda inputs: keras.ops.tanh(inputs)},
    ],
    ids=["activation", "loss", "lambda loss", "lambda activation"],
)
def test_users_own_functions_train_and_copy(parameters):
    autoencoder = small(epochs=1, **parameters).fit(X)
    twin = copy.deepcopy(autoencoder)
    np.testing.assert_array_equal(twin.transform(X), autoencoder.transform(X))
    np.testing.assert_array_equal(
        twin.partial_fit(X).transform(X), autoencoder.partial_fit(X).transform(X)
    )


def cubed(inputs):
    return inputs**3 / 10


def test_importable_function_of_the_users_is_pickled():
    autoencoder = small(epochs=1, activation=cubed).fit(X)
    twin = pickle.loads(pickle.dumps(autoencoder))
    np.testing.assert_array_equal(twin.transform(X), autoencoder.transform(X))


# ---- callbacks --------------------------------------------------------------------------------


class Witness(callbacks.Callback):
    """Writes down what it is told."""

    told: list

    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_begin(self, logs=None):
        self.told.append("train begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(f"epoch {epoch} begin")

    def on_train_batch_begin(self, batch, logs=None):
        self.told.append(f"batch {batch} begin")

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(f"batch {batch} end {sorted(logs)}")

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(f"epoch {epoch} end {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.told.append(f"train end {sorted(logs)}")


@pytest.mark.slow
def test_hooks_are_called_in_the_order_of_keras_fit():
    ours, theirs = Witness(), Witness()
    autoencoder = small(callbacks=[ours], epochs=2, validation_split=0.0).fit(X)
    reference = keras.models.clone_model(autoencoder.model_)
    reference.compile("adam", "mse")
    reference.fit(X, X, epochs=2, batch_size=16, verbose=0, callbacks=[theirs])
    assert ours.told == theirs.told
    assert ours.params == theirs.params


def test_batch_hooks_change_nothing_and_see_the_running_mean():
    seen = []

    def keep(batch, logs):
        seen.append(logs["loss"])

    watched = small(callbacks=callbacks.LambdaCallback(on_train_batch_end=keep), epochs=1).fit(X)
    plain = small(epochs=1).fit(X)
    np.testing.assert_allclose(watched.transform(X), plain.transform(X), rtol=0, atol=1e-5)
    assert len(seen) == -(-63 // 16)
    assert seen[-1] == pytest.approx(plain.history_["loss"][0], rel=1e-4)


class Rates(callbacks.Callback):
    """Keeps the learning rate of every epoch."""

    def on_train_begin(self, logs=None):
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))


@pytest.mark.slow
def test_learning_rate_scheduler_sets_the_rate():
    rates = Rates()
    scheduler = callbacks.LearningRateScheduler(lambda epoch: 0.01 * 0.5**epoch)
    small(callbacks=[scheduler, rates]).fit(X)
    assert rates.rates == pytest.approx([0.01, 0.005, 0.0025])
    still = callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch == 0 else 0.0)
    np.testing.assert_array_equal(
        small(callbacks=still, epochs=1).fit(X).transform(X),
        small(callbacks=still, epochs=3).fit(X).transform(X),
    )
    small(callbacks=[rates]).fit(X)  # the next fit begins at its own rate
    assert rates.rates == pytest.approx([1e-3] * 3)


def test_reduce_on_plateau_reduces():
    rates = Rates()
    plateau = callbacks.ReduceLROnPlateau(patience=1, factor=0.1, min_delta=1e9)
    small(callbacks={"plateau": plateau, "rates": rates}, epochs=4).fit(X)
    assert rates.rates[-1] < rates.rates[0]


def test_model_checkpoint_saves_a_model_that_loads(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    autoencoder = small(callbacks=[checkpoint]).fit(X)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras", "3.keras"]
    loaded = keras.models.load_model(tmp_path / "3.keras")
    np.testing.assert_allclose(np.asarray(loaded(X)), autoencoder.reconstruct(X), atol=1e-3)


def test_callback_can_stop_training_and_be_a_class():
    class Impatient(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    autoencoder = small(epochs=5, callbacks=Impatient).fit(X)
    assert autoencoder.n_epochs_ == 2
    assert small(epochs=5).fit(X).n_epochs_ == 5


def test_callback_sees_the_fitted_model_afterwards():
    witness = Witness()
    autoencoder = small(callbacks=[witness], epochs=1).fit(X)
    assert witness.model is autoencoder.model_


def test_estimator_with_callbacks_is_cloned_and_pickled_after_fit():
    plateau = callbacks.ReduceLROnPlateau()
    try:
        pickle.dumps(plateau)
    except AttributeError:
        pytest.skip("this Keras keeps a lambda in the callback")
    autoencoder = small(callbacks=[plateau, Start()], epochs=1).fit(X)
    codes = autoencoder.transform(X)
    np.testing.assert_array_equal(clone(autoencoder).fit(X).transform(X), codes)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(autoencoder)).transform(X), codes)


def test_early_stopping_keeps_the_best_epoch():
    rising = callbacks.LearningRateScheduler(lambda epoch: 0.01 if epoch < 3 else 20.0)
    stopped = small(
        early_stopping=2, epochs=50, callbacks=rising, validation_split=0.0, shuffle=False
    ).fit(X)
    three = small(epochs=3, learning_rate=0.01, validation_split=0.0, shuffle=False).fit(X)
    assert stopped.best_epoch_ == 3
    assert stopped.n_epochs_ == 5
    np.testing.assert_allclose(stopped.transform(X), three.transform(X), rtol=0, atol=1e-5)


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_verbose_prints_as_keras_does(verbose, capsys):
    small(verbose=verbose, epochs=2).fit(X)
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("Epoch 2/2") == (verbose > 0)
    assert ("loss: " in said.out) == (verbose > 0)
    assert ("\b" in said.out or "\r" in said.out or "━" in said.out) == (verbose == 1)


# ---- stopped ----------------------------------------------------------------------------------


DIVERGING = {"optimizer": "sgd", "learning_rate": 1e30}


def _state_of(estimator):
    """Return the digest of all but the callbacks, which hold functions."""
    held = estimator.callbacks
    try:
        return state(estimator.set_params(callbacks=None))
    finally:
        estimator.set_params(callbacks=held)


@pytest.mark.slow
@pytest.mark.parametrize("use", ["fit", "partial_fit"])
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_interrupted_estimator_is_as_it_was(use, warm_start, early_stopping):
    interrupt = callbacks.LambdaCallback(on_epoch_end=_interrupt)
    estimator = small(warm_start=warm_start, early_stopping=early_stopping, epochs=2)
    for fitted in (False, True):
        if fitted:
            estimator.set_params(callbacks=None).fit(X)
        estimator.set_params(callbacks=interrupt)
        before = _state_of(estimator)
        with pytest.raises(KeyboardInterrupt):
            getattr(estimator, use)(X + 1)
        assert _state_of(estimator) == before
        assert hasattr(estimator, "model_") == fitted
        if not fitted:
            with pytest.raises(NotFittedError):
                estimator.transform(X)


def _interrupt(epoch, logs=None):
    raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [False, True])
def test_nan_loss_leaves_the_estimator_as_it_was(early_stopping):
    never_fitted = small(**DIVERGING, early_stopping=early_stopping)
    before = state(never_fitted)
    with pytest.raises(ValueError, match="the loss became"):
        never_fitted.fit(X)
    assert state(never_fitted) == before
    with pytest.raises(NotFittedError):
        never_fitted.transform(X)

    fitted = small(early_stopping=early_stopping).fit(X).set_params(**DIVERGING)
    before, codes = state(fitted), fitted.transform(X)
    with pytest.raises(ValueError, match="the loss became"):
        fitted.fit(X)
    assert state(fitted) == before
    np.testing.assert_array_equal(fitted.transform(X), codes)


def test_nan_loss_while_continuing_leaves_the_weights_as_they_were():
    def explode(epoch, logs=None):
        return 1e30

    fitted = small(optimizer="sgd", warm_start=True).fit(X)
    codes = fitted.transform(X)
    fitted.set_params(callbacks=callbacks.LearningRateScheduler(explode))
    for use in (fitted.fit, fitted.partial_fit):
        before = _state_of(fitted)
        with pytest.raises(ValueError, match="the loss became"):
            use(X)
        assert _state_of(fitted) == before
        np.testing.assert_array_equal(fitted.transform(X), codes)


def test_error_of_a_nan_loss_says_what_to_change():
    with pytest.raises(ValueError, match=r"the loss became (nan|inf) in epoch 1\. Lower learning"):
        small(**DIVERGING).fit(X)


def test_program_of_an_interrupted_fit_serves_the_next_one():
    expected = small().fit(X).transform(X)
    with pytest.raises(KeyboardInterrupt):
        small(callbacks=callbacks.LambdaCallback(on_epoch_end=_interrupt)).fit(X)
    np.testing.assert_array_equal(small().fit(X).transform(X), expected)


# ---- another process --------------------------------------------------------------------------

_OBSERVER = """
import json, os, random, sys, warnings
import numpy as np
environment = dict(os.environ)
import skae
seen = {"loaded": sorted({"tensorflow", "keras", "jax", "torch"} & set(sys.modules))}
import keras, tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled
methods = [
    (cls, name)
    for cls in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    for name in ("__reduce__", "__reduce_ex__", "__deepcopy__", "__copy__")
]
originals = [cls.__dict__.get(name) for cls, name in methods]

GENERATORS = ["random", "numpy.random", "tf.random", "keras.random", "keras seeds"]

def draws():
    return [
        random.random(),
        np.random.rand(),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        float(keras.random.uniform((), seed=keras.random.SeedGenerator())),
    ]

def after(action):
    keras.utils.clear_session()  # old Keras does not seed its global generator anew
    keras.utils.set_random_seed(7)
    action()
    return draws()

from tests.estimators import AUTOENCODERS, digits
X = digits()
codes, leaked, forgot = {}, [], []
expected = after(lambda: None)
for name, autoencoder in AUTOENCODERS.items():
    def use():
        codes[name] = autoencoder.fit(X).transform(X)
        autoencoder.partial_fit(X).reconstruct(X)
    leaked += [
        f"{generator} by {name}"
        for generator, ours, theirs in zip(GENERATORS, after(use), expected)
        if ours != theirs
    ]
    codes[name] = codes[name].astype(float).tolist()
seen["codes"] = codes
seen["drew from global generators"] = leaked
seen["patched"] = [
    f"{cls.__name__}.{name}"
    for (cls, name), original in zip(methods, originals)
    if cls.__dict__.get(name) is not original
]
seen["environment"] = {
    key: os.environ.get(key)
    for key in environment.keys() | os.environ.keys()
    if environment.get(key) != os.environ.get(key)
}
seen["determinism"] = is_op_determinism_enabled()
print("seen:" + json.dumps(seen))
"""


@pytest.fixture(scope="session")
def other_process():
    root = Path(__file__).parents[1]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
    done = subprocess.run(
        [sys.executable, "-c", _OBSERVER],
        cwd=root,
        env=environment | {"PYTHONHASHSEED": "123"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("seen:")[-1])


@pytest.mark.slow
def test_import_loads_no_backend(other_process):
    assert other_process["loaded"] == []


@pytest.mark.slow
def test_process_is_left_as_it_was(other_process):
    assert other_process["drew from global generators"] == []
    assert other_process["patched"] == []
    assert other_process["determinism"] is False
    # What Keras and TensorFlow set for themselves when they are imported.
    theirs = ("KERAS_", "TF2_BEHAVIOR", "TPU_", "KMP_", "TF_CPP_")
    assert [key for key in other_process["environment"] if not key.startswith(theirs)] == []


@pytest.mark.slow
def test_codes_are_the_same_in_another_process(other_process, name, fitted):
    np.testing.assert_array_equal(
        fitted.transform(digits()), np.array(other_process["codes"][name])
    )
