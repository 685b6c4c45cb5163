"""
Searching for sizes
===================

How many components, how large a network? ``score`` makes autoencoders comparable without labels;
in a Pipeline the task itself decides.
"""

# %%
# Without labels
# --------------
#
# ``GridSearchCV`` fits each setting on two thirds of the rows and scores the variance reconstructed
# of the last third.

import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skae import DenseAutoencoder

X, y = load_digits(return_X_y=True)
search = GridSearchCV(
    DenseAutoencoder(epochs=40, random_state=0),
    {"n_components": [2, 4, 8, 16], "hidden_layer_sizes": [(64,), (256, 128)]},
    cv=3,
).fit(X)

results = pd.DataFrame(search.cv_results_)
table = results.pivot_table(
    index="param_n_components", columns="param_hidden_layer_sizes", values="mean_test_score"
)
print(table.round(3))

# %%
# A larger code always reconstructs more, so the score alone never says stop. Look where the curve
# bends, beside PCA's.

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

explained = PCA(16).fit(X).explained_variance_ratio_.cumsum()
_, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
table.plot(ax=ax, marker="o")
ax.plot(range(1, 17), explained, color="gray", ls="--", label="PCA, training rows")
ax.set(xlabel="components", ylabel="share of the variance reconstructed")
ax.legend(frameon=False)

# %%
# With labels
# -----------
#
# If the codes are for a classifier, search over both together.

from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

pipeline = Pipeline([("codes", DenseAutoencoder(epochs=40, random_state=0)), ("svc", SVC())])
by_task = GridSearchCV(pipeline, {"codes__n_components": [2, 8], "svc__C": [1, 10]}, cv=3).fit(X, y)
print(by_task.best_params_, round(by_task.best_score_, 3))

# %%
# Which components of the winner are in use?

from skae.display import CodeUsageDisplay

CodeUsageDisplay.from_estimator(by_task.best_estimator_[0], X)
