"""Types of skae and Keras in skops files."""

import re
from collections.abc import Iterable

# Layers and what they are made of; not Lambda, which holds code of whoever wrote the file.
_TRUSTED = re.compile(
    r"skae\.(autoencoders|data|layers|model|networks|outlier|packing)\.[\w.]+"
    r"|skae\.engine\._own_state\.OwnState"
    r"|keras\.src\.(activations|constraints|dtype_policies|initializers|layers|losses|optimizers"
    r"|regularizers)"
    r"\.(?!core\.lambda_layer|core\.wrapper)[\w.]+"
    r"|keras\.src\.models\.(functional\.Functional|sequential\.Sequential)"
    r"|keras\.src\.ops\.(core|linalg|math|nn|numpy)\.\w+"
    # Callbacks that write no files.
    r"|keras\.src\.callbacks\.(early_stopping|reduce_lr_on_plateau|swap_ema_weights"
    r"|terminate_on_nan)\.\w+"
    r"|keras\.src\.random\.seed_generator\.SeedGenerator"
)


def trusted_types(names: Iterable[str]) -> list[str]:
    """Return the names of types that belong to skae or Keras, which loading may trust.

    Your own functions and classes are left out, as is Keras's ``Lambda``: check these before you
    trust them.

    Parameters
    ----------
    names : iterable of str
        As returned by ``skops.io.get_untrusted_types``.

    Returns
    -------
    trusted : list of str
        Value for ``trusted`` of ``skops.io.load``, and for ``skops_trusted_types`` of
        ``mlflow.sklearn.log_model``.

    Examples
    --------
    >>> from skae.io import trusted_types
    >>> trusted_types(["skae.model._scaling.GlobalScale", "posix.system"])
    ['skae.model._scaling.GlobalScale']
    """
    return [name for name in names if _TRUSTED.fullmatch(name)]
