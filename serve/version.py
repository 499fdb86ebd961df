"""Which churnboard this is."""

from importlib.metadata import version

VERSION = version("churnboard")
"""The installed version; part of every ETag, since another version may answer differently."""
