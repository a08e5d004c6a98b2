"""What the model sees of the sound: 40 cepstra each 10 ms, exactly as Vosk computes them."""

from typing import Final

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8000
STEP_SAMPLES: Final = 80
WINDOW_SAMPLES: Final = 200
DIMENSION: Final = 40
LOW_HZ: Final = 60
# Below the half of the rate, in Kaldi's way of writing it.
HIGH_HZ: Final = -200

Sound = NDArray[np.float64]
Features = NDArray[np.float32]

MFCC_CONF: Final = f"""\
--sample-frequency={RATE_HZ}
--use-energy=false
--num-mel-bins={DIMENSION}
--num-ceps={DIMENSION}
--low-freq={LOW_HZ}
--high-freq={HIGH_HZ}
--dither=0.0
--snip-edges=true
"""


def cepstra(sound: Sound) -> Features:
    """One row a step; the sound is in the range of 16-bit samples."""
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = DIMENSION
    options.mel_opts.low_freq = LOW_HZ
    options.mel_opts.high_freq = HIGH_HZ
    options.num_ceps = DIMENSION
    options.use_energy = False
    computer = kaldi_native_fbank.OnlineMfcc(options)
    computer.accept_waveform(RATE_HZ, sound.astype(np.float32).tolist())
    computer.input_finished()
    rows = [computer.get_frame(number) for number in range(computer.num_frames_ready)]
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, DIMENSION), np.float32)
