"""Workers of a parallel search keep to their share of the machine."""

import multiprocessing
import os

import keras


def keep_to_share() -> None:
    """In a worker process, use the threads that joblib allots it and no more GPU than needed.

    joblib tells its workers their share of the cores through ``OMP_NUM_THREADS``, which
    TensorFlow's own thread pools do not read. In the main process nothing is changed; nor is
    anything once TensorFlow has started.
    """
    if multiprocessing.parent_process() is None or keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    try:
        share = int(os.environ.get("OMP_NUM_THREADS", ""))
        tf.config.threading.set_intra_op_parallelism_threads(share)
        tf.config.threading.set_inter_op_parallelism_threads(share)
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)
    except (ValueError, RuntimeError):
        return  # no share was given, or TensorFlow runs already
