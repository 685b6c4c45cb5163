"""What terms, weights, groups, series and the monitor of outlier detection promise."""

import threading

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    ConformalMonitor,
    DenoisingAutoencoder,
    DenseAutoencoder,
    Isolation,
    LocalError,
    NeighborDistance,
    ReconstructionOutlierDetector,
    RecurrentNetwork,
    ResidualDistance,
    RowDistance,
    ScoreEnsemble,
    SequenceAutoencoder,
    SeriesOutlierDetector,
)
from skae.display import FeatureErrorDisplay, MonitorDisplay
from skae.outlier._default import default_autoencoder, unfitted_score
from skae.outlier._named_scores import SCORES
from skae.outlier._thresholds import conformal_offset, conformal_p_values


def correlated(n_rows, seed=0, n_features=6):
    """Rows near a plane in space, all from one distribution."""
    plane = np.random.default_rng(99).normal(size=(2, n_features))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2)) @ plane + 0.1 * rng.normal(size=(n_rows, n_features))


def detector_of(score, autoencoder=None, **parameters):
    pca = PCA(2) if autoencoder is None else autoencoder
    return ReconstructionOutlierDetector(pca, score=score, random_state=0, **parameters)


@pytest.fixture(scope="module")
def small_autoencoder():
    return DenseAutoencoder(2, hidden_layer_sizes=(4,), epochs=1, init="random", random_state=0)


# ---- terms --------------------------------------------------------------------------------


@pytest.mark.parametrize("score", sorted(SCORES))
def test_contributions_sum_to_the_score_and_name_the_feature(score, small_autoencoder):
    X, fresh = correlated(200, n_features=15), correlated(20, seed=1, n_features=15)
    fresh[:, 4] += 10
    detector = detector_of(score, small_autoencoder if score in ("sap", "nap") else None).fit(X)
    contributions = detector.contributions(fresh)
    assert contributions.shape == fresh.shape
    assert (contributions >= 0).all()
    np.testing.assert_allclose(contributions.sum(axis=1), -detector.score_samples(fresh))
    if score not in ("sap", "nap", "local_error"):
        assert (contributions.argmax(axis=1) == 4).mean() > 0.9
    frame = detector.set_output(transform="pandas").contributions(fresh[:2])
    assert list(frame.columns) == [f"x{i}" for i in range(15)]


def test_feature_error_display_shows_contributions():
    X = correlated(100)
    detector = detector_of("ensemble").fit(X)
    display = FeatureErrorDisplay.from_estimator(detector, X, contributions=True)
    np.testing.assert_allclose(
        display.frame()["mean_contribution"], detector.contributions(X).mean(axis=0)
    )
    plt.close(display.figure_)


def test_isolation_is_scikit_learns_forest():
    X, fresh = correlated(400), correlated(50, seed=1)
    score = Isolation(n_estimators=20, random_state=3)
    detector = detector_of(score, calibration="last").fit(X)
    forest = IsolationForest(n_estimators=20, random_state=3)
    forest.fit(detector.score_.standardized(X[:320]))
    expected = forest.score_samples(detector.score_.standardized(fresh))
    np.testing.assert_allclose(detector.score_samples(fresh), expected)


@pytest.mark.parametrize("n_neighbors", [1, 3])
def test_neighbor_distance_is_that_of_scikit_learn_and_of_others_at_fit(n_neighbors):
    X, fresh = correlated(100), correlated(30, seed=1)
    score = NeighborDistance(n_neighbors, n_landmarks=50)
    detector = detector_of(score, calibration_size=20).fit(X)
    fitted = detector.score_
    nearest = NearestNeighbors(n_neighbors=n_neighbors).fit(fitted.landmarks_)
    distances = nearest.kneighbors(fitted.standardized(fresh))[0][:, -1]
    np.testing.assert_allclose(-detector.score_samples(fresh), distances**2)
    assert len(fitted.landmarks_) == 50


