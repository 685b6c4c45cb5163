"""Data that are not in memory: read in blocks, mixed, and the same as data that are."""

import dask.array as da
import dask.dataframe as dd
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
import zarr

from skae import (
    Blocks,
    DenseAutoencoder,
)
from skae.data import _blocks, _memory, _sources
from skae.data._sources import as_blocks
from skae.engine import _mixing

ROW_BYTES = 8 * 4


@pytest.fixture
def streamed(monkeypatch):
    """Nothing fits memory; a piece is 16 rows, a part of the pool 64."""
    monkeypatch.setattr(_memory, "_LARGEST_SHARE", 0.0)
    for module in (_blocks, _sources):
        monkeypatch.setattr(module, "PIECE_BYTES", 16 * ROW_BYTES)
    monkeypatch.setattr(_mixing, "_PART_BYTES", 64 * ROW_BYTES)


def curved_rows(n=400):
    """Return rows in the order of what they are made from, as data sorted by class are."""
    angle = np.linspace(-1, 1, n)[:, None]
    noise = np.random.default_rng(0).normal(0, 0.05, (n, 5))
    return np.hstack([angle, angle**2, np.sin(3 * angle), noise]).astype(np.float32) + 3


NAMES = [f"c{i}" for i in range(8)]


def memory_map(rows, folder):
    np.save(folder / "rows.npy", rows)
    return np.load(folder / "rows.npy", mmap_mode="r")


def zarr_array(rows, folder):
    array = zarr.create_array(folder / "rows.zarr", shape=rows.shape, dtype="f4", chunks=(30, 4))
    array[:] = rows
    return array


def hdf5_dataset(rows, folder):
    return h5py.File(folder / "rows.h5", "w").create_dataset("rows", data=rows, chunks=(30, 8))


def dask_array(rows, folder):
    return da.from_array(rows, chunks=(50, 4))


def dask_frame(rows, folder):
    return dd.from_pandas(pd.DataFrame(rows, columns=NAMES), npartitions=7)


def parquet_folder(rows, folder):
    (folder / "parts").mkdir()
    for part in range(2):
        table = pa.table(dict(zip(NAMES, rows[part::2].T, strict=True)))
        pa.parquet.write_table(table, folder / f"parts/{part}.parquet", row_group_size=70)
    return pa.dataset.dataset(folder / "parts")


def arrow_table(rows, folder):
    return pa.table(dict(zip(NAMES, rows.T, strict=True)))


class OnlySlices:
    """What the least of arrays on disk can do."""

    def __init__(self, rows):
        self._rows, self.shape, self.dtype = rows, rows.shape, rows.dtype

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, rows):
        assert isinstance(rows, slice)
        return self._rows[rows]


def only_slices(rows, folder):
    return OnlySlices(rows)


class Forties(Blocks):
    def __init__(self, rows):
        self.rows = rows
        self.lengths, self.row_shape, self.dtype = [40] * (len(rows) // 40), (8,), rows.dtype

    def read(self, block):
        yield from np.array_split(self.rows[40 * block : 40 * (block + 1)], 3)


def own_blocks(rows, folder):
    return Forties(rows)


SOURCES = [
    memory_map,
    zarr_array,
    hdf5_dataset,
    dask_array,
    dask_frame,
    parquet_folder,
    arrow_table,
    only_slices,
    own_blocks,
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("seed", [None, 0])
def test_every_row_is_read_once_a_pass(source, seed, streamed, tmp_path):
    rows = curved_rows()
    blocks = as_blocks(source(rows, tmp_path))
    rng = None if seed is None else np.random.RandomState(seed)
    pieces = [(start, np.asarray(piece)) for start, piece in blocks.pieces(rng)]
    assert max(len(piece) for _, piece in pieces) <= 30
    found = np.empty_like(rows)
    for start, piece in pieces:
        found[start : start + len(piece)] = piece
    assert sum(len(piece) for _, piece in pieces) == len(rows) == len(blocks)
    if source is parquet_folder:
        rows = np.concatenate([rows[::2], rows[1::2]])
    np.testing.assert_array_equal(found, rows)


def unfitted(**parameters):
    return DenseAutoencoder(
        1, hidden_layer_sizes=(16,), epochs=40, learning_rate=0.02, random_state=0, **parameters
    )


@pytest.fixture(scope="module")
def score_in_memory():
    rows = curved_rows()
    return unfitted().fit(rows).score(rows)


@pytest.mark.parametrize("source", SOURCES)
def test_streamed_is_as_good_as_in_memory(source, streamed, score_in_memory, tmp_path):
    X = source(curved_rows(), tmp_path)
    autoencoder = unfitted().fit(X)
    assert abs(autoencoder.score(X) - score_in_memory) < 0.02
    assert len(autoencoder.history_["val_loss"]) == autoencoder.n_epochs_
    reference = as_blocks(X).whole()
    codes, scores = autoencoder.transform(X), autoencoder.score_samples(X)
    if source not in (dask_array, dask_frame):
        assert isinstance(codes, np.ndarray)
    np.testing.assert_allclose(codes, autoencoder.transform(reference), atol=1e-6)
    np.testing.assert_allclose(scores, autoencoder.score_samples(reference), rtol=1e-5)


def test_data_that_fit_memory_are_read_once_and_trained_on_as_arrays(tmp_path):
    rows = curved_rows()
    autoencoder = DenseAutoencoder(1, hidden_layer_sizes=(4,), epochs=2, random_state=0)
    expected = autoencoder.fit(rows).transform(rows)
    for source in (memory_map, zarr_array, dask_array):
        (tmp_path / source.__name__).mkdir()
        X = source(rows, tmp_path / source.__name__)
        np.testing.assert_array_equal(autoencoder.fit(X).transform(rows), expected)
