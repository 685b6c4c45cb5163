"""Data sets of the benchmarks: rows, labels, and what is needed to draw them."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sklearn.datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import BenchmarkError, start_keras

TABLES = ("breast_cancer", "diabetes", "iris", "wine")
IMAGES = ("fashion_mnist", "mnist")
ANOMALIES = "adbench/"
NAMES = ("digits", *TABLES, *IMAGES, "creditcard", "ecg5000", f"{ANOMALIES}<name>")

DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)
HEARTBEAT_NAMES = ("normal", "R-on-T", "ventricular", "supraventricular", "unclassified")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows of one data set in their own units.

    Parameters
    ----------
    name : str
        Name on the command line.
    X : ndarray of shape (n_samples, n_features)
        The rows. Images are flattened float32 pixels in [0, 1].
    y : ndarray of shape (n_samples,)
        Class indices into `target_names`, or a continuous target where that is None.
    feature_names : tuple of str
        One name per column of `X`.
    target_names : tuple of str or None, default=None
        Class names; None says that the rows have no classes.
    image_shape : tuple of int or None, default=None
        Height and width of an image row; None for tables and series.
    sequence_shape : tuple of int or None, default=None
        Steps and channels of a series; None for tables and images.
    n_train : int or None, default=None
        The published split: so many leading rows are for training. None where nobody published one.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...] | None = None
    image_shape: tuple[int, int] | None = None
    sequence_shape: tuple[int, int] | None = None
    n_train: int | None = None


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows and held-out rows, with their labels."""

    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


def load(name):
    """Load a data set by its name on the command line.

    Parameters
    ----------
    name : str
        One of `NAMES`; "adbench/" takes the name of a file in that folder.

    Returns
    -------
    Dataset

    Raises
    ------
    BenchmarkError
        If there is no such data set, or its file is neither here nor to be fetched.
    """
    if name == "digits":
        return _load_digits()
    if name in TABLES:
        return _load_table(name)
    if name in IMAGES:
        return _load_images(name)
    if name == "ecg5000":
        return _load_heartbeats()
    if name == "creditcard":
        return _load_creditcard()
    if re.fullmatch(rf"{ANOMALIES}\w+", name):
        return _load_adbench(name)
    raise BenchmarkError(
        f"Expected a data set out of {', '.join(NAMES)}; received {name!r}. "
        "Pass one of these names to --data."
    )


def split(dataset, *, rows, standardize, random_state):
    """Hold rows out, keep at most `rows` on either side, and standardize if asked.

    Parameters
    ----------
    dataset : Dataset
        The data set; its published split is used where there is one, else a quarter is held out.
    rows : int
        Largest number of training rows, and of held-out rows; samples keep the class proportions.
    standardize : bool
        Whether every column is brought to mean 0 and variance 1 over the training rows.
    random_state : int
        Seed of the split and of the samples.

    Returns
    -------
    Split
    """
    train, test = _split_indices(dataset, random_state)
    rng = np.random.default_rng(random_state)
    train = _stratified_sample(train, dataset.y, rows, rng)
    test = _stratified_sample(test, dataset.y, rows, rng)
    X_train, X_test = dataset.X[train], dataset.X[test]
    if standardize:
        scaler = StandardScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    return Split(X_train, X_test, dataset.y[train], dataset.y[test])


def sample_training(split, rows, random_state):
    """Keep at most `rows` training rows of a split, in the class proportions.

    Parameters
    ----------
    split : Split
        The split.
    rows : int
        Largest number of training rows.
    random_state : int
        Seed of the sample.

    Returns
    -------
    Split
    """
    rng = np.random.default_rng(random_state)
    kept = _stratified_sample(np.arange(len(split.X_train)), split.y_train, rows, rng)
    return replace(split, X_train=split.X_train[kept], y_train=split.y_train[kept])


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


def _load_digits():
    bunch = sklearn.datasets.load_digits()
    return Dataset(
        name="digits",
        X=(bunch.data / 16).astype(np.float32),
        y=bunch.target,
        feature_names=tuple(bunch.feature_names),
        target_names=DIGIT_NAMES,
        image_shape=(8, 8),
    )


