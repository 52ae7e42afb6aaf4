"""How hard the phantom is: a ladder from linear pixels to the exact ceiling, and what other scanners cost.

    python benchmarks/difficulty.py [--train 4000] [--test 4000] [--seeds 5] [--epochs 24] [--work _build/difficulty]

Trains on scanners A, B and D, one frame a nodule (transverse and longitudinal in turn), nodule crops of 64 pixels.
The test nodules are other patients; they are rendered on their own scanners and again on C and on E, so that the
cost of another scanner is paired, nodule by nodule. Every seed is another initialisation and order on the same
cohort. Crops and predictions are kept under ``--work`` and taken up again; `datasets/results/difficulty.csv` gets
one row a seed, and a row "mean" whose interval resamples patients. Synthetic images, for teaching.
"""

import argparse
import csv
import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from thyrolearn import evaluation, models, phantom, training
from thyrolearn.data.phantom import case_of
from thyrolearn.data.tensors import crop, window
from thyrolearn.files import replacing
from thyrolearn.phantom import ceiling, tables

PIXELS, SHARD, SEED, TEST_FIRST = 64, 200, 2025, 500_000
TRAINING = "ABD"
COLUMNS = (
    "question", "model", "reference", "test", "seed", "value", "low", "high", "interval", "cases", "prevalence",
    "training_cases", "epochs", "tier", "difficulty", "sim_version", "commit", "machine",
)  # fmt: skip


class Crops(SimpleNamespace):
    """Images (n, 1, 64, 64) uint8, labels, patients, codes and posterior of some nodules."""

    def __len__(self) -> int:
        return len(self.images)


def nodules(count: int, first: int, difficulty: str):
    """The first ``count`` nodules of the patients from number ``first`` on, with their patients."""
    found = []
    while len(found) < count:
        for patient in phantom.patients(100, SEED, first=first, difficulty=difficulty):
            found += [(patient, nodule) for nodule in patient.nodules]
        first += 100
    return found[:count]


def render_crop(patient, nodule, scanner: str | None) -> np.ndarray:
    """One frame of the nodule, cut out as `data.batches` does."""
    view = (patient.number + nodule.number) % 2
    case = case_of(phantom.render(patient, nodule, view, SEED, scanner=scanner))
    return crop(case.image, window(case), (PIXELS, PIXELS))


def crops(work: Path, chosen: list, name: str, scanner: str | None, difficulty: str) -> Crops:
    """Render the nodules on ``scanner`` (None: their own) in shards that are kept."""
    images = []
    for number, start in enumerate(range(0, len(chosen), SHARD)):
        part = chosen[start : start + SHARD]
        label = f"{name}-{difficulty}-{phantom.SIM_VERSION}-{scanner or TRAINING}-{number}-{len(part)}.npy"
        path = work / label
        if not path.exists():
            with replacing(path) as kept:
                np.save(kept, np.stack([render_crop(p, n, scanner) for p, n in part]))
            print(f"{label}", file=sys.stderr, flush=True)
        images.append(np.load(path))
    return Crops(
        images=torch.from_numpy(np.concatenate(images)[:, None]),
        labels=torch.tensor([n.label for _, n in chosen]),
        groups=np.array([p.number for p, _ in chosen]),
        codes=np.stack([tables.encode(n.truth) for _, n in chosen]),
        posterior=np.array([n.posterior for _, n in chosen]),
        reader=np.stack([tables.encode(n.readers[0]) for _, n in chosen]),
    )


def predictions(work: Path, name: str, seed: int, train: Crops, tests: dict[str, Crops], plan) -> dict:
    """Scores of one network of one seed on every test set; the training is kept, and taken up where it stopped."""
    label = f"{name}-{seed}-{len(train)}-{plan.epochs}-{plan.difficulty}-{phantom.SIM_VERSION}"
    folder = work / label
    if (folder / "run.json").exists():
        run = training.Run.load(folder)
    else:
        run = training.fit(
            models.create(name, seed=seed), training.classification(), train, epochs=plan.epochs, seed=seed,
            rate=plan.rate, folder=folder, progress=False,
        )  # fmt: skip
    print(f"{label}: {run.cpu_seconds:.0f} CPU seconds", file=sys.stderr, flush=True)
    return {key: run.predict(test) for key, test in tests.items()}


def fixed_scores(test: Crops) -> dict[str, np.ndarray]:
    """Scores that need no training: what the truth, and one reader, are worth on these nodules."""
    points, levels = ceiling.points_table(), ceiling.level_scores()
    at = {"truth": tuple(test.codes.T), "reader 1": tuple(test.reader.T)}
    return {
        "posterior": test.posterior,
        "descriptors": ceiling.descriptor_evidence(test.codes),
        "ACR points, truth": points[at["truth"]],
        "ACR level, truth": levels[at["truth"]],
        "ACR points, reader 1": points[at["reader 1"]],
        "ACR level, reader 1": levels[at["reader 1"]],
    }


