"""Data that are not in memory: read in blocks, mixed, and the same as data that are."""

from collections import Counter

import dask
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
from sklearn.decomposition import PCA

from skae import (
    Blocks,
    DenoisingAutoencoder,
    DenseAutoencoder,
    ReconstructionOutlierDetector,
    VariationalAutoencoder,
)
from skae.data import _blocks, _memory, _sources
from skae.data._mapping import over_blocks
from skae.data._sources import as_blocks
from skae.engine import _mixing
from skae.model import _principal

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


@pytest.mark.slow
@pytest.mark.parametrize("source", [memory_map, dask_frame, own_blocks])
def test_sorted_streams_are_learned_as_shuffled_rows(source, streamed, score_in_memory, tmp_path):
    autoencoder = unfitted().fit(source(curved_rows(), tmp_path))
    assert abs(autoencoder.score(source(curved_rows(), tmp_path)) - score_in_memory) < 0.02
    assert len(autoencoder.history_["val_loss"]) == autoencoder.n_epochs_


@pytest.mark.parametrize("source", SOURCES)
def test_streams_are_mapped_as_arrays_are(source, streamed, tmp_path):
    X = source(curved_rows(), tmp_path)
    autoencoder = unfitted(init="random").set_params(epochs=1).fit(X)
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


@pytest.mark.slow
@pytest.mark.parametrize("source", [memory_map, dask_array, dask_frame, parquet_folder])
def test_detector_reads_blocks(source, streamed, tmp_path):
    X = source(curved_rows(), tmp_path)
    detector = ReconstructionOutlierDetector(
        DenseAutoencoder(2, hidden_layer_sizes=(4,), epochs=1), random_state=0
    ).fit(X)
    reference = as_blocks(X).whole()
    scores = detector.score_samples(reference)
    np.testing.assert_array_equal(detector.score_samples(X), scores)
    np.testing.assert_array_equal(detector.predict(X), detector.predict(reference))
    np.testing.assert_array_equal(detector.fit_scores_, scores)
    assert detector.calibration_scores_.shape == (80,)


def test_detector_of_blocks_needs_an_autoencoder_that_reads_them(streamed, tmp_path):
    X = zarr_array(curved_rows(), tmp_path)
    with pytest.raises(ValueError, match=r"received PCA\. Use for instance DenseAutoencoder"):
        ReconstructionOutlierDetector(PCA(2)).fit(X)


@pytest.mark.parametrize("n_components", [1, 2, 4])
def test_start_is_pca_of_all_blocks(n_components, streamed, tmp_path):
    rows = curved_rows()
    autoencoder = DenseAutoencoder(
        n_components, hidden_layer_sizes=(4,), epochs=1, learning_rate=1e-12, random_state=0
    ).fit(zarr_array(rows, tmp_path))
    of_pca = PCA(n_components).fit(rows)
    expected = of_pca.explained_variance_ratio_.sum()
    assert abs(autoencoder.score(rows) - expected) < 1e-4
    np.testing.assert_allclose(autoencoder.mean_, rows.mean(axis=0), rtol=1e-6)


def test_start_of_wide_blocks_is_pca(streamed, monkeypatch, tmp_path):
    monkeypatch.setattr(_principal, "_LARGEST_EXACT", 4)
    rows = curved_rows()
    start = DenseAutoencoder(
        3, hidden_layer_sizes=(4,), epochs=1, learning_rate=1e-12, random_state=0
    ).fit(zarr_array(rows, tmp_path))
    assert abs(start.score(rows) - PCA(3).fit(rows).explained_variance_ratio_.sum()) < 1e-3


def test_weights_count_in_streams(streamed, tmp_path):
    rows = curved_rows()
    weights = np.r_[np.zeros(200), np.random.default_rng(0).random(200)]
    autoencoder = unfitted(validation_split=0).set_params(epochs=1, learning_rate=1e-12)
    autoencoder.fit(zarr_array(rows, tmp_path), sample_weight=weights)
    np.testing.assert_allclose(autoencoder.mean_, np.average(rows, axis=0, weights=weights), 1e-6)
    reference = autoencoder.score(rows)
    assert abs(autoencoder.fit(rows, sample_weight=weights).score(rows) - reference) < 1e-4


