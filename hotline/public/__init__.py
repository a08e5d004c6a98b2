"""The pages for everybody: the form with which people ask for help, and the page on which they follow it."""

from hotline.public.install import install_public

__all__ = ["install_public"]
