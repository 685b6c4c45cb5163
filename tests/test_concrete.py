"""ConcreteAutoencoder: a selector of distinct features."""

import numpy as np
import pandas as pd
import pytest

from skae import ConcreteAutoencoder, DenseNetwork
from skae.autoencoders._concrete import distinct_choice

SMALL = {"network": DenseNetwork((16,)), "batch_size": 32, "random_state": 0}


def planted(seed, n=600):
    """Return rows of 20 columns, of which 4 are sources and the others noisy copies of them."""
    rng = np.random.default_rng(seed)
    columns = rng.permutation(20)
    X = np.empty((n, 20))
    X[:, columns] = np.tile(rng.normal(size=(n, 4)), 5)
    X[:, columns[4:]] += rng.normal(0, 0.7, size=(n, 16))
    return X, set(columns[:4])


@pytest.fixture(scope="module")
def fitted(request):
    X = request.getfixturevalue("X")
    return ConcreteAutoencoder(6, epochs=8, **SMALL).fit(X)


def test_planted_features_are_found():
    found = 0
    for seed in range(3):
        X, sources = planted(seed)
        selector = ConcreteAutoencoder(
            4, epochs=80, network=DenseNetwork(()), random_state=seed
        ).fit(X)
        found += set(selector.selected_) == sources
    assert found == 3


def test_features_are_distinct_even_if_all_units_want_the_same():
    log_odds = np.zeros((3, 5))
    log_odds[:, 2] = [3.0, 5.0, 4.0]
    log_odds[0, 1] = log_odds[2, 4] = 1.0
    assert list(distinct_choice(log_odds)) == [1, 2, 4]


def test_transform_takes_columns_and_inverse_transform_uses_only_them(fitted, X):
    support = fitted.get_support()
    assert support.sum() == len(set(fitted.selected_)) == 6
    np.testing.assert_array_equal(fitted.transform(X), X[:, support].astype(np.float32))
    np.testing.assert_allclose(
        fitted.inverse_transform(fitted.transform(X)), fitted.reconstruct(X), atol=1e-4
    )
    disturbed = np.where(support, X, 0)
    np.testing.assert_allclose(fitted.reconstruct(disturbed), fitted.reconstruct(X), atol=1e-4)


def test_names_are_those_of_the_columns(X):
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(64)])
    selector = ConcreteAutoencoder(3, epochs=2, **SMALL).set_output(transform="pandas").fit(frame)
    codes = selector.transform(frame)
    assert list(codes.columns) == list(frame.columns[selector.get_support()])


def test_convergence_is_reported(fitted):
    assert fitted.certainty_.shape == (6,)
    assert ((fitted.certainty_ > 0) & (fitted.certainty_ <= 1)).all()
    assert 0 <= fitted.n_reassigned_ < 6


def test_choice_stands_while_the_decoder_goes_on(fitted, X):
    chosen = fitted.selected_.copy()
    before = fitted.history_["loss"][-1]
    fitted.partial_fit(X)
    np.testing.assert_array_equal(fitted.selected_, chosen)
    assert fitted.history_["loss"][-1] != before
    assert fitted.n_epochs_ == 9


def test_passes_follow_the_schedule(X):
    selector = ConcreteAutoencoder(4, epochs=4, annealing=0.5, **SMALL)
    for _ in range(4):
        selector.partial_fit(X)
        assert selector.transform(X).shape == (len(X), 4)
    layer = selector.encoder_.get_layer("selection")
    assert float(layer.temperature) == pytest.approx(0.1)
    assert float(layer.frozen) == 1


def test_more_features_than_there_are(X):
    with pytest.raises(ValueError, match="n_components=65 distinct features"):
        ConcreteAutoencoder(65).fit(X)
