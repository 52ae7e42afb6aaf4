"""Do generated images help a classifier, on its own scanners and on two that it never saw?

    python benchmarks/gan_augmentation.py [--seeds 5] [--epochs 8] [--game 12]

The split, the crops, the networks and `training.fit` are those of the lesson architectures/gan. Every arm makes as many
updates and is judged on the same patients: the test part (scanners A, B, D), the half of scanner C's held-out
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
LOOKS = {"cycle": 2.0, "batch": 32, "rate": 5e-3, "betas": (0.5, 0.99), "weight_decay": 0.0, "clip": None}
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


def translated(a, c, seed, epochs):
    """Three ways to see crops of A: as they are, by a table of greys, by a CycleGAN; each a function of the crops.

    ``a`` and ``c`` are crops of the two scanners, of other patients and without any label.
    """
    count = min(len(a), len(c))
    game = models.create("cyclegan", size=PIXELS, width=8, cycle=LOOKS["cycle"], seed=seed)
    task, recipe = training.translation(c.images[:count]), {k: v for k, v in LOOKS.items() if k != "cycle"}
    game = training.fit(game, task, a[:count], epochs=epochs, seed=seed, augment=False, progress=False, **recipe)
    table = data.grey_table(a.images, c.images)
    return {
        "as it is": lambda x: x,
        "grey table": lambda x: table[x.long()],
        "CycleGAN": lambda x: (255 * game.model.translate(x.float() / 255)).round().byte(),
    }


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


def helping(study, seed, epochs, game):
    """Rows on what added images do for the classifier, the trained classifier, and the generator."""
    train, few = study.train, study.few
    long = {name: play(part, seed, round(game * len(train) / len(part)), PLAYERS["R1 penalty"])
            for name, part in (("all", train), ("few", few))}  # fmt: skip
    more = {"all": imagined(long["all"], train, seed + 1), "few": imagined(long["few"], few, seed + 1)}
    a = train[train.cohort.column("scanner") == "A"]
    look = translated(a, study.c_seen, seed, 10)
    moved = {name: Crops(images=look[name](a.images), labels=a.labels, groups=a.groups) for name in look}
    arms = {
        "real": train, "real, half as long": train, "real + generated": plus(train, more["all"]),
        "generated only": more["all"], "real + grey table": plus(train, moved["grey table"]),
        "real + CycleGAN": plus(train, moved["CycleGAN"]),
        "few real": few, "few real + generated": plus(few, more["few"]),
    }  # fmt: skip
    share = {"real, half as long": 0.5}
    runs = {
        name: learn(arm, seed, round(share.get(name, 1) * epochs * len(train) / len(arm))) for name, arm in arms.items()
    }
    rows = [r for name in runs for r in judge(name, "few real" if "few" in name else "real", runs, study.tests, seed)]
    return rows + list(moving(study, look, seed)), runs["real"], long["all"]


def moving(study, look, seed):
    """Error in grey levels of each translation of A's test crops against the same nodules rendered on C."""
    for name, change in look.items():
        error = (change(study.held.images).float() - study.truth.images).abs().mean(dim=(1, 2, 3)).numpy()
        found = evaluation.bootstrap_mean(error, groups=study.held.groups)
        yield row(name, seed, "error", found, task="translation", model="cyclegan", cases=len(study.c_seen))


def drawing(study, net, long, seed):
    """Rows on the quality of the drawings: pixel statistics, three short games, one long one."""
    train, test = study.train, study.test
    sets = {"pixel statistics": (data.gaussian_pictures(train.images, len(test), seed), "gaussian", 0.0)}
    for name, options in PLAYERS.items():
        run = play(train, seed, 4, options)
        sets[name] = (imagined(run, test, seed + 2).images, "dcgan", run.cpu_seconds)
    sets["R1 penalty, long"] = (imagined(long, test, seed + 2).images, "dcgan", long.cpu_seconds)
    return list(quality(sets, net, test, seed))


def prepare():
    """The crops of the study: nobody is in two of them, except that the few are among the trained."""
    split, away = data.split(load_phantom()), load_phantom(part="held-out")
    train, test = (data.batches(part, size=PIXELS) for part in (split.train, split.test))
    c, e = (data.batches(away.where(scanner=name), size=PIXELS) for name in ("C", "E"))
    half = np.isin(c.groups, np.unique(c.groups)[::2])
    few = train[np.isin(train.groups, np.unique(train.groups)[::10])]
    held = split.test.where(scanner="A")[:120]
    held, truth = (data.batches(part, size=PIXELS) for part in (held, data.rescan(held, "C")))
    return SimpleNamespace(train=train, test=test, few=few, c_seen=c[half], held=held, truth=truth,
                           tests={"": test, "_c": c[~half], "_e": e})  # fmt: skip


def main() -> None:
    """Run the seeds and store their rows."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--game", type=int, default=12)
    given = options.parse_args()
    study = prepare()
    print(f"{len(study.train)} training crops, {len(study.few)} in the few, {len(study.c_seen)} unlabelled of C")
    for seed in range(given.seeds):
        start = time.process_time()
        found, net, long = helping(study, seed, given.epochs, given.game)
        print(experiments.store("gan_augmentation", found + drawing(study, net, long, seed)), flush=True)
        print(f"seed {seed}: {time.process_time() - start:.0f} CPU seconds", flush=True)


if __name__ == "__main__":
    main()
