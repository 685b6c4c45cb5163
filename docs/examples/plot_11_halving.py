"""
Searching with few epochs first
===============================

A search that trains every setting to the end spends most of its time on settings that will not win.
Successive halving gives all of them a few epochs, and more to the better half; pruning stops a
trial while it trains.
"""

# %%
# Halving that goes on
# --------------------
#
# ``HalvingGridSearchCV`` can hand out epochs. It fits a clone in every round, which would train
# from the start again; this wrapper keeps what a setting has learned of the same rows and goes on
# from there with ``warm_start=True``.

from copy import deepcopy

import joblib
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

from skae import DenseAutoencoder

X, _ = load_digits(return_X_y=True)
ROUNDS = {}


class GoesOn(BaseEstimator):
    def __init__(self, autoencoder, epochs=10):
        self.autoencoder = autoencoder
        self.epochs = epochs

    def fit(self, X, y=None):
        key = joblib.hash((self.autoencoder.get_params(), X))
        n_done, fitted = ROUNDS.get(key, (0, clone(self.autoencoder)))
        rest = {"epochs": self.epochs - n_done, "warm_start": True}
        self.autoencoder_ = deepcopy(fitted).set_params(**rest).fit(X)
        ROUNDS[key] = (self.epochs, self.autoencoder_)
        return self

    def score(self, X, y=None):
        return self.autoencoder_.score(X)


search = HalvingGridSearchCV(
    GoesOn(DenseAutoencoder(8, random_state=0)),
    {
        "autoencoder__hidden_layer_sizes": [(32,), (128,), (256, 64)],
        "autoencoder__learning_rate": [1e-4, 1e-3],
    },
    resource="epochs",
    min_resources=4,
    max_resources=16,
    factor=2,
    cv=2,
    refit=False,
).fit(X)

results = pd.DataFrame(search.cv_results_)
results[["iter", "n_resources", "params", "mean_test_score"]].round(3)

# %%
# Six settings had 4 epochs each, three went on to 8, and two to 16: 52 epochs a fold instead of 96.
# A setting that starts slowly can be dropped too soon; a larger ``min_resources`` guards against
# that.

print(search.best_params_)

# %%
# Pruning with Optuna
# -------------------
#
# A Keras callback tells Optuna the validation loss after each epoch, and raises ``TrialPruned``
# where earlier trials were better at that epoch. An exception in a callback ends training and
# leaves the estimator as it was.

import keras
import optuna


class Pruning(keras.callbacks.Callback):
    def __init__(self, trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch, logs=None):
        self.trial.report(logs["val_loss"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def objective(trial):
    autoencoder = DenseAutoencoder(
        8,
        hidden_layer_sizes=(trial.suggest_int("width", 16, 256, log=True),),
        learning_rate=trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        epochs=15,
        callbacks=[Pruning(trial)],
        random_state=0,
    ).fit(X)
    return min(autoencoder.history_["val_loss"])


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=2),
)
study.optimize(objective, n_trials=6)
trials = study.trials_dataframe()
trials[["params_width", "params_learning_rate", "value", "state"]].round(4)
