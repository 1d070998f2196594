"""Countries as the made-up traffic knows them: operators' prefixes, digits behind them, and what a text costs.

The prefixes are mobile ranges of the national numbering plans, as libphonenumber has them.
"""

from dataclasses import dataclass

from otp_service.domain.prices import price_micros
from otp_service.domain.replay.traffic.chance import Chance


@dataclass(frozen=True, slots=True)
class Place:
    """A country: its calling code, its operators' prefixes and how many digits follow them."""

    country: str
    code: str
    prefixes: tuple[str, ...]
    digits: int
    hours_east: int

    @property
    def price_micros(self) -> int:
        """What a text costs: the cautious list price, less what volume takes off."""
        return round(price_micros(self.country, {}) * 0.8)

    def number(self, chance: Chance, prefix: str) -> str:
        """A number of this operator."""
        return f"+{self.code}{prefix}{chance.randrange(0, 10**self.digits):0{self.digits}d}"


# Country, calling code, prefixes, digits behind them, hours east of Greenwich.
_TABLE = """
US 1 2123,3054,4153,6464,7022,3104,7135,2145 6 -6
GB 44 7711,7725,7788,7912,7850,7450,7575,7402 6 0
DE 49 170,171,172,173,174,175,177,178,163 7 1
FR 33 60,61,62,66,67,68,75,76 7 1
CH 41 76,77,78,79 7 1
AT 43 664,660,676,699,650 7 1
IT 39 333,335,338,340,347,348,328,320,349 7 1
ES 34 600,610,620,630,650,660,670,680 6 1
NL 31 61,62,63,64,65 7 1
BE 32 47,48,49 7 1
PL 48 50,60,66,69,72,78,79,88 7 1
PT 351 91,92,93,96 7 0
SE 46 70,72,73,76 7 1
NO 47 40,41,45,90,91,92,97 6 1
DK 45 20,22,23,24,60 6 1
FI 358 40,44,45,50 7 2
CZ 420 72,73,77 7 1
GR 30 693,694,697,698 7 2
RO 40 72,73,74,75,76 7 2
HU 36 20,30,70 7 1
TR 90 532,535,542,543,551,555 7 3
IL 972 50,52,53 7 2
AE 971 50,52,54,55,56 7 4
SA 966 50,53,54,55,56,59 7 3
IN 91 98,99,97,96,90 8 5
SG 65 81,82,91,92,96,97 6 8
MY 60 12,16,19 7 8
TH 66 81,82,89,91 7 7
JP 81 70,90 8 9
KR 82 10 8 9
AU 61 40,41,42,43 7 10
ZA 27 72,73,82,83,84,71 7 2
BR 55 1198,1197,2198,3199 7 -3
MX 52 551,811,333 7 -6
AR 54 9113,9114,9115,9116 7 -3
CO 57 300,310,311,312,315,320 7 -5
CL 56 98,99 7 -4
PE 51 91,94,95,98,99 7 -5
UA 380 50,63,66,67,68,93,95,97,98 7 2
RU 7 903,905,910,916,921,926 7 3
EG 20 10,11,12,15 8 2
MA 212 61,66,67 7 1
NG 234 803,806,703,810,813,816,905 7 1
KE 254 70,71,72,79 7 3
GH 233 24,54,20,50,27 7 0
PK 92 300,301,321,333,345 7 5
BD 880 17,18,19,15,16,13 8 6
LK 94 71,72,75,76,77,78 7 5
NP 977 984,985,980,981 7 6
ID 62 811,812,813,821,852,857,878,896 8 7
VN 84 90,91,96,97,98,86,32 7 7
PH 63 917,918,919,905,906,927 7 8
UZ 998 90,91,93,94,97 7 5
TJ 992 91,92,93,98 7 5
AZ 994 50,51,55,70,77 7 4
KZ 7 701,702,705,707,747,777 7 5
KG 996 55,70,77 7 6
GE 995 555,577,591,593,599 6 4
AM 374 91,93,94,77,98 6 4
AL 355 69 7 1
TN 216 20,50,98 6 1
DZ 213 55,66,77 7 1
SN 221 77,76,78 7 0
CM 237 67,69,65 7 1
MG 261 32,33,34 7 3
SO 252 61,63,90 7 3
MZ 258 82,84,85,86,87 7 2
YE 967 71,73,77 7 3
"""


def _place(line: str) -> Place:
    country, code, prefixes, digits, east = line.split()
    return Place(country, code, tuple(prefixes.split(",")), int(digits), int(east))


PLACES = {place.country: place for place in map(_place, _TABLE.strip().splitlines())}
# Where services have their people, and where pumpers find operators that share the fee.
_HOMES = "US GB DE FR CH AT IT ES NL BE PL PT SE NO DK FI CZ TR IL AE IN SG AU ZA BR MX CO"
_DEAR = "RU ID PK UZ KZ NG LK TJ AZ KG SO MG YE CM DZ SN BD NP KE EG TN PH VN MZ GE AM AL"
HOMES = tuple(_HOMES.split())
DEAR = tuple(_DEAR.split())
