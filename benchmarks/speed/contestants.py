"""The contestants of `benchmarks.speed`: each trains the same task the way its users write it.

Nothing here imports a framework before a contestant trains, so that each is loaded only in the
processes of those who use it.
"""

import gc
import time
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from importlib import metadata
from typing import ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks import start_keras
from benchmarks.losses import loss_of
from benchmarks.speed import networks_by_hand
from benchmarks.speed.tasks import Search, training_rows

KERAS_LOSSES = {"mse": "mse", "bce": "binary_crossentropy"}


class Contestant(ABC):
    """One way to train an autoencoder. A contestant has no state."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    environment: ClassVar[dict[str, str]] = {}
    starts_fast: ClassVar[bool] = True

    @abstractmethod
    def can(self, task):
        """Return whether the contestant has what the task needs."""

    @abstractmethod
    def train(self, task, X, seed):
        """Train on X and return a function that reconstructs flat rows."""

    def prepare(self):
        """Forget what earlier trainings left, and load what the next one needs; not timed."""
        gc.collect()

    def search(self, task, rates, folds, X, seed):
        """Return the held-out loss of every learning rate on every fold."""
        return [
            loss_of(task.loss, X[test], self.train(replace(task, learning_rate=r), X[train], seed))
            for r in rates
            for train, test in folds.split(X)
        ]

    def excuse(self, quick):
        """Return why it does not take part, or None."""
        missing = next((name for name in self.packages if not _is_installed(name)), None)
        if missing is not None:
            return f"{missing} is not installed"
        return None if self.starts_fast or not quick else "left out of a quick run"

    def versions(self):
        """Return the versions of its packages as text."""
        return ", ".join(f"{name} {metadata.version(name)}" for name in self.packages)


class Skae(Contestant):
    """skae itself; compiled programs are forgotten before every fit."""

    name = "skae"
    packages = ("skae", "tensorflow")
    environment: ClassVar[dict[str, str]] = {"KERAS_BACKEND": "tensorflow"}

    def can(self, task):
        """Return True."""
        return True

    def prepare(self):
        """Wake Keras, and let the next fit pay for its tracing."""
        start_keras()
        import skae

        skae.clear_compiled_programs()
        super().prepare()

    def train(self, task, X, seed, callbacks=None):
        """Fit an estimator."""
        return self._estimator(task, seed).set_params(callbacks=callbacks).fit(X).reconstruct

    def search(self, task, rates, folds, X, seed):
        """Search a grid over DenseAutoencoder with its default network."""
        import skae

        default = skae.DenseAutoencoder(
            task.code,
            epochs=task.epochs,
            early_stopping=False,
            validation_split=0,
            random_state=seed,
        )
        found = GridSearchCV(
            default,
            {"learning_rate": rates},
            scoring=lambda fitted, X, y=None: loss_of(task.loss, X, fitted.reconstruct),
            cv=folds,
            refit=False,
        ).fit(X)
        return [found.cv_results_[f"split{i}_test_score"] for i in range(folds.get_n_splits())]

    def _estimator(self, task, seed):
        import skae

        common = {
            "loss": KERAS_LOSSES[task.loss],
            "optimizer": task.optimizer,
            "learning_rate": task.learning_rate,
            "epochs": task.epochs,
            "batch_size": task.batch_size,
            "validation_split": 0,
            "early_stopping": False,
            "random_state": seed,
        }
        if task.kind == "conv":
            return skae.KerasAutoencoder(
                encoder=lambda: networks_by_hand.keras_conv_encoder(task),
                decoder=lambda: networks_by_hand.keras_conv_decoder(task),
                **common,
            )
        return skae.DenseAutoencoder(
            task.code,
            hidden_layer_sizes=task.units,
            activation=task.activation,
            code_activation=task.code_activation,
            output_activation=task.output_activation,
            init="random",
            **common,
        )


class SkaeOnJax(Skae):
    """skae on Keras's JAX backend."""

    name = "skae on JAX"
    packages = ("skae", "jax")
    environment: ClassVar[dict[str, str]] = {"KERAS_BACKEND": "jax"}
    starts_fast = False


class KerasByHand(Contestant):
    """A Keras model, `compile` and `fit`, as the tutorials write it."""

    def prepare(self):
        """Wake Keras."""
        start_keras()
        super().prepare()

    def can(self, task):
        """Return True."""
        return True

    def train(self, task, X, seed, callbacks=None):
        """Build, compile and fit a model."""
        import keras

        keras.utils.set_random_seed(seed)
        rows = networks_by_hand.shaped(task, X)
        model = networks_by_hand.keras_model(task, X.shape[1])
        optimizers = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
        model.compile(
            optimizer=optimizers[task.optimizer](learning_rate=task.learning_rate),
            loss=KERAS_LOSSES[task.loss],
        )
        model.fit(
            rows,
            rows,
            batch_size=task.batch_size,
            epochs=task.epochs,
            shuffle=True,
            callbacks=callbacks,
            verbose=0,
        )
        return lambda X: keras.ops.convert_to_numpy(model(networks_by_hand.shaped(task, X)))


