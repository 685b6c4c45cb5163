"""Initialization from PCA: principal axes, and whether training improved on them."""

import numpy as np
from scipy import linalg
from scipy.stats import t as student
from sklearn.utils.extmath import randomized_svd

from skae.data._chunks import ROWS_AT_ONCE, chunks
from skae.engine import Rows, StreamedRows
from skae.model._scaling import weighted_mean
from skae.model._threads import threads_for

_LARGEST_EXACT = 2048
_OVERSAMPLING = 10
_N_POWERS = 5


def principal_axes(rows: Rows | StreamedRows, n_components: int, rng) -> np.ndarray:
    """Return the leading principal axes of standardized rows.

    Parameters
    ----------
    rows : Rows or StreamedRows
        Centered.
    n_components : int
        At most min(n, n_features).
    rng : RandomState
        Used where both n and n_features are large, for a randomized range (Halko, Martinsson and
        Tropp, 2011); of streamed rows by passes over all of them.

    Returns
    -------
    axes : ndarray of shape (n_components, n_features), float32
        Orthonormal, the entry of largest magnitude of each positive.
    """
    n_at_once = min(len(rows), ROWS_AT_ONCE)  # in a product, of which there may be many
    with threads_for(n_at_once * rows.n_features * min(len(rows), rows.n_features)):
        axes = _right_singular_vectors(rows, n_components, rng)
    largest = axes[np.arange(n_components), np.abs(axes).argmax(axis=1)]
    return (axes * np.where(largest < 0, -1, 1)[:, None]).astype(np.float32)


def _right_singular_vectors(rows, n_components, rng):
    if rows.n_features <= min(len(rows), _LARGEST_EXACT):
        return _leading_eigenvectors(_scatter(rows), n_components)
    if isinstance(rows, StreamedRows):
        return _leading_in_range(rows, n_components, rng)
    values, weights = next(rows.blocks())
    weighted = _weighted(values.reshape(len(values), -1), weights)
    if len(weighted) <= _LARGEST_EXACT:
        return _leading_of_few_rows(weighted, n_components)
    return randomized_svd(weighted, n_components, n_iter=7, random_state=rng)[2]


def _scatter(rows):
    """Return Σ w x xᵀ in float64."""
    scatter = np.zeros((rows.n_features, rows.n_features))
    for values, weights in rows.blocks():
        flat = values.reshape(len(values), -1)
        for chunk in chunks(*flat.shape, in_cache=False):
            weighted = _weighted(
                flat[chunk].astype(np.float64), None if weights is None else weights[chunk]
            )
            scatter += weighted.T @ weighted
    return scatter


def _leading_of_few_rows(rows, n_components):
    """Return right singular vectors out of the small product of the rows with each other."""
    products = np.zeros((len(rows), len(rows)))
    for chunk in chunks(rows.shape[1], len(rows)):
        some = rows[:, chunk].astype(np.float64)
        products += some @ some.T
    vectors = _leading_eigenvectors(products, n_components)
    # Orthonormal also where a singular value is zero, as the last one of centered rows is.
    return linalg.qr((vectors @ rows).T, mode="economic")[0].T


def _leading_in_range(rows, n_components, rng):
    """Return singular vectors out of the range of powers of the scatter matrix, never formed."""
    n_columns = min(n_components + _OVERSAMPLING, len(rows), rows.n_features)
    basis = rng.standard_normal((rows.n_features, n_columns))
    for _ in range(_N_POWERS):
        basis = linalg.qr(basis, mode="economic")[0]
        image = np.zeros_like(basis)
        for values, weights in rows.blocks():
            weighted = _weighted(values.reshape(len(values), -1), weights)
            image += weighted.T @ (weighted @ basis)
        basis, last = image, basis
    within = _leading_eigenvectors(last.T @ image, n_components)
    return within @ last.T


def _weighted(values, weights):
    return values if weights is None else values * np.sqrt(weights)[:, None]


def _leading_eigenvectors(scatter, n_components):
    n_features = len(scatter)
    _, vectors = linalg.eigh(scatter, subset_by_index=[n_features - n_components, n_features - 1])
    return vectors.T[::-1]


def principal_variances(
    rows: Rows | StreamedRows, n_axes: int, rng
) -> tuple[np.ndarray, np.ndarray]:
    """Return principal axes, as :func:`principal_axes` does, and the variances along them."""
    axes = principal_axes(rows, n_axes, rng)
    variances = _mean_over(
        rows, lambda flat, weights: weighted_mean(np.square(flat @ axes.T), weights)
    )
    return axes, variances


def mean_of_squares(rows: Rows | StreamedRows) -> float:
    """Return the mean squared norm of centered rows, their total variance."""

    def of_some(flat, weights):
        squares = np.einsum("ij,ij->i", flat, flat, dtype=np.float64)
        return np.average(squares, weights=weights)

    return _mean_over(rows, of_some)


def _mean_over(rows, mean_of):
    """Return the mean over all rows of what a function returns as the mean of some flat rows."""
    means, totals = [], []
    for values, weights in rows.blocks():
        means.append(mean_of(values.reshape(len(values), -1), weights))
        totals.append(len(values) if weights is None else weights.sum(dtype=np.float64))
    return sum(mean * (total / sum(totals)) for mean, total in zip(means, totals, strict=True))


def is_beaten(
    start_errors: np.ndarray, errors: np.ndarray, sample_weight: np.ndarray | None = None
) -> bool:
    """Tell whether held-out rows show that training improved on the start, beyond chance.

    The mean error must be lower, and a one-sided paired t-test of the logarithms of the errors must
    be significant. Logarithms keep a few rows with very large errors from dominating the test.
    Errors below a thousandth of the mean count as zero.

    Parameters
    ----------
    start_errors, errors : ndarray of shape (n,)
        Squared errors of the same rows, at the start and now.
    sample_weight : ndarray of shape (n,) or None
        Weights of the rows, in means and variance; (Σ w)² / Σ w² is then the number of rows.
    """
    weights = np.ones(len(errors)) if sample_weight is None else sample_weight.astype(np.float64)
    weights = weights / weights.sum()
    n_rows = 1 / (weights @ weights)
    if n_rows < 2 or weights @ errors >= weights @ start_errors:
        return False
    floor = weights @ start_errors / 1000
    gains = np.log((start_errors + floor) / (errors + floor))
    gain = weights @ gains
    variance = weights @ (gains - gain) ** 2 / (n_rows - 1)
    if variance == 0:
        return bool(gain > 0)
    return bool(student.sf(gain / np.sqrt(variance), n_rows - 1) < 0.05)
