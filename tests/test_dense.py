"""The dense autoencoder at its defaults: what it promises against PCA, on real data."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skae import DenseAutoencoder
from skae.engine import Rows
from skae.model._principal import is_beaten, principal_axes

_BUNDLED = ("iris", "wine", "breast_cancer", "diabetes", "digits")
_EXTERNAL = ("adbench/glass", "adbench/vowels", "ecg5000")


def _bundled(name):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    rows = np.random.RandomState(0).permutation(len(X))[:700]
    return X[rows], y[rows]


def _external(name):
    home = os.environ.get("SKAE_DATA_HOME")
    if not home or not (Path(home) / f"{name}.npz").exists():
        pytest.skip(f"{name}.npz is not in SKAE_DATA_HOME={home}")
    with np.load(Path(home) / f"{name}.npz") as arrays:
        return arrays["X" if "X" in arrays else "x_train"].astype(np.float64)[:700]


def _against_pca(X, n_components):
    """Return held-out variance reconstructed by PCA and by the default autoencoder, and both."""
    train, test = train_test_split(X, test_size=0.3, random_state=0)
    pca = PCA(n_components).fit(train)
    residual = test - pca.inverse_transform(pca.transform(test))
    variance = 1 - (residual**2).sum() / ((test - pca.mean_) ** 2).sum()
    autoencoder = DenseAutoencoder(n_components, random_state=0).fit(train)
    return variance, autoencoder.score(test), pca, autoencoder


@pytest.mark.slow
@pytest.mark.parametrize("n_components", [2, 6])
def test_never_worse_than_pca_on_held_out_rows_and_codes_tell_classes_better(n_components):
    lost, gained = {}, []
    for name in _BUNDLED:
        X, y = _bundled(name)
        if X.shape[1] < n_components:
            continue
        for standardized in (False, True):
            rows = StandardScaler().fit_transform(X) if standardized else X
            variance, score, pca, autoencoder = _against_pca(rows, n_components)
            if score < variance - 0.002:
                lost[name, standardized] = (variance, score)
            if name != "diabetes":  # its target is no class
                accuracies = [
                    SVC()
                    .fit(codes[: len(y) // 2], y[: len(y) // 2])
                    .score(codes[len(y) // 2 :], y[len(y) // 2 :])
                    for codes in (pca.transform(rows), autoencoder.transform(rows))
                ]
                gained.append(accuracies[1] - accuracies[0])
    assert not lost
    assert np.mean(gained) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", _EXTERNAL)
def test_never_worse_than_pca_on_external_data(name):
    for n_components in (2, 6):
        variance, score, *_ = _against_pca(_external(name), n_components)
        assert score >= variance - 0.002


@pytest.mark.slow
def test_two_components_in_a_pipeline_with_svc_beat_those_of_pca():
    X, y = datasets.load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.3, random_state=0, stratify=y
    )
    by_pca = Pipeline([("pca", PCA(2)), ("svm", SVC())]).fit(X_train, y_train)
    pipeline = Pipeline(
        [("ae", DenseAutoencoder(n_components=2, random_state=0)), ("svm", SVC())]
    ).fit(X_train, y_train)
    assert pipeline.score(X_test, y_test) >= by_pca.score(X_test, y_test) + 0.12


@pytest.mark.slow
def test_grid_search_in_two_processes_gives_what_one_gives():
    X, y = datasets.load_iris(return_X_y=True)
    pipeline = Pipeline(
        [
            ("ae", DenseAutoencoder(hidden_layer_sizes=(8,), epochs=3, random_state=0)),
            ("svm", SVC()),
        ]
    )
    grid = {"ae__n_components": [1, 2], "ae__early_stopping": [False]}
    results = [GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).fit(X, y) for n_jobs in (None, 2)]
    alone, together = (result.cv_results_["mean_test_score"] for result in results)
    np.testing.assert_array_equal(alone, together)
    codes = [result.best_estimator_["ae"].transform(X) for result in results]
    np.testing.assert_array_equal(*codes)


def test_start_is_the_reconstruction_of_pca():
    X = datasets.load_wine().data
    pca = PCA(3).fit(X)
    # One step that no float32 weight notices.
    start = DenseAutoencoder(
        3, init="pca", optimizer="sgd", learning_rate=1e-30, epochs=1, early_stopping=False
    ).fit(X)
    assert start.score(X) == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-6)
    codes = start.transform(X) * start._scale.scale
    np.testing.assert_allclose(np.abs(codes), np.abs(pca.transform(X)), atol=0.05)


@pytest.mark.slow
def test_init_auto_is_pca_only_where_a_pca_is_possible():
    X = datasets.load_wine().data / 2000

    def codes(**parameters):
        small = DenseAutoencoder(
            2, hidden_layer_sizes=(8,), epochs=1, early_stopping=False, random_state=0
        )
        return small.set_params(**parameters).fit(X).transform(X)

    np.testing.assert_array_equal(codes(init="auto"), codes(init="pca"))
    assert not np.allclose(codes(init="auto"), codes(init="random"), atol=0.01)
    bounded = {"output_activation": "sigmoid"}
    np.testing.assert_array_equal(codes(**bounded), codes(init="random", **bounded))
    assert codes(n_components=20).shape == (len(X), 20)


@pytest.mark.parametrize(
    "parameters", [{"output_activation": "sigmoid"}, {"code_activation": "tanh"}]
)
def test_bounded_activations_bound_what_they_compute(parameters):
    X = datasets.load_digits().data[:64] / 16
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(8,), epochs=1, random_state=0, **parameters
    ).fit(X)
    bounded = (
        autoencoder.reconstruct(X)
        if "output_activation" in parameters
        else autoencoder.transform(100 * X)
    )
    low = 0 if "output_activation" in parameters else -1
    assert bounded.min() >= low
    assert bounded.max() <= 1


def test_start_is_beaten_by_lower_errors_of_most_rows_only():
    rng = np.random.default_rng(0)
    start = rng.gamma(1.0, size=60)
    start[:3] *= 1e3
    assert is_beaten(start, start * rng.uniform(0.6, 1.0, size=60))
    assert not is_beaten(start, start)
    assert not is_beaten(start, start * rng.uniform(0.9, 1.3, size=60))
    only_outliers = np.where(start > 50, 0.1 * start, start * rng.uniform(0.95, 1.05, size=60))
    assert not is_beaten(start, only_outliers)


def test_axes_of_few_wide_samples_are_singular_vectors():
    rows = np.random.default_rng(0).normal(size=(12, 40)).astype(np.float32)
    rows -= rows.mean(axis=0)
    axes = principal_axes(Rows(rows), 12, None)
    expected = np.linalg.svd(rows.astype(np.float64), full_matrices=False)[2]
    along = np.abs(np.einsum("ij,ij->i", axes, expected))
    np.testing.assert_allclose(along[:-1], 1, atol=1e-5)
    np.testing.assert_allclose(axes @ axes.T, np.eye(12), atol=1e-5)  # the last one is any


def test_axes_of_few_wide_samples_heed_weights():
    rows = np.random.default_rng(0).normal(size=(6, 30)).astype(np.float32)
    weighted = principal_axes(Rows(rows, np.array([3, 1, 1, 1, 1, 1], np.float32)), 2, None)
    repeated = principal_axes(Rows(np.concatenate([rows, rows[:1], rows[:1]])), 2, None)
    np.testing.assert_allclose(weighted, repeated, atol=1e-5)
