"""Names, places and jobs to choose from.

Phone numbers lie in the ranges that Sweden keeps for fiction, mail addresses under example.com.
"""

from __future__ import annotations

from random import Random

FIRST_NAMES = (
    "Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Gunilla", "Håkan", "Ingrid", "Jörgen", "Karin", "Lars",
    "Maja", "Niklas", "Olle", "Petra", "Rasmus", "Sofia", "Tomas", "Ulla", "Viktor", "Åsa", "Örjan", "Märta", "Göran",
    "Linnéa", "Zlatan", "Amir", "Yusuf", "Jenny", "Kjell", "Emelie", "Pär", "Wilma", "Hanna", "Oskar", "Ida", "Ebba",
)  # fmt: skip
LAST_NAMES = (
    "Andersson", "Björk", "Carlsson", "Dahlström", "Ekström", "Forsberg", "Gustafsson", "Håkansson", "Isaksson",
    "Jönsson", "Karlsson", "Lindström", "Månsson", "Nyström", "Olofsson", "Persson", "Rönnberg", "Sjöberg", "Törnqvist",
    "Ulfsson", "Viklund", "Wallin", "Åkesson", "Ängström", "Öberg", "Lundqvist", "Hedlund", "Söderström", "Bergström",
    "Al-Hassan", "Nowak", "Virtanen",
)  # fmt: skip
STREETS = (
    "Storgatan", "Kyrkogatan", "Björkvägen", "Älvgatan", "Åkervägen", "Örnstigen", "Skolgatan", "Järnvägsgatan",
    "Hamngatan", "Fabriksvägen", "Tallvägen", "Ängsvägen", "Kungsgatan", "Smedjegatan", "Sjögatan", "Norra Långgatan",
)  # fmt: skip
TOWNS = (  # postal code, town, county, latitude, longitude
    ("941 31", "Piteå", "Norrbotten", 65.3172, 21.4794),
    ("972 38", "Luleå", "Norrbotten", 65.5848, 22.1547),
    ("903 26", "Umeå", "Västerbotten", 63.8258, 20.2630),
    ("831 31", "Östersund", "Jämtland", 63.1792, 14.6357),
    ("852 30", "Sundsvall", "Västernorrland", 62.3908, 17.3069),
    ("702 10", "Örebro", "Örebro", 59.2741, 15.2066),
    ("602 24", "Norrköping", "Östergötland", 58.5877, 16.1924),
    ("351 12", "Växjö", "Kronoberg", 56.8777, 14.8091),
    ("211 20", "Malmö", "Skåne", 55.6050, 13.0038),
    ("252 21", "Helsingborg", "Skåne", 56.0465, 12.6945),
    ("411 05", "Göteborg", "Västra Götaland", 57.7089, 11.9746),
    ("111 20", "Stockholm", "Stockholm", 59.3293, 18.0686),
    ("151 32", "Södertälje", "Stockholm", 59.1955, 17.6253),
    ("791 30", "Falun", "Dalarna", 60.6065, 15.6355),
)
COMPANY_STEMS = (
    "Björkhagens", "Norrskens", "Älvdalens", "Åkermans", "Östersjö", "Kustens", "Mälar", "Bergslagens", "Lindbergs",
    "Strandvägens", "Nordan", "Fjällets", "Skärgårdens", "Tallbackens", "Hantverkarnas", "Solgårdens",
)  # fmt: skip
COMPANY_TRADES = (
    "Fastigheter AB", "Bygg AB", "Bostäder AB", "Livs HB", "Hotell & Konferens AB", "Mekaniska AB", "Redovisning AB",
    "Åkeri AB", "Trädgård HB", "Restaurang AB", "Bil & Däck AB", "Förskola ek. för.", "BRF", "Snickeri AB",
)  # fmt: skip
JOBS = (  # what a project is about, and its department
    ("Byte av elcentral", "El"),
    ("Installation av laddstolpar", "El"),
    ("Solceller på tak", "El"),
    ("Belysning i trapphus", "El"),
    ("Felsökning jordfelsbrytare", "El"),
    ("Stambyte badrum", "VVS"),
    ("Byte av värmepump", "VVS"),
    ("Avloppsrensning", "VVS"),
    ("Nytt kök, rör och el", "VVS"),
    ("Golvvärme i hall och badrum", "VVS"),
    ("OVK-besiktning", "Ventilation"),
    ("FTX-aggregat, montage", "Ventilation"),
    ("Injustering av luftflöden", "Ventilation"),
    ("Serviceavtal kylanläggning", "Kyla"),
    ("Felanmälan kylrum", "Kyla"),
)
STEPS = (
    "Beställ material", "Kontrollmätning", "Dra kabel", "Montera elcentral", "Riva gammal installation",
    "Täthetsprova", "Besiktning med kund", "Fakturaunderlag", "Felsök på plats", "Byt packning",
    "Isolera rör", "Montera don", "Håltagning",
    "Egenkontroll", "Dokumentation och märkning", "Injustering", "Återställning efter montage",
    "Hämta nycklar hos kund",
)  # fmt: skip
REMARKS = (
    "Kunden önskar samtal före ankomst.", "Portkod finns hos kontoret.", "Materialet är beställt, väntar på leverans.",
    "Klart, återstår märkning.", "Obs! Asbest misstänks i undertaket.", "Ring förvaltaren om något är oklart.",
    "Hunden är snäll, låt grinden vara stängd.", "Delleverans mottagen: två kartonger saknas.",
)  # fmt: skip

_PHONES = (("08-46 500 4", 2), ("031-390 06 ", 2), ("040-628 04 ", 2))


def mobile(random: Random) -> str:
    """A mobile number from the range kept for fiction."""
    return f"070-17406{random.randint(5, 99):02d}"


def phone(random: Random) -> str:
    """A land-line number from one of the ranges kept for fiction."""
    prefix, digits = random.choice(_PHONES)
    return prefix + str(random.randrange(10**digits)).zfill(digits)


def plain(text: str) -> str:
    """A name as it stands in a mail address."""
    table = str.maketrans({"å": "a", "ä": "a", "ö": "o", "é": "e", " ": "", "&": "", ".": "", "-": ""})
    return text.lower().translate(table)