def test_partial_fit_reads_a_stream_once(streamed, tmp_path):
    class Counting(OnlySlices):
        def __getitem__(self, rows):
            read.append(rows.start)
            return super().__getitem__(rows)

    read = []
    X = Counting(curved_rows())
    autoencoder = unfitted().partial_fit(curved_rows())
    read.clear()
    autoencoder.partial_fit(X)
    times = Counter(read)
    assert set(times) == set(range(0, 400, 16))
    # The first tell whether X is as at fit, and whether training ended at numbers.
    assert all(n == 1 for start, n in times.items() if start > 16)
    assert autoencoder.n_epochs_ == 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bad_values_are_found_before_training(value, streamed, tmp_path):
    rows = curved_rows()
    autoencoder = unfitted().fit(rows[:50])
    before = autoencoder.model_.get_weights()
    rows[399, 7] = value
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        autoencoder.fit(zarr_array(rows, tmp_path))
    for now, then in zip(autoencoder.model_.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_values_out_of_reach_are_found_before_training(streamed, tmp_path):
    with pytest.raises(ValueError, match="reaches values from 0 to 1, but X has values"):
        unfitted(output_activation="sigmoid").fit(zarr_array(curved_rows(), tmp_path))


def test_text_in_a_dataset_is_told_of(streamed, tmp_path):
    table = pa.table({"a": [1.0, 2.0], "b": ["x", "y"]})
    pa.parquet.write_table(table, tmp_path / "text.parquet")
    with pytest.raises(ValueError, match="could not convert string to float"):
        unfitted().fit(pa.dataset.dataset(tmp_path))


def test_streamed_fits_repeat(streamed, tmp_path):
    X = zarr_array(curved_rows(), tmp_path)
    autoencoder = unfitted().set_params(epochs=3)
    first = autoencoder.fit(X).transform(X)
    np.testing.assert_array_equal(autoencoder.fit(X).transform(X), first)


@pytest.mark.slow
@pytest.mark.parametrize("autoencoder", [VariationalAutoencoder, DenoisingAutoencoder])
def test_objectives_read_blocks(autoencoder, streamed, tmp_path):
    X = zarr_array(curved_rows(), tmp_path)
    fitted = autoencoder(2, hidden_layer_sizes=(4,), epochs=3, random_state=0).fit(X)
    assert fitted.score(X) > 0.8
    np.testing.assert_allclose(fitted.score_samples(X), fitted.score_samples(X[:]), rtol=1e-4)


def test_dask_stays_lazy_and_the_model_is_loaded_once(tmp_path):
    X = dask_array(curved_rows(), tmp_path)
    fitted = unfitted().set_params(epochs=1).fit(X)
    codes, rows = fitted.transform(X), fitted.reconstruct(X)
    assert isinstance(codes, da.Array)
    assert (codes.shape, codes.chunks[0], codes.dtype) == ((400, 1), X.chunks[0], np.float32)
    assert rows.shape == X.shape
    frame = dask_frame(curved_rows(), tmp_path)
    fitted.fit(frame)
    codes = fitted.transform(frame)
    assert isinstance(codes, dd.DataFrame)
    assert list(codes.columns) == ["denseautoencoder0"]
    computed = codes.compute()
    expected = fitted.transform(frame.compute())
    np.testing.assert_allclose(computed.to_numpy(), expected, atol=1e-6)


def test_progress_of_streams_is_shown_in_rows(streamed, tmp_path, capsys):
    X = zarr_array(curved_rows(), tmp_path)
    fitted = unfitted(verbose=1).set_params(epochs=2).fit(X)
    shown = capsys.readouterr().out
    assert shown.startswith("Reading 400 rows\n")
    assert "Epoch 2/2: 320 rows, 14 blocks" in shown
    assert "320/320" in shown
    assert "us/row" in shown
    assert "val_loss" in shown
    for pass_over in (fitted.transform, fitted.reconstruct, fitted.score_samples, fitted.score):
        pass_over(X)
        shown = capsys.readouterr().out
        assert shown.startswith("Reading 400 rows\n")
        assert "400/400" in shown
    fitted.set_params(verbose=0).transform(X)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("share_held_out", [0.0, 0.2])
def test_every_pass_that_is_announced_is_completed(share_held_out, streamed, tmp_path, capsys):
    X = zarr_array(curved_rows(), tmp_path)
    unfitted(verbose=1).set_params(
        epochs=1, validation_split=share_held_out, early_stopping=False
    ).fit(X)
    shown = capsys.readouterr().out
    assert shown.count("Reading 400 rows") == shown.count("400/400") - shown.count("Epoch 1/1: 400")


class FirstColumns:
    """A function that counts how often it is loaded."""

    n_loaded = 0

    def __call__(self, rows):
        return rows[:, :2]

    def __setstate__(self, state):
        FirstColumns.n_loaded += 1

    def __getstate__(self):
        return {"something": 1}


def test_a_function_travels_once_over_a_dask_collection(tmp_path):
    X = dask_array(curved_rows(), tmp_path)
    FirstColumns.n_loaded = 0
    columns = over_blocks(FirstColumns(), X, (2,))
    np.testing.assert_array_equal(columns, curved_rows()[:, :2])
    assert FirstColumns.n_loaded == 1


def test_limits_of_the_process_count(monkeypatch):
    assert _memory.usable_memory() > 2**28
    limits = {_memory.resource.RLIMIT_AS: 2**30, _memory.resource.RLIMIT_DATA: 2**40}
    monkeypatch.setattr(_memory.resource, "getrlimit", lambda kind: (limits[kind], limits[kind]))
    monkeypatch.setattr(_memory, "_in_use", lambda name: 2**29)
    assert _memory.usable_memory() == 2**29


class _Declared(Blocks):
    """Pieces under a declaration that need not be theirs."""

    def __init__(self, pieces, lengths, names=None, dtype="float32"):
        self.given, self.lengths, self.names = pieces, lengths, names
        self.row_shape, self.dtype = (6,), np.dtype(dtype)

    def read(self, block):
        yield self.given[block]


class _Unyielding(_Declared):
    """Reads without giving anything."""

    def read(self, block):
        return None


_BLOCK = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
_FRAME = pd.DataFrame(_BLOCK, columns=list("abcdef"))


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (_Declared([_BLOCK, _BLOCK], [20, 25]), "ended 5 samples early"),
        (_Declared([_BLOCK, _BLOCK], [15, 20]), "more samples than lengths says"),
        (_Declared([_BLOCK[:, :1]], [20]), r"samples of shape \(1,\): expected \(6,\)"),
        (_Declared([_BLOCK[:, :5]], [20]), r"samples of shape \(5,\): expected \(6,\)"),
        (_Declared([_FRAME[list("fedcba")]], [20], list("abcdef")), "Return them in this order"),
        (_Declared([_BLOCK], [20], dtype="int16"), "samples of float32: expected int16"),
        (_Declared([None], [20]), "gave None as a piece: expected an array or DataFrame"),
        (_Declared([_BLOCK.tolist()], [20]), "gave an object of type list as a piece"),
        (
            _Declared([_BLOCK], [20], list("abcdef")),
            "type ndarray as a piece: expected a DataFrame",
        ),
        (_Unyielding([], [20]), "returned None for block 0: expected an iterable .* Use yield"),
    ],
)
def test_blocks_that_are_not_as_declared_are_refused(blocks, message, fits, monkeypatch):
    monkeypatch.setattr(_blocks, "fits_memory", lambda n_bytes: fits)
    fitted = DenseAutoencoder(2, epochs=1, random_state=0).fit(_FRAME if blocks.names else _BLOCK)
    for use in (fitted.partial_fit, fitted.transform, fitted.score_samples):
        with pytest.raises(ValueError, match=message):
            use(blocks)


