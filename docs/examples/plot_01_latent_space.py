"""
The latent space of digits
==========================

Sixty-four pixels become two numbers. Where do the digits land, and what lies between them?
"""

# %%
# Train
# -----
#
# 1797 images of 8×8 pixels. No digit is told what it is: the autoencoder sees pixels alone, and
# stops by itself once rows that it holds out are no longer reconstructed better.

from sklearn.datasets import load_digits

from skae import DenseAutoencoder

X, y = load_digits(return_X_y=True)
autoencoder = DenseAutoencoder(n_components=2, random_state=0).fit(X)
print(f"{autoencoder.score(X):.0%} of the variance is reconstructed from two numbers")

# %%
# Look at the codes
# -----------------
#
# Every point is an image. Digits that are drawn alike lie side by side.

from skae.display import LatentSpaceDisplay

LatentSpaceDisplay.from_estimator(autoencoder, X, y, random_state=0)

# %%
# Read the plane backwards
# ------------------------
#
# The decoder turns any point of the plane into an image. Walk over the grid and one digit becomes
# the next; the grid covers the codes above between their outer quantiles.

from skae.display import LatentManifoldDisplay

LatentManifoldDisplay.from_estimator(autoencoder, X, n=16, image_shape=(8, 8))

# %%
# How it was trained
# ------------------
#
# The dotted line is the epoch whose weights were kept.

from skae.display import TrainingHistoryDisplay

TrainingHistoryDisplay.from_estimator(autoencoder)

# %%
# A notebook shows the same, and the layers, when a cell ends in the estimator.

autoencoder
