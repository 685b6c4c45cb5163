"""What every display owes: its data on the axes, and nothing left behind."""

import itertools
import subprocess
import sys

import keras
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import (
    ConvAutoencoder,
    ConvNetwork,
    DenoisingAutoencoder,
    DenseAutoencoder,
    KerasAutoencoder,
    ReconstructionOutlierDetector,
    SequenceAutoencoder,
    VariationalAutoencoder,
    display,
)
from skae.data import _chunks
from skae.display import (
    CodeUsageDisplay,
    EncodedStateDisplay,
    FeatureErrorDisplay,
    LatentManifoldDisplay,
    LatentSpaceDisplay,
    LatentTraversalDisplay,
    LayerActivationsDisplay,
    ReconstructionDisplay,
    ReconstructionErrorDisplay,
    TrainingHistoryDisplay,
)
from skae.display._classes import sample_of_rows
from skae.display._rows import kind_of

mpl.use("agg")

X, y = load_digits(return_X_y=True)
IMAGE = {"image_shape": (8, 8)}
SMALL = {"epochs": 2, "batch_size": 64, "early_stopping": False, "random_state": 0}

EVERY = {
    "CodeUsageDisplay": lambda fitted, X, y, ax: CodeUsageDisplay.from_estimator(fitted, X, ax=ax),
    "EncodedStateDisplay": lambda fitted, X, y, ax: EncodedStateDisplay.from_estimator(
        fitted, X, y, **IMAGE, ax=ax
    ),
    "FeatureErrorDisplay": lambda fitted, X, y, ax: FeatureErrorDisplay.from_estimator(
        fitted, X, **IMAGE, ax=ax
    ),
    "LatentManifoldDisplay": lambda fitted, X, y, ax: LatentManifoldDisplay.from_estimator(
        fitted, X, n=3, **IMAGE, ax=ax
    ),
    "LatentSpaceDisplay": lambda fitted, X, y, ax: LatentSpaceDisplay.from_estimator(
        fitted, X, y, components=[0, 1], ax=ax
    ),
    "LatentTraversalDisplay": lambda fitted, X, y, ax: LatentTraversalDisplay.from_estimator(
        fitted, X, n_steps=3, **IMAGE, ax=ax
    ),
    "LayerActivationsDisplay": lambda fitted, X, y, ax: LayerActivationsDisplay.from_estimator(
        fitted, X, y, samples=2, layers=["code"], ax=ax
    ),
    "ReconstructionDisplay": lambda fitted, X, y, ax: ReconstructionDisplay.from_estimator(
        fitted, X, y, **IMAGE, ax=ax
    ),
    "ReconstructionErrorDisplay": lambda fitted, X, y, ax: (
        ReconstructionErrorDisplay.from_estimator(fitted, X, y, ax=ax)
    ),
    "TrainingHistoryDisplay": lambda fitted, X, y, ax: TrainingHistoryDisplay.from_estimator(
        fitted, ax=ax
    ),
}


@pytest.fixture(scope="module")
def pca():
    return PCA(4, random_state=0).fit(X)


@pytest.fixture(scope="module")
def autoencoder():
    return DenseAutoencoder(4, hidden_layer_sizes=(8,), **SMALL).fit(X)


@pytest.fixture
def ax():
    """Axes that pyplot does not know."""
    return Figure(layout="constrained").subplots()


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """No display changes the style, or opens more figures than the one that it hands over."""
    style = mpl.rcParams.copy()
    yield
    left = plt.get_fignums()
    plt.close("all")
    assert len(left) <= 1
    assert mpl.rcParams == style


def test_every_display_of_an_autoencoder_is_tried_here():
    assert sorted([*EVERY, "MonitorDisplay"]) == display.__all__


@pytest.mark.parametrize("n_samples", [1, 2, 1797])
@pytest.mark.parametrize("name", EVERY)
def test_any_number_of_rows_is_drawn_on_the_axes_given(name, autoencoder, n_samples, ax):
    shown = EVERY[name](autoencoder, X[:n_samples], y[:n_samples], ax)
    assert shown.ax_ is ax
    assert shown.figure_ is ax.figure
    assert ax.has_data()
    assert not plt.get_fignums()
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", EVERY)
def test_without_axes_there_is_one_new_figure(name, autoencoder):
    shown = EVERY[name](autoencoder, X[:100], y[:100], None)
    assert plt.get_fignums() == [shown.figure_.number]


