"""
An autoencoder beside PCA
=========================

PCA is the best *linear* code there is. How much does a curved one add, with the same number of
numbers, on rows that neither has seen?
"""

# %%
# Two transformers, one interface
# -------------------------------

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import DenseAutoencoder

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

pca = PCA(n_components=4).fit(X_train)
autoencoder = DenseAutoencoder(n_components=4, random_state=0).fit(X_train)

# %%
# ``score`` is the share of the variance that is reconstructed, the scale of PCA's explained
# variance ratio. PCA has no such score, so here it is by hand.

import numpy as np

mean = X_train.mean(axis=0)
lost = np.square(X_test - pca.inverse_transform(pca.transform(X_test))).sum()
print(f"PCA         {1 - lost / np.square(X_test - mean).sum():.3f}")
print(f"autoencoder {autoencoder.score(X_test):.3f}")

# %%
# The pictures say the same
# -------------------------
#
# One digit of each class, above what four numbers give back of it.

from skae.display import ReconstructionDisplay

shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
ReconstructionDisplay(
    X_test[shown],
    {
        "PCA": pca.inverse_transform(pca.transform(X_test[shown])),
        "autoencoder": autoencoder.reconstruct(X_test[shown]),
    },
    image_shape=(8, 8),
    sample_names=list("0123456789"),
).plot()

# %%
# Which pixels are lost
# ---------------------
#
# The same errors by pixel, on one scale: the darker, the better.

import matplotlib.pyplot as plt

from skae.display import FeatureErrorDisplay

_, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, name, estimator in [(left, "PCA", pca), (right, "autoencoder", autoencoder)]:
    display = FeatureErrorDisplay.from_estimator(estimator, X_test, image_shape=(8, 8), ax=ax)
    display.image_.set_clim(0, 25)
    ax.set_title(name)

# %%
# What each component is worth
# ----------------------------
#
# Held at its mean, each component of the autoencoder's code costs more than PCA's: the components
# share the work, so that none of them can be left out.

from skae.display import CodeUsageDisplay

CodeUsageDisplay.from_estimator(autoencoder, X_test)
