"""One module a noun: its Resource, and the pages that are no list."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> tuple[Blueprint, ...]:
    """The pages outside the two sites. Imported here, so that importing one view does not import all."""
    from views import (
        avatars,
        demo_mail,
        demo_sms,
        demo_telegram,
        device_api,
        first_check,
        health,
        home,
        invitations,
        locale,
        metrics,
        passkeys,
        seats,
        sign_in,
        social_sign_in,
        stand_ins,
        step_up,
        theme,
        unsubscribing,
        webhooks,
    )
    from views.own_settings import own_settings_blueprint

    return (
        home.blueprint,
        sign_in.blueprint,
        step_up.blueprint,
        passkeys.blueprint,
        seats.blueprint,
        stand_ins.blueprint,
        social_sign_in.blueprint,
        invitations.blueprint,
        health.blueprint,
        metrics.blueprint,
        theme.blueprint,
        locale.blueprint,
        demo_mail.blueprint,
        demo_sms.blueprint,
        demo_telegram.blueprint,
        own_settings_blueprint(),
        first_check.blueprint,
        avatars.blueprint,
        unsubscribing.blueprint,
        webhooks.blueprint,
        device_api.blueprint,
    )
