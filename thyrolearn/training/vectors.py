"""What a trained encoder makes of every image or frame, once, so that a small network on top learns in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from thyrolearn.data import Cohort

__all__ = ["Features", "features"]


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


def features(encoder: nn.Module, batches: Any, *, batch: int = 256) -> Features:
    """Return ``encoder.embed`` of every image of ``batches``, or of every frame where they are clips.

    The encoder is left as it is, in evaluation mode meanwhile. Lessons: architectures/rnn, training/transfer.

    >>> import numpy as np
    >>> from thyrolearn import data, models
    >>> few = data.Cohort(data.Case.of(np.zeros((40, 40), np.uint8), id=str(i), label=0) for i in range(3))
    >>> features(models.create("resnet", width=4), data.batches(few, size=32)).images.shape
    torch.Size([3, 32])
    """
    import torch

    from thyrolearn.training.run import floats

    images, mode = batches.images, encoder.training
    flat = images.flatten(0, 1) if images.dim() == 5 else images
    place = next(encoder.parameters()).device
    encoder.eval()
    with torch.no_grad():
        parts = [encoder.embed(floats(part.to(place))).float().cpu() for part in flat.split(batch)]  # type: ignore[operator]
    encoder.train(mode)
    made = torch.cat(parts)
    made = made.unflatten(0, images.shape[:2]) if images.dim() == 5 else made
    return Features(made, batches.labels, np.asarray(batches.groups), batches.cohort)
