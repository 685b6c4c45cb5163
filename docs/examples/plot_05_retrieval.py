"""
Finding similar rows by their codes
===================================

Rows with near codes look alike. A code of a few numbers is a small index for search: eight numbers
here, in place of sixty-four.
"""

# %%
# Build an index
# --------------
#
# The index holds codes of the training rows. A query is encoded, and its neighbours are looked up
# among them.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skae import DenseAutoencoder

X, y = load_digits(return_X_y=True)
X_index, X_query, y_index, y_query = train_test_split(X, y, test_size=300, random_state=0)

autoencoder = DenseAutoencoder(n_components=8, random_state=0).fit(X_index)
index = NearestNeighbors(n_neighbors=10).fit(autoencoder.transform(X_index))
_, neighbours = index.kneighbors(autoencoder.transform(X_query))

# %%
# How good are they?
# ------------------
#
# The labels were not used so far. Of the ten neighbours of a digit, how many are the same digit?

from sklearn.decomposition import PCA

same = (y_index[neighbours] == y_query[:, None]).mean()
pca = PCA(8).fit(X_index)
index_of_pca = NearestNeighbors(n_neighbors=10).fit(pca.transform(X_index))
same_by_pca = (
    y_index[index_of_pca.kneighbors(pca.transform(X_query))[1]] == y_query[:, None]
).mean()
print(f"precision at 10: autoencoder {same:.3f}, PCA {same_by_pca:.3f}")

# %%
# Look at some
# ------------
#
# Queries on top, their five nearest rows below.

from skae.display import ReconstructionDisplay

ReconstructionDisplay(
    X_query[:8],
    {f"neighbour {i + 1}": X_index[neighbours[:8, i]] for i in range(5)},
    image_shape=(8, 8),
    original_name="query",
    sample_names=y_query[:8],
).plot()
