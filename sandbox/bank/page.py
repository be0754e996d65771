"""The page "Trả bằng ngân hàng thử": what a bank's app shows before one confirms. Works without scripts."""

from __future__ import annotations

from html import escape
from typing import Final

from kit.money import format_vnd
from services.vietqr.domain import Decoded

STYLE: Final = """
:root{color-scheme:light dark;--canvas:#F6F5F0;--card:#fff;--ink:#17211D;--ink2:#4A554F;--line:#E3E0D6;--edge:#858B84;
--action:#123B30;--on:#fff}
@media(prefers-color-scheme:dark){:root{--canvas:#101513;--card:#18201C;--ink:#F1F0EA;--ink2:#BAC3BD;--line:#2B352F;
--edge:#78847D;--action:#9ADBC3;--on:#0B1F18}}
*{box-sizing:border-box}body{margin:0;background:var(--canvas);color:var(--ink);
font:16px/1.56 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
.band{background:#17211D;color:#fff;text-align:center;font-weight:600;padding:6px;
background-image:repeating-linear-gradient(-45deg,#17211D 0 12px,#26312C 12px 24px)}
main{max-width:560px;margin:0 auto;padding:24px 16px 48px}h1{font-size:24px;line-height:1.3;margin:0 0 16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px;margin:0 0 20px}
dl{margin:0}dt{color:var(--ink2);font-size:14px}dd{margin:0 0 10px;font-weight:600;overflow-wrap:anywhere}
label{display:block;font-weight:600;margin:0 0 4px}input[type=text],input[type=number]{width:100%;min-height:44px;
font:inherit;padding:8px 12px;border:1px solid var(--edge);border-radius:8px;background:var(--card);color:var(--ink);
margin:0 0 16px}fieldset{border:0;padding:0;margin:0 0 20px}legend{font-weight:600;padding:0}
.choice{display:flex;gap:10px;align-items:center;min-height:44px;font-weight:400;margin:0}
.choice input{width:20px;height:20px}button,.button{display:block;width:100%;min-height:48px;border:0;border-radius:8px;
background:var(--action);color:var(--on);font:inherit;font-weight:600;text-align:center;padding:12px;
text-decoration:none}:focus-visible{outline:3px solid #F7A823;outline-offset:2px}.quiet{color:var(--ink2)}
"""

# value, what the payer reads
TRICKS: Final = (
    ("exact", "Trả đúng số"),
    ("short", "Trả thiếu 1.000 đ"),
    ("over", "Trả thừa 1.000 đ"),
    ("twice", "Trả hai lần"),
    ("late", "Ngân hàng báo muộn 5 giây"),
    ("lost", "Ngân hàng không báo (chỉ có trên sao kê)"),
)


def form(payload: str, decoded: Decoded, holder: str, back: str) -> str:
    """The page for one code."""
    code = decoded.code
    choices = "".join(
        f'<label class="choice"><input type="radio" name="trick" value="{value}"'
        f"{' checked' if value == 'exact' else ''}> {escape(words)}</label>"
        for value, words in TRICKS
    )
    memo = code.additional.purpose or ""
    facts = (
        f"<dt>Ngân hàng nhận</dt><dd>Ngân hàng Thử Xoài ({escape(code.bin)})</dd>"
        f"<dt>Số tài khoản</dt><dd>{escape(code.account)}</dd><dt>Chủ tài khoản</dt><dd>{escape(holder or '—')}</dd>"
    )
    return _page(
        "Chuyển tiền bằng ngân hàng thử",
        f"""<div class="card"><dl>{facts}</dl></div><form method="post" action="/">
<input type="hidden" name="payload" value="{escape(payload)}"><input type="hidden" name="back" value="{escape(back)}">
<label for="amount">Số tiền (đồng)</label>
<input type="text" inputmode="numeric" id="amount" name="amount" value="{code.amount or ""}" required>
<label for="memo">Nội dung</label><input type="text" id="memo" name="memo" value="{escape(memo)}" maxlength="140">
<fieldset><legend>Chuyện gì xảy ra</legend>{choices}</fieldset><button>Chuyển tiền</button></form>""",
    )


def done(amount: int, back: str) -> str:
    """The page after a transfer that leads nowhere."""
    link = f'<p><a class="button" href="{escape(back)}">Về trang trước</a></p>' if back else ""
    return _page("Đã chuyển", f'<div class="card"><p>Đã chuyển {escape(format_vnd(amount))}.</p></div>{link}')


def refused(words: str) -> str:
    """The page for what cannot be paid."""
    return _page("Không chuyển được", f'<div class="card" role="alert"><p>{escape(words)}</p></div>')


def _page(title: str, content: str) -> str:
    return f"""<!doctype html><html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)} – Ngân hàng Thử</title>
<link rel="stylesheet" href="/bank.css"></head><body><div class="band">Bản thử – không có tiền thật</div>
<main><h1>{escape(title)}</h1>{content}</main></body></html>"""
