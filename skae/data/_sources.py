"""Data outside of memory, and how their blocks are read."""

import sys
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from skae.data._blocks import PIECE_BYTES, Blocks

_PAGE_BYTES = 2**20  # what writers of Parquet put into a page of a column
_BUFFER_BYTES = 2**16


class SlicedBlocks(Blocks):
    r"""An array that is read by slices: a memory map, an array of Zarr or HDF5, or its like.

    Parameters
    ----------
    array : object
        With ``shape``, ``dtype``, and rows for slices.
    chunk_length : int, default=1
        How many rows are stored together; a block is a multiple of them.
    """

    def __init__(self, array: Any, chunk_length: int = 1):
        self.array = array
        self.row_shape, self.dtype = tuple(array.shape[1:]), np.dtype(array.dtype)
        n_chunks = max(1, PIECE_BYTES // (self.row_bytes * chunk_length))
        bounds = [*range(0, array.shape[0], n_chunks * chunk_length), array.shape[0]]
        self._bounds = list(pairwise(bounds))
        self.lengths = [stop - start for start, stop in self._bounds]

    def read(self, block):
        """Return the rows of a slice."""
        yield np.asarray(self.array[slice(*self._bounds[block])])


class DaskArrayBlocks(Blocks):
    """A Dask array; its chunks along the first axis are the blocks.

    Parameters
    ----------
    array : dask.array.Array
        Chunks of unknown lengths are computed once to count their rows.
    """

    def __init__(self, array: Any):
        if np.isnan(array.shape[0]):
            array = array.copy().compute_chunk_sizes()
        self.array = whole_rows(array)
        self.row_shape, self.dtype = self.array.shape[1:], self.array.dtype
        self.lengths = self.array.chunks[0]

    def read(self, block):
        """Return a chunk, computed."""
        yield np.asarray(self.array.blocks[block].compute())


class DaskFrameBlocks(Blocks):
    """A Dask DataFrame; its partitions are the blocks.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        Computed once to count the rows of its partitions.
    """

    def __init__(self, frame: Any):
        self.frame = frame
        self.names = list(frame.columns)
        self.row_shape = (len(self.names),)
        self.dtype = _common_dtype(frame.dtypes)
        self.lengths = [int(n) for n in frame.map_partitions(len).compute()]

    def read(self, block):
        """Return a partition, computed."""
        yield self.frame.partitions[block].compute()


class DatasetBlocks(Blocks):
    """An Arrow dataset, such as a folder of Parquet files; their row groups are the blocks.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    """

    def __init__(self, dataset: Any):
        self.names, self.dtype = dataset.schema.names, _dtype_of(dataset.schema)
        self.row_shape = (len(self.names),)
        self._schema = dataset.schema
        self._n_at_once = max(1, PIECE_BYTES // self.row_bytes)
        self._parts = [part for file in dataset.get_fragments() for part in _row_groups(file)]
        self.lengths = [_n_rows_of(part) for part in self._parts]

    @property
    def bytes_at_once(self):
        """Memory in bytes of a row group that is decoded page by page, beside its codes."""
        return 3 * min(super().bytes_at_once, self.shape[1] * _PAGE_BYTES)

    def read(self, block):
        """Return batches of a row group, decoded one after the other."""
        for batch in _batches(self._parts[block], self._schema, self._n_at_once):
            yield _frame_of(batch, self.dtype)


class TableBlocks(Blocks):
    """An Arrow table in memory, a slice of it a block.

    Parameters
    ----------
    table : pyarrow.Table
    """

    def __init__(self, table: Any):
        self.names, self.dtype = table.schema.names, _dtype_of(table.schema)
        self.row_shape = (len(self.names),)
        self._batches = table.to_batches(max(1, PIECE_BYTES // self.row_bytes))
        self.lengths = [batch.num_rows for batch in self._batches]

    def read(self, block):
        """Return a slice."""
        yield _frame_of(self._batches[block], self.dtype)


def _frame_of(batch, dtype):
    if dtype.kind not in "iuf":
        return batch.to_pandas()
    rows = batch.to_tensor(null_to_nan=True, row_major=True).to_numpy()
    return pd.DataFrame(rows, columns=batch.schema.names, copy=False)


def _dtype_of(schema):
    return _common_dtype([_numpy_dtype(kind) for kind in schema.types])


def _row_groups(fragment):
    from pyarrow.dataset import ParquetFileFragment

    return (
        fragment.split_by_row_group() if isinstance(fragment, ParquetFileFragment) else [fragment]
    )


def _n_rows_of(fragment):
    from pyarrow.dataset import ParquetFileFragment

    if isinstance(fragment, ParquetFileFragment):  # whose count_rows is that of its file
        return sum(group.num_rows for group in fragment.row_groups)
    return fragment.count_rows()


def _batches(fragment, schema, n_rows):
    """Yield the record batches of a fragment; those of Parquet page by page, as they are wanted.

    A scan would decode a whole row group at once.
    """
    from pyarrow.dataset import ParquetFileFragment
    from pyarrow.parquet import ParquetFile

    is_parquet = isinstance(fragment, ParquetFileFragment)
    if is_parquet and set(schema.names) <= set(fragment.physical_schema.names):
        file = ParquetFile(fragment.open(), pre_buffer=False, buffer_size=_BUFFER_BYTES)
        groups = [group.id for group in fragment.row_groups]
        batches = file.iter_batches(n_rows, groups, columns=schema.names, use_threads=False)
        return (batch.select(schema.names) for batch in batches)
    return fragment.to_batches(schema=schema, batch_size=n_rows)


def _numpy_dtype(arrow_type):
    try:
        return np.dtype(arrow_type.to_pandas_dtype())
    except NotImplementedError:
        return np.dtype(object)


def _common_dtype(dtypes) -> np.dtype:
    """Return a dtype that holds all columns, object where they are not numbers."""
    kinds = [dtype if isinstance(dtype, np.dtype) else np.dtype(object) for dtype in dtypes]
    if any(dtype.kind not in "biuf" for dtype in kinds):
        return np.dtype(object)
    return np.result_type(*kinds)


def whole_rows(array):
    """Return a Dask array whose chunks hold whole rows."""
    return array.rechunk(dict.fromkeys(range(1, array.ndim), -1))


def _chunked(array):
    """Return the blocks of an array of Zarr or HDF5, whose chunks are read as a whole."""
    return SlicedBlocks(array, array.chunks[0] if array.chunks else 1)


_KINDS = (
    ("numpy", "memmap", SlicedBlocks),
    ("zarr", "Array", _chunked),
    ("h5py", "Dataset", _chunked),
    ("dask.array", "Array", DaskArrayBlocks),
    ("dask.dataframe", "DataFrame", DaskFrameBlocks),
    ("pyarrow.dataset", "Dataset", DatasetBlocks),
    ("pyarrow", "Table", TableBlocks),
)


@runtime_checkable
class _Sliceable(Protocol):
    shape: tuple[int, ...]
    dtype: Any

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice) -> Any: ...


@runtime_checkable
class _SupportsArray(Protocol):
    def __array__(self) -> np.ndarray: ...


def as_blocks(X: Any) -> Blocks | None:
    """Return X as blocks, or None for what is in memory.

    An object is read by slices if it has ``shape``, ``dtype``, a length and slices, and cannot be
    made an array by NumPy.
    """
    if isinstance(X, Blocks):
        return X
    if type(X) is np.ndarray:
        return None
    for module, name, blocks_of in _KINDS:
        if module in sys.modules and isinstance(X, getattr(sys.modules[module], name)):
            return blocks_of(X)
    if isinstance(X, _Sliceable) and not isinstance(X, _SupportsArray) and not issparse(X):
        return SlicedBlocks(X)
    return None


def in_memory_or_blocks(X: Any) -> Any:
    """Return X as it is, or read if it lies elsewhere and fits memory, or else as blocks."""
    blocks = as_blocks(X)
    if blocks is None or (blocks.fits_memory and isinstance(X, np.memmap)):
        return X
    return blocks.whole() if blocks.fits_memory else blocks
