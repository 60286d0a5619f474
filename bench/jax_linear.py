"""The peer of `make bench`: the tutorial's linear autoencoder, trained in JAX.

A fair one: the images stay on the device; one jitted function gathers the batch, computes loss and
gradient and applies AdamW, with the state donated; no loss is fetched before the epoch is over. The
last, smaller batch is padded and masked as in the Go package, so one program is compiled.

It says "ready" once its data is loaded. Then each line on standard input asks for one epoch; the answer is a line of
JSON: seconds and loss.
Arguments: the folder with MNIST's training images, and "step" (a call a step) or "scan" (a call an
epoch).
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

WIDTHS = [784, 128, 64, 12, 2, 12, 64, 128, 784]
BATCH, RATE, DECAY, EPS = 128, 2e-3, 0.01, 1e-8


def initial(key):
    parameters = []
    for fan_in, out in zip(WIDTHS, WIDTHS[1:]):
        key, w, b = jax.random.split(key, 3)
        bound = 1 / math.sqrt(fan_in)
        parameters.append((jax.random.uniform(w, (fan_in, out), minval=-bound, maxval=bound),
                           jax.random.uniform(b, (out,), minval=-bound, maxval=bound)))
    return parameters


def loss_of(parameters, x, count):
    y = x
    for i, (w, b) in enumerate(parameters):
        y = y @ w + b
        if i == len(parameters) - 1:
            y = jnp.tanh(y)
        elif i != 3:  # nothing after the code
            y = jax.nn.relu(y)
    losses = jnp.mean((y - x) ** 2, axis=1)
    return jnp.sum(jnp.where(jnp.arange(len(losses)) < count, losses, 0)) / count


def step(state, images, indices, count):
    parameters, m, v, t = state
    loss, g = jax.value_and_grad(loss_of)(parameters, images[indices], count)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)

    def update(p, m, v):
        return p - RATE * (m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + EPS) + DECAY * p)

    return (jax.tree.map(update, parameters, m, v), m, v, t), loss


def main(folder, mode):
    raw = gzip.decompress((pathlib.Path(folder) / "train-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)
    images = jax.device_put(pixels.astype(np.float32) / 127.5 - 1)
    parameters = initial(jax.random.key(0))
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))
    n = len(pixels)
    steps = -(-n // BATCH)
    counts = np.full(steps, BATCH, np.float32)
    counts[-1] = n - BATCH * (steps - 1)
    one = jax.jit(step, donate_argnums=0)

    @partial(jax.jit, donate_argnums=0)
    def whole(state, images, order, counts):
        return jax.lax.scan(lambda s, xs: step(s, images, *xs), state, (order, counts))

    random = np.random.default_rng(0)
    print("ready", flush=True)
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
        losses = np.array(losses)
        print(json.dumps({"seconds": time.perf_counter() - start, "loss": float((losses * counts).sum() / n)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