@pytest.mark.parametrize("name", EVERY)
def test_what_is_wrong_gives_one_error_and_no_figure(name, autoencoder):
    with pytest.raises(TypeError, match="Expected ax to be Matplotlib axes or None, got str"):
        EVERY[name](autoencoder, X[:20], y[:20], "here")
    with pytest.raises(
        TypeError, match=f"{name} expects an estimator with .*DummyClassifier, which has none"
    ):
        EVERY[name](DummyClassifier().fit(X, y), X, y, None)
    with pytest.raises(ValueError, match=r"not fitted yet"):
        EVERY[name](DenseAutoencoder(), X, y, None)
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", sorted(EVERY.keys() - {"TrainingHistoryDisplay"}))
def test_a_hundred_thousand_rows(name, autoencoder, ax):
    rows = np.random.default_rng(0).choice(X.astype("float32"), 100_000)
    EVERY[name](autoencoder, rows, np.arange(len(rows)) % 10, ax)


@pytest.mark.slow
def test_import_loads_neither_keras_nor_matplotlib():
    program = (
        "import sys, skae.display, skae; skae.display.__all__;"
        "print({'keras', 'tensorflow', 'matplotlib'} & set(sys.modules));"
        "skae.display.LatentSpaceDisplay;"
        "print({'keras', 'tensorflow', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.stdout.split() == ["set()", "set()"], said.stderr


def test_without_matplotlib_there_is_one_sentence(monkeypatch):
    monkeypatch.delattr(display, "LatentSpaceDisplay")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"skae\.display\.LatentSpaceDisplay requires matplotlib"):
        _ = display.LatentSpaceDisplay


def test_many_panels_take_the_place_of_the_axes_given(pca):
    left, right = Figure().subplots(1, 2)
    shown = LatentSpaceDisplay.from_estimator(pca, X[:50], ax=right)
    assert all(panel.figure is right.figure for panel in shown.axes_.flat)
    assert not right.axison
    assert shown.axes_[0, 0].get_position().x0 > left.get_position().x1
    with pytest.raises(ValueError, match="ax, which is no part of a grid"):
        LatentSpaceDisplay.from_estimator(pca, X[:50], ax=Figure().add_axes((0, 0, 1, 1)))


# ---- samples ------------------------------------------------------------------------------


def test_sample_holds_every_class_in_its_proportion():
    labels = np.repeat([0, 1, 2], [98_999, 1000, 1])
    rows = sample_of_rows(len(labels), 1000, labels, 0)
    assert len(set(rows)) == 1000
    np.testing.assert_allclose(np.bincount(labels[rows]), [989, 10, 1], atol=1)


# ---- latent space -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("components", "n_panels", "n_scatters"), [(1, 1, 0), (2, 1, 1), (3, 1, 1), (4, 16, 6)]
)
def test_latent_space_has_a_panel_for_every_pair(pca, components, n_panels, n_scatters):
    shown = LatentSpaceDisplay.from_estimator(pca, X, y, components=range(components))
    assert shown.axes_.size == n_panels
    assert len(shown.scatter_) == n_scatters
    assert len(shown.frame()) == len(X)


