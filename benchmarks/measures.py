"""What a code is worth: reconstruction, classification, retrieval and time, on held-out rows."""

import time

import numpy as np
from sklearn.metrics import mean_squared_error
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.svm import SVC


def measure(method, encoder, split, *, has_classes, seed):
    """Fit an encoder in place and return the measures of its codes."""
    fit_s = _seconds(lambda: encoder.fit(split.X_train))
    reconstructed = encoder.inverse_transform(encoder.transform(split.X_test))
    transform_s = _least_seconds(lambda: encoder.transform(split.X_test))
    return {
        "method": method,
        "components": encoder.n_components,
        "seed": seed,
        "r2": variance_reconstructed(split.X_test, reconstructed, split.X_train.mean(axis=0)),
        "mse": float(mean_squared_error(split.X_test, reconstructed)),
        **(_class_measures(encoder, split) if has_classes else {}),
        "fit_s": fit_s,
        "transform_us": 1e6 * transform_s / len(split.X_test),
    }


def variance_reconstructed(X, reconstructed, mean):
    """Fraction of variance reconstructed, on the scale of PCA's explained variance."""
    residual = np.asarray(X, dtype=np.float64) - reconstructed
    return float(1 - np.square(residual).sum() / np.square(X - mean, dtype=np.float64).sum())


def precision_at(database, database_labels, queries, query_labels, n_neighbors=10):
    """Retrieve the nearest database rows of every query and count the query's class among them."""
    index = NearestNeighbors(n_neighbors=n_neighbors).fit(database)
    neighbors = index.kneighbors(queries, return_distance=False)
    hits = database_labels[neighbors] == query_labels[:, np.newaxis]
    seconds = _least_seconds(lambda: index.kneighbors(queries, return_distance=False))
    return float(hits.mean()), seconds / len(queries)


def _class_measures(encoder, split):
    codes, queries = encoder.transform(split.X_train), encoder.transform(split.X_test)
    known, asked = (codes, split.y_train), (queries, split.y_test)
    precision, query_s = precision_at(*known, *asked)
    return {
        "svc_accuracy": SVC().fit(*known).score(*asked),
        "knn_accuracy": KNeighborsClassifier(5).fit(*known).score(*asked),
        "precision_at_10": precision,
        "query_us": 1e6 * query_s,
    }


def _least_seconds(step):
    """Time a step three times; the least is the one that other programs disturbed the least."""
    return min(_seconds(step) for _ in range(3))


def _seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
