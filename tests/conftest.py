"""What all tests share: a quiet TensorFlow, and the autoencoders of `tests.estimators`."""

import os

# Tests run one process a core, and each process would otherwise take every core.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
from sklearn.base import clone

from tests.estimators import AUTOENCODERS, CORE, EXEMPT, digits


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Leave properties of all autoencoders, but for those in the core, to the slow tests."""
    for item in items:
        name = item.callspec.params.get("name") if hasattr(item, "callspec") else None
        if name in AUTOENCODERS and name not in CORE:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(name="X", scope="session")
def _rows():
    return digits()


@pytest.fixture(scope="session", params=AUTOENCODERS)
def name(request):
    return request.param


@pytest.fixture
def autoencoder(name):
    """Every autoencoder in turn, unfitted."""
    return clone(AUTOENCODERS[name])


@pytest.fixture(scope="session")
def fitted(name, X):
    """Every autoencoder in turn, fitted on X: to be used, never trained further."""
    return clone(AUTOENCODERS[name]).fit(X)


@pytest.fixture(autouse=True)
def _exemption(request):
    """Skip what an estimator is exempt from."""
    if "name" in request.fixturenames:
        reasons = EXEMPT.get(request.getfixturevalue("name"), {})
        test = request.node.originalname
        if test in reasons:
            pytest.skip(reasons[test])
