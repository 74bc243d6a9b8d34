//! Words of addresses, in small letters.
use crate::words::{WordList, word_list};

/// Words that end the name of a street in English, and are hardly anything else behind a number and a
/// capitalised word.
pub(super) static STREETS: WordList = WordList::new(|| {
    word_list(
        "
        street, streets, st, str, avenue, ave, av, road, rd, lane, ln, boulevard, blvd, drive,
        dr, crescent, cres, terrace, ter, parkway, pkwy, highway, hwy, turnpike, causeway,
        esplanade, quay, mews, circle, cir, square, sq, trail, trl, alley, loop, marg, nagar,
        salai, colony, court, ct, close, cl, way, wy, place, pl, gardens, gdns, grove, gate,
        hill, row, walk, park, green, rise, view, wharf, parade, pde, plaza, point, ridge,
        heights, bend, cove, crossing, junction, meadow, meadows, orchard, run, path, pass,
        pike, spur, common, mount, fields, track, broadway, bypass, expressway, freeway, manor,
        motorway, estate, harbour, harbor, haven, crest, vale, dale, side, camp, bridge, tce,
        cottages, end
        ",
    )
});

/// Of [`STREETS`], those that a full stop shortens.
pub(super) static SHORTENED: WordList = WordList::new(|| {
    word_list(
        "
        st, str, rd, ave, av, dr, blvd, ln, ct, sq, pl, cl, ter, cres, hwy, pkwy, gdns, tce,
        cir, pde, trl
        ",
    )
});

/// Of [`STREETS`], those that are words of their own in any small text.
pub(super) static CERTAIN: WordList = WordList::new(|| {
    word_list(
        "
        street, st, avenue, ave, road, rd, lane, ln, boulevard, blvd, drive, crescent, terrace,
        parkway, pkwy, highway, hwy, mews
        ",
    )
});

/// Words that begin the name of a street, with the name behind them.
pub(super) static BEFORE: WordList = WordList::new(|| {
    word_list(
        "
        rue, avenue, av, boulevard, bd, bld, place, chemin, impasse, allée, allee, allées, quai,
        cours, route, square, passage, ruelle, sentier, faubourg, esplanade, chaussée, cité,
        résidence, calle, c/, avenida, avda, avd, paseo, plaza, ronda, carrera, camino,
        travesía, callejón, carretera, glorieta, pasaje, calzada, cl, rambla, carrer, passeig,
        avinguda, plaça, rua, r, praça, travessa, largo, alameda, estrada, rodovia, beco,
        calçada, via, viale, piazza, piazzale, corso, vicolo, strada, lungomare, lungotevere,
        contrada, salita, ulica, ul, aleja, aleje, al, plac, pl, osiedle, os, ulice, nábřeží,
        trg, λεωφόρος, οδός
        ",
    )
});

/// Of [`BEFORE`], those that mean other things too: a number must be there, and a capital.
pub(super) static BEFORE_UNSURE: WordList = WordList::new(|| {
    word_list(
        "
        av, place, cours, route, square, passage, cité, plaza, c/, cl, r, via, strada, al, pl,
        os, ul, bd, carrera, camino, ronda, esplanade, corso, largo, résidence
        ",
    )
});

/// Ends of words that are streets, before a number.
pub(super) static ENDS: WordList = WordList::new(|| {
    word_list(
        "
        straße, strasse, str, weg, gasse, gässli, platz, allee, damm, ufer, ring, chaussee,
        steig, promenade, graben, straat, laan, plein, gracht, kade, dijk, singel, steeg, dreef,
        gatan, gata, gate, gaten, vägen, vej, vejen, veien, vegen, veg, vei, gade, plads, plass,
        torg, torget, allé, stræde, stien, stigen, kuja, katu, tie, polku, vegur, braut, stræti,
        vænget, bakken, parken, backen, gränd
        ",
    )
});

/// Words with such an end that are no streets.
pub(super) static NO_STREETS: WordList = WordList::new(|| {
    word_list(
        "
        parkplatz, arbeitsplatz, rückweg, umweg, stellplatz, stehplatz, sitzplatz, fensterplatz,
        heimweg, hinweg, ausweg, spielplatz, tabellenplatz, startplatz, investigate, navigate,
        delegate, mitigate, bring, string, spring, during, boring, hiring, firing, monitoring,
        engineering, manufacturing, earring, offspring, wiring, exploring, sharing, caring,
        offering, entering, gathering, clustering, rendering, filtering, ordering, registering,
        tie, sterling, corporate, norweg, keyring, herring, aggregate, surrogate, interrogate,
        litigate, colgate, vertie, neckties
        ",
    )
});

/// Words that are streets themselves, behind their name and before a number.
pub(super) static ALONE: WordList = WordList::new(|| {
    word_list(
        "
        straße, strasse, str, weg, gasse, platz, allee, damm, ufer, ring, straat, laan, plein,
        gata, gate, gade, vej, vei, veg, plads, utca, u, út, tér, körút, útja, ulica, ulice,
        nám, náměstí, trg, cesta, terrasse, allé, tie, katu, brygge, torg
        ",
    )
});

/// Words for parts of buildings, before a number or letter.
pub(super) static UNITS: WordList = WordList::new(|| {
    word_list(
        "
        apt, apartment, appartement, appt, suite, ste, unit, flat, floor, fl, room, rm, bldg,
        building, block, level, lvl, lot, dept, penthouse, studio, piso, pta, puerta, esc,
        escalera, planta, bloque, étage, etage, bât, bâtiment, batiment, porte, interno, int,
        scala, piano, stiege, stg, top, whg, wohnung, stock, lgh, lok, lokal, m, bus, bte,
        boîte, sal, fração, andar, tower, house, door, no, trakt, tür, hinterhaus
        ",
    )
});

