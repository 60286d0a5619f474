"""A peer of `make bench`: the lessons' autoencoders, trained in PyTorch.

"loader" is the tutorial's loop as written: images decoded and normalised one by one, collected by a DataLoader. "memory"
has the same images as one tensor and takes each batch out of it. "compile" is "memory" with forward pass and loss compiled by
torch.compile. All report the mean loss of an epoch.

Each line on standard input asks for one epoch; the answers are lines of JSON, as bench/contestant.go reads them.
Arguments: the net, and "memory", "compile" or "loader".
"""

import json
import pathlib
import sys
import tempfile
import time

import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import nets  # noqa: E402

BATCH = 128
NETS = {
    "linear": nets.tutorial,
    "denoising": nets.tutorial,
    "variational": lambda: nets.Variational(784, 400, 20),
    "mended": nets.conv_tutorial,
    "compressing": lambda: nets.compressing(16),
}


def loss_of(name, model, x):
    if name == "variational":
        y, mu, logvar = model(x, torch.randn(len(x), 20))
        reconstruction, kl = model.terms(x, y, mu, logvar)
        return (reconstruction + kl).mean()
    noisy = x + 0.5 * torch.randn_like(x) if name == "denoising" else x
    return F.mse_loss(model(noisy)[0], x)


def in_memory(images):
    for indices in torch.randperm(len(images)).split(BATCH):
        yield images[indices]


def loader():
    import torchvision
    from torchvision.transforms import Compose, Normalize, ToTensor

    with tempfile.TemporaryDirectory() as folder:
        nets.unpack_mnist(pathlib.Path(folder))
        data = torchvision.datasets.MNIST(folder, train=True, transform=Compose([ToTensor(), Normalize([0.5], [0.5])]))
    return torch.utils.data.DataLoader(data, batch_size=BATCH, shuffle=True)


def main(name, mode):
    torch.manual_seed(0)
    model = NETS[name]()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    shape = (-1, 1, 28, 28) if name in ("mended", "compressing") else (-1, 784)
    if mode == "loader":
        batches = loader()
    else:
        images = nets.mnist("train")[0].view(shape)
        if name == "variational":
            images = (images + 1) / 2
    loss_and_net = torch.compile(loss_of) if mode == "compile" else loss_of
    first = True
    for _ in sys.stdin:
        start = time.perf_counter()
        total = 0
        for x in in_memory(images) if mode != "loader" else (x for x, _ in batches):
            x = x.view(shape)
            loss = loss_and_net(name, model, x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(x)
            if first:
                first = False
                print(json.dumps({"step": 1}), flush=True)
        print(json.dumps({"seconds": time.perf_counter() - start, "loss": float(total) / 60000}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