def test_latent_space_draws_the_codes_in_the_colours_of_their_classes(pca, ax):
    shown = LatentSpaceDisplay.from_estimator(pca, X, y, components=[2, 0], max_points=300, ax=ax)
    points = np.asarray(shown.scatter_[0].get_offsets())
    np.testing.assert_allclose(points, shown.frame()[["code 2", "code 0"]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("code 2", "code 0")
    colors = shown.scatter_[0].get_facecolor()[:, :3]
    of_class = {label: np.unique(colors[shown.y == label], axis=0) for label in range(10)}
    assert all(len(found) == 1 for found in of_class.values())
    assert len(np.unique(np.concatenate(list(of_class.values())), axis=0)) == 10
    assert {text.get_text() for text in ax.texts} == set("0123456789")
    assert ax.get_xlim()[0] < points[:, 0].min() < points[:, 0].max() < ax.get_xlim()[1]


def test_latent_space_colours_a_quantity_by_a_scale(pca):
    shown = LatentSpaceDisplay.from_estimator(pca, X, X.sum(axis=1), components=[0, 1])
    assert len(shown.figure_.axes) == 2  # the second one is the scale
    assert not shown.ax_.texts


@pytest.mark.parametrize("n_classes", [2, 10, 30])
def test_names_of_classes_in_one_place_do_not_cover_each_other(n_classes, ax):
    y = np.arange(30 * n_classes) % n_classes
    codes = np.random.default_rng(0).normal(size=(len(y), 2)) + 0.1 * y[:, None]
    LatentSpaceDisplay(codes, y=y).plot(ax)
    ax.figure.draw_without_rendering()
    boxes = [text.get_bbox_patch().get_window_extent() for text in ax.texts]
    assert len(boxes) == n_classes
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_names_of_classes_apart_are_at_their_medians(ax):
    corners = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]])
    LatentSpaceDisplay(np.repeat(corners, 9, axis=0), y=np.repeat(range(4), 9)).plot(ax)
    assert [text.xyann for text in ax.texts] == [(0, 0)] * 4
    np.testing.assert_array_equal([text.xy for text in ax.texts], corners)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": [0, 1]}, r"Expected y .* for each of 5 rows, got .* \(2,\)"),
        ({"y": [0, 1, 2, 0, 1], "target_names": ["a", "b"]}, "name for each of the 3 classes"),
        ({"component_names": ["only one"]}, "Expected 2 names, got 1"),
    ],
)
def test_latent_space_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentSpaceDisplay(X[:5, 10:12], **arguments).plot()


# ---- reconstructions ----------------------------------------------------------------------


def test_images_stand_above_their_codes_and_reconstructions(ax):
    images = X[:64].reshape(-1, 8, 8)
    fitted = ConvAutoencoder(None, filters=(4, 1), **SMALL).fit(images)
    shown = ReconstructionDisplay.from_estimator(fitted, images, samples=[3, 5], ax=ax)
    assert shown.images_.shape == (3, 2)
    np.testing.assert_array_equal(shown.images_[0, 1].get_array(), images[5])
    assert shown.images_[1, 1].get_array().shape == fitted.code_shape_[:2]
    expected = fitted.reconstruct(images[[3]])[0]
    np.testing.assert_allclose(shown.images_[2, 0].get_array(), expected, rtol=1e-5)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "original",
        "code",
        "reconstruction",
    ]


def test_series_are_curves_with_their_reconstructions(pca):
    shown = ReconstructionDisplay.from_estimator(pca, X, samples=2, sequence_shape=(32, 2))
    assert shown.axes_.shape == (2,)
    assert [len(panel.lines) for panel in shown.axes_] == [4, 4]  # two channels each
    np.testing.assert_array_equal(shown.axes_[0].lines[1].get_ydata(), shown.originals[0][1::2])


def test_table_rows_are_bars_of_residuals_for_every_method():
    table = load_breast_cancer(as_frame=True).data
    rows, names = table[:3], list(table)
    samples = np.array(["one", "two", "three"])
    methods = {"mean": np.tile(table.mean(), (3, 1)), "itself": rows}
    shown = ReconstructionDisplay(
        rows, methods, feature_names=table.columns, feature_scale=table.std(), sample_names=samples
    )
    shown.plot()
    bars = np.array([bar.get_height() for bar in shown.axes_[2].patches]).reshape(2, -1)
    np.testing.assert_allclose(bars[0], (table.mean() - table.iloc[2]) / table.std())
    assert not bars[1].any()
    assert [label.get_text() for label in shown.axes_[2].get_xticklabels()] == names
    frame = shown.frame().set_index(["method", "sample", "feature"])["residual"]
    assert frame["mean", "two", "mean area"] == pytest.approx(table["mean area"].mean() - 1326)


@pytest.mark.parametrize("samples", [0, [0, 1797], [], [[0]], "all"])
def test_rows_that_there_are_none_of_are_refused(pca, samples):
    with pytest.raises(ValueError, match="Expected samples"):
        ReconstructionDisplay.from_estimator(pca, X, samples=samples)


def test_classes_of_other_rows_are_refused(pca):
    with pytest.raises(ValueError, match=r"Expected y .* for each of 1797 rows, got .* \(3,\)"):
        EncodedStateDisplay.from_estimator(pca, X, [0, 1, 2], samples=[5])


def test_images_of_another_size_are_refused(pca):
    with pytest.raises(ValueError, match=r"image_shape to hold the 64 numbers.*got \(9, 9\)"):
        ReconstructionDisplay.from_estimator(pca, X, image_shape=(9, 9))


