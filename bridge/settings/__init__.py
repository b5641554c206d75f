"""The configuration: the environment and the TOML file are read here and nowhere else."""

from bridge.settings.loading import DEFAULT_CONFIG, build, load, named_config
from bridge.settings.mail import MailSettings
from bridge.settings.schema import GiteaSettings, RetentionSettings, Settings

__all__ = [
    "DEFAULT_CONFIG",
    "GiteaSettings",
    "MailSettings",
    "RetentionSettings",
    "Settings",
    "build",
    "load",
    "named_config",
]
