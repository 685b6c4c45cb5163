"""What the outlier detector does off the usual path: errors, few rows, odd scores, time, groups."""

import gc
import weakref

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, TimeSeriesSplit

from skae import (
    BaseScore,
    DenseAutoencoder,
    DenseNetwork,
    HiddenPath,
    KerasAutoencoder,
    ReconstructionOutlierDetector,
    SlidingWindows,
    VariationalAutoencoder,
    WorstFeaturesError,
)
from skae.engine._hidden_layers import HiddenLayers
from skae.model._layer_outputs import hidden_outputs


def correlated(n_rows, seed=0, n_features=6):
    """Rows near a plane in space, all from one distribution."""
    plane = np.random.default_rng(99).normal(size=(2, n_features))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2)) @ plane + 0.1 * rng.normal(size=(n_rows, n_features))


def own_model():
    """A user's model of 6 features, with an activation as a layer and the code in the middle."""
    layers = keras.layers
    inputs = keras.Input((6,))
    hidden = layers.LeakyReLU()(layers.Dense(5)(inputs))
    code = layers.Dense(2, name="code")(hidden)
    return keras.Model(inputs, layers.Dense(6)(layers.Dense(5, "relu")(code)))


def small(**parameters):
    return DenseAutoencoder(2, hidden_layer_sizes=(5,), epochs=1, random_state=0, **parameters)


def n_nodes(model):
    layers = model._flatten_layers()
    return sum(len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in layers)


# ---- the way through the encoder ----------------------------------------------------------


@pytest.mark.parametrize(
    "autoencoder",
    [
        pytest.param(small(init="pca"), id="pca"),
        *(
            pytest.param(autoencoder, id=name, marks=pytest.mark.slow)
            for name, autoencoder in {
                "random": small(init="random"),
                "activation": small(init="random", code_activation="LeakyReLU"),
                "variational": VariationalAutoencoder(2, network=DenseNetwork((5,)), epochs=1),
                "keras": KerasAutoencoder(own_model(), epochs=1),
            }.items()
        ),
    ],
)
def test_hidden_path_is_the_hidden_layers_and_the_code_once(autoencoder):
    X = correlated(100)
    score = HiddenPath(whiten=False)
    detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0).fit(X)
    encoder = detector.autoencoder_.encoder_
    rows = X.astype(np.float32)
    back = detector.autoencoder_.reconstruct(X)
    (hidden,) = HiddenLayers(encoder)(rows)
    (hidden_of_back,) = HiddenLayers(encoder)(back)
    assert hidden.shape == (100, 5)
    ways = [(rows, back), (hidden, hidden_of_back), (encoder(rows), encoder(back))]
    expected = sum(np.square(np.array(x) - np.array(y)).sum(axis=1) for x, y in ways)
    np.testing.assert_allclose(-detector.score_samples(X), expected, rtol=1e-3)


def test_hidden_outputs_live_as_long_as_the_encoder_and_follow_its_weights():
    autoencoder = small(init="random").fit(correlated(100))
    encoder, rows = autoencoder.encoder_, np.ones((2, 6), np.float32)
    before = hidden_outputs(autoencoder, rows)
    np.testing.assert_allclose(before[:, 5:], encoder(rows), rtol=1e-5)
    encoder.set_weights([weight + 1 for weight in encoder.get_weights()])
    assert not np.array_equal(hidden_outputs(autoencoder, rows), before)
    alive = weakref.ref(encoder)
    del autoencoder, encoder
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("score", ["sap", "nap"])
def test_scoring_leaves_no_traces_in_the_model(score):
    X = correlated(100)
    for autoencoder in (small(), KerasAutoencoder(own_model(), epochs=1, random_state=0)):
        detector = ReconstructionOutlierDetector(autoencoder, score=score, random_state=0).fit(X)
        model = detector.autoencoder_.model_
        before = n_nodes(model)
        for _ in range(3):
            detector.score_samples(X)
        assert n_nodes(model) == before


