"""Several devices: what the user's ambient strategy or distribution says."""

from typing import Any

import keras


def replicas() -> Any:
    """Return the ``tf.distribute.Strategy`` in whose scope this is called, or None."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None


def check_strategy() -> None:
    """Raise in the scope of a strategy that Keras 3 cannot train in (keras#20585).

    Raises
    ------
    ValueError
        If it is one over several processes.
    """
    strategy = replicas()
    if strategy is None:
        return
    import tensorflow as tf

    over_processes = (
        tf.distribute.MultiWorkerMirroredStrategy,
        tf.distribute.ParameterServerStrategy,
    )
    if isinstance(strategy, over_processes):
        raise ValueError(
            f"Keras 3 does not train under TensorFlow's {type(strategy).__name__}. For several "
            "processes use the JAX backend, with jax.distributed.initialize and "
            "keras.distribution.DataParallel; for several devices of one process "
            "tf.distribute.MirroredStrategy."
        )


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