def test_distances_do_not_depend_on_the_units_of_features():
    X, fresh, units = correlated(300), correlated(50, seed=1), 10.0 ** np.arange(6)
    pca = make_pipeline(StandardScaler(), PCA(2))
    for score in (ResidualDistance(), RowDistance(), NeighborDistance(), "ensemble"):
        ours = detector_of(score, pca).fit(X).score_samples(fresh)
        theirs = detector_of(score, pca).fit(X * units).score_samples(fresh * units)
        np.testing.assert_allclose(theirs, ours, rtol=1e-5)


def test_outlier_to_one_term_is_an_outlier_to_the_sum():
    X = correlated(500)
    far = 30 * np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:1]
    residual = detector_of(ResidualDistance()).fit(X)
    both = detector_of(ScoreEnsemble([("a", ResidualDistance()), ("b", RowDistance())])).fit(X)
    assert residual.p_values(far) > 0.05
    assert both.p_values(far) < 0.05


def test_ensemble_has_parameters_of_its_terms_and_refuses_what_is_none():
    score = ScoreEnsemble([("far", RowDistance()), ("rare", Isolation())], weights=[2.0, 1.0])
    detector = clone(detector_of(score)).set_params(score__far__support_fraction=0.5)
    assert detector.get_params()["score__far__support_fraction"] == 0.5
    detector.set_params(score__far__support_fraction=2.0)
    with pytest.raises(ValueError, match="The 'support_fraction' parameter"):
        detector.fit(correlated(50))
    wrong = [(score.scores, weights) for weights in ([1.0], [1, -1], [np.inf, 1], ["a", "b"])]
    for scores, weights in [([], None), *wrong]:
        with pytest.raises(ValueError, match="Expected scores as a list of names and BaseScore"):
            detector_of(ScoreEnsemble(scores, weights=weights)).fit(correlated(50))
    with pytest.raises(ValueError, match="The 'p' parameter of ScoreEnsemble"):
        detector_of(ScoreEnsemble(score.scores, p=0.5)).fit(correlated(50))


@pytest.mark.parametrize("p", [1.0, 4.0, 50.0])
def test_ensemble_is_the_norm_of_its_terms(p):
    terms, weights = [("far", RowDistance()), ("rest", ResidualDistance())], [2.0, 1.0]
    X, fresh = correlated(200), 3 * correlated(50, seed=1)
    sums = detector_of(ScoreEnsemble(terms, weights=weights)).fit(X)
    norms = detector_of(ScoreEnsemble(terms, weights=weights, p=p)).fit(X)
    each = sums.score_terms(fresh) / weights
    expected = np.linalg.norm(each * np.power(weights, 1 / p), ord=p, axis=1)
    np.testing.assert_allclose(-norms.score_samples(fresh), expected)
    np.testing.assert_allclose(norms.score_terms(fresh).sum(axis=1), expected)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_default_names_the_feature_that_is_wrong(size):
    X, wrong = correlated(300), correlated(100, seed=1)
    rng = np.random.default_rng(2)
    features = rng.integers(X.shape[1], size=len(wrong))
    wrong[np.arange(len(wrong)), features] += size * rng.choice([-1, 1], len(wrong))
    contributions = detector_of("auto").fit(X).contributions(wrong)
    assert (contributions.argmax(axis=1) == features).mean() > 0.7


@pytest.mark.parametrize(
    ("shape", "autoencoder", "score"),
    [
        ((12,), None, ScoreEnsemble),
        ((12, 1), None, LocalError),
        ((4, 3), None, LocalError),
        ((2, 2, 3), None, LocalError),
        ((4, 3), SequenceAutoencoder(2), ScoreEnsemble),
        ((12, 1), SequenceAutoencoder(2), LocalError),
        (
            (4, 3),
            DenoisingAutoencoder(2, network=RecurrentNetwork()),
            ScoreEnsemble,
        ),
    ],
)
def test_default_score_is_that_of_the_shape_of_samples(shape, autoencoder, score):
    assert type(unfitted_score("auto", shape, autoencoder)) is score


