"""Checkpoints: a training that was killed ends as if it had not been."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.base import clone

import skae
from skae import Checkpoint, DenseAutoencoder
from skae.io._container import write_file
from tests.estimators import AUTOENCODERS

ROOT = Path(__file__).parents[1]


class Killed(BaseException):
    """Stands for the end of a process."""


@pytest.fixture
def kill_after(monkeypatch):
    """Return a function that ends training, once, as soon as some states are written."""

    def arm(n_writings):
        left = iter(range(n_writings - 1, -1, -1))

        def write(*args):
            write_file(*args)
            if next(left, None) == 0:
                raise Killed

        monkeypatch.setattr("skae.io._checkpoint.write_file", write)

    return arm


def small(**settings):
    given = {"hidden_layer_sizes": (8,), "epochs": 6, "batch_size": 16, "random_state": 0}
    return DenseAutoencoder(2, **{**given, **settings})


def weights(estimator):
    return [np.array(variable.value) for variable in estimator.model_.variables]


def same(first, second):
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.history_ == second.history_
    assert first.best_epoch_ == second.best_epoch_
    optimizers = first._optimizer_state, second._optimizer_state
    for one, other in zip(*optimizers, strict=True):
        np.testing.assert_array_equal(one, other)


def killed_and_resumed(estimator, X, **changes):
    with pytest.raises(Killed):
        clone(estimator).fit(X)
    return clone(estimator).set_params(**changes).fit(X)


def test_every_autoencoder_goes_on(name, X, tmp_path, kill_after):
    estimator = clone(AUTOENCODERS[name]).set_params(epochs=3, callbacks=None)
    undisturbed = clone(estimator).fit(X)
    kill_after(2)
    estimator.set_params(callbacks=[Checkpoint(tmp_path / "file")])
    same(killed_and_resumed(estimator, X), undisturbed)


@pytest.mark.parametrize("n_writings", range(1, 7))
def test_both_trainings_of_a_concrete_autoencoder_go_on(n_writings, X, tmp_path, kill_after):
    estimator = clone(AUTOENCODERS["ConcreteAutoencoder"])
    estimator.set_params(epochs=4, annealing=0.5, early_stopping=True)
    undisturbed = clone(estimator).fit(X)
    kill_after(n_writings)
    estimator.set_params(callbacks=[Checkpoint(tmp_path / "file")])
    same(killed_and_resumed(estimator, X), undisturbed)


class Idle(keras.callbacks.Callback):
    """Of the user's own, so that the fit compiles for itself."""


