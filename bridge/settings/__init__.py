"""The configuration: the environment and the TOML file are read here and nowhere else."""

from bridge.settings.loading import DEFAULT_CONFIG, load
from bridge.settings.schema import RetentionSettings, Settings

__all__ = ["DEFAULT_CONFIG", "RetentionSettings", "Settings", "load"]
