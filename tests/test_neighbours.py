"""What other libraries keep and show of fitted estimators: skops, MLflow, model hubs."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    DenseAutoencoder,
    KerasAutoencoder,
    ReconstructionOutlierDetector,
    SequenceAutoencoder,
    model_card,
)
from skae.io import trusted_types
from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "deploy_onnx.md"


def small():
    return DenseAutoencoder(2, hidden_layer_sizes=(8,), epochs=1, init="random", random_state=0)


@pytest.fixture(scope="module")
def dense(X):
    return small().fit(X)


# ---- skops --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def skops_io():
    return pytest.importorskip("skops.io", reason="skops is not installed")


def through_skops(skops_io, estimator, own=()):
    data = skops_io.dumps(estimator)
    trusted = trusted_types(skops_io.get_untrusted_types(data=data))
    return skops_io.loads(data, trusted=[*trusted, *own])


@pytest.mark.slow
def test_skops_keeps_every_kind(skops_io, fitted, X):
    loaded = through_skops(skops_io, fitted, own=["tests.estimators.dense_model"])
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))


@pytest.mark.parametrize("score", ["mahalanobis", "nap"])
def test_skops_keeps_detectors(skops_io, X, score):
    detector = ReconstructionOutlierDetector(small(), score=score, random_state=0).fit(X)
    loaded = through_skops(skops_io, detector)
    np.testing.assert_array_equal(loaded.score_samples(X), detector.score_samples(X))


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": keras.losses.Huber(0.3)},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, 9)},
        {"callbacks": [keras.callbacks.TerminateOnNaN(), keras.callbacks.ReduceLROnPlateau()]},
    ],
)
def test_skops_keeps_what_training_took(skops_io, settings, X):
    fitted = small().set_params(**settings).fit(X)
    loaded = through_skops(skops_io, fitted)
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))


@pytest.mark.slow
def test_skops_keeps_padded_sequences(skops_io, X):
    sequences = X.reshape(-1, 8, 8)
    fitted = SequenceAutoencoder(2, units=(3,), mask_value=0.0, epochs=1, random_state=0)
    loaded = through_skops(skops_io, fitted.fit(sequences))
    np.testing.assert_array_equal(loaded.transform(sequences), fitted.transform(sequences))


def test_what_runs_code_is_not_trusted(skops_io, X):
    foreign = ["posix.system", "builtins.eval", "my.skae.model.Thing", "skae", "numpy.load"]
    code = ["keras.src.layers.core.lambda_layer.Lambda", "keras.src.utils.file_utils.get_file"]
    writing = ["keras.src.callbacks.csv_logger.CSVLogger", "keras.src.saving.saving_api.save_model"]
    assert not trusted_types([*foreign, *code, *writing])
    layers = [keras.layers.Dense(2), keras.layers.Lambda(lambda z: 2 * z), keras.layers.Dense(64)]
    autoencoder = KerasAutoencoder(keras.Sequential(layers), epochs=1).fit(X)
    with pytest.raises(skops_io.exceptions.UntrustedTypesFoundException, match="Lambda"):
        through_skops(skops_io, autoencoder)


# ---- MLflow -------------------------------------------------------------------------------------


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """MLflow on a folder of its own."""
    reason = "MLflow is large and in no extra; pip install mlflow-skinny runs these tests"
    mlflow = pytest.importorskip("mlflow", reason=reason)
    pytest.importorskip("mlflow.sklearn")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(tmp_path.as_uri())
    mlflow.set_experiment("skae")
    yield mlflow
    mlflow.sklearn.autolog(disable=True)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_mlflow_keeps_a_model_without_pickle(mlflow, skops_io, dense, X):
    trusted = trusted_types(skops_io.get_untrusted_types(data=skops_io.dumps(dense)))
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            dense,
            name="autoencoder",
            serialization_format="skops",
            skops_trusted_types=trusted,
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.transform(X), dense.transform(X))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_mlflow_logs_parameters_of_pipelines_by_itself(mlflow, X):
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    with mlflow.start_run() as run:
        make_pipeline(StandardScaler(), small()).fit(X)
    parameters = mlflow.MlflowClient().get_run(run.info.run_id).data.params
    assert parameters["denseautoencoder__n_components"] == "2"


# ---- the page -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("with_mlflow", [False, True], ids=["ONNX and skops", "MLflow"])
def test_code_of_the_page_runs(request, tmp_path, monkeypatch, with_mlflow):
    pytest.importorskip("onnxruntime")
    request.getfixturevalue("skops_io")
    if with_mlflow:
        request.getfixturevalue("mlflow")
    monkeypatch.chdir(tmp_path)
    code = [block for block in blocks(PAGE) if with_mlflow or "import mlflow" not in block]
    found = {}
    exec(compile("\n".join(code), PAGE.name, "exec"), found)
    assert set(found["labels"]) <= {-1, 1}
    np.testing.assert_array_equal(
        found["loaded"].transform(found["X"]), found["autoencoder"].transform(found["X"])
    )


# ---- model cards --------------------------------------------------------------------------------


def test_a_card_says_what_it_was_trained_on_and_stands_beside_pca(dense, X):
    card = model_card(dense, X)
    assert card.startswith("---\nlibrary_name: skae\n")
    for said in ("# DenseAutoencoder", "64 (rows of shape 64)", "| hidden_layer_sizes | `(8,)` |"):
        assert said in card
    assert f"| fraction of variance reconstructed | {dense.score(X):.4f} |" in card
    assert f"{PCA(2).fit(X).explained_variance_ratio_.sum():.4f}" in card
    assert "| loss |" not in card  # its default


def test_a_card_is_the_same_in_every_process_and_has_no_nan(X):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 9)
    settings = {"loss": keras.losses.Huber(0.3), "learning_rate": schedule}
    callbacks = [keras.callbacks.EarlyStopping(patience=3), bent]
    card = model_card(small().fit(X).set_params(**settings, callbacks=callbacks), X[:1])
    assert " at 0x" not in card
    assert "nan" not in card
    for said in ("Huber(", "delta=0.3", "CosineDecay(", "decay_steps=9", "[EarlyStopping, bent]"):
        assert said in card


def bent(x):
    return x / (1 + abs(x))


def test_a_card_of_a_detector_has_its_threshold(X):
    detector = ReconstructionOutlierDetector(PCA(2), random_state=0).fit(X)
    card = model_card(detector, X)
    assert f"| threshold | {detector.offset_:.4g} |" in card
    assert f"| share called outliers | {(detector.predict(X) == -1).mean():.4f} |" in card


def test_a_card_needs_an_estimator_of_skae(dense, X):
    with pytest.raises(ValueError, match=r"Expected an autoencoder or a detector .*Pipeline"):
        model_card(make_pipeline(StandardScaler(), dense), X)
