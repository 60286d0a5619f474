"""Makes the golden file of package measure's tests: python parity/measures.py FILE.

It needs scikit-image and SciPy, which nothing else here does: pip install scikit-image==0.26.0 scipy==1.17.1. For each case
the file has images x and y as whole numbers of 1/64, channels last, and what scikit-image and SciPy make of them.
"""

import json
import pathlib
import sys

import numpy as np
import scipy.ndimage
import skimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

RANGE = 2  # pixels in [-1, 1]
# Name: n, height, width, channels. The window of 11x11 fits once into the smallest; one is not square and has colours.
SHAPES = {"squares": (3, 28, 28, 1), "smallest": (2, 11, 11, 1), "colours": (2, 13, 17, 3)}


def case(random, n, height, width, channels):
    """Bright bars on black, as steps of 1/64, and the same with noise of standard deviation 0.5 that is not clipped."""
    y = np.full((n, height, width, channels), -64)
    for image in y:
        for _ in range(3):
            top, left = random.integers(height - 3), random.integers(width - 3)
            image[top : top + random.integers(2, height), left : left + 3] = random.integers(0, 65, channels)
    x = y + np.rint(random.normal(0, 32, y.shape)).astype(int)
    a, b = x / 64, y / 64
    return {
        "shape": y.shape,
        "x": x.flatten().tolist(),
        "y": y.flatten().tolist(),
        "psnr": float(np.mean([peak_signal_noise_ratio(q, p, data_range=RANGE) for p, q in zip(a, b)])),
        "ssim": float(np.mean([
            structural_similarity(p, q, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=RANGE, channel_axis=-1)
            for p, q in zip(a, b)
        ])),
        "median": scipy.ndimage.median_filter(x, size=(1, 3, 3, 1), mode="nearest").flatten().tolist(),
    }  # fmt: skip


if __name__ == "__main__":
    random = np.random.default_rng(7)
    golden = {"scikit-image": skimage.__version__, "scipy": scipy.__version__}
    golden["cases"] = {name: case(random, *shape) for name, shape in SHAPES.items()}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
