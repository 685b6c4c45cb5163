"""What windows of a series owe to its time steps."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skae import ReconstructionOutlierDetector, SeriesOutlierDetector, SlidingWindows


def test_windows_hold_the_steps_in_order():
    series = np.arange(20.0).reshape(10, 2)
    windows = SlidingWindows(window=3).fit_transform(series)
    assert windows.shape == (8, 6)
    np.testing.assert_array_equal(windows[0], [0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(windows.reshape(8, 3, 2)[5], series[5:8])


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("n_steps", [4, 5, 10, 11])
def test_every_step_is_in_a_window_and_gets_their_mean(n_steps, stride):
    series = np.random.default_rng(0).normal(size=(n_steps, 1))
    windows = SlidingWindows(window=4, stride=stride).fit(series)
    rows = windows.transform(series)
    steps = windows.transform(np.arange(n_steps)[:, None]).astype(int)
    scores = rows.sum(axis=1)
    covering = [scores[(steps == step).any(axis=1)] for step in range(n_steps)]
    for aggregate in ("mean", "min", "max"):
        expected = [getattr(np, aggregate)(those) for those in covering]
        np.testing.assert_allclose(windows.step_scores(scores, n_steps, aggregate), expected)


def test_wrong_series_and_scores_are_refused():
    windows = SlidingWindows(window=4).fit(np.zeros((10, 1)))
    with pytest.raises(ValueError, match="Expected a series of at least window=4 steps"):
        windows.transform(np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"Expected 7 scores.*received an array of shape \(6,\)"):
        windows.step_scores(np.zeros(6), n_steps=10)
    with pytest.raises(ValueError, match="Expected aggregate out of mean, min, max"):
        windows.step_scores(np.zeros(7), n_steps=10, aggregate="median")
    with pytest.raises(ValueError, match="Expected stride of at most window=4"):
        SlidingWindows(window=4, stride=5).fit(np.zeros((10, 1)))


@pytest.mark.parametrize("kind", [SlidingWindows, SeriesOutlierDetector])
@pytest.mark.parametrize("parameter", ["window", "stride"])
def test_true_is_no_number_of_steps(kind, parameter):
    with pytest.raises(
        ValueError, match=f"'{parameter}' parameter of {kind.__name__} must be an int"
    ):
        kind(**{parameter: True}).fit(np.zeros((100, 1)))


@pytest.mark.parametrize("stride", [1, 2])
def test_frames_of_windows_have_the_time_of_the_last_step(stride):
    series = pd.DataFrame(
        np.arange(20.0).reshape(10, 2),
        columns=["a", "b"],
        index=pd.date_range("2024-01-01", periods=10, freq="h"),
    )
    windows = SlidingWindows(window=3, stride=stride)
    plain = windows.fit_transform(series)
    assert isinstance(plain, np.ndarray)
    frame = windows.set_output(transform="pandas").fit_transform(series)
    assert list(frame.columns) == ["a_0", "b_0", "a_1", "b_1", "a_2", "b_2"]
    np.testing.assert_array_equal(frame, plain)
    for time, window in frame.iterrows():
        np.testing.assert_array_equal(window[["a_2", "b_2"]], series.loc[time])
    pd.testing.assert_frame_equal(frame, windows.transform(series))


def test_frames_of_windows_of_arrays_and_polars():
    windows = SlidingWindows(window=4).set_output(transform="pandas")
    frame = windows.fit_transform(np.arange(10.0)[:, None])
    assert list(frame.columns) == ["x0_0", "x0_1", "x0_2", "x0_3"]
    assert list(frame.index) == list(range(7))
    windows.set_output(transform="polars")
    polars = windows.fit_transform(pl.DataFrame({"a": np.arange(10.0)}))
    assert polars.shape == (7, 4)
    assert polars.columns == ["a_0", "a_1", "a_2", "a_3"]


def test_frames_of_windows_go_through_a_pipeline():
    rng = np.random.default_rng(0)
    series = pd.DataFrame(rng.normal(size=(120, 1)), columns=["a"])
    detector = ReconstructionOutlierDetector(PCA(2), calibration="last", gap=4, random_state=0)
    pipeline = make_pipeline(SlidingWindows(window=5), detector).set_output(transform="pandas")
    pipeline.fit(series)
    assert pipeline[-1].feature_names_in_.tolist() == [f"a_{step}" for step in range(5)]
    detector = pipeline[-1].set_output(transform="pandas")
    errors = detector.feature_errors(pipeline[0].transform(series))
    assert list(errors.index) == list(range(4, 120))
