"""PyTorch's side of the agreement test: MobileNet-V2 with heads, three SGD steps from given weights.

usage: python mobilenet_v2.py                  writes mobilenet_v2.json and torch_trunk.safetensors beside itself
       python mobilenet_v2.py check FILE...    loads checkpoints written by `repro` with strict=True
needs: torch, numpy, safetensors

Weights and images are drawn by splitmix64, which the Rust test repeats, so that only results are stored:
logits and losses whole; gradients, updates of the weights and buffers as 32 sampled values and the L2 norm of every tensor.
Dropout is 0 (its masks come from generators that differ). Values are computed in float64; beside them stands
how far PyTorch's own float32 is from them.
"""
import json, pathlib, sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
TASKS = {"gender": 2, "age": 100}
WEIGHTS = {"gender": 1.0, "age": 0.5}
WIDTH, SIZE, BATCH, STEPS, SAMPLES = 0.35, 64, 16, 3, 32
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.0001, 0.9, 0.1


def scaled(channels, width):
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * width else rounded


def conv_norm(inputs, outputs, kernel=1, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(outputs), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, expansion, inputs, outputs, stride):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv_norm(inputs, hidden)] if expansion != 1 else []
        layers += [conv_norm(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*layers)
        self.adds_input = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds_input else self.conv(x)


class Network(nn.Module):
    """The names of its state dict are torchvision's `features.*` and `<task>_clf.0|3`."""

    def __init__(self, width, tasks, dropout=0.0):
        super().__init__()
        channels = scaled(32, width)
        layers = [conv_norm(3, channels, 3, 2)]
        for expansion, outputs, repetitions, stride in STAGES:
            outputs = scaled(outputs, width)
            for repetition in range(repetitions):
                layers.append(InvertedResidual(expansion, channels, outputs, stride if repetition == 0 else 1))
                channels = outputs
        last = scaled(1280, max(1.0, width))
        self.features = nn.Sequential(*layers, conv_norm(channels, last))
        for task, classes in tasks.items():
            setattr(self, f"{task}_clf", nn.Sequential(nn.Linear(last, 256), nn.ReLU(), nn.Dropout(dropout), nn.Linear(256, classes)))

    def forward(self, images, tasks):
        features = self.features(images).mean((2, 3))
        return {task: getattr(self, f"{task}_clf")(features) for task in tasks}


def uniform(start, n):
    """Values start..start+n of splitmix64 as float32 in [-1, 1)."""
    with np.errstate(over="ignore"):
        z = (np.arange(start, start + n, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23)) - np.float32(1)


def prepared(dtype):
    """The network, images and labels; parameters drawn in the order of their sorted names."""
    network, drawn = Network(WIDTH, TASKS), 0
    parameters = dict(network.named_parameters())
    for name in sorted(parameters):
        parameter = parameters[name]
        values = uniform(drawn, parameter.numel())
        drawn += parameter.numel()
        fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
        # Scales of normalisations around 1, everything else around 0.
        is_scale = parameter.dim() == 1 and name.endswith("weight")
        values = 1 + values * np.float32(0.25) if is_scale else values * np.float32((3.0 / fan_in) ** 0.5 if fan_in else 0.1)
        parameter.data = torch.from_numpy(values.astype(np.float32)).reshape(parameter.shape)
    images = torch.from_numpy(uniform(drawn, BATCH * SIZE * SIZE * 3)).reshape(BATCH, SIZE, SIZE, 3).permute(0, 3, 1, 2)
    labels = {task: torch.arange(BATCH) * 7 % classes for task, classes in TASKS.items()}
    return network.to(dtype).train(), images.to(dtype), labels


def summary(tensor):
    flat = tensor.detach().double().flatten()
    at = [i * flat.numel() // min(SAMPLES, flat.numel()) for i in range(min(SAMPLES, flat.numel()))]
    return {"norm": flat.norm().item(), "values": flat[at].tolist()}


def run(dtype):
    network, images, labels = prepared(dtype)
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    initial = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    result = {"losses": []}
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = network(images, TASKS)
        losses = {task: F.cross_entropy(logits[task], labels[task]) for task in TASKS}
        total = sum(WEIGHTS[task] * loss for task, loss in losses.items())
        total.backward()
        result["losses"].append({**{task: loss.item() for task, loss in losses.items()}, "total": total.item()})
        if step == 0:
            result["logits"] = {task: values.tolist() for task, values in logits.items()}
            result["gradients"] = {name: summary(p.grad) for name, p in sorted(network.named_parameters())}
        optimizer.step()
    state = {name: tensor for name, tensor in sorted(network.state_dict().items())}
    result["updates"] = {name: summary(p - initial[name]) for name, p in sorted(network.named_parameters())}
    result["buffers"] = {name: summary(tensor) for name, tensor in sorted(network.named_buffers())}
    network.eval()
    result["evaluation"] = {task: values.tolist() for task, values in network(images, TASKS).items()}
    result["shapes"] = {name: list(tensor.shape) for name, tensor in state.items()}
    return result


def distance(found, exact):
    """Relative L2 distance of two flat lists of numbers."""
    found, exact = np.asarray(found), np.asarray(exact)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def flat(result, part):
    """All numbers of a part of a result; counters left out."""
    if part in ("gradients", "updates", "buffers"):
        return [x for name, summary in sorted(result[part].items()) if "num_batches" not in name for x in summary["values"]]
    if part == "losses":
        return [losses[task] for losses in result["losses"] for task in TASKS]
    return [x for task in TASKS for row in result[part][task] for x in row]


def main():
    if sys.argv[1:2] == ["check"]:
        for path in sys.argv[2:]:
            state = load_file(path)
            tasks = {name[: -len("_clf.3.bias")]: tensor.numel() for name, tensor in state.items() if name.endswith("_clf.3.bias")}
            stem = state["features.0.0.weight"].shape[0]
            width = next(w / 100 for w in range(5, 400) if scaled(32, w / 100) == stem and
                         scaled(320, w / 100) == state["features.17.conv.2.weight"].shape[0])
            print(path, Network(width, tasks).load_state_dict(state, strict=True))
        return
    torch.manual_seed(0)
    exact, single = run(torch.float64), run(torch.float32)
    parts = ["losses", "logits", "gradients", "updates", "buffers", "evaluation"]
    exact["pytorch_float32"] = {part: distance(flat(single, part), flat(exact, part)) for part in parts}
    exact["torch"] = torch.__version__.split("+")[0]
    (HERE / "mobilenet_v2.json").write_text(json.dumps(exact) + "\n")
    trunk = {name: tensor.contiguous() for name, tensor in Network(0.1, {}).state_dict().items()}
    save_file(trunk, HERE / "torch_trunk.safetensors")


main()
