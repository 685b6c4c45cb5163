"""Progress of streamed training: rows and time left."""

import sys

import keras


class RowProgress(keras.callbacks.Callback):
    """Keras's progress bar, in rows.

    Parameters
    ----------
    n_rows, n_blocks : int
        How many are read in an epoch.
    """

    def __init__(self, n_rows: int, n_blocks: int):
        super().__init__()
        self._n_rows = n_rows
        self._n_blocks = n_blocks

    def on_epoch_begin(self, epoch, logs=None):
        """Say what an epoch is."""
        sys.stdout.write(
            f"Epoch {epoch + 1}/{self.params['epochs']}: {self._n_rows} rows, {self._n_blocks} "
            "blocks\n"
        )
        self._bar = keras.utils.Progbar(self._n_rows, unit_name="row")

    def rows_done(self, n_rows: int, losses: dict[str, float]) -> None:
        """Show how many rows were trained on, their losses, and the time that is left."""
        self._bar.update(n_rows, list(losses.items()), finalize=False)

    def on_epoch_end(self, epoch, logs=None):
        """Show the losses of the epoch."""
        self._bar.update(self._n_rows, list((logs or {}).items()), finalize=True)
