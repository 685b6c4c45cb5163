"""
Generating digits
=================

A variational autoencoder asks that codes be normally distributed. So there is a recipe for new
rows: draw a normal code, decode it.
"""

# %%
# Train
# -----
#
# The loss has two terms, a reconstruction and the divergence of the codes from the normal
# distribution; the history shows both.

from sklearn.datasets import load_digits

from skae import VariationalAutoencoder
from skae.display import TrainingHistoryDisplay

X, y = load_digits(return_X_y=True)
autoencoder = VariationalAutoencoder(n_components=2, random_state=0).fit(X)
TrainingHistoryDisplay.from_estimator(autoencoder)

# %%
# The latent plane
# ----------------
#
# The codes lie around 0 with a spread of about 1, whatever the units of the data.

from skae.display import LatentSpaceDisplay

LatentSpaceDisplay.from_estimator(autoencoder, X, y, random_state=0)

# %%
# The manifold
# ------------
#
# For this estimator the grid needs no rows: it holds the quantiles of the normal distribution, so
# that every cell stands for as many rows as any other.

from skae.display import LatentManifoldDisplay

LatentManifoldDisplay.from_estimator(autoencoder, n=16, image_shape=(8, 8))

# %%
# New digits
# ----------
#
# More components make better digits; two were for the picture.

import numpy as np

from skae.display import ReconstructionDisplay

larger = VariationalAutoencoder(n_components=10, random_state=0).fit(X)
drawn = larger.sample(10, random_state=0)
nearest = [X[np.square(X - row).sum(axis=1).argmin()] for row in drawn]
ReconstructionDisplay(
    drawn, {"nearest in the data": nearest}, original_name="generated", image_shape=(8, 8)
).plot()

# %%
# From one digit to another
# -------------------------
#
# ``interpolate`` decodes the straight line between the codes of two rows.

first, second, third = larger.interpolate(X[:3], X[[4, 6, 7]], n_steps=10)
ReconstructionDisplay(
    first,
    {"from 1 to 6": second, "from 2 to 7": third},
    original_name="from 0 to 4",
    image_shape=(8, 8),
).plot()
