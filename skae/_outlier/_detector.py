"""The outlier detector over any autoencoder."""

import warnings
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import OutlierMixin, _fit_context, clone
from sklearn.model_selection import KFold, train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._set_output import ADAPTERS_MANAGER, _get_output_config
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skae._outlier import _thresholds
from skae._outlier._default import default_autoencoder
from skae._outlier._parameter import HasScoreParameter
from skae._outlier._passage import Passage, passages
from skae._outlier._scores import SCORES, BaseScore, usual_errors
from skae._validation import validate_rows

_AUTO_FALSE_POSITIVE_RATE = 0.05
_N_FOLDS = 5


class ReconstructionOutlierDetector(OutlierMixin, HasScoreParameter):
    """Outliers are rows that an autoencoder of the others does not give back.

    Any estimator with ``transform`` and ``inverse_transform`` serves: a skae autoencoder, ``PCA``,
    ``NMF``, a Pipeline that ends in one of them. It is trained on a part of the rows; the threshold
    is read off the scores of the other part, which it has not seen. With ``false_positive_rate``
    that is split conformal prediction [1]_: a new normal row is called an outlier with at most
    that probability, whatever the data, the autoencoder and its overfitting.

    Parameters
    ----------
    autoencoder : estimator with fit, transform and inverse_transform, default=None
        Cloned, never changed. None is a dense ``DenoisingAutoencoder`` with the settings that
        detected best on many data sets; put a ``StandardScaler`` before it.
    contamination : "auto" or float in (0, 0.5], default="auto"
        A float is the share of the rows passed to ``fit`` that ``predict`` calls outliers, as in
        scikit-learn's detectors. ``"auto"`` is ``false_positive_rate=0.05``.
    false_positive_rate : float in (0, 1), default=None
        Largest probability with which a new normal row is called an outlier, if the rows passed to
        ``fit`` are normal. It needs 1 / rate − 1 calibration rows; with fewer, only a threshold
        that excludes nothing keeps the promise, and a warning says so.
    calibration_size : float in (0, 1), int or None, default=0.2
        Share or number of the rows that the threshold is read off, and that the autoencoder is not
        trained on. None uses every row for both by cross-fitting: each of five folds is scored by
        an autoencoder of the other four, and ``autoencoder_`` is trained on all rows. The rate then
        holds approximately, and ``fit`` takes six times as long.
    score : str or BaseScore, default="mahalanobis"
        What is anomalous about a row x with code z and reconstruction x̂:

        - ``"squared_error"``, ``"absolute_error"``: mean of (x − x̂)² or |x − x̂|;
        - ``"standardized_error"``: mean of ((x − x̂) / s)², s the usual error of each feature;
        - ``"worst_features"``: that mean over the worst tenth of the features;
        - ``"mahalanobis"``: Mahalanobis distance of the residual, which is then whitened, together
          with that of the row from the central rows, along the code and across it;
        - ``"sap"``, ``"nap"``: distance between the encoder's hidden activations for x and for x̂,
          plain or whitened [2]_;
        - ``"likelihood"``: minus the autoencoder's own ``score_samples``, for a VAE minus its
          bound on the log-likelihood.
    random_state : int, RandomState instance or None, default=None
        Draws the calibration rows, and seeds the autoencoder where its own ``random_state`` is
        None.
    verbose : int, default=0
        Whether scoring shows a progress bar.

    Attributes
    ----------
    autoencoder_ : estimator
        The fitted autoencoder.
    score_ : BaseScore
        The score, with what it learned of the training rows.
    offset_ : float
        ``decision_function`` is ``score_samples`` minus this.
    calibration_scores_ : ndarray of shape (n_calibration,)
        Scores of rows whose autoencoder had not seen them.
    fit_scores_ : ndarray of shape (n_samples,)
        ``score_samples`` of the rows passed to ``fit``.
    usual_errors_ : ndarray of shape (n_features_in_,)
        Root mean squared error of each feature over the rows passed to ``fit``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X had string column names at fit.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Outliers are rows that random cuts isolate early.
    sklearn.neighbors.LocalOutlierFactor : Outliers are rows in sparser places than their
        neighbours.

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
        score="mahalanobis",
        random_state=None,
        verbose=0,
    ):
        self.autoencoder = autoencoder
        self.contamination = contamination
        self.false_positive_rate = false_positive_rate
        self.calibration_size = calibration_size
        self.score = score
        self.random_state = random_state
        self.verbose = verbose

    # ---- fitting --------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        r"""Train the autoencoder and choose the threshold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
            Normal rows, or rows of which few are not. At least two.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X or a parameter is not as described.
        """
        self._check_one_threshold(self.contamination, self.false_positive_rate)
        rows, self._row_shape = validate_rows(self, X, reset=True)
        if len(rows) < 2:
            raise ValueError(
                "Expected at least 2 rows, one to train on and one to calibrate with; received "
                f"n_samples={len(rows)} (1 sample). Pass more rows."
            )
        rng = check_random_state(self.random_state)
        if self.calibration_size is None:
            self._fit_and_cross_calibrate(rows, rng)
        else:
            self._fit_and_calibrate(rows, rng)
        self._set_offset(self.contamination, self.false_positive_rate)
        return self

    def _fit_and_calibrate(self, rows, rng):
        training, calibration = self._split(len(rows), rng)
        self._fit_autoencoder(rows[training], rng)
        self._score_fit_rows(rows)
        self.calibration_scores_ = self.fit_scores_[calibration]

    def _split(self, n_rows, rng):
        size = self.calibration_size
        n_calibration = size if isinstance(size, Integral) else max(1, round(size * n_rows))
        if n_calibration >= n_rows:
            raise ValueError(
                f"Expected calibration_size to leave rows to train on; received {size} of "
                f"{n_rows} rows. Lower it, or cross-fit with calibration_size=None."
            )
        return train_test_split(np.arange(n_rows), test_size=int(n_calibration), random_state=rng)

    def _fit_and_cross_calibrate(self, rows, rng):
        folds = KFold(min(_N_FOLDS, len(rows)), shuffle=True, random_state=rng)
        scores = np.empty(len(rows))
        for training, fold in folds.split(rows):
            self._fit_autoencoder(rows[training], rng)
            scores[fold] = self._scores(rows[fold])
        self._fit_autoencoder(rows, rng)
        self._score_fit_rows(rows)
        self.calibration_scores_ = scores

    def _fit_autoencoder(self, rows, rng):
        samples = self._samples(rows)
        self.autoencoder_ = _seeded(self._unfitted_autoencoder(rows), rng).fit(samples)
        score = self.get_params(deep=False)["score"]
        self.score_ = clone(score) if isinstance(score, BaseScore) else SCORES[score]()
        self.score_.check_parameters()
        self.score_.fit(Passage.through(self.autoencoder_, samples))

    def _unfitted_autoencoder(self, rows):
        if self.autoencoder is not None:
            return clone(self.autoencoder)
        return default_autoencoder(*rows.shape)

    def _score_fit_rows(self, rows):
        scores, squares = [], np.zeros(self.n_features_in_)
        for part, is_row in self._passages(rows):
            scores.append(-self.score_.anomaly(part)[is_row])
            squares = squares + np.square(part.errors[is_row]).sum(axis=0)
        self.fit_scores_ = np.concatenate(scores)
        self.usual_errors_ = usual_errors(squares / len(rows))

    # ---- thresholds -----------------------------------------------------------------------

    def set_threshold(
        self,
        offset: float | None = None,
        *,
        contamination: float | None = None,
        false_positive_rate: float | None = None,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
    ) -> Self:
        r"""Change the threshold without training anything.

        Exactly one of these: ``offset``; ``contamination``; ``false_positive_rate``, calibrated on
        the rows held out at fit; labelled rows with ``false_positive_rate``, calibrated on the
        normal ones among them; labelled rows alone, for the best F1 of the outliers.

        Parameters
        ----------
        offset : float, default=None
            The new ``offset_``.
        contamination : float in (0, 0.5], default=None
            Share of the rows passed to ``fit`` that are to be outliers.
        false_positive_rate : float in (0, 1), default=None
            Largest probability with which a new normal row is called an outlier.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape), default=None
            Rows that were not passed to ``fit``.
        y : array-like of shape (n_samples,), default=None
            Their labels: −1 for outliers and 1 for the others, as ``predict`` has them, or 1 (True)
            for outliers and 0 (False) for the others.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If not exactly one threshold is asked for, or the labels are of another kind.
        """
        check_is_fitted(self)
        asked = [
            value for value in (offset, contamination, false_positive_rate) if value is not None
        ]
        if X is not None and y is not None and offset is None and contamination is None:
            self._set_offset_from_labels(X, y, false_positive_rate)
        elif len(asked) != 1 or X is not None or y is not None:
            raise ValueError(
                "Expected exactly one of offset, contamination, false_positive_rate and labelled "
                f"rows; received offset={offset}, contamination={contamination}, "
                f"false_positive_rate={false_positive_rate}. Pass one."
            )
        elif offset is not None:
            self.offset_ = float(offset)
        else:
            self._set_offset(
                "auto" if contamination is None else contamination, false_positive_rate
            )
        return self

    def _set_offset_from_labels(self, X, y, false_positive_rate):
        is_outlier = _is_outlier(y)
        scores = self.score_samples(X)
        if len(scores) != len(is_outlier):
            raise ValueError(
                f"Expected one label a row; received {len(is_outlier)} labels for {len(scores)} "
                "rows. Pass y of the same length as X."
            )
        if false_positive_rate is None:
            self.offset_ = _thresholds.best_f1_offset(scores, is_outlier)
        else:
            self.offset_ = _conformal_offset(scores[~is_outlier], false_positive_rate)

    def _set_offset(self, contamination, false_positive_rate):
        self._check_one_threshold(contamination, false_positive_rate)
        if contamination != "auto":
            self.offset_ = _thresholds.quantile_offset(self.fit_scores_, contamination)
        elif false_positive_rate is None:
            self.offset_ = _thresholds.conformal_offset(
                self.calibration_scores_, _AUTO_FALSE_POSITIVE_RATE
            )
        else:
            self.offset_ = _conformal_offset(self.calibration_scores_, false_positive_rate)

    @staticmethod
    def _check_one_threshold(contamination, false_positive_rate):
        if contamination != "auto" and false_positive_rate is not None:
            raise ValueError(
                "Expected contamination or false_positive_rate, which each set the threshold; "
                f"received contamination={contamination} and false_positive_rate="
                f"{false_positive_rate}. Leave one of them at its default."
            )

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
        return self._scores(self._rows_in_use(X))

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        r"""Return ``score_samples(X) - offset_``: negative for outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        decision : ndarray of shape (n_samples,), float64

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> np.ndarray:
        r"""Return −1 for outliers and 1 for the other rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        labels : ndarray of shape (n_samples,), int

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def p_values(self, X: ArrayLike) -> np.ndarray:
        r"""Return conformal p-values: for a normal row P(p ≤ α) ≤ α, for every α.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        p_values : ndarray of shape (n_samples,), float64
            From 1 / (n_calibration + 1) to 1; small for outliers.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        return _thresholds.conformal_p_values(self.calibration_scores_, self.score_samples(X))

    def discoveries(self, X: ArrayLike, false_discovery_rate: float = 0.1) -> np.ndarray:
        r"""Return the outliers of a batch, at most a share of which is expected to be normal.

        This is the procedure of Benjamini and Hochberg over ``p_values``; unlike ``predict``, what
        it says of a row depends on the other rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        false_discovery_rate : float in (0, 1), default=0.1
            Largest expected share of normal rows among those returned as outliers.

        Returns
        -------
        is_outlier : ndarray of shape (n_samples,), bool

        Raises
        ------
        ValueError
            If the rate is out of range, or as in ``score_samples``.
        """
        if not 0 < false_discovery_rate < 1:
            raise ValueError(
                "Expected false_discovery_rate between 0 and 1; received "
                f"{false_discovery_rate}. Pass for instance 0.1."
            )
        return _thresholds.benjamini_hochberg(self.p_values(X), false_discovery_rate)

    # ---- explanations ---------------------------------------------------------------------

    def feature_errors(self, X: ArrayLike) -> np.ndarray:
        r"""Return the squared error (x − x̂)² of each feature of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features), float64
            In squared units of X; a DataFrame with the names of the features after
            ``set_output(transform="pandas")`` or ``"polars"``.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        errors, container = self._squared_errors(X), _get_output_config("transform", self)["dense"]
        if container == "default":
            return errors
        return ADAPTERS_MANAGER.adapters[container].create_container(
            errors, X, columns=self.get_feature_names_out
        )

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose what ``feature_errors`` returns, as scikit-learn's transformers do.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            None changes nothing.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if transform not in {None, "default", *ADAPTERS_MANAGER.supported_outputs}:
            raise ValueError(
                "Expected transform out of 'default', 'pandas' and 'polars'; received "
                f"{transform!r}. Pass one of them."
            )
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def largest_contributors(self, X: ArrayLike, n_features: int = 3) -> np.ndarray:
        r"""Return the names of the features that each row's error is largest in.

        Errors are compared in units of their usual size, ``usual_errors_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        n_features : int, default=3
            How many; all of them if there are not as many.

        Returns
        -------
        names : ndarray of shape (n_samples, n_features), object
            The largest first.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        relative = self._squared_errors(X) / self.usual_errors_**2
        order = np.argsort(-relative, axis=1, kind="stable")[:, :n_features]
        return self.get_feature_names_out()[order]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the features that ``feature_errors`` has columns for.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names where there were none at fit, else those seen at fit.

        Returns
        -------
        names : ndarray of shape (n_features_in_,), object

        Raises
        ------
        ValueError
            If they are not the names seen at fit, or not as many.
        """
        check_is_fitted(self)
        return _check_feature_names_in(self, input_features)

    # ---- private steps --------------------------------------------------------------------

    def _rows_in_use(self, X):
        check_is_fitted(self)
        return validate_rows(self, X, reset=False)[0]

    def _samples(self, rows):
        return rows.reshape(-1, *self._row_shape)

    def _passages(self, rows):
        return passages(self.autoencoder_, self._samples(rows), verbose=self.verbose)

    def _scores(self, rows):
        parts = self._passages(rows)
        return np.concatenate([-self.score_.anomaly(part)[is_row] for part, is_row in parts])

    def _squared_errors(self, X):
        parts = self._passages(self._rows_in_use(X))
        return np.concatenate([np.square(part.errors[is_row]) for part, is_row in parts])


def _is_outlier(y):
    """Return labels of either convention as booleans.

    Raises
    ------
    ValueError
        If they are of neither, or all alike so that the conventions cannot be told apart.
    """
    labels = set(np.unique(y).tolist())
    if labels == {-1, 1}:
        return np.asarray(y) == -1
    if labels == {0, 1}:
        return np.asarray(y) == 1
    raise ValueError(
        "Expected labels -1 for outliers and 1 for the others, or 1 for outliers and 0 for the "
        f"others, both present; received {sorted(labels, key=str)[:5]}. Recode y."
    )


def _conformal_offset(scores, false_positive_rate):
    """Return the conformal offset, and warn where it excludes nothing."""
    offset = _thresholds.conformal_offset(scores, false_positive_rate)
    if offset == -np.inf:
        warnings.warn(
            f"Expected at least {int(np.ceil(1 / false_positive_rate - 1))} calibration rows for "
            f"false_positive_rate={false_positive_rate}, received {len(scores)}: only calling "
            "nothing an outlier keeps the promise. Pass more rows, a larger calibration_size or "
            "rate, or calibration_size=None.",
            UserWarning,
            stacklevel=3,
        )
    return offset


def _seeded(autoencoder, rng):
    """Give seeds to the parts of an unfitted autoencoder that were left without."""
    parameters = autoencoder.get_params()
    unseeded = [
        name
        for name in sorted(parameters)
        if name.split("__")[-1] == "random_state" and parameters[name] is None
    ]
    return autoencoder.set_params(
        **{name: rng.randint(np.iinfo(np.int32).max) for name in unseeded}
    )
