"""What other platforms ask of us by machine."""

from hotline.api.install import install_api

__all__ = ["install_api"]
