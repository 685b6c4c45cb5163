"""Exported graphs: the same numbers as the estimators', without them."""

import os
import pickle
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import NMF, PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae import (
    BaseScore,
    DenseAutoencoder,
    KerasAutoencoder,
    ReconstructionOutlierDetector,
    SequenceAutoencoder,
    VariationalAutoencoder,
)
from skae.io import register_onnx_converters
from tests.estimators import digits

onnxruntime = pytest.importorskip("onnxruntime", reason="it runs the graphs")
pytest.importorskip("tf2onnx", reason="it writes the graphs")

METHODS = ("transform", "inverse_transform", "reconstruct", "score_samples")
_QUICK = {"epochs": 1, "early_stopping": False, "init": "random", "random_state": 0}
_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def small(**parameters):
    return DenseAutoencoder(2, hidden_layer_sizes=(8,), **_QUICK, **parameters)


@pytest.fixture(scope="module")
def dense(X):
    return small().fit(X)


def written(estimator, path, method, **options):
    """Return the method that was written as a graph."""
    skae.export_onnx(estimator, path, method, **options)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (rows,) = session.get_inputs()
    assert rows.name == "X"
    assert len(session.get_outputs()) == 1
    return lambda X: session.run(None, {"X": X.astype(_TYPES[rows.type])})[0]


def assert_agrees(estimator, path, method, X, **options):
    function = written(estimator, path, method, **options)
    given = np.asarray(estimator.transform(X)) if method == "inverse_transform" else X
    if isinstance(estimator, Pipeline) and method == "reconstruct":
        expected = estimator.inverse_transform(estimator.transform(X))
    else:
        expected = getattr(estimator, method)(given)
    assert_close(function(given), expected)
    assert_close(function(given[:1]), expected[:1])
    assert function(given[:0]).shape == expected[:0].shape


def assert_close(values, expected):
    assert values.shape == expected.shape
    if expected.dtype.kind == "i":
        np.testing.assert_array_equal(values, expected)
    else:
        size = np.abs(expected).max()
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5 * size)


# ---- every kind ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_dense_graphs_agree(dense, X, tmp_path, method):
    assert_agrees(dense, tmp_path / "graph.onnx", method, X)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_graphs_of_every_kind_agree(fitted, X, tmp_path, method):
    assert_agrees(fitted, tmp_path / "graph.onnx", method, X)


@pytest.mark.slow
def test_bounds_of_likelihoods_of_bits_agree(X, tmp_path):
    autoencoder = VariationalAutoencoder(
        2,
        hidden_layer_sizes=(8,),
        loss="binary_crossentropy",
        output_activation="sigmoid",
        **_QUICK,
    )
    assert_agrees(autoencoder.fit(X / 16), tmp_path / "graph.onnx", "score_samples", X / 16)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("method", METHODS)
def test_padded_steps_count_nowhere(tmp_path, method, cell):
    sequences = np.random.default_rng(0).normal(size=(40, 6, 2)).cumsum(axis=1)
    sequences[::3, 4:] = -1
    autoencoder = SequenceAutoencoder(2, units=(4,), cell=cell, mask_value=-1, **_QUICK)
    assert_agrees(autoencoder.fit(sequences), tmp_path / "graph.onnx", method, sequences)


_ZERO_ROWS = """
import sys
import numpy as np
import onnxruntime
for path in sys.argv[1:]:
    session = onnxruntime.InferenceSession(path)
    (codes,) = session.run(None, {"X": np.zeros((0, 6, 2), np.float32)})
    assert len(codes) == 0
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", ["transform", "score_samples"])
def test_lstms_in_pipelines_and_on_no_rows(tmp_path, method):
    """In a process of its own, which onnxruntime's LSTM would end."""
    sequences = np.random.default_rng(0).normal(size=(40, 6, 2))
    autoencoder = SequenceAutoencoder(2, units=(4,), **_QUICK).fit(sequences)
    skae.export_onnx(autoencoder, tmp_path / "graph.onnx", method)
    run = [sys.executable, "-c", _ZERO_ROWS, tmp_path / "graph.onnx"]
    assert subprocess.run(run, capture_output=True).returncode == 0
    rows = sequences.reshape(-1, 12)
    autoencoder.set_params(sequence_shape=(6, 2))
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(rows)
    assert_agrees(pipeline, tmp_path / "graph.onnx", method, rows)


def test_likelihoods_need_an_autoencoder_of_skae(X, tmp_path):
    for linear in (PCA(2), make_pipeline(StandardScaler(), PCA(2))):
        detector = ReconstructionOutlierDetector(linear, score="likelihood", random_state=0).fit(X)
        with pytest.raises(ValueError, match=r"Expected an autoencoder of skae .*received"):
            skae.export_onnx(detector, tmp_path / "graph.onnx", "score_samples")


@pytest.mark.slow
def test_pipelines_whose_other_steps_pass_rows_on(X, tmp_path):
    pipeline = Pipeline([("nothing", "passthrough"), ("last", small())]).fit(X)
    assert_agrees(pipeline, tmp_path / "graph.onnx", "transform", X)


