"""Where the configuration comes from: one TOML file, the environment above it, secrets also from files.

An environment variable is ``BRIDGE_<SECTION>_<KEY>``, e.g. ``BRIDGE_GITEA_URL``; lists are separated by commas.
Any secret ``x`` (and the database's address, which may hold a password) may instead be given as ``x_file``, a path
relative to the configuration file.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as UnreadableSourceError

from bridge.errors import SettingsError
from bridge.settings import faults
from bridge.settings.schema import Settings

DEFAULT_CONFIG = Path("config.toml")


def named_config(path: Path | None = None) -> Path | None:
    """The configuration file that was named, by an option or by ``$BRIDGE_CONFIG``; it need not exist."""
    return path or (Path(os.environ["BRIDGE_CONFIG"]) if os.environ.get("BRIDGE_CONFIG") else None)


def load(path: Path | None = None) -> Settings:
    """Read the file (default: ``$BRIDGE_CONFIG``, else ``config.toml`` where it exists) and the environment.

    Raises ``SettingsError`` that names the file or variable, the key, what was wrong and a valid example.
    """
    named = named_config(path)
    if named is not None and not named.is_file():
        raise SettingsError(f"{named}: there is no such file; copy config.example.toml to it and fill it in")
    file = named or DEFAULT_CONFIG
    faults.refuse_misspelt_variables(os.environ)
    try:
        return Settings(**_sources(file)().model_dump())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f'{file}: not valid TOML: {error}; a valid line is: url = "http://127.0.0.1:3000"'
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text; save the file as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{error.filename or file}: {error.strerror}; the bridge's user needs to read it") from None
    except UnreadableSourceError:
        raise SettingsError(faults.section_as_variable(os.environ)) from None
    except ValidationError as error:
        raise SettingsError(faults.explain(error, file)) from None


def build(sections: Mapping[str, Any], file: Path) -> Settings:
    """Settings out of values that shall be written into the file. Raises ``SettingsError`` as ``load`` does."""
    try:
        return Settings(**sections)
    except ValidationError as error:
        raise SettingsError(faults.explain(error, file)) from None


def _sources(file: Path) -> type[BaseSettings]:
    """A class that reads this file and the environment into the same sections as ``Settings``."""

    class Sources(Settings, BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="BRIDGE_",
            env_nested_delimiter="_",
            env_nested_max_split=1,
            extra="forbid",
            hide_input_in_errors=True,
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[Any, ...]:
            toml = TomlConfigSettingsSource(settings_cls, file)
            return (_SecretFiles(settings_cls, env_settings, file), _SecretFiles(settings_cls, toml, file))

    return Sources


class _SecretFiles(PydanticBaseSettingsSource):
    """Another source, with each ``secret_file`` replaced by what the file holds."""

    def __init__(self, settings_cls: type[BaseSettings], inner: PydanticBaseSettingsSource, config: Path) -> None:
        super().__init__(settings_cls)
        self._inner = inner
        self._config = config

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Not used: the values come whole from the source inside."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The inner source's values, secrets read."""
        values = self._inner()
        for section, content in values.items():
            if not isinstance(content, dict):
                raise SettingsError(f"{self._config}: {section} stands outside a section; a valid start is: [gitea]")
            for name in _secret_names(section):
                if f"{name}_file" in content:
                    content[name] = self._secret(section, name, content)
        return values

    def _secret(self, section: str, name: str, content: dict[str, Any]) -> Any:
        origin = faults.origin(f"{section}.{name}_file", self._config)
        if name in content:
            raise SettingsError(f"{origin}: {section}.{name} and {section}.{name}_file contradict; keep one")
        file = self._config.parent / str(content.pop(f"{name}_file"))
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            message = f"{origin}: {section}.{name}_file: {file}: {reason}; write the secret into that file"
            raise SettingsError(message) from None
        return text.split() if name == "webhook_secrets" else text


def _section(name: str) -> type[BaseModel] | None:
    field = Settings.model_fields.get(name)
    kind = field.annotation if field is not None else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _secret_names(section: str) -> list[str]:
    """Keys that may stand in a file of their own: secrets, and what is kept out of ``repr`` for holding one."""
    model = _section(section)
    fields = model.model_fields.items() if model else ()
    return [name for name, field in fields if SecretStr.__name__ in str(field.annotation) or not field.repr]
