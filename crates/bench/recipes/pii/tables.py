"""Tables of `values.py`: locales of names, streets, states, companies."""

# Locales and their weights: those of the model's seven languages and of countries whose names are often met there.
LOCALES = {
    "en_US": 14, "en_GB": 12, "en_IE": 5, "en_NZ": 4, "en_IN": 10, "en_NG": 3, "yo_NG": 3, "ig_NG": 2, "ha_NG": 2,
    "en_KE": 4, "en_PK": 4, "zu_ZA": 2, "tw_GH": 2, "de_DE": 7, "de_AT": 4, "de_CH": 3, "fr_FR": 6, "fr_CA": 2,
    "fr_BE": 3, "fr_DZ": 3, "es_ES": 6, "es_MX": 4, "es_CO": 3, "it_IT": 6, "pt_PT": 4, "pt_BR": 5, "nl_NL": 6,
    "nl_BE": 2, "sv_SE": 4, "da_DK": 4, "no_NO": 4, "fi_FI": 4, "is_IS": 3, "pl_PL": 5, "cs_CZ": 3, "sk_SK": 2,
    "hu_HU": 4, "ro_RO": 3, "hr_HR": 3, "sl_SI": 3, "lt_LT": 2, "lv_LV": 2, "et_EE": 2, "tr_TR": 5, "az_AZ": 1,
    "uz_UZ": 1, "id_ID": 3, "en_TH": 2, "ga_IE": 1, "vi_VN": 2, "el_GR": 1, "ru_RU": 1, "uk_UA": 1, "bg_BG": 1,
    "ja_JP": 1, "zh_CN": 1, "ko_KR": 1, "he_IL": 1, "ar_SA": 1, "hi_IN": 1,
}
LATINISED = [
    ("Wei Ming Xiao Jing Lei Fang Yan Hui Jun Min Xin Yi Hao Chen Ling Qiang Hong Mei Bo Ying Zihan Yuxuan",
     "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Tang Feng Deng Xie"),
    ("Min-jun Seo-yeon Ji-woo Ha-eun Do-yun Jae-won Hyun-woo Soo-jin Yuna Jiho Minseo Eun-ji Sang-hoon Kyung-hee",
     "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu Hong"),
    ("Hiroshi Yuki Akira Haruto Sakura Yui Aoi Kenji Takeshi Naoko Emi Ren Sota Hina Tomomi Kaori Daisuke Shinji",
     "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue"),
    ("Mohammed Ahmed Fatima Aisha Omar Yusuf Layla Hassan Khalid Noor Zainab Ibrahim Mariam Amira Tariq Salma Bilal",
     "al-Hassan Haddad Khoury Mansour Rahman Hussein Abdullah al-Farsi Nasser Saleh Aziz Qureshi Siddiqui Darwish Farouk"),
    ("Oleksandr Natalia Dmitri Svetlana Iryna Sergei Olga Andriy Tatiana Vladimir Yelena Bohdan Ksenia Mykola Anastasia",
     "Ivanov Petrova Kovalenko Shevchenko Smirnov Volkova Bondarenko Sokolov Melnyk Tkachenko Popova Morozov Lysenko"),
    ("Nguyen Thanh Linh Huong Minh Tuan Lan Hoa Duc Phuong Mai Trang Quang Anh",
     "Nguyen Tran Le Pham Hoang Phan Vu Dang Bui Do Ho Ngo Duong Ly"),
    ("Priya Rahul Ananya Arjun Deepika Sanjay Lakshmi Vikram Kavita Ravi Meera Suresh Pooja Amit Nisha Harpreet Gurpreet",
     "Sharma Patel Singh Iyer Nair Reddy Gupta Mehta Banerjee Chatterjee Krishnan Kaur Desai Joshi Menon Rao Pillai"),
    ("Chidi Adaeze Oluwaseun Kwame Ama Thabo Lerato Sipho Wanjiru Amara Tendai Zanele Kofi Abena Nkosana Mandla",
     "Okafor Adeyemi Okonkwo Mensah Nkosi Dlamini Mwangi Otieno Mbeki Balogun Eze Boateng Osei Kamau Ndlovu Moyo"),
]
DIMINUTIVES = ("Sam Alex Jo Max Kim Liz Bob Tom Ben Kate Nick Tony Beth Meg Dan Matt Jess Becky Ellie Gus Ned Pip Lou Fran "
               "Steffi Uli Hansi Pepe Paco Lola Nando Gigi Bea Joao Zé Wim Joop Sanne Titi Manu Fred Mimi Toni Andi").split()
