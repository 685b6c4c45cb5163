"""
Removing noise
==============

A denoising autoencoder sees noisy rows in training and is asked for the clean ones. What it has
learned to ignore, it removes.
"""

# %%
# Train on noise
# --------------
#
# ``corruption="gaussian"`` adds fresh noise to every batch, in units of the data: with
# ``noise=0.5`` its standard deviation is half of that of the pixels. ``n_components=32`` leaves
# room for details.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder, DenseAutoencoder

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

denoising = DenoisingAutoencoder(
    n_components=32, corruption="gaussian", noise=0.5, random_state=0
).fit(X_train)
plain = DenseAutoencoder(n_components=32, random_state=0).fit(X_train)

# %%
# Clean rows that it has never seen
# ---------------------------------

import numpy as np

rng = np.random.default_rng(0)
noise = 0.5 * X_train.std(axis=0).mean()
noisy = X_test + rng.normal(scale=noise, size=X_test.shape)


def error(rows):
    return np.sqrt(np.square(rows - X_test).mean())


print(f"noisy rows                 {error(noisy):.2f}")
print(f"plain autoencoder          {error(plain.reconstruct(noisy)):.2f}")
print(f"denoising autoencoder      {error(denoising.reconstruct(noisy)):.2f}")

# %%
# Look at them
# ------------

from skae.display import ReconstructionDisplay

shown = slice(0, 10)
ReconstructionDisplay(
    X_test[shown],
    {
        "with noise": noisy[shown],
        "plain": plain.reconstruct(noisy[shown]),
        "denoised": denoising.reconstruct(noisy[shown]),
    },
    image_shape=(8, 8),
    sample_names=y_test[shown],
).plot()