def test_rows_keep_their_shape(X, tmp_path):
    images = X.reshape(-1, 8, 8)
    autoencoder = small().fit(images)
    assert_agrees(autoencoder, tmp_path / "graph.onnx", "reconstruct", images)


@pytest.mark.parametrize("method", ["transform", "score_samples"])
def test_a_large_offset_costs_no_accuracy(X, tmp_path, method):
    assert_agrees(small().fit(X + 1e6), tmp_path / "graph.onnx", method, X + 1e6)


def test_float32_rows_of_a_large_offset_agree(X, tmp_path):
    rows = (X + 1e4).astype(np.float32)
    assert_agrees(small().fit(rows), tmp_path / "graph.onnx", "transform", rows, dtype="float32")


# ---- detectors ----------------------------------------------------------------------------------

_SCORES = (
    "squared_error",
    "absolute_error",
    "standardized_error",
    "worst_features",
    "local_error",
    "ensemble",
    "mahalanobis",
    "sap",
    "nap",
    "likelihood",
)


class Largest(BaseScore):
    def anomaly(self, passage):
        return np.abs(passage.errors).max(axis=1)


class LargestInLoop(BaseScore):
    def anomaly(self, passage):
        return np.array([np.abs(errors).max() for errors in passage.errors])


@pytest.fixture(scope="module")
def images(X):
    return X.reshape(-1, 8, 8)


def detector_of(rows, score, autoencoder=None):
    autoencoder = small() if autoencoder is None else autoencoder
    return ReconstructionOutlierDetector(autoencoder, score=score, random_state=0).fit(rows)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["score_samples", "predict"])
@pytest.mark.parametrize("score", _SCORES)
def test_every_score_agrees(images, tmp_path, score, method):
    assert_agrees(detector_of(images, score), tmp_path / "graph.onnx", method, images)


@pytest.mark.parametrize("score", ["ensemble", "local_error", "nap"])
def test_scores_agree(images, tmp_path, score):
    assert_agrees(detector_of(images, score), tmp_path / "graph.onnx", "score_samples", images)


def test_a_row_on_the_threshold_is_normal(X, tmp_path):
    detector = detector_of(X, "mahalanobis")
    assert detector.offset_ in detector.score_samples(X)
    assert_agrees(detector, tmp_path / "graph.onnx", "predict", X)


def test_detectors_over_affine_estimators_agree(X, tmp_path):
    detector = detector_of(X, "squared_error", make_pipeline(StandardScaler(), PCA(4)))
    assert_agrees(detector, tmp_path / "graph.onnx", "score_samples", X)


def test_the_users_own_score_is_traced(X, tmp_path):
    detector = detector_of(X, Largest(), PCA(4))
    assert_agrees(detector, tmp_path / "graph.onnx", "score_samples", X)


# ---- Pipelines ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_pipelines_agree(X, tmp_path, method):
    pipeline = make_pipeline(StandardScaler(), small()).fit(X)
    assert_agrees(pipeline, tmp_path / "graph.onnx", method, X)


def test_pipelines_with_a_classifier_agree(X, tmp_path):
    pipeline = make_pipeline(StandardScaler(), small(), LogisticRegression())
    assert_agrees(pipeline.fit(X, X[:, 20] > 8), tmp_path / "graph.onnx", "predict", X)


def test_pipelines_of_frames_agree(X, tmp_path):
    frame = pd.DataFrame(X).add_prefix("pixel_")
    pipeline = make_pipeline(StandardScaler(), "passthrough", small()).fit(frame)
    assert_close(
        written(pipeline, tmp_path / "graph.onnx", "transform")(X), pipeline.transform(frame)
    )


@pytest.mark.slow
def test_pipelines_with_a_detector_agree(X, tmp_path):
    pipeline = make_pipeline(
        StandardScaler(), ReconstructionOutlierDetector(PCA(4), random_state=0)
    ).fit(X)
    for method in ("predict", "score_samples"):
        assert_agrees(pipeline, tmp_path / "graph.onnx", method, X)


def test_skl2onnx_knows_the_estimators(X):
    skl2onnx = pytest.importorskip("skl2onnx")
    register_onnx_converters()
    detector = detector_of(X, "mahalanobis", PCA(4))
    rows = X.astype(np.float32)
    model = skl2onnx.to_onnx(make_pipeline(small(), PCA(1)).fit(X), rows[:1])
    assert [output.name for output in model.graph.output] == ["variable"]
    model = skl2onnx.to_onnx(make_pipeline(StandardScaler(), detector).fit(X), rows[:1])
    assert [output.name for output in model.graph.output] == ["label", "scores"]
    onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"X": rows})


# ---- what is refused, and files -----------------------------------------------------------------


