"""Searches and transforms over a cluster of two worker processes."""

import os
import signal
import threading

import dask.array as da
import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skae import DenseAutoencoder, ReconstructionOutlierDetector

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(name="X", scope="module")
def _rows():
    return load_digits().data[:600].astype(np.float32)


def search():
    autoencoder = DenseAutoencoder(hidden_layer_sizes=(16,), epochs=3, random_state=0)
    return GridSearchCV(autoencoder, {"n_components": [2, 4, 8]}, cv=2)


@pytest.fixture(scope="module")
def scores(X):
    return search().fit(X).cv_results_["mean_test_score"]


def test_search_over_a_cluster(client, X, scores):
    with joblib.parallel_config(backend="dask"):
        found = search().fit(X).cv_results_["mean_test_score"]
    np.testing.assert_allclose(found, scores, rtol=1e-5)


def test_a_killed_worker_loses_nothing(client, X, scores):
    victim = next(iter(client.run(os.getpid).values()))
    timer = threading.Timer(4, os.kill, (victim, signal.SIGKILL))
    timer.start()
    with joblib.parallel_config(backend="dask"):
        found = search().fit(X).cv_results_["mean_test_score"]
    timer.join()
    np.testing.assert_allclose(found, scores, rtol=1e-5)


def test_transforms_and_scores_are_those_of_one_process(client, X):
    autoencoder = DenseAutoencoder(4, hidden_layer_sizes=(16,), epochs=1, random_state=0)
    detector = ReconstructionOutlierDetector(autoencoder, random_state=0).fit(X)
    rows = da.from_array(X, chunks=(100, 32))
    np.testing.assert_allclose(detector.score_samples(rows).compute(), detector.score_samples(X))
    fitted = detector.autoencoder_
    np.testing.assert_allclose(fitted.transform(rows).compute(), fitted.transform(X), atol=1e-6)
    assert abs(fitted.score(rows) - fitted.score(X)) < 1e-6
