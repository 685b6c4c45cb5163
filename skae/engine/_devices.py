"""Several devices: what the user's ambient strategy or distribution says."""

from typing import Any

import keras


def replicas() -> Any:
    """Return the ``tf.distribute.Strategy`` in whose scope this is called, or None."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None


def split_over_devices(like: Any, batch_size: int):
    """Return how batches of shape (n_steps, batch_size, ...) lie on the devices, or None for one.

    Parameters
    ----------
    like : jax.Array
        A weight; under ``keras.distribution.DataParallel`` it is on all devices.
    batch_size : int
        Unless it is a multiple of the number of devices, each of them gets whole batches.
    """
    from jax.sharding import NamedSharding, PartitionSpec

    if not isinstance(like.sharding, NamedSharding):
        return None
    mesh = like.sharding.mesh
    axis = mesh.axis_names[0]
    if mesh.shape[axis] == 1 or batch_size % mesh.shape[axis]:
        return None
    return NamedSharding(mesh, PartitionSpec(None, axis))
