"""What a notebook shows of an autoencoder."""

import copy
import re
from html.parser import HTMLParser

import keras
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import DenseAutoencoder, KerasAutoencoder
from skae.autoencoders._html import html_summary
from tests.estimators import digits

SMALL = {"batch_size": 32, "random_state": 0}


class Reader(HTMLParser):
    """Checks that tags close, and collects cells and texts."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.texts, self._open = [], [], []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attributes):
        if tag not in {"input", "br"}:
            self._open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "td" in self._open:
            self.cells[-1] += data
        if self._open and self._open[-1] == "p":
            self.texts.append(data)


@pytest.fixture(scope="module")
def fitted():
    return DenseAutoencoder(2, hidden_layer_sizes=(8,), epochs=3, **SMALL).fit(digits())


def test_summary_is_of_the_model_and_its_training(fitted):
    page = Reader(html_summary(fitted))
    facts = " ".join(page.texts)
    assert "64 features, code of 2" in facts
    assert f"{fitted.model_.count_params():,} parameters" in facts
    rows = [page.cells[i : i + 5] for i in range(0, len(page.cells), 5)]
    layers = [*fitted.encoder_.layers, *fitted.decoder_.layers]
    assert [row[1] for row in rows] == [layer.name for layer in layers]
    assert sum(int(row[4].replace(",", "")) for row in rows) == fitted.model_.count_params()


def test_sparkline_has_a_point_for_every_epoch(fitted):
    lines = re.findall(r'<polyline points="([^"]*)"', html_summary(fitted))
    assert [len(points.split()) for points in lines] == [fitted.n_epochs_] * 2
    x, y = zip(*(map(float, point.split(",")) for point in lines[1].split()), strict=True)
    assert sorted(x) == list(x)
    losses = fitted.history_["val_loss"]
    assert y.index(max(y)) == losses.index(min(losses))


def test_it_stands_below_the_diagram_of_scikit_learn(fitted):
    for text in (fitted._repr_html_(), fitted._repr_mimebundle_()["text/html"]):
        assert text.endswith(html_summary(fitted))
        assert text.index("sk-container") < text.index("skae-summary")
        assert text.count('<div class="skae-summary">') == 1
    with config_context(display="text"):
        assert "text/html" not in fitted._repr_mimebundle_()


def test_unfitted_and_within_a_pipeline_only_the_diagram_is_shown(fitted):
    assert "skae-summary" not in clone(fitted)._repr_html_()
    assert "skae-summary" not in make_pipeline(StandardScaler(), fitted)._repr_html_()


def test_names_are_escaped():
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(2, name="a>b"), keras.layers.Dense(64)]
    )
    fitted = KerasAutoencoder(model, epochs=1, **SMALL).fit(digits())
    text = html_summary(fitted)
    assert "<td>a&gt;b</td>" in text
    assert "<polyline" not in text  # one epoch is no curve


def test_summary_compares_with_pca_until_training_goes_on(fitted):
    share = float(re.search(r"error ([\d.]+) times PCA", html_summary(fitted))[1])
    assert 0 < share <= 1
    gone_on = copy.deepcopy(fitted).partial_fit(digits())
    assert "PCA" not in html_summary(gone_on)
