"""SequenceAutoencoder: sequences of any shape, and padding that counts for nothing."""

import copy

import numpy as np
import pytest

from skae import SequenceAutoencoder

PAD = -5.0
SMALL = {"batch_size": 32, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def waves():
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(120, 1))
    return np.sin(phase + np.linspace(0, 2 * np.pi, 10))


@pytest.fixture(scope="module")
def padded(waves):
    lengths = np.random.default_rng(1).integers(4, 11, size=len(waves))
    return np.where(np.arange(10) < lengths[:, None], waves, PAD)


@pytest.fixture(scope="module")
def masked(padded):
    return SequenceAutoencoder(None, units=(8,), mask_value=PAD, epochs=4, **SMALL).fit(padded)


@pytest.mark.slow
def test_sine_waves_need_two_numbers(waves):
    autoencoder = SequenceAutoencoder(2, units=(4,), epochs=1, **SMALL).fit(waves)
    assert autoencoder.transform(waves).shape == (120, 2)
    assert autoencoder.score(waves) > 0.95


@pytest.mark.slow
def test_channels_come_back(waves):
    X = np.stack([waves, -waves], axis=2)
    autoencoder = SequenceAutoencoder(2, units=(4,), cell="gru", epochs=1, **SMALL).fit(X)
    assert autoencoder.reconstruct(X).shape == X.shape
    assert autoencoder.encoder_.input.shape[1:] == (10, 2)


def test_padding_is_not_read(masked, padded):
    """A longer padding is the same sequence."""
    rows = padded[:6]
    shortened = np.where(np.arange(10) < 4, rows, PAD)
    codes = masked.transform(shortened)
    assert not np.allclose(codes, masked.transform(rows), atol=1e-3)
    other = np.where(np.arange(10) < 4, waves_like(rows), PAD)
    np.testing.assert_array_equal(masked.transform(other), codes)


def waves_like(rows):
    """Return rows that differ after step 4 only."""
    return np.where(np.arange(10) < 4, rows, rows + 1)


def test_padding_stays_and_counts_in_no_score(masked, padded):
    observed = padded != PAD
    reconstruction = masked.reconstruct(padded)
    np.testing.assert_array_equal(reconstruction[~observed], PAD)
    squares = np.where(observed, padded - reconstruction, 0) ** 2
    np.testing.assert_allclose(
        masked.score_samples(padded), -squares.sum(axis=1) / observed.sum(axis=1), rtol=1e-4
    )
    mean = np.where(observed, padded, 0).sum(axis=0) / observed.sum(axis=0)
    np.testing.assert_allclose(masked.mean_, mean)
    total = (np.where(observed, padded - mean, 0) ** 2).sum()
    assert masked.score(padded) == pytest.approx(1 - squares.sum() / total, abs=1e-5)


@pytest.mark.slow
def test_loss_is_the_mean_over_observed_steps(padded):
    autoencoder = SequenceAutoencoder(
        2, units=(4,), mask_value=PAD, epochs=1, learning_rate=1e-12, validation_split=0, **SMALL
    ).fit(padded)
    expected = -autoencoder.score_samples(padded).mean()
    assert autoencoder.history_["loss"][0] == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_function_of_the_users_inside_a_recurrent_cell_is_copied(waves):
    autoencoder = SequenceAutoencoder(2, units=(4,), activation=lambda x: x / 2, epochs=1, **SMALL)
    twin = copy.deepcopy(autoencoder.fit(waves))
    np.testing.assert_array_equal(twin.transform(waves), autoencoder.transform(waves))
