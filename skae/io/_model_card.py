"""Model cards: fitted estimators described in Markdown."""

import platform
from importlib.metadata import version
from inspect import getdoc, signature
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted

from skae.autoencoders._base import BaseAutoencoder
from skae.data._validation import validate_rows
from skae.outlier import ReconstructionOutlierDetector

_VERSIONS = ("skae", "keras", "numpy", "scikit-learn")
_MOST_NAMES = 20


def model_card(estimator: Any, X: ArrayLike) -> str:
    r"""Return a model card of a fitted autoencoder or detector.

    Parameters
    ----------
    estimator : BaseAutoencoder or ReconstructionOutlierDetector
        Fitted.
    X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        Samples to compute the scores on, preferably held out. For comparison, PCA is fitted to the
        same samples, which favors PCA.

    Returns
    -------
    card : str
        Markdown with the YAML header of the Hugging Face Hub: training data, scores, non-default
        parameters, and versions.

    Raises
    ------
    ValueError
        If the estimator is of another kind, or X is not valid input of its methods.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = skae.DenseAutoencoder(2, epochs=2, random_state=0).fit(X[:1500])
    >>> card = skae.model_card(autoencoder, X[1500:])
    >>> print(card[card.index("# Dense") :][:18])
    # DenseAutoencoder
    """
    if not isinstance(estimator, BaseAutoencoder | ReconstructionOutlierDetector):
        raise ValueError(
            "Expected an autoencoder or a detector of skae; received "
            f"{type(estimator).__name__}. Of a Pipeline pass the last step, and rows as it gets "
            "them."
        )
    check_is_fitted(estimator)
    rows, _ = validate_rows(estimator, X, reset=False)
    name = type(estimator).__name__
    summary = (getdoc(type(estimator)) or "").split("\n\n")[0]
    figures = _of_autoencoder if isinstance(estimator, BaseAutoencoder) else _of_detector
    sections = {
        "Training data": _bullets(_data(estimator)),
        f"Figures on {len(rows)} rows": _table(("figure", "value"), figures(estimator, rows)),
        "Parameters": _table(("parameter", "value"), _parameters(estimator)),
        "Versions": _bullets(_versions()),
    }
    header = "---\nlibrary_name: skae\ntags:\n- autoencoder\n- scikit-learn\n- tabular\n---"
    parts = [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join([header, f"# {name}", summary, *parts]) + "\n"


def _data(estimator):
    shape = " × ".join(map(str, estimator._row_shape))
    facts = {"Features": f"{estimator.n_features_in_} (rows of shape {shape})"}
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        more = ", …" if len(names) > _MOST_NAMES else ""
        facts["Names"] = ", ".join(map(str, names[:_MOST_NAMES])) + more
    if isinstance(estimator, ReconstructionOutlierDetector):
        return facts | {
            "Rows": len(estimator.fit_scores_),
            "Rows that the threshold is read off": len(estimator.calibration_scores_),
        }
    facts |= {"Epochs": f"{estimator.n_epochs_} (best: {estimator.best_epoch_})"}
    last = {key: f"{values[-1]:.4g}" for key, values in estimator.history_.items()}
    return facts | {"Last epoch": ", ".join(f"{key} {value}" for key, value in last.items())}


def _of_autoencoder(autoencoder, rows):
    n_components = min(autoencoder._n_features_out, *rows.shape)
    variance = {}
    if np.ptp(rows, axis=0).any():  # else there is none to reconstruct
        pca = PCA(n_components, random_state=0).fit(rows)
        variance = {
            "fraction of variance reconstructed": f"{autoencoder.score(rows):.4f}",
            f"the same by PCA with {n_components} components, fitted to these rows": (
                f"{pca.explained_variance_ratio_.sum():.4f}"
            ),
        }
    return {
        "size of the code": autoencoder._n_features_out,
        **variance,
        "mean of score_samples": f"{autoencoder.score_samples(rows).mean():.4g}",
    }


def _of_detector(detector, rows):
    scores = detector.score_samples(rows)
    low, middle, high = np.percentile(scores, (5, 50, 95))
    return {
        "threshold": f"{detector.offset_:.4g}",
        "share called outliers": f"{(detector.predict(rows) == -1).mean():.4f}",
        "scores, 5 %, 50 % and 95 %": f"{low:.4g}, {middle:.4g}, {high:.4g}",
        "share called outliers among the calibration rows": (
            f"{(detector.calibration_scores_ < detector.offset_).mean():.4f}"
        ),
    }


def _parameters(estimator):
    defaults = signature(type(estimator)).parameters
    return {
        name: f"`{_said(value)}`".replace("\n", " ").replace("|", "\\|")
        for name, value in estimator.get_params(deep=False).items()
        if name not in defaults or repr(defaults[name].default) != repr(value)
    }


def _said(value):
    """Return a value as text without its place in memory."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]" if _places_in(value) else repr(value)
    if not _places_in(value):
        return repr(value)
    if isinstance(value, keras.losses.Loss):  # its configuration leaves out a part of it
        given = value.get_config() | getattr(value, "_fn_kwargs", {})
    else:
        config = getattr(value, "get_config", None)
        given = config() if callable(config) and not isinstance(value, type) else {}
    if not given:
        return getattr(value, "__name__", type(value).__name__)
    parts = (f"{name}={part!r}" for name, part in given.items() if not _places_in(part))
    return f"{type(value).__name__}({', '.join(parts)})"


def _places_in(value):
    return " at 0x" in repr(value)


def _versions():
    installed = {name: version(name) for name in _VERSIONS}
    backend = keras.backend.backend()
    return {"Python": platform.python_version(), **installed, "Keras's backend": backend}


def _bullets(facts):
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def _table(head, facts):
    lines = [head, ("---", "---"), *facts.items()]
    return "\n".join(f"| {name} | {value} |" for name, value in lines)