class _Stating(Blocks):
    """Two blocks, and what it is told to say of them."""

    lengths, row_shape, dtype = (20, 20), (6,), np.dtype("float32")

    def __init__(self, **stated):
        vars(self).update(stated)

    def read(self, block):
        yield _BLOCK


STATED_OTHERWISE = [
    *({"lengths": lengths} for lengths in (5, None, [1.5], [20.0, 20], ["20"], "ab", b"ab")),
    *({"lengths": lengths} for lengths in ({20: 20}, {20}, [-1, 20], [True, 20])),
    *({"lengths": np.array(lengths)} for lengths in ([20.0, 20.0], [[20, 20]])),
    *({"row_shape": shape} for shape in (3.5, None, "ab", b"a", {6: 1}, True)),
    *({"row_shape": shape} for shape in ((6.0,), (-6,), (True,), ("6",), np.array([[6]]))),
    *({"dtype": dtype} for dtype in ("nonsense", 3, np.array([1.5]))),
]


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("stated", STATED_OTHERWISE, ids=str)
def test_blocks_that_state_something_else_are_refused(stated, fits, monkeypatch):
    monkeypatch.setattr(_blocks, "fits_memory", lambda n_bytes: fits)
    name = next(iter(stated))
    with pytest.raises(ValueError, match=rf"Expected {name} of _Stating .*; received .*\. Set "):
        DenseAutoencoder(2, epochs=1).fit(_Stating(**stated))


