"""What the mail server in front found out about From."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_proof import Dmarc, dmarc_of

OURS = "mx.provider.example"


@pytest.mark.parametrize(
    ("results", "found"),
    [
        ([f"{OURS}; spf=pass smtp.mailfrom=acme.example; dmarc=pass (p=NONE) header.from=acme.example"], Dmarc.PASS),
        ([f"{OURS.upper()} 1; dkim=pass; DMARC=Pass header.from=acme.example"], Dmarc.PASS),
        ([f"{OURS}; dmarc=fail (p=none dis=none) header.from=acme.example"], Dmarc.FAIL),
        ([f"{OURS}; dmarc=none"], Dmarc.UNKNOWN),
        ([f"{OURS}; dmarc=temperror"], Dmarc.UNKNOWN),
        ([f"{OURS}; none"], Dmarc.UNKNOWN),
        ([f"{OURS}; spf=pass (dmarc=pass)"], Dmarc.UNKNOWN),
        (["evil.example; dmarc=pass"], Dmarc.UNKNOWN),
        ([f"{OURS}.evil.example; dmarc=pass"], Dmarc.UNKNOWN),
        ([f"{OURS}; dmarc=pass; dmarc=fail"], Dmarc.FAIL),
        ([], Dmarc.UNKNOWN),
        ([""], Dmarc.UNKNOWN),
    ],
)
def test_only_what_the_trusted_server_says_of_dmarc_counts(results, found):
    assert dmarc_of(results, authserv_id=OURS) is found


def test_of_several_fields_of_that_server_the_topmost_counts():
    assert dmarc_of([f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass"], authserv_id=OURS) is Dmarc.FAIL
    assert dmarc_of(["other.example; dmarc=fail", f"{OURS}; dmarc=pass"], authserv_id=OURS) is Dmarc.PASS


@given(st.lists(st.text()))
def test_any_text_says_nothing(results):
    assert dmarc_of(results, authserv_id=OURS) is Dmarc.UNKNOWN
