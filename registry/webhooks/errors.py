"""What can be wrong with webhooks.

WebhookError
├── UnknownEndpoint    no endpoint has that id
├── NoSuchNotice       the feed has no notice of that number
├── UnusableAddress    a URL that is never posted to: not https, with a password in it …
├── PostedAlready      another endpoint posts the same to the same URL
└── AddressRefused     a host that leads to an address which is not for the public, or to none
"""


class WebhookError(Exception):
    """Whatever is wrong with a webhook; the message says what and what to do."""


class UnknownEndpoint(WebhookError):
    """No endpoint has that id."""


class NoSuchNotice(WebhookError):
    """The feed has no notice of that number."""


class UnusableAddress(WebhookError):
    """A URL that is never posted to."""


class PostedAlready(WebhookError):
    """Another endpoint posts the same to the same URL: all would come twice."""


class AddressRefused(WebhookError):
    """A host that leads to an address which is not for the public, or to none at all."""
