"""Networks with a memory: the cells by the book, and nets for clips (lesson architectures/rnn).

A clip is (n, frames, 1, h, w) float32 from 0 to 1; logits (n, outputs) come out. From scratch these do not learn in a
laptop's minute: train a still-image encoder first and hand it over with `ClipNet.warm_start`.
"""

import torch
from torch import Tensor, nn

from thyrolearn.errors import ParameterError
from thyrolearn.models.blocks import Classifier, conv_unit
from thyrolearn.models.cnn_modern import ResNet

__all__ = ["LSTMCell", "GRUCell", "unroll", "AttentionPool", "Joiner", "ClipNet", "CurveNet", "ConvLSTMCell",
           "ConvLSTM", "RowGRU"]  # fmt: skip


class LSTMCell(nn.Module):
    """One step of long short-term memory: Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000.

    Input, forget and output gate are numbers from 0 to 1 that say how much of the new enters the memory ``c``, how
    much of the old stays, how much is shown. Weights are named and laid out as in ``torch.nn.LSTMCell``.

    >>> h, c = LSTMCell(4, 8)(torch.zeros(2, 4), (torch.zeros(2, 8), torch.zeros(2, 8)))
    >>> h.shape
    torch.Size([2, 8])
    """

    gates = 4

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        rows = self.gates * hidden
        self.weight_ih = nn.Parameter(torch.empty(rows, inputs))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden))
        self.bias_ih, self.bias_hh = nn.Parameter(torch.empty(rows)), nn.Parameter(torch.empty(rows))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def start(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """An empty memory for the batch ``x``."""
        zero = x.new_zeros(len(x), self.hidden)
        return zero, zero

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """(n, inputs) and (h, c), both (n, hidden), to the next (h, c)."""
        h, c = state
        gates = x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        enter, forget, new, show = gates.chunk(4, dim=1)
        c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
        return show.sigmoid() * c.tanh(), c


class GRUCell(LSTMCell):
    """One step of a gated recurrent unit: Cho et al. 2014, arXiv 1406.1078; two gates, no separate memory.

    >>> GRUCell(4, 8)(torch.zeros(2, 4), (torch.zeros(2, 8),))[0].shape
    torch.Size([2, 8])
    """

    gates = 3

    def start(self, x: Tensor) -> tuple[Tensor]:  # type: ignore[override]
        """An empty memory for the batch ``x``."""
        return (x.new_zeros(len(x), self.hidden),)

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor]:  # type: ignore[override]
        """(n, inputs) and (h,), (n, hidden), to the next (h,)."""
        (h,) = state
        reset_x, update_x, new_x = (x @ self.weight_ih.T + self.bias_ih).chunk(3, dim=1)
        reset_h, update_h, new_h = (h @ self.weight_hh.T + self.bias_hh).chunk(3, dim=1)
        update = (update_x + update_h).sigmoid()
        new = (new_x + (reset_x + reset_h).sigmoid() * new_h).tanh()
        return ((1 - update) * new + update * h,)


def unroll(cell: nn.Module, x: Tensor) -> Tensor:
    """Step ``cell`` along time: (n, frames, ...) to the shown state of every step, (n, frames, hidden, ...).

    >>> unroll(GRUCell(4, 8), torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 8])
    """
    state = cell.start(x[:, 0])  # type: ignore[operator]
    shown = []
    for step in x.unbind(dim=1):
        state = cell(step, state)
        shown.append(state[0])
    return torch.stack(shown, dim=1)


class AttentionPool(nn.Module):
    """A weighted mean over frames, the weights by gated attention: Ilse et al. 2018, arXiv 1802.04712.

    After a call ``weights`` holds what each frame counted, (n, frames).

    >>> AttentionPool(8)(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 8])
    """

    def __init__(self, channels: int, hidden: int = 32) -> None:
        super().__init__()
        self.see, self.gate, self.score = nn.Linear(channels, hidden), nn.Linear(channels, hidden), nn.Linear(hidden, 1)
        self.weights: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(n, frames, channels) to (n, channels)."""
        weights = self.score(self.see(x).tanh() * self.gate(x).sigmoid()).softmax(dim=1)
        self.weights = weights.detach()[..., 0]
        return (weights * x).sum(dim=1)


class Joiner(nn.Module):
    """Frames that are vectors already, joined to one vector a clip, and a linear head.

    ``join`` is "mean" (no order at all, the baseline), "attention" (which frames matter), "gru" or "lstm" (what came
    before). `ClipNet` is this on top of an encoder; alone it learns in a second from features made once
    (`thyrolearn.training.features`).

    >>> Joiner(channels=8)(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 1])
    """

    def __init__(
        self, outputs: int = 1, size: int = 64, channels: int = 128, join: str = "gru", hidden: int = 32
    ) -> None:
        super().__init__()
        if join not in ("mean", "attention", "gru", "lstm"):
            raise ParameterError(f"Frames cannot be joined by {join!r}.", "Give mean, attention, gru or lstm.")
        self.memory = (
            {"gru": nn.GRU, "lstm": nn.LSTM}[join](channels, hidden, batch_first=True) if join[-1] in "um" else None
        )
        self.pool = AttentionPool(channels) if join == "attention" else None
        self.head = nn.Linear(hidden if self.memory is not None else channels, outputs)

    def joined(self, frames: Tensor) -> Tensor:
        """(n, frames, channels) to one vector a clip."""
        if self.memory is not None:
            return self.memory(frames)[0].mean(dim=1)
        return self.pool(frames) if self.pool is not None else frames.mean(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of features (n, frames, channels)."""
        return self.head(self.joined(x))


