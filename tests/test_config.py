"""Settings: what each start accepts, what it refuses, and that no refusal shows a secret."""

from __future__ import annotations

import base64
import json
import traceback
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config import (
    DEVELOPMENT_ENCRYPTION_KEY,
    DEVELOPMENT_SECRET_KEY,
    DEVELOPMENT_SIGNING_KEY,
    Environment,
    Settings,
    SettingsError,
    load_settings,
)

OWN_KEY = base64.urlsafe_b64encode(b"a key of this installation alone").decode()
DEVELOPMENT_PUBLIC_KEY = base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(base64.b64decode(DEVELOPMENT_SIGNING_KEY)).public_key().public_bytes_raw()
).decode()
OWN_SIGNING_KEY = base64.b64encode(b"a signing key of this house only").decode()
PRODUCTION = {
    "FOYER_ENV": "production",
    "SECRET_KEY": "k" * 40,
    "ENCRYPTION_KEYS": OWN_KEY,
    "ACTIVATION_SIGNING_KEY": OWN_SIGNING_KEY,
    "BASE_URL": "https://portal.example.com",
}


def refusal(environ: dict[str, str]) -> str:
    """What the start says when it refuses these settings."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return str(caught.value)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"S3_BUCKET": "files"}, "S3_BUCKET: set it together"),
        ({"S3_SECRET_ACCESS_KEY": "secret"}, "S3_BUCKET: set it together"),
        ({"S3_ENDPOINT": "s3.example"}, "S3_ENDPOINT: write an address"),
        ({"S3_PREFIX": "what?"}, "S3_PREFIX"),
        ({**PRODUCTION, "S3_ENDPOINT": "http://s3.example"}, "S3_ENDPOINT: write an address that begins with https://"),
    ],
)
def test_half_a_bucket_and_one_without_encryption_are_refused(environ, said) -> None:
    assert said in refusal(environ)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "together"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_1"}, "together"),
        ({"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}, "no real money"),
        ({**PRODUCTION, "STRIPE_URL": "http://stripe.example"}, "https://"),
        ({"PAYPAL_CLIENT_ID": "A1"}, "together"),
        ({"AUTHORIZE_NET_LOGIN_ID": "5KP3u95bQpv"}, "together"),
        ({"AUTHORIZE_NET_CURRENCY": "dollars"}, "AUTHORIZE_NET_CURRENCY"),
        ({**PRODUCTION, "AUTHORIZE_NET_URL": "http://anet.example"}, "https://"),
        (
            {
                "AUTHORIZE_NET_LOGIN_ID": "5KP3u95bQpv",
                "AUTHORIZE_NET_TRANSACTION_KEY": "sk_live_1",
                "AUTHORIZE_NET_SIGNATURE_KEY": "A1",
            },
            "no real money",
        ),
        ({"PAYPAL_CLIENT_ID": "A1", "PAYPAL_CLIENT_SECRET": "sk_live_1", "PAYPAL_WEBHOOK_ID": "8P"}, "together"),
        ({"PAYPAL_CERTIFICATES": "/nowhere.pem"}, "at least one certificate"),
        ({**PRODUCTION, "PAYPAL_URL": "http://paypal.example"}, "https://"),
    ],
)
def test_half_an_account_at_a_gateway_and_real_money_in_the_demo_are_refused(environ, said) -> None:
    told = refusal(environ)
    assert said in told
    assert "sk_live_1" not in told


def test_the_demo_starts_with_no_setting_at_all() -> None:
    settings = load_settings({})
    assert settings.environment is Environment.DEMO
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.secret_key.get_secret_value()
    assert settings.encryption_keys


def test_names_of_the_products_have_defaults() -> None:
    settings = load_settings({})
    assert (settings.brand_name, settings.platform_name, settings.client_app_name) == ("TELCOware", "PBXware", "gloCOM")


def test_settings_are_read_from_the_process_when_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert load_settings().port == 8123


def test_an_empty_setting_counts_as_not_set() -> None:
    assert load_settings({"PORT": "", "BASE_URL": " ", "ENCRYPTION_KEYS": ""}).port == 8000


def test_a_name_in_small_letters_is_not_a_setting() -> None:
    assert load_settings({"port": "9999"}).port == 8000


def test_the_database_is_a_file_in_the_data_directory_by_default(tmp_path: Path) -> None:
    settings = load_settings({"DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/foyer.sqlite3"


def test_a_relative_database_file_is_taken_from_where_the_program_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({"DATABASE_URL": "sqlite:///here.db"}).database_url == f"sqlite:///{tmp_path}/here.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_postgresql_address_reaches_the_installed_driver(scheme: str) -> None:
    settings = load_settings({"DATABASE_URL": f"{scheme}://u:p%40ss@db.example/foyer"})
    assert settings.database_url == "postgresql+psycopg://u:p%40ss@db.example/foyer"


@pytest.mark.parametrize("address", ["mysql://u:hunter2@h/d", "postgresql+asyncpg://h/d", "sqlite://", "hunter2"])
def test_an_address_of_no_usable_database_is_refused(address: str) -> None:
    message = refusal({"DATABASE_URL": address})
    assert "DATABASE_URL" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "ninety"),
        ("PORT", "70000"),
        ("FOYER_ENV", "staging"),
        ("BASE_URL", "portal.example.com"),
        ("BASE_URL", "https://example.com/portal"),
        ("BROKER_URL", "kafka://broker"),
        ("ENCRYPTION_KEYS", "short"),
        ("ACTIVATION_SIGNING_KEY", "short"),
        ("ACTIVATION_PUBLISHED_KEYS", f"{OWN_SIGNING_KEY},short"),
        ("LOG_LEVEL", "LOUD"),
        ("SESSION_IDLE_MINUTES", "0"),
        ("ARGON2_TIME_COST", "cheap"),
        ("MAIL_PORT", "smtp"),
        ("MAIL_USE_TLS", "perhaps"),
        ("BEHIND_PROXY", "2.5"),
    ],
)
def test_a_setting_that_does_not_parse_stops_the_start_with_its_name(name: str, value: str) -> None:
    assert f"\n{name}: " in refusal({name: value})


def test_all_faults_are_named_at_once() -> None:
    message = refusal({"PORT": "x", "BASE_URL": "y", "BROKER_URL": "z"})
    assert all(name in message for name in ("PORT", "BASE_URL", "BROKER_URL"))


def test_a_refusal_never_shows_a_value_not_even_in_the_traceback() -> None:
    environ = {"ENCRYPTION_KEYS": f"{OWN_KEY},hunter2", "BROKER_URL": "kafka://u:hunter3@h", "PORT": "hunter4"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    shown = "".join(traceback.format_exception(caught.value))
    assert "key number 2" in shown
    assert "hunter" not in shown
    assert OWN_KEY not in shown


def test_printing_the_settings_shows_no_secret() -> None:
    secrets = {
        "MAIL_PASSWORD": "hunter1",
        "DATABASE_URL": "postgresql://u:hunter2@h/d",
        "BROKER_URL": "redis://:hunter3@h",
    }
    shown = repr(load_settings(PRODUCTION | secrets))
    assert "hunter" not in shown
    assert OWN_KEY not in shown
    assert PRODUCTION["SECRET_KEY"] not in shown


def test_several_encryption_keys_are_kept_in_their_order() -> None:
    second = Fernet.generate_key().decode()
    keys = load_settings({"ENCRYPTION_KEYS": f"{OWN_KEY}, {second}"}).encryption_keys
    assert [key.get_secret_value() for key in keys] == [OWN_KEY, second]


def test_production_starts_with_its_secrets() -> None:
    settings = load_settings(PRODUCTION)
    assert settings.environment is Environment.PRODUCTION
    assert settings.secret_key.get_secret_value() == PRODUCTION["SECRET_KEY"]
    assert settings.database_url.startswith("sqlite:///")


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS", "ACTIVATION_SIGNING_KEY", "BASE_URL"])
def test_production_refuses_to_start_without(name: str) -> None:
    message = refusal({key: value for key, value in PRODUCTION.items() if key != name})
    assert f"{name}: missing" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "k" * 31),
        ("SECRET_KEY", DEVELOPMENT_SECRET_KEY),
        ("ENCRYPTION_KEYS", DEVELOPMENT_ENCRYPTION_KEY),
        ("ENCRYPTION_KEYS", f"{OWN_KEY},{DEVELOPMENT_ENCRYPTION_KEY}"),
        ("ACTIVATION_SIGNING_KEY", DEVELOPMENT_SIGNING_KEY),
        ("ACTIVATION_SIGNING_KEY", DEVELOPMENT_SIGNING_KEY.rstrip("=")),
        ("ACTIVATION_PUBLISHED_KEYS", DEVELOPMENT_PUBLIC_KEY),
    ],
)
def test_production_refuses_a_short_or_development_secret(name: str, value: str) -> None:
    message = refusal(PRODUCTION | {name: value})
    assert name in message
    assert value not in message


def test_the_private_key_is_not_published_by_mistake() -> None:
    given = {"ACTIVATION_SIGNING_KEY": OWN_SIGNING_KEY, "ACTIVATION_PUBLISHED_KEYS": OWN_SIGNING_KEY.rstrip("=")}
    message = refusal(given)
    assert "ACTIVATION_PUBLISHED_KEYS" in message
    assert OWN_SIGNING_KEY.rstrip("=") not in message


def test_printing_the_settings_shows_no_signing_key() -> None:
    assert OWN_SIGNING_KEY not in repr(load_settings(PRODUCTION))


def test_production_names_every_missing_secret_at_once() -> None:
    message = refusal({"FOYER_ENV": "production"})
    assert all(name in message for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "BASE_URL"))


def test_production_trusts_only_the_host_of_its_address() -> None:
    assert load_settings(PRODUCTION).trusted_hosts == ("portal.example.com",)


def test_named_hosts_are_trusted_instead() -> None:
    settings = load_settings(PRODUCTION | {"TRUSTED_HOSTS": "a.example, .b.example"})
    assert settings.trusted_hosts == ("a.example", ".b.example")


def test_a_program_that_listens_everywhere_links_to_this_machine_unless_told_otherwise() -> None:
    assert load_settings({"HOST": "0.0.0.0", "PORT": "80"}).base_url == "http://localhost:80"


def test_only_one_kind_of_mail_encryption_can_be_on() -> None:
    assert "MAIL_USE_SSL" in refusal({"MAIL_USE_SSL": "true"})
    assert load_settings({"MAIL_USE_SSL": "true", "MAIL_USE_TLS": "false"}).mail_use_ssl


PROVIDER = {"name": "acme", "label": "Acme", "issuer": "https://id.acme.example", "client_id": "foyer"}


def test_other_houses_to_sign_in_by_are_a_json_list() -> None:
    given = json.dumps([PROVIDER | {"client_secret": "hidden words"}])
    [provider] = load_settings({"OIDC_PROVIDERS": given}).oidc_providers
    assert (provider.name, provider.issuer, provider.scopes) == ("acme", "https://id.acme.example", "openid email")
    assert "hidden words" not in repr(provider)


@pytest.mark.parametrize(
    "given",
    [
        "no json",
        '{"name": "acme"}',
        '["acme"]',
        json.dumps([PROVIDER, PROVIDER]),
        json.dumps([PROVIDER | {"name": "google"}]),
        json.dumps([PROVIDER | {"name": "a/b"}]),
        json.dumps([PROVIDER | {"issuer": "id.acme.example"}]),
        json.dumps([PROVIDER | {"scopes": "email"}]),
        json.dumps([PROVIDER | {"client_secret": "hidden words", "typo": 1}]),
    ],
)
def test_other_houses_that_are_not_described_rightly_stop_the_start(given: str) -> None:
    message = refusal({"OIDC_PROVIDERS": given})
    assert "OIDC_PROVIDERS" in message
    assert "hidden words" not in message


def test_production_believes_no_house_without_encryption() -> None:
    given = json.dumps([PROVIDER | {"issuer": "http://id.acme.example"}])
    assert "OIDC_PROVIDERS" in refusal(PRODUCTION | {"OIDC_PROVIDERS": given})


@pytest.mark.parametrize("missing", ["SERVER", "USERNAME", "PASSWORD"])
def test_a_mailbox_for_mail_in_is_given_whole(missing: str) -> None:
    given = {"SERVER": "imap.example", "USERNAME": "support", "PASSWORD": "hunter2"}
    message = refusal({f"MAIL_IN_IMAP_{name}": value for name, value in given.items() if name != missing})
    assert "MAIL_IN_IMAP_SERVER" in message
    assert "hunter2" not in message


def test_only_a_mailbox_on_this_machine_is_opened_without_encryption() -> None:
    given = {
        "MAIL_IN_IMAP_USERNAME": "support",
        "MAIL_IN_IMAP_PASSWORD": "hunter2",
        "MAIL_IN_IMAP_USE_SSL": "false",
    }
    assert "MAIL_IN_IMAP_USE_SSL" in refusal({**given, "MAIL_IN_IMAP_SERVER": "imap.example"})
    assert not load_settings({**given, "MAIL_IN_IMAP_SERVER": "127.0.0.1"}).mail_in_imap_use_ssl


@pytest.mark.parametrize("domain", ["mail.provider.example/", "@provider.example", "mail provider"])
def test_the_domain_for_answers_is_a_domain(domain: str) -> None:
    assert "MAIL_IN_DOMAIN" in refusal({"MAIL_IN_DOMAIN": domain})


def test_an_account_for_sms_is_given_whole() -> None:
    assert "TWILIO_ACCOUNT_SID" in refusal({"TWILIO_FROM": "+12025550123"})


@pytest.mark.parametrize("given", [{"TELEGRAM_BOT_TOKEN": "1:secret-part"}, {"TELEGRAM_BOT_USERNAME": "foyer_bot"}])
def test_a_bot_is_given_whole(given: dict[str, str]) -> None:
    assert "TELEGRAM_BOT_TOKEN: set it together with TELEGRAM_BOT_USERNAME" in refusal(given)


@pytest.mark.parametrize("token", ["secret-part", "1:secret/part", "1:", "x:secret", "1:secret part"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    message = refusal({"TELEGRAM_BOT_TOKEN": token, "TELEGRAM_BOT_USERNAME": "foyer_bot"})
    assert "TELEGRAM_BOT_TOKEN" in message
    assert "secret" not in message


@pytest.mark.parametrize("name", ["@foyer_bot", "bot", "foyer bot", "foyer/bot", "1foyer_bot"])
def test_the_name_of_a_bot_fits_a_link(name: str) -> None:
    assert "TELEGRAM_BOT_USERNAME" in refusal({"TELEGRAM_BOT_TOKEN": "1:x", "TELEGRAM_BOT_USERNAME": name})


@pytest.mark.parametrize("url", ["http://api.telegram.org", "ftp://127.0.0.1", "api.telegram.org", "https://x/?a=b"])
def test_only_a_bot_api_on_this_machine_is_talked_with_without_encryption(url: str) -> None:
    assert "TELEGRAM_URL" in refusal({"TELEGRAM_URL": url})
    assert load_settings({"TELEGRAM_URL": "http://127.0.0.1:8081"}).telegram_url == "http://127.0.0.1:8081"


def test_settings_do_not_change_after_the_start() -> None:
    settings = load_settings({})
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]


def test_every_setting_stands_in_the_operations_manual() -> None:
    manual = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
    names = [str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()]
    assert [name for name in names if f"| `{name}` |" not in manual] == []