@pytest.mark.slow
def test_default_ranks_small_images_no_worse_than_rows():
    """Smoothing by a whole pixel would remove what tells them apart."""
    images, y = load_digits(return_X_y=True)
    normal = np.flatnonzero(y == 8)
    test = np.concatenate([normal[100:], np.flatnonzero(y != 8)])

    def auroc(X):
        detector = ReconstructionOutlierDetector(random_state=0).fit(X[normal[:100]])
        return roc_auc_score(y[test] == 8, detector.score_samples(X[test]))

    assert auroc(images.reshape(-1, 8, 8)) >= auroc(images) - 0.005


# ---- scaling inside -----------------------------------------------------------------------


def test_scaler_inside_learns_from_training_rows_alone(small_autoencoder):
    X = correlated(100)
    pipeline = make_pipeline(StandardScaler(), small_autoencoder)
    detector = detector_of("squared_error", pipeline, calibration="last").fit(X)
    np.testing.assert_allclose(detector.autoencoder_[0].mean_, X[:80].mean(axis=0))


def test_default_scales_tables_and_a_gross_error_does_not_set_the_scale():
    X = correlated(200)
    X[0] = 1e6
    scaler = default_autoencoder(200, (6,))[0].fit(X)
    np.testing.assert_allclose(scaler.scale_, correlated(200).std(axis=0), rtol=0.5)
    assert default_autoencoder(200, (6, 6, 1)).n_components == 36


# ---- weights and groups -------------------------------------------------------------------


def test_weights_of_one_change_nothing_and_whole_ones_are_repetitions():
    rng = np.random.default_rng(0)
    scores, fresh = rng.normal(size=40), rng.normal(size=30)
    weights = rng.integers(0, 4, size=40)
    repeated = np.repeat(scores, weights)
    for new in (1.0, 2.0):
        ours = conformal_p_values(scores, fresh, weights.astype(float), new)
        below = (repeated[:, None] <= fresh).sum(axis=0)
        np.testing.assert_allclose(ours, (below + new) / (len(repeated) + new))
    for rate in (0.05, 0.2, 0.5):
        offset = conformal_offset(scores, rate, weights.astype(float))
        assert offset == conformal_offset(repeated, rate)
        assert conformal_offset(scores, rate, np.ones(40)) == conformal_offset(scores, rate)


def test_weighted_rows_keep_the_rate_that_they_stand_for():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12000, 3)) * [2, 1, 1]
    weights = 0.1 + (X[:, 0] > 2)
    fresh = rng.normal(size=(20000, 3)) * [2, 1, 1]
    share = 0.1 + (fresh[:, 0] > 2)
    fresh = fresh[rng.uniform(size=20000) < share / 1.1]
    detector = detector_of(RowDistance(), calibration_size=0.5)
    plain = (clone(detector).fit(X).predict(fresh) == -1).mean()
    weighted = detector.fit(X, sample_weight=weights)
    assert (weighted.predict(fresh) == -1).mean() < 0.075 < plain
    flagged = weighted.predict(fresh) == -1
    np.testing.assert_array_equal(flagged, weighted.p_values(fresh) <= 0.05)


def test_weights_reach_an_autoencoder_that_takes_them(small_autoencoder):
    X, weights = correlated(150), np.linspace(0.1, 1, 150)
    for autoencoder in (small_autoencoder, make_pipeline(StandardScaler(), small_autoencoder)):
        detector = detector_of("squared_error", autoencoder, calibration="last")
        fitted = detector.fit(X, sample_weight=weights).autoencoder_
        alone = clone(small_autoencoder)
        is_alone = autoencoder is small_autoencoder
        rows = X[:120] if is_alone else StandardScaler().fit_transform(X[:120])
        alone.fit(rows, sample_weight=weights[:120])
        np.testing.assert_allclose(
            (fitted if is_alone else fitted[-1]).transform(rows), alone.transform(rows), rtol=1e-4
        )


