"""Export of estimators to ONNX, which runs without TensorFlow."""

import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skae.autoencoders._base import BaseAutoencoder
from skae.io._atomic import write_whole
from skae.outlier import ReconstructionOutlierDetector

METHODS = ("transform", "inverse_transform", "reconstruct", "score_samples", "predict")
_DTYPES = ("auto", "float32", "float64")
_OF_AUTOENCODERS = METHODS[:4]
_OF_DETECTORS = METHODS[3:]
_NO_STEP = (None, "passthrough")
_LARGEST_OFFSET = 16.0  # standard deviations; float32 then rounds a row by a millionth of one


def export_onnx(
    estimator: BaseEstimator,
    path: str | os.PathLike,
    method: str = "transform",
    *,
    dtype: str = "auto",
) -> None:
    r"""Write one method of a fitted estimator as an ONNX file.

    The input ``X`` of the graph is any number of samples, none included, in the shape that they had
    at fit. The graph needs neither skae nor TensorFlow, only a runtime such as onnxruntime. Its
    output agrees with the estimator within a relative error of 1e-5, or 1e-2 where layers compute
    in 16 bits.

    Parameters
    ----------
    estimator : estimator
        A fitted autoencoder or detector of skae, or a Pipeline. The other steps of a Pipeline are
        converted by skl2onnx. For ``"inverse_transform"`` and ``"reconstruct"`` they must be affine
        maps, such as ``StandardScaler`` and ``PCA``. So must the autoencoder of a detector if it is
        not one of skae's.
    path : str or path-like
        File to write. A partial file is never left at this path.
    method : {"transform", "inverse_transform", "reconstruct", "score_samples", "predict"}, \
default="transform"
        Method to export. The graph has one output, named as by skl2onnx: ``variable`` (codes or
        samples, float32; float64 for samples from Pipelines), ``scores`` (float64, of shape
        (n_samples,)) or ``label`` (int64, of shape (n_samples,)).
    dtype : {"auto", "float32", "float64"}, default="auto"
        Type of the input. ``"auto"`` is float32, unless the means of the features are more than 16
        times their standard deviations, where float32 would lose precision; then float64.

    Raises
    ------
    ImportError
        If onnx, skl2onnx or tf2onnx is missing.
    ValueError
        If the estimator has no such method, or it cannot be written as an ONNX graph.

    See Also
    --------
    skae.io.register_onnx_converters : Register skae's estimators with skl2onnx.

    Notes
    -----
    The conversion runs on TensorFlow. With another backend of Keras it starts a new process, to
    which the estimator is sent as a pickle.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> import skae
    >>> X, _ = load_digits(return_X_y=True)
    >>> autoencoder = skae.DenseAutoencoder(2, epochs=2, random_state=0).fit(X)
    >>> path = Path(tempfile.mkdtemp(), "encoder.onnx")
    >>> skae.export_onnx(autoencoder, path)
    >>> session = onnxruntime.InferenceSession(path)
    >>> (codes,) = session.run(None, {"X": X.astype(np.float32)})
    >>> np.allclose(codes, autoencoder.transform(X), atol=1e-4)
    True
    """
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        estimator = Pipeline([step for step in estimator.steps if step[1] not in _NO_STEP])
    _check_choices(estimator, method, dtype)
    if keras.backend.backend() == "tensorflow":
        content = _content(estimator, method, dtype)
    else:
        content = _content_from_tensorflow(estimator, method, dtype)
    write_whole(Path(os.fsdecode(path)), [content])


def register_onnx_converters() -> None:
    """Register skae's estimators, and the subclasses that exist by now, with skl2onnx.

    ``skl2onnx.to_onnx`` then converts estimators that contain them. Autoencoders have the output
    ``variable``, the codes; detectors have ``label`` and ``scores``, the results of ``predict`` and
    ``score_samples``. ``target_opset`` must be at least 18.

    Raises
    ------
    ImportError
        If onnx, skl2onnx or tf2onnx is missing.

    Examples
    --------
    >>> from skae.io import register_onnx_converters
    >>> register_onnx_converters()
    """
    _pipelines().register()


