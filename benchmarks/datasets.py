"""Data sets of the benchmarks: rows, and labels."""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import sklearn.datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import BenchmarkError, start_keras

TABLES = ("breast_cancer", "diabetes", "iris", "wine")
IMAGES = ("fashion_mnist", "mnist")
OF_PIXELS = ("digits", *IMAGES)
ANOMALIES = "adbench/"
NAMES = ("digits", *TABLES, *IMAGES, "creditcard", "ecg5000", f"{ANOMALIES}<name>")

CLASSES = {
    "digits": "0 1 2 3 4 5 6 7 8 9",
    "mnist": "0 1 2 3 4 5 6 7 8 9",
    "fashion_mnist": "T-shirt trouser pullover dress coat sandal shirt sneaker bag boot",
    "ecg5000": "normal R-on-T ventricular supraventricular unclassified",
    "creditcard": "genuine fraud",
}
PUBLISHED_SPLIT = ("x_train", "y_train", "x_test", "y_test")
ORIGINS = {
    "ecg5000": "https://www.timeseriesclassification.com/description.php?Dataset=ECG5000",
    "creditcard": "https://www.openml.org/d/1597",
    ANOMALIES: "https://github.com/Minqi824/ADBench/tree/main/adbench/datasets/Classical",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of one data set in their own units."""

    name: str
    X: np.ndarray
    y: np.ndarray
    target_names: tuple[str, ...] | None = None
    n_train: int | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows and held-out rows, with their labels."""

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray
    has_classes: bool


def load(name):
    if name == "digits":
        bunch = sklearn.datasets.load_digits()
        return _named(name, bunch.data / 16, bunch.target)
    if name in TABLES:
        bunch = getattr(sklearn.datasets, f"load_{name}")()
        classes = bunch.get("target_names")
        classes = None if classes is None else tuple(map(str, classes))
        return Dataset(name, bunch.data, bunch.target, classes)
    if name in IMAGES:
        return _divided(name, *_images(name), unit=255)
    if name == "ecg5000":
        return _divided(name, *_read(name, *PUBLISHED_SPLIT), first_class=1)
    if name == "creditcard" or re.fullmatch(rf"{ANOMALIES}\w+", name):
        return _named(name, *_read(name, "X", "y"))
    raise BenchmarkError(
        f"Expected a data set out of {', '.join(NAMES)}; received {name!r}. "
        "Pass one of these names to --data."
    )


@lru_cache(maxsize=2)
def training_rows(name, rows):
    dataset = load(name)
    return np.ascontiguousarray(dataset.X[: dataset.n_train][:rows], dtype=np.float32)


def split(dataset, *, rows, standardize, random_state):
    """Hold rows out, keep at most `rows` on either side, and standardize if asked."""
    rng = np.random.default_rng(random_state)
    sides = _split_indices(dataset, random_state)
    train, test = (_stratified_sample(indices, dataset.y, rows, rng) for indices in sides)
    X_train, X_test = dataset.X[train], dataset.X[test]
    if standardize:
        scaler = StandardScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    has_classes = dataset.target_names is not None
    return Split(X_train, X_test, dataset.y[train], dataset.y[test], has_classes)


def _split_indices(dataset, random_state):
    indices = np.arange(len(dataset.X))
    if dataset.n_train is not None:
        return indices[: dataset.n_train], indices[dataset.n_train :]
    classes = None if dataset.target_names is None else dataset.y
    return train_test_split(indices, test_size=0.25, stratify=classes, random_state=random_state)


def _stratified_sample(indices, y, rows, rng):
    """Take evenly spaced rows out of the shuffled rows sorted by label."""
    if len(indices) <= rows:
        return indices
    shuffled = rng.permutation(indices)
    by_label = shuffled[np.argsort(y[shuffled], kind="stable")]
    return rng.permutation(by_label[np.linspace(0, len(indices) - 1, rows).round().astype(int)])


def _named(name, X, y, n_train=None):
    classes = tuple(CLASSES.get(name, "normal anomaly").split())
    return Dataset(name, X.astype(np.float32), y.astype(np.intp), classes, n_train)


def _divided(name, x_train, y_train, x_test, y_test, *, unit=1, first_class=0):
    """Return a data set with a published division, its entries in some unit."""
    X = np.concatenate([x_train, x_test]).reshape(len(x_train) + len(x_test), -1)
    y = np.concatenate([y_train, y_test]) - first_class
    return _named(name, X.astype(np.float32) / unit, y, len(x_train))


def _images(name):
    if _path(name).is_file():
        return _read(name, *PUBLISHED_SPLIT)
    try:
        (x_train, y_train), (x_test, y_test) = getattr(start_keras().datasets, name).load_data()
        return x_train, y_train, x_test, y_test
    except Exception as error:  # Keras raises a bare Exception when a download fails
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BenchmarkError(
            f"Expected {name}.npz in the folder that SKAE_DATA_HOME names, or a network to fetch "
            f"it; received neither ({reason}): connect to the network, or put a "
            f"{name}.npz there as Keras distributes it and set SKAE_DATA_HOME to its folder."
        ) from error


def _path(name):
    return Path(os.environ.get("SKAE_DATA_HOME") or "no-such-folder", f"{name}.npz")


def _read(name, *keys):
    """Return arrays of the file of a data set."""
    path = _path(name)
    if not path.is_file():
        origin = ORIGINS[ANOMALIES if name.startswith(ANOMALIES) else name]
        raise BenchmarkError(
            f"Expected the file {name}.npz in the folder that SKAE_DATA_HOME names; received "
            f"SKAE_DATA_HOME={os.environ.get('SKAE_DATA_HOME')!r} without it: fetch the original "
            f"from {origin} and save it there with the arrays {', '.join(keys)}."
        )
    with np.load(path, allow_pickle=False) as arrays:
        missing = [key for key in keys if key not in arrays]
        if missing:
            raise BenchmarkError(
                f"Expected the arrays {', '.join(keys)} in {path}; received "
                f"{', '.join(arrays)}: save the file again with these names."
            )
        return tuple(arrays[key] for key in keys)
