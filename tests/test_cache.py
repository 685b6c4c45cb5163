"""Configuration, the cache of compiled code on disk, and what a first fit compiles."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

import skae
from skae.layers import ContractionPenalty, GaussianCode, SparsityPenalty, sharing_rows


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.delenv("SKAE_CACHE_DIR", raising=False)


# ---- configuration ------------------------------------------------------------------------------


def test_configuration_is_that_of_processes_started_later(tmp_path):
    code = """
import os, subprocess, sys, skae
skae.set_config(cache_dir="cache")
show = "import skae; print(skae.get_config()['cache_dir'])"
assert subprocess.check_output([sys.executable, "-c", show], text=True).strip() == (
    skae.get_config()["cache_dir"]
) == os.path.abspath("cache")
with skae.config_context(cache_dir=None):
    assert skae.get_config() == {"cache_dir": None}
assert skae.get_config()["cache_dir"] and os.path.isdir("cache")
skae.set_config(cache_dir=None)
assert skae.get_config() == {"cache_dir": None} and "SKAE_CACHE_DIR" not in os.environ
assert not {"keras", "tensorflow", "jax"} & set(sys.modules)
"""
    path = os.pathsep.join(sys.path)
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        check=True,
    )


def test_folder_that_cannot_be_written_to_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cache_dir must be a folder .* got '.*file.*Choose"):
        skae.set_config(cache_dir=tmp_path / "file" / "cache")
    assert skae.get_config() == {"cache_dir": None}


@pytest.mark.parametrize("cache_dir", ["", 5, b"x", "a\0b"])
def test_what_names_no_folder_is_an_error(cache_dir):
    with pytest.raises(ValueError, match=r"cache_dir must be a string or path .*; got .* Pass"):
        skae.set_config(cache_dir=cache_dir)
    assert skae.get_config() == {"cache_dir": None}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="reads its flags only once")
def test_change_that_comes_too_late_for_tensorflow_is_warned_of(tmp_path):
    ops.convert_to_tensor([1.0])
    with pytest.warns(UserWarning, match="only once: it goes on with None"):
        skae.set_config(cache_dir=tmp_path)
    assert skae.get_config() == {"cache_dir": str(tmp_path)}
    skae.set_config(cache_dir=None)


# ---- the cache ----------------------------------------------------------------------------------

_FIT = """
import json, sys
import numpy as np
import skae

skae.set_config(cache_dir=sys.argv[1] or None)
X = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
settings = {"hidden_layer_sizes": (5,), "batch_size": 8, "epochs": 60, "early_stopping": False}
first = skae.DenseAutoencoder(1, validation_split=0.0, random_state=0, **settings)
codes = first.fit_transform(X)
compiled = []
import keras
if keras.backend.backend() == "jax":
    import jax

    def listen(event, duration, fun_name=None, **kwargs):
        if "backend_compile" in event:
            compiled.append(fun_name)

    jax.monitoring.register_event_duration_secs_listener(listen)
network = skae.DenseNetwork((4,))
second = skae.SparseAutoencoder(2, network=network, epochs=2, early_stopping=False, random_state=0)
second.set_params(validation_split=0.0, batch_size=16).fit(X)
names = list(compiled)
codes = [codes, second.transform(X)]
print(json.dumps({"codes": [c.tobytes().hex() for c in codes], "compiled": names}))
"""


def _start(folder, backend):
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    environment.pop("TF_XLA_FLAGS", None)
    return subprocess.Popen(
        [sys.executable, "-W", "error::UserWarning", "-c", _FIT, str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def _report(process):
    output, _ = process.communicate()
    assert process.returncode == 0
    return json.loads(output)


@pytest.mark.slow  # five processes
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_cache_changes_nothing_but_time(tmp_path, backend):
    pytest.importorskip(backend)
    without = _report(_start("", backend))
    for report in map(_report, [_start(tmp_path, backend) for _ in range(2)]):
        assert report["codes"] == without["codes"]
    entries = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert entries

    assert _report(_start(tmp_path, backend))["codes"] == without["codes"]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(entries)

    for path, content in entries.items():
        path.write_bytes(content[: len(content) // 2])
    assert _report(_start(tmp_path, backend))["codes"] == without["codes"]
    assert {path: len(path.read_bytes()) for path in entries} == {
        path: len(content) for path, content in entries.items()
    }


@pytest.mark.slow  # two processes
def test_first_fit_on_jax_compiles_its_steps_and_nothing_else(tmp_path):
    pytest.importorskip("jax")
    assert _report(_start(tmp_path, "jax"))["compiled"] == ["jit(_run_steps)"]
    assert _report(_start(tmp_path, "jax"))["compiled"] == []


@pytest.mark.slow  # a process
def test_initial_values_on_jax_are_those_that_it_draws(tmp_path):
    pytest.importorskip("jax")
    code = """
import keras, numpy as np
from skae.engine._initial_values import uncompiled_initial_values
for shape in [(64, 128), (7,), (3, 5, 16), (2, 3, 3, 4)]:
    for make in (keras.initializers.GlorotUniform, keras.initializers.RandomUniform):
        expected = make(seed=2**31 + 5)(shape)
        with uncompiled_initial_values():
            drawn = make(seed=2**31 + 5)(shape)
        np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-8)
"""
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


# ---- last batches that are filled up ------------------------------------------------------------


def _penalty(layer, inputs, shares):
    with sharing_rows(shares):
        layer(inputs, training=True)
    return float(ops.sum(ops.stack(layer.losses)))


@pytest.mark.parametrize("kind", ["l1", "kl", "divergence", "contraction"])
def test_rows_that_fill_a_batch_up_are_not_penalized(kind):
    rows = np.random.default_rng(0).uniform(0.1, 0.9, (5, 3)).astype(np.float32)
    encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "tanh", name="code")])
    layer = {
        "l1": lambda: SparsityPenalty(1.0),
        "kl": lambda: SparsityPenalty(1.0, target_rate=0.2),
        "divergence": lambda: GaussianCode(),
        "contraction": lambda: ContractionPenalty(encoder, 1.0),
    }[kind]()
    filled_up = np.concatenate([rows, rows[:3]])
    shares = ops.convert_to_tensor(np.float32([8 / 5] * 5 + [0] * 3))
    if kind == "divergence":  # of means and log-variances
        rows, filled_up = [rows, rows], [filled_up, filled_up]
    expected = _penalty(layer, rows, None)
    assert _penalty(layer, filled_up, shares) == pytest.approx(expected, rel=1e-5)
    assert _penalty(layer, filled_up, None) != pytest.approx(expected, rel=1e-5)
