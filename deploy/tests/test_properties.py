"""What the stacks are, for each configuration of the repository; and each of it broken once."""

import network_properties
import pytest
import service_properties
import whole_properties
from properties import broken
from template import HTTPS, TemplateError, load_all, profile, resolve_all

TEMPLATES = load_all()
COMMON = network_properties.PROPERTIES + service_properties.PROPERTIES + whole_properties.PROPERTIES
NAT, DOMAIN = whole_properties.NAT_ONLY, whole_properties.DOMAIN_ONLY
ZONE = {"HostedZoneId": "Z0123456789"}
PROFILES = {
    "demo": (profile("demo"), COMMON + NAT + network_properties.HTTP_ONLY),
    "demo with a certificate": ({**profile("demo"), **HTTPS, **ZONE}, COMMON + NAT + DOMAIN + network_properties.HTTPS_ONLY),
    "production": (profile("production"), COMMON + NAT + network_properties.HTTPS_ONLY),
    "without a way to the internet": (
        {**profile("production"), "Egress": "endpoints", "Comics": "built-in"},
        [network_properties.chain, network_properties.tiers, *whole_properties.PRIVATE_ONLY],
    ),
}
CASES = [(name, each) for name, (_, properties) in PROFILES.items() for each in properties]
MUTATIONS = [
    (name, each, change) for name, (_, properties) in PROFILES.items() for each in properties for change in each.breaks
]


@pytest.mark.parametrize("name, property", CASES, ids=str)
def test_it_holds(name, property):
    property.holds(resolve_all(TEMPLATES, PROFILES[name][0]))


@pytest.mark.parametrize("name, property, change", MUTATIONS, ids=str)
def test_its_breach_is_noticed(name, property, change):
    given = PROFILES[name][0]
    templates = broken(TEMPLATES, change)
    assert templates != TEMPLATES, "nothing was changed"
    # What is not there any more can't be looked up.
    with pytest.raises((AssertionError, LookupError, ValueError, TemplateError)):
        property.holds(resolve_all(templates, given))


def test_no_property_is_without_a_breach():
    assert len(COMMON) > 60
    for _, property in CASES:
        assert property.breaks, property.title
    titles = [property.title for property in COMMON]
    assert len(set(titles)) == len(titles)
