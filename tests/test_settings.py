"""Settings: the environment is read, bad values are named, and one function names a device."""

from pathlib import Path

import pytest

from thyrolearn import settings
from thyrolearn.errors import SettingsError


def test_environment_is_read_and_arguments_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THYROLEARN_TIER", "full")
    monkeypatch.setenv("THYROLEARN_ROOT", str(tmp_path))
    monkeypatch.setenv("THYROLEARN_SEED", "7")
    found = settings.current()
    assert (found.tier, found.root, found.seed) == ("full", tmp_path, 7)
    assert found.budget == settings.TIERS["full"]
    assert settings.current(tier="lesson").budget == settings.TIERS["lesson"]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [("TIER", "huge", "'lesson' or 'full'"), ("DEVICE", "tpu", "'auto'"), ("SEED", "-1", "greater than or equal to 0")],
)
def test_a_bad_value_names_variable_and_allowed_values(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"THYROLEARN_{variable}", value)
    with pytest.raises(SettingsError, match=words) as caught:
        settings.current()
    assert f"THYROLEARN_{variable}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_here_is_refused_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.delenv("THYROLEARN_DEVICE", raising=False)
    assert settings.device("cpu").type == "cpu"
    with pytest.raises(SettingsError, match="cpu"):
        settings.device("mps")


def test_auto_prefers_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert settings.device("auto").type == "mps"


def test_a_tier_changes_the_budget_and_nothing_else() -> None:
    lesson, full = settings.current(tier="lesson"), settings.current(tier="full")
    differing = {name for name in settings.Settings.model_fields if getattr(lesson, name) != getattr(full, name)}
    assert differing == {"tier"}


def test_the_checkouts_own_folders_are_used() -> None:
    found = settings.folders()
    assert found.checkout is not None
    assert found.notebooks == found.checkout / "notebooks"
    assert found.datasets.is_dir()