/// Of [`UNITS`], those that are units also where no street is beside them.
pub(super) static UNITS_ALONE: WordList = WordList::new(|| {
    word_list(
        "
        apt, apartment, suite, ste, appt
        ",
    )
});

/// Ordinal floors: `3rd floor`, `2. OG`.
pub(super) static FLOORS: WordList = WordList::new(|| {
    word_list(
        "
        floor, fl, étage, etage, og, stock, piso, andar, piano, sal, verdieping, sinistra, izq,
        izda, dcha, derecha, izquierda, dto, esq, tv, th, mf, trappa
        ",
    )
});

/// Post-office boxes, before a number; words of one are apart by spaces.
pub(super) static BOXES: WordList = WordList::new(|| {
    word_list(
        "
        po box, p o box, p.o. box, p.o.box, po. box, post office box, post box, postbox, gpo
        box, pmb, private bag, locked bag, postfach, boîte postale, b.p., bp, apartado, apartado
        de correos, apdo, caixa postal, casella postale, c.p., postbus, postboks, skrytka
        pocztowa, box, psc, pf
        ",
    )
});

/// Small words within names of streets and towns.
pub(super) static PARTICLES: WordList = WordList::new(|| {
    word_list(
        "
        de, du, des, la, le, les, l, d, of, the, on, upon, del, della, dello, delle, dei, degli,
        di, do, da, dos, das, von, van, der, den, dem, am, an, im, in, bei, ob, zu, zum, zur,
        aan, het, te, ter, sur, sous, en, et, und, y, e, i, og, och, på, cum, st, ste, los, las,
        el, al, à, aux, a, nad, pod, san, by, under, and
        ",
    )
});

/// Words before a number that are not the number of a building.
pub(super) static NOT_BEFORE: WordList = WordList::new(|| {
    word_list(
        "
        section, sections, chapter, page, pages, figure, fig, table, step, item, level, phase,
        version, v, line, lines, row, rows, question, part, volume, vol, article, art, kapitel,
        seite, abschnitt, chapitre, día, route, track, season, episode, week, day, session,
        round, under, over, top, about, nearly, almost, approximately, windows, stage, year,
        issue, pp, ticket, order, invoice, grade, class, psalm, act, scene
        ",
    )
});

/// Words that begin no name of a street or town.
pub(super) static NO_NAMES: WordList = WordList::new(|| {
    word_list(
        "
        and, or, but, the, is, are, was, were, has, have, had, this, that, these, those, with,
        for, from, to, at, by, in, on, we, i, you, he, she, it, they, my, your, his, her, our,
        their, please, thanks, thank, regards, dear, hello, hi, tel, phone, fax, email, e-mail,
        mail, mobile, dob, born, date, name, subject, attn, mr, mrs, ms, dr, und, oder, ist,
        der, die, das, ein, eine, mit, für, bitte, danke, et, ou, est, merci, y, o, que,
        gracias, kind, best, sincerely, yours, ssn, iban, no, not, if, when, where, what, who,
        will, would, can, could, should, may, might, must, do, does, did, be, been, call, send,
        see, both, all, each, some, any, as, than, then, so, also, only, more, most, miles,
        mile, km, kilometres, kilometers, metres, meters, minutes, hours, days, weeks, months,
        years, people, percent, per, times, points, dollars, euros, pounds, way, lane, busy,
        main points, jan, january, feb, february, march, april, june, july, august, september,
        october, november, december, monday, tuesday, wednesday, thursday, friday, saturday,
        sunday, am, pm, uhr, customer, patient, account, card, order, invoice, passport, signed,
        client, contact, message, note, notes
        ",
    )
});

/// States, provinces and territories, by their letters.
pub(super) static STATES: WordList = WordList::new(|| {
    word_list(
        "
        AL, AK, AZ, AR, CA, CO, CT, DE, FL, GA, HI, ID, IL, IN, IA, KS, KY, LA, ME, MD, MA, MI,
        MN, MS, MO, MT, NE, NV, NH, NJ, NM, NY, NC, ND, OH, OK, OR, PA, RI, SC, SD, TN, TX, UT,
        VT, VA, WA, WV, WI, WY, DC, PR, GU, VI, AA, AE, AP, AB, BC, MB, NB, NL, NS, NT, NU, ON,
        PE, QC, SK, YT, NSW, VIC, QLD, TAS, ACT
        ",
    )
});

/// States, provinces and territories, by their names.
pub(super) static STATE_NAMES: WordList = WordList::new(|| {
    word_list(
        "
        alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware,
        florida, georgia, hawaii, idaho, illinois, indiana, iowa, kansas, kentucky, louisiana,
        maine, maryland, massachusetts, michigan, minnesota, mississippi, missouri, montana,
        nebraska, nevada, new hampshire, new jersey, new mexico, new york, north carolina, north
        dakota, ohio, oklahoma, oregon, pennsylvania, rhode island, south carolina, south
        dakota, tennessee, texas, utah, vermont, virginia, washington, west virginia, wisconsin,
        wyoming, ontario, quebec, québec, british columbia, alberta, manitoba, saskatchewan,
        nova scotia, new brunswick, newfoundland, new south wales, victoria, queensland, western
        australia, south australia, tasmania, maharashtra, karnataka, tamil nadu, kerala,
        gujarat, west bengal, uttar pradesh, rajasthan, punjab, haryana, telangana, andhra
        pradesh, bihar, odisha, delhi, new delhi, bavaria, hessen, sachsen, county dublin, co
        dublin
        ",
    )
});
