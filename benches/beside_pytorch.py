"""Our training step and evaluation beside PyTorch's, alternating, each in a fresh process.

usage: python benches/beside_pytorch.py [ROUNDS]
needs: torch and torchvision (CPU is enough), and cargo. Two threads. Prints a markdown table of medians over rounds.

PyTorch runs in the fastest configuration known: channels-last, and glibc told to keep its memory.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time

SIZES = [(224, 8), (224, 32), (96, 32), (64, 64)]
KEEP = {
    "MALLOC_MMAP_THRESHOLD_": str(8 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
}


def pytorch(side, batch, mode):
    import torch
    import torch.nn as nn
    import torchvision

    torch.set_num_threads(2)
    torch.manual_seed(0)
    network = torchvision.models.mobilenet_v2(weights=None)
    network.classifier = nn.Sequential(nn.Linear(1280, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 100))
    network = network.to(memory_format=torch.channels_last).train(mode == "train")
    images = torch.randn(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 100, (batch,))
    sgd = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-6)

    def train():
        sgd.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(network(images), labels).backward()
        sgd.step()

    def evaluate():
        with torch.inference_mode():
            network(images)

    step = train if mode == "train" else evaluate
    for _ in range(3):
        step()
    seconds, start = [], time.perf_counter()
    while len(seconds) < 5 or (time.perf_counter() - start < 15 and len(seconds) < 60):
        before = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"images_per_s": batch / statistics.median(seconds), "peak_mib": peak}))


def run(command, **environment):
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(rounds):
    print("| mode | px, batch | ours, images/s | PyTorch | ratio | ours, peak MiB | PyTorch | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for mode in ("train", "eval"):
        for side, batch in SIZES:
            arguments = [str(side), str(batch), mode]
            ours, theirs = [], []
            for _ in range(rounds):
                theirs.append(run([sys.executable, __file__, "pytorch", *arguments], **KEEP))
                ours.append(run(["cargo", "bench", "--quiet", "--bench", "step", "--", *arguments]))
            speed, peak = (
                [statistics.median(found[key] for found in side_) for side_ in (ours, theirs)]
                for key in ("images_per_s", "peak_mib")
            )
            print(
                f"| {mode} | {side}, {batch} | {speed[0]:.1f} | {speed[1]:.1f} | {speed[0] / speed[1]:.2f} "
                f"| {peak[0]:.0f} | {peak[1]:.0f} | {peak[0] / peak[1]:.2f} |",
                flush=True,
            )


if sys.argv[1:2] == ["pytorch"]:
    pytorch(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
else:
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
