"""One file: a JSON document and arrays, as safetensors, under a checksum of every byte.

Any reader of safetensors opens it: arrays are tensors, the document is the tensor ``skae.json``,
text in UTF-8. The checksum is the SHA-256 of the file without the checksum's own 64 digits.
"""

import hashlib
import json
import stat
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from skae.io._atomic import write_whole
from skae.io._errors import UnreadableFileError

_BEGIN = b'{"__metadata__":{"format":"skae","sha256":"'
_DIGEST = slice(8 + len(_BEGIN), 8 + len(_BEGIN) + 64)
_DOCUMENT = "skae.json"
_MOST_VALUES = 2**20  # in JSON, so that reading it takes some 100 MB at most, whatever it says
_DTYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("<u1"),
    "I8": np.dtype("<i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


def is_storable(array: np.ndarray) -> bool:
    """Tell whether an array is of numbers that a file can hold."""
    return array.dtype.newbyteorder("<") in _CODES


def write_file(path: Path, document: Any, arrays: list[np.ndarray]) -> None:
    """Write a document and arrays atomically.

    Raises
    ------
    ValueError
        If the document is too long to be read again.
    OSError
        If the file cannot be written.
    """
    text = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    if _n_values(text) > _MOST_VALUES:
        raise ValueError(
            f"Expected at most {_MOST_VALUES} names, numbers and settings beside the arrays; got "
            f"{_n_values(text)}. Shorten history_, or keep the estimator with pickle."
        )
    named = {str(number): _contiguous(array) for number, array in enumerate(arrays)}
    named[_DOCUMENT] = np.frombuffer(text, dtype=np.uint8)
    header = bytearray(_header(named))
    content = [memoryview(array.reshape(-1).view(np.uint8)) for array in named.values()]
    header[_DIGEST] = _digest([header, *content])
    write_whole(path, [bytes(header), *content])


def _contiguous(array):
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)


def _header(named):
    entries, start = [], 0
    for name, array in named.items():
        entry = {
            "dtype": _CODES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, start + array.nbytes],
        }
        start += array.nbytes
        entries.append(f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}")
    text = _BEGIN + b"0" * 64 + b'"},' + ",".join(entries).encode() + b"}"
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _digest(parts):
    """Return the checksum of a file, given as a list of which the first item holds its place."""
    first = memoryview(parts[0])
    digest = hashlib.sha256(first[: _DIGEST.start])
    digest.update(first[_DIGEST.stop :])
    for part in parts[1:]:
        digest.update(part)
    return digest.hexdigest().encode()


def read_file(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the document and the arrays of a file, which are views of one block of memory.

    Raises
    ------
    UnreadableFileError
        If it is not such a file, or not as it was written.
    OSError
        If there is no file to read.
    """
    content = memoryview(_content_of(path))
    if bytes(content[_DIGEST]) != _digest([content]):
        raise UnreadableFileError(
            f"{path} is damaged: its checksum does not fit its content. Copy or save it again."
        )
    n_header = 8 + int.from_bytes(content[:8], "little")
    header = parsed(bytes(content[8:n_header]))
    del header["__metadata__"]
    arrays = dict(_arrays(header, content[n_header:]))
    return parsed(arrays.pop(_DOCUMENT).tobytes()), arrays


def _content_of(path):
    """Return the bytes of a file that begins as it should and is as long as a header can be."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # to open a pipe could take for ever
        raise UnreadableFileError(f"{path} is not a regular file.")
    with open(path, "rb") as file:
        start = file.read(_DIGEST.stop)
        if len(start) < _DIGEST.stop or start[8 : _DIGEST.start] != _BEGIN:
            raise UnreadableFileError(
                f"{path} is not a file of skae's, or only a part of one. Expected what save wrote; "
                "for pickles use joblib.load or pickle.load."
            )
        content = bytearray(status.st_size)
        content[: len(start)] = start
        n_read = len(start) + file.readinto(memoryview(content)[len(start) :])
    if n_read != len(content) or 8 + int.from_bytes(start[:8], "little") > len(content):
        raise UnreadableFileError(f"{path} is damaged: a part is missing. Copy or save it again.")
    return content


def parsed(text: bytes) -> Any:
    """Return what JSON says, unless it would take far more memory than its text."""
    if _n_values(text) > _MOST_VALUES:
        raise UnreadableFileError("The file holds more JSON than any estimator needs.")
    return json.loads(text, parse_constant=_refuse_constant)


def _n_values(text):
    return sum(map(text.count, (b"[", b"{", b",")))


def _refuse_constant(name):
    raise UnreadableFileError(f"The file has {name}, which is not JSON.")


def _arrays(header, data) -> Iterator[tuple[str, np.ndarray]]:
    """Yield arrays that lie in ``data`` one after the other, without gaps or overlaps."""
    start = 0
    for name, entry in header.items():
        dtype, shape = _DTYPES[entry["dtype"]], entry["shape"]
        if not all(type(length) is int and length >= 0 for length in shape):
            raise UnreadableFileError("The file has an array of an impossible shape.")
        stop = start + prod(shape) * dtype.itemsize
        if entry["data_offsets"] != [start, stop] or stop > len(data):
            raise UnreadableFileError("The file has an array that does not lie where it should.")
        yield name, np.frombuffer(data[start:stop], dtype).reshape(shape)
        start = stop
    if start != len(data):
        raise UnreadableFileError("The file has bytes that belong to nothing.")
