"""Worker processes: their share of the machine, and what a fork takes along."""

import multiprocessing
import os

import keras

_process_of_engine: int | None = None


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


def is_forked() -> bool:
    """Tell whether this process was forked from one in which the backend's threads ran."""
    return _process_of_engine not in (None, os.getpid())


def check_process() -> None:
    """Raise in a forked process, where the backend would wait for threads that stayed behind.

    Raises
    ------
    RuntimeError
        If the backend was in use when the process was forked.
    """
    global _process_of_engine
    if is_forked():
        raise RuntimeError(
            f"This process was forked from one that had used skae: {keras.backend.backend()}'s "
            "threads are not part of it, and it would wait for them for ever. Start workers with "
            "multiprocessing.get_context('spawn'), or with joblib, whose workers are not forked; "
            "or fork before skae is first used."
        )
    _process_of_engine = os.getpid()
