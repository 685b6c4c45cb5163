"""The contestants of `benchmarks.speed`: each trains the same task the way its users write it.

Nothing here imports a framework before a contestant trains, so that each is loaded only in the
processes of those who use it.
"""

import gc
import time
import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks import start_keras
from benchmarks.losses import loss_of
from benchmarks.record import version
from benchmarks.speed.tasks import training_rows

KERAS_LOSSES = {"mse": "mse", "bce": "binary_crossentropy"}
ON_TENSORFLOW, ON_JAX = {"KERAS_BACKEND": "tensorflow"}, {"KERAS_BACKEND": "jax"}


class Contestant(ABC):
    """One way to train an autoencoder. A contestant has no state."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    environment: ClassVar[dict[str, str]] = {}
    starts_fast: ClassVar[bool] = True

    @abstractmethod
    def train(self, task, X, seed):
        """Train on X and return a function that reconstructs flat rows."""

    def can(self, task):
        return True

    def prepare(self):
        gc.collect()

    def search(self, task, folds, X, seed):
        """Return the held-out loss of every learning rate on every fold."""
        return [
            loss_of(task.loss, X[test], self.train(replace(task, learning_rate=r), X[train], seed))
            for r in task.rates
            for train, test in folds.split(X)
        ]

    def takes_part(self, quick):
        return all(map(version, self.packages)) and (self.starts_fast or not quick)


class Skae(Contestant):
    """skae itself; compiled programs are forgotten before every fit."""

    name = "skae"
    packages = ("skae", "tensorflow")
    environment: ClassVar[dict[str, str]] = ON_TENSORFLOW

    def prepare(self):
        start_keras()
        import skae

        skae.clear_compiled_programs()
        super().prepare()

    def train(self, task, X, seed, callbacks=None):
        return self._estimator(task, seed).set_params(callbacks=callbacks).fit(X).reconstruct

    def search(self, task, folds, X, seed):
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
            {"learning_rate": task.rates},
            scoring=lambda fitted, X, y=None: loss_of(task.loss, X, fitted.reconstruct),
            cv=folds,
            refit=False,
        ).fit(X)
        return [found.cv_results_[f"split{i}_test_score"] for i in range(folds.get_n_splits())]

    def _estimator(self, task, seed):
        import skae
        from benchmarks import by_hand

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
                encoder=lambda: by_hand.normalized_encoder(task.units),
                decoder=lambda: by_hand.normalized_decoder(task.units, task.output_activation),
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
    environment: ClassVar[dict[str, str]] = ON_JAX
    starts_fast = False


class KerasOnTensorFlow(Contestant):
    """A Keras model, `compile` and `fit`, as the tutorials write it, on the default backend."""

    name = "Keras on TensorFlow"
    packages = ("keras", "tensorflow")
    environment: ClassVar[dict[str, str]] = ON_TENSORFLOW

    def prepare(self):
        start_keras()
        super().prepare()

    def train(self, task, X, seed, callbacks=None):
        import keras

        from benchmarks import by_hand

        keras.utils.set_random_seed(seed)
        if task.kind == "conv":
            model = by_hand.normalized_convolutions(task.units, task.output_activation)
        else:
            model = by_hand.dense(
                task.units,
                task.code,
                n_features=X.shape[1],
                activation=task.activation,
                code_activation=task.code_activation,
                output_activation=task.output_activation,
            )
        shape = model.input_shape[1:]
        optimizers = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
        model.compile(
            optimizer=optimizers[task.optimizer](learning_rate=task.learning_rate),
            loss=KERAS_LOSSES[task.loss],
        )
        rows = X.reshape(-1, *shape)
        model.fit(
            rows,
            rows,
            batch_size=task.batch_size,
            epochs=task.epochs,
            shuffle=True,
            callbacks=callbacks,
            verbose=0,
        )
        return lambda X: keras.ops.convert_to_numpy(model(X.reshape(-1, *shape)))


class KerasOnJax(KerasOnTensorFlow):
    """Keras by hand, on JAX."""

    name = "Keras on JAX"
    packages = ("keras", "jax")
    environment: ClassVar[dict[str, str]] = ON_JAX
    starts_fast = False


class ScikitLearn(Contestant):
    """MLPRegressor with the rows as their own targets."""

    name = "MLPRegressor"
    packages = ("scikit-learn",)

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

    name = "PyTorch"
    packages = ("torch",)

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


CONTESTANTS = (Skae(), SkaeOnJax(), KerasOnTensorFlow(), KerasOnJax(), ScikitLearn(), PyTorch())


def race(contestant, task, seed):
    """Train once: seconds from the rows to the trained model, and the loss, computed alike for all.

    The loss is that of the training rows, of a search the mean over its held-out folds.
    """
    contestant.prepare()
    X = training_rows(task.data, task.rows)
    start = time.perf_counter()
    if task.rates:
        folds = KFold(5, shuffle=True, random_state=seed)
        losses = contestant.search(task, folds, X, seed)
        return {"seconds": time.perf_counter() - start, "loss": float(np.mean(losses))}
    reconstruct = contestant.train(task, X, seed)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "loss": loss_of(task.loss, X, reconstruct)}
