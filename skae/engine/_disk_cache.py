"""Optional cache of compiled code on disk, for the next process."""

import os
import platform
from hashlib import sha256
from pathlib import Path

import keras

_FOLDER = "SKAE_CACHE_DIR"
_FLAGS = "TF_XLA_FLAGS"


def use_disk_cache() -> None:
    """Keep what XLA compiles in the folder that ``SKAE_CACHE_DIR`` names, if it names one.

    Called when the engine is imported. TensorFlow reads its flags when it first computes, so they
    are set for that moment; where it has computed before, nothing is kept. It writes a file aside
    and renames it, so that any number of processes can share the folder.
    """
    if not os.environ.get(_FOLDER):
        return
    folder = Path(os.environ[_FOLDER], _machine())
    if keras.backend.backend() == "tensorflow":
        _use_in_tensorflow(folder)
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_compilation_cache_dir", str(folder / f"jax-{jax.__version__}"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def _use_in_tensorflow(folder):
    import tensorflow as tf

    before = os.environ.get(_FLAGS)
    folder = folder / f"tensorflow-{tf.__version__}"
    flag = f"--tf_xla_persistent_cache_directory={folder}"
    os.environ[_FLAGS] = flag if before is None else f"{before} {flag}"
    try:
        tf.function(lambda: tf.zeros(()), autograph=False)()
    finally:
        if before is None:
            del os.environ[_FLAGS]
        else:
            os.environ[_FLAGS] = before


def _machine() -> str:
    """Return an identifier of the processor, because compiled code depends on its instructions."""
    described = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kept = ("flags", "Features", "model name")
        described += "".join(dict.fromkeys(line for line in lines if line.startswith(kept)))
    except OSError:
        pass  # a system without that file
    return sha256(described.encode()).hexdigest()[:16]
