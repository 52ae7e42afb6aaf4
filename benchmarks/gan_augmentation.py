"""Do generated images help a classifier, on its own scanners and on two that it never saw?

    python benchmarks/gan_augmentation.py [--seeds 5] [--epochs 8] [--game 12] [--only SEED]

The split, the crops, the networks and `training.fit` are those of the lesson architectures/gan. Every arm makes the same
number of updates and is judged on the same patients: the test part (scanners A, B, D), the half of scanner C's held-out
patients whose unlabelled frames no translator has seen, and all of scanner E's. An arm's gain is the paired difference
from the same classifier without the added images. Seeds change weights, order and samples, on one fixed cohort. Rows go
to `datasets/results/gan_augmentation.csv` after each seed. Synthetic images, for teaching.
"""

import argparse
import json
import time
from types import SimpleNamespace

import numpy as np
import torch

from thyrolearn import data, evaluation, experiments, models, training
from thyrolearn.data.phantom import load_phantom
from thyrolearn.experiments.origin import origin

PIXELS, WIDTH = 32, 8
GAME = {"batch": 24, "rate": 1.5e-3, "betas": (0.0, 0.99), "weight_decay": 0.0, "clip": None}
LOOKS = {"batch": 32, "rate": 5e-3, "betas": (0.5, 0.99), "weight_decay": 0.0, "clip": None}
PLAYERS = {"R1 penalty": {"r1": 0.05}, "no penalty": {"r1": 0.0}, "spectral norm": {"r1": 0.0, "spectral": True}}


class Crops(SimpleNamespace):
    """Images (n, 1, h, w) uint8, labels, groups and whatever a task asks for."""

    def __len__(self) -> int:
        return len(self.images)


def plus(*parts):
    """The rows of several sets as one."""
    groups = np.concatenate([part.groups for part in parts])
    return Crops(
        images=torch.cat([p.images for p in parts]), labels=torch.cat([p.labels for p in parts]), groups=groups
    )


def conditions(part):
    """Label and shape as the lesson gives them to the generator, (n, 2) float32."""
    shape = np.log2(part.cohort.column("height_over_width").astype(np.float32))
    return torch.stack([2 * part.labels - 1, 4 * torch.from_numpy(shape) + 2], dim=1)


def play(train, seed, epochs, options):
    """A trained generator."""
    game = models.create("dcgan", size=PIXELS, conditions=2, seed=seed, **options)
    task = training.generation(given=conditions)
    return training.fit(game, task, train, epochs=epochs, seed=seed, augment=False, progress=False, **GAME)


def imagined(game, like, seed):
    """As many generated crops as ``like`` has, with its labels and shapes."""
    pictures = game.model.sample(len(like), seed=seed, conditions=conditions(like))
    images = (255 * pictures).round().byte()
    return Crops(images=images, labels=like.labels, groups=np.array([f"generated {i}" for i in range(len(like))]))


def gaussian(train, count, seed):
    """Pictures with the mean and covariance of the crops and nothing else: random mixtures of what differs from it."""
    pixels = train.images.flatten(1).float()
    mean, draw = pixels.mean(dim=0), torch.Generator().manual_seed(seed)
    mixed = torch.randn(count, len(pixels), generator=draw) @ (pixels - mean) / (len(pixels) - 1) ** 0.5
    return (mean + mixed).round().clamp(0, 255).byte().view(-1, 1, PIXELS, PIXELS)


def grey_table(source, target):
    """For each grey of ``source`` the grey of the same rank in ``target``, (256,) uint8."""
    counts = np.bincount(source.numpy().ravel(), minlength=256)
    rank = (counts.cumsum() - counts / 2) / counts.sum()
    return torch.from_numpy(np.quantile(target.numpy(), rank).round().astype(np.uint8))


def translated(a, c, seed, epochs):
    """The crops ``a`` in the look of the unlabelled crops ``c``: by a grey table, and by a CycleGAN."""
    rows = np.arange(min(len(a), len(c)))
    pair = Crops(images=a.images[rows], other=c.images[rows], labels=a.labels[rows], groups=a.groups[rows])
    game = models.create("cyclegan", size=PIXELS, width=8, cycle=2.0, seed=seed)
    task = training.translation()
    game = training.fit(game, task, pair, epochs=epochs, seed=seed, augment=False, progress=False, **LOOKS)
    looks = {
        "grey table": grey_table(a.images, c.images)[a.images.long()],
        "CycleGAN": (255 * game.model.translate(a.images.float() / 255)).round().byte(),
    }
    return {name: Crops(images=x, labels=a.labels, groups=a.groups) for name, x in looks.items()}


