"""The calibration set: random samples or groups, or the last in time."""

import warnings
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold, train_test_split

_N_FOLDS = 5
_FEWEST_GROUPS = 19
_FEWEST_PAIRS, _MOST_PAIRS = 10, 200
_MOST_SHIFTS = 256
_MOST = 0.9  # of the pairs of rows; the last window of a series may start off the stride

Split = tuple[np.ndarray, np.ndarray]


def check_calibration(calibration: Any, size: float | None, gap: int, groups: Any) -> None:
    """Raise ``ValueError`` if parameters do not go together."""
    if calibration == "last" and size is None:
        raise ValueError(
            "Expected a calibration_size with calibration='last'; received None, which is "
            "cross-fitting and calibrates with every row. Pass a share or a number of rows."
        )
    if calibration == "last" and groups is not None:
        raise ValueError(
            "Expected no groups with calibration='last', which holds out the last rows of whatever "
            "group; received groups. Use calibration='random', which holds out whole groups, or "
            "pass a splitter."
        )
    if gap and calibration != "last":
        raise ValueError(
            "Expected gap=0 unless calibration='last', where rows are in order of time; received "
            f"gap={gap} with calibration={calibration!r}. Use calibration='last' or gap=0."
        )


def splits_of(
    rows: np.ndarray,
    y: object,
    groups: ArrayLike | None,
    *,
    calibration: Any,
    size: float | None,
    gap: int,
    rng: np.random.RandomState,
) -> list[Split]:
    """Return the rows to train on and those to calibrate with, once or once a fold.

    Parameters
    ----------
    rows : ndarray of shape (n_samples, n_features)
    y : object
        For a splitter that asks for it.
    groups : array-like of shape (n_samples,) or None
    calibration : "random", "last" or splitter
    size : float, int or None
        Fraction or number of the calibration rows, or of the groups; None is folds.
    gap : int
        Rows left out before the last ones.
    rng : RandomState

    Returns
    -------
    splits : list of (training, calibration)
        Indices of rows.

    Raises
    ------
    ValueError
        If rows or groups are too few, or a splitter gives no such parts or needs y or groups that
        were not passed.
    """
    n_rows = len(rows)
    labels = None if groups is None else _checked_groups(groups, n_rows)
    if calibration == "last":
        return [_last(n_rows, _n_held_out(size, n_rows, "rows"), gap)]
    if calibration != "random":
        splits = [_checked_split(*split) for split in _splits_by(calibration, rows, y, groups)]
        if not splits:
            raise ValueError(f"Expected at least one split; received none from {calibration!r}.")
        return splits
    if labels is not None:
        return _splits_of_groups(labels, size, rng)
    if size is None:
        return list(KFold(min(_N_FOLDS, n_rows), shuffle=True, random_state=rng).split(rows))
    n_held_out = _n_held_out(size, n_rows, "rows")
    training, held_out = train_test_split(np.arange(n_rows), test_size=n_held_out, random_state=rng)
    return [(training, held_out)]


def weights_of(
    held_out: np.ndarray, groups: ArrayLike | None, weights: np.ndarray | None
) -> tuple[np.ndarray | None, float]:
    """Return the weights of calibration rows, and that of a new row.

    With groups each of them counts 1, divided among its rows: the new row is any of a new group,
    which is one more beside those [1]_. With fewer than 19 of them, which could not keep a rate of
    5 % that way, their rows count one by one, and the rate of new groups holds approximately.

    Parameters
    ----------
    held_out : ndarray of shape (n_calibration,)
        Indices of the calibration rows.
    groups : array-like of shape (n_samples,) or None
    weights : ndarray of shape (n_samples,) or None
        Of all rows.

    Returns
    -------
    calibration_weights : ndarray of shape (n_calibration,) or None
        None is 1 for each.
    new_weight : float
        With weights and no groups the largest of them, which keeps the promise for smaller ones.

    Raises
    ------
    ValueError
        If the weights are all 0.

    References
    ----------
    .. [1] Lee, Y., Barber, R. F. and Willett, R. (2023). Distribution-free inference with
       hierarchical data. arXiv:2306.06342.
    """
    labels = None if groups is None else pd.factorize(np.asarray(groups)[held_out])[0]
    if labels is not None and labels.max() + 1 < _FEWEST_GROUPS:
        labels = None
    if labels is None and weights is None:
        return None, 1.0
    chosen = np.ones(len(held_out)) if weights is None else weights[held_out]
    if not chosen.any():
        raise ValueError(
            "Expected calibration rows of which some have a positive sample_weight; received "
            f"{len(held_out)} rows of weight 0. Pass other weights or another calibration."
        )
    if labels is None:
        return chosen, float(chosen.max())
    totals = np.bincount(labels, chosen)[labels]
    return chosen / np.where(totals > 0, totals, 1.0), 1.0


