"""What is typed by mistake or in bad faith: by kind of field, and for any field at all."""

import io
import zipfile

DIGITS = "9" * 5000

ANYWHERE = [
    "",
    " ",
    "\u200b\u200b",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 121,
    "x" * 20_001,
    "\u202egnp.exe",
    "👩‍👩‍👧‍👦 مرحبا",
    "e" + "\u0301" * 300,
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% load x %}${jndi:ldap://x}",
    "{password}{0}{a.b}{",
    '=cmd|" /C calc"!A0',
    "＝1+1",
    "one\r\nBcc: evil@x.io",
    "'; DROP TABLE handoffs_handoff; --",
    "../../etc/passwd",
    "null",
    "True",
    "[]",
    "{}",
    "-1",
    "0",
    "1",
    "999999",
    str(2**31),
    str(2**63),
    "10" * 15,
    DIGITS,
    "NaN",
    "1e999",
    "٣",
    "abc",
    "1,2,x",
    "%00",
    "%s%n",
    "\\",
    "*",
    "(a+)+$",
    "9" * 400 + ".5",
]
MOMENTS = [
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "31/12/26",
    "2026-13-01",
    "99999-01-01",
    "0001-01-01T00:00",
    "9999-12-31T23:59:59",
    "2026-03-29T02:30",
    "2026-10-25T02:30",
    "2026-03-03T10:00",
    "24:00",
    "25:61",
    "12",
    "now",
]
MAILS = [
    "a@",
    "a@@b.co",
    "a b@c",
    "a@b",
    "a@b.co, evil@x.io",
    "x@y.io\nBcc: evil@x.io",
    "l" * 65 + "@example.com",
    "a@" + "b" * 250 + ".example",
    "jürgen@bücher.example",
    "用户@例子.example",
]
LINKS = [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "http://[::1",
    "http://user:pw@host.example",
    "https://hooks.slack.com.evil.example/services/T/B/x",
    "http://100.64.0.1/",
    "http://127.0.0.1:22/",
    "https://e.example/" + "a" * 500,
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/%0d%0aSet-Cookie:a=b",
]
TREES = ["[" * 100_000, '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "{"]
KINDS = {"email": MAILS, "url": LINKS, "date": MOMENTS, "time": MOMENTS, "datetime-local": MOMENTS}
EVERYTHING = [*ANYWHERE, *MOMENTS, *MAILS, *LINKS, *TREES]

# What lists and pages are asked for beside their own fields
ASKED = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "page",
    "next",
    "start",
    "end",
    "period",
    "team",
    "territory",
    "status",
    "sort",
    "action",
    "id__in",
    "pk__gt",
    "owner__password__startswith",
    "email__regex",
    "created_at__year",
    "created_at__month",
    "is_active__exact",
    "_popup",
    "_to_field",
    "term",
    "app_label",
    "model_name",
    "field_name",
    "group",
    "of",
    "person",
    "account",
    "contact",
]
STRANGE_IDS = ["0", "1", "-1", "999999", "1" + "0" * 30, "abc", "%00", "%ED%A0%80", "1%2F2", "_5F"]


def files() -> list[tuple[str, bytes]]:
    """Uploads that are not what they say."""
    return [
        ("empty.csv", b""),
        ("header.csv", b"name,domain\n"),
        ("plain.csv", b"name,domain\nAcme,acme.example\n"),
        ("nul.csv", b"name,domain\n\x00,\x00\n"),
        ("utf16.csv", "name,domain\nAcme,a.example\n".encode("utf-16")),
        ("latin.csv", "name,domain\nMüller,m.example\n".encode("latin-1")),
        ("semicolon.csv", b"name;domain\nAcme;a.example\n"),
        ("ragged.csv", b'name,domain\n"Acme,a\nB,b,c,d\n'),
        ("wide.csv", b"a," * 500 + b"\n"),
        ("text.xlsx", b"I am not a workbook"),
        ("cut.xlsx", _workbook()[:60]),
        ("hollow.xlsx", _workbook()),
        ("../../evil.csv", b"name,domain\n"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 100),
    ]


def _workbook() -> bytes:
    """A zip file with nothing of a workbook inside."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return file.getvalue()
