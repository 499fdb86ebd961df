"""Every page there is, by name, for tests that go over all of them."""

PAGES = {
    "board": "/",
    "card": "/cards/{card_id}",
    "card-list": "/cards",
    "dashboard": "/dashboard",
    "topics": "/topics",
    "topic": "/topics/topic/{topic}",
    "topic-versions": "/topics/versions",
    "tickets": "/tickets",
    "ticket": "/tickets/{ticket_id}",
    "onboarding": "/onboarding",
    "settings-connection": "/settings/connection",
    "settings-fields": "/settings/fields",
    "settings-people": "/settings/people",
    "settings-keys": "/settings/keys",
    "settings-activity": "/settings/activity",
    "settings-triggers": "/settings/triggers",
    "settings-rules": "/settings/rules",
    "settings-budget": "/settings/budget",
    "settings-notifications": "/settings/notifications",
    "settings-privacy": "/settings/privacy",
    "settings-danger": "/settings/danger",
}
"""Addresses of the pages behind the sign-in, by the name of their route."""

PUBLIC_PAGES = {"sign-in": "/sign-in", "join": "/join#{secret}", "receipt": "/deleted/{receipt_id}"}
"""Those anybody sees."""

PASSED_THROUGH = {"sign-in-callback", "settings"}
"""Routes nobody stays on."""
