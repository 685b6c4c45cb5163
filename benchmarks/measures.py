"""What a code is worth: reconstruction, classification, retrieval and time, on held-out rows."""

import time
from dataclasses import dataclass

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

N_NEIGHBORS, N_FOLDS = 10, 3


@dataclass(frozen=True)
class Measurement:
    """One encoder on one split; None where a measure has no meaning.

    Parameters
    ----------
    method : str
        Name of the encoder.
    components : int
        Numbers per code.
    seed : int
        `random_state` of the encoder.
    r2, mse : float or None
        Fraction of held-out variance reconstructed, and mean squared error per feature.
    svc_accuracy, knn_accuracy : float or None
        Held-out accuracy of an SVC and of 5 nearest neighbours on the codes.
    precision_at_10 : float or None
        Share of a held-out row's class among the 10 training rows with the nearest codes.
    query_us, fit_s, transform_us : float or None
        Microseconds a query, seconds of fitting, microseconds a row encoded.
    """

    method: str
    components: int
    seed: int
    r2: float | None = None
    mse: float | None = None
    svc_accuracy: float | None = None
    knn_accuracy: float | None = None
    precision_at_10: float | None = None
    query_us: float | None = None
    fit_s: float | None = None
    transform_us: float | None = None


def measure(method, encoder, split, *, has_classes, seed):
    """Fit an encoder in place and measure its codes.

    Parameters
    ----------
    method : str
        Name of the encoder in the report.
    encoder : transformer with `inverse_transform`
        The encoder to fit, with `n_components`.
    split : datasets.Split
        Training and held-out rows.
    has_classes : bool
        Whether the labels are classes, so that accuracies have a meaning.
    seed : int
        Seed that the encoder was given.

    Returns
    -------
    Measurement
    """
    fit_s = _seconds(lambda: encoder.fit(split.X_train))
    reconstructed = encoder.inverse_transform(encoder.transform(split.X_test))
    transform_s = _least_seconds(lambda: encoder.transform(split.X_test))
    return Measurement(
        method=method,
        components=encoder.n_components,
        seed=seed,
        r2=variance_reconstructed(split.X_test, reconstructed, split.X_train.mean(axis=0)),
        mse=float(mean_squared_error(split.X_test, reconstructed)),
        fit_s=fit_s,
        transform_us=1e6 * transform_s / len(split.X_test),
        **(_class_measures(encoder, split) if has_classes else {}),
    )


def measure_features(method, split):
    """Measure the features themselves, as a code that nothing was taken from.

    Parameters
    ----------
    method : str
        Name of the row in the report.
    split : datasets.Split
        Training and held-out rows, whose labels are classes.

    Returns
    -------
    Measurement
    """
    identity = FunctionTransformer().fit(split.X_train)
    components = split.X_train.shape[1]
    return Measurement(method, components, seed=0, **_class_measures(identity, split))


def variance_reconstructed(X, reconstructed, mean):
    """Fraction of variance reconstructed, on the scale of PCA's explained variance.

    Parameters
    ----------
    X, reconstructed : ndarray of shape (n_samples, n_features)
        Rows and their reconstructions.
    mean : ndarray of shape (n_features,)
        Mean of the training rows, the reconstruction that earns 0.

    Returns
    -------
    float
    """
    residual = np.asarray(X, dtype=np.float64) - reconstructed
    return float(1 - np.square(residual).sum() / np.square(X - mean, dtype=np.float64).sum())


def precision_at(database, database_labels, queries, query_labels, n_neighbors=N_NEIGHBORS):
    """Retrieve the nearest database rows of every query and count the query's class among them.

    Parameters
    ----------
    database, queries : ndarray of shape (n_samples, n_components)
        Codes searched, and codes searched for.
    database_labels, query_labels : ndarray of shape (n_samples,)
        Their classes.
    n_neighbors : int, default=10
        Rows retrieved for a query.

    Returns
    -------
    precision : float
        Mean share of retrieved rows with the query's class.
    seconds : float
        Time of one query, the encoding of it not counted.
    """
    index = NearestNeighbors(n_neighbors=n_neighbors).fit(database)
    neighbors = index.kneighbors(queries, return_distance=False)
    hits = database_labels[neighbors] == query_labels[:, np.newaxis]
    seconds = _least_seconds(lambda: index.kneighbors(queries, return_distance=False))
    return float(hits.mean()), seconds / len(queries)


def n_search_fits(grid):
    """Count the fits of `search` that are scored.

    Parameters
    ----------
    grid : dict of str to list
        Encoder parameters.

    Returns
    -------
    int
    """
    return N_FOLDS * len(ParameterGrid(grid))


def search(encoder, split, grid, *, has_classes, seed, on_fit):
    """Search a grid of encoder parameters by cross-validation.

    Parameters
    ----------
    encoder : transformer with `score`
        The encoder; with classes it stands as step "ae" before an SVC, else alone.
    split : datasets.Split
        Its training rows are searched.
    grid : dict of str to list
        Encoder parameters, without the prefix of the step.
    has_classes : bool
        Whether accuracy is searched for, or the encoder's own score.
    seed : int
        Seed of the folds.
    on_fit : callable
        Called without arguments after every fit, for a progress bar.

    Returns
    -------
    GridSearchCV
        Fitted.
    """
    model = encoder
    if has_classes:
        model = Pipeline([("ae", encoder), ("svm", SVC())])
        grid = {f"ae__{name}": values for name, values in grid.items()}

    def scored(fitted, X, y=None):
        on_fit()
        return fitted.score(X, y)

    folds = KFold(N_FOLDS, shuffle=True, random_state=seed)
    candidates = GridSearchCV(model, grid, scoring=scored, cv=folds)
    return candidates.fit(split.X_train, split.y_train if has_classes else None)


def _class_measures(encoder, split):
    codes, queries = encoder.transform(split.X_train), encoder.transform(split.X_test)
    precision, query_s = precision_at(codes, split.y_train, queries, split.y_test)
    return {
        "svc_accuracy": _accuracy(encoder, SVC(), split),
        "knn_accuracy": _accuracy(encoder, KNeighborsClassifier(5), split),
        "precision_at_10": precision,
        "query_us": 1e6 * query_s,
    }


def _accuracy(encoder, classifier, split):
    """Held-out accuracy of a pipeline that starts at an encoder already fitted."""
    pipeline = Pipeline([("encoder", FrozenEstimator(encoder)), ("classifier", classifier)])
    pipeline.fit(split.X_train, split.y_train)
    return float(pipeline.score(split.X_test, split.y_test))


def _least_seconds(step):
    """Time a step three times; the least is the one that other programs disturbed the least."""
    return min(_seconds(step) for _ in range(3))


def _seconds(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
