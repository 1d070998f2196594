"""The names of countries."""

import phonenumbers

from otp_service.domain.countries import NAMES, country_name


def test_every_country_that_has_numbers_has_a_name() -> None:
    """Each country that a number may belong to has a name, and the numbers that belong to none have one too."""
    assert phonenumbers.SUPPORTED_REGIONS | {phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY} <= NAMES.keys()


def test_names_are_names() -> None:
    """A country is called by its name, an unknown one by its code."""
    assert (country_name("CH"), country_name("CI"), country_name("ZZ")) == ("Switzerland", "Côte d’Ivoire", "ZZ")