class KerasOnTensorFlow(KerasByHand):
    """Keras by hand, on its default backend."""

    name = "Keras on TensorFlow"
    packages = ("keras", "tensorflow")
    environment: ClassVar[dict[str, str]] = {"KERAS_BACKEND": "tensorflow"}


class KerasOnJax(KerasByHand):
    """Keras by hand, on JAX."""

    name = "Keras on JAX"
    packages = ("keras", "jax")
    environment: ClassVar[dict[str, str]] = {"KERAS_BACKEND": "jax"}
    starts_fast = False


class ScikitLearn(Contestant):
    """MLPRegressor with the rows as their own targets."""

    name = "MLPRegressor"
    packages = ("scikit-learn",)

    def can(self, task):
        """Return whether the network has one activation throughout and the loss is mse."""
        one_activation = task.activation == task.code_activation == "relu"
        return task.kind == "dense" and task.loss == "mse" and one_activation

    def train(self, task, X, seed):
        """Fit a regressor of X on X."""
        from sklearn.neural_network import MLPRegressor

        regressor = MLPRegressor(
            hidden_layer_sizes=(*task.units, task.code, *reversed(task.units)),
            activation="relu",
            solver="adam",
            alpha=0,
            batch_size=task.batch_size,
            learning_rate_init=task.learning_rate,
            max_iter=task.epochs,
            n_iter_no_change=task.epochs,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            regressor.fit(X, X)
        return regressor.predict


class PyTorch(Contestant):
    """A plain training loop with the fused Adam; convolutions with their channels last."""

    name = "PyTorch"
    packages = ("torch",)

    def can(self, task):
        """Return True."""
        return True

    def train(self, task, X, seed):
        """Train by a loop over shuffled batches."""
        import torch

        torch.manual_seed(seed)
        model = networks_by_hand.torch_model(task, X.shape[1])
        optimizer = torch.optim.Adam(model.parameters(), lr=task.learning_rate, fused=True)
        loss = {"mse": torch.nn.MSELoss, "bce": torch.nn.BCELoss}[task.loss]()
        rows = networks_by_hand.torch_rows(task, X)
        for _ in range(task.epochs):
            for chosen in torch.randperm(len(rows)).split(task.batch_size):
                batch = rows[chosen]
                optimizer.zero_grad()
                loss(model(batch), batch).backward()
                optimizer.step()
        return lambda X: networks_by_hand.torch_output(model, task, X)


class PyOD(Contestant):
    """PyOD's AutoEncoder without its regularisation; its fit also scores the rows."""

    name = "PyOD AutoEncoder"
    packages = ("pyod", "torch")
    starts_fast = False

    def can(self, task):
        """Return whether it is the one kind of network and loss that PyOD has."""
        return ScikitLearn().can(task)

    def train(self, task, X, seed):
        """Fit a detector."""
        from pyod.models.auto_encoder import AutoEncoder

        detector = AutoEncoder(
            preprocessing=False,
            lr=task.learning_rate,
            epoch_num=task.epochs,
            batch_size=task.batch_size,
            random_state=seed,
            verbose=0,
            optimizer_params={},
            hidden_neuron_list=[*task.units, task.code],
            hidden_activation_name="relu",
            batch_norm=False,
            dropout_rate=0,
        ).fit(X)
        return lambda X: networks_by_hand.torch_output(detector.model, task, X)


def _is_installed(package):
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


CONTESTANTS = (
    Skae(),
    SkaeOnJax(),
    KerasOnTensorFlow(),
    KerasOnJax(),
    ScikitLearn(),
    PyTorch(),
    PyOD(),
)


def race(contestant, task, seed):
    """Train once, timed.

    Parameters
    ----------
    contestant : Contestant
        Who trains.
    task : Task or Search
        What.
    seed : int
        Seed of the weights and of the order of the rows.

    Returns
    -------
    dict
        "seconds", from the rows to the trained model, tracing and compilation included; "loss",
        reached on the training rows (of a search: the mean over its held-out folds), computed in
        the same way for everyone from reconstructions in the units of the data.
    """
    contestant.prepare()
    run = _search if isinstance(task, Search) else _train
    return run(contestant, task, seed)


def _train(contestant, task, seed):
    X = training_rows(task.data, task.rows)
    start = time.perf_counter()
    reconstruct = contestant.train(task, X, seed)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "loss": loss_of(task.loss, X, reconstruct)}


def _search(contestant, search, seed):
    X = training_rows(search.task.data, search.task.rows)
    folds = KFold(search.n_folds, shuffle=True, random_state=seed)
    start = time.perf_counter()
    losses = contestant.search(search.task, search.rates, folds, X, seed)
    return {"seconds": time.perf_counter() - start, "loss": float(np.mean(losses))}
