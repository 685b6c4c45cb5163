"""Scores that are distances: of residuals, of samples, to neighbors; and isolation."""

from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.utils import check_random_state

from skae._compat import Interval
from skae.data._products import product
from skae.outlier._scores import BaseScore, shared_out
from skae.outlier._whitening import Whitening, usual_spread

_LARGEST = 1e30
_NUMBERS_IN_CACHE = 2**17


class ResidualDistance(BaseScore):
    """Squared Mahalanobis distance of the residual x − x̂ from those of the training samples.

    It is large for samples that the autoencoder reconstructs worse than usual.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector, ResidualDistance
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=ResidualDistance(), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    def fit(self, passage):
        """Learn mean and covariance of the residuals."""
        self.whitening_ = Whitening.of(passage.errors, usual_spread(passage.rows))
        return self

    def anomaly(self, passage):
        """Return the squared distance of each residual."""
        return self.whitening_.squared_distances(passage.errors)

    def contributions(self, passage):
        """Return the part of each feature in the squared distance."""
        return self.whitening_.parts(passage.errors - self.whitening_.mean)


class RowDistance(BaseScore):
    """Squared Mahalanobis distance of the sample itself from the central training samples [1]_.

    It is large for extreme samples, also where the autoencoder reconstructs them well.

    Parameters
    ----------
    support_fraction : float in (0, 1], default=0.75
        Fraction of the training samples that count as central. Mean and covariance are estimated
        from these, so that anomalies among the others do not affect them.

    References
    ----------
    .. [1] Rousseeuw, P. J. and Van Driessen, K. (1999). A fast algorithm for the minimum
       covariance determinant estimator. Technometrics 41(3), 212-223.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector, RowDistance
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=RowDistance(support_fraction=0.9), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "support_fraction": [Interval(Real, 0, 1, closed="right")]
    }

    def __init__(self, support_fraction=0.75):
        self.support_fraction = support_fraction

    def fit(self, passage):
        """Learn mean and covariance of the central rows."""
        rows = passage.rows
        self.whitening_ = Whitening.of(rows, usual_spread(rows), self.support_fraction)
        return self

    def anomaly(self, passage):
        """Return the squared distance of each row."""
        return self.whitening_.squared_distances(passage.rows)

    def contributions(self, passage):
        """Return the part of each feature in the squared distance."""
        return self.whitening_.parts(passage.rows - self.whitening_.mean)


class NeighborDistance(BaseScore):
    """Squared distance to a near neighbor among a random subset of the training samples [1]_.

    It finds samples between clusters, and samples off a curved surface. Features are scaled by a
    robust standard deviation. A small subset is fast, and anomalies in the training data seldom
    have another anomaly as neighbor in it.

    Parameters
    ----------
    n_neighbors : int, default=1
        Rank of the neighbor whose distance is used; 1 is the nearest.
    n_landmarks : int, default=256
        Size of the random subset of the training samples.
    random_state : int, RandomState instance or None, default=None
        Draws the subset; None uses a seed from the detector.

    References
    ----------
    .. [1] Sugiyama, M. and Borgwardt, K. (2013). Rapid distance-based outlier detection via
       sampling. NeurIPS.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import NeighborDistance, ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=NeighborDistance(n_neighbors=3), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_landmarks": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_neighbors=1, *, n_landmarks=256, random_state=None):
        self.n_neighbors = n_neighbors
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def fit(self, passage):
        """Draw the rows to compare with."""
        rows = passage.rows
        self.center_, self.spread_ = np.median(rows, axis=0), usual_spread(rows)
        draw = check_random_state(self.random_state).permutation(len(rows))
        self.drawn_ = np.sort(draw[: self.n_landmarks])
        self.landmarks_ = self.standardized(rows[self.drawn_])
        return self

    def usual_anomaly(self, passage):
        """Return the distances of the training rows, each to others than itself.

        With one row to compare with, there is no other, and its own distance is 0.
        """
        if len(self.drawn_) == 1:
            return self.anomaly(passage)
        rank = self._rank(len(self.drawn_) - 1)
        rows = self.standardized(passage.rows)
        distances = self._piece_by_piece(rows, rank)
        to_others = self._from_landmarks(rows[self.drawn_])
        np.fill_diagonal(to_others, np.inf)
        distances[self.drawn_] = _nearest(rows[self.drawn_], to_others, rank)
        return distances

    def anomaly(self, passage):
        """Return the squared distance of each row to its neighbor."""
        rows = self.standardized(passage.rows)
        return self._piece_by_piece(rows, self._rank(len(self.drawn_)))

    def of_standardized(self, rows: np.ndarray) -> np.ndarray:
        """Return the anomaly of standardized rows, all at once."""
        return _nearest(rows, self._from_landmarks(rows), self._rank(len(self.drawn_)))

    def contributions(self, passage):
        """Return the part of each feature in the squared distance."""
        rows = self.standardized(passage.rows)
        k = self._rank(len(self.drawn_)) - 1
        neighbors = np.argpartition(self._from_landmarks(rows), k, axis=1)[:, k]
        return np.square(rows - self.landmarks_[neighbors])

    def standardized(self, rows: np.ndarray) -> np.ndarray:
        """Return rows in the units of the distances."""
        return (rows - self.center_) / self.spread_

    def _rank(self, n_landmarks):
        return max(min(self.n_neighbors, n_landmarks), 1)

    def _piece_by_piece(self, rows, rank):
        distances = np.empty(len(rows))
        for piece in _pieces(rows, len(self.landmarks_)):
            distances[piece] = _nearest(rows[piece], self._from_landmarks(rows[piece]), rank)
        return distances

    def _from_landmarks(self, rows):
        """Return squared distances but for the rows' own squares, (n_samples, n_landmarks)."""
        squares = np.square(self.landmarks_).sum(axis=1)
        return product(rows, np.ascontiguousarray(-2 * self.landmarks_.T)) + squares


