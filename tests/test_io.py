"""Files: what `save` writes, `load` gives back, on the other backend and in later versions too."""

import io
import os
import pickle
import subprocess
import sys
from functools import wraps
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import sklearn
from keras import layers
from sklearn import compose, decomposition, impute, preprocessing
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.cluster import FeatureAgglomeration, KMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skae
from skae.io._registry import name_of
from skae.io._writing import WITH_CONFIG, WITH_STATE
from skae.outlier._named_scores import SCORES
from tests.estimators import dense_model, digits

FILES = Path(__file__).parent / "files"
CUSTOM = {"dense_model": dense_model}
SMALL = {"hidden_layer_sizes": (8,), "epochs": 1, "init": "random", "random_state": 0}
METHODS = ("transform", "reconstruct", "score_samples", "score")


def saved_and_loaded(estimator, folder, custom_objects=None, **settings):
    path = folder / "estimator.skae"
    skae.save(estimator, path, **settings)
    return skae.load(path, custom_objects)


@pytest.fixture(scope="module")
def dense(X):
    return skae.DenseAutoencoder(2, **SMALL).fit(X)


def test_loaded_is_bit_identical(fitted, X, tmp_path):
    twin = saved_and_loaded(fitted, tmp_path, CUSTOM)
    assert type(twin) is type(fitted)
    assert repr(twin) == repr(fitted)
    for method in METHODS:
        expected = getattr(fitted, method)(X)
        np.testing.assert_array_equal(getattr(twin, method)(X), expected)
    codes = fitted.transform(X)
    np.testing.assert_array_equal(twin.inverse_transform(codes), fitted.inverse_transform(codes))
    assert twin.history_ == fitted.history_
    assert list(twin.get_feature_names_out()) == list(fitted.get_feature_names_out())


def test_training_continues_exactly_with_the_optimizer(fitted, X, tmp_path):
    twin = saved_and_loaded(fitted, tmp_path, CUSTOM, include_optimizer=True).partial_fit(X)
    other = pickle.loads(pickle.dumps(fitted)).partial_fit(X)
    np.testing.assert_array_equal(twin.transform(X), other.transform(X))
    np.testing.assert_array_equal(twin.reconstruct(X), other.reconstruct(X))


def test_training_goes_on_with_a_new_optimizer(dense, X, tmp_path):
    twin = saved_and_loaded(dense, tmp_path)
    assert twin.partial_fit(X).n_epochs_ == dense.n_epochs_ + 1


def test_unfitted(autoencoder, tmp_path):
    twin = saved_and_loaded(autoencoder, tmp_path, CUSTOM)
    assert repr(twin) == repr(autoencoder)
    assert "model_" not in vars(twin)


@pytest.mark.parametrize("score", SCORES)
def test_detector(score, X, tmp_path):
    detector = skae.ReconstructionOutlierDetector(
        skae.DenseAutoencoder(2, **SMALL), score=score, random_state=0
    ).fit(X)
    twin = saved_and_loaded(detector, tmp_path)
    np.testing.assert_array_equal(twin.score_samples(X), detector.score_samples(X))
    assert twin.offset_ == detector.offset_
    np.testing.assert_array_equal(twin.p_values(X), detector.p_values(X))
    twin.set_threshold(contamination=0.1), detector.set_threshold(contamination=0.1)
    np.testing.assert_array_equal(twin.predict(X), detector.predict(X))