def test_calibration_rows_without_weight_are_refused():
    weights = np.repeat([1.0, 0.0], [80, 20])
    detector = detector_of("squared_error", calibration="last")
    with pytest.raises(ValueError, match="Expected calibration rows of which some have a positive"):
        detector.fit(correlated(100), sample_weight=weights)


@pytest.mark.parametrize("weights", [np.ones(3), np.full(20, -1.0), np.full(20, np.nan)])
def test_p_values_refuse_weights_that_are_not_one_for_each_row(weights):
    detector = detector_of("squared_error").fit(correlated(100))
    with pytest.raises(ValueError, match=r"Expected sample_weight with one number .* of 20 rows"):
        detector.p_values(correlated(20, seed=1), sample_weight=weights)


def test_p_value_of_a_row_without_weight_does_not_depend_on_other_rows():
    detector, fresh = detector_of("squared_error").fit(correlated(100)), correlated(20, seed=1)
    together = detector.p_values(fresh, sample_weight=np.arange(20))
    assert detector.p_values(fresh[:1], sample_weight=[0])[0] == together[0]


@pytest.mark.parametrize(
    ("splitter", "needed"),
    [
        (StratifiedKFold(3), {"y": np.arange(90) % 2}),
        (GroupKFold(3), {"groups": np.arange(90) // 10}),
        (StratifiedGroupKFold(3), {"y": np.arange(90) % 2, "groups": np.arange(90) // 10}),
    ],
)
def test_splitter_that_needs_y_or_groups_asks_for_them(splitter, needed):
    detector = detector_of("squared_error", calibration=splitter)
    with pytest.raises(
        ValueError, match=r"Expected y or groups for calibration=.*KFold\(.*Pass it"
    ):
        detector.fit(correlated(90))
    assert len(detector.fit(correlated(90), **needed).calibration_scores_) == 90


def test_other_errors_of_splitters_stay_as_they_are():
    with pytest.raises(ValueError, match="number of splits n_splits=500 greater") as raised:
        detector_of("squared_error", calibration=KFold(500)).fit(correlated(90))
    assert "Expected y" not in str(raised.value)


def test_error_of_the_autoencoder_notes_how_many_rows_were_left():
    detector = detector_of("squared_error", calibration_size=99)
    with pytest.raises(ValueError, match="n_components=2") as raised:
        detector.fit(correlated(100))
    assert "passed 1 row(s) to train on" in raised.value.__notes__[0]


def test_each_group_counts_once_however_many_rows_it_has():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 30, size=60)
    groups = np.repeat(np.arange(60), sizes)
    X = rng.normal(size=(60, 4))[groups] + 0.01 * rng.normal(size=(len(groups), 4))
    detector = detector_of(RowDistance(), calibration_size=30, false_positive_rate=0.1)
    detector.fit(X, groups=groups)
    assert detector.calibration_weights_.sum() == pytest.approx(30)
    assert detector.new_weight_ == 1
    weights = detector.calibration_weights_
    below = weights[detector.calibration_scores_ < detector.offset_].sum()
    assert below <= 0.1 * 31 - 1 + 1e-9
    assert detector.p_values(np.full((1, 4), 1e6)) == pytest.approx(1 / 31)


# ---- series -------------------------------------------------------------------------------


def hourly(n_steps=600, seed=0):
    times = pd.date_range("2024-01-01", periods=n_steps, freq="h")
    noise = 0.1 * np.random.default_rng(seed).normal(size=n_steps)
    return pd.DataFrame({"a": np.sin(np.arange(n_steps) * np.pi / 12) + noise}, index=times)


@pytest.mark.parametrize("stride", [1, 3])
def test_alarms_of_a_series_have_the_times_of_the_fault(stride):
    detector = SeriesOutlierDetector(
        24, stride=stride, detector=ReconstructionOutlierDetector(PCA(4)), random_state=0
    ).fit(hourly())
    assert detector.detector_.gap == -(-24 // stride) - 1
    faulty = hourly(seed=1)
    faulty.iloc[300:303] += 4
    found = detector.detect(faulty)
    assert found.index[0] == faulty.index[23]
    alarms = detector.alarms(faulty)
    worst = alarms.loc[alarms["score"].idxmin()]
    assert faulty.index[300] <= worst["start"] <= faulty.index[303]
    assert faulty.index[320] <= worst["end"] <= faulty.index[326]
    assert alarms["n_windows"].sum() == found["is_outlier"].sum()


def test_series_may_be_an_array_and_must_be_in_order_and_alike():
    detector = SeriesOutlierDetector(
        8, detector=ReconstructionOutlierDetector(PCA(2)), random_state=0
    )
    series = hourly(300)
    detector.fit(series["a"])
    with pytest.raises(ValueError, match="Expected a series in order of time"):
        detector.fit(series[::-1])
    assert detector.alarms(series[:100]).empty or len(detector.alarms(series[:100])) < 5
    array = clone(detector).fit(series.to_numpy())
    assert list(array.detect(series.to_numpy()).index[:2]) == [7, 8]
    with pytest.raises(ValueError, match="window=8"):
        detector.detect(series[:5])


def by_pca(window=24, n_components=4):
    """Return a detector of series that is quick to train."""
    detector = ReconstructionOutlierDetector(PCA(n_components), false_positive_rate=0.01)
    return SeriesOutlierDetector(window, detector=detector, random_state=0)


def test_windows_across_a_hole_are_left_out():
    """A jump from one hour to a later one is no fault of the values."""
    series, new = hourly(1200), hourly(seed=1)
    detector = by_pca().fit(series)
    assert detector.step_ == 3600
    holed = pd.concat([new[:300], new[310:]])
    with pytest.warns(UserWarning, match=r"23 of 567 windows.*first of 10 step.*resample\('3600s'"):
        found = detector.detect(holed)
    across = found.loc[new.index[310] : new.index[332]]
    assert across["score"].isna().all()
    assert not across["is_outlier"].any()
    judged = found.drop(across.index)
    pd.testing.assert_frame_equal(judged, detector.detect(new).loc[judged.index])


def test_windows_across_a_hole_are_not_trained_on():
    series = hourly(1200)
    with pytest.warns(UserWarning, match="23 of 1167 windows"):
        detector = by_pca().fit(pd.concat([series[:300], series[310:]]))
    assert len(detector.detector_.fit_scores_) == 1167 - 23


def test_irregular_times_are_no_holes():
    """Days of trading, say, have a hole every week."""
    days = pd.date_range("2024-01-01", periods=600, freq="B")
    series = hourly().set_axis(days)
    detector = by_pca().fit(series)
    assert detector.step_ is None
    assert detector.detect(series)["score"].notna().all()


def test_series_of_another_step_is_refused():
    detector = by_pca().fit(hourly())
    minutes = hourly().set_axis(pd.date_range("2024-01-01", periods=600, freq="min"))
    with pytest.raises(ValueError, match=r"steps of 3600 s.*received steps of 60 s.*resample"):
        detector.detect(minutes)


@pytest.mark.parametrize(
    ("index", "remedy"),
    [
        (lambda times: times.where(np.arange(600) != 7), r"1 steps without a time.*notna\(\)"),
        (lambda times: pd.Index(np.arange(600).astype(str)), "index of text.*astype"),
        (lambda times: times[::-1], "goes back.*sort_index"),
    ],
)
def test_index_that_is_not_in_order_is_explained(index, remedy):
    series = hourly()
    with pytest.raises(ValueError, match=remedy):
        by_pca().fit(series.set_axis(index(series.index)))


def test_missing_values_are_refused_in_the_name_of_the_detector():
    detector = by_pca().fit(hourly())
    with pytest.raises(ValueError, match="SeriesOutlierDetector does not accept missing"):
        detector.detect(hourly().mask(np.arange(600)[:, None] == 5))


@pytest.mark.slow
def test_changes_of_a_constant_series_are_outliers_without_a_warning():
    series = hourly() * 0
    detector = SeriesOutlierDetector(
        12,
        detector=ReconstructionOutlierDetector(DenseAutoencoder(2, epochs=1)),
        random_state=0,
    ).fit(series)
    series.iloc[300:303] += 3
    found = detector.detect(series)
    assert np.isfinite(found["score"]).all()
    assert found.index[found["is_outlier"]].tolist() == series.index[300:314].tolist()


# ---- monitor ------------------------------------------------------------------------------


class Given(BaseEstimator):
    """A fitted detector whose score is the only column."""

    def __init__(self, calibration_scores):
        self.calibration_scores_ = calibration_scores

    def fit(self, X):
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0]


def test_monitor_raises_few_false_alarms_and_finds_drift():
    rng = np.random.default_rng(0)
    alarms, delays, p_values = 0, [], []
    for seed in range(40):
        monitor = ConformalMonitor(
            Given(rng.normal(size=100)), false_alarm_probability=0.1, random_state=seed
        )
        monitor.update(rng.normal(size=(300, 1)))
        alarms += monitor.alarm_ is not None
        p_values.append(monitor.p_values_)
        monitor.reset().update(rng.normal(size=(100, 1))).update(rng.normal(-1, 1, size=(200, 1)))
        delays.append(monitor.alarm_ - 100)
    assert alarms <= 40 * (0.1 + 3 * np.sqrt(0.1 * 0.9 / 40))
    assert 0 < np.median(delays) < 60
    assert kstest(np.concatenate(p_values), "uniform").pvalue > 0.01


def test_monitor_sees_the_same_in_parts_and_shows_it():
    rng = np.random.default_rng(0)
    detector, rows = Given(rng.normal(size=50)), rng.normal(-2, 1, size=(100, 1))
    whole = ConformalMonitor(detector, random_state=0).update(rows)
    parts = ConformalMonitor(detector, random_state=0)
    for part in np.array_split(rows, 7):
        parts.update(part)
    pd.testing.assert_frame_equal(parts.frame(), whole.frame())
    display = MonitorDisplay.from_monitor(whole)
    pd.testing.assert_frame_equal(display.frame(), whole.frame())
    assert whole.frame()["alarm"].idxmax() == whole.alarm_
    plt.close(display.figure_)


def test_monitor_refuses_what_is_no_probability():
    with pytest.raises(ValueError, match="The 'false_alarm_probability' parameter"):
        ConformalMonitor(Given(np.zeros(5)), false_alarm_probability=2)


def test_weights_are_routed_to_the_last_step_of_a_pipeline():
    X, weights = np.random.default_rng(0).normal(size=(200, 4)), np.linspace(1, 2, 200)
    autoencoder = make_pipeline(StandardScaler(), DenseAutoencoder(2, epochs=1))
    detector = ReconstructionOutlierDetector(autoencoder, random_state=0)
    expected = clone(detector).fit(X, sample_weight=weights).score_samples(X)
    with config_context(enable_metadata_routing=True):
        scores = clone(detector).fit(X, sample_weight=weights).score_samples(X)
    np.testing.assert_array_equal(scores, expected)


def test_detector_in_use_by_another_thread_is_whole_while_it_is_refitted():
    X = correlated(200)
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0)
    known = [clone(detector).fit(rows).p_values(X) for rows in (X, 2 * X + 1)]
    detector.fit(X)
    wrong, done = [], threading.Event()

    def use():
        while not done.is_set():
            found = detector.p_values(X)
            if not any(np.array_equal(found, expected) for expected in known):
                wrong.append(found)

    thread = threading.Thread(target=use)
    thread.start()
    try:
        for rows in [2 * X + 1, X] * 10:
            detector.fit(rows)
    finally:
        done.set()
        thread.join()
    assert not wrong