PARTICLES = ["van der", "van den", "van", "de", "de la", "del", "di", "da", "dos", "von", "von der", "le", "ten", "ter", "al"]
STREET_WORDS = (
    "Oak Maple Cedar Elm Pine Church Mill High Station Victoria King Queen Park Lake Hill River Meadow Spring Chestnut Walnut Green "
    "North South West East Main Market Bridge School Orchard Harbour Sunset Washington Jefferson Lincoln Franklin Albert Canal "
    "Manor Abbey Priory Quarry Forge Farm Rectory Vicarage Cross Windmill Heather Bramble Willow Birch Ash Hazel Holly Ivy "
    "Riverside Lakeview Highland Fairview Ridge Valley Prospect Union Liberty Grand Pearl Water Front Second Third Fifth "
    "Broad Castle Tower George Charles Wellington Nelson Trafalgar Kingfisher Heron Swallow Falcon Primrose Rose Lavender").split()
SUFFIXES = {
    "US": "St Street Ave Avenue Rd Road Blvd Boulevard Dr Drive Ln Lane Ct Court Way Pl Place Terrace Circle Pkwy Parkway Trail Hwy Loop".split(),
    "GB": "Street Road Lane Avenue Close Drive Gardens Crescent Grove Terrace Mews Way Place Rise Walk Hill St Rd Row Square Court".split(),
}
STATES = {
    "US": [("Alabama", "AL"), ("Alaska", "AK"), ("Arizona", "AZ"), ("California", "CA"), ("Colorado", "CO"), ("Connecticut", "CT"),
           ("Florida", "FL"), ("Georgia", "GA"), ("Idaho", "ID"), ("Illinois", "IL"), ("Indiana", "IN"), ("Iowa", "IA"), ("Kansas", "KS"),
           ("Kentucky", "KY"), ("Louisiana", "LA"), ("Maine", "ME"), ("Maryland", "MD"), ("Massachusetts", "MA"), ("Michigan", "MI"),
           ("Minnesota", "MN"), ("Mississippi", "MS"), ("Missouri", "MO"), ("Montana", "MT"), ("Nebraska", "NE"), ("Nevada", "NV"),
           ("New Jersey", "NJ"), ("New Mexico", "NM"), ("New York", "NY"), ("North Carolina", "NC"), ("Ohio", "OH"), ("Oklahoma", "OK"),
           ("Oregon", "OR"), ("Pennsylvania", "PA"), ("Tennessee", "TN"), ("Texas", "TX"), ("Utah", "UT"), ("Vermont", "VT"),
           ("Virginia", "VA"), ("Washington", "WA"), ("Wisconsin", "WI"), ("Wyoming", "WY")],
    "CA": [("Ontario", "ON"), ("Quebec", "QC"), ("British Columbia", "BC"), ("Alberta", "AB"), ("Manitoba", "MB"), ("Nova Scotia", "NS"),
           ("Saskatchewan", "SK"), ("New Brunswick", "NB")],
    "AU": [("New South Wales", "NSW"), ("Victoria", "VIC"), ("Queensland", "QLD"), ("South Australia", "SA"), ("Western Australia", "WA"),
           ("Tasmania", "TAS")],
    "IN": [("Maharashtra", "MH"), ("Karnataka", "KA"), ("Tamil Nadu", "TN"), ("Kerala", "KL"), ("Gujarat", "GJ"), ("West Bengal", "WB"),
           ("Telangana", "TS"), ("Punjab", "PB"), ("Rajasthan", "RJ"), ("Uttar Pradesh", "UP")],
    "GB": [("Kent", "Kent"), ("Devon", "Devon"), ("Norfolk", "Norfolk"), ("Surrey", "Surrey"), ("West Yorkshire", "W Yorks"), ("Essex", "Essex"),
           ("Cumbria", "Cumbria"), ("Lancashire", "Lancs"), ("Hampshire", "Hants"), ("Gwynedd", "Gwynedd"), ("Fife", "Fife")],
    "IE": [("Co. Cork", "Cork"), ("Co. Galway", "Galway"), ("County Kerry", "Kerry"), ("Co. Dublin", "Dublin"), ("Co. Mayo", "Mayo"),
           ("Co. Wicklow", "Wicklow")],
    "IT": [("RM", "RM"), ("MI", "MI"), ("TO", "TO"), ("NA", "NA"), ("BO", "BO"), ("FI", "FI"), ("VR", "VR"), ("PA", "PA"), ("GE", "GE")],
    "ES": [("Madrid", "M"), ("Barcelona", "B"), ("Sevilla", "SE"), ("Valencia", "V"), ("Málaga", "MA"), ("Vizcaya", "BI"), ("Asturias", "O")],
    "BR": [("São Paulo", "SP"), ("Rio de Janeiro", "RJ"), ("Minas Gerais", "MG"), ("Bahia", "BA"), ("Paraná", "PR"), ("Ceará", "CE")],
    "MX": [("Jalisco", "Jal."), ("Nuevo León", "NL"), ("Puebla", "Pue."), ("Yucatán", "Yuc.")],
}
COUNTRIES = {
    "US": ["USA", "United States", "U.S.A."], "GB": ["UK", "United Kingdom", "England", "Scotland", "Wales"], "IE": ["Ireland"],
    "CA": ["Canada"], "AU": ["Australia"], "NZ": ["New Zealand"], "IN": ["India"], "DE": ["Germany", "Deutschland"],
    "AT": ["Austria", "Österreich"], "CH": ["Switzerland", "Schweiz", "Suisse"], "FR": ["France"], "BE": ["Belgium", "Belgique", "België"],
    "NL": ["Netherlands", "The Netherlands", "Nederland"], "ES": ["Spain", "España"], "PT": ["Portugal"], "IT": ["Italy", "Italia"],
    "SE": ["Sweden", "Sverige"], "DK": ["Denmark", "Danmark"], "NO": ["Norway", "Norge"], "PL": ["Poland", "Polska"], "FI": ["Finland"],
    "CZ": ["Czech Republic", "Czechia"], "HU": ["Hungary"], "BR": ["Brazil", "Brasil"], "MX": ["Mexico", "México"], "ZA": ["South Africa"],
    "SI": ["Slovenia"], "HR": ["Croatia"], "IS": ["Iceland"], "EE": ["Estonia"], "TR": ["Turkey", "Türkiye"],
}
# Country: weight in each language of templates, English first.
LANGUAGE_COUNTRIES = {
    "en": dict(US=30, GB=22, IE=5, CA=7, AU=7, NZ=4, IN=7, ZA=3, DE=4, AT=2, CH=2, FR=4, BE=2, NL=3, ES=3, PT=2, IT=3, SE=3, DK=2, NO=2,
               PL=3, FI=2, CZ=2, HU=2, BR=2, MX=1, SI=2, HR=2, IS=2, EE=2, TR=1),
    "de": dict(DE=12, AT=4, CH=4, NL=1, PL=1), "fr": dict(FR=12, BE=4, CH=3, CA=2), "es": dict(ES=12, MX=5),
    "it": dict(IT=12, CH=2), "pt": dict(PT=8, BR=8), "nl": dict(NL=12, BE=5),
}
PLAIN_STREETS = {  # stems and endings of one word, or forms with %s
    "DE": ["%sstraße", "%sweg", "%sgasse", "%sstr.", "%s-Straße", "Am %s", "%splatz", "%sallee", "An der %s", "Im %s", "Zur %s"],
    "AT": ["%sstraße", "%sgasse", "%sweg", "%splatz"], "CH": ["%sstrasse", "%sweg", "%sgasse", "Rue de %s", "Via %s", "Chemin des %s"],
    "FR": ["rue %s", "Rue de %s", "rue du %s", "avenue %s", "boulevard %s", "place %s", "allée des %s", "chemin de %s", "impasse %s", "quai %s"],
    "BE": ["Rue %s", "Avenue %s", "%sstraat", "%slaan", "Chaussée de %s", "%ssteenweg"],
    "NL": ["%sstraat", "%slaan", "%sweg", "%skade", "%splein", "%sgracht", "%sdijk", "%shof", "%ssingel"],
    "ES": ["Calle %s", "C/ %s", "Avda. %s", "Avenida de %s", "Plaza de %s", "Paseo de %s", "Camino de %s", "calle de %s", "Ronda de %s"],
    "MX": ["Calle %s", "Av. %s", "Calzada %s", "Privada %s"],
    "PT": ["Rua %s", "Rua da %s", "Avenida %s", "Av. %s", "Travessa de %s", "Largo do %s", "Praceta %s", "R. %s"],
    "BR": ["Rua %s", "Av. %s", "Avenida %s", "Travessa %s", "Alameda %s", "R. %s"],
    "IT": ["Via %s", "via %s", "Viale %s", "Corso %s", "Piazza %s", "Vicolo %s", "Largo %s", "Strada %s"],
    "SE": ["%sgatan", "%svägen", "%s väg", "%sgränd", "%sstigen"], "DK": ["%sgade", "%svej", "%s Allé", "%svænget", "%sstræde"],
    "NO": ["%sgata", "%sveien", "%s vei", "%s gate", "%svegen"], "PL": ["ul. %s", "al. %s", "ulica %s", "os. %s", "pl. %s"],
    "FI": ["%skatu", "%stie", "%sntie", "%skuja", "%spolku"], "CZ": ["%sova", "%sská", "U %s", "Na %s", "nám. %s"],
    "HU": ["%s utca", "%s út", "%s u.", "%s tér"], "SI": ["%sova", "%sska cesta", "Cesta %s", "Trg %s", "%sova ulica"],
    "HR": ["%sova", "Ulica %s", "Trg %s", "%sska"], "IS": ["%sbraut", "%sgata", "%svegur", "%sholt"], "EE": ["%s", "%s tn", "%s tee"],
    "TR": ["%s Cad.", "%s Sok.", "%s Mah. %s Sk."],
}
STEMS = {
    "DE": "Linden Garten Bahnhof Schul Kirch Berg Wald Mühl Rosen Birken Goethe Schiller Mozart Haupt Ring Wiesen Brunnen Post Eichen Markt Schloss Hafen Tal Sonnen".split(),
    "FR": "Victor-Hugo Pasteur Lilas Gare République Moulin Fontaine Acacias Jean-Jaurès Voltaire Église Verdun Tilleuls Belleville Écoles Carnot Molière Foch".split(),
    "NL": "Dorps Kerk Molen Prinsen Keizers Wilhelmina Juliana Beatrix Linden Eiken Boeier Haven Stations Nieuw Oranje Rembrandt Vermeer Tulpen Meidoorn Beuken".split(),
    "ES": "Mayor Cervantes Goya Sol Molino Rosales Alcalá Constitución Libertad Colón Velázquez Fuente Iglesia Olivos San Juan Reyes Católicos Serrano Almendros".split(),
    "PT": "Flores Liberdade República Camões Augusta Santo António Carmo Oliveiras Moinho Boavista Bela Vista Sete de Setembro Augusto Pinheiros Arenque".split(),
    "IT": "Roma Garibaldi Mazzini Dante Verdi Cavour Marconi Manzoni Rossini Leopardi Mulino Fiori Veneto Kennedy Vittorio Emanuele Gramsci Calcirelli".split(),
    "SE": "Stor Kungs Drottning Björk Ek Skol Kyrko Sjö Ring Strand Vasa Hamn Park Linné Gran Tall".split(),
    "PL": "Długa Krótka Polna Leśna Lipowa Mickiewicza Kościuszki Słowackiego Jesionowa Ogrodowa Szkolna Kwiatowa Sienkiewicza Jana Pawła II Wolności Akacjowa".split(),
    "FI": "Koivu Haapa Mäki Ranta Koski Harju Metsä Kuusi Mänty Satama Koulu Kirkko".split(),
    "CZ": "Parm Jan Nov Dlouh Lip Kolej Zahrad Husov Palack Mlýn Škol".split(),
    "HU": "Petőfi Kossuth Rákóczi Ady Endre Béke Arany János Hegedűs Gyula Széchenyi Dózsa Deák".split(),
}
for country, other in dict(AT="DE", CH="DE", BE="NL", MX="ES", BR="PT", DK="SE", NO="SE", SI="CZ", HR="CZ", IS="SE", EE="FI", TR="PL").items():
    STEMS[country] = STEMS[other]
