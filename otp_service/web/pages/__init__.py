"""Hosted pages, for people: `POST /v1/pages` makes one, `/pages/{token}` shows it and does what its forms ask."""

from otp_service.web.pages.assets import blueprint as assets
from otp_service.web.pages.making import blueprint as making
from otp_service.web.pages.visiting import blueprint as visiting

blueprints = (making, assets, visiting)
