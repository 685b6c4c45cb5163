"""The outlier detector over any autoencoder."""

from copy import copy
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_is_fitted,
)

from skae._compat import HasMethods, Interval, StrOptions, fit_context
from skae._saving import SavingMixin
from skae.autoencoders._base import BaseAutoencoder
from skae.data._blocks import BlockRows, selected_rows, weighted_pieces
from skae.data._mapping import over_blocks
from skae.data._validation import validate_rows, validate_rows_or_blocks
from skae.outlier._calibrated import CalibratedDetector
from skae.outlier._calibration import check_calibration, splits_of, warn_of_overlap, weights_of
from skae.outlier._default import default_autoencoder
from skae.outlier._explanations import FeatureErrorsMixin
from skae.outlier._named_scores import SCORES
from skae.outlier._parameter import HasScoreParameter
from skae.outlier._passage import Passage, passages
from skae.outlier._preparation import checked_weights, seeded, some_rows, weights_of_fit
from skae.outlier._scores import BaseScore, usual_errors


class ReconstructionOutlierDetector(
    SavingMixin, CalibratedDetector, FeatureErrorsMixin, HasScoreParameter
):
    """Detect outliers from reconstruction errors, with a threshold that keeps a promised rate.

    Any estimator with ``transform`` and ``inverse_transform`` serves: a skae autoencoder, ``PCA``,
    ``NMF``, a Pipeline that ends in one of them. It is trained on a part of the rows; the threshold
    is read off the scores of the other part, which it has not seen. With ``false_positive_rate``
    that is split conformal prediction [1]_: a new normal row is called an outlier with at most
    that probability, whatever the data, the autoencoder and its overfitting.

    Parameters
    ----------
    autoencoder : estimator with fit, transform and inverse_transform, default=None
        Cloned, never changed. Features of different units need a scaler inside, so that it learns
        from the training rows alone: ``make_pipeline(StandardScaler(), DenseAutoencoder(2))``.
        None is a dense ``DenoisingAutoencoder`` behind a ``RobustScaler``.
    contamination : "auto" or float in (0, 0.5], default="auto"
        A float is the share of the rows passed to ``fit`` that ``predict`` calls outliers, as in
        scikit-learn's detectors. ``"auto"`` is ``false_positive_rate=0.05``, or with a warning the
        lowest rate that fewer than 19 calibration rows can keep, 1 / (their number + 1).
    false_positive_rate : float in (0, 1), default=None
        Largest probability with which a new normal row is called an outlier, if the rows passed to
        ``fit`` are normal. It needs 1 / rate − 1 calibration rows; with fewer, only a threshold
        that excludes nothing keeps the promise, and a warning says so.
    calibration_size : float in (0, 1), int or None, default=0.2
        Share or number of the rows that the threshold is read off, and that the autoencoder is not
        trained on. None uses every row for both by cross-fitting: each of five folds is scored by
        an autoencoder of the other four, and ``autoencoder_`` is trained on all rows. The rate then
        holds approximately, and ``fit`` takes six times as long. With ``groups`` it counts groups.
    calibration : {"random", "last"} or splitter, default="random"
        Which rows these are:

        - ``"random"``: any, or whole groups if ``fit`` is given ``groups``;
        - ``"last"``: the last ones, for rows in order of time, such as windows of a series;
        - a splitter of scikit-learn's, such as ``GroupShuffleSplit`` or ``TimeSeriesSplit``: those
          that it calls test rows, whatever ``calibration_size``. Several splits are cross-fitted.
    gap : int, default=0
        Rows before the last ones that are not trained on. Windows that overlap share steps with
        ``ceil(window / stride) − 1`` windows before them.
    score : str or BaseScore, default="ensemble"
        What is anomalous about a row x with code z and reconstruction x̂:

        - ``"ensemble"``: a :class:`ScoreEnsemble` of what an autoencoder gives and what it lacks:
          the distances of the residual, of the row from the central rows and from a near neighbor,
          and how early random cuts isolate it. It was chosen over 20 tables;
        - ``"squared_error"``, ``"absolute_error"``: mean of (x − x̂)² or of its root;
        - ``"standardized_error"``: mean of ((x − x̂) / s)², s the usual error of each feature;
        - ``"worst_features"``: that mean over the worst tenth of the features;
        - ``"local_error"``: for images and signals in their own shape, mean square of the residual
          smoothed over neighbors, over the root of the row's mean absolute value;
        - ``"mahalanobis"``: Mahalanobis distance of the residual, which is then whitened, together
          with that of the row from the central rows, along the code and across it;
        - ``"sap"``, ``"nap"``: distance between the encoder's hidden activations for x and for x̂,
          plain or whitened [2]_;
        - ``"likelihood"``: minus the autoencoder's own ``score_samples``, for a VAE minus its
          bound on the log-likelihood.

        Those with parameters are classes too, which a grid search reaches as ``score__share``:
        :class:`WorstFeaturesError`, :class:`LocalError`, :class:`Mahalanobis`,
        :class:`HiddenPath`, :class:`ScoreEnsemble` and its terms. A subclass of
        :class:`BaseScore` is a score of your own.
    random_state : int, RandomState instance or None, default=None
        Draws the calibration rows, and seeds the autoencoder where its own ``random_state`` is
        None.
    verbose : int, default=0
        Whether scoring shows a progress bar.

    Attributes
    ----------
    autoencoder_, score_ : estimator, BaseScore
        The fitted autoencoder; the score, with what it learned of the training rows.
    offset_ : float
        ``decision_function`` is ``score_samples`` minus this.
    calibration_scores_ : ndarray of shape (n_calibration,)
        Scores of rows whose autoencoder had not seen them.
    calibration_weights_ : ndarray of shape (n_calibration,) or None
        Their weights: those passed to ``fit``, or with ``groups`` 1 divided among the rows of one.
    new_weight_ : float
        Weight of a new row.
    fit_scores_ : ndarray of shape (n_samples,)
        ``score_samples`` of the rows passed to ``fit``.
    usual_errors_ : ndarray of shape (n_features_in_,)
        Root mean squared error of each feature over the rows passed to ``fit``.
    n_features_in_, feature_names_in_ : int, ndarray of shape (n_features_in_,)
        Number of features, and their names if X had string column names at fit.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outliers are rows that random cuts isolate early.
    sklearn.neighbors.LocalOutlierFactor : Outliers are rows in sparser places than their
        neighbors.

    References
    ----------
    .. [1] Laxhammar, R. and Falkman, G. (2010). Conformal prediction for distribution-independent
       anomaly detection in streaming vessel data. StreamKDD, 47-55.
    .. [2] Kim, K. H. et al. (2020). RaPP: Novelty detection with reconstruction along projection
       pathway. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae import ReconstructionOutlierDetector
    >>> X, y = load_digits(return_X_y=True)
    >>> detector = ReconstructionOutlierDetector(
    ...     PCA(10), false_positive_rate=0.1, random_state=0
    ... ).fit(X[y == 0])
    >>> bool((detector.predict(X[y == 1]) == -1).mean() > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "autoencoder": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "false_positive_rate": [Interval(Real, 0, 1, closed="neither"), None],
        "calibration_size": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
            None,
        ],
        "calibration": [StrOptions({"random", "last"}), HasMethods(["split", "get_n_splits"])],
        "gap": [Interval(Integral, 0, None, closed="left")],
        "score": [StrOptions(set(SCORES)), BaseScore],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        autoencoder=None,
        *,
        contamination="auto",
        false_positive_rate=None,
        calibration_size=0.2,
        calibration="random",
        gap=0,
        score="ensemble",
        random_state=None,
        verbose=0,
    ):
        self.autoencoder = autoencoder
        self.contamination = contamination
        self.false_positive_rate = false_positive_rate
        self.calibration_size = calibration_size
        self.calibration = calibration
        self.gap = gap
        self.score = score
        self.random_state = random_state
        self.verbose = verbose

    # ---- fitting --------------------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: object = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        r"""Train the autoencoder and choose the threshold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
            Normal rows, or rows of which few are not. At least two.
        y : object, default=None
            Ignored, unless ``calibration`` is a splitter that asks for it.
        groups : array-like of shape (n_samples,), default=None
            Which rows belong together, such as those of one patient or machine: a group is
            trained on or calibrated with as a whole, so that the rate is that of new groups. It is
            then groups of which 1 / rate − 1 are needed; with fewer than 19 of them to calibrate
            with, rows count one by one, and the rate holds approximately.
        sample_weight : array-like of shape (n_samples,), default=None
            How many rows each stands for, such as how much more often it occurs where the detector
            is used. The rate is that of rows so weighted, none of more than the largest weight
            among the calibration rows. The autoencoder is trained with them if it takes any.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X or a parameter is not as described. After any error the detector is as it was
            before.
        """
        beside = copy(self)
        beside._learn(X, y, groups, sample_weight)
        self.__dict__ = beside.__dict__  # at once, so that no interrupt leaves half of it
        return self

    def _learn(self, X, y, groups, sample_weight):
        self._check_one_threshold(self.contamination, self.false_positive_rate)
        check_calibration(self.calibration, self.calibration_size, self.gap, groups)
        self._unfitted_score()
        rows, self._row_shape = validate_rows_or_blocks(self, X, reset=True)
        if len(rows) < 2:
            raise ValueError(
                "Expected at least 2 rows, one to train on and one to calibrate with; received "
                f"n_samples={len(rows)} (1 sample). Pass more rows."
            )
        weights = checked_weights(sample_weight, rows)
        if self.calibration == "random" and groups is None:
            warn_of_overlap(next(weighted_pieces(rows, None))[0])
        rng = check_random_state(self.random_state)
        splits = splits_of(
            rows,
            y,
            groups,
            calibration=self.calibration,
            size=self.calibration_size,
            gap=self.gap,
            rng=rng,
        )
        held_out = np.sort(np.concatenate([fold for _, fold in splits]), kind="stable")
        self.calibration_weights_, self.new_weight_ = weights_of(held_out, groups, weights)
        if len(splits) == 1:
            self._fit_parts(rows, splits[0][0], weights, rng)
            self._score_fit_rows(rows)
            self.calibration_scores_ = self.fit_scores_[held_out]
        else:
            self._fit_and_cross_calibrate(rows, splits, weights, rng)
        self._set_offset(self.contamination, self.false_positive_rate)

    def _fit_and_cross_calibrate(self, rows, splits, weights, rng):
        scores = []
        for training, fold in splits:
            self._fit_parts(rows, training, weights, rng)
            scores.append(self._scores(selected_rows(rows, np.sort(fold))))
        self._fit_parts(rows, np.arange(len(rows)), weights, rng)
        self._score_fit_rows(rows)
        folds = np.concatenate([np.sort(fold) for _, fold in splits])
        by_row = np.argsort(folds, kind="stable")
        self.calibration_scores_ = np.concatenate(scores)[by_row]

    def _fit_parts(self, rows, training, weights, rng):
        """Fit autoencoder and score to training rows."""
        rows = selected_rows(rows, training)
        unfitted = seeded(self._unfitted_autoencoder(rows), rng)
        weights = None if weights is None else weights[training]
        samples = self._samples(rows)
        self.autoencoder_ = unfitted.fit(samples, **weights_of_fit(unfitted, weights))
        self.score_ = seeded(self._unfitted_score(), rng)
        if isinstance(rows, BlockRows):
            samples = self._samples(some_rows(rows, rng))
        self.score_.fit(Passage.through(self.autoencoder_, samples))

    def _unfitted_score(self):
        score = self.get_params(deep=False)["score"]
        unfitted = clone(score) if isinstance(score, BaseScore) else SCORES[score]()
        unfitted.check_parameters()
        return unfitted

    def _unfitted_autoencoder(self, rows):
        if self.autoencoder is None:
            return default_autoencoder(len(rows), self._row_shape, isinstance(rows, BlockRows))
        if isinstance(rows, BlockRows) and not isinstance(self.autoencoder, BaseAutoencoder):
            raise ValueError(
                "Expected an autoencoder of skae's for rows that do not fit memory, since it reads "
                f"them in blocks; received {type(self.autoencoder).__name__}. Use for instance "
                "DenseAutoencoder, or pass fewer rows."
            )
        return clone(self.autoencoder)

    def _score_fit_rows(self, rows):
        scores, squares = [], np.zeros(self.n_features_in_)
        for piece, _ in weighted_pieces(rows, None):
            for part, is_row in self._passages(piece):
                scores.append(-self._anomalies(part, is_row))
                squares = squares + np.square(part.errors[is_row]).sum(axis=0)
        self.fit_scores_ = np.concatenate(scores)
        self.usual_errors_ = usual_errors(squares / len(rows))

    # ---- use ------------------------------------------------------------------------------

    def score_samples(self, X: ArrayLike) -> np.ndarray:
        r"""Return how normal each row is: minus what ``score`` says.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            Higher is more normal.

        Raises
        ------
        ValueError
            If X is not finite numbers of the width seen at fit.
        """
        check_is_fitted(self)
        return over_blocks(self._scores_in_memory, X, (), dtype=np.float64)

    def _scores_in_memory(self, X):
        return self._scores(self._rows_in_use(X))

    def score_terms(self, X: ArrayLike) -> np.ndarray:
        r"""Return what each term of the score adds to a row's anomaly, for a score that is a sum.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        terms : ndarray of shape (n_samples, n_terms), float64
            They sum to minus ``score_samples(X)``; one column where the score is no sum.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        check_is_fitted(self)
        parts = self._passages(self._rows_in_use(X))
        return np.concatenate([self.score_.term_anomalies(part)[is_row] for part, is_row in parts])

    def _rows_in_use(self, X):
        return validate_rows(self, X, reset=False)[0]

    def _samples(self, rows):
        """Return rows in the shape that they had, or their blocks."""
        if isinstance(rows, BlockRows):
            return rows.samples()
        return rows.reshape(-1, *self._row_shape)

    def _passages(self, rows):
        return passages(self.autoencoder_, self._samples(rows), verbose=self.verbose)

    def _scores(self, rows):
        return np.concatenate(
            [
                -self._anomalies(part, is_row)
                for piece, _ in weighted_pieces(rows, None)
                for part, is_row in self._passages(piece)
            ]
        )

    def _anomalies(self, passage, is_row):
        """Return what the score says of rows; NaN would be below no threshold."""
        anomalies = np.asarray(self.score_.anomaly(passage), dtype=np.float64)
        if anomalies.shape != is_row.shape or np.isnan(anomalies[is_row]).any():
            raise ValueError(
                f"Expected anomaly of {type(self.score_).__name__} to return one number for each "
                f"of {len(is_row)} rows, none of them NaN; received an array of shape "
                f"{anomalies.shape} with {np.isnan(anomalies).sum()} NaN. Mend the score, or look "
                "whether the autoencoder's training diverged."
            )
        return anomalies[is_row]

    def _squared_errors(self, X):
        return self._by_feature(lambda part: np.square(part.errors), X)

    def _contributions(self, X):
        return self._by_feature(lambda part: np.asarray(self.score_.contributions(part)), X)

    def _by_feature(self, values_of, X):
        def in_memory(block):
            parts = self._passages(self._rows_in_use(block))
            return np.concatenate([values_of(part)[is_row] for part, is_row in parts])

        check_is_fitted(self)
        return over_blocks(in_memory, X, (self.n_features_in_,), dtype=np.float64)
