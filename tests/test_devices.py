"""One training on several virtual devices, and in several processes."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow

_FIT = """
import json
import numpy as np
from sklearn.datasets import load_digits
from skae import DenseAutoencoder, SparseAutoencoder
X = load_digits().data[:1290].astype(np.float32)
def fit():
    found = []
    for kind in (DenseAutoencoder, SparseAutoencoder):
        autoencoder = kind(4, hidden_layer_sizes=(16,), epochs=3, batch_size=64, random_state=0)
        found += np.ravel(list(autoencoder.fit(X).history_.values())).tolist()
        found.append(autoencoder.score(X))
    return found
"""

_ON_JAX = """
import keras
devices = keras.distribution.list_devices()
keras.distribution.set_distribution(
    keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
)
print(json.dumps([len(devices), fit()]))
"""

_ON_TENSORFLOW = """
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    device, [tf.config.LogicalDeviceConfiguration()] * n_devices
)
strategy = tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(n_devices)])
with strategy.scope():
    print(json.dumps([strategy.num_replicas_in_sync, fit()]))
"""

_IN_A_PROCESS = """
import jax
jax.distributed.initialize({address!r}, 2, {rank})
"""

_OVER_PROCESSES = """
import tensorflow as tf
with tf.distribute.MultiWorkerMirroredStrategy().scope():
    fit()
"""


def started(backend, code, n_devices=1):
    """Return a running process; virtual devices are made before the backend starts."""
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={n_devices}",
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", f"n_devices = {n_devices}\n{code}"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process):
    """Return the number of devices, the losses of the epochs and the score."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])


@pytest.fixture(scope="module")
def one_device():
    return {
        backend: result(started(backend, _FIT + "print(json.dumps([1, fit()]))"))[1]
        for backend in ("jax", "tensorflow")
    }


@pytest.mark.parametrize("n_devices", [2, 3, 4])  # 64 samples cannot be shared out among three
@pytest.mark.parametrize(("backend", "code"), [("jax", _ON_JAX), ("tensorflow", _ON_TENSORFLOW)])
def test_several_devices_train_as_one_does(backend, code, n_devices, one_device):
    used, losses = result(started(backend, _FIT + code, n_devices))
    assert used == n_devices
    np.testing.assert_allclose(losses, one_device[backend], rtol=1e-4)


def test_two_processes_train_as_one_does(one_device):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    processes = [
        started("jax", _IN_A_PROCESS.format(address=address, rank=rank) + _FIT + _ON_JAX)
        for rank in range(2)
    ]
    for used, losses in map(result, processes):
        assert used == 2
        np.testing.assert_allclose(losses, one_device["jax"], rtol=1e-4)


def test_strategies_that_keras_does_not_train_in_are_refused():
    _, errors = started("tensorflow", _FIT + _OVER_PROCESSES).communicate(timeout=300)
    assert errors.splitlines()[-1].startswith("ValueError: Keras 3 does not train under")