class Isolation(BaseScore):
    """Score of an isolation forest: how early random cuts isolate a sample [1]_.

    It finds rare values of single features, whatever the other features are.

    Parameters
    ----------
    n_estimators : int, default=50
        Number of trees.
    random_state : int, RandomState instance or None, default=None
        Seeds the trees; None uses a seed from the detector.

    References
    ----------
    .. [1] Liu, F. T., Ting, K. M. and Zhou, Z.-H. (2008). Isolation forest. ICDM, 413-422.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import Isolation, ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), score=Isolation(n_estimators=100), random_state=0
    ... ).fit(X[y == 0])
    >>> detector.predict(X[y == 1]).shape
    (182,)
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_estimators=50, *, random_state=None):
        self.n_estimators = n_estimators
        self.random_state = random_state

    def fit(self, passage):
        """Grow the forest."""
        rows = passage.rows
        self.center_, self.spread_ = np.median(rows, axis=0), usual_spread(rows)
        forest = IsolationForest(n_estimators=self.n_estimators, random_state=self.random_state)
        trees = [tree.tree_ for tree in forest.fit(self.standardized(rows)).estimators_]
        # All trees in one array each; a leaf is its own child, so that all take as many steps.
        ends = np.cumsum([tree.node_count for tree in trees])
        self.roots_ = np.append(0, ends[:-1])
        self.children_ = np.concatenate(
            [_children(tree) + root for tree, root in zip(trees, self.roots_, strict=True)]
        )
        self.features_ = np.concatenate([np.maximum(tree.feature, 0) for tree in trees])
        self.cuts_ = np.concatenate([tree.threshold for tree in trees])
        self.depths_ = np.concatenate([_depths(tree) for tree in trees])
        self.n_steps_ = max(tree.max_depth for tree in trees)
        self.usual_depth_ = float(_path_length(forest.max_samples_)) or 1.0
        return self

    def anomaly(self, passage):
        """Return 2 to the power of minus each row's mean depth over the usual one."""
        rows = self.standardized(passage.rows)
        anomaly = np.empty(len(rows))
        for piece in _pieces(rows, len(self.roots_)):
            anomaly[piece] = self.of_depth(self._depths_of(rows[piece]))
        return anomaly

    def _depths_of(self, rows):
        """Return the depth at which each tree isolates standardized rows, (n_samples, n_trees)."""
        values = rows.astype(np.float64).ravel()  # as the cuts, so that comparing converts nothing
        starts = np.arange(len(rows))[:, None] * rows.shape[1]
        children = self.children_.ravel()
        node = np.broadcast_to(self.roots_, (len(rows), len(self.roots_)))
        for _ in range(self.n_steps_):
            value = values.take(starts + self.features_.take(node))
            node = children.take(2 * node + (value > self.cuts_.take(node)))
        return self.depths_.take(node)

    def of_depth(self, depths: np.ndarray) -> np.ndarray:
        """Return the anomaly of rows for their depths in each tree."""
        return np.power(2.0, -depths.mean(axis=1) / self.usual_depth_)

    def standardized(self, rows: np.ndarray) -> np.ndarray:
        """Return rows as the forest takes them, in units that float32 can hold."""
        return np.clip((rows - self.center_) / self.spread_, -_LARGEST, _LARGEST).astype(np.float32)

    def contributions(self, passage):
        """Return contributions: how much later a row is isolated if a feature has its median."""
        whole = self.anomaly(passage)
        drops = np.empty(passage.rows.shape)
        for feature, center in enumerate(self.center_):
            rows = passage.rows.copy()
            rows[:, feature] = center
            drops[:, feature] = whole - self.anomaly(replace(passage, samples=rows))
        return shared_out(whole, drops)


def _pieces(rows, n_columns):
    """Yield slices of the rows, of which results with so many columns stay in the cache."""
    size = max(1, _NUMBERS_IN_CACHE // n_columns)
    for start in range(0, len(rows), size):
        yield slice(start, start + size)


def _nearest(rows, from_landmarks, rank):
    """Return the squared distance of each row to the landmark of a rank, the nearest being 1."""
    nearest = (
        from_landmarks.min(axis=1)
        if rank == 1
        else np.partition(from_landmarks, rank - 1, axis=1)[:, rank - 1]
    )
    return np.maximum(nearest + np.square(rows).sum(axis=1), 0)


def _children(tree):
    """Return the left and the right child of each node, of a leaf itself."""
    children = np.column_stack([tree.children_left, tree.children_right])
    return np.where(children < 0, np.arange(tree.node_count)[:, None], children)


def _depths(tree):
    """Return the expected depth of a row in each node: its own, and that of the rows left in it."""
    return tree.compute_node_depths() - 1 + _path_length(tree.n_node_samples)


def _path_length(n_rows):
    """Return the mean depth at which n rows are isolated: 2 H(n − 1) − 2 (n − 1) / n."""
    n = np.maximum(n_rows, 2).astype(float)
    length = 2 * (np.log(n - 1) + np.euler_gamma) - 2 * (n - 1) / n
    return np.where(n_rows > 2, length, np.where(n_rows == 2, 1.0, 0.0))
