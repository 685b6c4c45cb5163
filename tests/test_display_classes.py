"""What displays make of unusual classes: of mixed type, missing, objects, or very many."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA

from skae.display import LatentSpaceDisplay, ReconstructionDisplay, ReconstructionErrorDisplay
from skae.display._classes import Classes, sample_of_rows

mpl.use("agg")

X = np.random.default_rng(0).normal(size=(600, 8))


class Species:
    """A label that is neither a number nor text."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Species {self.name}"


OWL, CAT = Species("owl"), Species("cat")
UNUSUAL = {
    "mixed": ([1, "1", "a", 2.5], ["2.5", "1", "'1'", "'a'"]),
    "none": (["b", None, "a"], ["a", "b", "missing"]),
    "nan": (["b", np.nan, "a"], ["a", "b", "missing"]),
    "objects": ([OWL, CAT], ["Species cat", "Species owl"]),
    "numbers": ([10, 9, 2], ["2", "9", "10"]),
}


def labels(values):
    return np.array(values * 600, dtype=object)[:600]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("kind", sorted(UNUSUAL))
def test_labels_of_any_kind_are_classes(kind):
    values, names = UNUSUAL[kind]
    y = labels(values)
    classes = Classes.of(y)
    assert sorted(classes.names) == sorted(names)
    if kind != "mixed":
        assert classes.names == names
    for value, number in zip(values, classes.of_row, strict=False):
        assert classes.names[number] in {str(value), repr(value), "missing"}
    pca = PCA(2).fit(X)
    LatentSpaceDisplay.from_estimator(pca, X, y, max_points=100)
    drawn = ReconstructionErrorDisplay(X[:, 0] ** 2, y=y).plot()
    assert set(drawn.histograms_) == set(names)
    ReconstructionDisplay.from_estimator(pca, X, y, image_shape=(4, 2), samples=4)
    few = sample_of_rows(600, 12, y, random_state=0)
    assert set(classes.of_row[few]) == set(range(len(names)))


def test_labels_that_are_lists_are_refused():
    y = np.empty(600, dtype=object)
    y[:] = [[1, 2] for _ in range(600)]
    with pytest.raises(ValueError, match=r"Expected y of numbers, strings.*such as \[1, 2\]"):
        ReconstructionErrorDisplay(X[:, 0], y=y).plot()


@pytest.mark.slow
@pytest.mark.parametrize("n_components", [1, 2, 3, 4])
@pytest.mark.parametrize("n_classes", [20, 40, 200])
def test_legend_of_many_classes_stays_in_the_figure(n_components, n_classes):
    y = np.array([f"class {i}" for i in range(n_classes)] * 60)[:600]
    display = LatentSpaceDisplay(X[:, :n_components], y=y).plot()
    legends = [ax.get_legend() for ax in display.figure_.axes if ax.get_legend()]
    check_legend(display.figure_, legends[0], n_classes)


@pytest.mark.parametrize("n_classes", [2, 20, 200])
def test_legend_of_many_histograms_stays_in_the_figure(n_classes):
    y = np.array([f"class {i}" for i in range(n_classes)] * 300)[:600]
    display = ReconstructionErrorDisplay(X[:, 0] ** 2, y=y, threshold=1.0).plot()
    legend = display.ax_.get_legend()
    assert "threshold 1" in [text.get_text() for text in legend.get_texts()]
    check_legend(display.figure_, legend, n_classes + 1)


def check_legend(figure, legend, n_entries):
    """Check that a legend is within its figure and accounts for every entry."""
    figure.canvas.draw()
    place, page = legend.get_window_extent(), figure.bbox
    assert page.y0 <= place.y0 < place.y1 <= page.y1 + 1
    assert page.x0 <= place.x0 < place.x1 <= page.x1 + 1
    texts = [text.get_text() for text in legend.get_texts()]
    more = [int(text.split()[0]) for text in texts if text.endswith(" more")]
    assert len(texts) - len(more) + sum(more) == n_entries
