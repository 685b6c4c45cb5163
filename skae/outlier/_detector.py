"""The outlier detector over any autoencoder."""

from copy import copy
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skae._compat import HasMethods, Interval, StrOptions, fit_context
from skae._parameters import as_it_is
from skae._saving import SavingMixin
from skae.autoencoders._base import BaseAutoencoder
from skae.data._blocks import BlockRows, selected_rows, weighted_pieces
from skae.data._mapping import over_blocks
from skae.data._validation import validate_rows, validate_rows_or_blocks
from skae.outlier._calibrated import CalibratedDetector
from skae.outlier._calibration import check_calibration, splits_of, warn_of_overlap, weights_of
from skae.outlier._default import default_autoencoder, unfitted_score
from skae.outlier._explanations import FeatureErrorsMixin
from skae.outlier._named_scores import SCORES, scores_rows_alone
from skae.outlier._parameter import HasScoreParameter
from skae.outlier._passage import Passage, passages
from skae.outlier._preparation import checked_weights, fitted, seeded, some_rows
from skae.outlier._scores import BaseScore, usual_errors


class ReconstructionOutlierDetector(
    SavingMixin, CalibratedDetector, FeatureErrorsMixin, HasScoreParameter
):
    """Detect outliers from reconstruction errors, with a bound on the false-positive rate.

    Any estimator with ``transform`` and ``inverse_transform`` works: a skae autoencoder, ``PCA``,
    ``NMF``, or a Pipeline that ends in one of them. It is trained on one part of the samples. The
    threshold is set on the other part, the calibration set. With ``false_positive_rate`` this is
    split conformal prediction [1]_: if samples are exchangeable, the probability that a new normal
    sample is called an outlier is at most this rate, even if the autoencoder overfits.

    Parameters
    ----------
    autoencoder : estimator with fit, transform and inverse_transform, default=None
        Cloned, never changed. If features differ in units, put the scaler inside, so that it is
        fitted on training samples only: ``make_pipeline(StandardScaler(), DenseAutoencoder(2))``.
        None uses a dense ``DenoisingAutoencoder``, for tables after a ``RobustScaler``.
    contamination : "auto" or float in (0, 0.5], default="auto"
        A float is the fraction of the samples passed to ``fit`` that ``predict`` calls outliers, as
        in scikit-learn's detectors. ``"auto"`` is ``false_positive_rate=0.05``. With fewer than 19
        calibration samples it is the lowest rate they allow, 1 / (n + 1), with a warning.
    false_positive_rate : float in (0, 1), default=None
        Largest probability that a new normal sample is called an outlier, if the samples passed to
        ``fit`` are normal. It needs at least 1 / rate − 1 calibration samples; with fewer, no
        sample is called an outlier, and a warning says so.
    calibration_size : float in (0, 1), int or None, default=0.2
        Size of the calibration set, as a fraction or a number of the samples (of the groups, with
        ``groups``). The autoencoder is not trained on it. None cross-fits: each of five folds is
        scored by an autoencoder trained on the other four, and ``autoencoder_`` is trained on all
        samples. The rate then holds approximately, and ``fit`` takes six times as long.
    calibration : {"random", "last"} or splitter, default="random"
        Which samples form the calibration set:

        - ``"random"``: random samples, or random groups if ``fit`` is given ``groups``;
        - ``"last"``: the last samples, for samples in order of time, such as windows of a series;
        - a scikit-learn splitter, such as ``GroupShuffleSplit`` or ``TimeSeriesSplit``: its test
          samples; ``calibration_size`` is ignored. Several splits are cross-fitted.
    gap : int, default=0
        Number of samples left out before the last ones. Overlapping windows need
        ``ceil(window / stride) − 1``.
    score : str or BaseScore, default="auto"
        Anomaly score of a sample x with the reconstruction x̂:

        - ``"auto"``: ``"ensemble"`` for rows of a table, ``"local_error"`` for samples with axes:
          images (those of fewer than 16 pixels a side are smoothed less), series of one channel;
        - ``"ensemble"``: :class:`ScoreEnsemble` of :class:`ResidualDistance`,
          :class:`RowDistance`, :class:`NeighborDistance` and :class:`Isolation`, chosen on 20
          tables;
        - ``"squared_error"``, ``"absolute_error"``: mean of (x − x̂)² or ``|x − x̂|`` over features;
        - ``"standardized_error"``: mean of ((x − x̂) / s)², where s is the per-feature RMSE;
        - ``"worst_features"``: the same mean over the worst tenth of the features;
        - ``"local_error"``: for images and signals in their own shape, mean square of the smoothed
          residual, divided by the root of the sample's mean absolute value;
        - ``"mahalanobis"``: Mahalanobis distances of the residual and of the sample, combined;
        - ``"sap"``, ``"nap"``: distance between the encoder's hidden activations for x and for x̂,
          plain or whitened [2]_;
        - ``"likelihood"``: minus the autoencoder's own ``score_samples``, for a VAE minus its
          lower bound of the log-likelihood.

        Scores with parameters are classes, so that a grid search can vary ``score__share``:
        :class:`WorstFeaturesError`, :class:`LocalError`, :class:`Mahalanobis`,
        :class:`HiddenPath`, :class:`ScoreEnsemble` and its terms. Subclass :class:`BaseScore`
        for a score of your own.
    random_state : int, RandomState instance or None, default=None
        Draws the calibration set, and seeds parts whose own ``random_state`` is None.
    verbose : int, default=0
        Whether scoring shows a progress bar.

    Attributes
    ----------
    autoencoder_, score_ : estimator, BaseScore
        The autoencoder and the score, fitted on the training samples.
    offset_ : float
        Threshold: ``decision_function`` is ``score_samples`` minus ``offset_``.
    calibration_scores_ : ndarray of shape (n_calibration,)
        ``score_samples`` of the calibration set, by autoencoders not trained on it.
    calibration_weights_ : ndarray of shape (n_calibration,) or None
        Weights of the calibration set: those passed to ``fit``, or with ``groups``
        1 per group, divided among its samples.
    new_weight_ : float
        Weight of a new sample.
    fit_scores_ : ndarray of shape (n_samples,)
        ``score_samples`` of the samples passed to ``fit``.
    usual_errors_ : ndarray of shape (n_features_in_,)
        Per-feature RMSE over the samples passed to ``fit``, in units of X; for features without
        error the RMSE over all features.
    n_features_in_, feature_names_in_ : int, ndarray of shape (n_features_in_,)
        Number of features, and their names if X had string column names at fit.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outliers are samples that random cuts isolate early.
    sklearn.neighbors.LocalOutlierFactor : Outliers are samples of low local density.

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
        "score": [StrOptions({"auto", *SCORES}), BaseScore],
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
        score="auto",
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
            Normal samples, of which a few may be outliers. At least two.
        y : object, default=None
            Ignored, unless ``calibration`` is a splitter that asks for it, such as
            ``StratifiedKFold``.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample, such as a patient or a machine. A group is never divided between
            training and calibration, so that the rate holds for samples of new groups. It needs
            1 / rate − 1 calibration groups; with fewer than 19 of them samples count one by one,
            and the rate holds approximately.
        sample_weight : array-like of shape (n_samples,), default=None
            Relative frequency of each sample where the detector is used. The rate holds for the
            weighted distribution, for new samples of at most the largest calibration weight. The
            autoencoder is trained with the weights if its ``fit`` takes them.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X or a parameter is invalid. After any exception the detector is as it was before.
        TypeError
            If X is sparse.
        """
        beside = copy(self)
        beside._learn(X, y, groups, sample_weight)
        self.__dict__ = beside.__dict__  # at once, so that no interrupt leaves half of it
        return self

    def _learn(self, X, y, groups, sample_weight):
        self._check_one_threshold(self.contamination, self.false_positive_rate)
        check_calibration(self.calibration, self.calibration_size, self.gap, groups)
        score = self.get_params(deep=False)["score"]
        if isinstance(score, BaseScore):
            score.check_parameters()
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
        samples = self._samples(rows)
        self.autoencoder_ = fitted(unfitted, samples, weights, training)
        score = self.get_params(deep=False)["score"]
        self.score_ = seeded(unfitted_score(score, self._row_shape, self.autoencoder), rng)
        if isinstance(rows, BlockRows):
            samples = self._samples(some_rows(rows, rng))
        self.score_.fit(Passage.through(self.autoencoder_, samples))

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
        r"""Return how normal each sample is: minus its anomaly score.

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
            If X has another number of features than at fit, or NaN or infinite values.
        """
        check_is_fitted(self)
        return over_blocks(as_it_is(self)._scores_in_memory, X, (), dtype=np.float64)

    def _scores_in_memory(self, X):
        return self._scores(self._rows_in_use(X))

    def score_terms(self, X: ArrayLike) -> np.ndarray:
        r"""Return the part of each term in the anomaly score, for a score of several terms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        terms : ndarray of shape (n_samples, n_terms), float64
            They sum to minus ``score_samples(X)``; one column if the score has one term.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        check_is_fitted(self)
        used = as_it_is(self)
        parts = used._passages(used._rows_in_use(X))
        return np.concatenate([used.score_.term_anomalies(part)[is_row] for part, is_row in parts])

    def _rows_in_use(self, X):
        return validate_rows(self, X, reset=False)[0]

    def _samples(self, rows):
        """Return rows in the shape that they had, or their blocks."""
        return rows.samples() if isinstance(rows, BlockRows) else rows.reshape(-1, *self._row_shape)

    def _passages(self, rows):
        samples = self._samples(rows)
        alone = scores_rows_alone(self.score_, self.autoencoder_)
        return passages(self.autoencoder_, samples, scored_alone=alone, verbose=self.verbose)

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
                f"Expected anomaly of {type(self.score_).__name__} to return one number, not NaN, "
                f"for each of {len(is_row)} rows ({is_row.sum()} and padding); received an array "
                f"of shape {anomalies.shape} with {np.isnan(anomalies).sum()} NaN. Mend the score, "
                "or look whether the autoencoder's training diverged."
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
