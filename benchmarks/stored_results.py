"""Make the stored tables of part 1 again: ``datasets/results/NAME.csv``, each by one call of `thyrolearn.experiments`.

    python benchmarks/stored_results.py [NAME ...]

Without a name the tables and what each holds are listed. A row of the same experiment and seed is replaced. The tables
with a script of their own are `difficulty`, `gan_augmentation` and `realism`; `segmentation_ddti` needs real frames:
see `thyrolearn.experiments.starts`. Synthetic images, for teaching.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch.nn import functional as F

from thyrolearn import data, evaluation, models, training
from thyrolearn.experiments import Experiment, halves, over_still, rows, store
from thyrolearn.experiments.experiment import columns, ends
from thyrolearn.experiments.origin import origin
from thyrolearn.experiments.starts import dices
from thyrolearn.models.prompted import bounds, clicks, draw_ellipses

FAMILIES = ["linear", *models.list("cnn")]
OTHERS = {"rowgru": 4e-3, "swin": 4e-3, "vit": 1e-3, "coatnet": 1e-3, "vgg": 1e-3}  # rates: see comparison_rates
COAT = {"both": {"part": "both"}, "conv": {"part": "conv"}, "attention": {"part": "attention"}}
FULL = {"resnet": {"width": 32}, "coatnet": {"width": 32}, "rowgru": {}, "vit": {}}
PATCHES = {"stem": "patch", "width": 64}


def shuffled(images: torch.Tensor, patch: int = 8) -> torch.Tensor:
    """Put the square patches of each picture in an order of its own, as the lesson architectures/transformer does."""
    tokens = F.unfold(images.float(), patch, stride=patch)
    chance = torch.rand(len(images), 1, tokens.shape[2], generator=torch.Generator().manual_seed(0))
    tokens = tokens.gather(2, chance.argsort(dim=2).expand_as(tokens))
    return F.fold(tokens, images.shape[2:], patch, stride=patch).to(images.dtype)


def by_shuffling(run, test) -> dict[str, evaluation.Estimate]:
    """What a trained network loses on crops whose patches are shuffled."""
    labels, given = test.labels.numpy(), {"groups": test.groups}
    whole, mixed = run.predict(test), run.predict(test.with_images(shuffled(test.images)))
    loss = evaluation.auc_difference(labels, whole, mixed, resamples=1000, **given)
    return {"auc_shuffled": evaluation.auc(labels, mixed, **given), "loss_by_shuffling": loss}


def curves(epochs: int, shares: Iterable[float]) -> Iterable[list]:
    """The residual network and the ViT on shares of the patients, all for as many updates."""
    for share in shares:
        for model, rate, options in (("resnet", 4e-3, {}), ("vit", 1e-3, PATCHES)):
            one = Experiment(model=model, share=share, options=options)
            yield rows([one], 3, epochs=round(epochs / share), rate=rate, also=by_shuffling)


def rates() -> Iterable[list]:
    """Each network at two learning rates, judged on validation patients."""
    for model in [*FAMILIES, "rowgru", "vit", "swin", "coatnet"]:
        for rate in (4e-3, 1e-3):
            yield rows([Experiment(model=model)], 1, epochs=8, rate=rate, judge="validation")


def quarter() -> Iterable[list]:
    """All twelve families for a quarter of the updates."""
    for model in [*FAMILIES, "rowgru", "swin", "vit", "coatnet"]:
        yield rows([Experiment(model=model)], 3, epochs=2, rate=OTHERS.get(model, 4e-3))


def coat_halves() -> Iterable[list]:
    """CoAtNet and its halves on crops; TransUNet with and without its attention on frames."""
    given = {"rates": {"both": 4e-3, "conv": 1.5e-3, "attention": 4e-3}, "epochs": 4}
    yield halves(Experiment(model="coatnet", size=48), COAT, seeds=5, **given)
    parts = {"attention": {"depth": 2}, "none": {"depth": 0}}
    yield halves(Experiment("segmentation", model="transunet", options={"width": 16}), parts, rates=dict.fromkeys(
        parts, 4e-3), epochs=2)  # fmt: skip


def prompts(seeds: int = 3) -> Iterable[list]:
    """Dice of the prompted network of architectures/diffusion_and_foundation after more and more training.

    ``start`` is how many times the updates of the lesson, ``metric`` the prompt.
    """
    split = data.split(data.load("phantom", progress=False))
    outlined = [part.filter(lambda case: case.box is not None) for part in (split.train, split.test)]
    frames = [data.frames(part[:n], (48, 48)) for part, n in zip(outlined, (666, 320), strict=True)]
    (pairs, _), (screens, beside) = map(data.side_by_side, frames)
    boxes, points = bounds(screens.masks), clicks(screens.masks, torch.Generator().manual_seed(0))
    ellipses = draw_ellipses(boxes, screens.masks.shape[2:])[:, 0]
    given = {"no prompt": {}, "click": {"points": points}, "box": {"boxes": boxes}}
    for times, seed in itertools.product((1, 2, 4, 8), range(seeds)):
        net = models.create("prompted", width=8, seed=seed)
        run = training.fit(net, training.prompted(), pairs, epochs=3 * times, batch=16, seed=seed, progress=False)
        one = Experiment("segmentation", model="prompted", size=(48, 96), seed=seed, options={"width": 8})
        cost = {"epochs": 3 * times, "cpu_seconds": round(run.cpu_seconds, 1), **origin()}
        with torch.inference_mode():
            images = screens.images.float() / 255
            masks = {name: run.model.segment(images, **prompt)[:, 0] > 0 for name, prompt in given.items()}
        scores = {name: dices(screens, mask.numpy()) for name, mask in masks.items()}
        scores["click, of the other"] = dices(replace(screens, masks=beside), masks["click"].numpy())
        scores["box over ellipse"] = scores["box"] - dices(screens, ellipses.numpy())
        means = {name: evaluation.bootstrap_mean(score, groups=screens.groups) for name, score in scores.items()}
        yield [{**columns(one), "start": str(times), "metric": m, **ends(e), **cost} for m, e in means.items()]


TABLES: dict[str, tuple[str, Callable[[], Iterable[list]]]] = {
    "cnn_families": (
        "seven convolutional families and the line, the library's rate",
        lambda: (rows([Experiment(model=m)], 3, epochs=8) for m in FAMILIES),
    ),
    "comparison_rates": ("which rate suits which network", rates),
    "comparison": (
        "the networks that are no convolutional ones, or want another rate",
        lambda: (rows([Experiment(model=m)], 3, epochs=8, rate=rate) for m, rate in OTHERS.items()),
    ),
    "comparison_short": ("all twelve for a quarter of the updates", quarter),
    "learning_curves": ("more and more patients, equal updates", lambda: curves(8, (1 / 16, 1 / 4, 1))),
    "learning_curves_short": ("the same for a quarter of the updates", lambda: curves(2, (1,))),
    "hybrid": (
        "CoAtNet and its halves on larger crops, at the library's rate and at the one that validation chose",
        lambda: (
            rows([Experiment(model="coatnet", options=part)], 5, epochs=8, rate=rate)
            for rate, part in itertools.product((4e-3, 1e-3), COAT.values())
        ),
    ),
    "hybrid_halves": ("whole and halves in pairs, crops and outlines", coat_halves),
    "clips": ("what a clip is worth over its middle still", lambda: [over_still(5)]),
    "prompted": ("a network that is pointed at, trained longer and longer", prompts),
    "full_tier": (
        "what patience reaches",
        lambda: (
            rows([Experiment(model=m, tier="full", options=options)], 1, rate=OTHERS.get(m, 4e-3))
            for m, options in FULL.items()
        ),
    ),
}


def main() -> None:
    """Run the tables that are asked for, or list them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("names", nargs="*", metavar="NAME")
    names = options.parse_args().names
    if unknown := set(names) - set(TABLES):
        options.error(f"there is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    for name in names or TABLES:
        what, make = TABLES[name]
        print(f"{name}: {what}")
        for table in make() if names else ():
            print(store(name, table), flush=True)


if __name__ == "__main__":
    main()
