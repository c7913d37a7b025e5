"""Checks how the project's texts read: banned words, long lines of prose, and the length of README.

Reads every tracked text file. Code outside comments and string literals is read too: no identifier
of Mocha needs one of these words.
"""

import re
import subprocess
import sys

BANNED = re.compile(
    r"\b(anew|lest|thrice|whereof|hereof|is minded|though it be|is told|told apart|of one moment"
    r"|whoever writes|keeps no more)\b",
    re.IGNORECASE,
)
COMMENT = re.compile(r"^\s*(?://[/!]?|--) ?(.*)")
DOC = re.compile(r"^\s*//[/!] ?(.*)")
HEADLESS = re.compile(r"(?:^|[.!?:;] )(?:Of|Whom|Whose|Whoever)\b")
NOUN = re.compile(r"(?:Who|What)\b[^?]*$")
TEXTS = ("*.rs", "*.md", "*.sql", "*.toml", "*.py", "*.ts", "*.sh", ".ci/run")
OWN = ".ci/prose.py"
WIDTH = 100
README_LINES = 150


def tracked():
    listed = subprocess.run(["git", "ls-files", *TEXTS], check=True, capture_output=True, text=True)
    return [path for path in listed.stdout.splitlines() if path != OWN]


def headless(lines):
    """The numbered comments with a sentence that opens with "Of" or the like, and documentation whose first sentence has
    no subject ("What it has"). A question is fine."""
    documented = False
    for number, line in enumerate(lines, 1):
        comment, doc = COMMENT.match(line), DOC.match(line)
        if comment and (HEADLESS.search(comment[1]) or doc and not documented and NOUN.match(doc[1].split(". ")[0])):
            yield number, comment[1]
        documented = bool(doc)


def prose_lines(text):
    """The numbered lines of a Markdown page that are neither code nor a table nor a lone link."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.lstrip().startswith(("|", "<", "[", "!")):
            yield number, line


def main():
    found = []
    for path in tracked():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        # A word may end one line and its phrase go on in the next one.
        joined = re.sub(r"\n[ \t]*(?:///?|//!|--|#|\*)?[ \t]*", lambda lead: "\n" + " " * (len(lead[0]) - 1), text)
        for match in BANNED.finditer(re.sub(r"\s", " ", joined)):
            found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: banned: {match[0]}")
        if path.endswith((".rs", ".sql")):
            for number, comment in headless(text.splitlines()):
                found.append(f"{path}:{number}: a sentence without a subject: {comment}")
        if path.endswith(".md"):
            for number, line in prose_lines(text):
                if len(line) > WIDTH:
                    found.append(f"{path}:{number}: {len(line)} columns")
    with open("README.md", encoding="utf-8") as file:
        length = len(file.readlines())
    if length > README_LINES:
        found.append(f"README.md: {length} lines, at most {README_LINES}")
    print("\n".join(found) or "the texts are fine")
    sys.exit(1 if found else 0)


main()
