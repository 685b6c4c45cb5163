"""Preparation of rows, weights and unfitted parts for the training of a detector."""

import numpy as np
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from skae._compat import check_sample_weight
from skae.data._blocks import selected_rows, weighted_pieces

_SCORED_BYTES = 2**25


def some_rows(rows, rng):
    """Return rows out of blocks, as many as may be whitened in memory."""
    n_rows = min(len(rows), max(1, _SCORED_BYTES // (8 * rows.shape[1])))
    chosen = selected_rows(rows, rng.choice(len(rows), n_rows, replace=False))
    return np.concatenate([piece for piece, _ in weighted_pieces(chosen, None)])


def seeded(estimator, rng):
    """Seed the parts of an unfitted autoencoder or score without a ``random_state``."""
    parameters = estimator.get_params()
    unseeded = [
        name
        for name in sorted(parameters)
        if name.split("__")[-1] == "random_state" and parameters[name] is None
    ]
    return estimator.set_params(**{name: rng.randint(np.iinfo(np.int32).max) for name in unseeded})


def checked_weights(sample_weight, rows):
    if sample_weight is None:
        return None
    return check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)


def fitted(autoencoder, samples, weights, training):
    """Fit an autoencoder to training samples; errors say how many rows there were.

    Parameters
    ----------
    autoencoder : estimator
    samples : ndarray or Blocks
    weights : ndarray or None
        Of all rows, also of those that are not for training.
    training : ndarray of int
        Positions of the samples among all rows.
    """
    weights = None if weights is None else weights[training]
    try:
        return autoencoder.fit(samples, **_weights_of_fit(autoencoder, weights))
    except ValueError as error:
        error.add_note(
            f"The detector passed {len(training)} row(s) to train on, those not held out for "
            "calibration. If they are too few, lower calibration_size or pass more rows."
        )
        raise


def _weights_of_fit(autoencoder, weights):
    """Return weights as an argument of fit, for an autoencoder that takes them.

    Where metadata are routed, steps of a Pipeline without a request get none, but for the last.
    """
    is_pipeline = isinstance(autoencoder, Pipeline)
    learner = autoencoder[-1] if is_pipeline else autoencoder
    if weights is None or not has_fit_parameter(learner, "sample_weight"):
        return {}
    if not is_pipeline:
        return {"sample_weight": weights}
    if not get_config()["enable_metadata_routing"]:
        return {f"{autoencoder.steps[-1][0]}__sample_weight": weights}
    for _, step in autoencoder.steps:
        takes_weights = has_fit_parameter(step, "sample_weight")
        if takes_weights and step.get_metadata_routing().fit.requests["sample_weight"] is None:
            step.set_fit_request(sample_weight=step is learner)
    return {"sample_weight": weights}