RUNS = {
    "early stopping": {"early_stopping": 2, "learning_rate": 0.1, "epochs": 20},
    "without rows held out": {"validation_split": 0, "early_stopping": True},
    "last state": {"early_stopping": False},
    "schedule": {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, 20)},
    "dropout": {"dropout": 0.3},
    "callback": {
        "callbacks": [keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=0.05)]
    },
    "weights swapped for their averages": {
        "optimizer": keras.optimizers.Adam(use_ema=True),
        "callbacks": [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
        "early_stopping": False,
    },
    "scaled losses": {
        "optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
        "callbacks": [Idle()],
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_trainings_of_every_kind_go_on(run, X, tmp_path, kill_after):
    settings = dict(RUNS[run])
    further = settings.pop("callbacks", [])
    undisturbed = small(**settings, callbacks=further).fit(X)
    kill_after(3)
    estimator = small(**settings, callbacks=[*further, Checkpoint(tmp_path / "file")])
    same(killed_and_resumed(estimator, X), undisturbed)


def test_checkpoints_change_nothing_and_a_finished_fit_returns_at_once(X, tmp_path):
    path = tmp_path / "file"
    undisturbed = small().fit(X)
    same(small(callbacks=[Checkpoint(path, every=4)]).fit(X), undisturbed)
    begun = []
    told = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    again = small(callbacks=[Checkpoint(path), told]).fit(X)
    same(again, undisturbed)
    assert begun == []
    assert again.partial_fit(X).n_epochs_ == undisturbed.n_epochs_ + 1


def test_streamed_rows_go_on(X, tmp_path, monkeypatch, kill_after):
    monkeypatch.setattr("skae.data._memory._LARGEST_SHARE", 0.0)
    kill_after(2)
    estimator = small(callbacks=[Checkpoint(tmp_path / "file")])
    same(killed_and_resumed(estimator, X), small().fit(X))


@pytest.mark.parametrize(
    ("settings", "change", "message"),
    [
        ({}, 1e-3, "a training with other data, which has not ended"),
        ({"learning_rate": 0.1}, 0, "a training with other parameters, which"),
        ({"epochs": 7}, 0, "other parameters"),
        ({"loss": keras.losses.Huber(2.0)}, 0, "other parameters"),
        ({"activation": "relu"}, 0, "other parameters"),
        ({"random_state": 1}, 0, "int as random_state"),
        ({"random_state": None}, 0, "int as random_state"),
    ],
)
def test_checkpoints_of_other_trainings_are_refused(
    settings, change, message, X, tmp_path, kill_after
):
    path = tmp_path / "file"
    kill_after(2)
    with pytest.raises(Killed):
        small(callbacks=[Checkpoint(path)]).fit(X)
    before = path.read_bytes()
    other = small(**settings, callbacks=[Checkpoint(path)])
    with pytest.raises(ValueError, match=message):
        other.fit(X + change)
    assert path.read_bytes() == before


def steep(y_true, y_pred):
    return POWER * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


POWER = 2.0
MEAN = [
    lambda y, p: keras.ops.mean((y - p) ** 2, -1),
    lambda y, p: keras.ops.mean((y - p) ** 4, -1),
]


@pytest.mark.slow
@pytest.mark.parametrize("loss", [MEAN[0], steep, keras.losses.LogCosh()])
def test_functions_and_losses_are_the_same_in_the_same_fit(loss, X, tmp_path, kill_after):
    kill_after(2)
    estimator = skae.SequenceAutoencoder(
        2, units=(3,), mask_value=0.0, loss=loss, epochs=3, random_state=0
    )
    undisturbed = clone(estimator).fit(X)
    estimator.set_params(callbacks=[Checkpoint(tmp_path / "file")])
    same(killed_and_resumed(estimator, X), undisturbed)


def test_functions_are_told_apart_by_what_they_do(X, tmp_path, kill_after, monkeypatch):
    path = tmp_path / "file"
    for before, now in ((MEAN[0], MEAN[1]), (steep, steep)):
        kill_after(1)
        with pytest.raises(Killed):
            small(loss=before, callbacks=[Checkpoint(path)]).fit(X)
        monkeypatch.setattr(sys.modules[__name__], "POWER", POWER + 1)
        with pytest.raises(ValueError, match="other parameters"):
            small(loss=now, callbacks=[Checkpoint(path)]).fit(X)
        path.unlink()


@pytest.mark.slow
def test_weights_are_swapped_anew_in_a_second_fit(X):
    swapping = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    settings = {"optimizer": keras.optimizers.Adam(use_ema=True), "early_stopping": False}
    first, second = (small(callbacks=[swapping], epochs=2, **settings).fit(X) for _ in range(2))
    same(first, second)


_IDENTITY = """
import sys
import numpy as np
from tests import test_io_checkpoint as tests
from tests.estimators import digits
from skae import SequenceAutoencoder
class Shows(tests.Checkpoint):
    def resume(self, identity):
        print(identity["parameters"])
        return super().resume(identity)
for loss in (tests.MEAN[0], tests.steep, tests.keras.losses.Huber(0.5)):
    SequenceAutoencoder(
        2, units=(3,), mask_value=0.0, loss=loss, epochs=1, random_state=0,
        callbacks=[Shows(sys.argv[1]), tests.keras.callbacks.ReduceLROnPlateau()],
    ).fit(digits()[:50])
"""


@pytest.mark.slow
def test_identities_are_equal_in_other_processes(tmp_path):
    seen = []
    for seed in "12":
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _IDENTITY, tmp_path / "file"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        seen.append(process.stdout.splitlines())
        assert len(set(seen[-1])) == 3, process.stderr
    assert seen[0] == seen[1]


def test_another_verbosity_goes_on(X, tmp_path, kill_after, capsys):
    kill_after(2)
    further = keras.callbacks.ReduceLROnPlateau(patience=2, verbose=0)
    callbacks = [Checkpoint(tmp_path / "file"), further]
    undisturbed = small(callbacks=[further]).fit(X)
    same(killed_and_resumed(small(callbacks=callbacks), X, verbose=2), undisturbed)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ([keras.callbacks.ReduceLROnPlateau()], []),
        ([], [keras.callbacks.ReduceLROnPlateau()]),
        ([keras.callbacks.ReduceLROnPlateau()], [keras.callbacks.ReduceLROnPlateau(patience=1)]),
        ([keras.callbacks.ReduceLROnPlateau()], [keras.callbacks.EarlyStopping()]),
        (
            [keras.callbacks.EarlyStopping(), keras.callbacks.ReduceLROnPlateau()],
            [keras.callbacks.ReduceLROnPlateau(), keras.callbacks.EarlyStopping()],
        ),
        (
            [keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)],
            [keras.callbacks.LearningRateScheduler(lambda epoch: 0.2)],
        ),
    ],
)
def test_other_callbacks_of_keras_are_other_parameters(first, then, X, tmp_path, kill_after):
    kill_after(2)
    checkpoint = Checkpoint(tmp_path / "file")
    with pytest.raises(ValueError, match="a training with other parameters, which"):
        killed_and_resumed(small(callbacks=[checkpoint, *first]), X, callbacks=[checkpoint, *then])


