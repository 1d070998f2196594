"""Every setting, read once from the environment (also `.env` and files of OTP_SECRETS_DIR), typed and frozen."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from otp_service.domain.addresses import networks
from otp_service.domain.keys import parse_ring
from otp_service.domain.single_sign_on import SingleSignOn, parse_rules


class Settings(BaseSettings):
    """How this installation runs; each field is the environment variable OTP_<FIELD>."""

    model_config = SettingsConfigDict(
        env_prefix="OTP_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    env: Literal["production", "development"] = Field("production", description="production or development")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="redis://, rediss://, unix://, redis+cluster://, redis+sentinel://"
    )
    redis_cells: Annotated[int, Field(ge=1, le=4096)] = Field(
        1, description="hash tags that subjects are spread over; 64 on a Cluster, fixed at first start"
    )
    redis_min_replicas: Annotated[int, Field(ge=0, le=10)] = Field(
        0, description="replicas that must confirm each write (WAIT)"
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///otp.db"), description="postgresql://user:password@host/name or sqlite:///path"
    )
    master_keys: SecretStr = Field(
        SecretStr(""), description="kid:base64[,kid:base64], newest first; openssl rand -base64 32 makes one"
    )
    public_url: str = Field("", description="where callers and providers reach this service")
    config: Path | None = Field(None, description="path of otp-service.toml: providers and routes")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses or CIDR blocks whose X-Forwarded-For is believed"
    )
    webhook_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses or CIDR blocks that are not public and that webhooks may lead to"
    )
    audit_heads_file: Path | None = Field(
        None, description="path of a file to which couriers append the signed heads of the audit"
    )
    oidc_issuer: str = Field("", description="OpenID Connect provider of the console's single sign-on, https://...")
    oidc_client_id: str = Field("", description="what this service is called there")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="its secret there")
    oidc_roles: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="claim=value:role[,...], for instance groups=otp-admins:admin; empty: only accounts that exist"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="port of /metrics; 0 is off (in development /metrics is on the main port)"
    )

    @field_validator("trusted_proxies", "webhook_allow", "oidc_roles", mode="before")
    @classmethod
    def _by_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "webhook_allow")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _are_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_rules(value)
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        schemes = (
            "redis://",
            "rediss://",
            "unix://",
            "redis+cluster://",
            "rediss+cluster://",
            "redis+sentinel://",
            "memory://",
        )
        if not value.startswith(schemes):
            raise ValueError(f"must begin with one of {', '.join(schemes[:-1])}")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value

    @field_validator("master_keys")
    @classmethod
    def _is_ring(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            parse_ring(value.get_secret_value())
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https://")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("must begin with https://")
        return value  # compared letter by letter: a slash at its end belongs to it

    @property
    def single_sign_on(self) -> SingleSignOn | None:
        """The provider of identities, if one is named."""
        if not self.oidc_issuer:
            return None
        secret = self.oidc_client_secret.get_secret_value()
        return SingleSignOn(self.oidc_issuer, self.oidc_client_id, secret, parse_rules(self.oidc_roles))

    @property
    def production(self) -> bool:
        return self.env == "production"


class BadSettings(ValueError):
    """All that is wrong with the settings, in one message."""


def read_settings(**given: Any) -> Settings:
    """The settings of this process; BadSettings lists everything that is wrong and what to do."""
    try:
        settings = Settings(_secrets_dir=os.environ.get("OTP_SECRETS_DIR"), **given)
    except ValidationError as error:
        lines = [
            f"  OTP_{str(each['loc'][0]).upper()}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        ]
        raise BadSettings("these settings are wrong:\n" + "\n".join(lines)) from None
    problems = list(_missing(settings)) if settings.production else []
    if problems:
        raise BadSettings("these settings are wrong:\n" + "\n".join(f"  {line}" for line in problems))
    return settings


def _missing(settings: Settings) -> list[str]:
    missing = []
    if not settings.master_keys.get_secret_value():
        missing.append("OTP_MASTER_KEYS: production needs a key ring: k1:$(openssl rand -base64 32)")
    if settings.redis_url == "memory://":
        missing.append("OTP_REDIS_URL: production refuses the in-process store; name a real Redis")
    return missing


def redacted(settings: Settings) -> dict[str, str]:
    """Every setting as its environment variable, secrets hidden."""
    shown = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            value = _redact(name, text)
        elif name == "redis_url":
            value = _without_password(value)
        shown[f"OTP_{name.upper()}"] = (
            ",".join(value) if isinstance(value, tuple) else str(value if value is not None else "")
        )
    return shown


def _redact(name: str, text: str) -> str:
    if name == "master_keys":
        return ",".join(f"{kid}:•••" for kid in parse_ring(text).kids) if text else ""
    if name == "oidc_client_secret":
        return "•••" if text else ""
    return _without_password(text)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    user = credentials.partition(":")[0]
    return f"{scheme}{separator}{user}:•••@{host}" if at else url
