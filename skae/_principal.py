"""Principal axes, the start of linear codes."""

import numpy as np
from scipy import linalg
from sklearn.utils.extmath import randomized_svd

_LARGEST_EXACT = 2048
_ROWS_AT_ONCE = 8192


def principal_axes(rows, sample_weight, n_components: int, rng) -> np.ndarray:
    """Return the leading principal axes of centred rows.

    Parameters
    ----------
    rows : ndarray of shape (n, n_features), float32
        Centred.
    sample_weight : ndarray of shape (n,) or None
    n_components : int
        At most min(n, n_features).
    rng : RandomState
        Used where both n and n_features are large.

    Returns
    -------
    axes : ndarray of shape (n_components, n_features), float32
        Orthonormal, the entry of largest magnitude of each positive.
    """
    n, n_features = rows.shape
    if n_features <= min(n, _LARGEST_EXACT):
        axes = _leading_eigenvectors(_scatter(rows, sample_weight), n_components)
    else:
        weighted = rows if sample_weight is None else rows * np.sqrt(sample_weight)[:, None]
        if n <= _LARGEST_EXACT:
            axes = linalg.svd(weighted, full_matrices=False)[2][:n_components]
        else:
            axes = randomized_svd(weighted, n_components, n_iter=7, random_state=rng)[2]
    largest = axes[np.arange(n_components), np.abs(axes).argmax(axis=1)]
    return (axes * np.where(largest < 0, -1, 1)[:, None]).astype(np.float32)


def _scatter(rows, sample_weight):
    """Return Σ w x xᵀ in float64."""
    scatter = np.zeros((rows.shape[1],) * 2)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        chunk = rows[start : start + _ROWS_AT_ONCE].astype(np.float64)
        weights = None if sample_weight is None else sample_weight[start : start + _ROWS_AT_ONCE]
        scatter += chunk.T @ (chunk if weights is None else chunk * weights[:, None])
    return scatter


def _leading_eigenvectors(scatter, n_components):
    n_features = len(scatter)
    _, vectors = linalg.eigh(scatter, subset_by_index=[n_features - n_components, n_features - 1])
    return vectors.T[::-1]
