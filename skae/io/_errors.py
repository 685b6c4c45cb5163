"""What is raised for files that hold no estimator."""


class UnreadableFileError(ValueError):
    """A file is damaged, foreign, or asks for what is never done because a file says so."""
