"""Makes the golden files of the parity tests: python parity/goldens.py FOLDER.

For each net NAME.safetensors: the input x, latents z, outputs y, a sample of each gradient, the losses of 100 steps of
AdamW (learning rate 2e-3, weight decay 0.01) on that one batch, and the outputs after them; images channels last, as
in Go. NAME.weights.safetensors is the state_dict that it began with, left out for the tutorial's net, whose weights
are a formula.

variational.safetensors is a variational net's: eps [step, image, latent], which is drawn here; with eps[0] the outputs,
both terms of the loss, a sample of the gradients of reconstruction + BETA·KL; the losses of 100 steps of Adam (learning
rate 1e-3), each with its eps. bce.safetensors is binary_cross_entropy where logarithms end: x, y, each image's loss and
the gradient by y.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file

import nets

FOLDER = nets.ROOT / "autoencoder" / "testdata" / "pytorch"
STEPS = 100
BETA = 2.0  # not 1, so that it shows where it is forgotten
SAMPLE = 1000  # numbers kept of a gradient: every k-th

# AdamW divides a gradient by its own size, so where one is nearly zero rounding alone decides which way a weight goes: for
# many seeds PyTorch's own float32 and float64 are apart by .001 to .06 after 100 steps. With these seeds, and with the
# constant in nets.formula, they are apart by less than 3e-5, so that a golden says something.
SEEDS = {"conv-tutorial": 2}


def channels_last(t):
    """[n, c, h, w] to [n, h, w, c]; vectors stay."""
    return (t.permute(0, 2, 3, 1) if t.dim() == 4 else t).detach().clone().contiguous()


def golden(name):
    make, shape = nets.NETS[name]
    torch.manual_seed(SEEDS.get(name, 7))
    net = make()
    if name in ("tutorial", "conv-tutorial"):
        x = nets.mnist("t10k")[0][: shape[0]].view(shape)
    elif name == "narrow":
        x = torch.rand(shape)
    else:
        x = torch.rand(shape) * 2 - 1
    if name == "tutorial":
        with torch.no_grad():
            for module in net.modules():
                if isinstance(module, torch.nn.Linear):
                    for kind, p in module.named_parameters():
                        full = next(n for n, q in net.named_parameters() if q is p)
                        p.copy_(nets.formula(full, tuple(p.shape), module.in_features))
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    values = {"x": channels_last(x)}
    if name == "tutorial":
        del values["x"]  # the first MNIST test images, which the test has
    y, z = net(x)
    values |= {"y": channels_last(y), "z": channels_last(z)}
    torch.nn.functional.mse_loss(y, x).backward()
    for k, p in net.named_parameters():
        flat = p.grad.flatten()
        values["gradient/" + k] = flat[:: -(-len(flat) // SAMPLE)].clone()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        loss = torch.nn.functional.mse_loss(net(x)[0], x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    values |= {"losses": torch.tensor(losses), "after": channels_last(net(x)[0])}
    return weights, values


def variational():
    torch.manual_seed(7)
    net = nets.Variational()
    weights = {k: v.clone() for k, v in net.state_dict().items()}
    x, eps = torch.rand(20, 64), torch.randn(STEPS, 20, 3)
    y, mu, logvar = net(x, eps[0])
    reconstruction, kl = net.terms(x, y, mu, logvar)
    values = {"x": x, "eps": eps, "y": y, "mu": mu, "logvar": logvar, "reconstruction": reconstruction, "kl": kl}
    values = {k: v.detach().clone().contiguous() for k, v in values.items()}
    (reconstruction + BETA * kl).mean().backward()
    for k, p in net.named_parameters():
        flat = p.grad.flatten()
        values["gradient/" + k] = flat[:: -(-len(flat) // SAMPLE)].clone()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    losses = []
    for e in eps:
        y, mu, logvar = net(x, e)
        reconstruction, kl = net.terms(x, y, mu, logvar)
        loss = (reconstruction + BETA * kl).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return weights, values | {"losses": torch.tensor(losses)}


def bce():
    x = torch.tensor([[0.0, 1.0, 0.3, 0.5], [0.0, 1.0, 0.7, 1.0], [1.0, 0.0, 0.25, 0.0]])
    y = torch.tensor([[0.2, 0.9, 0.3, 0.5], [0.0, 1.0, 1e-30, 1 - 2**-24], [0.0, 1.0, 1.0, 1e-38]], requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy(y, x, reduction="none").sum(dim=1)
    loss.sum().backward()
    return {"x": x, "y": y.detach(), "loss": loss.detach(), "gradient": y.grad}


def everything():
    """The name and the tensors of each golden file."""
    for name in nets.NETS:
        weights, values = golden(name)
        yield name, values
        if name != "tutorial":
            yield name + ".weights", weights
    weights, values = variational()
    yield "variational", values
    yield "variational.weights", weights
    yield "bce", bce()


def write(folder):
    nets.check_version()
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in everything():
        save_file(values, folder / f"{name}.safetensors", metadata={"format": "pt", "torch": nets.TORCH})


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