@pytest.mark.parametrize("score", ["squared_error", "worst_features", "mahalanobis", "local_error"])
def test_tiny_rows_are_scored_as_others(score):
    X, far = correlated(200), 50 * np.eye(6)
    detector = ReconstructionOutlierDetector(PCA(2), score=score, random_state=0)
    usual = clone(detector).fit(X).predict(X)
    tiny = detector.fit(1e-60 * X)
    np.testing.assert_array_equal(tiny.predict(1e-60 * X), usual)
    assert (tiny.predict(1e-60 * far) == -1).all()


@pytest.mark.parametrize("score", ["sap", "nap"])
def test_rows_too_small_for_hidden_activations_are_refused(score):
    detector = ReconstructionOutlierDetector(small(init="random"), score=score, random_state=0)
    with pytest.raises(ValueError, match="Expected rows whose hidden activations are finite"):
        detector.fit(1e-60 * correlated(100))


# ---- errors leave the detector as it was --------------------------------------------------


class Stumbling(BaseScore):
    """The squared error, until it is told to raise or to return something else."""

    stumbles: object = None

    def anomaly(self, passage):
        if isinstance(Stumbling.stumbles, type):
            raise Stumbling.stumbles
        errors = np.square(passage.errors).mean(axis=1)
        return errors if Stumbling.stumbles is None else Stumbling.stumbles(errors)


class CountedPCA(PCA):
    """PCA that counts how often any of it was trained."""

    n_fits = 0

    def fit(self, X, y=None):
        CountedPCA.n_fits += 1
        return super().fit(X, y)


@pytest.fixture
def stumbling(monkeypatch):
    """Let the score stumble from now on."""
    return lambda how: monkeypatch.setattr(Stumbling, "stumbles", how)


@pytest.mark.parametrize("calibration_size", [0.3, None])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_error_while_refitting_leaves_everything_as_it_was(error, calibration_size, stumbling):
    frame = pd.DataFrame(correlated(100), columns=list("abcdef"))
    detector = ReconstructionOutlierDetector(
        PCA(2), score=Stumbling(), calibration_size=calibration_size, random_state=0
    ).fit(frame)
    before = joblib.hash(vars(detector))
    stumbling(error)
    with pytest.raises(error):
        detector.fit(np.ones((50, 4)) * np.arange(50)[:, None])
    assert joblib.hash(vars(detector)) == before
    stumbling(None)
    detector.predict(frame)


def test_error_while_fitting_leaves_no_attributes(stumbling):
    detector = ReconstructionOutlierDetector(PCA(2), score=Stumbling(), random_state=0)
    before = dict(vars(detector))
    stumbling(RuntimeError)
    with pytest.raises(RuntimeError):
        detector.fit(correlated(100))
    assert vars(detector) == before


