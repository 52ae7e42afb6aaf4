"""Write tests/vectors/*.json: what other tools say about fixed inputs, so that the suite can hold us to it.

Run it in an environment of its own, since the peers pin other versions than the course:

    python -m venv peers
    peers/bin/pip install numpy scipy scikit-learn statsmodels torch torchvision torchmetrics pycocotools monai medpy \\
        MLstatkit dcurves surface-distance-based-measures krippendorff mapie
    peers/bin/pip install --no-deps irrCAC    # it pins an old scipy, which it does not need
    peers/bin/python benchmarks/make_vectors.py [--vandyke ratings.csv]

Each file names the tool and its version, and holds the inputs beside the outputs. ``--vandyke`` takes the ratings
of Van Dyke et al. 1993 (reader, modality, case, truth, rating; in R's MRMCaov and RJafroc, both GPL-3): only the
AUCs and their covariance are written, never the ratings.
"""

import argparse
import csv
import importlib.metadata
import json
import math
import platform
import warnings
from pathlib import Path

import numpy as np
from vector_inputs import box_sets, mask_pairs, score_sets

OUT = Path(__file__).resolve().parent.parent / "tests" / "vectors"


def plain(value):
    """JSON has no NaN or infinity: they are written as words."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return round(value, 12) if isinstance(value, float) else value


def write(name, package, content):
    record = {
        "tool": package,
        "version": importlib.metadata.version(package),
        "python": platform.python_version(),
        "numpy": np.__version__,
        **content,
    }
    (OUT / f"{name}.json").write_text(json.dumps(plain(record), indent=1) + "\n")
    print(f"{name}.json: {package} {record['version']}")


def mlstatkit():
    from MLstatkit import Delong_test

    cases = []
    for y, a, b in score_sets():
        z, p, _, _, area_a, area_b, *_ = Delong_test(y, a, b)
        cases.append({"labels": y, "a": a, "b": b, "z": z, "p": p, "auc_a": area_a, "auc_b": area_b})
    write("mlstatkit", "MLstatkit", {"cases": cases})


def dcurves():
    import pandas as pd
    from dcurves import dca

    thresholds, cases = [0.05, 0.1, 0.2, 0.3, 0.5], []
    for y, a, _ in score_sets():
        for prevalence in (None, 0.1):
            data = pd.DataFrame({"y": y, "model": a})
            table = dca(data, outcome="y", modelnames=["model"], thresholds=thresholds, prevalence=prevalence)
            rows = {m: table[table.model == m].set_index("threshold").net_benefit.tolist() for m in ("model", "all")}
            cases.append({"labels": y, "probabilities": a, "prevalence": prevalence, "thresholds": thresholds, **rows})
    write("dcurves", "dcurves", {"cases": cases})


def packed(mask):
    return ["".join("#" if v else "." for v in row) for row in mask]


def masks():
    import torch
    from monai.metrics import compute_dice, compute_hausdorff_distance, compute_iou, compute_surface_dice
    from surface_distance import compute_robust_hausdorff, compute_surface_dice_at_tolerance, compute_surface_distances

    np.Inf = np.inf  # surface-distance 0.1 still uses the name that numpy 2 removed
    files = {"monai": [], "surface_distance": [], "medpy": []}
    for name, truth, prediction, pair in mask_pairs():
        spacing = tuple(map(float, pair))
        given = {
            "id": name,
            "truth": packed(truth),
            "prediction": packed(prediction),
            "spacing": spacing,
            "tolerance": 1,
        }
        t, p = (torch.tensor(m)[None, None].float() for m in (truth, prediction))
        files["monai"].append(
            {
                **given,
                "dice": compute_dice(p, t).item(),
                "iou": compute_iou(p, t).item(),
                "hd95": compute_hausdorff_distance(p, t, percentile=95, spacing=spacing).item(),
                "hd": compute_hausdorff_distance(p, t, spacing=spacing).item(),
                "nsd": compute_surface_dice(p, t, class_thresholds=[1.0], spacing=spacing).item(),
            }
        )
        found = compute_surface_distances(truth, prediction, spacing)
        try:
            hd = [compute_robust_hausdorff(found, percent) for percent in (95, 100)]
        except IndexError as error:
            hd = [f"IndexError: {error}"] * 2
        files["surface_distance"].append(
            {"id": name, "hd95": hd[0], "hd": hd[1], "nsd": compute_surface_dice_at_tolerance(found, 1.0)}
        )
        files["medpy"].append({"id": name, **medpy_distances(truth, prediction, spacing)})
    write("monai_masks", "monai", {"cases": files["monai"]})
    write("surface_distance", "Surface-Distance-Based-Measures", {"cases": files["surface_distance"]})
    write("medpy", "medpy", {"cases": files["medpy"]})


def medpy_distances(truth, prediction, spacing):
    from medpy.metric.binary import hd, hd95

    try:
        return {"hd95": hd95(prediction, truth, spacing), "hd": hd(prediction, truth, spacing)}
    except RuntimeError as error:
        return {"hd95": f"RuntimeError: {error}", "hd": f"RuntimeError: {error}"}


def monai_froc():
    from monai.metrics import compute_froc_curve_data, compute_froc_score

    rates, cases = (0.25, 0.5, 1, 2), []
    sets = [
        ([0.9, 0.8], [0.7, 0.6, 0.2], 3, 2),
        ([0.95, 0.6, 0.55, 0.3], [0.9, 0.5, 0.5, 0.1], 6, 5),
        ([0.9, 0.8], [0.7, 0.6, 0.2], 2, 2),
    ]
    for hits, false, targets, images in sets:
        tp = np.array(hits + [0.0] * (targets - len(hits)))  # MONAI marks a missed target by probability 0
        fps, sens = compute_froc_curve_data(np.array(false), tp, targets, images)
        cases.append(
            {
                "hits": hits,
                "false": false,
                "targets": targets,
                "images": images,
                "rates": rates,
                "false_per_image": fps,
                "sensitivity": sens,
                "score": compute_froc_score(fps, sens, rates),
            }
        )
    write("monai_froc", "monai", {"cases": cases})


def torchmetrics():
    import torch
    from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision, BinaryCalibrationError
    from torchmetrics.detection import MeanAveragePrecision
    from torchmetrics.image.fid import _compute_fid
    from torchmetrics.image.kid import poly_mmd

    scores = []
    for y, a, _ in [*score_sets(), (np.array([0, 0, 1, 1, 1]), np.array([0.25, 0.25, 0.55, 0.75, 0.75]), None)]:
        t, p = torch.tensor(y), torch.tensor(a, dtype=torch.float64)
        found = {
            f"{norm}_{bins}": BinaryCalibrationError(n_bins=bins, norm=norm)(p, t).item()
            for bins in (2, 5, 10)
            for norm in ("l1", "max")
        }
        scores.append(
            {
                "labels": y,
                "probabilities": a,
                "auc": BinaryAUROC()(p, t),
                "average_precision": BinaryAveragePrecision()(p, t),
                **found,
            }
        )
    detections = []

    def boxes_of(values):
        return torch.tensor(np.array(values), dtype=torch.float64).reshape(-1, 4)

    def classes(values):
        return torch.zeros(len(values), dtype=torch.int64)

    for truths, boxes, confidence in box_sets():
        # torchmetrics makes its default thresholds in float32, where a recall of 0.3 fails "0.30000001";
        # pycocotools, which it wraps, uses these. Both answers are kept.
        metric = MeanAveragePrecision(
            iou_thresholds=np.linspace(0.5, 0.95, 10).tolist(), rec_thresholds=np.linspace(0, 1, 101).tolist()
        )
        default = MeanAveragePrecision()
        found = [
            {"boxes": boxes_of(b), "scores": torch.tensor(np.array(s), dtype=torch.float64), "labels": classes(b)}
            for b, s in zip(boxes, confidence, strict=True)
        ]
        for one in (metric, default):
            one.update(found, [{"boxes": boxes_of(t), "labels": classes(t)} for t in truths])
        result = metric.compute()
        names = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large")
        detections.append(
            {
                "truths": [np.array(t) for t in truths],
                "boxes": [np.array(b) for b in boxes],
                "scores": confidence,
                **{n: result[n] for n in names},
                "map_default": default.compute()["map"],
            }
        )
    rng, features = np.random.default_rng(8), []
    for n, m, d in ((3, 3, 2), (20, 15, 4), (40, 40, 6)):
        a, b = rng.normal(size=(n, d)).round(3), (rng.normal(size=(m, d)) * 1.2 + 0.3).round(3)
        if n == 3:
            a, b = np.array([[0, 0], [1, 0], [0, 1]], float), np.array([[1, 1], [2, 0], [0, 2]], float)
        ta, tb = torch.tensor(a), torch.tensor(b)
        fid = _compute_fid(ta.mean(0), torch.cov(ta.T), tb.mean(0), torch.cov(tb.T))
        kid = poly_mmd(ta, tb).item() if n == m else None  # torchmetrics draws subsets of one size
        features.append({"real": a, "synthetic": b, "fid": fid, "kid": kid})
    write("torchmetrics", "torchmetrics", {"scores": scores, "detections": detections, "features": features})


def agreement():
    import irrCAC.raw
    import krippendorff
    import pandas as pd

    rng, alphas, ac1 = np.random.default_rng(3), [], []
    for readers, cases in ((2, 12), (3, 20), (5, 15)):
        truth = rng.integers(1, 6, cases)
        ratings = (truth + rng.integers(-1, 2, (readers, cases))).clip(1, 5).astype(float)
        ac1.append(
            {
                "a": ratings[0].copy(),
                "b": ratings[1].copy(),
                "ac1": irrCAC.raw.CAC(pd.DataFrame(ratings[:2].T), digits=12).gwet()["est"]["coefficient_value"],
            }
        )
        ratings[rng.random(ratings.shape) < 0.1] = np.nan
        found = {
            level: krippendorff.alpha(ratings, level_of_measurement=level)
            for level in ("nominal", "ordinal", "interval")
        }
        alphas.append({"ratings": ratings, **found})
    write("krippendorff", "krippendorff", {"cases": alphas})
    write("irrcac", "irrCAC", {"cases": ac1})


def statsmodels():
    import statsmodels.api as sm
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.inter_rater import fleiss_kappa
    from statsmodels.stats.proportion import proportion_confint

    textbook = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    slopes = []
    for y, a, _ in score_sets():
        logit = np.log(a / (1 - a))
        patients = np.arange(len(y)) // 3
        fit = sm.GLM(y, sm.add_constant(logit), family=sm.families.Binomial()).fit(
            tol=1e-12, cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
        )
        large = sm.GLM(y, np.ones(len(y)), family=sm.families.Binomial(), offset=logit).fit(tol=1e-12)
        slopes.append(
            {
                "labels": y,
                "probabilities": a,
                "groups": patients,
                "intercept": fit.params[0],
                "slope": fit.params[1],
                "slope_se": fit.bse[1],
                "in_the_large": large.params[0],
            }
        )
    cells = [(0, 20), (20, 20), (14, 15), (93, 100), (55, 85)]
    intervals = [
        {
            "successes": k,
            "n": n,
            "wilson": proportion_confint(k, n, method="wilson"),
            "clopper-pearson": proportion_confint(k, n, method="beta"),
        }
        for k, n in cells
    ]
    tests = [
        {
            "b": b,
            "c": c,
            "exact_p": mcnemar([[0, b], [c, 0]], exact=True).pvalue,
            "chi2": mcnemar([[0, b], [c, 0]], exact=False).statistic,
            "p": mcnemar([[0, b], [c, 0]], exact=False).pvalue,
        }
        for b, c in ((10, 2), (7, 6))
    ]
    write(
        "statsmodels",
        "statsmodels",
        {
            "fleiss": [{"table": textbook, "kappa": fleiss_kappa(np.array(textbook))}],
            "calibration": slopes,
            "intervals": intervals,
            "mcnemar": tests,
        },
    )


def mapie():
    from mapie.classification import SplitConformalClassifier
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(4)
    x = rng.normal(size=(240, 2))
    y = (x[:, 0] + 0.8 * rng.normal(size=240) > 0).astype(int)
    model = LogisticRegression().fit(x[:80], y[:80])
    probabilities, levels = model.predict_proba(x), [0.8, 0.9, 0.95]
    split = SplitConformalClassifier(model, confidence_level=levels, prefit=True, conformity_score="lac")
    sets = split.conformalize(x[80:160], y[80:160]).predict_set(x[160:])[1]
    write(
        "mapie",
        "mapie",
        {
            "calibration_labels": y[80:160],
            "calibration_probabilities": probabilities[80:160],
            "probabilities": probabilities[160:],
            "levels": levels,
            "sets": sets.transpose(2, 0, 1).astype(int),
        },
    )


def vandyke(path):
    """AUCs and covariances by brute force: DeLong's kernel matrix, and leaving out one case at a time."""
    from sklearn.metrics import roc_auc_score

    with Path(path).open() as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    cases = sorted({r["case"] for r in rows})
    truth = np.array([next(r["truth"] for r in rows if r["case"] == c) for c in cases], dtype=int)
    keys = sorted({(r["modality"], r["reader"]) for r in rows})
    rating = {(r["modality"], r["reader"], r["case"]): r["rating"] for r in rows}
    x = np.array([[rating[(*key, c)] for c in cases] for key in keys])
    areas = np.array([roc_auc_score(truth, row) for row in x])
    kernel = np.array([np.heaviside(np.subtract.outer(row[truth == 1], row[truth == 0]), 0.5) for row in x])
    delong = np.cov(kernel.mean(axis=2)) / truth.sum() + np.cov(kernel.mean(axis=1)) / (1 - truth).sum()
    kept = [np.delete(np.arange(len(truth)), k) for k in range(len(truth))]
    left = np.array([[roc_auc_score(truth[k], row[k]) for k in kept] for row in x])
    jackknife = np.cov(left) * (len(truth) - 1) ** 2 / len(truth)
    note = "AUCs and covariances of Van Dyke et al. 1993 (5 readers, 2 modalities, 114 cases, 45 diseased); no ratings."
    shape = (len({k[0] for k in keys}), -1)
    write(
        "vandyke",
        "scikit-learn",
        {"note": note, "n": len(truth), "areas": areas.reshape(shape), "delong": delong, "jackknife": jackknife},
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vandyke", help="CSV of the Van Dyke ratings; without it vandyke.json is left as it is")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for make in (mlstatkit, dcurves, masks, monai_froc, torchmetrics, agreement, statsmodels, mapie):
        make()
    if options.vandyke:
        vandyke(options.vandyke)


if __name__ == "__main__":
    main()