COMPANY_WORDS = ("Northwind Brightwater Silverline Bluepeak Ironbridge Starling Helix Quantum Vertex Meridian Cobalt Redwood Summit Apex Lumen "
                 "Orbit Pinnacle Harbor Keystone Beacon Atlas Falcon Zenith Nimbus Aurora Evergreen Granite Copperfield Solaris Kestrel Nova Delta").split()
COMPANY_KINDS = "Ltd|Limited|Inc|Inc.|LLC|GmbH|AG|plc|Group|Systems|Solutions|Partners|Logistics|Energy|Foods|Bank|Insurance|Media|Labs|Holdings|S.A.|S.L.|B.V.|S.r.l.|& Co.|Consulting|Airlines|Pharma".split("|")
KNOWN_COMPANIES = ("Microsoft|Siemens|Deutsche Bahn|Toyota|Red Cross|UNICEF|Amazon|Google|Vodafone|HSBC|Santander|Renault|Philips|Nestlé|IKEA|Volvo|"
                   "Lufthansa|Ryanair|Spotify|Telefónica|Royal Mail|FedEx|DHL|BBC|Reuters|Le Monde|the NHS|the WHO|NASA|FIFA|Oxfam|Tesco|Aldi|Lidl|Visa|PayPal|"
                   "Bayer|BMW|Airbus|Boeing|Sony|Samsung|Intel|IBM|Oracle|SAP|Netflix|Adidas|Nike|Unilever|the European Central Bank|the World Bank|the Treasury").split("|")
PRODUCTS = ("PrinterPro 300|Galaxy Tab|Model S|ThinkPad X1|Windows 11|Office 365|Photoshop|iPhone 14|Kindle|AquaClean 2|Turbo Vac|PowerShell|Excel|"
            "Kubernetes|Postgres 15|Nova Lamp|EcoBoiler|Trail Runner 5|Savannah rug|Oslo chair|Paris lamp set|Vienna roast|Madeira cake|Darjeeling tea|"
            "Jackson library|Jenkins|Hudson|Newton app|Tesla charger|Victoria sponge|Caesar salad|Martini glasses|Dutch oven|Manila folder|Lincoln logs|"
            "Wellington boots|Oxford shirt|Chelsea boots|Berlin sofa|Jersey fabric|Cheddar|Santiago backpack|Sydney desk|Aspen jacket|Austin table").split("|")
NATIONS = "France Germany Spain Italy Portugal Japan China India Brazil Canada Mexico Kenya Egypt Norway Poland Greece Ireland Turkey Chile Peru Ukraine Vietnam".split()
