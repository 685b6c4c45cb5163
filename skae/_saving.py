"""The method `save` of everything that a file can hold."""

from os import PathLike


class SavingMixin:
    """Adds :meth:`save`."""

    def save(self, path: str | bytes | PathLike, include_optimizer: bool = False) -> None:
        """Write this estimator into one file, which :func:`skae.load` reads.

        As :func:`skae.save` does it: without pickle, under a checksum, whole or not at all.

        Parameters
        ----------
        path : str, bytes or path-like
            An existing file is replaced, and its mode kept.
        include_optimizer : bool, default=False
            Whether to keep the optimizer's state, twice the size of the weights for Adam, so that
            ``partial_fit`` continues exactly. Without it, training goes on with a new optimizer.

        Raises
        ------
        ValueError
            If the estimator holds what has no name, such as a lambda.
        OSError
            If the file cannot be written; the path is then as it was.
        """
        from skae.io import save

        save(self, path, include_optimizer=include_optimizer)
