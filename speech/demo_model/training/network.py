"""The acoustic model: a small network that hears 45 steps of 10 ms and tells what sounds in the middle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from speech.demo_model.training.features import DIMENSION
from speech.demo_model.training.phones import FIRST_PDF, PDF_COUNT, UNKNOWN
from speech.demo_model.training.synthesis import Heard

SPLICE: Final = 4
DILATIONS: Final = (1, 1, 2, 2)
# Vosk evaluates the network at every third step (--frame-subsampling-factor=3), so it is trained that way.
EVERY: Final = 3
CONTEXT: Final = SPLICE + EVERY * sum(DILATIONS)
WIDTH: Final = 256

_BATCH = 64
_OUTPUTS = 80
_SPAN = EVERY * (_OUTPUTS - 1) + 1 + 2 * CONTEXT
_WARM_UP = 0.1
_TRIAL_STEPS = 60000
_REPORT_EVERY = 250


class Network(nn.Module):  # type: ignore[misc, unused-ignore] # torch is not installed where types are checked
    """Convolutions over time, each followed by a rectifier and a normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(DIMENSION))
        self.register_buffer("scale", torch.ones(DIMENSION))
        self.first = nn.Conv1d(DIMENSION, WIDTH, 2 * SPLICE + 1, stride=EVERY)
        self.layers = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation) for dilation in DILATIONS)
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(len(DILATIONS) + 1))
        self.last = nn.Conv1d(WIDTH, PDF_COUNT, 1)

    def forward(self, features: Any) -> Any:
        """From (batch, steps, features) to scores (batch, PDF_COUNT, every third step)."""
        heard = ((features - self.mean) * self.scale).transpose(1, 2)
        heard = self.norms[0](functional.relu(self.first(heard)))
        for layer, norm in zip(self.layers, self.norms[1:], strict=True):
            heard = norm(functional.relu(layer(heard)))
        return self.last(heard)


@dataclass(frozen=True)
class Trained:
    """A trained network, and how often each score was the right one."""

    network: Network
    shares: NDArray[np.float64]

    def save(self, file: Path) -> None:
        torch.save({"network": self.network.state_dict(), "shares": torch.from_numpy(self.shares)}, file)

    @classmethod
    def load(cls, file: Path) -> "Trained":
        stored = torch.load(file)
        network = Network()
        network.load_state_dict(stored["network"])
        return cls(network, stored["shares"].numpy())


def train(heard: Heard, steps: int, peak_rate: float, seed: int, file: Path, before: Trained | None) -> Trained:
    """Learn from steps drawn at random, the last ten minutes kept back for a trial; `file` has the state so far.

    What was trained `before` goes on learning.

    One thread and half precision: on processors that know bfloat16 nothing else is as fast.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    learnt = Heard(heard.features[:-_TRIAL_STEPS], heard.labels[:-_TRIAL_STEPS])
    trial = Heard(heard.features[-_TRIAL_STEPS:], heard.labels[-_TRIAL_STEPS:])
    counts = np.bincount(learnt.labels, minlength=PDF_COUNT) + 1.0
    network = before.network.train() if before else _fitted_to(learnt)
    trained = Trained(network, counts / counts.sum())
    optimiser = torch.optim.AdamW(network.parameters(), peak_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak_rate, total_steps=steps, pct_start=_WARM_UP)
    for step in range(1, steps + 1):
        features, labels = _draw(learnt, chance)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = network(features)
        loss = functional.cross_entropy(scores.float(), labels, label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % _REPORT_EVERY == 0 or step == steps:
            print(f"step {step} of {steps}: loss {loss.item():.3f}, {_right(network, trial)}", flush=True)  # noqa: T201
            trained.save(file)
    network.eval()
    return trained


def _fitted_to(heard: Heard) -> Network:
    network = Network()
    sample = heard.features[::7].astype(np.float32)
    network.mean.copy_(torch.from_numpy(sample.mean(0)))
    network.scale.copy_(torch.from_numpy(1 / sample.std(0)))
    return network


def _draw(heard: Heard, chance: Generator) -> tuple[Any, Any]:
    starts = chance.integers(0, len(heard.features) - _SPAN, _BATCH)[:, None]
    features = heard.features[starts + np.arange(_SPAN)].astype(np.float32)
    labels = heard.labels[starts + CONTEXT + EVERY * np.arange(_OUTPUTS)].astype(np.int64)
    return torch.from_numpy(features), torch.from_numpy(labels)


def _right(network: Network, trial: Heard) -> str:
    """How much of the trial is right: of all steps, of speech, of what isn't to be understood."""
    network.eval()
    with torch.no_grad():
        scores = network(torch.from_numpy(trial.features.astype(np.float32))[None])[0]
    network.train()
    labels = trial.labels[CONTEXT:-CONTEXT:EVERY].astype(np.int64)[: scores.shape[1]]
    guesses = scores.argmax(0).numpy()[: len(labels)]
    is_right = guesses == labels
    is_unknown = labels == FIRST_PDF[UNKNOWN]
    is_speech = labels > FIRST_PDF[UNKNOWN]
    return (
        f"right {is_right.mean():.3f}, speech {is_right[is_speech].mean():.3f}, "
        f"unknown {is_right[is_unknown].mean():.3f}"
    )
