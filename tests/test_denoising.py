"""DenoisingAutoencoder and its corruptions."""

import keras
import numpy as np
import pytest

from skae import DenoisingAutoencoder, DenseNetwork
from skae.layers import (
    GaussianCorruption,
    LayerCorruption,
    MaskingCorruption,
    SaltAndPepperCorruption,
    SwapCorruption,
    monitoring,
)

ROWS = np.random.default_rng(0).uniform(1, 2, size=(500, 20)).astype(np.float32)


def _corrupted(layer):
    layer.build(ROWS.shape)
    layer.assign_range(1.0, 2.0)
    return np.asarray(layer(ROWS, training=True))


def test_gaussian_noise_has_its_standard_deviation():
    noise = _corrupted(GaussianCorruption(0.5)) - ROWS
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    assert abs(noise.mean()) < 0.02


def test_masking_hits_its_share():
    corrupted = _corrupted(MaskingCorruption(0.3))
    assert (corrupted == 0).mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(corrupted[corrupted != 0], ROWS[corrupted != 0])


def test_salt_and_pepper_are_the_extremes_of_the_data():
    corrupted = _corrupted(SaltAndPepperCorruption(0.4))
    hit = corrupted != ROWS
    assert hit.mean() == pytest.approx(0.4, abs=0.02)
    assert set(corrupted[hit]) == {1.0, 2.0}
    assert (corrupted[hit] == 2.0).mean() == pytest.approx(0.5, abs=0.03)


def test_swap_takes_values_of_the_same_column():
    corrupted = _corrupted(SwapCorruption(0.25))
    assert (corrupted != ROWS).mean() == pytest.approx(0.25, abs=0.02)
    for column, original in zip(corrupted.T, ROWS.T, strict=True):
        assert set(column) <= set(original)


def test_clip_keeps_the_range():
    corrupted = _corrupted(GaussianCorruption(0.5, clip=True))
    assert corrupted.min() == 1.0
    assert corrupted.max() == 2.0


@pytest.mark.parametrize(
    "layer",
    [
        GaussianCorruption(0.5),
        MaskingCorruption(0.5),
        SaltAndPepperCorruption(0.5),
        SwapCorruption(0.5),
        LayerCorruption(keras.layers.GaussianDropout(0.5)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_corruption_acts_in_training_and_monitoring_only(layer):
    np.testing.assert_array_equal(np.asarray(layer(ROWS)), ROWS)
    np.testing.assert_array_equal(np.asarray(layer(ROWS, training=False)), ROWS)
    assert not np.array_equal(np.asarray(layer(ROWS, training=True)), ROWS)
    with monitoring():
        assert not np.array_equal(np.asarray(layer(ROWS, training=False)), ROWS)
    copy = type(layer).from_config(layer.get_config())
    assert set(copy.get_config()) == set(layer.get_config())
    assert not np.array_equal(np.asarray(copy(ROWS, training=True)), ROWS)


def test_noise_is_removed(X):
    """Noise of a linear network's input is projected out; a denoiser takes out more."""
    scaled = X / 16
    autoencoder = DenoisingAutoencoder(
        8, noise=1.0, network=DenseNetwork((64,)), epochs=60, batch_size=16, random_state=0
    ).fit(scaled)
    noise = np.random.default_rng(0).normal(0, 0.3, size=scaled.shape)
    left = autoencoder.reconstruct(scaled + noise) - scaled
    assert (left**2).sum() < 0.5 * (noise**2).sum()


def test_monitored_loss_is_that_of_noisy_rows(X):
    settings = {"network": DenseNetwork(()), "epochs": 1, "learning_rate": 1e-12, "batch_size": 32}
    losses = {}
    for noise in (0.0, 2.0):
        autoencoder = DenoisingAutoencoder(2, noise=noise, random_state=0, **settings).fit(X)
        losses[noise] = autoencoder.history_["val_loss"][0]
    assert losses[2.0] > losses[0.0] + 0.05


def test_users_layer_is_copied(X):
    layer = keras.layers.GaussianNoise(0.1)
    autoencoder = DenoisingAutoencoder(
        2, corruption=layer, network=DenseNetwork((4,)), epochs=1, random_state=0
    ).fit(X)
    assert autoencoder.encoder_.get_layer("corruption").layer is not layer


def test_share_above_one_is_an_error(X):
    with pytest.raises(ValueError, match="share of entries that are hit"):
        DenoisingAutoencoder(2, corruption="masking", noise=1.5).fit(X)
