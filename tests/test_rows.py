"""Rows on their way into training: resident in one copy, or streamed block by block."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from skae import DenseAutoencoder
from skae.data import _blocks, _memory, _sources
from skae.data._memory import aligned_empty
from skae.engine import StreamedRows, _mixing, split_rows
from skae.model._scaling import GlobalScale


@pytest.fixture
def streamed(monkeypatch):
    """Make every data set too large for memory, and read eight rows of eight features at a time."""
    monkeypatch.setattr(_memory, "_LARGEST_SHARE", 0.0)
    monkeypatch.setattr(_blocks, "PIECE_BYTES", 8 * 8 * 8)
    monkeypatch.setattr(_sources, "PIECE_BYTES", 8 * 8 * 8)
    monkeypatch.setattr(_mixing, "_PART_BYTES", 4 * 8 * 30)


def curved_rows(n=100):
    rng = np.random.default_rng(0)
    angle = rng.uniform(-1, 1, size=(n, 1))
    return np.hstack([angle, angle**2, np.sin(3 * angle), rng.normal(0, 0.1, (n, 5))])


def split(rows, weights, n_held_out):
    return split_rows(
        rows,
        weights,
        n_held_out=n_held_out,
        standardize=GlobalScale.of(rows, weights).standardize,
        sample_shape=(2, 4),
        rng=np.random.RandomState(0),
    )


@pytest.mark.parametrize("in_memory", [True, False])
def test_every_row_is_trained_on_or_held_out_once(in_memory, request):
    if not in_memory:
        request.getfixturevalue("streamed")
    rows, weights = curved_rows(), np.linspace(0.5, 1.5, 100, dtype=np.float32)
    everything, training, held_out = split(rows, weights, 30)
    assert isinstance(everything, StreamedRows) is not in_memory
    assert (len(everything), len(training), len(held_out)) == (100, 70, 30)
    parts = [block for part in (training, held_out) for block in part.blocks()]
    values = np.concatenate([block[0] for block in parts])
    assert values.shape == (100, 2, 4)
    assert values.dtype == np.float32
    # A row is known by its first number, which no other has, and keeps its weight.
    order = np.argsort(values[:, 0, 0])
    expected = GlobalScale.of(rows, weights).standardize(rows)
    expected_order = np.argsort(expected[:, 0])
    np.testing.assert_array_equal(values[order].reshape(100, 8), expected[expected_order])
    kept = np.concatenate([block[1] for block in parts])
    np.testing.assert_array_equal(kept[order], weights[expected_order])


@pytest.mark.slow
def test_streamed_fit_learns_what_a_resident_fit_learns(streamed, tmp_path):
    np.save(tmp_path / "rows.npy", curved_rows(400))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    autoencoder = DenseAutoencoder(1, hidden_layer_sizes=(16,), epochs=30, random_state=0).fit(rows)
    held_out = curved_rows(100)
    of_pca = PCA(1).fit(rows)
    error = held_out - of_pca.inverse_transform(of_pca.transform(held_out))
    r2_of_pca = 1 - np.square(error).sum() / np.square(held_out - rows.mean(axis=0)).sum()
    assert autoencoder.score(held_out) > r2_of_pca + 0.05
    assert len(autoencoder.history_["loss"]) == autoencoder.n_epochs_


def test_streamed_start_is_pca(streamed):
    rows = curved_rows()
    autoencoder = DenseAutoencoder(
        2, hidden_layer_sizes=(4,), epochs=1, learning_rate=1e-12, random_state=0
    ).fit(rows)
    of_pca = PCA(2).fit(rows)
    np.testing.assert_allclose(
        autoencoder.reconstruct(rows), of_pca.inverse_transform(of_pca.transform(rows)), atol=1e-4
    )


def test_float32_rows_that_need_no_change_are_not_copied():
    rows = np.random.default_rng(0).random((50, 8), dtype=np.float32)
    everything, _, _ = split_rows(
        rows,
        None,
        n_held_out=0,
        standardize=GlobalScale.identity(8).standardize,
        sample_shape=(8,),
        rng=np.random.RandomState(0),
    )
    assert np.shares_memory(everything.values, rows)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (1000, 3)])
def test_aligned_arrays_are_taken_over_by_tensorflow(shape):
    array = aligned_empty(shape)
    assert array.shape == shape
    assert array.ctypes.data % 64 == 0
    assert array.flags.c_contiguous
    assert array.flags.writeable