def test_detector_with_objects_as_parameters(X, tmp_path):
    detector = skae.ReconstructionOutlierDetector(
        decomposition.PCA(3),
        calibration=GroupShuffleSplit(1, random_state=0),
        score=skae.WorstFeaturesError(share=0.2),
        random_state=np.random.RandomState(3),
    ).fit(X, groups=np.arange(len(X)) // 4)
    twin = saved_and_loaded(detector, tmp_path)
    np.testing.assert_array_equal(twin.score_samples(X), detector.score_samples(X))
    assert twin.random_state.randint(10**9) == detector.random_state.randint(10**9)
    assert twin.calibration.random_state == 0


def test_monitors_go_on(X, tmp_path):
    detector = skae.ReconstructionOutlierDetector(decomposition.PCA(2), random_state=0).fit(X)
    monitor = skae.ConformalMonitor(detector, random_state=0).update(X[:9])
    twin = saved_and_loaded(monitor, tmp_path)
    pd.testing.assert_frame_equal(twin.frame(), monitor.frame())
    pd.testing.assert_frame_equal(twin.update(X[::-2]).frame(), monitor.update(X[::-2]).frame())


def test_windows(tmp_path):
    series = pd.DataFrame({"a": np.arange(50.0), "b": 1.0})
    windows = skae.SlidingWindows(8).fit(series)
    windows.save(tmp_path / "windows")
    twin = skae.load(tmp_path / "windows")
    np.testing.assert_array_equal(twin.transform(series), windows.transform(series))
    assert list(twin.get_feature_names_out()) == list(windows.get_feature_names_out())


KINDS = {
    "scalers": make_pipeline(
        preprocessing.MaxAbsScaler(),
        preprocessing.MinMaxScaler(),
        preprocessing.Normalizer(),
        preprocessing.RobustScaler(),
        VarianceThreshold(),
    ),
    "power": make_pipeline(VarianceThreshold(), preprocessing.PowerTransformer()),
    "quantiles": preprocessing.QuantileTransformer(n_quantiles=20),
    "bins": make_pipeline(
        VarianceThreshold(),
        preprocessing.KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
    ),
    "imputers": make_union(impute.SimpleImputer(), impute.MissingIndicator(features="all")),
    "factors": make_pipeline(
        VarianceThreshold(5.0),
        make_union(
            decomposition.FactorAnalysis(2), decomposition.FastICA(2, tol=1, random_state=0)
        ),
    ),
    "axes": decomposition.PCA(2),
    "svd": make_union(decomposition.TruncatedSVD(2), decomposition.NMF(2, tol=1e-2)),
    "columns": compose.ColumnTransformer(
        [
            ("one", preprocessing.OneHotEncoder(handle_unknown="ignore"), [20]),
            ("order", preprocessing.OrdinalEncoder(), slice(21, 23)),
        ],
        remainder=StandardScaler(),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pipeline_with_scikit_learn(kind, X, tmp_path):
    pipeline = make_pipeline(clone(KINDS[kind])).fit(X)
    twin = saved_and_loaded(pipeline, tmp_path)
    np.testing.assert_array_equal(twin.transform(X), pipeline.transform(X))


def test_axes_that_are_a_part_of_a_larger_array(X, tmp_path):
    axes = decomposition.IncrementalPCA(2).fit(X)
    assert not axes.components_.flags.c_contiguous
    assert not axes.components_.flags.f_contiguous
    twin = saved_and_loaded(axes, tmp_path)
    np.testing.assert_array_equal(twin.components_, axes.components_)
    # A product rounds differently where the larger array is no longer there.
    np.testing.assert_allclose(twin.transform(X), axes.transform(X), rtol=1e-9)


@pytest.mark.parametrize(
    "last", [LogisticRegression(), LinearRegression(), Ridge(), LinearDiscriminantAnalysis()]
)
def test_pipeline_that_ends_in_a_linear_model(last, dense, X, tmp_path):
    pipeline = Pipeline([("codes", dense), ("last", clone(last).fit(dense.transform(X), X[:, 3]))])
    if isinstance(last, LogisticRegression | LinearDiscriminantAnalysis):
        pipeline.steps[1] = ("last", clone(last).fit(dense.transform(X), X[:, 3] > 4))
    twin = saved_and_loaded(pipeline, tmp_path)
    np.testing.assert_array_equal(twin.predict(X), pipeline.predict(X))


def test_categories_of_text(tmp_path):
    frame = pd.DataFrame({"a": ["x", "y", "x", "z"], "b": [1.0, 2.0, np.nan, 4.0]})
    table = compose.make_column_transformer(
        (preprocessing.OneHotEncoder(), ["a"]), (impute.SimpleImputer(), ["b"])
    )
    pipeline = make_pipeline(table, skae.DenseAutoencoder(1, **SMALL)).fit(frame)
    twin = saved_and_loaded(pipeline, tmp_path)
    np.testing.assert_array_equal(twin.transform(frame), pipeline.transform(frame))
    assert list(twin.feature_names_in_) == ["a", "b"]


def test_output_requests_and_names(X, tmp_path):
    frame = pd.DataFrame(X[:, :4], columns=list("abcd"))
    with sklearn.config_context(enable_metadata_routing=True):
        autoencoder = skae.DenseAutoencoder(2, **SMALL).set_fit_request(sample_weight="weights")
    autoencoder.set_output(transform="pandas").fit(frame)
    twin = saved_and_loaded(autoencoder, tmp_path)
    pd.testing.assert_frame_equal(twin.transform(frame), autoencoder.transform(frame))
    assert twin.get_metadata_routing().fit.requests["sample_weight"] == "weights"
    with pytest.raises(ValueError, match="feature names"):
        twin.transform(frame.rename(columns={"a": "z"}))


def test_routed_parameters_callbacks_and_objects_of_keras(X, tmp_path):
    autoencoder = skae.DenseAutoencoder(
        2,
        activation=layers.LeakyReLU(0.1),
        kernel_regularizer=keras.regularizers.L2(1e-4),
        loss=keras.losses.Huber(0.3),
        learning_rate=keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9),
        optimizer=keras.optimizers.SGD,
        callbacks=[keras.callbacks.TerminateOnNaN()],
        **SMALL,
    )
    autoencoder.set_params(optimizer__momentum=0.5).fit(X)
    twin = saved_and_loaded(autoencoder, tmp_path, include_optimizer=True)
    assert twin.callbacks is None
    assert twin.optimizer__momentum == 0.5
    twin.warm_start = autoencoder.warm_start = True
    twin.fit(X), autoencoder.fit(X)
    np.testing.assert_array_equal(twin.transform(X), autoencoder.transform(X))


# ---- the user's own ---------------------------------------------------------------------------


class Doubled(layers.Layer):
    def call(self, inputs):
        return inputs * 2


class Ones(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.ops.ones(shape, dtype) * 0.1


class Largest(skae.BaseScore):
    def anomaly(self, passage):
        return np.abs(passage.errors).max(axis=1)


class Halving(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.factor_ = 0.5
        return self

    def transform(self, X):
        return X * self.factor_


def squares(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def bent(x):
    return keras.ops.tanh(x) * 2


class Drawing(layers.Layer):
    """Noise from a generator that is made when the layer is."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(3)

    def call(self, inputs, training=False):
        noise = keras.random.normal(keras.ops.shape(inputs), seed=self.generator)
        return inputs + 0.1 * noise if training else inputs


class Shifted(layers.Layer):
    """State of every kind, made when the layer is built."""

    def build(self, input_shape):
        self.generator = keras.random.SeedGenerator(3)
        self.shift = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.inner = layers.Dense(input_shape[-1], kernel_initializer="identity")
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs) + self.shift


@pytest.mark.slow
@pytest.mark.parametrize("place", ["activation", "code_activation", "corruption"])
@pytest.mark.parametrize("kind", [Drawing, Shifted])
def test_layers_of_the_users_with_state(kind, place, X, tmp_path):
    autoencoder = skae.DenoisingAutoencoder(2, **{place: kind()}, **SMALL).fit(X)
    twins = [
        pickle.loads(pickle.dumps(autoencoder)),
        saved_and_loaded(autoencoder, tmp_path, {kind.__name__: kind}, include_optimizer=True),
    ]
    autoencoder.partial_fit(X)
    for twin in twins:
        twin.partial_fit(X)
        np.testing.assert_array_equal(twin.transform(X), autoencoder.transform(X))


def own_model():
    return keras.Sequential(
        [
            keras.Input((64,)),
            Doubled(),
            layers.Dense(8, activation=bent, kernel_initializer=Ones()),
            layers.Lambda(bent),
            layers.Dense(2, name="code"),
            layers.Dense(64),
        ]
    )


def test_what_is_the_users_is_handed_over(X, tmp_path):
    autoencoder = skae.KerasAutoencoder(own_model(), loss=squares, epochs=1, random_state=0)
    detector = skae.ReconstructionOutlierDetector(
        make_pipeline(Halving(), autoencoder), score=Largest(), random_state=0
    )

    class Numbers(Halving):  # inverse, for the Pipeline
        def inverse_transform(self, X):
            return X / self.factor_

    detector.set_params(autoencoder__halving=Numbers()).fit(X)
    own = {kind.__name__: kind for kind in (Doubled, Ones, Largest, Numbers, squares, bent)}
    path = tmp_path / "own"
    detector.save(path)
    twin = skae.load(path, own)
    np.testing.assert_array_equal(twin.score_samples(X), detector.score_samples(X))
    for name in own:
        with pytest.raises(ValueError, match=f"custom_objects.*{name}"):
            skae.load(path, {kept: own[kept] for kept in own if kept != name})


@pytest.mark.slow
def test_models_with_operations_and_nested_layers(X, tmp_path):
    inputs = keras.Input((8, 8))
    codes = layers.Bidirectional(layers.SimpleRNN(2))(inputs)[:, :3] * 0.5 + 1
    outputs = layers.TimeDistributed(layers.Dense(8))(layers.RepeatVector(8)(codes))
    normalization = layers.Normalization(axis=None)
    normalization.adapt(X)
    model = keras.Model(inputs, outputs)
    model = keras.Sequential([keras.Input((8, 8)), normalization, model])
    autoencoder = skae.KerasAutoencoder(model, epochs=1, random_state=0).fit(X.reshape(-1, 8, 8))
    twin = saved_and_loaded(autoencoder, tmp_path)
    rows = X.reshape(-1, 8, 8)
    np.testing.assert_array_equal(twin.reconstruct(rows), autoencoder.reconstruct(rows))


def own_classes():
    """Yield every class of skae's that a file may have to name."""
    for path in Path(skae.__file__).parent.rglob("*.py"):
        room = path.relative_to(Path(skae.__file__).parents[1]).with_suffix("").parts
        if {"display", "__init__"} & set(room) or path.stem.startswith("_onnx"):
            continue
        module = import_module(".".join(room))
        for thing in vars(module).values():
            if isinstance(thing, type) and thing.__module__ == module.__name__:
                yield thing


def test_every_class_that_an_estimator_can_hold_is_known():
    """A new layer, loss, score or record cannot be forgotten."""
    kinds = (*WITH_CONFIG, *WITH_STATE, layers.Layer, keras.losses.Loss)
    # Classes are abstract or final: those that others of skae's inherit from are not made.
    final = [
        kind
        for kind in own_classes()
        if issubclass(kind, kinds)
        and not any(child.__module__.startswith("skae.") for child in kind.__subclasses__())
    ]
    lives_while_a_method_runs = {"_DecoderOnly", "_TrainedCore"}
    unknown = {kind.__name__ for kind in final if name_of(kind) is None}
    assert unknown == lives_while_a_method_runs


@pytest.mark.parametrize(
    "metric",
    [
        *(keras.metrics.MeanSquaredError(name="q"), keras.metrics.R2Score, "mae"),
        *(keras.metrics.CosineSimilarity(axis=1), keras.metrics.binary_accuracy),
    ],
)
def test_metrics_of_keras(metric, X, tmp_path):
    autoencoder = skae.DenseAutoencoder(2, metrics=[metric], **SMALL).fit(X)
    twin = saved_and_loaded(autoencoder, tmp_path)
    assert clone(twin).fit(X).history_.keys() == autoencoder.history_.keys()


@pytest.mark.slow
def test_sequences_with_padding(X, tmp_path):
    autoencoder = skae.SequenceAutoencoder(
        2, units=(3,), mask_value=0.0, loss=keras.losses.Huber(0.3), epochs=1, random_state=0
    ).fit(X)
    twin = saved_and_loaded(autoencoder, tmp_path, include_optimizer=True)
    twin.partial_fit(X), autoencoder.partial_fit(X)
    np.testing.assert_array_equal(twin.transform(X), autoencoder.transform(X))


@wraps(keras.ops.square)
def passing(X):
    return X


passing.__name__ = "passing"


@pytest.mark.parametrize("function", [None, np.log1p, passing])
def test_columns_that_pass_through(function, X, tmp_path):
    columns = compose.ColumnTransformer(
        [("scaled", StandardScaler(), [0, 1])], remainder="passthrough"
    )
    union = make_union("passthrough", FunctionTransformer(function))
    for estimator in (columns, union):
        estimator.fit(X)
        twin = saved_and_loaded(estimator, tmp_path, {"passing": passing})
        np.testing.assert_array_equal(twin.transform(X), estimator.transform(X))


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (make_pipeline(KMeans(2)), "scikit-learn's KMeans cannot be part of a file"),
        (FunctionTransformer(np.linalg.norm), "cannot be part of a file: expected"),
        (FunctionTransformer(lambda x: x), "has no name"),
        (FeatureAgglomeration(pooling_func=np.mean), "FeatureAgglomeration cannot be part"),
        (skae.DenseAutoencoder(metrics=[keras.metrics.AUC()]), "AUC cannot be part of a file, as"),
        (skae.DenseAutoencoder(metrics=keras.metrics.AUC), "AUC cannot be part of a file, as load"),
        (skae.KerasAutoencoder(layers.StringLookup), "StringLookup cannot be part of a file, as"),
        (skae.DenseAutoencoder(activation=lambda x: x), "has no name.*expected a function"),
        (skae.DenseAutoencoder(random_state=np.random.default_rng(0)), "Generator cannot be part"),
        (StandardScaler, "Expected an estimator, got type"),
        (4, "Expected an estimator, got int"),
    ],
)
def test_what_no_file_can_hold_is_refused(estimator, message, tmp_path):
    path = tmp_path / "estimator"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match=message):
        skae.save(estimator, path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["estimator"]


def test_lambda_layers_are_refused(X, tmp_path):
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(2), layers.Lambda(lambda x: x), layers.Dense(64)]
    )
    autoencoder = skae.KerasAutoencoder(model, epochs=1).fit(X)
    with pytest.raises(ValueError, match="has no name"):
        autoencoder.save(tmp_path / "lambda")


# ---- the file ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_size_is_that_of_the_weights(X, tmp_path):
    autoencoder = skae.DenseAutoencoder(8, epochs=1, init="random").fit(np.tile(X, (1, 8)))
    autoencoder.save(tmp_path / "file")
    weights = sum(variable.value.numpy().nbytes for variable in autoencoder.model_.variables)
    assert (tmp_path / "file").stat().st_size <= 1.1 * weights


def test_file_is_the_same_whenever_it_is_written(dense, tmp_path):
    for name in ("first", "second"):
        dense.save(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_any_reader_of_safetensors_opens_it(dense, tmp_path):
    dense.save(tmp_path / "file")
    tensors = safetensors.numpy.load_file(tmp_path / "file")
    assert b'"skae.DenseAutoencoder"' in tensors["skae.json"].tobytes()
    kernels = {values.shape for values in tensors.values()}
    assert {(64, 8), (8, 2), (2, 8), (8, 64)} <= kernels


def test_file_of_a_later_format_is_refused(dense, tmp_path, monkeypatch):
    monkeypatch.setattr("skae.io._files._FORMAT", 2)
    dense.save(tmp_path / "file")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="Update skae"):
        skae.load(tmp_path / "file")


def test_missing_files_are_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        skae.load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path)


