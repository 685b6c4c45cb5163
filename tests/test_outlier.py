"""What the outlier detector promises of its scores and thresholds."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_digits
from sklearn.decomposition import NMF, PCA
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skae import (
    BaseScore,
    ConvAutoencoder,
    DenseAutoencoder,
    HiddenPath,
    LocalError,
    NeighborDistance,
    ReconstructionOutlierDetector,
    SparseAutoencoder,
    VariationalAutoencoder,
    WorstFeaturesError,
)
from skae.outlier import _thresholds
from skae.outlier._named_scores import SCORES
from skae.outlier._whitening import Whitening

# Some tests and scikit-learn's checks have few rows; the warning has tests of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Expected at least 19 calibration rows:UserWarning")

RATES = (0.01, 0.05, 0.1)


def small_autoencoder(**parameters):
    settings = {"hidden_layer_sizes": (16,), "epochs": 3, "random_state": 0}
    return DenseAutoencoder(2, **settings | parameters)


def correlated(n_rows, seed=0, n_features=6):
    """Rows near a plane in space, all from one distribution."""
    plane = np.random.default_rng(99).normal(size=(2, n_features))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2)) @ plane + 0.1 * rng.normal(size=(n_rows, n_features))


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[y == 0], X[y == 7]


NOT_EQUIVALENT = "the calibration rows are drawn at random, and PCA takes no weights"


@parametrize_with_checks(
    [ReconstructionOutlierDetector(PCA(1))],
    expected_failed_checks=lambda _: {
        "check_sample_weight_equivalence_on_dense_data": NOT_EQUIVALENT
    },
)
def test_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


# ---- thresholds ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", RATES)
def test_false_alarms_keep_the_promise_and_use_it_up(rate):
    """Mean over many calibration samples; k / (n + 1) exactly, in expectation."""
    rng = np.random.default_rng(0)
    n_calibration, n_repeats, n_fresh = 119, 1000, 100
    alarms = 0
    for _ in range(n_repeats):
        offset = _thresholds.conformal_offset(rng.exponential(size=n_calibration), rate)
        alarms += (rng.exponential(size=n_fresh) < offset).sum()
    expected = int(rate * (n_calibration + 1) + 1e-9) / (n_calibration + 1)
    # The rate given the offset is Beta distributed, with about this variance.
    spread = np.sqrt(rate * (1 - rate) * (1 / n_calibration + 1 / n_fresh) / n_repeats)
    assert alarms / (n_repeats * n_fresh) == pytest.approx(expected, abs=4 * spread)
    assert expected <= rate


def test_overfitted_autoencoder_keeps_the_promise_where_the_training_error_breaks_it():
    rng = np.random.default_rng(0)
    train, fresh = rng.normal(size=(150, 40)), rng.normal(size=(4000, 40))
    detector = ReconstructionOutlierDetector(
        PCA(35), score="squared_error", false_positive_rate=0.1, calibration_size=50, random_state=0
    ).fit(train)
    promised = (detector.predict(fresh) == -1).mean()
    detector.set_threshold(contamination=0.1)
    calibrated = np.isin(detector.fit_scores_, detector.calibration_scores_)
    training_offset = np.quantile(detector.fit_scores_[~calibrated], 0.1)
    broken = (detector.score_samples(fresh) < training_offset).mean()
    assert promised < 0.1 + 3 * np.sqrt(0.1 * 0.9 * (1 / 50 + 1 / 4000))
    assert broken > 0.3


@pytest.mark.parametrize("calibration_size", [0.3, 100, None])
def test_predict_flags_what_has_a_small_p_value(calibration_size):
    X, fresh = correlated(300), correlated(200, seed=1)
    for rate in RATES:
        detector = ReconstructionOutlierDetector(
            PCA(2), false_positive_rate=rate, calibration_size=calibration_size, random_state=0
        )
        if calibration_size == 0.3 and rate == 0.01:
            with pytest.warns(UserWarning, match="Expected at least 99 calibration rows"):
                detector.fit(X)
            assert (detector.predict(fresh + 100) == 1).all()
        else:
            detector.fit(X)
        flagged = detector.predict(fresh) == -1
        np.testing.assert_array_equal(flagged, detector.p_values(fresh) <= rate)


def test_p_values_of_normal_rows_are_uniform_and_those_of_outliers_small():
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(correlated(2000))
    p_values = detector.p_values(correlated(2000, seed=1))
    np.testing.assert_allclose(np.quantile(p_values, RATES), RATES, atol=0.03)
    far = detector.p_values(correlated(10, seed=2) + 50 * np.eye(10, 6))
    np.testing.assert_allclose(far[:6], 1 / 401)


def test_cross_fitting_calibrates_with_every_row():
    X = correlated(100)
    detector = ReconstructionOutlierDetector(PCA(2), calibration_size=None, random_state=0).fit(X)
    assert detector.calibration_scores_.shape == (100,)
    assert not np.array_equal(detector.calibration_scores_, detector.fit_scores_)
    np.testing.assert_array_equal(detector.fit_scores_, detector.score_samples(X))
    np.testing.assert_allclose(detector.autoencoder_.mean_, X.mean(axis=0))


def test_contamination_is_the_share_of_the_rows_at_fit():
    X = correlated(200)
    detector = ReconstructionOutlierDetector(PCA(2), contamination=0.15, random_state=0)
    assert (detector.fit_predict(X) == -1).sum() == 30
    assert (detector.set_threshold(contamination=0.25).predict(X) == -1).sum() == 50


def test_set_threshold_trains_nothing_and_gives_what_fit_would():
    X = correlated(300)
    fitted = ReconstructionOutlierDetector(PCA(2), false_positive_rate=0.2, random_state=0).fit(X)
    other = clone(fitted).set_params(false_positive_rate=0.05).fit(X)
    autoencoder = other.autoencoder_
    other.set_threshold(false_positive_rate=0.2)
    assert other.offset_ == fitted.offset_
    assert other.autoencoder_ is autoencoder
    assert other.set_threshold(-1.5).offset_ == -1.5


@pytest.mark.parametrize("normal_label", [1, 0])
def test_threshold_from_labels(digits, normal_label):
    normal, outliers = digits
    detector = ReconstructionOutlierDetector(PCA(10), random_state=0).fit(normal[:100])
    X = np.concatenate([normal[100:], outliers[:20]])
    is_outlier = np.arange(len(X)) >= len(normal) - 100
    y = np.where(is_outlier, -1 if normal_label else 1, normal_label)
    best = f1_score(is_outlier, detector.set_threshold(X=X, y=y).predict(X) == -1)
    scores = detector.score_samples(X)
    assert best == max(f1_score(is_outlier, scores <= score) for score in scores)
    detector.set_threshold(X=X, y=y, false_positive_rate=0.1)
    assert (detector.predict(X[~is_outlier]) == -1).mean() <= 0.1


def test_false_discoveries_stay_below_the_rate():
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(correlated(2000))
    shares = []
    for seed in range(1, 41):
        X = np.concatenate([correlated(90, seed), correlated(10, 1000 + seed) * 8])
        found = detector.discoveries(X, false_discovery_rate=0.2)
        shares.append(found[:90].sum() / max(found.sum(), 1))
        assert found[90:].any()
    assert np.mean(shares) <= 0.2 + 3 * np.std(shares) / np.sqrt(len(shares))


# ---- scores -------------------------------------------------------------------------------


@pytest.mark.parametrize("score", sorted(SCORES))
def test_scores_separate_are_distinct_and_do_not_depend_on_the_batch(score, digits):
    normal, outliers = digits
    autoencoder = make_pipeline(StandardScaler(), small_autoencoder(epochs=20))
    detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0)
    scores = detector.fit(normal[:120]).score_samples(np.concatenate([normal[120:], outliers]))
    assert roc_auc_score(np.arange(len(scores)) < len(normal) - 120, scores) > 0.95
    assert len(np.unique(scores)) == len(scores)
    alone = np.concatenate([detector.score_samples(row[None]) for row in outliers[:5]])
    np.testing.assert_array_equal(alone, scores[len(normal) - 120 :][:5])
    backwards = detector.score_samples(outliers[::-1])
    np.testing.assert_array_equal(backwards[::-1], scores[len(normal) - 120 :])


def test_scores_do_not_depend_on_the_place_of_a_row_in_the_batch():
    rows = correlated(700, n_features=64).astype(np.float32)
    detector = ReconstructionOutlierDetector(PCA(30), score="squared_error", random_state=0)
    scores = detector.fit(rows[:200]).score_samples(rows)
    order = np.random.default_rng(0).permutation(len(rows))
    np.testing.assert_array_equal(detector.score_samples(rows[order]), scores[order])


BATCHES = (1, 2, 7, 8, 9, 63, 1000, 1024, 5000)


def check_scores_of_batches(detector, rows):
    scores = detector.score_samples(rows)
    for size in BATCHES:
        for start in (0, len(rows) - size):
            batch = slice(start, start + size)
            np.testing.assert_array_equal(detector.score_samples(rows[batch]), scores[batch])


@pytest.mark.parametrize("score", [*sorted(SCORES), WorstFeaturesError(0.4), NeighborDistance(3)])
def test_scores_of_a_small_network_are_the_same_in_batches_of_any_size(score):
    autoencoder = make_pipeline(StandardScaler(), small_autoencoder(epochs=1))
    detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0)
    check_scores_of_batches(detector.fit(correlated(200)), correlated(5003, seed=1))


@pytest.mark.parametrize(
    "autoencoder",
    [
        pytest.param(PCA(2), id="pca"),
        pytest.param(small_autoencoder(epochs=1, activation="gelu"), id="activation"),
        *(
            pytest.param(autoencoder, id=name, marks=pytest.mark.slow)
            for name, autoencoder in {
                "large": small_autoencoder(epochs=1, hidden_layer_sizes=(400, 400)),
                "conv": ConvAutoencoder(2, image_shape=(2, 3, 1), filters=4, epochs=1),
                "variational": VariationalAutoencoder(2, hidden_layer_sizes=(16,), epochs=1),
                "sparse": SparseAutoencoder(2, hidden_layer_sizes=(16,), epochs=1),
            }.items()
        ),
    ],
)
@pytest.mark.parametrize("score", ["ensemble", "likelihood"])
def test_scores_are_the_same_in_batches_of_any_size(autoencoder, score):
    detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0)
    check_scores_of_batches(detector.fit(correlated(200)), correlated(5003, seed=1))


class NumberOfRows(BaseScore):
    """A score that depends on the other rows."""

    def anomaly(self, passage):
        return np.full(len(passage.samples), len(passage.samples))


def test_score_of_unknown_kind_gets_blocks_of_one_size():
    detector = ReconstructionOutlierDetector(small_autoencoder(), score=NumberOfRows())
    detector.fit(correlated(100))
    assert set(detector.score_samples(correlated(5000))) == {detector.score_samples(np.eye(6))[0]}


@pytest.mark.slow
def test_scores_are_the_same_in_another_process():
    code = (
        "import numpy as np; from skae import ReconstructionOutlierDetector as Detector;"
        "X = np.random.default_rng(0).normal(size=(40, 4));"
        "print(Detector(random_state=0).fit(X).score_samples(X).tobytes().hex())"
    )
    X = np.random.default_rng(0).normal(size=(40, 4))
    here = ReconstructionOutlierDetector(random_state=0).fit(X).score_samples(X)
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert here.tobytes().hex() == there.strip()


def test_simple_scores_are_their_formulas():
    X, fresh = correlated(300), correlated(50, seed=1)
    detector = ReconstructionOutlierDetector(PCA(2), score="squared_error", random_state=0).fit(X)
    pca = detector.autoencoder_
    errors = fresh - pca.inverse_transform(pca.transform(fresh))
    np.testing.assert_allclose(-detector.score_samples(fresh), (errors**2).mean(axis=1))
    detector.set_params(score="absolute_error").fit(X)
    np.testing.assert_allclose(-detector.score_samples(fresh), np.abs(errors).mean(axis=1))
    detector.set_params(score="likelihood").fit(X)
    np.testing.assert_allclose(detector.score_samples(fresh), pca.score_samples(fresh))


def test_standardized_error_ignores_the_units_of_the_features():
    X, fresh = correlated(300), correlated(50, seed=1)
    units = 10.0 ** np.arange(6)
    pca = make_pipeline(StandardScaler(), PCA(2))
    for score in ("standardized_error", "worst_features"):
        detector = ReconstructionOutlierDetector(pca, score=score, random_state=0)
        ours = clone(detector).fit(X).score_samples(fresh)
        np.testing.assert_allclose(
            clone(detector).fit(X * units).score_samples(fresh * units), ours
        )


def test_worst_features_are_the_mean_of_the_largest_errors():
    X, fresh = correlated(300, n_features=20), correlated(50, 1, n_features=20)
    standard = ReconstructionOutlierDetector(PCA(2), score="standardized_error", random_state=0)
    worst = clone(standard).set_params(score=WorstFeaturesError(share=1.0))
    np.testing.assert_allclose(
        standard.fit(X).score_samples(fresh), worst.fit(X).score_samples(fresh)
    )
    worst.set_params(score__share=0.05).fit(X)
    usual = worst.score_.usual_errors_
    largest = (worst.feature_errors(fresh) / usual**2).max(axis=1)
    np.testing.assert_allclose(-worst.score_samples(fresh), largest)


class GivesNothingBack(TransformerMixin, BaseEstimator):
    """An autoencoder whose residual is the row itself."""

    def fit(self, X, y=None):
        self.row_shape_ = X.shape[1:]
        return self

    def transform(self, X):
        return np.zeros((len(X), 1))

    def inverse_transform(self, codes):
        return np.zeros((len(codes), *self.row_shape_))


def local_scores(train, fresh, **parameters):
    score = LocalError(**parameters)
    detector = ReconstructionOutlierDetector(GivesNothingBack(), score=score, random_state=0)
    return -detector.fit(train).score_samples(fresh)


def test_local_error_is_the_squared_error_if_nothing_is_smoothed():
    images = np.random.default_rng(0).normal(size=(20, 6, 5))
    plain = local_scores(images, images, smoothing=0.0, brightness_power=0.0)
    np.testing.assert_allclose(plain, (images**2).mean(axis=(1, 2)))


def test_local_error_sees_strokes_rather_than_checkers():
    rng = np.random.default_rng(0)
    stroke, checkers = np.zeros((2, 12, 12))
    stroke[4:8, 5:7] = 1
    checkers[4:8, 4:8] = np.indices((4, 4)).sum(axis=0) % 2 * 2 - 1
    checkers *= np.linalg.norm(stroke) / np.linalg.norm(checkers)
    of_stroke, of_checkers = local_scores(
        rng.random(size=(20, 12, 12)), np.stack([stroke, checkers]), brightness_power=0.0
    )
    assert of_stroke > 5 * of_checkers


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_local_error_grows_with_brightness_as_its_power_says(power):
    images = np.random.default_rng(0).random(size=(20, 6, 6))
    ones, twos = (local_scores(images, k * images, brightness_power=power) for k in (1, 2))
    np.testing.assert_allclose(twos, 2 ** (2 - power) * ones)


def test_local_error_smooths_channels_one_by_one():
    images = np.random.default_rng(0).random(size=(10, 8, 8, 3))
    joint = local_scores(images, images, brightness_power=0.0)
    alone = [local_scores(part, part, brightness_power=0.0) for part in np.moveaxis(images, -1, 0)]
    np.testing.assert_allclose(joint, np.mean(alone, axis=0))


def test_nap_sees_what_the_residual_does_not_and_needs_hidden_layers(digits):
    normal, _ = digits
    detector = ReconstructionOutlierDetector(PCA(5), score="nap", random_state=0)
    with pytest.raises(TypeError, match=r"expects an autoencoder with hidden layers.*received PCA"):
        detector.fit(normal)
    plain = ReconstructionOutlierDetector(small_autoencoder(), score="sap", random_state=0)
    errors = plain.fit(normal).feature_errors(normal).sum(axis=1)
    assert (-plain.score_samples(normal) > errors).all()
    assert isinstance(SCORES["nap"](), HiddenPath)


@pytest.mark.slow
def test_likelihood_of_a_vae_is_its_bound(digits):
    normal, _ = digits
    vae = VariationalAutoencoder(2, epochs=2, random_state=0)
    detector = ReconstructionOutlierDetector(vae, score="likelihood", random_state=0).fit(normal)
    bound = detector.autoencoder_.score_samples(normal)
    np.testing.assert_allclose(detector.score_samples(normal), bound, rtol=1e-4)


def test_mahalanobis_sees_far_codes_that_reconstruct_perfectly():
    X = correlated(500)
    far = 30 * np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:1]
    error = ReconstructionOutlierDetector(PCA(2), score="squared_error", random_state=0).fit(X)
    both = clone(error).set_params(score="mahalanobis").fit(X)
    assert error.p_values(far) > 0.05
    assert both.p_values(far) < 0.05


def test_central_rows_decide_what_is_usual():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(700, 3)), 6 + 0.1 * rng.normal(size=(300, 3))])
    plain, central = Whitening.of(rows), Whitening.of(rows, support_fraction=0.6)
    assert np.linalg.norm(central.mean) < 0.2 < np.linalg.norm(plain.mean)


@pytest.mark.parametrize(
    "autoencoder", [NMF(3, max_iter=500), make_pipeline(StandardScaler(), small_autoencoder())]
)
def test_any_transformer_with_an_inverse_serves(autoencoder, digits):
    normal, outliers = digits
    detector = ReconstructionOutlierDetector(autoencoder, random_state=0).fit(normal)
    assert (detector.predict(outliers) == -1).mean() > 0.9


def test_rows_with_a_shape_are_scored_as_flat_ones():
    images = correlated(100).reshape(100, 3, 2)
    detector = ReconstructionOutlierDetector(
        small_autoencoder(), score="ensemble", random_state=0
    ).fit(images)
    flat = clone(detector).fit(images.reshape(100, 6))
    np.testing.assert_array_equal(
        detector.score_samples(images), flat.score_samples(images.reshape(100, 6))
    )
    assert detector.feature_errors(images).shape == (100, 6)


# ---- explanations -------------------------------------------------------------------------


def test_feature_errors_name_the_feature_that_is_wrong():
    frame = pd.DataFrame(correlated(300), columns=list("abcdef"))
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(frame)
    wrong = frame.iloc[:4].copy()
    wrong.loc[[0, 1, 2, 3], ["a", "c", "d", "f"]] += np.diag([3.0, -3.0, 3.0, 3.0])
    assert detector.largest_contributors(wrong, n_features=1).ravel().tolist() == list("acdf")
    errors = detector.set_output(transform="pandas").feature_errors(wrong)
    assert list(errors.columns) == list("abcdef")
    assert errors.idxmax(axis=1).tolist() == list("acdf")
    assert list(errors.index) == [0, 1, 2, 3]


# ---- errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"contamination": 0.1, "false_positive_rate": 0.1}, "Expected contamination or false_pos"),
        ({"calibration_size": 50}, "Expected calibration_size to leave rows.*received 50 of 50"),
        ({"score": "best"}, "The 'score' parameter"),
        ({"score": WorstFeaturesError(share=2.0)}, "The 'share' parameter"),
    ],
)
def test_wrong_parameters_are_refused(parameters, message):
    detector = ReconstructionOutlierDetector(PCA(2), **parameters)
    with pytest.raises(ValueError, match=message):
        detector.fit(correlated(50))


def test_wrong_thresholds_are_refused():
    X = correlated(50)
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)
    with pytest.raises(ValueError, match="Expected exactly one of offset"):
        detector.set_threshold()
    with pytest.raises(ValueError, match="Expected exactly one of offset"):
        detector.set_threshold(-1, contamination=0.1)
    with pytest.raises(ValueError, match=r"Expected labels -1 for outliers.*received \[1.0\]"):
        detector.set_threshold(X=X, y=np.ones(50))
    with pytest.raises(ValueError, match="Expected false_discovery_rate between 0 and 1"):
        detector.discoveries(X, false_discovery_rate=2)
