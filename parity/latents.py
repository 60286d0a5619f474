"""Makes the golden file of package measure's tests on latents: python parity/latents.py FILE.

It needs scikit-learn, which nothing else here does: pip install scikit-learn==1.9.1. The file has
240 training and 160 test points in four overlapping clouds of 5-D, one of whose axes is 30 times as long as the others;
the classes that the k nearest neighbours and a logistic regression on standardised points give each test point; and a
PCA of the training points: its mean squared error on the test points, and their coordinates' absolute values.
"""

import json
import pathlib
import sys

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def golden():
    random = np.random.default_rng(2)
    centres = random.normal(size=(4, 5)) * 1.2
    labels = random.integers(0, 4, 400)
    points = (centres[labels] + random.normal(size=(400, 5))) * [1, 1, 30, 1, 1] + [0, 5, 0, 0, 0]
    points = points.astype(np.float32).round(3)
    x, y, a, b = points[:240].astype(np.float64), labels[:240], points[240:].astype(np.float64), labels[240:]
    linear = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-8, max_iter=10000)).fit(x, y)
    pca = PCA().fit(x)
    z = pca.transform(a)
    mse = []
    for d in range(1, 6):
        back = z[:, :d] @ pca.components_[:d] + pca.mean_
        mse.append(float(((back - a) ** 2).mean()))
    return {
        "scikit-learn": sklearn.__version__,
        "train": x.round(3).tolist(),
        "train_labels": y.tolist(),
        "test": a.round(3).tolist(),
        "test_labels": b.tolist(),
        "neighbours": {str(k): KNeighborsClassifier(k).fit(x, y).predict(a).tolist() for k in (1, 2, 5, 20)},
        "linear": linear.predict(a).tolist(),
        "pca_mse": mse,
        "pca_coordinates": np.abs(z).round(5).tolist(),
    }


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text(json.dumps(golden(), separators=(",", ":")) + "\n", encoding="utf-8")
