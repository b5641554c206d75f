"""Object storage that speaks S3, behind the local store: what is put there, every machine can take from there."""

import logging
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from bridge.errors import SettingsError
from bridge.settings.schema import StoreSettings

log = logging.getLogger(__name__)

_CHUNK_BYTES = 256 * 1024
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 30, 3
_ABSENT = {"404", "NoSuchKey", "NotFound"}


class ObjectStorageError(OSError):
    """It did not answer, or refused; the sentence says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.strerror = sentence


class ObjectStorage:
    """One bucket. An object is named by its digest, so it never changes. Safe to share among threads."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings

    def save(self, sha256: str, file: Path) -> None:
        """Put a file there. Raises ``ObjectStorageError``."""
        with _Translated("could not take the file"):
            self._client.upload_file(str(file), self._settings.bucket, self._name(sha256))

    def chunks(self, sha256: str) -> Iterator[bytes] | None:
        """The bytes, or ``None`` where there are none. Raises ``ObjectStorageError``."""
        with _Translated("could not give the file"):
            try:
                answer = self._client.get_object(Bucket=self._settings.bucket, Key=self._name(sha256))
            except self._client.exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") in _ABSENT:
                    return None
                raise
        return _read(answer["Body"])

    def remove(self, sha256: str) -> None:
        """Forget the bytes. Raises ``ObjectStorageError``."""
        with _Translated("could not remove the file"):
            self._client.delete_object(Bucket=self._settings.bucket, Key=self._name(sha256))

    def _name(self, sha256: str) -> str:
        prefix = self._settings.prefix.strip("/")
        return f"{prefix}/{sha256}" if prefix else sha256

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  an extra that few installations need
            from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415
        except ImportError:
            raise SettingsError(
                "store.bucket: boto3 is not installed; run: pip install 'gitea-license-bridge[s3]'"
            ) from None
        settings = self._settings
        # Without keys of ours boto3 looks where it always does: its variables, its files, the machine's role.
        return boto3.client(
            "s3",
            endpoint_url=settings.endpoint_url or None,
            region_name=settings.region or None,
            aws_access_key_id=settings.access_key_id or None,
            aws_secret_access_key=settings.secret_access_key.get_secret_value() or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
            ),
        )


def _read(body: Any) -> Iterator[bytes]:
    with _Translated("broke off"):
        yield from body.iter_chunks(_CHUNK_BYTES)


class _Translated:
    """Whatever boto3 raises becomes ``ObjectStorageError``; its own sentences may quote addresses and account names."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if kind is None or not kind.__module__.startswith(("botocore", "boto3", "s3transfer", "urllib3")):
            return
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        raise ObjectStorageError(f"the object storage {self._what} ({code or kind.__name__})") from None
