"""Settings that every process reads from its environment (prefix XOAI_); a service adds its own in its settings.py."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every process of Xoài needs to know; each field is the variable XOAI_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="XOAI_", extra="ignore", frozen=True)

    mode: Literal["production", "demo", "test"] = "production"
    log_level: str = "INFO"
    # psycopg form with {database} and {role} to be filled in, e.g. postgresql://{role}:secret@host/{database}.
    database_url: SecretStr = SecretStr("postgresql://{role}@127.0.0.1:5432/{database}")
    database_pool_size: int = Field(default=8, ge=1, le=100)
    events: Literal["postgres", "kafka"] = "kafka"
    kafka_servers: str = "127.0.0.1:9092"
    # Signs the short-lived tokens by which services know who is asking; the same in every process.
    subject_key: SecretStr = SecretStr("")
    # Encrypts secrets at rest (32 bytes, base64); the same in all processes of one service.
    data_key: SecretStr = SecretStr("")
    # Where the services listen and are found: one address for all (embedded) or service=host:port,… (full).
    grpc_listen: str = "127.0.0.1:0"
    grpc_addresses: str = ""
    public_url: str = "http://127.0.0.1:8080"
    metrics_listen: str = ""

    def database(self, database: str, role: str) -> str:
        """The URL of a database for a role."""
        return self.database_url.get_secret_value().replace("{database}", database).replace("{role}", role)

    def address(self, service: str) -> str:
        """Host and port at which a service answers. Raises LookupError for an unknown one."""
        entries = [entry.strip() for entry in self.grpc_addresses.split(",") if entry.strip()]
        for entry in entries:
            name, separator, address = entry.partition("=")
            if separator and name == service:
                return address
        for entry in entries:
            if "=" not in entry:
                return entry
        raise LookupError(f"XOAI_GRPC_ADDRESSES names no address for {service}")
