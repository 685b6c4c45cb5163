"""The callback that writes the state of a training to a file."""

from os import PathLike
from pathlib import Path
from typing import Any

from skae.engine import Finish, Standing, TrainingRecorder
from skae.engine._identity import digest
from skae.io._container import write_file
from skae.io._files import described, read_content
from skae.io._writing import Writer


class Checkpoint(TrainingRecorder):
    """Callback to resume a training after its process was killed.

    At the end of epochs it writes the complete state of the training to a file: weights, optimizer
    state, the best weights so far, the states of the random generators, the history, and the state
    of Keras's own callbacks. Call the same ``fit`` on the same data again to resume. It ends with
    the same weights, bit for bit, as a training that was never interrupted.

    The file remains after training. The same ``fit`` then returns at once, so that a script that is
    killed later can be run again from its start. A training on other data or with other parameters
    (the code of functions and the arguments of Keras's callbacks included) replaces the file of a
    finished training, and raises an error if that training is unfinished. Use a separate path for
    each estimator, and delete the file after the estimator is saved.

    Parameters
    ----------
    path : str or path-like
        File to write; if it exists, training resumes from it.
    every : int, default=1
        Number of epochs between two writes.

    See Also
    --------
    save : Keep a fitted estimator.

    Notes
    -----
    ``random_state`` must be an int, so that the same ``fit`` starts in the same way. The state of
    your own callbacks is not part of the file: they start anew.

    ``fit`` raises a ValueError if the file is damaged, or belongs to another, unfinished training.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_digits
    >>> from skae import Checkpoint, DenseAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> path = Path(mkdtemp(), "training.skae")
    >>> autoencoder = DenseAutoencoder(
    ...     2, epochs=3, callbacks=[Checkpoint(path)], random_state=0
    ... ).fit(X)
    >>> path.exists()
    True
    """

    def __init__(self, path: str | PathLike, every: int = 1):
        super().__init__()
        if type(every) is not int or every < 1:
            raise ValueError(f"Expected every to be an int of at least 1, got {every!r}.")
        self.path = path
        self.every = every
        self._runs: list[dict[str, Any]] = []
        self._identity: dict[str, str] = {}

    def resume(self, identity: dict[str, str]) -> Standing | Finish | None:
        """Return the state to resume from, or None for a new training.

        Raises
        ------
        ValueError
            If the file is damaged, or belongs to another, unfinished training.
        """
        runs = self._read()
        self._identity = identity
        for place, run in enumerate(runs):
            if run["identity"] == identity:
                self._runs = runs[: place + isinstance(run["state"], Finish)]
                return run["state"]
        last = runs[-1] if runs else None
        if last is not None and isinstance(last["state"], Standing):
            self._refuse(last["identity"], identity)
        # One fit may train twice, the second time from where the first one ended.
        goes_on = last is not None and digest(last["state"].weights) == identity["start"]
        self._runs = runs[-1:] if goes_on else []
        return None

    def wants(self, n_epochs: int) -> bool:
        """Tell whether to write at the end of an epoch that others follow."""
        return n_epochs % self.every == 0

    def record(self, state: Standing | Finish) -> None:
        """Write where training stands, in place of what the file held."""
        runs = [*self._runs, {"identity": self._identity, "state": state}]
        writer = Writer(include_optimizer=True)
        content = writer.node(runs)
        write_file(Path(self.path), described("checkpoint", content, writer), writer.arrays)
        if isinstance(state, Finish):
            self._runs = runs

    def _read(self):
        path = Path(self.path)
        return read_content(path, "checkpoint", {}) if path.exists() else []

    def _refuse(self, before, now):
        differs = [name for name in ("parameters", "data") if before[name] != now[name]]
        what = " and ".join(f"other {name}" for name in differs) or "another start"
        raise ValueError(
            f"{self.path} holds a training with {what}, which has not ended: expected the same fit "
            "on the same data, with an int as random_state. Go on with that one, remove the file, "
            "or give another path."
        )