def mean_auc(labels: np.ndarray, *scores: np.ndarray) -> float:
    """The mean AUC over the columns of the first scores, less that of the second where there is one."""
    from scipy.stats import rankdata

    ill = labels == 1
    count = ill.sum() * (~ill).sum()

    def one(table: np.ndarray) -> float:
        ranks = rankdata(table, axis=0)[ill].sum(axis=0) - ill.sum() * (ill.sum() + 1) / 2
        return float(np.mean(ranks / count))

    return one(scores[0]) - (one(scores[1]) if len(scores) > 1 else 0.0)


def mean_row(test: Crops, *scores: np.ndarray, resamples: int = 400):
    """The estimate of a mean over seeds (or of a paired difference of means), patients resampled."""
    labels = np.asarray(test.labels)
    return evaluation.bootstrap(mean_auc, labels, *scores, groups=test.groups, resamples=resamples)


def compare(tests: dict[str, Crops], scores: dict[str, dict[str, np.ndarray]], networks: list[str]):
    """Yield (question, model, reference, test, seed, estimate); ``scores[model][test]`` is (n, seeds)."""
    home = tests[TRAINING]
    labels = np.asarray(home.labels)
    for name, score in fixed_scores(home).items():
        yield "AUC", name, "", TRAINING, "", evaluation.auc(labels, score, home.groups, method="delong")
    for name in networks:
        for key, test in tests.items():
            table = scores[name][key]
            for seed, column in enumerate(table.T):
                found = evaluation.auc(labels, column, test.groups, method="delong")
                yield "AUC", name, "", key, seed, found
            yield "AUC", name, "", key, "mean", mean_row(test, table)
            if key != TRAINING:
                yield "cost of the scanner", name, TRAINING, key, "mean", mean_row(home, scores[name][TRAINING], table)
        if name != "linear":
            pair = scores[name][TRAINING], scores["linear"][TRAINING]
            yield "gain", name, "linear", TRAINING, "mean", mean_row(home, *pair)


def machine() -> str:
    """The machine class: processor kind and cores."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def commit() -> str:
    """The commit of the code, with a + where the tree has changes."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "thyrolearn/phantom", "thyrolearn/models", "thyrolearn/training")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def write(path: Path, rows: list, plan, cases: int, prevalence: float) -> None:
    """Write the table in one step."""
    fixed = (plan.tier, plan.difficulty, phantom.SIM_VERSION, plan.commit, machine())
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        exact = (("image", "exact ceiling"), ("descriptors", "exact, descriptors"), ("points", "exact, ACR points"))
        for evidence, name in exact:
            value = f"{phantom.bayes_auc(plan.difficulty, evidence):.4f}"
            table.writerow(("AUC", name, "", "", "", value, value, value, "exact", "", "", "", "", *fixed))
        for question, model, reference, test, seed, found in rows:
            numbers = [f"{x:.4f}" for x in (found.value, found.low, found.high)]
            learned = (plan.train, plan.epochs) if model in plan.networks else ("", "")
            table.writerow(
                (
                    question,
                    model,
                    reference,
                    test,
                    seed,
                    *numbers,
                    found.method,
                    cases,
                    f"{prevalence:.3f}",
                    *learned,
                    *fixed,
                )
            )


def main() -> None:
    """Render, train, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=int, default=4000)
    parser.add_argument("--test", type=int, default=4000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--networks", nargs="+", default=["linear", "resnet"])
    parser.add_argument("--difficulty", default="default")
    parser.add_argument("--work", type=Path, default=Path("_build/difficulty"))
    parser.add_argument("--out", type=Path, default=Path("datasets/results/difficulty.csv"))
    plan = parser.parse_args()
    plan.tier, plan.commit = "study", commit()  # of the code as it is loaded, not as it is at the end
    plan.work.mkdir(parents=True, exist_ok=True)
    train = crops(plan.work, nodules(plan.train, 0, plan.difficulty), "train", None, plan.difficulty)
    chosen = nodules(plan.test, TEST_FIRST, plan.difficulty)
    tests = {
        name: crops(plan.work, chosen, "test", scanner, plan.difficulty)
        for name, scanner in ((TRAINING, None), ("C", "C"), ("E", "E"))
    }
    scores: dict = {}
    for name in plan.networks:
        found = [predictions(plan.work, name, seed, train, tests, plan) for seed in range(plan.seeds)]
        scores[name] = {key: np.stack([one[key] for one in found], axis=1) for key in tests}
    rows = list(compare(tests, scores, plan.networks))
    write(plan.out, rows, plan, len(chosen), float(tests[TRAINING].labels.float().mean()))
    for row in rows:
        print(*row[:5], row[5])


if __name__ == "__main__":
    main()
