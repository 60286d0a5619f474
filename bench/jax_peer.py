"""A peer of `make bench`: the lessons' autoencoders, trained in JAX.

A fair one: the images stay on the device; one jitted function gathers the batch, computes loss and
gradient and applies AdamW, with the state donated; no loss is fetched before the epoch is over. The
last, smaller batch is padded and masked as in the Go package, so one program is compiled.

Each line on standard input asks for one epoch; the answers are lines of JSON, as bench/contestant.go reads them.
Arguments: the net, the folder with MNIST's training images, and "step" (a call a step) or "scan" (a call an epoch).
"""

import gzip
import json
import math
import pathlib
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

BATCH, RATE, DECAY, EPS = 128, 2e-3, 0.01, 1e-8
RELU, TANH, SIGMOID = (lambda p, x: jax.nn.relu(x), None), (lambda p, x: jnp.tanh(x), None), (lambda p, x: jax.nn.sigmoid(x), None)  # a layer: y of (parameters, x), and the parameters' shapes
REPARAMETERIZE = None  # its place in a net: step knows what it does


def linear(fan_in, out):
    """Initialised as in PyTorch, as the convolutions are."""
    return lambda p, x: x @ p[0] + p[1], ((fan_in, out), (out,), fan_in)


def convolution(into, out, k, padding, fan_in, stride=1, dilation=1):
    """Images are channels last. A dilated input makes it a transposed convolution; padding is (before, after)."""

    def apply(p, x):
        y = jax.lax.conv_general_dilated(x, p[0], (stride, stride), (padding, padding), (dilation, dilation), dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + p[1]

    return apply, ((k, k, into, out), (out,), fan_in)


def conv(into, out, k, stride=1, padding=0):
    return convolution(into, out, k, (padding, padding), into * k * k, stride=stride)


def conv_transpose(into, out, k, stride=1, padding=0, output_padding=0):
    return convolution(into, out, k, (k - 1 - padding, k - 1 - padding + output_padding), out * k * k, dilation=stride)


def reshape(*shape):
    return lambda p, x: x.reshape(len(x), *shape), None


NETS = {
    "linear": [
        reshape(784), linear(784, 128), RELU, linear(128, 64), RELU, linear(64, 12), RELU, linear(12, 2),
        linear(2, 12), RELU, linear(12, 64), RELU, linear(64, 128), RELU, linear(128, 784), TANH,
    ],
    "variational": [reshape(784), linear(784, 400), RELU, linear(400, 40), REPARAMETERIZE, linear(20, 400), RELU, linear(400, 784), SIGMOID],
    "mended": [conv(1, 6, 5), RELU, conv(6, 16, 5), RELU, conv_transpose(16, 6, 5), RELU, conv_transpose(6, 1, 5), TANH],
    "compressing": [
        conv(1, 16, 3, 2, 1), RELU, conv(16, 32, 3, 2, 1), RELU, reshape(1568), linear(1568, 16),
        linear(16, 1568), RELU, reshape(7, 7, 32), conv_transpose(32, 16, 3, 2, 1, 1), RELU, conv_transpose(16, 1, 3, 2, 1, 1), TANH,
    ],
}  # fmt: skip
NETS["denoising"] = NETS["linear"]


def initial(net, key):
    parameters = []
    for layer in net:
        shapes = layer and layer[1]
        if shapes is None:
            parameters.append(())
            continue
        weight, bias, fan_in = shapes
        key, w, b = jax.random.split(key, 3)
        bound = 1 / math.sqrt(fan_in)
        parameters.append((jax.random.uniform(w, weight, minval=-bound, maxval=bound), jax.random.uniform(b, bias, minval=-bound, maxval=bound)))
    return parameters


def step(name, state, images, indices, count):
    parameters, m, v, t, key = state
    x = images[indices]
    key, draw = jax.random.split(key)

    def loss_of(parameters):
        y, kl = x, 0
        if name == "denoising":
            y = x + 0.5 * jax.random.normal(draw, x.shape)
        for layer, p in zip(NETS[name], parameters):
            if layer is REPARAMETERIZE:
                mu, logvar = jnp.split(y, 2, axis=1)
                y = mu + jnp.exp(logvar / 2) * jax.random.normal(draw, mu.shape)
                kl = -0.5 * jnp.sum(1 + logvar - mu**2 - jnp.exp(logvar), axis=1)
            else:
                y = layer[0](p, y)
        y = y.reshape(x.shape)
        if name == "variational":
            bits = x * jnp.maximum(jnp.log(y), -100) + (1 - x) * jnp.maximum(jnp.log1p(-y), -100)
            losses = kl - jnp.sum(bits, axis=(1, 2, 3))
        else:
            losses = jnp.mean((y - x) ** 2, axis=(1, 2, 3))
        return jnp.sum(jnp.where(jnp.arange(len(losses)) < count, losses, 0)) / count

    loss, g = jax.value_and_grad(loss_of)(parameters)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)

    def update(p, m, v):
        return p - RATE * (m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + EPS) + DECAY * p)

    return (jax.tree.map(update, parameters, m, v), m, v, t, key), loss


def main(name, folder, mode):
    raw = gzip.decompress((pathlib.Path(folder) / "train-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    images = jax.device_put(pixels.astype(np.float32) / 255 if name == "variational" else pixels.astype(np.float32) / 127.5 - 1)
    parameters = initial(NETS[name], jax.random.key(0))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0), jax.random.key(1))
    n = len(pixels)
    steps = -(-n // BATCH)
    counts = np.full(steps, BATCH, np.float32)
    counts[-1] = n - BATCH * (steps - 1)
    one = jax.jit(partial(step, name), donate_argnums=0)

    @partial(jax.jit, donate_argnums=0)
    def whole(state, images, order, counts):
        return jax.lax.scan(lambda s, xs: step(name, s, images, *xs), state, (order, counts))

    random = np.random.default_rng(0)
    first = True
    for _ in sys.stdin:
        start = time.perf_counter()
        order = np.zeros(steps * BATCH, np.int32)
        order[:n] = random.permutation(n)
        order = order.reshape(steps, BATCH)
        if mode == "scan":
            state, losses = whole(state, images, order, counts)
        else:
            losses = []
            for indices, count in zip(order, counts):
                state, loss = one(state, images, indices, count)
                losses.append(loss)
                if first:
                    loss.block_until_ready()
                    first = False
                    print(json.dumps({"step": 1}), flush=True)
        losses = np.array(losses)
        print(json.dumps({"seconds": time.perf_counter() - start, "loss": float((losses * counts).sum() / n)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
