"""The method `save` of everything that a file can hold."""

from os import PathLike


class SavingMixin:
    """Adds :meth:`save`."""

    def save(self, path: str | bytes | PathLike, include_optimizer: bool = False) -> None:
        """Write this estimator into one file, which :func:`skae.load` reads.

        This is :func:`skae.save`: without pickle, with a checksum, and never a partial file.

        Parameters
        ----------
        path : str, bytes or path-like
            File to write. An existing file is replaced, and its mode kept.
        include_optimizer : bool, default=False
            Whether to save the optimizer's state (for Adam twice the size of the weights), so that
            ``partial_fit`` continues exactly. Without it, training continues with a new optimizer.

        Raises
        ------
        ValueError
            If the estimator holds something without a name, such as a lambda, or an estimator of
            another kind.
        OSError
            If the file cannot be written. An existing file is then unchanged.
        """
        from skae.io import save

        save(self, path, include_optimizer=include_optimizer)
