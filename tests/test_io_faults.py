"""Faults while a file is written: its path holds the old file or the new one, nothing else."""

import os
import random
import resource
import signal
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skae
from skae.io._container import read_file, write_file

CONTENTS = [[np.full(500_000, number, dtype=np.float32)] for number in range(2)]


@pytest.fixture
def scaler(X):
    return make_pipeline(StandardScaler()).fit(X)


def write_for_ever(path):
    number = 0
    while True:
        number = 1 - number
        write_file(path, number, CONTENTS[number])


@pytest.mark.parametrize("n_kills", [10, pytest.param(200, marks=pytest.mark.exhaustive)])
def test_killed_while_it_writes(n_kills, tmp_path):
    path = tmp_path / "file"
    write_file(path, 0, CONTENTS[0])
    rng = random.Random(0)
    for _ in range(n_kills):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the child does nothing but write
            writer = os.fork()
        if writer == 0:
            write_for_ever(path)
        time.sleep(rng.uniform(0, 0.04))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        document, arrays = read_file(path)
        np.testing.assert_array_equal(arrays["0"], document)
    others = [name for name in os.listdir(tmp_path) if name != "file"]
    assert all(name.startswith(".file.") and name.endswith(".part") for name in others)


def test_written_by_many_at_once(tmp_path):
    path = tmp_path / "file"
    write_file(path, 0, CONTENTS[0])

    def write(number):
        for _ in range(8):
            write_file(path, number, CONTENTS[number])

    writers = [threading.Thread(target=write, args=(place % 2,)) for place in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        document, arrays = read_file(path)
        np.testing.assert_array_equal(arrays["0"], document)
    assert os.listdir(tmp_path) == ["file"]


def test_full_disk(scaler, tmp_path):
    path = tmp_path / "file"
    scaler.set_output(transform="default")
    skae.save(scaler, path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            skae.save(scaler, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["file"]


def test_folders_that_take_nothing(scaler, tmp_path):
    with pytest.raises(OSError):  # noqa: PT011 (which one depends on the user)
        skae.save(scaler, "/proc/self/file")
    with pytest.raises(FileNotFoundError):
        skae.save(scaler, tmp_path / "missing" / "file")
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError, match="file is a directory: expected the path of a file"):
        skae.save(scaler, tmp_path / "file")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["two words.skae", "Überraschung 模型 🙂", "x" * 250])
def test_paths_of_any_kind(name, scaler, X, tmp_path):
    for path in (tmp_path / name, str(tmp_path / name)):
        skae.save(scaler, path)
        np.testing.assert_array_equal(skae.load(path).transform(X), scaler.transform(X))


def test_links_stay_links(scaler, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    skae.save(scaler, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(skae.load(tmp_path / "file")) == 1


def test_files_can_be_read_by_whom_the_process_allows(scaler, tmp_path):
    before = os.umask(0o027)
    try:
        skae.save(scaler, tmp_path / "file")
    finally:
        os.umask(before)
    assert Path(tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_files_keep_the_mode_that_they_had(scaler, tmp_path):
    path = tmp_path / "file"
    skae.save(scaler, path)
    path.chmod(0o600)
    skae.save(scaler, path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_killed_processes_left_is_removed_when_it_is_old(scaler, tmp_path):
    names = [f".file.{number:016x}.part" for number in range(2)]
    others = [".file.part", ".other.0000000000000000.part"]
    for name in [*names, *others]:
        (tmp_path / name).touch()
        if name != names[1]:
            os.utime(tmp_path / name, (0, 0))
    skae.save(scaler, tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == sorted(["file", names[1], *others])


def test_paths_may_be_bytes(scaler, X, tmp_path):
    skae.save(scaler, os.fsencode(tmp_path / "file"))
    again = skae.load(os.fsencode(tmp_path / "file"))
    np.testing.assert_array_equal(again.transform(X), scaler.transform(X))


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"folder of .*nowhere"):
        skae.DenseAutoencoder().save(tmp_path / "nowhere" / "new.skae")
