"""What windows of a series owe to its time steps."""

import numpy as np
import pytest

from skae import SlidingWindows


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