def test_objectives_are_parameters(X, tmp_path, kill_after):
    path = tmp_path / "file"
    kill_after(1)
    settings = {"hidden_layer_sizes": (8,), "epochs": 3, "random_state": 0}
    with pytest.raises(Killed):
        skae.VariationalAutoencoder(2, callbacks=[Checkpoint(path)], **settings).fit(X)
    for change in ({"beta": 2.0}, {"kl_warmup": 2}):
        other = skae.VariationalAutoencoder(2, callbacks=[Checkpoint(path)], **settings, **change)
        with pytest.raises(ValueError, match="other parameters"):
            other.fit(X)


def test_finished_trainings_make_room(X, tmp_path):
    path = tmp_path / "file"
    small(callbacks=[Checkpoint(path)]).fit(X)
    size = path.stat().st_size
    other = small(callbacks=[Checkpoint(path)]).fit(X + 1)
    same(other, small().fit(X + 1))
    for _ in range(4):
        other.partial_fit(X)
    assert path.stat().st_size < 2.5 * size


def test_checkpoints_and_estimators_are_told_apart(X, tmp_path):
    autoencoder = small(callbacks=[Checkpoint(tmp_path / "training")]).fit(X)
    autoencoder.save(tmp_path / "estimator")
    with pytest.raises(ValueError, match="kind 'estimator', got 'checkpoint'"):
        skae.load(tmp_path / "training")
    with pytest.raises(ValueError, match="kind 'checkpoint', got 'estimator'"):
        small(callbacks=[Checkpoint(tmp_path / "estimator")]).fit(X)


@pytest.mark.parametrize("every", [0, 1.5, "1"])
def test_every_is_a_number_of_epochs(every):
    with pytest.raises(ValueError, match="every to be an int of at least 1"):
        Checkpoint("file", every=every)


# ---- processes that are killed ----------------------------------------------------------------

_TRAINING = """
import sys
from tests.estimators import digits
from skae import Checkpoint, ConcreteAutoencoder
print("begins", flush=True)
estimator = ConcreteAutoencoder(
    2, hidden_layer_sizes=(8,), epochs=int(sys.argv[3]), batch_size=16, random_state=0,
    callbacks=[Checkpoint(sys.argv[1])],
).fit(digits())
estimator.save(sys.argv[2])
"""


def trained(folder, epochs, seconds=None):
    """Run the training in a process of its own, killed after some seconds; tell if it ended."""
    arguments = [folder / "training", folder / "result", str(epochs)]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _TRAINING, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout.readline() == b"begins\n"
        if seconds is not None:
            time.sleep(seconds)
            process.kill()
        return process.wait() == 0


@pytest.mark.parametrize(
    ("n_kills", "epochs"),
    [
        pytest.param(1, 20, marks=pytest.mark.slow),
        pytest.param(50, 400, marks=pytest.mark.exhaustive),
    ],
)
def test_killed_processes_end_with_the_same_weights(n_kills, epochs, X, tmp_path):
    undisturbed = skae.ConcreteAutoencoder(
        2, hidden_layer_sizes=(8,), epochs=epochs, batch_size=16, random_state=0
    ).fit(X)
    rng = random.Random(0)
    kills = 0
    while kills < n_kills:
        kills += not trained(tmp_path, epochs, seconds=rng.uniform(0, 4))
        if (tmp_path / "result").exists():  # from the start again
            (tmp_path / "training").unlink()
            (tmp_path / "result").unlink()
    assert trained(tmp_path, epochs)
    result = skae.load(tmp_path / "result")
    for one, other in zip(weights(result), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert result.history_ == undisturbed.history_
