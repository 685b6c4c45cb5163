"""Types of the options that the benchmarks share."""

import argparse


def integer(minimum):
    """Return an argument type: integers from `minimum` on.

    Parameters
    ----------
    minimum : int
        Smallest integer allowed.

    Returns
    -------
    callable
        For `argparse`'s parameter `type`.
    """

    def parse(text):
        if not text.lstrip("-").isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {minimum}, received {text!r}"
            )
        return int(text)

    return parse
