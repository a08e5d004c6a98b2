"""Says sentences as the stand-in carrier's callers do: JSON lines in, raw 8 kHz samples out, each after its length.

It runs in the carrier's environment, since the synthesiser is there.
"""

import json
import sys

from sandbox.voice import Manner, between_silences, over_the_telephone, synthesise


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        manner = Manner(language=request["language"], voice=request["voice"])
        samples = between_silences(synthesise(request["text"], manner))
        if request["line"]:
            samples = over_the_telephone(samples, snr_db=request["snr_db"], seed=request["seed"])
        data = samples.astype("<i2").tobytes()
        sys.stdout.buffer.write(len(data).to_bytes(4, "little") + data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
