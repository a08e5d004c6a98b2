"""espeak-ng behind its C interface, in a process of its own: a crash ends one sentence, not the carrier."""

import ctypes
import json
import sys

import espeakng_loader

_SYNCHRONOUS = 2
_DONT_EXIT = 1 << 15
_AT_CHARACTER = 1
_UTF8 = 1
_PARAMETERS = {"rate": 1, "volume": 2, "pitch": 3, "range": 4}


class EspeakError(RuntimeError):
    """espeak-ng refused a voice or a text."""


def speak(request: dict[str, str | int]) -> tuple[int, bytes]:
    """Say `request["text"]`; give the sample rate and signed 16-bit little-endian samples.

    espeak keeps state from one sentence to the next, so one process says one sentence: the same words
    then always give the same samples.
    """
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data_path = espeakng_loader.get_data_path().encode()
    sample_rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data_path, _DONT_EXIT)
    if sample_rate <= 0:
        raise EspeakError(f"espeak-ng does not start with its data in {data_path!r}")
    sound = bytearray()

    def collect(address: int | None, count: int, _events: int | None) -> int:
        if address and count > 0:
            sound.extend(ctypes.string_at(address, count * 2))
        return 0

    on_sound = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(collect)
    library.espeak_SetSynthCallback(on_sound)
    if library.espeak_SetVoiceByName(str(request["voice"]).encode()) != 0:
        raise EspeakError(f"espeak-ng has no voice {request['voice']}")
    for name, number in _PARAMETERS.items():
        if name in request:
            library.espeak_SetParameter(number, int(request[name]), 0)
    text = str(request["text"]).encode() + b"\0"
    if library.espeak_Synth(text, len(text), 0, _AT_CHARACTER, 0, _UTF8, None, None) != 0:
        raise EspeakError("espeak-ng did not say the text")
    return sample_rate, bytes(sound)


def main() -> None:
    """Read one request as JSON from standard input; write the sample rate (4 bytes) and the samples."""
    sample_rate, sound = speak(json.load(sys.stdin))
    sys.stdout.buffer.write(sample_rate.to_bytes(4, "little") + sound)


if __name__ == "__main__":
    main()