def warn_of_overlap(rows: np.ndarray) -> None:
    """Warn where consecutive rows look like windows that overlap."""
    shift = _shift_of_windows(rows)
    if shift is not None:
        gap = -(-rows.shape[1] // shift) - 1
        warnings.warn(
            "Expected rows that are independent, as calibration='random' needs them; received rows "
            f"of which each repeats the one before, shifted by {shift} values, as windows of a "
            "series that overlap. Random calibration rows are then nearly known from training, and "
            "false alarms exceed the rate. Keep the rows in order of time and use "
            f"calibration='last' with gap={gap}, or pass groups.",
            UserWarning,
            stacklevel=5,
        )


def _checked_groups(groups, n_rows):
    """Return groups as numbers from 0."""
    given = np.asarray(groups)
    if given.shape != (n_rows,):
        raise ValueError(
            f"Expected groups with one label for each of {n_rows} rows; received an array of shape "
            f"{given.shape}. Pass one label a row."
        )
    labels, unique = pd.factorize(given)
    if (labels < 0).any():
        raise ValueError(
            f"Expected a group for every row; received {(labels < 0).sum()} rows without one (None "
            "or NaN). Give them a group of their own, or drop them."
        )
    if len(unique) < 2:
        raise ValueError(
            "Expected at least 2 groups, one to train on and one to calibrate with; received "
            f"{len(unique)}. Leave groups out."
        )
    return labels


def _splits_of_groups(labels, size, rng):
    n_groups = labels.max() + 1
    if size is None:
        folds = GroupKFold(min(_N_FOLDS, n_groups), shuffle=True, random_state=rng)
    else:
        n_held_out = _n_held_out(size, n_groups, "groups")
        folds = GroupShuffleSplit(1, test_size=n_held_out, random_state=rng)
    return list(folds.split(labels, groups=labels))


def _n_held_out(size, n_all, unit):
    n_held_out = int(size) if isinstance(size, Integral) else max(1, round(size * n_all))
    if n_held_out >= n_all:
        raise ValueError(
            f"Expected calibration_size to leave {unit} to train on; received {size} of {n_all} "
            f"{unit}. Lower it, or cross-fit with calibration_size=None."
        )
    return n_held_out


def _last(n_rows, n_held_out, gap):
    n_training = n_rows - n_held_out - gap
    if n_training < 1:
        raise ValueError(
            f"Expected rows to train on before the last {n_held_out} and a gap of {gap}; received "
            f"{n_rows} rows. Lower calibration_size or gap, or pass more rows."
        )
    return np.arange(n_training), np.arange(n_rows - n_held_out, n_rows)


def _splits_by(splitter, rows, y, groups):
    try:
        return list(splitter.split(rows, y, groups))
    except (TypeError, ValueError) as error:
        lacking = [name for name, value in (("y", y), ("groups", groups)) if value is None]
        if not lacking or not _splits_if_given(splitter, rows, y, groups):
            raise
        raise ValueError(
            f"{error}\nExpected {' or '.join(lacking)} for calibration={splitter!r}, which asks "
            "for it; received None. Pass it to fit, which needs it for the splitter alone, or use "
            "another splitter."
        ) from error


def _splits_if_given(splitter, rows, y, groups):
    """Tell whether a splitter would split the rows with some y and groups where there are none."""
    some_y = np.zeros(len(rows), dtype=int) if y is None else y
    some_groups = np.arange(len(rows)) if groups is None else groups
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # splitters warn of what they ignore
        try:
            return bool(list(splitter.split(rows, some_y, some_groups)))
        except (TypeError, ValueError):
            return False


def _checked_split(training, held_out):
    if not len(training) or not len(held_out) or len(np.intersect1d(training, held_out)):
        raise ValueError(
            "Expected a splitter of rows to train on and other rows to calibrate with; received "
            f"{len(training)} and {len(held_out)} rows, "
            f"{len(np.intersect1d(training, held_out))} of them in both. Pass another splitter."
        )
    return training, held_out


def _shift_of_windows(rows):
    """Return by how many values each row is the one before, shifted, or None.

    Windows are looked for that share half of their values at least; equal rows say nothing.
    """
    every = max(1, len(rows) // _MOST_PAIRS)
    first, second = rows[:-1:every], rows[1::every]
    differ = (first != second).any(axis=1)
    first, second = first[differ], second[differ]
    if len(first) < _FEWEST_PAIRS:
        return None
    n_features = rows.shape[1]
    for before, after in zip(first[:3], second[:3], strict=True):
        for shift in _candidate_shifts(before, after[0]):
            if not np.array_equal(before[shift:], after[: n_features - shift]):
                continue
            if (first[:, shift:] == second[:, :-shift]).all(axis=1).mean() >= _MOST:
                return int(shift)
    return None


def _candidate_shifts(before, start_of_after):
    """Return shifts, up to half a row, at which the next row may start."""
    matches = before[1 : len(before) // 2 + 1] == start_of_after
    return np.flatnonzero(matches)[:_MOST_SHIFTS] + 1
