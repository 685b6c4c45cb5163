"""A first import of Keras without TensorFlow's notes on stderr, or without TensorFlow at all."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_STDERR = 2

# What TensorFlow's libraries write while they are loaded, before they look at the level.
_NOTE = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog\(\)")


@contextmanager
def quiet_first_import() -> Iterator[None]:
    """Import within a block what may load TensorFlow: its warnings and errors alone are shown.

    Where TensorFlow is there already, or the user has set ``TF_CPP_MIN_LOG_LEVEL``, nothing is
    done. TensorFlow reads that variable once, when it is loaded, so it is unset again afterwards.
    """
    if "tensorflow" in sys.modules or "keras" in sys.modules or _LEVEL in os.environ:
        yield
        return
    os.environ[_LEVEL] = "1"
    try:
        with _without_notes():
            yield
    finally:
        os.environ.pop(_LEVEL, None)


def import_keras() -> None:
    """Import Keras quietly; on another backend, keep it from importing TensorFlow as well."""
    with quiet_first_import():
        import keras

        from skae._compat import do_not_import_tensorflow
    if keras.backend.backend() != "tensorflow":
        do_not_import_tensorflow()


@contextmanager
def _without_notes():
    """Hold back what is written to the stderr of the process, then pass on all but notes."""
    try:
        original = os.dup(_STDERR)
    except OSError:  # a process without stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(original, _STDERR)
            os.close(original)
            held.seek(0)
            for line in held:
                if not _NOTE.match(line):
                    os.write(_STDERR, line)