@pytest.mark.parametrize("dtype", ["U3", "M8[s]", "c8", "int32", bool, [("a", "f4")]])
def test_dtypes_that_do_not_hold_the_samples_are_refused(dtype):
    with pytest.raises(ValueError, match=r"samples of float32: expected .* Set dtype to that of"):
        DenseAutoencoder(2, epochs=1).fit(_Stating(dtype=dtype))


STATED_AS_NUMPY_READS_IT = [
    {"lengths": np.array([20, 20], dtype="uint8")},
    {"lengths": [np.uint8(20)] * 20},  # whose sum is beyond that type
    {"lengths": pd.Series([20, 20], index=[3, 4])},
    *({"row_shape": shape} for shape in (6, np.int64(6), [6], (np.int32(6),), np.array([6]))),
    *({"dtype": dtype} for dtype in ("float32", np.float64, float, ">f4", object)),
]


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("stated", STATED_AS_NUMPY_READS_IT, ids=str)
def test_blocks_state_shapes_and_dtypes_as_numpy_reads_them(stated, fits, monkeypatch):
    monkeypatch.setattr(_blocks, "fits_memory", lambda n_bytes: fits)
    blocks = _Stating(**stated)
    rows = np.concatenate([_BLOCK] * len(blocks.lengths))
    assert blocks.shape == rows.shape
    fitted = DenseAutoencoder(2, epochs=1, random_state=0).fit(blocks)
    np.testing.assert_allclose(fitted.transform(blocks), fitted.transform(rows), atol=1e-5)


def test_detector_refuses_blocks_of_lists(monkeypatch):
    monkeypatch.setattr(_blocks, "fits_memory", lambda n_bytes: False)
    blocks = _Declared([_BLOCK, _BLOCK.tolist()], [20, 20])
    detector = ReconstructionOutlierDetector(DenseAutoencoder(2, epochs=1), random_state=0)
    with pytest.raises(ValueError, match="Block 1 of _Declared gave an object of type list"):
        detector.fit(blocks)


def test_partitions_with_other_columns_are_refused():
    parts = [dask.delayed(_FRAME), dask.delayed(_FRAME[list("fedcba")])]
    frame = dd.from_delayed(parts, meta=_FRAME[:0], verify_meta=False)
    with pytest.raises(ValueError, match="Return them in this order"):
        DenseAutoencoder(2, epochs=1).fit(frame)
