"""Hosts that tell what a link is: the first key that the book has is the type that the form suggests."""

from __future__ import annotations

from collections.abc import Collection

_VIDEO = ("video", "tutorial", "recording", "talk", "speaking", "content")
_CODE = ("code", "open-source", "merge-request-merged", "code-sample", "project-contribution", "repository")
_POST = ("post", "blog", "article", "content")
_ANSWER = ("answer", "forum", "reply", "question-response")
_TALK = ("talk", "speaking", "presentation", "speaking-conference", "conference")
_MEETING = ("meetup", "event", "workshop", "speaking-user-group", "talk", "speaking", "presentation")

HOSTS = {
    "youtube.com": _VIDEO, "youtu.be": _VIDEO, "vimeo.com": _VIDEO, "twitch.tv": _VIDEO, "peertube.tv": _VIDEO,
    "github.com": _CODE, "gitlab.com": _CODE, "codeberg.org": _CODE, "bitbucket.org": _CODE, "npmjs.com": _CODE,
    "medium.com": _POST, "dev.to": _POST, "hashnode.dev": _POST, "substack.com": _POST, "wordpress.com": _POST,
    "blogspot.com": _POST, "ghost.io": _POST, "github.io": _POST,
    "stackoverflow.com": _ANSWER, "stackexchange.com": _ANSWER, "superuser.com": _ANSWER, "serverfault.com": _ANSWER,
    "discourse.group": _ANSWER, "reddit.com": _ANSWER,
    "sessionize.com": _TALK, "slideshare.net": _TALK, "speakerdeck.com": _TALK, "fosdem.org": _TALK,
    "meetup.com": _MEETING, "eventbrite.com": _MEETING, "lu.ma": _MEETING,
}  # fmt: skip
"""A host stands for those below it, too: `ada.medium.com`."""


def suggested(host: str, keys: Collection[str]) -> str | None:
    """The type that a host suggests, of those that the book has."""
    labels = host.split(".")
    for place in range(len(labels) - 1):
        for key in HOSTS.get(".".join(labels[place:]), ()):
            if key in keys:
                return key
    return None
