"""SparseAutoencoder and its penalties."""

import numpy as np
import pytest

from skae import DenseNetwork, SparseAutoencoder
from skae.layers import SparsityPenalty

SMALL = {"network": DenseNetwork((16,)), "batch_size": 16, "random_state": 0}


def test_l1_is_the_mean_of_the_sum_over_the_code():
    codes = np.array([[1.0, -2.0, 0.0], [0.5, 0.0, 0.0]], dtype=np.float32)
    assert float(SparsityPenalty(1.0).penalty(codes)) == pytest.approx(3.5 / 2)


def test_kl_is_zero_at_the_target_rate_and_as_in_the_formula():
    penalty = SparsityPenalty(1.0, target_rate=0.2).penalty
    assert float(penalty(np.full((4, 3), 0.2, dtype=np.float32))) == pytest.approx(0, abs=1e-6)
    expected = 0.2 * np.log(0.2 / 0.5) + 0.8 * np.log(0.8 / 0.5)
    assert float(penalty(np.full((4, 3), 0.5, dtype=np.float32))) == pytest.approx(
        3 * expected, rel=1e-5
    )


@pytest.mark.slow
def test_more_sparsity_gives_more_zeros(X):
    zeros = {}
    for sparsity in (0.0, 0.05):
        autoencoder = SparseAutoencoder(80, sparsity=sparsity, epochs=30, **SMALL).fit(X)
        assert autoencoder.transform(X).shape == (len(X), 80)
        zeros[sparsity] = (autoencoder.transform(X) == 0).mean()
    assert zeros[0.05] > zeros[0.0] + 0.1


def test_rates_come_near_their_target(X):
    autoencoder = SparseAutoencoder(
        20,
        sparsity=1.0,
        penalty="kl",
        target_rate=0.1,
        code_activation="sigmoid",
        epochs=60,
        learning_rate=1e-2,
        **SMALL,
    ).fit(X)
    assert autoencoder.transform(X).mean(axis=0) == pytest.approx(np.full(20, 0.1), abs=0.08)


def test_terms_of_the_loss_are_reported_apart(X):
    history = SparseAutoencoder(8, epochs=2, **SMALL).fit(X).history_
    for prefix in ("", "val_"):
        parts = np.add(history[f"{prefix}reconstruction_loss"], history[f"{prefix}sparsity_loss"])
        np.testing.assert_allclose(history[f"{prefix}loss"], parts, rtol=1e-5)
    assert min(history["sparsity_loss"]) > 0


def test_rates_need_a_sigmoid(X):
    with pytest.raises(ValueError, match="expected code_activation='sigmoid'"):
        SparseAutoencoder(4, penalty="kl").fit(X)