# ---- files that were written once -------------------------------------------------------------

_EXPECTED = np.load(FILES / "expected.npz") if (FILES / "expected.npz").exists() else {}
_LATER = """
import sys, io, numpy as np, skae, keras
assert keras.backend.backend() == "jax"
rows = np.load(io.BytesIO(sys.stdin.buffer.read()))
for name in sys.argv[1:]:
    estimator = skae.load(name)
    use = getattr(estimator, "transform", None) or estimator.score_samples
    np.savetxt(sys.stdout, np.asarray(use(rows)).reshape(1, -1), fmt="%.9g")
"""


def used(estimator):
    use = getattr(estimator, "transform", None) or estimator.score_samples
    return np.asarray(use(digits(8)))


@pytest.mark.parametrize("name", sorted(_EXPECTED))
def test_files_of_earlier_versions_load(name):
    estimator = skae.load(FILES / f"{name}.skae")
    np.testing.assert_allclose(used(estimator), _EXPECTED[name], rtol=1e-5, atol=1e-5)
    if hasattr(estimator, "partial_fit"):
        estimator.partial_fit(digits(32))


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [["concrete"], pytest.param(sorted(_EXPECTED), marks=pytest.mark.slow)]
)
def test_files_load_on_the_other_backend(names):
    pytest.importorskip("jax", reason="the backend is not installed")
    rows = io.BytesIO()
    np.save(rows, digits(8))
    done = subprocess.run(
        [sys.executable, "-c", _LATER, *(str(FILES / f"{name}.skae") for name in names)],
        input=rows.getvalue(),
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    for name, line in zip(names, done.stdout.decode().splitlines(), strict=True):
        found = np.array(line.split(), dtype=float)
        np.testing.assert_allclose(found, _EXPECTED[name].ravel(), rtol=1e-5, atol=1e-5)