def _load_table(name):
    bunch = getattr(sklearn.datasets, f"load_{name}")()
    classes = bunch.get("target_names")
    return Dataset(
        name=name,
        X=bunch.data,
        y=bunch.target,
        feature_names=tuple(map(str, bunch.feature_names)),
        target_names=None if classes is None else tuple(map(str, classes)),
    )


def _load_images(name):
    path = _data_file(f"{name}.npz")
    if path is None:
        (x_train, y_train), (x_test, y_test) = _fetch_images(name)
    else:
        x_train, y_train, x_test, y_test = _read(path, "x_train", "y_train", "x_test", "y_test")
    images = np.concatenate([x_train, x_test])
    height, width = images.shape[1:]
    return Dataset(
        name=name,
        X=images.reshape(len(images), -1).astype(np.float32) / 255,
        y=np.concatenate([y_train, y_test]).astype(np.intp),
        feature_names=tuple(f"pixel_{i}_{j}" for i in range(height) for j in range(width)),
        target_names=DIGIT_NAMES if name == "mnist" else FASHION_NAMES,
        image_shape=(height, width),
        n_train=len(x_train),
    )


def _fetch_images(name):
    try:
        return getattr(start_keras().datasets, name).load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise BenchmarkError(
            f"Expected {name}.npz in the folder that SKAE_DATA_HOME names, or a network to fetch "
            f"it; received neither ({_first_line(error)}): connect to the network, or put a "
            f"{name}.npz there as Keras distributes it and set SKAE_DATA_HOME to its folder."
        ) from error


def _load_heartbeats():
    path = _required_file(
        "ecg5000.npz",
        arrays="x_train, y_train, x_test, y_test",
        origin="https://www.timeseriesclassification.com/description.php?Dataset=ECG5000",
    )
    x_train, y_train, x_test, y_test = _read(path, "x_train", "y_train", "x_test", "y_test")
    return Dataset(
        name="ecg5000",
        X=np.concatenate([x_train, x_test]).astype(np.float32),
        y=np.concatenate([y_train, y_test]).astype(np.intp) - 1,
        feature_names=tuple(f"t{i}" for i in range(x_train.shape[1])),
        target_names=HEARTBEAT_NAMES,
        sequence_shape=(x_train.shape[1], 1),
        n_train=len(x_train),
    )


def _load_creditcard():
    path = _required_file(
        "creditcard.npz",
        arrays="X (columns V1 to V28 and Amount) and y (1 = fraud)",
        origin="https://www.openml.org/d/1597",
    )
    X, y = _read(path, "X", "y")
    names = (*(f"V{i}" for i in range(1, X.shape[1])), "Amount")
    return Dataset("creditcard", X, y.astype(np.intp), names, ("genuine", "fraud"))


def _load_adbench(name):
    path = _required_file(
        f"{name}.npz",
        arrays="X and y (1 = anomaly)",
        origin="https://github.com/Minqi824/ADBench/tree/main/adbench/datasets/Classical",
    )
    X, y = _read(path, "X", "y")
    feature_names = tuple(f"x{i}" for i in range(X.shape[1]))
    X = X.astype(np.float32)
    return Dataset(name, X, y.astype(np.intp), feature_names, ("normal", "anomaly"))


def _data_file(relative_path):
    """Path of a file in the data folder, None where there is no such folder or file."""
    home = os.environ.get("SKAE_DATA_HOME")
    path = Path(home or "", relative_path)
    return path if home and path.is_file() else None


def _required_file(relative_path, *, arrays, origin):
    path = _data_file(relative_path)
    if path is None:
        home = os.environ.get("SKAE_DATA_HOME")
        raise BenchmarkError(
            f"Expected the file {relative_path} in the folder that SKAE_DATA_HOME names; received "
            f"{f'a folder without it ({home})' if home else 'no SKAE_DATA_HOME'}: fetch the "
            f"original from {origin} and save it there with the arrays {arrays}."
        )
    return path


def _read(path, *keys):
    with np.load(path, allow_pickle=False) as arrays:
        missing = [key for key in keys if key not in arrays]
        if missing:
            raise BenchmarkError(
                f"Expected the arrays {', '.join(keys)} in {path}; received "
                f"{', '.join(arrays)}: save the file again with these names."
            )
        return tuple(arrays[key] for key in keys)


def _first_line(error):
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
