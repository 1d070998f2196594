"""What is known of senders by country: facts in our own words, each with the page that it was read on and its date.

Three kinds of page were read; where they differ the newer one counts, and the stricter one of two of an age. A kind is
called `no` only where messages under it are dropped, since this service then sends none.

AWS: "Supported Regions and countries" of the Amazon SNS guide (awsdocs/amazon-sns-developer-guide on GitHub, file
sns-supported-regions-countries.md, last changed 2023-04-05). FORMS: the registrations that AWS offers
(docs.aws.amazon.com/sms-voice, registrations-country and registrations-tfn; the administrators' guide of Amazon Connect
says that one takes up to 15 business days), read 2026-11-22. VONAGE: Vonage's pages "SMS Features and Restrictions" by
country, second hand from a dated copy (whaleal/guide on GitHub, zh/JMC/5.SenderID.md). What ends in (*) is from memory.

Vendors differ: one may have a way that another lacks. `[sender_rules.XX]` in the configuration says it better.
"""

from typing import NamedTuple

AWS, FORMS = "AWS, SNS guide", "AWS, registration forms"
VONAGE = "Vonage, copied pages"
WEEKS = 21  # 15 business days


class Row(NamedTuple):
    """Countries of which the same is known; the words are those of sender_rules.Allowed."""

    countries: str
    alphanumeric: str
    long_code: str
    short_code: str
    source: str
    dated: str
    registry: str = ""
    lead_days: int | None = None
    notes: str = ""


AMERICAN = "toll-free numbers are verified, local ones registered as 10DLC, short codes leased"
BRAND = "the sender must hold the brand's name, in the case in which it was registered"
MTN = "must be registered for MTN's network; other networks take it as it is"
GIVEN_NUMBERS = "numbers are replaced, but for those rented from the vendor"

