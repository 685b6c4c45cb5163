"""What a code is worth: reconstruction, classification, retrieval and time, on held-out rows."""

import time
from math import prod

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.svm import SVC

ROWS_AT_ONCE = 1000  # that a reconstruction takes, so that convolutions fit into memory


def measure(encoder, split):
    """Fit an encoder in place and return the measures of its codes."""
    _, fit_s = timed(encoder.fit, split.X_train)
    codes = encoder.transform(split.X_test)
    reconstructed = encoder.inverse_transform(codes)
    found = {"r2": variance_reconstructed(split.X_test, reconstructed, split.X_train.mean(axis=0))}
    if split.has_classes:
        known, asked = (encoder.transform(split.X_train), split.y_train), (codes, split.y_test)
        found |= {
            "svc_accuracy": SVC().fit(*known).score(*asked),
            "knn_accuracy": KNeighborsClassifier(5).fit(*known).score(*asked),
            "precision_at_10": precision_at(*known, *asked),
        }
    return found | {"fit_s": fit_s}


def variance_reconstructed(X, reconstructed, mean):
    """Fraction of variance reconstructed, on the scale of PCA's explained variance."""
    residual = np.asarray(X, dtype=np.float64) - reconstructed
    return float(1 - np.square(residual).sum() / np.square(X - mean, dtype=np.float64).sum())


def precision_at(database, database_labels, queries, query_labels, n_neighbors=10):
    """Retrieve the nearest database rows of every query and count the query's class among them."""
    index = NearestNeighbors(n_neighbors=n_neighbors).fit(database)
    neighbors = index.kneighbors(queries, return_distance=False)
    return float((database_labels[neighbors] == query_labels[:, np.newaxis]).mean())


def loss_of(loss, X, reconstruct, fed=None):
    """Return the mean loss per entry of X, reconstructed from X or from what is fed."""
    total = 0.0
    for start in range(0, len(X), ROWS_AT_ONCE):
        rows = X[start : start + ROWS_AT_ONCE]
        given = rows if fed is None else fed[start : start + ROWS_AT_ONCE]
        outputs = np.asarray(reconstruct(given), dtype=np.float64).reshape(rows.shape)
        if loss == "mse":
            total += np.square(rows - outputs).sum()
        else:
            outputs = outputs.clip(1e-7, 1 - 1e-7)  # as Keras clips it
            total -= (rows * np.log(outputs) + (1 - rows) * np.log1p(-outputs)).sum()
    return float(total / X.size)


def n_weights(model):
    """Return the number of weights that a Keras model trains."""
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def epoch_seconds(estimator, X):
    """Return the median seconds of an epoch after the first, by the clock and of the processor."""
    import keras

    marks = []

    def mark(epoch, logs):
        marks.append((time.perf_counter(), time.process_time()))

    callback = keras.callbacks.LambdaCallback(on_epoch_begin=mark, on_epoch_end=mark)
    estimator.set_params(callbacks=[callback]).fit(X)
    return np.median(np.diff(np.reshape(marks, (-1, 2, 2)), axis=1)[1:, 0], axis=0)


def timed(function, *arguments):
    """Return what a function gives, and its seconds."""
    start = time.perf_counter()
    value = function(*arguments)
    return value, time.perf_counter() - start
