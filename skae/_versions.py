"""Versions of skae and its dependencies."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from skae import __version__

_PACKAGES = (
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikeras",
    "pandas",
    "matplotlib",
)


def show_versions() -> None:
    """Print the versions of skae and its dependencies, for bug reports.

    No package is imported.

    Examples
    --------
    >>> from skae import show_versions
    >>> show_versions()  # doctest: +ELLIPSIS
    platform      ...
    python        ...
    skae          ...
    """
    found = {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "skae": __version__,
        "keras backend": _backend(),
        **{name: _version(name) for name in _PACKAGES},
    }
    sys.stdout.writelines(f"{name:<14}{text}\n" for name, text in found.items())


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _backend():
    """Return Keras's backend, or, before Keras is imported, what will decide it."""
    if "keras" in sys.modules:
        return sys.modules["keras"].backend.backend()
    return os.environ.get("KERAS_BACKEND", "not chosen yet: as in keras.json, or tensorflow")