@pytest.mark.parametrize(
    ("parameters", "groups", "message"),
    [
        ({"score": WorstFeaturesError(share=2.0)}, None, "The 'share' parameter"),
        ({"calibration": "first"}, None, "The 'calibration' parameter"),
        ({"gap": -1}, None, "The 'gap' parameter"),
        ({"gap": 2}, None, "Expected gap=0 unless calibration='last'"),
        ({"calibration": "last", "calibration_size": None}, None, "Expected a calibration_size"),
        ({"calibration": "last"}, np.arange(50) // 5, "Expected no groups with calibration='last'"),
        ({"calibration": "last", "gap": 40}, None, "Expected rows to train on before the last 10"),
        ({}, np.zeros(50), "Expected at least 2 groups"),
        ({}, np.zeros(49), "Expected groups with one label for each of 50 rows"),
        ({}, [None, "a"] * 25, "Expected a group for every row; received 25 rows without"),
        ({"calibration_size": 5}, np.arange(50) // 10, "leave groups to train on; received 5 of 5"),
        ({"calibration": GroupShuffleSplit(1)}, None, "'groups' parameter should not be None"),
    ],
)
def test_wrong_parameters_are_refused_before_training(parameters, groups, message, monkeypatch):
    monkeypatch.setattr(CountedPCA, "n_fits", 0)
    detector = ReconstructionOutlierDetector(CountedPCA(2), random_state=0, **parameters)
    with pytest.raises(ValueError, match=message):
        detector.fit(correlated(50), groups=groups)
    assert CountedPCA.n_fits == 0


@pytest.mark.parametrize(
    "how",
    [
        lambda errors: np.full_like(errors, np.nan),
        lambda errors: errors[:, None],
        lambda errors: errors.mean(),
    ],
    ids=["nan", "column", "number"],
)
def test_scores_that_say_nothing_of_rows_are_refused(how, stumbling):
    X = correlated(100)
    detector = ReconstructionOutlierDetector(PCA(2), score=Stumbling(), random_state=0).fit(X)
    stumbling(how)
    with pytest.raises(ValueError, match="Expected anomaly of Stumbling to return one number"):
        detector.predict(X)
    with pytest.raises(ValueError, match="Expected anomaly of Stumbling to return one number"):
        clone(detector).fit(X)


# ---- thresholds ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_rows", [4, 80])
def test_few_rows_still_flag_extreme_ones_and_say_which_rate_they_keep(n_rows):
    detector = ReconstructionOutlierDetector(PCA(1), random_state=0)
    with pytest.warns(UserWarning, match="Expected at least 19 calibration rows for the default"):
        detector.fit(correlated(n_rows))
    assert (detector.predict(np.full((3, 6), 1e6)) == -1).all()
    n_calibration = len(detector.calibration_scores_)
    assert (detector.calibration_scores_ < detector.offset_).sum() == 0
    assert detector.p_values(np.full((1, 6), 1e6)) == pytest.approx(1 / (n_calibration + 1))


def test_default_rate_is_kept_without_warning_from_nineteen_calibration_rows_on():
    detector = ReconstructionOutlierDetector(PCA(1), calibration_size=19, random_state=0)
    detector.fit(correlated(100))
    assert detector.offset_ == detector.calibration_scores_.min()


@pytest.mark.parametrize(
    "threshold",
    [
        {"contamination": 0.9},
        {"contamination": 0},
        {"contamination": np.nan},
        {"offset": np.nan},
        {"offset": "low"},
        {"false_positive_rate": 0},
        {"false_positive_rate": 1.5},
    ],
)
def test_set_threshold_refuses_what_the_constructor_refuses(threshold):
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(correlated(100))
    before = detector.offset_
    (name,) = threshold
    with pytest.raises(ValueError, match=f"The '{name}' parameter of set_threshold"):
        detector.set_threshold(**threshold)
    assert detector.offset_ == before


@pytest.mark.parametrize("y", [["a", None] * 50, [1, "1"] * 50, [object(), 0.5] * 50])
def test_labels_that_are_no_labels_are_refused(y):
    X = correlated(100)
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)
    with pytest.raises(ValueError, match="Expected labels -1 for outliers and 1 for the others"):
        detector.set_threshold(X=X, y=np.array(y, dtype=object))


# ---- time and groups ----------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0, 7])
def test_last_rows_calibrate_and_the_gap_is_left_out(gap):
    X = correlated(100)
    detector = ReconstructionOutlierDetector(
        PCA(2), calibration="last", calibration_size=0.25, gap=gap, random_state=0
    ).fit(X)
    np.testing.assert_array_equal(detector.calibration_scores_, detector.fit_scores_[75:])
    np.testing.assert_allclose(detector.autoencoder_.mean_, X[: 75 - gap].mean(axis=0))


@pytest.mark.parametrize("calibration_size", [0.3, 3, None])
def test_groups_are_never_on_both_sides(calibration_size):
    groups = np.array(list("abcdefghij")).repeat(10)
    seen = []

    class Remembering(PCA):
        def fit(self, X, y=None):
            seen.append(set(X[:, 0].astype(int)))
            return super().fit(X, y)

    X = correlated(100)
    X[:, 0] = np.arange(100) // 10
    detector = ReconstructionOutlierDetector(
        Remembering(2), calibration_size=calibration_size, random_state=0
    ).fit(X, groups=groups)
    if calibration_size is None:
        assert sorted(map(len, seen)) == [8, 8, 8, 8, 8, 10]
        assert len(detector.calibration_scores_) == 100
    else:
        assert list(map(len, seen)) == [7]
        assert len(detector.calibration_scores_) == 30


def test_new_groups_are_flagged_at_the_rate_where_random_rows_flag_too_many():
    rng = np.random.default_rng(0)

    def patients(n):
        return np.repeat(10 * rng.normal(size=(n, 20)), 10, axis=0) + rng.normal(size=(10 * n, 20))

    X, groups, fresh = patients(60), np.arange(600) // 10, patients(200)
    detector = ReconstructionOutlierDetector(
        PCA(15), score="squared_error", calibration_size=0.4, random_state=0
    )
    by_group = (clone(detector).fit(X, groups=groups).predict(fresh) == -1).mean()
    at_random = (clone(detector).fit(X).predict(fresh) == -1).mean()
    assert by_group < 0.12 < at_random


def test_one_split_calibrates_and_several_cross_fit():
    X = correlated(100)
    once = ReconstructionOutlierDetector(
        PCA(2), calibration=ShuffleSplit(1, test_size=30, random_state=0), random_state=0
    ).fit(X)
    assert len(once.calibration_scores_) == 30
    assert np.isin(once.calibration_scores_, once.fit_scores_).all()
    folds = clone(once).set_params(calibration=TimeSeriesSplit(4)).fit(X)
    assert len(folds.calibration_scores_) == 80
    np.testing.assert_allclose(folds.autoencoder_.mean_, X.mean(axis=0))


@pytest.mark.slow
@pytest.mark.parametrize(("n_channels", "stride"), [(1, 1), (3, 1), (2, 3)])
@pytest.mark.parametrize("calibration_size", [0.2, None])
def test_overlapping_windows_drawn_at_random_are_warned_of(n_channels, stride, calibration_size):
    series = np.random.default_rng(0).normal(size=(300, n_channels)).cumsum(axis=0)
    windows = SlidingWindows(window=8, stride=stride).fit_transform(series)
    gap = -(-8 // stride) - 1
    detector = ReconstructionOutlierDetector(
        PCA(2), calibration_size=calibration_size, random_state=0
    )
    with pytest.warns(UserWarning, match=f"use calibration='last' with gap={gap},"):
        detector.fit(windows)
    last = ReconstructionOutlierDetector(PCA(2), calibration="last", gap=gap, random_state=0)
    last.fit(windows)
    clone(detector).fit(windows, groups=np.arange(len(windows)) // 20)


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.parametrize(
    "X",
    [
        np.ones((100, 4)),
        np.tile([0.0, 1.0], (100, 3)),
        np.random.default_rng(0).integers(0, 2, size=(300, 2)).astype(float),
        np.sort(np.random.default_rng(0).integers(0, 2, size=(300, 3)).astype(float), axis=0),
        np.eye(64)[np.random.default_rng(0).permutation(64)],
        SlidingWindows(window=8, stride=8).fit_transform(np.arange(800.0)[:, None]),
    ],
    ids=["constant", "alike", "binary", "sorted", "one-hot", "apart"],
)
def test_other_rows_are_not_taken_for_windows(X):
    ReconstructionOutlierDetector(PCA(1), calibration_size=0.4, random_state=0).fit(X)


def test_two_rows_are_enough_for_every_term():
    """One is trained on, and has no neighbour; the other one calibrates."""
    X = correlated(2)
    detector = ReconstructionOutlierDetector(small(), random_state=0)
    with pytest.warns(UserWarning, match="received 1: the rate is 0.5 instead"):
        detector.fit(X)
    assert np.isfinite(detector.score_samples(X)).all()


def test_discoveries_out_of_reach_are_told():
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(correlated(200))
    X = np.concatenate([correlated(400, 1), correlated(20, 2) * 50])
    with pytest.warns(UserWarning, match="of 420 rows.*0.024.*expected at least 103 such rows"):
        assert not detector.discoveries(X).any()
    assert detector.discoveries(X[-25:]).sum() >= 20