def test_images_in_colour_are_drawn_in_colour(ax):
    images = np.random.default_rng(0).integers(0, 256, size=(3, 4, 4, 3))
    shown = ReconstructionDisplay(images, {"half": images / 2}, original_name="whole").plot(ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["whole", "half"]
    drawn = shown.images_[1, 2].get_array()
    np.testing.assert_allclose(drawn, (images[2] / 2 - images.min()).clip(0) / np.ptp(images))


# ---- the latent plane, decoded ------------------------------------------------------------


def test_manifold_decodes_between_the_quantiles_of_the_codes(pca, ax):
    shown = LatentManifoldDisplay.from_estimator(pca, X, n=4, components=(1, 3), **IMAGE, ax=ax)
    codes = pca.transform(X)
    expected = np.quantile(codes, (0.005, 0.995), axis=0)
    np.testing.assert_allclose(shown.horizontal[[0, -1]], expected[:, 1])
    np.testing.assert_allclose(shown.vertical[[0, -1]], expected[:, 3])
    code = np.median(codes, axis=0)
    code[[1, 3]] = shown.horizontal[2], shown.vertical[0]
    np.testing.assert_allclose(shown.rows[0, 2], pca.inverse_transform([code])[0])
    bottom = shown.image_.get_array()[-8:, 18:26]  # the first line is drawn at the bottom
    np.testing.assert_allclose(bottom, shown.rows[0, 2].reshape(8, 8))


def test_grid_of_a_variational_autoencoder_holds_normal_quantiles(ax):
    fitted = VariationalAutoencoder(3, **SMALL).fit(X[:200])
    shown = LatentManifoldDisplay.from_estimator(fitted, n=5, **IMAGE, ax=ax)
    np.testing.assert_allclose(norm.cdf(shown.vertical), np.linspace(0.005, 0.995, 5))
    code = [shown.horizontal[4], shown.vertical[1], 0]
    np.testing.assert_allclose(shown.rows[1, 4], fitted.inverse_transform([code])[0], atol=1e-4)
    with pytest.raises(ValueError, match=r"components below 3.*got \(0, 3\)"):
        LatentManifoldDisplay.from_estimator(fitted, components=(0, 3))


def test_codes_of_unknown_reach_need_rows(pca):
    with pytest.raises(ValueError, match="Expected X, rows whose codes say where to decode"):
        LatentManifoldDisplay.from_estimator(pca)


def test_traversal_moves_one_component_and_rests_at_the_sample(pca, ax):
    shown = LatentTraversalDisplay.from_estimator(
        pca, X, sample=7, components=[2, 0], n_steps=5, sequence_shape=(64, 1), ax=ax
    )
    assert shown.rows.shape == (2, 5, 64)
    code = pca.transform(X[[7]])
    code[0, 2] = shown.steps[0, 3]
    np.testing.assert_allclose(shown.rows[0, 3], pca.inverse_transform(code)[0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["code 2", "code 0"]
    assert len(shown.image_.get_segments()) == 10


# ---- layers -------------------------------------------------------------------------------


def nested_model():
    encoder = keras.Sequential(
        [keras.layers.Dense(5, activation="relu"), keras.layers.Dense(2)], name="z"
    )
    rows = keras.Input((64,))
    outputs = keras.layers.Dense(64, name="wide")(encoder(rows))
    return keras.Model(rows, outputs)


def sequential_model():
    return keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(3, name="z"), keras.layers.Dense(64, name="wide")]
    )


@pytest.mark.parametrize(("build", "n_layers"), [(nested_model, 3), (sequential_model, 2)])
def test_every_layer_of_a_users_model_is_drawn(build, n_layers, ax):
    fitted = KerasAutoencoder(build, code_layer="z", **SMALL).fit(X[:200])
    scores = fitted.score_samples(X[:5])
    shown = LayerActivationsDisplay.from_estimator(fitted, X, samples=[0, 9], **IMAGE, ax=ax)
    names = list(shown.activations)
    assert names[-1] == "decoder/output_activation"  # what the library adds, here nothing
    assert len(names) == n_layers + 1
    assert shown.images_.shape == (len(names) + 1, 2)
    codes, *_, outputs = list(shown.activations.values())[n_layers - 2 :]
    np.testing.assert_allclose(codes, fitted.transform(X[[0, 9]]), rtol=1e-4)
    np.testing.assert_allclose(outputs, fitted.reconstruct(X[[0, 9]]), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(fitted.score_samples(X[:5]), scores)


def test_layers_of_the_last_step_of_a_pipeline(autoencoder):
    pipeline = make_pipeline(StandardScaler(with_mean=False, with_std=False), autoencoder).fit(X)
    shown = LayerActivationsDisplay.from_estimator(
        pipeline, X, samples=[0], layers=["code_from_principal"]
    )
    codes = shown.activations["encoder/code_from_principal"]
    np.testing.assert_allclose(codes, pipeline.transform(X[:1]), rtol=1e-4)
    assert shown.frame().loc["encoder/code_from_principal", "size"] == 4


def test_layer_that_there_is_none_of_is_refused(autoencoder):
    with pytest.raises(ValueError, match=r"layers out of \['encoder/.*got 'middle'"):
        LayerActivationsDisplay.from_estimator(autoencoder, X, layers=["middle"])


@pytest.mark.parametrize(
    ("code_shape", "picture"), [(None, (5, 10)), ((5, 5, 2), (5, 11)), ((10, 5), (10, 5))]
)
def test_codes_are_pictures_of_their_own_shape(code_shape, picture, ax):
    codes = np.arange(100.0).reshape(2, 50)
    shown = EncodedStateDisplay(codes, code_shape=code_shape).plot(ax)
    drawn = shown.images_[0, 1].get_array()
    assert drawn.shape == picture
    assert sorted(drawn.compressed()) == list(range(50, 100))
    assert shown.frame().shape == (2, 50)


# ---- training, errors, usage --------------------------------------------------------------


def test_history_has_a_line_for_every_loss_and_marks_the_best(ax):
    history = {"loss": [3.0, 2.0], "val_loss": [4.0, 5.0], "kl_loss": [0.1, 0.2], "rate": [1, 2]}
    shown = TrainingHistoryDisplay(history, best_epoch=1).plot(ax)
    assert set(shown.lines_) == {"loss", "val_loss", "kl_loss"}
    np.testing.assert_array_equal(shown.lines_["val_loss"].get_data(), [[1, 2], [4, 5]])
    assert shown.lines_["loss"].get_color() == shown.lines_["val_loss"].get_color()
    assert shown.best_line_.get_xdata()[0] == 1
    assert ax.get_yscale() == "log"
    pd.testing.assert_frame_equal(shown.frame().reset_index(drop=True), pd.DataFrame(history))
    with pytest.raises(ValueError, match="at least one epoch of 'loss'"):
        TrainingHistoryDisplay({}).plot()


def test_threshold_is_the_detectors(ax):
    detector = ReconstructionOutlierDetector(
        DenseAutoencoder(2, hidden_layer_sizes=(4,), **SMALL), contamination=0.1, random_state=0
    ).fit(X[:300])
    shown = ReconstructionErrorDisplay.from_estimator(detector, X, y == 0, ax=ax)
    np.testing.assert_allclose(shown.errors, -detector.score_samples(X), rtol=1e-6)
    assert shown.threshold_line_.get_xdata()[0] == -detector.offset_
    assert shown.frame()["above_threshold"].mean() == np.mean(detector.predict(X) == -1)
    for histogram in shown.histograms_.values():
        assert histogram.get_data().values.sum() == pytest.approx(1)
    FeatureErrorDisplay.from_estimator(detector, X, **IMAGE)


def test_errors_of_an_autoencoder_have_no_threshold(autoencoder, ax):
    shown = ReconstructionErrorDisplay.from_estimator(autoencoder, X, ax=ax)
    assert shown.threshold is None
    np.testing.assert_allclose(shown.errors, -autoencoder.score_samples(X))


def test_far_errors_are_drawn_on_a_logarithmic_axis(ax):
    ReconstructionErrorDisplay(np.geomspace(1e-3, 1e3, 500)).plot(ax)
    assert ax.get_xscale() == "log"


def test_feature_errors_are_those_of_all_rows(pca, monkeypatch, ax):
    monkeypatch.setattr(_chunks, "ROWS_AT_ONCE", 500)
    shifted = X + 1e6
    fitted = PCA(4, random_state=0).fit(shifted)
    shown = FeatureErrorDisplay.from_estimator(fitted, shifted, relative=True, ax=ax)
    expected = np.square(X - pca.inverse_transform(pca.transform(X))).mean(axis=0)
    np.testing.assert_allclose(shown.errors, expected, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(shown.variances, X.var(axis=0), rtol=1e-6, atol=1e-9)
    widths = [bar.get_width() for bar in shown.bars_]
    assert len(widths) == 20
    assert widths == sorted(widths)


def test_usage_of_pca_is_its_explained_variance(pca, ax):
    shown = CodeUsageDisplay.from_estimator(pca, X, ax=ax)
    frame = shown.frame()
    for column in ("explained_variance_ratio", "pca_explained_variance_ratio"):
        np.testing.assert_allclose(frame[column], pca.explained_variance_ratio_, rtol=1e-5)
    assert shown.total == pytest.approx(pca.explained_variance_ratio_.sum())
    assert frame["active"].all()


def test_usage_in_a_pipeline_is_that_of_its_last_step(ax):
    table = load_breast_cancer().data
    pipeline = make_pipeline(StandardScaler(), PCA(3, random_state=0)).fit(table)
    shown = CodeUsageDisplay.from_estimator(pipeline, table, ax=ax)
    expected = pipeline[-1].explained_variance_ratio_
    np.testing.assert_allclose(shown.explained_variance_ratio, expected, rtol=1e-5)


def test_features_of_tables_are_drawn_each_on_its_own_scale(ax):
    table = load_breast_cancer().data
    shown = LatentTraversalDisplay.from_estimator(PCA(2).fit(table), table, ax=ax)
    np.testing.assert_array_equal(shown.value_range, [table.min(axis=0), table.max(axis=0)])
    height = np.array([segment[:, 1] % 1 for segment in shown.image_.get_segments()])
    middle = (0.5 * (shown.rows[:, :, 0] - table[:, 0].min()) / np.ptp(table[:, 0])).ravel()
    assert np.corrcoef(height.reshape(2, 9, -1)[::-1, :, 0].ravel(), middle)[0, 1] > 0.99


def test_component_that_the_decoder_does_not_read_is_not_in_use(ax):
    rows = X.copy()
    rows[:, 2:] = 0  # two features that vary
    rows[:, :2] = np.random.default_rng(0).normal(size=(len(X), 2))
    shown = CodeUsageDisplay.from_estimator(PCA(4).fit(rows), rows, ax=ax)
    assert shown.frame()["active"].tolist() == [True, True, False, False]


def test_detectors_of_scikit_learn_are_drawn_too(ax):
    forest = IsolationForest(n_estimators=5, random_state=0).fit(X)
    shown = ReconstructionErrorDisplay.from_estimator(forest, X, ax=ax)
    assert shown.threshold == -forest.offset_


@pytest.mark.parametrize(
    ("estimator", "row_shape", "expected"),
    [
        (DenseAutoencoder(), (6,), ("table", (6,))),
        (DenseAutoencoder(), (3, 2), ("image", (3, 2))),
        (ConvAutoencoder(image_shape=(3, 2)), (6,), ("image", (3, 2))),
        (ConvAutoencoder(image_shape=(6,)), (6,), ("series", (6, 1))),
        (SequenceAutoencoder(), (3, 2), ("series", (3, 2))),
        (SequenceAutoencoder(sequence_shape=(3, 2)), (6,), ("series", (3, 2))),
        (
            make_pipeline(DenoisingAutoencoder(network=ConvNetwork(image_shape=(3, 2)))),
            (6,),
            ("image", (3, 2)),
        ),
    ],
)
def test_rows_are_recognised_by_the_estimator_or_their_shape(estimator, row_shape, expected):
    kind = kind_of(estimator, np.zeros((1, *row_shape)))
    assert (kind.name, kind.shape) == expected


# ---- axes that are given ------------------------------------------------------------------------


def _sticks_out(ax):
    """Tell whether labels or a legend of axes lie outside of the figure."""
    ax.figure.draw_without_rendering()
    box, figure = ax.get_tightbbox(), ax.figure.bbox
    return bool(
        box.x0 < figure.x0 - 1
        or box.y0 < figure.y0 - 1
        or box.x1 > figure.x1 + 1
        or box.y1 > figure.y1 + 1
    )


def _overlap(labels):
    boxes = [label.get_window_extent() for label in labels]
    return any(one.overlaps(other) for one, other in zip(boxes[1:], boxes, strict=False))


def test_legend_and_neighbour_of_given_axes_have_room(pca):
    names = np.array([f"number {digit}" for digit in range(10)])[y]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, names, ax=left)
    figure.draw_without_rendering()
    assert len(left.get_legend().get_texts()) == 10
    assert left.get_tightbbox().x1 <= right.get_tightbbox().x0 + 1
    assert not left.texts  # names are long, and in the legend
    LatentSpaceDisplay.from_estimator(PCA(2).fit(X), X, names, ax=right)
    assert not _sticks_out(right)
    plt.close(figure)


def test_long_names_leave_room_to_the_axes_before():
    table = load_breast_cancer(as_frame=True).data
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    FeatureErrorDisplay.from_estimator(PCA(2).fit(table), table, ax=right)
    figure.draw_without_rendering()
    assert right.get_tightbbox().x0 >= left.get_tightbbox().x1
    plt.close(figure)


def test_classes_named_in_the_plot_are_not_in_a_legend():
    codes = np.random.default_rng(0).normal(size=(60, 2))
    display = LatentSpaceDisplay(codes, y=np.repeat(["class_0", "class_1", "class_2"], 20)).plot()
    assert [text.get_text() for text in display.ax_.texts] == ["class_0", "class_1", "class_2"]
    assert display.ax_.get_legend() is None
    rare = np.append(np.repeat(["a", "b"], 29), ["c", "c"])
    display = LatentSpaceDisplay(codes, y=rare).plot()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["c"]
    plt.close("all")


def test_many_floats_are_a_quantity_and_many_integers_classes():
    codes = np.random.default_rng(0).normal(size=(340, 2))
    values = np.arange(340) % 17
    assert LatentSpaceDisplay(codes, y=values.astype(float)).plot().ax_.get_legend() is None
    assert len(plt.gcf().axes) == 2
    LatentSpaceDisplay(codes, y=values).plot()
    assert len(plt.gcf().axes) == 1
    plt.close("all")


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, pca: ReconstructionDisplay.from_estimator(pca, X, image_shape=(8, 8), ax=ax),
        lambda ax, pca: LayerActivationsDisplay(
            {f"encoder/a_long_name_of_layer_{i}": X[:5] for i in range(12)}
        ).plot(ax),
        lambda ax, pca: EncodedStateDisplay.from_estimator(pca, X, ax=ax),
    ],
    ids=["reconstruction", "layers", "codes"],
)
def test_labels_of_small_axes_neither_overlap_nor_stick_out(draw, pca):
    figure, ax = plt.subplots(figsize=(4, 3))
    draw(ax, pca)
    assert not _sticks_out(ax)
    assert not _overlap(ax.get_yticklabels())
    assert not _overlap(ax.get_xticklabels())
    assert ax.get_xticklabels()[0].get_text().startswith("row ")
    plt.close(figure)


