"""Estimators in files: `save` and `load`."""

import os
from collections.abc import Mapping
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import keras

import skae
from skae import engine
from skae.io._container import read_file, write_file
from skae.io._errors import UnreadableFileError
from skae.io._reading import Reader
from skae.io._writing import Writer

_FORMAT = 1
_PACKAGES = ("keras", "numpy", "scikit-learn", "tensorflow", "jax")


def save(estimator: Any, path: str | bytes | PathLike, include_optimizer: bool = False) -> None:
    """Write an estimator, fitted or not, into one file that :func:`load` reads.

    The file is in the safetensors format: arrays, and JSON for everything else, with a checksum and
    without pickle. It is first written under another name and then renamed, so that the path never
    holds a partial file. Callbacks are not saved.

    Parameters
    ----------
    estimator : estimator
        An autoencoder, a :class:`ReconstructionOutlierDetector`, a :class:`ConformalMonitor` with
        what it has seen, :class:`SlidingWindows`, or a Pipeline of them with scikit-learn's
        scalers, encoders, imputers, decompositions and linear models. ``estimator.save(path)`` does
        the same where there is such a method.
    path : str, bytes or path-like
        File to write. An existing file is replaced, and its mode kept.
    include_optimizer : bool, default=False
        Whether to save the optimizer's state (for Adam twice the size of the weights), so that
        ``partial_fit`` continues exactly. Without it, training continues with a new optimizer.

    Raises
    ------
    ValueError
        If the estimator holds something without a name, such as a lambda, or an estimator of
        another kind.
    OSError
        If the file cannot be written. An existing file is then unchanged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import skae
    >>> X, _ = load_digits(return_X_y=True)
    >>> pipeline = make_pipeline(StandardScaler(), skae.DenseAutoencoder(2, epochs=1)).fit(X)
    >>> path = Path(mkdtemp(), "digits.skae")
    >>> skae.save(pipeline, path)
    >>> bool((skae.load(path).transform(X) == pipeline.transform(X)).all())
    True
    """
    engine.check_process()
    writer = Writer(include_optimizer)
    content = writer.node(estimator)
    if "object" not in (content if isinstance(content, dict) else {}):
        raise ValueError(
            f"Expected an estimator, got {type(estimator).__name__}. For a Keras model use its own "
            "save."
        )
    write_file(Path(os.fsdecode(path)), described("estimator", content, writer), writer.arrays)


def described(kind: str, content: Any, writer: Writer) -> dict[str, Any]:
    """Return a document with what a later reader has to know of its content."""
    return {
        "format": _FORMAT,
        "kind": kind,
        "versions": {"skae": skae.__version__, "backend": keras.backend.backend(), **_versions()},
        "custom_objects": sorted(writer.custom),
        "content": content,
    }


def load(path: str | bytes | PathLike, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Load an estimator from a file that :func:`save` wrote.

    The file cannot import or run code: the classes and functions that it names are from a fixed
    list of Keras, skae and scikit-learn, or from ``custom_objects``. It may have been written with
    another backend or an older version of skae.

    Parameters
    ----------
    path : str, bytes or path-like
        File to read.
    custom_objects : dict of str to class or function, default=None
        Your own layers, activations, losses, networks and scores that the estimator uses, by their
        names.

    Returns
    -------
    estimator : estimator
        As it was saved, fitted or not.

    Raises
    ------
    ValueError
        If the file is damaged, of another format or from a later version, or names an object that
        is not in ``custom_objects``.
    OSError
        If the file does not exist or cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> def bent(x):
    ...     return x / (1 + abs(x))
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = skae.DenseAutoencoder(2, activation=bent, epochs=1).fit(X)
    >>> path = Path(mkdtemp(), "digits.skae")
    >>> autoencoder.save(path)
    >>> again = skae.load(path, custom_objects={"bent": bent})
    >>> bool((again.transform(X) == autoencoder.transform(X)).all())
    True
    """
    engine.check_process()
    return read_content(Path(os.fsdecode(path)), "estimator", dict(custom_objects or {}))


def read_content(path: Path, kind: str, custom: dict[str, Any]) -> Any:
    """Return the object of a kind that a file holds; errors are as :func:`load` has them."""
    try:
        document, arrays = read_file(path)
        _check_document(document, kind, custom)
        return Reader(arrays, custom).value(document["content"])
    except (OSError, UnreadableFileError):
        raise
    except Exception as error:
        raise UnreadableFileError(
            f"{path} holds no {kind} that can be put together here: {type(error).__name__}: "
            f"{error}. Use the versions that wrote it, or save it again."
        ) from error


def _check_document(document, kind, custom):
    """Raise unless a document is of a kind and a version that can be read."""
    if document["format"] > _FORMAT:
        raise UnreadableFileError(
            f"The file was written by skae {document['versions']['skae']}, in a format that this "
            f"version, {skae.__version__}, does not know. Update skae."
        )
    if document["kind"] != kind:
        raise UnreadableFileError(f"Expected a file of kind {kind!r}, got {document['kind']!r}.")
    missing = sorted(set(document["custom_objects"]) - custom.keys())
    if missing:
        raise UnreadableFileError(
            f"The file was made with {', '.join(missing)} of your own, which no file can hold: "
            f"expected custom_objects with {'them' if len(missing) > 1 else 'it'}. Pass "
            f"custom_objects={{{', '.join(f'{name!r}: {name}' for name in missing)}}}."
        )


def _versions():
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except ImportError:  # not installed
            continue
    return found
