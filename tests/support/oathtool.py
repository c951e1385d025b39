"""Time codes by a program that is not ours: Debian's oathtool."""

from __future__ import annotations

import datetime as dt
import subprocess

from tests.support.surroundings import OATHTOOL


def code_by_oathtool(secret: str, moment: dt.datetime) -> str:
    """The six digits for a secret as it stands on the page, at a moment. Skips the test where oathtool is missing."""
    OATHTOOL.require()
    command = ["oathtool", "--totp", "--base32", f"--now={moment:%Y-%m-%d %H:%M:%S} UTC", secret.replace(" ", "")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
