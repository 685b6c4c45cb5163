"""VariationalAutoencoder: a KL term that works, on the scale of the ELBO."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from skae import ConvNetwork, DenseNetwork, VariationalAutoencoder
from skae.layers import GaussianCode

SMALL = {"network": DenseNetwork((16,)), "batch_size": 32, "random_state": 0}
BERNOULLI = {"loss": "binary_crossentropy", "output_activation": "sigmoid"}
NO_STEP = {"epochs": 1, "learning_rate": 1e-12, "validation_split": 0}


@pytest.fixture(scope="module")
def fitted(request):
    X = request.getfixturevalue("X")
    return VariationalAutoencoder(3, epochs=10, **SMALL).fit(X)


def _divergences(mean, std):
    return 0.5 * (std**2 + mean**2 - 1 - 2 * np.log(std)).sum(axis=1)


def test_layer_adds_the_closed_form_and_draws_from_the_posterior():
    rng = np.random.default_rng(0)
    mean = np.tile(rng.normal(size=(1, 3)), (20_000, 1)).astype(np.float32)
    log_variance = np.tile(rng.normal(size=(1, 3)), (20_000, 1)).astype(np.float32)
    layer = GaussianCode(beta=3.0)
    codes = np.asarray(layer([mean, log_variance], training=True))
    std = np.exp(0.5 * log_variance[:1])
    assert float(layer.losses[0]) == pytest.approx(3 * _divergences(mean[:1], std)[0], rel=1e-4)
    np.testing.assert_allclose(codes.mean(axis=0), mean[0], atol=0.05)
    np.testing.assert_allclose(codes.std(axis=0), std[0], rtol=0.05)
    np.testing.assert_array_equal(np.asarray(layer([mean, log_variance])), mean)
    assert not layer.losses


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("likelihood", [{}, BERNOULLI], ids=["normal", "Bernoulli"])
def test_kl_loss_is_beta_times_the_closed_form_on_the_scale_of_the_loss(X, beta, likelihood):
    autoencoder = VariationalAutoencoder(3, beta=beta, **likelihood, **NO_STEP, **SMALL).fit(X / 16)
    nats = 1 if likelihood else 2 * autoencoder.noise_variance_
    divergence = _divergences(*autoencoder.transform(X / 16, return_std=True)).mean()
    expected = beta * nats * divergence / 64
    assert autoencoder.history_["kl_loss"][0] == pytest.approx(expected, rel=1e-4, abs=1e-9)
    total = autoencoder.history_["reconstruction_loss"][0] + autoencoder.history_["kl_loss"][0]
    assert autoencoder.history_["loss"][0] == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("likelihood", [{}, BERNOULLI], ids=["normal", "Bernoulli"])
def test_loss_at_beta_one_is_minus_the_elbo(X, likelihood):
    rows = np.repeat(X / 16, 20, axis=0)  # the loss has one draw a row, the ELBO many
    autoencoder = VariationalAutoencoder(3, **likelihood, **NO_STEP, **SMALL).fit(rows)
    elbo = autoencoder.score_samples(X / 16).mean() / 64
    if not likelihood:
        noise, scale = autoencoder.noise_variance_, autoencoder._scale.scale
        elbo = 2 * noise * (elbo + 0.5 * np.log(2 * np.pi * noise * scale**2))
    assert autoencoder.history_["loss"][0] == pytest.approx(-elbo, rel=2e-2)


def test_start_is_probabilistic_pca(X):
    autoencoder = VariationalAutoencoder(4, **NO_STEP, **SMALL).fit(X)
    pca = PCA(4).fit(X)
    elbo, likelihood = autoencoder.score_samples(X), pca.score_samples(X)
    np.testing.assert_allclose(elbo, likelihood, atol=2.5)  # PCA divides by n − 1
    assert elbo.mean() == pytest.approx(likelihood.mean(), abs=0.5)
    np.testing.assert_allclose(autoencoder.score_samples(X, 10), elbo, rtol=1e-3)


def test_importance_weighting_tightens_the_bound(fitted, X):
    elbo = fitted.score_samples(X).mean()
    assert elbo < fitted.score_samples(X, 500).mean() < elbo + 3


def test_scores_do_not_depend_on_company_and_follow_the_units(fitted, X):
    scores = fitted.score_samples(X)
    np.testing.assert_allclose(fitted.score_samples(X[5:8]), scores[5:8], rtol=1e-5)
    scaled = VariationalAutoencoder(3, epochs=10, **SMALL).fit(4 * X)
    np.testing.assert_allclose(scaled.score_samples(4 * X), scores - 64 * np.log(4), rtol=1e-4)


def test_transform_is_the_mean(fitted, X):
    mean, std = fitted.transform(X, return_std=True)
    np.testing.assert_allclose(mean, fitted.transform(X), atol=1e-5)
    assert mean.shape == std.shape
    assert (std > 0).all()


def test_samples_look_like_the_data(fitted, X):
    samples = fitted.sample(500, random_state=0)
    np.testing.assert_array_equal(samples, fitted.sample(500, random_state=0))
    assert samples.shape == (500, 64)
    np.testing.assert_allclose(samples.mean(axis=0), X.mean(axis=0), atol=2.5)


def test_interpolation_ends_at_reconstructions(fitted, X):
    lines = fitted.interpolate(X[:3], X[3:6], n_steps=5)
    assert lines.shape == (3, 5, 64)
    np.testing.assert_allclose(lines[:, 0], fitted.reconstruct(X[:3]), atol=1e-3)
    np.testing.assert_allclose(lines[:, -1], fitted.reconstruct(X[3:6]), atol=1e-3)


def test_more_beta_gives_less_divergence(X):
    divergences = [
        _divergences(
            *VariationalAutoencoder(3, beta=beta, epochs=10, learning_rate=1e-2, **SMALL)
            .fit(X)
            .transform(X, return_std=True)
        ).mean()
        for beta in (0.1, 3.0)
    ]
    assert divergences[1] < divergences[0]


def test_warmup_raises_the_training_term_only(X):
    autoencoder = VariationalAutoencoder(
        3, kl_warmup=4, epochs=5, learning_rate=1e-12, early_stopping=False, **SMALL
    ).fit(X)
    history = autoencoder.history_
    whole = history["kl_loss"][-1]
    np.testing.assert_allclose(
        np.divide(history["kl_loss"], whole), [0.25, 0.5, 0.75, 1, 1], rtol=1e-4
    )
    np.testing.assert_allclose(history["val_kl_loss"], history["val_kl_loss"][0], rtol=1e-4)
    with pytest.raises(ValueError, match="expected validation_split > 0"):
        VariationalAutoencoder(kl_warmup=4, validation_split=0).fit(X)
    vae = VariationalAutoencoder(kl_warmup=4, validation_split=0, epochs=1, random_state=0)
    assert "val_loss" in vae.fit(X, validation_data=X[:20]).history_


def test_collapse_is_reported(X):
    collapsed = VariationalAutoencoder(3, beta=1e4, epochs=20, learning_rate=1e-2, **SMALL)
    with pytest.warns(UserWarning, match=r"Posterior collapse: \d of 3 units"):
        collapsed.fit(X)
    assert collapsed.active_units_.shape == (3,)


def test_convolutional(X):
    autoencoder = VariationalAutoencoder(
        2, network=ConvNetwork((4,), hidden_layer_sizes=(8,)), epochs=1, random_state=0
    ).fit(X.reshape(-1, 8, 8))
    assert autoencoder.sample(2).shape == (2, 8, 8)


@pytest.mark.parametrize(
    "settings", [{"loss": "mae"}, {"loss": "binary_crossentropy"}, {"loss": keras.losses.Huber()}]
)
def test_loss_that_is_no_likelihood(X, settings):
    with pytest.raises(ValueError, match="is a likelihood"):
        VariationalAutoencoder(**settings).fit(X)


@pytest.mark.parametrize("number", [0, -1, 2.5])
def test_numbers_of_draws_and_steps_are_named(fitted, X, number):
    for name, use in {
        "n_samples": lambda: fitted.sample(number),
        "n_steps": lambda: fitted.interpolate(X[:2], X[2:4], n_steps=number),
        "importance_samples": lambda: fitted.score_samples(X[:2], number),
    }.items():
        with pytest.raises(ValueError, match=f"'{name}' parameter.*must be an int in the range"):
            use()
