"""`python -m sandbox --config FILE`: the stand-in carrier as a process."""

import argparse
import logging
import signal
import sys
from pathlib import Path
from threading import Thread
from types import FrameType

from werkzeug.serving import make_server

from sandbox.app import create_app
from sandbox.config import Config, ConfigError


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--config", required=True, type=Path, help="a JSON file, see docs/stand-in-carrier.md")
    chosen = parser.parse_args(arguments)
    try:
        config = Config.from_file(chosen.config)
    except (ConfigError, OSError) as problem:
        parser.error(str(problem))
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(config.host, config.port, create_app(config), threaded=True)

    def stop(_number: int, _frame: FrameType | None) -> None:
        # shutdown() waits for serve_forever(), which this very thread runs
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"stand-in carrier: {config.base_url} (softphone: {config.base_url}/phone)", flush=True)  # noqa: T201
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
