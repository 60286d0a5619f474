"""The networks of the parity tests, and the data: the same in PyTorch as autoencoder/*parity_test.go has in Go."""

import gzip
import pathlib
import sys

import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH = "2.15.0"  # of setup/peers.in; other versions round otherwise


def check_version():
    if torch.__version__.split("+")[0] != TORCH:
        sys.exit(f"parity: PyTorch {TORCH} is needed, this is {torch.__version__}: run make parity")


class Autoencoder(nn.Module):
    """Written like the tutorial's LAutoencoder: the state_dict has encoder.0.weight, decoder.0.weight …"""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z), z


def tutorial(latent=2):
    """784-128-64-12-2 and back: 219,866 parameters."""
    return Autoencoder(
        [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, latent)],
        [nn.Linear(latent, 12), nn.ReLU(), nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 784), nn.Tanh()],
    )


def narrow():
    """8x8 images, with the activations that the tutorial's net lacks."""
    return Autoencoder(
        [nn.Linear(64, 24), nn.Tanh(), nn.Linear(24, 3)],
        [nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 64), nn.Sigmoid()],
    )


def conv_tutorial():
    """The tutorial's convolutional net, mended: one channel out, Tanh at the end."""
    return Autoencoder(
        [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.ReLU()],
        [nn.ConvTranspose2d(16, 6, 5), nn.ReLU(), nn.ConvTranspose2d(6, 1, 5), nn.Tanh()],
    )


def conv_stride2():
    """Stride 2 with padding; output padding on the way back; through Flatten and Unflatten."""
    return Autoencoder(
        [nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(392, 4)],
        [nn.Linear(4, 392), nn.ReLU(), nn.Unflatten(1, (8, 7, 7)), nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
         nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1), nn.Tanh()],
    )  # fmt: skip


def compressing(latent):
    """The course's convolutional net, autoencoder.Convolutional."""
    return Autoencoder(
        [nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, latent)],
        [nn.Linear(latent, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)), nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
         nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1, output_padding=1), nn.Tanh()],
    )  # fmt: skip


def conv_even():
    """Even kernels: 4 with stride 2 and padding, 2 without."""
    return Autoencoder(
        [nn.Conv2d(1, 3, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(3, 5, 2), nn.ReLU()],
        [nn.ConvTranspose2d(5, 3, 2), nn.ReLU(), nn.ConvTranspose2d(3, 1, 4, stride=2, padding=1), nn.Tanh()],
    )


def conv_stride3():
    """Two channels, stride 3, an even kernel, output padding 2: what rounding away loses comes back."""
    return Autoencoder(
        [nn.Conv2d(2, 4, 4, stride=3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(324, 5)],
        [nn.Linear(5, 324), nn.Unflatten(1, (4, 9, 9)), nn.ConvTranspose2d(4, 2, 4, stride=3, padding=1, output_padding=2), nn.Tanh()],
    )


class Variational(nn.Module):
    """784-400-2d and back as in pytorch/examples, vae, in small: mu and logvar are the halves of one Linear's output."""

    def __init__(self, pixels=64, hidden=24, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Sigmoid())

    def forward(self, x, eps):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        z = mu + torch.exp(logvar / 2) * eps
        return self.decoder(z), mu, logvar

    @staticmethod
    def terms(x, y, mu, logvar):
        """Reconstruction and KL of each image, in nats."""
        reconstruction = nn.functional.binary_cross_entropy(y, x, reduction="none").sum(dim=1)
        return reconstruction, -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)


# Name: the net, and the shape of its input as PyTorch has it. The tutorial's are MNIST, the others' are drawn.
NETS = {
    "tutorial": (tutorial, (32, 784)),
    "narrow": (narrow, (20, 64)),
    "conv-tutorial": (conv_tutorial, (4, 1, 28, 28)),
    "conv-stride2": (conv_stride2, (4, 1, 28, 28)),
    "conv-even": (conv_even, (4, 1, 28, 28)),
    "conv-stride3": (conv_stride3, (4, 2, 28, 28)),
}


def formula(name, shape, fan_in):
    """Weights that need no file: a hash of the position, within PyTorch's bound. The Go test computes the same."""
    seed = sum((i + 1) * b for i, b in enumerate(name.encode()))
    position = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(1000003 * seed + 3000000021)
    h = position * np.uint64(0x9E3779B97F4A7C15)
    h = (h ^ (h >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    unit = (h >> np.uint64(40)).astype(np.float64) / 2**24  # [0, 1)
    return torch.from_numpy(((2 * unit - 1) / np.sqrt(fan_in)).astype(np.float32).reshape(shape))


def mnist(kind):
    """Images and labels of MNIST, "train" or "t10k", as the lessons have them: [n, 784], pixels in [-1, 1]."""
    folder = ROOT / "datasets" / "mnist"
    images = np.frombuffer(gzip.decompress((folder / f"{kind}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / f"{kind}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    pixels = images.astype(np.float32) / np.float32(255)
    return torch.from_numpy((pixels - np.float32(0.5)) / np.float32(0.5)).reshape(-1, 784), torch.from_numpy(labels.astype(np.int64))


def unpack_mnist(root):
    """Puts MNIST where torchvision.datasets.MNIST(root) looks for it, so that it downloads nothing."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for packed in (ROOT / "datasets" / "mnist").glob("*-ubyte.gz"):
        (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
