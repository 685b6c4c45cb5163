"""The error for files without a readable estimator."""


class UnreadableFileError(ValueError):
    """A file is damaged, of another format, or contains what is not allowed."""
