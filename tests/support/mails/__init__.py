"""A hundred mails as they come in, made by code: shaped like those of real mail programs, good and bad."""

from __future__ import annotations

from tests.support.mails.corpus import Corpus, SampleMail, corpus
from tests.support.mails.writing import a_mail, raw

__all__ = ["Corpus", "SampleMail", "a_mail", "corpus", "raw"]