def test_panels_of_table_rows_stay_in_the_figure():
    table = load_breast_cancer(as_frame=True).data
    figure, ax = plt.subplots(figsize=(5, 4))
    display = ReconstructionDisplay.from_estimator(PCA(2).fit(table), table, ax=ax)
    assert not any(_sticks_out(panel) for panel in display.axes_)
    assert [bool(panel.get_ylabel()) for panel in display.axes_] == [False, True, False]
    plt.close(figure)


def test_shares_beyond_twice_the_variance_are_numbers():
    display = FeatureErrorDisplay([14.5, 1.5, 0.5], variances=[1, 1, 1]).plot()
    assert sorted(bar.get_width() for bar in display.bars_) == [0.5, 1.5, 2.0]
    assert [text.get_text().strip() for text in display.ax_.texts] == ["14.5"]
    assert display.frame()["share_of_variance"].max() == 14.5
    image = FeatureErrorDisplay([14.5, 1, 1, 1], variances=np.ones(4), image_shape=(2, 2)).plot()
    assert image.image_.get_clim() == (1, 2)
    plt.close("all")


def test_codes_have_a_scale_and_few_numbers_no_blank_cells(pca, ax):
    display = EncodedStateDisplay(np.random.default_rng(0).normal(size=(4, 5))).plot(ax)
    assert display.images_[0, 0].get_array().shape == (1, 5)
    assert display.images_[0, 0].colorbar is not None
