"""The callback that writes down where a training stands."""

from os import PathLike
from pathlib import Path
from typing import Any

from skae.engine import Finish, Standing, TrainingRecorder
from skae.engine._identity import digest
from skae.io._container import write_file
from skae.io._files import described, read_content
from skae.io._writing import Writer


class Checkpoint(TrainingRecorder):
    """Callback that lets a training go on after its process was killed.

    At the end of epochs it writes the whole state of the training into a file: weights, optimizer,
    the best state so far, the generators of noise and order, the history, and what Keras's own
    callbacks have collected. The same ``fit`` on the same data then goes on where it was, and ends
    with the same weights, bit for bit, as one that was never interrupted.

    The file stays when training has ended: ``fit`` then returns at once, so that a script that is
    killed later can be run again from its start. A new training, on other data or with other
    parameters, replaces it; where a training has not ended, it is refused. Parameters are also the
    code of functions, and Keras's other callbacks as they were constructed. Give every estimator a
    path of its own, and remove the file when the estimator is saved.

    Parameters
    ----------
    path : str or path-like
        File to write, and to go on from if it exists.
    every : int, default=1
        Epochs from one writing to the next.

    See Also
    --------
    save : Keep a fitted estimator.

    Notes
    -----
    ``random_state`` has to be an int, so that the same ``fit`` begins in the same way. Callbacks of
    your own begin anew; numbers that they have collected are not part of the file.

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
        """Return where a training stood, None if it is a new one, or raise if it is another.

        Raises
        ------
        ValueError
            If the file is damaged, or of another training that has not ended.
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
