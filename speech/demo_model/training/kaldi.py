"""The trained network as Kaldi writes it: am/final.mdl, byte for byte."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speech.demo_model.training.features import DIMENSION
from speech.demo_model.training.network import DILATIONS, EVERY, SPLICE, Trained
from speech.demo_model.training.phones import (
    FIRST_PDF,
    INITIALS,
    LOOP_PDF,
    PHONE_ID,
    PHONES,
    SILENCE,
    UNKNOWN,
    sound_of,
)

# A score is divided by how often its sound occurs; one that hardly does would then win everywhere.
_SHARE_FLOOR = 1e-3
# How likely a sound goes on for another 30 ms.
_STAYS = {SILENCE: 0.93, UNKNOWN: 0.93, "initial": 0.6, "final": 0.82}

Matrix = NDArray[np.float64]


def stays(phone: str) -> float:
    """The probability that this phone lasts another step."""
    sound = sound_of(phone)
    return _STAYS.get(sound) or _STAYS["initial" if sound in INITIALS else "final"]


def write_model(trained: Trained, file: Path) -> None:
    shares = np.maximum(trained.shares, _SHARE_FLOOR)
    contexts = _token("<LeftContext>") + _integer(0) + _token("<RightContext>") + _integer(0)  # worked out on loading
    file.parent.mkdir(parents=True, exist_ok=True)
    priors = _token("<Priors>") + _vector(shares / shares.sum())
    file.write_bytes(b"\0B" + _transitions() + _network(trained) + contexts + priors)


def _transitions() -> bytes:
    """One state a phone: it is left after a step, or stays. The transition numbers are 2 p and 2 p - 1."""
    topologies = sorted({_topology(phone) for phone in PHONES})
    written = [
        _token("<TransitionModel>") + _token("<Topology>"),
        _integers(PHONE_ID.values()),
        _integers([-1, *(topologies.index(_topology(phone)) for phone in PHONES)]),
        _integer(-1),  # a phone that stays has a score of its own
        _integer(len(topologies)),
    ]
    for staying, score_class in topologies:
        written += [_integer(2), _integer(0), _integer(score_class), _integer(2)]
        written += [_integer(0), _float(staying), _integer(1), _float(1 - staying)]
        written += [_integer(-1), _integer(-1), _integer(0)]
    written.append(_token("</Topology>") + _token("<Tuples>") + _integer(len(PHONES)))
    for phone, number in PHONE_ID.items():
        scores = (FIRST_PDF[sound_of(phone)], LOOP_PDF[sound_of(phone)])
        written += [_integer(value) for value in (number, 0, *scores)]
    chances = [0.0]
    for phone in PHONES:
        chances += [log(stays(phone)), log(1 - stays(phone))]
    written.append(_token("</Tuples>") + _token("<LogProbs>") + _vector(chances))
    return b"".join(written) + _token("</LogProbs>") + _token("</TransitionModel>")


def _topology(phone: str) -> tuple[float, int]:
    sound = sound_of(phone)
    return stays(phone), 0 if FIRST_PDF[sound] == LOOP_PDF[sound] else 1


@dataclass(frozen=True)
class _Layer:
    """A matrix over the outputs of the layer before it, at these steps from the present one."""

    weights: Matrix
    bias: Matrix
    offsets: tuple[int, ...]


def _layers(trained: Trained) -> list[_Layer]:
    """Each normalisation goes into the matrix after it, which changes nothing in what comes out."""
    network = trained.network
    scale, shift = _array(network.scale), _array(-network.mean * network.scale)
    found = []
    convolutions = [(network.first, tuple(range(-SPLICE, SPLICE + 1)))]
    convolutions += [(layer, (-EVERY * d, 0, EVERY * d)) for layer, d in zip(network.layers, DILATIONS, strict=True)]
    norms = [(_array(norm.weight), _array(norm.bias), norm) for norm in network.norms]
    for number, (convolution, offsets) in enumerate([*convolutions, (network.last, (0,))]):
        weights, bias = _array(convolution.weight), _array(convolution.bias)
        bias = bias + (weights * shift[None, :, None]).sum((1, 2))
        weights = weights * scale[None, :, None]
        found.append(_Layer(np.concatenate(list(np.moveaxis(weights, 2, 0)), axis=1), bias, offsets))
        if number < len(norms):
            gain, offset, norm = norms[number]
            scale = gain / np.sqrt(_array(norm.running_var) + norm.eps)
            shift = offset - _array(norm.running_mean) * scale
    return found


def _network(trained: Trained) -> bytes:
    layers = _layers(trained)
    wiring = [f"input-node name=input dim={DIMENSION}"]
    components: list[tuple[str, bytes]] = []
    before = "input"
    for number, layer in enumerate(layers):
        is_last = number == len(layers) - 1
        spliced = ", ".join(f"Offset({before}, {offset})" if offset else before for offset in layer.offsets)
        wiring.append(f"component-node name=affine{number} component=affine{number} input=Append({spliced})")
        components.append((f"affine{number}", _affine(layer)))
        kind, after = ("LogSoftmaxComponent", "scores") if is_last else ("RectifiedLinearComponent", f"relu{number}")
        wiring.append(f"component-node name={after} component={after} input=affine{number}")
        components.append((after, _nonlinearity(kind, len(layer.bias))))
        before = after
    wiring.append("output-node name=output input=scores objective=linear")
    head = _token("<Nnet3>") + b"\n" + "\n".join(wiring).encode() + b"\n\n"
    body = [_token("<ComponentName>") + _token(name) + component for name, component in components]
    return head + _token("<NumComponents>") + _integer(len(components)) + b"".join(body) + _token("</Nnet3>")


def _affine(layer: _Layer) -> bytes:
    rows, columns = layer.weights.shape
    matrix = b"FM " + _integer(rows) + _integer(columns) + layer.weights.astype("<f4").tobytes()
    inside = _token("<LinearParams>") + matrix + _token("<BiasParams>") + _vector(layer.bias)
    return _token("<FixedAffineComponent>") + inside + _token("</FixedAffineComponent>")


def _nonlinearity(kind: str, dimension: int) -> bytes:
    """With the statistics that Kaldi keeps while training, all of them empty."""
    written = _token(f"<{kind}>") + _token("<Dim>") + _integer(dimension)
    for name in ("ValueAvg", "DerivAvg", "Count", "OderivRms", "OderivCount", "NumDimsSelfRepaired"):
        written += _token(f"<{name}>") + (_vector([]) if name in ("ValueAvg", "DerivAvg", "OderivRms") else _double(0))
    return written + _token("<NumDimsProcessed>") + _double(0) + _token(f"</{kind}>")


def _array(tensor: object) -> Matrix:
    return np.asarray(tensor.detach().numpy(), np.float64)  # type: ignore[attr-defined] # a tensor of torch


def _token(name: str) -> bytes:
    return name.encode() + b" "


def _integer(value: int) -> bytes:
    return b"\x04" + struct.pack("<i", value)


def _float(value: float) -> bytes:
    return b"\x04" + struct.pack("<f", value)


def _double(value: float) -> bytes:
    return b"\x08" + struct.pack("<d", value)


def _vector(values: Sequence[float] | Matrix) -> bytes:
    return b"FV " + _integer(len(values)) + np.asarray(values, "<f4").tobytes()


def _integers(values: object) -> bytes:
    numbers = np.asarray(list(values), "<i4")  # type: ignore[call-overload] # any iterable of integers
    return b"\x04" + struct.pack("<i", len(numbers)) + numbers.tobytes()
