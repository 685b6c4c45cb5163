"""One training on two virtual devices, each in a process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow

_FIT = """
import json
import numpy as np
from sklearn.datasets import load_digits
from skae import DenseAutoencoder
X = load_digits().data[:1290].astype(np.float32)
def fit():
    autoencoder = DenseAutoencoder(
        4, hidden_layer_sizes=(16,), epochs=3, batch_size=64, random_state=0
    ).fit(X)
    return [*autoencoder.history_["loss"], *autoencoder.history_["val_loss"], autoencoder.score(X)]
one = fit()
"""

_ON_JAX = (
    _FIT
    + """
import keras
devices = keras.distribution.list_devices()
keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
two = fit()
print(json.dumps([len(devices), one, two]))
"""
)

_ON_TENSORFLOW = (
    """
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
"""
    + _FIT
    + """
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    two = fit()
print(json.dumps([strategy.num_replicas_in_sync, one, two]))
"""
)


@pytest.mark.parametrize(("backend", "code"), [("jax", _ON_JAX), ("tensorflow", _ON_TENSORFLOW)])
def test_two_devices_train_as_one_does(backend, code):
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    n_devices, one, two = json.loads(ran.stdout.splitlines()[-1])
    assert n_devices == 2
    np.testing.assert_allclose(two, one, rtol=1e-4)