def _content(estimator, method, dtype):
    onnx_pipelines = _pipelines()
    if dtype == "auto":
        dtype = "float64" if _offset(estimator) > _LARGEST_OFFSET else "float32"
    of_skae = _is_of_skae(estimator)
    build = onnx_pipelines.estimator_graph if of_skae else onnx_pipelines.pipeline_graph
    return build(estimator, method, dtype).SerializeToString()


def _pipelines():
    environment = os.environ.copy()
    try:
        return import_module("skae.io._onnx_pipelines")
    except ImportError as error:
        raise ImportError(
            f"Expected onnx, skl2onnx and tf2onnx to be installed; received: {error}. Run pip "
            "install skae[onnx]."
        ) from error
    finally:  # tf2onnx sets how much TensorFlow says
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)


def _is_of_skae(estimator):
    """Tell whether the estimator is an autoencoder or a detector, not a Pipeline."""
    return isinstance(estimator, BaseAutoencoder | ReconstructionOutlierDetector)


def _check_choices(estimator, method, dtype):
    if dtype not in _DTYPES:
        raise ValueError(f"Expected dtype to be one of {_DTYPES}; received {dtype!r}.")
    if method not in METHODS:
        raise ValueError(f"Expected method to be one of {METHODS}; received {method!r}.")
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    known: tuple[str, ...] = METHODS
    if isinstance(last, BaseAutoencoder):
        known = _OF_AUTOENCODERS
    elif isinstance(last, ReconstructionOutlierDetector):
        known = _OF_DETECTORS
    elif not isinstance(estimator, Pipeline):
        raise ValueError(
            "Expected an autoencoder or a detector of skae, or a Pipeline; received "
            f"{type(estimator).__name__}. Of a search pass best_estimator_; for other estimators "
            "call register_onnx_converters() of skae.io and skl2onnx.to_onnx."
        )
    if method not in known:
        raise ValueError(
            f"Expected one of {type(last).__name__}'s methods {known}; received "
            f"method={method!r}. A detector's autoencoder is its attribute autoencoder_."
        )


def _offset(estimator):
    """Return how far from zero rows lie, in units of what tells them apart."""
    if isinstance(estimator, BaseAutoencoder):
        return np.abs(estimator._scale.mean).max() / estimator._scale.scale
    if isinstance(estimator, ReconstructionOutlierDetector):
        autoencoder = estimator.autoencoder_
        codes = autoencoder.transform(np.zeros((1, *estimator._row_shape)))
        usual_row = autoencoder.inverse_transform(np.zeros_like(codes))
        return np.abs(usual_row).max() / np.sqrt(np.square(estimator.usual_errors_).mean())
    first = estimator.steps[0][1]
    if _is_of_skae(first) or isinstance(first, Pipeline):
        return _offset(first)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            return np.abs(first.transform(np.zeros((1, first.n_features_in_)))).max()
    except (AttributeError, ValueError):  # skl2onnx will say what is wrong with it
        return 0.0


def _last_words(process):
    """Return what a process said of its failure, or the last line of what killed it."""
    said = process.stdout.strip() or process.stderr.strip().rpartition("\n")[2]
    return said or f"nothing; it ended with {process.returncode}"


def _content_from_tensorflow(estimator, method, dtype):
    """Return what this process would, had Keras the backend that can write it."""
    with tempfile.TemporaryDirectory() as folder:
        given, written = Path(folder, "estimator.pickle"), Path(folder, "graph.onnx")
        given.write_bytes(pickle.dumps(estimator))
        process = subprocess.run(
            [sys.executable, "-m", "skae.io._onnx_process", given, written, method, dtype],
            env={**os.environ, "KERAS_BACKEND": "tensorflow"},
            capture_output=True,
            text=True,
        )
        if process.returncode:
            raise ValueError(
                "Expected an estimator that a process with Keras's TensorFlow backend can export; "
                f"received from it: {_last_words(process)}"
            )
        return written.read_bytes()
