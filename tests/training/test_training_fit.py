"""The loop against a plain one, against a kill, against an easy problem, and on two processes."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from thyrolearn import models, seeding
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.training import Run, classification, fit
from thyrolearn.training.hints import _OTHERS as spared_from
from thyrolearn.training.hints import hints, layout, one_cycle, spared
from thyrolearn.training.loop import smaller


class Toy:
    """Speckle; the malignant half has a dark blob in the middle. Stands in for data.Batches."""

    def __init__(self, count, seed=0, size=32):
        rng = seeding.stream(seed, "toy")
        images = rng.rayleigh(60, (count, 1, size, size))
        self.labels = torch.from_numpy((np.arange(count) % 2).astype(np.float32))
        z, x = np.mgrid[:size, :size] - size / 2
        blob = 0.5 * np.exp(-(z**2 + x**2) / (2 * (size / 6) ** 2))
        images = images * (1 - blob * self.labels.numpy()[:, None, None, None])
        self.images = torch.from_numpy(images.clip(0, 255).astype(np.uint8))
        self.groups = np.array([f"toy:{n // 2}" for n in range(count)])

    def __len__(self):
        return len(self.images)


def _fit(name="resnet", **options):
    options = {"epochs": 3, "batch": 16, "augment": False, "progress": False, "device": "cpu"} | options
    data = options.pop("data", None) or Toy(64)
    return fit(models.create(name, size=32, width=4), classification(), data, **options)


def test_narrow_networks_survive_large_maps():
    """Strided 1 x 1 convolutions on few channels, channels last, end the process on large maps: so it has its own."""
    script = """
    import torch
    from thyrolearn import models, training

    class Frames:
        masks = torch.zeros(8, 1, 128, 192, dtype=torch.uint8)
        masks[..., 40:80, 60:120] = 1
        images, groups = 90 * masks, range(8)

        def __len__(self):
            return 8

    for name in ("leanunet", "transunet"):
        net = models.create(name, width=8)
        training.fit(net, training.segmentation(), Frames(), epochs=6, batch=4, progress=False, device="cpu")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


def test_easy_task_is_learned():
    run = _fit(data=Toy(256), epochs=4, validation=Toy(128, seed=1))
    assert run.history[-1]["validation_auc"] > 0.9
    assert run.history[-1]["loss"] < run.history[0]["loss"] / 1.5
    assert run.predictions["validation"].shape == (128,)


def test_equals_a_plain_loop():
    """Float32, no augmentation: the same losses as fifteen lines of PyTorch."""
    data, seed, epochs, batch = Toy(48), 5, 3, 16
    run = _fit(data=data, seed=seed, epochs=epochs, batch=batch, half=False)

    # In memory as fit has it: another order there is another order of sums, which batch norm magnifies.
    model = models.create("resnet", size=32, width=4)
    model.to(memory_format=layout(model, torch.device("cpu")))
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
    total, done = epochs * 3, 0
    for epoch in range(epochs):
        words = seeding.stream(seed, "order", epoch).bit_generator.random_raw(48)
        losses = []
        for index in torch.from_numpy(np.argsort(words, kind="stable")).split(batch):
            optimiser.param_groups[0]["lr"] = 4e-3 * one_cycle(done / (total - 1))
            logits = model(data.images[index].float() / 255)[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(logits, data.labels[index])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
            done += 1
        assert run.history[epoch]["loss"] == pytest.approx(np.mean(losses), abs=1e-6)


def test_one_cycle_equals_torch():
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1.0, total_steps=10_000, cycle_momentum=False)
    for step in range(10_000):
        if step % 500 == 0:
            assert one_cycle(step / 9_999) == pytest.approx(schedule.get_last_lr()[0], abs=1e-3)
        optimiser.step()
        if step < 9_999:
            schedule.step()


class _Kill(Exception):
    pass


@pytest.mark.parametrize("patience", [None, 5])
def test_resume_after_a_kill_is_bit_equal(tmp_path, patience):
    noise = lambda images, generator: images + 0.1 * torch.rand(images.shape, generator=generator)  # noqa: E731
    given = {"epochs": 4, "augment": noise, "validation": Toy(32, seed=1), "patience": patience}
    whole = _fit(folder=tmp_path / "whole", **given)

    calls = []

    def dying(images, generator):
        calls.append(1)
        if len(calls) == 11:  # in the third epoch of four batches each
            raise _Kill
        return noise(images, generator)

    with pytest.raises(_Kill):
        _fit(folder=tmp_path / "cut", **(given | {"augment": dying}))
    resumed = _fit(folder=tmp_path / "cut", **given)
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in whole.history]
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_resume_refuses_other_settings(tmp_path):
    _fit(folder=tmp_path, epochs=1)
    with pytest.raises(ParameterError, match="rate"):
        _fit(folder=tmp_path, epochs=1, rate=1e-3)
    with pytest.raises(ParameterError, match="data"):
        _fit(folder=tmp_path, epochs=1, data=Toy(64, seed=4))
    assert len(_fit(folder=tmp_path, epochs=2, resume=False).history) == 2


