"""
Anomalies, with a promise about false alarms
============================================

Fraud, faults, tumours: rows of one kind are plenty, the others are rare and of kinds that nobody
has listed. So a model learns the plenty, and what it cannot reconstruct is suspicious. The
threshold decides how often it cries wolf.
"""

# %%
# Learn what is usual
# -------------------
#
# Benign tumours are the usual rows here. The detector scales and trains on a part of them and reads
# its threshold off the rest, so that a new benign row is called an outlier with a probability of at
# most a tenth. The probability is over the choice of these rows too: with a hundred of them, a
# single fit may be some points above or below.

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skae import ReconstructionOutlierDetector

X, benign = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test = train_test_split(X[benign == 1], test_size=100, random_state=0)
malignant = X[benign == 0]

detector = ReconstructionOutlierDetector(
    false_positive_rate=0.1, calibration_size=0.4, random_state=0
).fit(X_train)

# %%
# What it finds
# -------------

import pandas as pd

rows = pd.concat([X_test, malignant])
is_malignant = [0] * len(X_test) + [1] * len(malignant)
print(f"false alarms        {(detector.predict(X_test) == -1).mean():.0%}")
print(f"malignant and found {(detector.predict(malignant) == -1).mean():.0%}")

# %%
# Scores and threshold
# --------------------
#
# Each class is drawn as shares of its own rows, so that a rare one can be seen.

from skae.display import ReconstructionErrorDisplay

ReconstructionErrorDisplay.from_estimator(
    detector, rows, is_malignant, target_names=["benign", "malignant"]
)

# %%
# Why this row?
# -------------
#
# What each feature contributes to the score says what is unusual.

from skae.display import FeatureErrorDisplay

FeatureErrorDisplay.from_estimator(detector, malignant, contributions=True)
print(detector.largest_contributors(malignant[:3]))
