"""The contestants of `benchmarks.speed`: each trains the same task the way its users write it.

Nothing here imports a framework before a contestant trains, so that each is loaded only in the
processes of those who use it; skae alone imports none.
"""

import gc
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold

import skae
from benchmarks import start_keras
from benchmarks.datasets import training_rows
from benchmarks.measures import loss_of, timed
from benchmarks.record import version

KERAS_LOSSES = {"mse": "mse", "bce": "binary_crossentropy"}
ACTIVATIONS = ("activation", "code_activation", "output_activation")
TRAINING = ("learning_rate", "epochs", "batch_size")
ON_TENSORFLOW, ON_JAX = {"KERAS_BACKEND": "tensorflow"}, {"KERAS_BACKEND": "jax"}


@dataclass(frozen=True)
class Contestant(ABC):
    """One way to train an autoencoder, and the packages and the environment that it needs."""

    name: str
    packages: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    starts_fast: bool = True

    @abstractmethod
    def train(self, task, X, seed):
        """Train on X and return a function that reconstructs flat rows."""

    def can(self, task):
        return True

    def prepare(self):
        gc.collect()

    def search(self, task, folds, X, seed):
        """Return held-out losses of every learning rate: on every fold, or their mean."""
        return [
            loss_of(task.loss, X[test], self.train(replace(task, learning_rate=r), X[train], seed))
            for r in task.rates
            for train, test in folds.split(X)
        ]

    def takes_part(self, quick):
        return all(map(version, self.packages)) and (self.starts_fast or not quick)


class Skae(Contestant):
    """skae itself; compiled programs are forgotten before every fit."""

    def prepare(self):
        start_keras()
        skae.clear_compiled_programs()
        super().prepare()

    def train(self, task, X, seed):
        return self._estimator(task, seed).fit(X).reconstruct

    def search(self, task, folds, X, seed):
        default = skae.DenseAutoencoder(
            task.code,
            epochs=task.epochs,
            early_stopping=False,
            validation_split=0,
            random_state=seed,
        )
        search = GridSearchCV(
            default,
            {"learning_rate": task.rates},
            scoring=lambda fitted, X, y=None: loss_of(task.loss, X, fitted.reconstruct),
            cv=folds,
            refit=False,
        )
        return search.fit(X).cv_results_["mean_test_score"]

    def _estimator(self, task, seed):
        from benchmarks import by_hand

        common = {
            **_named_alike(task, TRAINING),
            "loss": KERAS_LOSSES[task.loss],
            "validation_split": 0,
            "early_stopping": False,
            "random_state": seed,
        }
        if task.kind == "conv":
            return skae.KerasAutoencoder(
                encoder=lambda: by_hand.normalized_encoder(task.units),
                decoder=lambda: by_hand.normalized_decoder(task.units, task.output_activation),
                **common,
            )
        common |= _named_alike(task, ACTIVATIONS)
        return skae.DenseAutoencoder(
            task.code, hidden_layer_sizes=task.units, init="random", **common
        )


class KerasByHand(Contestant):
    """A Keras model, `compile` and `fit`, as the tutorials write it."""

    def prepare(self):
        start_keras()
        super().prepare()

    def train(self, task, X, seed):
        import keras

        from benchmarks import by_hand

        keras.utils.set_random_seed(seed)
        if task.kind == "conv":
            model = by_hand.normalized_convolutions(task.units, task.output_activation)
        else:
            activations = _named_alike(task, ACTIVATIONS)
            model = by_hand.dense(task.units, task.code, n_features=X.shape[1], **activations)
        training = _named_alike(task, TRAINING)
        return by_hand.trained(model, X, loss=KERAS_LOSSES[task.loss], **training)


class ScikitLearn(Contestant):
    """MLPRegressor with the rows as their own targets."""

    def can(self, task):
        one_activation = task.activation == task.code_activation == "relu"
        return task.kind == "dense" and task.loss == "mse" and one_activation

    def train(self, task, X, seed):
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

    def train(self, task, X, seed):
        import torch

        from benchmarks.speed import in_torch

        torch.manual_seed(seed)
        model = in_torch.model(task, X.shape[1])
        optimizer = torch.optim.Adam(model.parameters(), lr=task.learning_rate, fused=True)
        loss = {"mse": torch.nn.MSELoss, "bce": torch.nn.BCELoss}[task.loss]()
        rows = in_torch.rows(task, X)
        for _ in range(task.epochs):
            for chosen in torch.randperm(len(rows)).split(task.batch_size):
                batch = rows[chosen]
                optimizer.zero_grad()
                loss(model(batch), batch).backward()
                optimizer.step()
        return lambda X: in_torch.output(model, task, X)


def _named_alike(task, names):
    """Return parameters that a task, skae's estimators and `by_hand` give the same names."""
    return {name: getattr(task, name) for name in names}


SKAE = Skae("skae", ("skae", "tensorflow"), ON_TENSORFLOW)
KERAS = KerasByHand("Keras on TensorFlow", ("keras", "tensorflow"), ON_TENSORFLOW)
CONTESTANTS = (
    SKAE,
    Skae("skae on JAX", ("skae", "jax"), ON_JAX, starts_fast=False),
    KERAS,
    KerasByHand("Keras on JAX", ("keras", "jax"), ON_JAX, starts_fast=False),
    ScikitLearn("MLPRegressor", ("scikit-learn",)),
    PyTorch("PyTorch", ("torch",)),
)


def race(contestant, task, seed):
    """Train once: seconds from the rows to the trained model, and the loss, computed alike for all.

    The loss is that of the training rows, of a search the mean over its held-out folds.
    """
    contestant.prepare()
    X = training_rows(task.data, task.rows)
    if task.rates:
        folds = KFold(5, shuffle=True, random_state=seed)
        losses, seconds = timed(contestant.search, task, folds, X, seed)
        return {"seconds": seconds, "loss": float(np.mean(losses))}
    reconstruct, seconds = timed(contestant.train, task, X, seed)
    return {"seconds": seconds, "loss": loss_of(task.loss, X, reconstruct)}