def test_a_kill_between_the_two_files_is_survived(tmp_path):
    _fit(folder=tmp_path, epochs=2)
    old = (tmp_path / "checkpoint.safetensors").read_bytes()
    whole = _fit(folder=tmp_path / "b", epochs=2)
    (tmp_path / "checkpoint.safetensors").write_bytes(old)
    again = _fit(folder=tmp_path, epochs=2)
    assert [row["loss"] for row in again.history] == [row["loss"] for row in whole.history]


def test_interrupt_keeps_the_finished_epochs(tmp_path, capsys):
    calls = []

    def stop(images, generator):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return images

    with pytest.raises(KeyboardInterrupt):
        _fit(folder=tmp_path, augment=stop)
    assert "1 finished epochs" in (said := capsys.readouterr().err) and str(tmp_path) in said
    assert len(_fit(folder=tmp_path, augment=lambda images, generator: images).history) == 3


def test_run_saves_and_loads(tmp_path):
    data = Toy(64, seed=2)
    run = _fit(validation=data, folder=tmp_path)
    same = Run.load(tmp_path)
    np.testing.assert_array_equal(same.predict(data), run.predict(data))
    np.testing.assert_array_equal(same.predictions["validation"], run.predictions["validation"])
    assert (same.history, same.settings, same.metrics) == (run.history, run.settings, run.metrics)
    assert same.environment["versions"]["torch"] == str(torch.__version__)
    assert "resnet" in repr(same) and "3 epochs" in repr(same)


