"""Problems of the anomaly benchmark: rows to train on, and labelled rows to score."""

import math
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import datasets

TABLES = (
    *("InternetAds", "Ionosphere", "PageBlocks", "WBC", "annthyroid", "breastw", "cardio", "fault"),
    *("glass", "letter", "mammography", "musk", "optdigits", "pendigits", "satellite", "shuttle"),
    *("thyroid", "vowels", "wine", "yeast"),
)
GROUP_NAMES = {
    "digits": "digits, one class normal",
    "mnist": "MNIST, one class normal",
    "fashion_mnist": "Fashion-MNIST, one class normal",
    "tables": "20 tables, trained on normal rows",
    "contaminated": "20 tables, anomalies left in training",
    "creditcard": "credit-card fraud",
    "ecg5000": "ECG5000 heartbeats",
}
QUICK_DIGITS = 3


@dataclass(frozen=True, eq=False)
class Problem:
    """One split of one data set."""

    group: str
    name: str
    X_train: np.ndarray
    X_test: np.ndarray
    is_anomaly: np.ndarray

    @property
    def is_image(self):
        """Whether rows are images whose neighbouring pixels are alike, unlike 8 x 8 digits."""
        return self.group in ("mnist", "fashion_mnist")

    def rows(self, *, in_own_shape):
        """Return flat rows, or images, series of one channel and rows of tables."""
        n_features = self.X_train.shape[1]
        shape = (n_features,)
        if in_own_shape and self.is_image:
            shape = (math.isqrt(n_features), math.isqrt(n_features))
        elif in_own_shape and self.group == "ecg5000":
            shape = (n_features, 1)
        return tuple(X.reshape(-1, *shape) for X in (self.X_train, self.X_test))

    @property
    def has_clean_training_rows(self):
        """Whether no anomaly is among the training rows."""
        return self.group != "contaminated"


def problems(group, *, seed, rows, quick):
    if group in ("tables", "contaminated", "creditcard"):
        divide = seventy_percent if group == "contaminated" else half_of_the_normal
        for name in ("creditcard",) if group == "creditcard" else TABLES:
            data = datasets.load(name if group == "creditcard" else f"{datasets.ANOMALIES}{name}")
            train, test = divide(data.y == 1, seed)
            scaler = StandardScaler().fit(data.X[train[:rows]])
            X_train, X_test = (scaler.transform(data.X[part]) for part in (train[:rows], test))
            yield Problem(group, name, X_train, X_test, data.y[test] == 1)
        return
    data = datasets.load(group)
    classes = range(QUICK_DIGITS if quick else len(data.target_names))
    for normal in classes if group != "ecg5000" else [0]:
        train, test = _published_or_half(data, normal, seed)
        name = f"{group} {data.target_names[normal]}"
        yield Problem(group, name, data.X[train[:rows]], data.X[test], data.y[test] != normal)


def half_of_the_normal(is_anomaly, seed):
    normal = np.random.RandomState(seed).permutation(np.flatnonzero(~is_anomaly))
    half = len(normal) // 2
    return normal[:half], np.concatenate([normal[half:], np.flatnonzero(is_anomaly)])


def seventy_percent(is_anomaly, seed):
    indices = np.arange(len(is_anomaly))
    return train_test_split(indices, test_size=0.3, stratify=is_anomaly, random_state=seed)


def _published_or_half(data, normal, seed):
    is_normal = data.y == normal
    if data.n_train is None:
        return half_of_the_normal(~is_normal, seed)
    indices = np.arange(len(data.y))
    return np.flatnonzero(is_normal[: data.n_train]), indices[data.n_train :]
