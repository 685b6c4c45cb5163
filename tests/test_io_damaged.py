"""Files that are damaged, foreign or hostile: one clear error, whatever is in them."""

import io
import json
import os
import pickle
import random
import resource
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import skae
from skae.io._container import _DIGEST, _digest, read_file, write_file

FILES = Path(__file__).parent / "files"
NAMES = ("dense", "variational", "detector", "pipeline")
CONTENT = {name: (FILES / f"{name}.skae").read_bytes() for name in NAMES}
MEGABYTE = 2**20


def sealed(content):
    """Return a file with a checksum that fits, as only someone with intent writes it."""
    changed = bytearray(content)
    changed[_DIGEST] = _digest([changed])
    return bytes(changed)


def with_document(name, change):
    """Return a file whose document was changed, sealed."""
    document, arrays = read_file(FILES / f"{name}.skae")
    document = change(document)
    folder = Path(os.environ["PYTEST_FILES"])
    write_file(folder / "sealed", document, [arrays[str(number)] for number in range(len(arrays))])
    return (folder / "sealed").read_bytes()


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_FILES", str(tmp_path))


def refused(content, path):
    """Tell whether a file is refused; raise if anything but the one error comes of it."""
    path.write_bytes(content)
    try:
        skae.load(path)
    except ValueError as error:
        message = str(error)
    else:
        return False
    assert message.strip()
    return True


# ---- damage -----------------------------------------------------------------------------------