def learn(train, seed, epochs):
    """The lesson's classifier after as many updates as ``epochs`` passes over the whole training part make."""
    net = models.create("resnet", size=PIXELS, width=WIDTH, seed=seed)
    return training.fit(net, training.classification(), train, epochs=epochs, seed=seed, progress=False)


def row(method, seed, metric, found, *, task="classification", model="resnet", cases=0, seconds=0.0):
    """One line of the table, as `experiments.store` wants it."""
    network = {"resnet": {"width": WIDTH}, "dcgan": {"conditions": 2}}.get(model)
    size = models.count(models.create(model, size=PIXELS, **network), PIXELS) if model == "resnet" else None
    return {
        "task": task, "model": model, "data": "phantom", "tier": "lesson", "method": method,
        "options": json.dumps(network or {}), "size": str(PIXELS), "seed": seed, "metric": metric,
        "value": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4), "n": found.n,
        "parameters": size.parameters if size else "", "macs": size.macs if size else "",
        "cases": cases, "cpu_seconds": round(seconds, 1), **origin(),
    }  # fmt: skip


def judge(name, base, runs, tests, seed):
    """AUC of an arm on each test set and, beside a base, the gain on it."""
    found, run = [], runs[name]
    about = {"cases": run.settings["cases"], "seconds": run.cpu_seconds}
    for place, test in tests.items():
        labels, score = test.labels.numpy(), run.predict(test)
        found.append(row(name, seed, f"auc{place}", evaluation.auc(labels, score, groups=test.groups), **about))
        if name != base:
            gain = evaluation.auc_difference(labels, score, runs[base].predict(test), groups=test.groups)
            found.append(row(name, seed, f"gain{place}", gain, **about))
    return found


def quality(sets, net, test, seed):
    """KID of each set of pictures against the test crops, in the features of ``net``."""

    def features(images):
        with torch.no_grad():
            return net.model.embed(images.float() / 255).numpy()

    real = features(test.images)
    for name, (images, model, seconds) in sets.items():
        found = evaluation.kernel_distance(real, features(images), groups=test.groups)
        yield row(name, seed, "kid", found, task="generation", model=model, cases=len(images), seconds=seconds)


def one_seed(parts, few, seed, epochs, game):
    """All rows of one seed."""
    train, test, c_seen, tests = parts
    start = time.process_time()
    long = {name: play(part, seed, round(game * len(train) / len(part)), PLAYERS["R1 penalty"])
            for name, part in (("all", train), ("few", few))}  # fmt: skip
    more = {name: imagined(run, part, seed + 1) for (name, run), part in zip(long.items(), (train, few), strict=True)}
    a = train[train.cohort.column("scanner") == "A"]
    looks = translated(a, c_seen, seed, 10)
    arms = {
        "real": train, "real + generated": plus(train, more["all"]), "generated only": more["all"],
        "real + grey table": plus(train, looks["grey table"]), "real + CycleGAN": plus(train, looks["CycleGAN"]),
        "few real": few, "few real + generated": plus(few, more["few"]),
    }  # fmt: skip
    runs = {name: learn(arm, seed, round(epochs * len(train) / len(arm))) for name, arm in arms.items()}
    found = [r for name in runs for r in judge(name, "few real" if "few" in name else "real", runs, tests, seed)]
    sets = {"pixel statistics": (gaussian(train, len(test), seed), "gaussian", 0.0)}
    for name, options in PLAYERS.items():
        run = play(train, seed, 4, options)
        sets[name] = (imagined(run, test, seed + 2).images, "dcgan", run.cpu_seconds)
    sets["R1 penalty, long"] = (imagined(long["all"], test, seed + 2).images, "dcgan", long["all"].cpu_seconds)
    found += quality(sets, runs["real"], test, seed)
    print(f"seed {seed}: {time.process_time() - start:.0f} CPU seconds", flush=True)
    return found


def main() -> None:
    """Run the seeds and store their rows."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--only", type=int)
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--game", type=int, default=12)
    given = options.parse_args()
    split, away = data.split(load_phantom()), load_phantom(part="held-out")
    train, test = (data.batches(part, size=PIXELS) for part in (split.train, split.test))
    c, e = (data.batches(away.where(scanner=name), size=PIXELS) for name in ("C", "E"))
    half = np.isin(c.groups, np.unique(c.groups)[::2])
    few = train[np.isin(train.groups, np.unique(train.groups)[::10])]
    tests = {"": test, "_c": c[~half], "_e": e}
    print(f"{len(train)} training crops, {len(few)} in the few, {half.sum()} unlabelled of C", flush=True)
    for seed in [given.only] if given.only is not None else range(given.seeds):
        found = one_seed((train, test, c[half], tests), few, seed, given.epochs, given.game)
        print(experiments.store("gan_augmentation", found), flush=True)


if __name__ == "__main__":
    main()
