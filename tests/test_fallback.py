"""Backends without a compiled epoch: every autoencoder trains through Keras's own ``fit``."""

import numpy as np
import pytest
from sklearn.base import clone

from skae.engine import _programs
from skae.engine._keras_fit import KerasProgram
from tests.estimators import AUTOENCODERS


@pytest.fixture
def without_compiled_epochs(monkeypatch):
    monkeypatch.setattr(_programs, "_program_class", lambda: KerasProgram)
    monkeypatch.setattr(_programs, "_pool", _programs._ProgramPool(max_idle=64))


_QUIET = {"validation_split": 0.2, "shuffle": False}


@pytest.mark.parametrize("name", sorted(AUTOENCODERS))
def test_losses_are_those_of_compiled_epochs(name, X, without_compiled_epochs, monkeypatch):
    by_keras = clone(AUTOENCODERS[name]).set_params(**_QUIET).fit(X)
    monkeypatch.undo()
    compiled = clone(AUTOENCODERS[name]).set_params(**_QUIET).fit(X)
    assert list(by_keras.history_) == list(compiled.history_)
    for term, losses in compiled.history_.items():
        np.testing.assert_allclose(by_keras.history_[term], losses, rtol=2e-3, err_msg=term)


def test_best_state_is_kept_and_training_goes_on(X, without_compiled_epochs):
    autoencoder = clone(AUTOENCODERS["DenseAutoencoder"]).set_params(early_stopping=2, epochs=4)
    autoencoder.fit(X)
    monitored = autoencoder.history_["val_loss"]
    assert autoencoder.best_epoch_ in {0, 1 + int(np.argmin(monitored))}
    before = autoencoder.transform(X)
    autoencoder.partial_fit(X)
    assert len(autoencoder.history_["loss"]) == len(monitored) + 1
    assert np.abs(autoencoder.transform(X) - before).max() > 0
