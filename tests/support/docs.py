#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs.py - make the files behind /docs, and the table of them for C.

    docs.py OPENAPI_JSON SOURCE BUNDLE OUT

SOURCE is src/api/docs. BUNDLE is the folder that `make docs` fills through npm;
if it is not there the page is a plain list of the operations and nothing else.
With it that same list is what a browser without JavaScript shows. OUT/docs.inc
and what it embeds, in OUT/docs, are written only when they change.
"""
import hashlib
import html
import json
import re
import sys
from pathlib import Path

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css",
         ".txt": "text/plain; charset=utf-8"}


def inline(text):
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)


def table(lines):
    rows = [line.strip("|").split("|") for line in lines]
    return "\n".join(["<table>", *(
        "<tr>" + "".join(f"<{tag}>{inline(cell.strip())}</{tag}>"
                         for cell in row) + "</tr>"
        for tag, row in [("th", rows[0])] + [("td", r) for r in rows[2:]]),
        "</table>"])


def marked(text):
    """What openapi.yaml uses of Markdown, as HTML: paragraphs, headings,
    tables, code and bold words."""
    parts = []
    for part in text.strip().split("\n\n"):
        level = len(part) - len(part.lstrip("#"))
        if part.startswith("|"):
            parts.append(table(part.split("\n")))
        elif level:
            parts.append(f"<h{level}>{inline(part[level:].strip())}</h{level}>")
        else:
            parts.append(f"<p>{inline(part)}</p>")
    return "\n".join(parts)


def plain_list(doc):
    """The operations under their tags."""
    info = doc["info"]
    out = [f"<h1>{html.escape(info['title'])} {info['version']}</h1>",
           '<p>The whole contract: <a href="openapi.yaml">openapi.yaml</a>, '
           '<a href="openapi.json">openapi.json</a>.</p>',
           marked(info["description"])]
    for tag in doc["tags"]:
        out += [f"<h2>{html.escape(tag['name'])}</h2>",
                marked(tag["description"])]
        for path, item in doc["paths"].items():
            for method, operation in item.items():
                if method == "parameters" or tag["name"] not in operation[
                        "tags"]:
                    continue
                out += ["<details>",
                        f"<summary><b>{method.upper()}</b> "
                        f"<code>{html.escape(path)}</code> "
                        f"{html.escape(operation['summary'])}</summary>",
                        marked(operation["description"]),
                        f"<p>Scope: <code>{operation['x-scope']}</code></p>",
                        "</details>"]
    return "\n".join(out)


def page(doc, names):
    """The HTML; names are those of the other files."""
    links = [f'<link rel="stylesheet" href="docs/{n}">' for n in names
             if n.endswith(".css")]
    # The bundle before what starts it; both wait for the page.
    scripts = [f'<script src="docs/{n}" defer></script>' for n in names
               if n.endswith(".js")]
    licenses = [f'<p><a href="docs/{n}">Licences of what this page is '
                'rendered with</a></p>' for n in names if n.endswith(".txt")]
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(doc['info']['title'])}: reference</title>",
        '<link rel="icon" href="data:,">', *links, *scripts, "</head>",
        "<body>", '<div id="reference"><div id="plain">', plain_list(doc),
        *licenses, "</div></div>", "</body>", "</html>", ""])


def rendered(bundle):
    """(stem, suffix, bytes) of what the npm package brings."""
    package = bundle / "node_modules/swagger-ui-dist"
    if not (bundle / ".stamp").exists():
        return []
    licenses = b"\n\n".join(
        (package / name).read_bytes() for name in
        ("NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"))
    script = (package / "swagger-ui-bundle.js").read_bytes()
    script = re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", script)
    style = (package / "swagger-ui.css").read_bytes()
    style = re.sub(rb"\n?/\*# sourceMappingURL=\S+ ?\*/\s*$", b"\n", style)
    return [("swagger-ui", ".js", script), ("swagger-ui", ".css", style),
            ("licenses", ".txt", licenses)]


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def write(path, data):
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: docs.py OPENAPI_JSON SOURCE BUNDLE OUT")
    doc = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    source, bundle, out = map(Path, sys.argv[2:])
    (out / "docs").mkdir(parents=True, exist_ok=True)

    files = rendered(bundle)
    if files:
        files.append(("start", ".js", (source / "start.js").read_bytes()))
    files.append(("page", ".css", (source / "page.css").read_bytes()))
    named = [(f"{stem}-{digest(data)}{suffix}", TYPES[suffix], data)
             for stem, suffix, data in files]
    body = page(doc, [name for name, _, _ in named]).encode()
    named.insert(0, ("", "text/html; charset=utf-8", body))

    rows = ["/* Made by tests/support/docs.py. The first is the page. */"]
    table = []
    for i, (name, kind, data) in enumerate(named):
        file = out / "docs" / (name or "page.html")
        write(file, data)
        rows.append(f'EMBED(docs_{i}, "{file}")')
        table.append(f'\t{{"{name}", "{kind}", "\\"{digest(data)}\\"", '
                     f"docs_{i}, docs_{i}_end}},")
    rows += ["static const struct file files[] = {", *table, "};", ""]
    write(out / "docs.inc", "\n".join(rows).encode())


if __name__ == "__main__":
    main()
