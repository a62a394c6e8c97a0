"""Errors of webhooks.

WebhookError
├── UnknownEndpoint    no endpoint has this id
├── NoSuchNotice       the feed has no notice with this number
├── UnusableAddress    the URL is not allowed: no https, a password in it …
├── PostedAlready      another endpoint has the same URL and kinds
└── AddressRefused     the host has no address, or none that is allowed
"""


class WebhookError(Exception):
    """A fault of a webhook. The message says what is wrong and what to do."""


class UnknownEndpoint(WebhookError):
    """No endpoint has this id."""


class NoSuchNotice(WebhookError):
    """The feed has no notice with this number."""


class UnusableAddress(WebhookError):
    """The URL is not allowed."""


class PostedAlready(WebhookError):
    """Another endpoint has the same URL and kinds: every notice would be posted twice."""


class AddressRefused(WebhookError):
    """The host has no address, or none that is allowed."""
