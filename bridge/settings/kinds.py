"""What sections and values of the configuration are made of."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode


def _words(value: Any) -> Any:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]
Secrets = Annotated[list[SecretStr], NoDecode, BeforeValidator(_words)]
Seconds = Annotated[list[float], NoDecode, BeforeValidator(_words)]
Days = Annotated[list[int], NoDecode, BeforeValidator(_words)]


class Section(BaseModel):
    """One ``[section]`` of the file: what is not known in it is refused, and no value is repeated in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