def cut(rng):
    content = CONTENT[rng.choice(NAMES)]
    return content[: len(content) * rng.randrange(100) // 100]


def flipped(rng):
    content = bytearray(CONTENT[rng.choice(NAMES)])
    for _ in range(rng.choice([1, 1, 1, 2, 10])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def longer_or_shorter(rng):
    content = CONTENT[rng.choice(NAMES)]
    place = rng.randrange(len(content))
    return content[:place] + rng.randbytes(rng.choice([0, 2, 100])) + content[place + 1 :]


def with_edited_text(rng):
    content = CONTENT[rng.choice(NAMES)]
    before, after = rng.choice([(b'"skae.', b'"os.x.'), (b"8", b"9"), (b'"tuple"', b'"dict" ')])
    return content.replace(before, after, 1)


def with_huge_header(rng):
    content = CONTENT[rng.choice(NAMES)]
    size = rng.choice([2**60, 2**64 - 1, 2**32, len(content) + 1])
    return sealed(size.to_bytes(8, "little") + content[8:])


def with_huge_arrays(rng):
    content = CONTENT[rng.choice(NAMES)]
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    entry = header[rng.choice([name for name in header if name != "__metadata__"])]
    rng.choice(
        [
            lambda: entry.update(shape=[2**60]),
            lambda: entry.update(shape=[2**60, 2**60, 0]),
            lambda: entry.update(shape=[-1]),
            lambda: entry.update(shape=[1] * 100),
            lambda: entry.update(data_offsets=[0, 2**60]),
            lambda: entry.update(data_offsets=[1, entry["data_offsets"][1]]),
            lambda: entry.update(dtype="F128"),
        ]
    )()
    text = json.dumps(header, separators=(",", ":")).encode()
    return sealed(len(text).to_bytes(8, "little") + text + content[end:])


def foreign(rng):
    packed, numbers = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("config.json", bytes(MEGABYTE))
    np.savez(numbers, weights=np.zeros(9))
    return rng.choice(
        [
            b"",
            b"{}",
            rng.randbytes(rng.randrange(1, 3000)),
            pickle.dumps({"a": np.zeros(3)}),
            packed.getvalue(),
            numbers.getvalue(),
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            (2).to_bytes(8, "little") + b"{}",
        ]
    )


DAMAGES = (
    cut,
    flipped,
    longer_or_shorter,
    with_edited_text,
    with_huge_header,
    with_huge_arrays,
    foreign,
)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("n_files", [30, pytest.param(1000, marks=pytest.mark.exhaustive)])
def test_damaged_files_are_refused(damage, n_files, tmp_path):
    rng = random.Random(damage.__name__)
    for _ in range(n_files):
        assert refused(damage(rng), tmp_path / "file")


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_is_refused(name, tmp_path):
    content = CONTENT[name]
    for percent in range(100):
        assert refused(content[: len(content) * percent // 100], tmp_path / "file")


# ---- intent -----------------------------------------------------------------------------------

HOSTILE = [
    None,
    -1,
    2**60,
    10**400,
    1e308,
    "os.system",
    "keras.layers.Lambda",
    "keras.optimizers.Adam",
    "skae.DenseAutoencoder",
    "custom:os",
    [],
    {},
    {"named": "builtins.eval"},
    {"named": "os.system"},
    {"float": "1" * 10000},
    {"array": 10**9},
    {"array": 0},
    {"held": 10**9},
    {"tuple": [2**60]},
    {"dict": {"class_name": "function", "config": "system", "module": "os"}},
    {"config": ["os.system", {"dict": {}}, None]},
    {"config": ["keras.layers.TFSMLayer", {"dict": {"filepath": "/tmp"}}, None]},
    {"object": ["sklearn.pipeline.Pipeline", {"dict": {"steps": []}}]},
    {"record": ["PackedModel", {}]},
    {"unknown": 1},
]


def places_in(node, found):
    """Collect every place in a document, as the collection and the key within."""
    keys = node.keys() if isinstance(node, dict) else range(len(node))
    for key in keys:
        found.append((node, key))
        if isinstance(node[key], dict | list) and node[key]:
            places_in(node[key], found)
    return found


def edited(rng):
    def change(document):
        for _ in range(rng.choice([1, 1, 3])):
            node, key = rng.choice(places_in(document, []))
            node[key] = rng.choice(HOSTILE)
        return document

    return with_document(rng.choice(NAMES), change)


@pytest.mark.parametrize("n_files", [80, pytest.param(3000, marks=pytest.mark.exhaustive)])
def test_edited_documents_load_or_are_refused(n_files, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    refused((FILES / "dense.skae").read_bytes(), tmp_path / "file")
    modules = set(sys.modules)
    rng = random.Random(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_refused = sum(refused(edited(rng), tmp_path / "file") for _ in range(n_files))
    assert n_refused > n_files / 2
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 * 1024  # kilobytes, most of them TensorFlow's kernels
    assert ran == []
    assert {name for name in set(sys.modules) - modules if name.partition(".")[0] == "os"} == set()


def widened(document):
    text = json.dumps(document)
    assert '"units": 4' in text
    return json.loads(text.replace('"units": 4', '"units": 1000000000'))


def deepened(document):
    deep = 1
    for _ in range(900):
        deep = [deep]
    document["content"] = deep
    return document


def multiplied(document):
    adam = {"configured": ["keras.optimizers.Adam", {"dict": {}}, 0]}
    document["content"] = [adam] * 20_000
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (widened, "the weights are not those of the layers"),
        (deepened, "holds no estimator|unknown"),
        (multiplied, "more objects than any estimator needs"),
    ],
)
def test_files_that_would_take_much_memory_are_refused(change, message, tmp_path):
    content = with_document("dense", change)
    path = tmp_path / "file"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            skae.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(content) + 150 * MEGABYTE


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"[0" + b",0" * 2**21 + b"]",
        b"NaN",
        b"1" * 100_000,
        b"\xff\xfe",
        b'"no document"',
    ],
)
def test_bombs_of_json_are_refused(text, tmp_path):
    header = json.loads(CONTENT["dense"][8 : 8 + int.from_bytes(CONTENT["dense"][:8], "little")])
    header = {"__metadata__": header["__metadata__"]}
    header["skae.json"] = {"dtype": "U8", "shape": [len(text)], "data_offsets": [0, len(text)]}
    start = json.dumps(header, separators=(",", ":")).encode()
    content = sealed(len(start).to_bytes(8, "little") + start + text)
    path = tmp_path / "file"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"\w"):
            skae.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(content) + 20 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        skae.load(tmp_path / "pipe")


def test_memory_of_loading_is_twice_the_file(X, tmp_path):
    wide = np.tile(X[:16], (1, 20))
    autoencoder = skae.DenseAutoencoder(8, hidden_layer_sizes=(512,), epochs=1, init="random")
    autoencoder.fit(wide).save(tmp_path / "file")
    skae.load(tmp_path / "file")
    tracemalloc.start()
    try:
        skae.load(tmp_path / "file")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * (tmp_path / "file").stat().st_size