ROWS = (
    Row("US", "no", "registered", "registered", FORMS, "2026-11-22", "The Campaign Registry (10DLC)", WEEKS, AMERICAN),
    Row("PR GU", "no", "registered", "registered", FORMS, "2026-11-22", "the same as in the US", WEEKS, AMERICAN),
    Row("VI AS", "yes", "yes", "unknown", VONAGE, "2024-04-22"),
    Row("CA", "no", "yes", "registered", VONAGE, "2024-05-09", notes="only North American numbers get through"),
    Row("IN", "registered", "replaced", "registered", FORMS, "2026-11-22", "a DLT portal of TRAI", WEEKS, "texts too"),
    Row("SG", "registered", "registered", "registered", FORMS, "2026-11-22", "SSIR of SGNIC", WEEKS, "needs a UEN"),
    Row("AU", "registered", "yes", "unknown", FORMS, "2026-11-22", "the sender ID register of ACMA (*)", WEEKS),
    Row("AT", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the provider", WEEKS, GIVEN_NUMBERS),
    Row("FI", "registered", "replaced", "unknown", FORMS, "2026-11-22", "Traficom (*)", WEEKS, GIVEN_NUMBERS),
    Row(
        "IE", "registered", "yes", "unknown", FORMS, "2026-11-22", "ComReg's registry (*)", WEEKS, "Irish numbers only"
    ),
    Row("ES", "registered", "yes", "unknown", FORMS, "2026-11-22", "the alias register of CNMC (*)", WEEKS),
    Row("BY", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS),
    Row("RU", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS),
    Row("KZ", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS),
    Row("EG JO KW QA SA", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS, BRAND),
    Row("AE", "registered", "replaced", "unknown", FORMS, "2026-11-22", "TDRA, by way of the networks", WEEKS, BRAND),
    Row("ID", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS),
    Row("PH TH", "registered", "replaced", "unknown", FORMS, "2026-11-22", "the networks", WEEKS),
    Row("LK", "registered", "replaced", "unknown", FORMS, "2026-11-22", "Dialog and Hutchison", WEEKS, BRAND),
    Row("KE", "registered", "replaced", "unknown", FORMS, "2026-11-22", "Safaricom and Telkom", WEEKS, BRAND),
    Row("VN", "registered", "no", "unknown", VONAGE, "2024-04-09", "the names office of the ministry"),
    Row("BD", "registered", "unknown", "unknown", VONAGE, "2024-04-09", "the networks", None, BRAND),
    Row("AM", "registered", "replaced", "unknown", VONAGE, "2024-04-10", "the networks"),
    Row("CZ", "registered", "replaced", "unknown", VONAGE, "2024-05-20", "the networks", None, "T-Mobile drops others"),
    Row("NO", "registered", "yes", "unknown", VONAGE, "2024-04-22", "the networks"),
    Row("SI", "registered", "yes", "unknown", VONAGE, "2024-04-22", "the networks"),
    Row("UA", "registered", "replaced", "unknown", VONAGE, "2024-04-22", "the networks"),
    Row("OM", "registered", "replaced", "unknown", VONAGE, "2024-05-09", "the networks", None, "others are replaced"),
    Row("RO", "registered", "replaced", "unknown", VONAGE, "2024-04-22", "Vodafone", None, "Orange may replace it"),
    Row("RS", "registered", "replaced", "unknown", VONAGE, "2024-04-22", "Telenor", None, "others take it as it is"),
    Row("PK", "registered", "replaced", "yes", VONAGE, "2024-05-10", "Mobilink", None, "others may replace it"),
    Row("MA", "registered", "replaced", "unknown", VONAGE, "2024-06-19", "Inwi", None, BRAND),
    Row("ZA", "registered", "replaced", "unknown", VONAGE, "2024-05-09", "MTN", None, "others show a number instead"),
    Row("NG", "registered", "yes", "unknown", VONAGE, "2024-04-09", "MTN", None, MTN),
    Row("GH CM", "registered", "replaced", "unknown", VONAGE, "2024-04-08", "MTN", None, MTN),
    Row("BJ", "registered", "yes", "unknown", VONAGE, "2024-04-08", "MTN", None, MTN),
    Row("TZ", "registered", "replaced", "unknown", VONAGE, "2024-04-09", "Tigo and Airtel", None, BRAND),
    Row("KH", "registered", "yes", "unknown", VONAGE, "2024-04-09", "Smart", None, "other networks may replace it"),
    Row("MX", "registered", "replaced", "registered", VONAGE, "2024-04-22", "a short code's owner"),
    Row("BR", "replaced", "replaced", "unknown", AWS, "2023-04-05", notes="networks show a short code (*)"),
    Row(
        "AR BO UY EC", "replaced", "replaced", "unknown", VONAGE, "2024-04-22", notes="networks show a number of theirs"
    ),
    Row(
        "CL CO PE", "replaced", "replaced", "unknown", VONAGE, "2024-04-22", notes="a local number or short code shows"
    ),
    Row("CR", "replaced", "replaced", "unknown", VONAGE, "2024-04-10"),
    Row("CN", "replaced", "replaced", "unknown", VONAGE, "2024-04-09", notes="1069 numbers show; texts are registered"),
    Row("KR", "replaced", "replaced", "unknown", VONAGE, "2024-05-09", notes="a long number shows"),
    Row(
        "MY", "replaced", "replaced", "unknown", VONAGE, "2024-05-09", notes="a short code shows; no links, no numbers"
    ),
    Row("TW", "replaced", "replaced", "unknown", VONAGE, "2024-04-09"),
    Row("BE", "replaced", "replaced", "unknown", VONAGE, "2024-04-10", notes="a short code may show"),
    Row("BG HU", "replaced", "replaced", "unknown", VONAGE, "2024-04-10", notes="another sender may show"),
    Row("NZ", "no", "unknown", "yes", VONAGE, "2024-04-22", notes="only short codes that were leased get through"),
    Row("CH NL SE", "yes", "yes", "unknown", VONAGE, "2024-04-22"),
    Row("DE PT", "yes", "yes", "unknown", VONAGE, "2024-05-09", notes="no short codes on Vodafone in Germany"),
    Row("DK EE AD", "yes", "yes", "unknown", VONAGE, "2024-04-10"),
    Row("FR", "yes", "replaced", "unknown", VONAGE, "2024-05-17", notes=GIVEN_NUMBERS),
    Row("IT", "yes", "unknown", "unknown", VONAGE, "2024-04-10", notes="aliases are kept in a register of AGCOM (*)"),
    Row("GR HR LT LV AL BA", "yes", "replaced", "unknown", VONAGE, "2024-04-10", notes=GIVEN_NUMBERS),
    Row("PL", "yes", "unknown", "unknown", VONAGE, "2024-04-22", notes="of numbers only those rented from the vendor"),
    Row("JP HK", "yes", "replaced", "unknown", VONAGE, "2024-04-09", notes="numbers are replaced"),
    Row("IL", "yes", "replaced", "unknown", VONAGE, "2024-05-10", notes="it may be changed"),
    Row("TN", "yes", "yes", "unknown", VONAGE, "2024-04-09", notes=BRAND),
    Row("TR", "yes", "unknown", "unknown", VONAGE, "2024-03-21", notes="marketing must be registered at IYS"),
    Row("PA", "yes", "yes", "unknown", VONAGE, "2024-04-10"),
    Row("AZ", "yes", "yes", "unknown", VONAGE, "2024-04-10", notes=BRAND),
    Row("GB", "yes", "yes", "yes", AWS, "2023-04-05", notes="general names such as Info or Verify are blocked (*)"),
    Row("CY GE GI IS LI LU MD ME MK MT SK", "yes", "unknown", "unknown", AWS, "2023-04-05"),
    Row("BH LB YE", "yes", "unknown", "unknown", AWS, "2023-04-05", notes=BRAND),
    Row("JM TT BB BS PY", "yes", "unknown", "unknown", AWS, "2023-04-05"),
    Row("SN TG UG ZM RW MU MG BW", "yes", "unknown", "unknown", AWS, "2023-04-05"),
    Row("UZ TJ TM MV FJ PG", "yes", "unknown", "unknown", AWS, "2023-04-05"),
)