class ClipNet(Joiner):
    """A still-image encoder on every frame, then a `Joiner`.

    ``frozen`` leaves a warm-started encoder as it is, which makes training cheaper by the backward pass.

    >>> ClipNet(width=4)(torch.zeros(2, 5, 1, 32, 32)).shape
    torch.Size([2, 1])
    """

    def __init__(
        self, outputs: int = 1, size: int = 64, width: int = 16, join: str = "gru", hidden: int = 32,
        frozen: bool = False,
    ) -> None:  # fmt: skip
        encoder: Classifier = ResNet(1, size, width)
        super().__init__(outputs, size, encoder.channels, join, hidden)
        self.encoder = encoder
        self.encoder.head = nn.Identity()  # type: ignore[assignment]
        self.frozen = frozen
        self.encoder.requires_grad_(not frozen)

    def warm_start(self, still: nn.Module) -> "ClipNet":
        """Take the encoder's weights from the still-image network ``still`` ("resnet" of the same width)."""
        tensors = {k: v for k, v in still.state_dict().items() if not k.startswith("head.")}
        try:
            self.encoder.load_state_dict(tensors)
        except RuntimeError:
            raise ParameterError(
                "The still network is not this encoder.", "Train a 'resnet' of the same width."
            ) from None
        return self

    def train(self, mode: bool = True) -> "ClipNet":
        """As in torch, but a frozen encoder keeps its batch statistics."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def embed(self, x: Tensor) -> Tensor:
        """Return one vector a clip, (n, channels)."""
        return self.joined(self.encoder.embed(x.flatten(0, 1)).unflatten(0, x.shape[:2]))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of clips (n, frames, 1, h, w)."""
        return self.head(self.embed(x))


class CurveNet(nn.Module):
    """Time-intensity curves, one row a tissue: with a memory of the order of the steps, or without.

    ``join`` is "gru" or "lstm" (states averaged over time) or "mean": each step alone passes two layers, and the
    results are averaged, so that any order of the steps gives the same answer (deep sets: Zaheer et al. 2017,
    arXiv 1703.06114).

    >>> CurveNet()(torch.zeros(4, 1, 2, 60)).shape
    torch.Size([4, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, join: str = "gru", hidden: int = 16, rows: int = 2) -> None:
        super().__init__()
        if join not in ("mean", "gru", "lstm"):
            raise ParameterError(f"Steps cannot be joined by {join!r}.", "Give mean, gru or lstm.")
        layers = nn.Sequential(nn.Linear(rows, 2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, hidden), nn.ReLU())
        memory = {"gru": nn.GRU, "lstm": nn.LSTM}.get(join)
        self.steps = layers if memory is None else memory(rows, hidden, batch_first=True)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of curves (n, 1, rows, steps)."""
        shown = self.steps(x[:, 0].transpose(1, 2))
        shown = shown[0] if isinstance(shown, tuple) else shown
        return self.head(shown.mean(dim=1))


class ConvLSTMCell(nn.Module):
    """An LSTM whose memory is a picture and whose products are convolutions: Shi et al. 2015, arXiv 1506.04214.

    >>> h, c = ConvLSTMCell(4, 8)(torch.zeros(2, 4, 6, 6), (torch.zeros(2, 8, 6, 6), torch.zeros(2, 8, 6, 6)))
    >>> h.shape
    torch.Size([2, 8, 6, 6])
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(inputs + hidden, 4 * hidden, 3, padding=1)

    def start(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """An empty memory for the batch ``x``, (n, inputs, h, w)."""
        zero = x.new_zeros(len(x), self.hidden, *x.shape[2:])
        return zero, zero

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """(n, inputs, h, w) and (h, c) to the next (h, c)."""
        h, c = state
        enter, forget, new, show = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
        c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
        return show.sigmoid() * c.tanh(), c


class ConvLSTM(nn.Module):
    """Two stride-2 convolutions a frame, a `ConvLSTMCell` along time, the last memory averaged over place.

    >>> ConvLSTM(width=4)(torch.zeros(2, 5, 1, 32, 32)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            conv_unit(1, width, stride=2), conv_unit(width, 2 * width, stride=2), nn.MaxPool2d(2)
        )
        self.cell = ConvLSTMCell(2 * width, 2 * width)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of clips (n, frames, 1, h, w)."""
        frames = self.encoder(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return self.head(unroll(self.cell, frames)[:, -1].mean(dim=(2, 3)))


class RowGRU(nn.Module):
    """A still picture read line by line, down the beam: each row of pixels is one step of a two-way GRU.

    The plainest way to give a picture to a recurrent network (Le, Jaitly and Hinton 2015, arXiv 1504.00941, read
    digits so, a pixel a step). Lesson: architectures/comparison.

    >>> RowGRU(hidden=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, hidden: int = 64) -> None:
        super().__init__()
        self.memory = nn.GRU(size, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of images (n, 1, size, size), whose rows are the steps."""
        return self.head(self.memory(x[:, 0] - 0.3)[0].mean(dim=1))
