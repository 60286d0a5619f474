"""`make parity`: does this project compute what PyTorch computes? python parity/check.py OUT

1. The golden files are made again and compared with those that the tests use.
2. The tutorial's recipe is trained with ten seeds here and in PyTorch: are the test losses of one distribution?
3. Weights travel: what one side trained, the other loads strictly and finds equally good.
4. The PyTorch blocks of the notebooks run, top to bottom, without a network.

It prints what it finds, keeps it in OUT, and fails if something does not agree.
"""

import contextlib
import io
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file
from scipy import stats
from torch.nn.functional import mse_loss

import around
import goldens
import nets

SEEDS, EPOCHS = 10, 10
NETS = {"linear": (nets.tutorial, (-1, 784)), "compressing": (lambda: nets.compressing(16), (-1, 1, 28, 28))}
failures = []


def say(line):
    print(line, flush=True)
    report.write(line + "\n")


def hold(what, ok):
    if not ok:
        failures.append(what)
        say(f"FAIL: {what}")


def side(*args):
    """This project's side: a line of JSON for each model."""
    done = subprocess.run(["go", "run", "./parity/side", *map(str, args)], cwd=nets.ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit("parity: the Go side failed (above)")
    return [json.loads(line)["mse"] for line in done.stdout.splitlines()]


def remade():
    """Made on another machine, they may differ by as much as the tests allow, no more."""
    say("1. Golden files made again: largest difference from the committed ones, of each tensor's largest number")
    say(f"{'':20s} {'first step':>10s} {'gradients':>10s} {'100 steps':>10s}")
    for name, new in goldens.everything():
        old = load_file(goldens.FOLDER / f"{name}.safetensors")
        hold(f"{name} has other tensors than its golden file", old.keys() == new.keys())
        gap = {"first": 0.0, "gradients": 0.0, "later": 0.0}
        for k in old.keys() & new.keys():
            kind = "gradients" if k.startswith("gradient") else "later" if k in ("losses", "after") else "first"
            gap[kind] = max(gap[kind], ((old[k] - new[k]).abs().max() / old[k].abs().max().clamp(min=1)).item())
        say(f"{name:20s} {gap['first']:10.1e} {gap['gradients']:10.1e} {gap['later']:10.1e}")
        hold(f"{name} is not what its golden file has", gap["first"] < 2e-6 and gap["gradients"] < 1e-5 and gap["later"] < 2e-4)


def blocks(notebook):
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "markdown":
            yield from re.findall(r"```python\n(.*?)```", "".join(cell["source"]), re.S)


def notebooks(folder):
    say("\n4. The PyTorch blocks of the notebooks")
    nets.unpack_mnist(folder / "data")
    here = os.getcwd()
    for notebook in sorted((nets.ROOT / "notebooks").glob("*.ipynb")):
        names, count, lesson = {"__name__": "block"}, 0, notebook.name[:2]
        exec(around.HEADER + around.GIVEN.get(lesson, ""), names)
        os.chdir(folder)
        for block in blocks(notebook):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block, f"{notebook.name}, block {count + 1}", "exec"), names)
            count += 1
            for promised in re.findall(r"print\(.*\)  # (.*)", block):  # the comment behind a print is what it prints
                hold(f"{notebook.name}: a block prints {printed.getvalue()!r}, not {promised!r}", promised in printed.getvalue())
        os.chdir(here)
        hold(f"{notebook.name}: after its blocks this is not so: {around.HOLDS[lesson]}", eval(around.HOLDS[lesson], names))
        say(f"{notebook.name}: {count} blocks run")


def test_loss(net, name):
    x = nets.mnist("t10k")[0].view(NETS[name][1])
    with torch.no_grad():
        return sum(mse_loss(net(part)[0], part).item() * len(part) for part in x.split(1000)) / len(x)


def train(name, epochs, seed):
    make, shape = NETS[name]
    torch.manual_seed(seed)
    net = make()
    images = nets.mnist("train")[0].view(shape)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for _ in range(epochs):
        for indices in torch.randperm(len(images)).split(128):
            x = images[indices]
            loss = mse_loss(net(x)[0], x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


def pytorch_seeds(name, epochs, seeds, folder):
    losses = []
    for seed in range(seeds):
        net = train(name, epochs, seed)
        save_file(net.state_dict(), folder / f"torch-{name}-{seed}.safetensors")
        losses.append(test_loss(net, name))
    return losses


def seeds(folder):
    say(f"\n2. The tutorial's recipe, {EPOCHS} epochs, seeds 0 to {SEEDS - 1}: MSE of the 10,000 test images")
    say(f"{'':8s} {'mean':>7s} {'sd':>7s} {'min':>7s} {'max':>7s}   each")
    found = {"here": side("train", "linear", EPOCHS, SEEDS, folder), "PyTorch": pytorch_seeds("linear", EPOCHS, SEEDS, folder)}
    for who, losses in found.items():
        mean, sd = statistics.mean(losses), statistics.stdev(losses)
        say(f"{who:8s} {mean:7.4f} {sd:7.4f} {min(losses):7.4f} {max(losses):7.4f}   {' '.join(f'{l:.4f}' for l in losses)}")
    welch = stats.ttest_ind(*found.values(), equal_var=False)
    say(f"Welch's test of equal means: t = {welch.statistic:.2f}, p = {welch.pvalue:.2f}")
    hold("the two distributions differ", welch.pvalue > 0.01)
    return found


def exchange(folder, linear):
    say("\n3. Weights that travel, as safetensors files: MSE of the test images on the side that trained, and on the other")
    trained = {"linear": linear, "compressing": {"here": side("train", "compressing", 1, 1, folder), "PyTorch": pytorch_seeds("compressing", 1, 1, folder)}}
    for name, found in trained.items():
        net = NETS[name][0]()
        net.load_state_dict(load_file(folder / f"go-{name}-0.safetensors"))  # strict: every name and shape
        pairs = {"here -> PyTorch": (found["here"][0], test_loss(net, name)),
                 "PyTorch -> here": (found["PyTorch"][0], side("evaluate", name, folder / f"torch-{name}-0.safetensors")[0])}  # fmt: skip
        for way, (there, back) in pairs.items():
            say(f"{name:12s} {way}: {there:.7f} {back:.7f}")
            hold(f"{name}, {way}: {there} became {back}", abs(there - back) < 1e-5)


if __name__ == "__main__":
    nets.check_version()
    with open(sys.argv[1], "w") as report, tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        remade()
        found = seeds(folder)
        exchange(folder, found)
        (folder / "checkpoints").mkdir()  # lesson 1 exports into it
        (folder / "checkpoints" / "linear.safetensors").write_bytes((folder / "go-linear-0.safetensors").read_bytes())
        notebooks(folder)
        say("\n" + (f"{len(failures)} of these do not agree with PyTorch" if failures else "all agree with PyTorch"))
    sys.exit(1 if failures else 0)
