"""What a trained encoder makes of every image or frame, once, so that a small network on top learns in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from thyrolearn.data import Cohort

__all__ = ["Features", "embeddings", "features"]


@dataclass(frozen=True, eq=False)
class Features:
    """Batches whose images are vectors: ``images`` float32 (n, channels), of clips (n, frames, channels).

    ``labels``, ``groups`` and ``cohort`` are those of the batches they were made of; `fit` and `Run` take them alike.
    """

    images: Tensor
    labels: Tensor
    groups: np.ndarray
    cohort: Cohort

    def __len__(self) -> int:
        return len(self.images)

    def with_images(self, images: Tensor) -> Features:
        """The same rows with other vectors, such as frames in another order."""
        return Features(images, self.labels, self.groups, self.cohort)

    def __getitem__(self, index: Any) -> Features:
        """The rows of a slice, a list of positions or a boolean mask."""
        rows = np.arange(len(self))[index]
        return Features(self.images[rows], self.labels[rows], self.groups[rows], self.cohort[rows])


def features(encoder: nn.Module, batches: Any, *, batch: int = 32) -> Features:
    """Return ``encoder.embed`` of every image of ``batches``, or of every frame where they are clips.

    As `embeddings`, with labels and patients kept beside them. Lessons: architectures/rnn, training/transfer.

    >>> import numpy as np
    >>> from thyrolearn import data, models
    >>> few = data.Cohort(data.Case.of(np.zeros((40, 40), np.uint8), id=str(i), label=0) for i in range(3))
    >>> features(models.create("resnet", width=4), data.batches(few, size=32)).images.shape
    torch.Size([3, 32])
    """
    images = batches.images
    made = embeddings(encoder, images.flatten(0, 1) if images.dim() == 5 else images, batch=batch)
    made = made.unflatten(0, images.shape[:2]) if images.dim() == 5 else made
    return Features(made, batches.labels, np.asarray(batches.groups), batches.cohort)


def embeddings(
    encoder: nn.Module, images: Tensor, *, size: int | None = None, half: bool = False, batch: int = 32
) -> Tensor:
    """Return ``encoder.embed`` of ``images`` (n, 1, h, w), uint8 or from 0 to 1, as float32 (n, channels) on the CPU.

    The encoder is left as it is, in evaluation mode meanwhile. ``size`` brings the pictures to ``size`` x ``size``
    pixels first. ``half`` takes bfloat16 where the device has it: for a forward pass alone that halved the time of
    EfficientNet-Lite0 on a CPU, depthwise convolutions included. Lesson: architectures/diffusion_and_foundation.

    >>> import torch
    >>> from thyrolearn import models
    >>> grey = torch.zeros(3, 1, 32, 32, dtype=torch.uint8)
    >>> embeddings(models.create("lite0", weights="random"), grey, size=64).shape
    torch.Size([3, 1280])
    """
    import torch
    from torch.nn.functional import interpolate

    from thyrolearn.training.hints import has_bfloat16, layout
    from thyrolearn.training.run import floats

    place, mode = next(encoder.parameters()).device, encoder.training
    encoder.eval()
    found = []
    with torch.no_grad(), torch.autocast(place.type, torch.bfloat16, enabled=half and has_bfloat16(place)):
        for part in images.split(batch):
            shown = floats(part.to(place)).to(memory_format=layout(encoder, place))
            if size is not None:
                shown = interpolate(shown, size=(size, size), mode="bilinear", antialias=True)
            found.append(encoder.embed(shown).float().cpu())  # type: ignore[operator]
    encoder.train(mode)
    return torch.cat(found)
