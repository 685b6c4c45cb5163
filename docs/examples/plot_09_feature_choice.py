"""
Choosing features without labels
================================

Which ten of sixty-four pixels tell most about the others? A concrete autoencoder learns which ones
to keep, together with the decoder that fills in the rest.
"""

# %%
# Select
# ------
#
# It is a selector as those of scikit-learn: ``transform`` returns columns of X, ``get_support``
# says which.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import ConcreteAutoencoder, DenseNetwork

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

selector = ConcreteAutoencoder(
    n_components=10, network=DenseNetwork((128,)), epochs=150, random_state=0
).fit(X_train)
print("pixels:", selector.get_support(indices=True))

# %%
# Where they lie
# --------------

import matplotlib.pyplot as plt
import numpy as np

_, ax = plt.subplots(figsize=(3.4, 3.4), layout="constrained")
ax.imshow(X_train.mean(axis=0).reshape(8, 8), cmap="gray")
row, column = np.divmod(selector.get_support(indices=True), 8)
ax.scatter(column, row, s=120, marker="s", color="#e69f00")
ax.set(title="chosen pixels on the mean digit", xticks=[], yticks=[])

# %%
# What they give back
# -------------------
#
# Ten pixels of each image, and the image that the decoder makes of them.

from skae.display import ReconstructionDisplay

shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
kept = np.where(selector.get_support(), X_test[shown], 0)
ReconstructionDisplay(
    X_test[shown],
    {
        "ten pixels": kept,
        "filled in": selector.inverse_transform(selector.transform(X_test[shown])),
    },
    image_shape=(8, 8),
    sample_names=list("0123456789"),
).plot()

# %%
# Are they worth more than others?
# --------------------------------
#
# The same classifier on the chosen pixels, on the ten of largest variance, and on ten drawn at
# random.

from sklearn.ensemble import ExtraTreesClassifier

rng = np.random.default_rng(0)
choices = {
    "concrete autoencoder": selector.get_support(indices=True),
    "largest variance": np.argsort(X_train.var(axis=0))[-10:],
    "at random": rng.choice(64, 10, replace=False),
}
for name, pixels in choices.items():
    forest = ExtraTreesClassifier(100, random_state=0).fit(X_train[:, pixels], y_train)
    print(f"{name:22}{forest.score(X_test[:, pixels], y_test):.3f}")