def test_what_cannot_be_exported_says_what_to_do(dense, X, tmp_path):
    path = tmp_path / "graph.onnx"
    with pytest.raises(ValueError, match=r"Expected method to be one of .*'decode'"):
        skae.export_onnx(dense, path, "decode")
    with pytest.raises(ValueError, match="Expected dtype to be one of"):
        skae.export_onnx(dense, path, dtype="float16")
    with pytest.raises(ValueError, match=r"DenseAutoencoder's methods .*received method='predict'"):
        skae.export_onnx(dense, path, "predict")
    with pytest.raises(ValueError, match=r"Expected an autoencoder or a detector .*received PCA"):
        skae.export_onnx(PCA(2).fit(X), path)
    with pytest.raises(ValueError, match=r"Expected transformers .*affine maps.*received NMF"):
        skae.export_onnx(detector_of(X, "squared_error", NMF(2, tol=0.1)), path, "predict")
    with pytest.raises(ValueError, match=r"anomaly of LargestInLoop .*Rewrite it"):
        skae.export_onnx(detector_of(X, LargestInLoop(), PCA(2)), path, "predict")
    with pytest.raises(ValueError, match="not fitted"):
        skae.export_onnx(small(), path)
    assert not list(tmp_path.iterdir())


def test_a_layer_without_counterpart_is_named(tmp_path):
    model = keras.Sequential(
        [
            keras.layers.Dense(2, activation=lambda z: keras.ops.erfinv(0.9 * keras.ops.tanh(z))),
            keras.layers.Dense(64),
        ]
    )
    autoencoder = KerasAutoencoder(model, epochs=1).fit(digits())
    with pytest.raises(ValueError, match="Erfinv"):
        skae.export_onnx(autoencoder, tmp_path / "graph.onnx")


def test_files_are_written_whole_or_not_at_all(dense, tmp_path, monkeypatch):
    path = tmp_path / "modèle à nous.onnx"
    path.write_text("old")

    def fail(*paths):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            skae.export_onnx(dense, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    skae.export_onnx(dense, path)
    onnxruntime.InferenceSession(path)


@pytest.mark.slow
def test_the_environment_is_left_as_it_was(dense, tmp_path):
    program = """if True:
        import os, pickle, sys
        estimator = pickle.load(open("estimator.pickle", "rb"))
        import skae
        before = dict(os.environ)
        skae.export_onnx(estimator, "graph.onnx")
        assert dict(os.environ) == before
    """
    (tmp_path / "estimator.pickle").write_bytes(pickle.dumps(dense))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, env=environment)


def test_graphs_run_without_tensorflow(dense, X, tmp_path):
    skae.export_onnx(dense, tmp_path / "graph.onnx")
    np.save(tmp_path / "rows.npy", X.astype(np.float32))
    program = """if True:
        import sys, numpy, onnxruntime
        session = onnxruntime.InferenceSession("graph.onnx")
        (codes,) = session.run(None, {"X": numpy.load("rows.npy")})
        numpy.save("codes.npy", codes)
        assert not {"skae", "keras", "sklearn", "tensorflow"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert_close(np.load(tmp_path / "codes.npy"), dense.transform(X))


@pytest.mark.slow
def test_another_backend_exports_too(X, tmp_path):
    program = """if True:
        import sys, numpy, skae
        X = numpy.load("rows.npy")
        autoencoder = skae.DenseAutoencoder(2, epochs=1, random_state=0).fit(X)
        skae.export_onnx(autoencoder, "graph.onnx")
        numpy.save("codes.npy", autoencoder.transform(X))
    """
    np.save(tmp_path / "rows.npy", X)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, env=environment)
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
    (codes,) = session.run(None, {"X": X.astype(np.float32)})
    assert_close(codes, np.load(tmp_path / "codes.npy"))


# ---- Keras's own exporters ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:In the future `np.object`:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated:UserWarning")
@pytest.mark.parametrize("model", ["model_", "encoder_", "decoder_"])
@pytest.mark.parametrize("pickled", [False, True])
def test_keras_exports_models_right_after_fit(X, tmp_path, model, pickled):
    import tensorflow as tf

    autoencoder = small().fit(X)
    if pickled:
        autoencoder = pickle.loads(pickle.dumps(autoencoder))
    part = getattr(autoencoder, model)
    rows = X.astype(np.float32) if model != "decoder_" else autoencoder.transform(X)
    part.export(tmp_path / "graph.onnx", format="onnx", verbose=False)
    part.export(tmp_path / "saved", verbose=False)
    part.export(tmp_path / "lite.tflite", format="litert", verbose=False)
    expected = part(rows).numpy()
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
    assert_close(session.run(None, {session.get_inputs()[0].name: rows})[0], expected)
    saved = tf.saved_model.load(tmp_path / "saved")
    assert_close(saved.serve(rows).numpy(), expected)
    lite = tf.lite.Interpreter(str(tmp_path / "lite.tflite")).get_signature_runner()
    (name,) = lite.get_input_details()
    (values,) = lite(**{name: rows}).values()
    assert_close(values, expected)
