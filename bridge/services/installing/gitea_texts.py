"""What is put into Gitea's own templates, inside marked blocks, and a check that Gitea can still start with it.

Gitea reads ``templates/custom/`` of its custom directory once, when it starts: with a template that it can't read it
does not start at all. So these use nothing but what has been in every version since 1.22, and ``faults`` refuses
anything else. Scripts stand in files, since Gitea 1.27 lets none run that stand in a page.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

BEGIN = "{{/* BEGIN License Bridge: made by `bridge init`; what is changed here is made anew */}}"
END = "{{/* END License Bridge */}}"
_BEGIN_MARK, _END_MARK = "{{/* BEGIN License Bridge", "{{/* END License Bridge"
_BLOCK = re.compile(
    rf"{re.escape(_BEGIN_MARK)}(?:(?!{re.escape(_BEGIN_MARK)}).)*?{re.escape(_END_MARK)}[^\n]*\n?", re.DOTALL
)

TABS = "templates/custom/extra_tabs.tmpl"
LINKS = "templates/custom/extra_links.tmpl"
FOOTER = "templates/custom/footer.tmpl"
SCRIPT = "public/assets/licensing/menus.js"
TEMPLATES = (TABS, LINKS, FOOTER)

_ACTION = re.compile(r"\{\{(?!/\*)-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{\{/\*.*?\*/\}\}", re.DOTALL)
_WORD = re.compile(r'"[^"\n]*"|[\w.$]+|\S')
_OPENING, _CLOSING = frozenset({"if", "with"}), frozenset({"end"})
_FUNCTIONS = _OPENING | _CLOSING | {"else", "and", "or", "not", "eq", "svg", "AppSubUrl", "AssetUrlPrefix"}
_FIELDS = frozenset(
    {
        "ctx.Consts.RepoUnitTypeReleases",
        ".IsAdmin",
        ".IsSigned",
        ".Org.Name",
        ".OrgLink",
        ".Permission",
        ".Permission.CanRead",
        ".RepoLink",
        ".Repository",
        ".Repository.Name",
        ".Repository.OwnerName",
    }
)

_MENUS_JS = """\
// Made by `bridge init`. Moves the licensing link of an organization from the top bar into the organization's own menu.
(() => {
  const link = document.querySelector('a[data-license-bridge="organization"]');
  const menu = document.querySelector('.page-content.organization overflow-menu .overflow-menu-items');
  if (!link || !menu) return;
  menu.insertBefore(link, menu.querySelector('.item-flex-space'));
})();
"""


@dataclass(frozen=True, slots=True)
class Where:
    """Where the pages are. ``base``: the bridge's address, empty where it shares Gitea's. ``owners``: empty is all."""

    base: str = ""
    owners: tuple[str, ...] = ()

    @classmethod
    def of(cls, public_url: str, gitea_public_url: str, owners: Sequence[str]) -> Self:
        """``owners`` as Gitea spells them, since templates compare letter by letter."""
        return cls("" if public_url == gitea_public_url else public_url, tuple(owners))


def blocks(where: Where) -> Mapping[str, str]:
    """The text for each template, by its path below the custom directory."""
    repo = f"{where.base}/{{{{.Repository.OwnerName}}}}/{{{{.Repository.Name}}}}" if where.base else "{{.RepoLink}}"
    org = f"{where.base}/{{{{.Org.Name}}}}" if where.base else "{{AppSubUrl}}/{{.Org.Name}}"
    site = where.base or "{{AppSubUrl}}"
    return {
        TABS: _if(
            "and .IsSigned .Repository .RepoLink .Permission",
            _if(
                ".Permission.CanRead ctx.Consts.RepoUnitTypeReleases",
                _if_owner(
                    ".Repository.OwnerName",
                    where.owners,
                    f'<a class="item" href="{repo}/licenses">{{{{svg "octicon-key"}}}} Licenses</a>\n',
                ),
            ),
        ),
        LINKS: _if(
            ".IsSigned",
            _if(
                ".OrgLink",
                _if_owner(
                    ".Org.Name",
                    where.owners,
                    f'<a class="item" href="{org}/-/licensing" data-license-bridge="organization">'
                    '{{svg "octicon-key"}} Licensing</a>\n',
                ),
            )
            + _if(".IsAdmin", f'<a class="item" href="{site}/-/licensing/">Licensing</a>\n'),
        ),
        FOOTER: _if(".OrgLink", '<script src="{{AssetUrlPrefix}}/licensing/menus.js" defer></script>\n'),
    }


def script() -> str:
    """The file that the footer names."""
    return _MENUS_JS


def _if(condition: str, inner: str) -> str:
    return f"{{{{if {condition}}}}}{inner.rstrip()}{{{{end}}}}\n"


def _if_owner(field: str, owners: Sequence[str], inner: str) -> str:
    names = " ".join(f'"{name}"' for name in owners)
    return _if(f"eq {field} {names}", inner) if names else inner


def put(text: str, block: str) -> str:
    """A file's text with our block in it: in the old one's place, or at the end. All else stays, also its line ends."""
    end = "\r\n" if "\r\n" in text else "\n"
    marked = f"{BEGIN}\n{block}{END}\n".replace("\n", end)
    found = _BLOCK.search(text)
    if found:
        return text[: found.start()] + marked + take_out(text[found.end() :])
    return text + ("" if not text or text.endswith("\n") else end) + marked


def take_out(text: str) -> str:
    """A file's text without our block."""
    return _BLOCK.sub("", text)


def blocks_in(text: str) -> list[str]:
    """What of ours stands in a file's text."""
    return [found.group() for found in _BLOCK.finditer(text)]


def is_torn(text: str) -> bool:
    """Whether a mark of ours stands alone, so that nobody can tell what between marks is ours."""
    left = take_out(text)
    return _BEGIN_MARK in left or _END_MARK in left


def faults(text: str) -> Iterator[str]:
    """Why Gitea would not start with a text, or might not with its next version; nothing where all is well."""
    left = _COMMENT.sub("", text)
    open_ones: list[str] = []  # of each open {{if}}, whether its {{else}} has come
    for action in _ACTION.findall(left):
        words = _WORD.findall(action) or [""]
        for word in words:
            if word not in _FUNCTIONS | _FIELDS and not re.fullmatch(r'"[\w.-]*"', word):
                yield f"{word} is not among what every supported Gitea knows" if word else "an empty action {{}}"
        yield from _misplaced(words, open_ones)
    if open_ones:
        yield "an {{if}} without its {{end}}"
    if "{{" in _ACTION.sub("", left):
        yield "a {{ without its }}"


def _misplaced(words: Sequence[str], open_ones: list[str]) -> Iterator[str]:
    """What is wrong with an action at its place; keeps track of what is open."""
    first, bare = words[0], len(words) == 1
    if first in _OPENING:
        open_ones.append("if")
        if bare:
            yield f"{{{{{first}}}}} without a condition"
    elif first == "else":
        if not bare or open_ones[-1:] != ["if"]:
            yield "an {{else}} that belongs to no {{if}}, or has words of its own"
        open_ones[-1:] = ["else"] if open_ones else []
    elif first in _CLOSING:
        if not bare:
            yield "an {{end}} with words of its own"
        if not open_ones:
            yield "an {{end}} without its {{if}}"
        open_ones[-1:] = []
    elif any(word in _OPENING | _CLOSING | {"else"} for word in words):
        yield f"{' '.join(words)} holds a word that only begins an action"