def test_broken_runs_say_what_to_do(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        Run.load(tmp_path / "none")
    _fit(folder=tmp_path, epochs=1)
    with pytest.raises(DataError, match="another network"):
        Run.load(tmp_path, models.create("vgg"))
    (tmp_path / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(DataError, match=r"weights\.safetensors"):
        Run.load(tmp_path)


def test_accumulated_parts_make_the_same_step():
    one, four = _linear(1), _linear(4)
    assert [r["loss"] for r in one.history] == pytest.approx([r["loss"] for r in four.history], abs=1e-6)


def _linear(accumulate):
    model = models.create("linear", size=32)
    return fit(
        model, classification(), Toy(64), epochs=2, accumulate=accumulate, augment=False, progress=False, half=False
    )


def test_patience_stops_and_returns_the_best():
    run = _fit(data=Toy(128), validation=Toy(64, seed=3), epochs=30, patience=2)
    scores = [row["validation_auc"] for row in run.history]
    assert len(scores) == int(np.argmax(scores)) + 3 < 30
    assert run.task.monitor(Toy(64, seed=3), run.predict(Toy(64, seed=3))) == max(scores)
    with pytest.raises(ParameterError, match="validation"):
        _fit(patience=1)


def test_time_budget_ends_near_its_time_with_a_small_rate():
    run = _fit(epochs=None, cpu_seconds=1.0)
    assert 1.0 <= run.cpu_seconds < 1.5
    assert run.history[-1]["rate"] < 3e-4


def test_validation_that_cannot_be_judged_costs_no_run(capsys):
    benign = Toy(16)
    benign.labels[:] = 0
    assert len(_fit(validation=benign).history) == 3
    assert "not judged" in capsys.readouterr().err


def test_bad_input():
    for wrong in ({"epochs": None}, {"epochs": 1, "cpu_seconds": 1.0}, {"epochs": 0}, {"rate": -1.0}):
        with pytest.raises(ParameterError):
            _fit(**wrong)
    unlabelled = Toy(32)
    unlabelled.labels[3] = float("nan")
    with pytest.raises(DataError, match="1 of 32"):
        _fit(data=unlabelled)


def test_nothing_of_the_surroundings_is_changed():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    _fit(epochs=1)
    assert torch.get_num_threads() == threads
    torch.testing.assert_close(torch.rand(3), expected)


def test_a_training_begins_on_smaller_pictures():
    seen = []

    def spy(images, generator):
        seen.append(tuple(images.shape[2:]))
        return images

    _fit(data=Toy(64, size=64), epochs=4, augment=spy, small=0.5)
    assert seen[:7] == [(48, 48)] * 7 and seen[-7:] == [(64, 64)] * 7 and len(seen) == 16
    seen.clear()
    _fit(data=Toy(64, size=64), epochs=1, augment=spy)
    assert set(seen) == {(64, 64)}


def test_smaller_maps_keep_their_numbers():
    images, maps = torch.rand(2, 1, 64, 96), torch.zeros(2, 1, 64, 96, dtype=torch.uint8)
    maps[:, :, 16:48, 24:72] = 3
    shrunk, moved = smaller(images, maps, True)
    assert shrunk.shape == moved.shape == (2, 1, 48, 80)  # 72 columns would be no multiple of 16
    assert set(moved.unique().tolist()) == {0, 3} and (moved > 0).float().mean() == pytest.approx(0.25, abs=0.01)
    assert smaller(images, torch.ones(2), False)[1].shape == (2,)


def test_the_rate_rises_for_as_long_as_it_is_told():
    rates = {warm: [row["rate"] for row in _fit(epochs=5, rate=1e-3, warm=warm).history] for warm in (0.1, 0.9)}
    assert int(np.argmax(rates[0.1])) == 0 and int(np.argmax(rates[0.9])) >= 3
    for wrong in ({"warm": 1.0}, {"small": -0.1}):
        with pytest.raises(ParameterError, match="no share"):
            _fit(**wrong)


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("THYROLEARN_THREADS", "1")
    with hints() as threads:
        assert threads == torch.get_num_threads() == 1
    monkeypatch.delenv("THYROLEARN_THREADS")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with hints(1) as threads:  # a budget of CPU seconds: one thread wastes none
        assert threads == 1


def test_a_busy_machine_is_given_fewer_threads(monkeypatch):
    monkeypatch.delenv("THYROLEARN_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    for busy, threads in ((0.0, 2), (0.4, 2), (0.6, 1), (1.5, 1), (9.0, 1)):
        monkeypatch.setattr(spared_from, "cores", lambda busy=busy: busy)
        assert spared(2) == threads and spared(1) == 1
    seen = []
    monkeypatch.setattr("torch.set_num_threads", seen.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    _fit(epochs=2)
    assert seen[1:3] == [1, 1]  # each epoch looks anew, between what `hints` sets and sets back
    monkeypatch.setenv("THYROLEARN_THREADS", "2")
    assert spared(2) == 2


def test_what_others_keep_busy_leaves_out_ourselves(monkeypatch):
    looks = iter([(0.0, 0.0, 0.0), (10.0, 4.0, 9.0), (10.1, 4.0, 9.1), (12.0, 5.0, 10.0)])
    monkeypatch.setattr(type(spared_from), "_look", staticmethod(lambda: next(looks)))
    others = type(spared_from)()
    assert others.cores() == 0.5  # 9 s on all cores, 4 of them ours, in 10 s
    assert others.cores() == 0.5  # too soon for a new answer
    assert others.cores() == 0.0  # since then nobody else


def test_progress_is_plain_lines_on_stderr(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    _fit(progress=True)
    out = capsys.readouterr()
    assert out.out == "" and "\r" not in out.err
    assert out.err.count("training: epoch") == 3
    _fit(progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_two_processes_end_with_equal_weights(tmp_path):
    here = str(Path(__file__).parent)
    script = tmp_path / "two.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {here!r})
        from test_training_fit import _fit, Toy
        from thyrolearn.files import save_weights
        import torch.distributed as dist
        run = _fit(data=Toy(256), epochs=4, validation=Toy(128, seed=1), folder={str(tmp_path / "run")!r})
        # Both must grow their pictures and stop at the same step.
        timed = _fit(data=Toy(256), epochs=None, cpu_seconds=1.0, small=0.5)
        assert len(timed.history) > 0
        for name, done in (("rank", run), ("timed", timed)):
            save_weights({str(tmp_path)!r} + f"/{{name}}{{dist.get_rank()}}.safetensors", done.model.state_dict())
        dist.destroy_process_group()
        """)
    )
    env = os.environ | {"OMP_NUM_THREADS": "1", "THYROLEARN_DEVICE": "cpu", "ACCELERATE_USE_CPU": "true"}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone", str(script)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    from thyrolearn.files import load_weights

    for kind in ("rank", "timed"):
        first, second = (load_weights(tmp_path / f"{kind}{rank}.safetensors") for rank in (0, 1))
        assert all(torch.equal(first[name], second[name]) for name in first)
    together, alone = Run.load(tmp_path / "run"), _fit(data=Toy(256), epochs=4, validation=Toy(128, seed=1))
    estimate = alone.metrics["validation"]["auc"]
    assert estimate.low <= together.metrics["validation"]["auc"].value <= max(estimate.high, 1.0)
    assert together.environment["processes"] == 2
