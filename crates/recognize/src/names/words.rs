//! Words around names, in small letters.
use crate::words::{WordList, word_list};

/// Titles that stand before a name.
pub(super) static TITLES: WordList = WordList::new(|| {
    word_list(
        "
        mr, mrs, ms, mx, miss, mister, dr, prof, professor, doctor, sir, lady, lord, rev,
        reverend, capt, captain, sgt, lt, col, cpl, pvt, judge, nurse, herr, herrn, frau,
        fräulein, mme, mlle, monsieur, madame, mademoiselle, m, me, maître, sr, sra, srta,
        señor, señora, señorita, doña, dña, dra, sig, sigra, signor, signora, signorina, dott,
        dottssa, dottor, dottoressa, avv, ing, dhr, mevr, mevrouw, meneer, mw, drs, senhor,
        senhora, pan, pani, fru, hr, dipl, mag, shri, smt, messrs, mmes
        ",
    )
});

/// Of [`TITLES`], those that count in small letters, too.
pub(super) static TITLES_SMALL: WordList = WordList::new(|| {
    word_list(
        "
        mr, mrs, dr, prof, herr, frau, mme, sra, dhr, mevr, signora, señora
        ",
    )
});

/// Small words within surnames.
pub(super) static PARTICLES: WordList = WordList::new(|| {
    word_list(
        "
        van, von, der, den, de, del, della, di, da, dos, das, do, du, la, le, los, las, el, al,
        bin, ibn, ben, bint, ter, ten, zu, zur, vom, y, e, st, af, av, abu, mac, mc, dalla,
        degli, 't
        ",
    )
});

/// Ends of names.
pub(super) static SUFFIXES: WordList = WordList::new(|| {
    word_list(
        "
        jr, jnr, junior, snr, ii, iii, iv, phd, md, esq
        ",
    )
});

/// Words of greetings before a name; of two words, apart by a space.
pub(super) static GREETINGS: WordList = WordList::new(|| {
    word_list(
        "
        dear, hi, hello, hey, hiya, good morning, good afternoon, good evening, morning,
        greetings, liebe, lieber, sehr geehrte, sehr geehrter, hallo, guten tag, guten morgen,
        moin, servus, grüezi, bonjour, cher, chère, bonsoir, salut, coucou, estimado, estimada,
        querido, querida, hola, buenos días, buenas tardes, muy señor mío, caro, cara, gentile,
        egregio, egregia, ciao, buongiorno, salve, beste, geachte, hoi, dag, goedemorgen,
        goedemiddag, lieve, prezado, prezada, olá, oi, bom dia, boa tarde, drogi, droga,
        szanowny, szanowna, cześć, hej, kära, kære, hei, thanks, thank you, danke, merci,
        gracias, grazie, bedankt, obrigado, obrigada, cheers, namaste, уважаемый, уважаемая,
        дорогой, дорогая, здравствуйте, привет, αγαπητέ, αγαπητή, αξιότιμε, αξιότιμη, प्रिय,
        नमस्ते, السيد, السيدة, عزيزي, عزيزتي, الأستاذ, الأستاذة
        ",
    )
});

/// Words before a letter that is no initial: `Plan B.`
pub(super) static BEFORE_LETTERS: WordList = WordList::new(|| {
    word_list(
        "
        plan, vitamin, group, class, type, section, part, appendix, hepatitis, option, figure,
        table, exhibit, building, block, team, item, the, a, grade, annex, schedule, unit, room,
        gate, line, variant, version, model, series, anlage, teil, phase, point, case, step,
        and, i, am
        ",
    )
});

/// Relations that stand before a name, as titles do.
pub(super) static RELATIONS: WordList = WordList::new(|| {
    word_list(
        "
        aunt, uncle, auntie, tante, onkel, tía, tío, zia, zio, oncle, cousin, brother, sister,
        grandma, grandpa, κύριε, κυρία, господин, госпожа, श्री, श्रीमती
        ",
    )
});

/// Words behind a greeting that are no one's name.
pub(super) static ANYONE: WordList = WordList::new(|| {
    word_list(
        "
        sir, madam, sirs, team, all, everyone, everybody, customer, customers, colleague,
        colleagues, friend, friends, there, support, hiring, manager, world, folks, guys, again,
        damen, herren, kunde, kundin, kunden, alle, zusammen, kollegen, kolleginnen, monsieur,
        madame, tous, toutes, client, cliente, señor, señora, señores, amigo, amigos, todos,
        todas, tutti, signore, signora, allemaal, mensen, klant, heer, mevrouw, collega, senhor,
        senhora, mom, mum, dad, hr, editor, sales, service, desk, office, committee, board,
        members, neighbours, neighbors, residents, parents, applicant, candidate, user, reader,
        guest, patient, tenant, both, agent, doctor, professor, you, for, in, so, your, much,
        very, god, siri, alexa, santa, buddy, mate, sweetheart, darling, love, bot, staff,
        students, class, ladies, gentlemen, lord
        ",
    )
});

/// Words that close a letter, before the line of a name.
pub(super) static CLOSINGS: WordList = WordList::new(|| {
    word_list(
        "
        regards, kind regards, best regards, warm regards, with kind regards, many thanks, best,
        best wishes, all the best, sincerely, yours sincerely, sincerely yours, yours
        faithfully, yours truly, yours, cheers, thanks, thank you, thanks again, thanks in
        advance, love, lots of love, warmly, respectfully, cordially, take care, with thanks,
        signed, see you, xx, x, mit freundlichen grüßen, mit freundlichem gruß, freundliche
        grüße, freundliche grüsse, viele grüße, liebe grüße, beste grüße, schöne grüße,
        herzliche grüße, viele grüsse, mfg, lg, vg, danke, vielen dank, gruß, grüße,
        cordialement, bien cordialement, bien à vous, sincères salutations, salutations,
        amicalement, merci, bises, bisous, atentamente, saludos, un saludo, saludos cordiales,
        un cordial saludo, un abrazo, cordialmente, gracias, cordiali saluti, distinti saluti,
        saluti, un caro saluto, grazie, un abbraccio, met vriendelijke groet, met vriendelijke
        groeten, vriendelijke groet, groeten, groetjes, hartelijke groet, mvg, bedankt,
        atenciosamente, cumprimentos, com os melhores cumprimentos, melhores cumprimentos,
        abraço, um abraço, obrigado, obrigada, z poważaniem, pozdrawiam, mvh, vänliga
        hälsningar, med vänliga hälsningar, hälsningar, med venlig hilsen, vennlig hilsen,
        hilsen, terveisin, с уважением, с наилучшими пожеланиями, με εκτίμηση, με φιλικούς
        χαιρετισμούς, مع التحية, مع خالص التحية, सादर, धन्यवाद
        ",
    )
});

/// Names of fields whose values are names.
pub(super) static FIELDS: WordList = WordList::new(|| {
    word_list(
        "
        name, full name, fullname, first name, firstname, given name, given names, forename,
        forenames, middle name, last name, lastname, surname, family name, maiden name, mother's
        maiden name, patient, patient name, client, client name, customer, customer name,
        employee, employee name, applicant, applicant name, guest, guest name, tenant, tenant
        name, landlord, contact, contact name, contact person, recipient, sender, attn,
        attention, signed, signed by, signature, cardholder, cardholder name, card holder, name
        on card, account holder, account name, account owner, beneficiary, payee, payer, next of
        kin, emergency contact, spouse, partner, mother, father, parent, guardian, child,
        child's name, witness, doctor, physician, attending, attending physician, gp,
        consultant, surgeon, nurse, referring physician, reported by, prepared by, approved by,
        reviewed by, requested by, assigned to, assignee, reporter, chair, minutes, minute
        taker, note taker, present, attendees, apologies, participants, absent, owner, manager,
        supervisor, deliver to, ship to, bill to, sold to, passenger, passengers, driver,
        student, teacher, member, policyholder, policy holder, insured, claimant, buyer, seller,
        holder, resident, candidate, author, authors, user full name, display name, displayname,
        billing name, shipping name, customer full name, lead, facilitator, moderator,
        interviewer, interviewee, caller, called by, visitor, host, referee, name of patient,
        name of applicant, legal name, preferred name, known as, alias, fname, lname, player,
        agent, clinician, provider name, therapist, speaker, scribe, secretary, treasurer, cc,
        nachname, vorname, vornamen, familienname, geburtsname, vor- und nachname, patientin,
        kunde, kundin, kontoinhaber, kontoinhaberin, ansprechpartner, ansprechpartnerin,
        antragsteller, antragstellerin, empfänger, absender, mieter, mieterin, vermieter, arzt,
        ärztin, hausarzt, teilnehmer, anwesend, entschuldigt, protokoll, versicherter,
        karteninhaber, mitarbeiter, mitarbeiterin, unterschrift, ehepartner, notfallkontakt,
        bearbeiter, nom, prénom, prenom, prénoms, nom de famille, nom et prénom, nom complet,
        nom de naissance, nom de jeune fille, patiente, cliente, titulaire, titulaire du compte,
        destinataire, expéditeur, bénéficiaire, médecin, présents, excusés, locataire, assuré,
        contact d'urgence, demandeur, nombre, nombre completo, nombres, apellido, apellidos,
        nombre y apellidos, paciente, titular, titular de la cuenta, beneficiario, destinatario,
        remitente, médico, asistentes, solicitante, firmado, empleado, inquilino, contacto,
        nome, cognome, nome e cognome, nome completo, paziente, intestatario, intestatario del
        conto, mittente, medico, presenti, assenti, richiedente, firma, dipendente, naam,
        voornaam, achternaam, familienaam, volledige naam, patiënt, klant, rekeninghouder,
        ontvanger, afzender, huisarts, aanwezig, afwezig, huurder, contactpersoon, aanvrager,
        sobrenome, apelido, apelidos, primeiro nome, último nome, remetente, presentes, nome do
        paciente, imię, nazwisko, imię i nazwisko, pacjent, namn, förnamn, efternamn, navn,
        fornavn, etternavn, efternavn, nimi, etunimi, sukunimi, 姓名, 氏名, 名前, 이름, имя, фамилия,
        фио, الاسم, नाम
        ",
    )
});

/// Of [`FIELDS`], those whose values are surnames.
pub(super) static SURNAMES: WordList = WordList::new(|| {
    word_list(
        "
        last name, lastname, surname, family name, maiden name, mother's maiden name, lname,
        nachname, familienname, geburtsname, nom de famille, nom de naissance, nom de jeune
        fille, apellido, apellidos, cognome, achternaam, familienaam, sobrenome, nazwisko,
        efternamn, etternavn, efternavn, sukunimi, фамилия
        ",
    )
});

/// Of [`FIELDS`], those whose values are as often something else: their values must be two words with
/// capitals, or have a title.
pub(super) static FIELDS_UNSURE: WordList = WordList::new(|| {
    word_list(
        "
        name, contact, owner, author, authors, client, customer, lead, host, agent, minutes,
        present, attending, account name, manager, alias, known as, provider name, partner,
        doctor, member, attention, driver, speaker, cc, signature, protokoll, firma, titular,
        nome, nom, nombre, naam, namn, navn, nimi, kunde, cliente, chair, player, display name,
        displayname, contacto, nurse, child, signed, apologies, absent, deliver to, ship to,
        bill to, sold to, assignee, student, buyer, seller, holder, secretary, moderator,
        reporter, klant
        ",
    )
});

/// Headers of mails that hold names.
pub(super) static HEADERS: WordList = WordList::new(|| {
    word_list(
        "
        from, to, cc, bcc, reply-to, sender, von, an, de, à, para, da, van, aan, från, till,
        fra, til, kopie, copie, od, do
        ",
    )
});

/// Phrases after which someone's name comes.
pub(super) static INTRODUCTIONS: WordList = WordList::new(|| {
    word_list(
        "
        my name is, my name's, name is, ich heiße, ich heisse, mein name ist, je m'appelle, mon
        nom est, me llamo, mi nombre es, mi chiamo, il mio nome è, ik heet, mijn naam is, meu
        nome é, chamo-me, o meu nome é, nazywam się, jag heter, jeg hedder, jeg heter, call me,
        people call me, you are chatting with, chatting with, you are speaking with, speaking
        with, his name is, her name is, their name is
        ",
    )
});

/// Words of organisations and things: a value with one is no person's name.
pub(super) static ORGANISATIONS: WordList = WordList::new(|| {
    word_list(
        "
        ltd, limited, inc, llc, llp, plc, gmbh, ag, kg, ug, ev, corp, corporation, company, co,
        group, bank, hospital, clinic, klinik, university, universität, school, college,
        institute, institut, foundation, association, services, service, solutions, systems,
        technologies, software, department, office, team, council, ministry, sa, sarl, sas, srl,
        spa, bv, nv, ab, oy, as, aps, lda, support, sales, admin, administrator, committee,
        agency, insurance, hotel, restaurant, store, shop, centre, center, club, church,
        library, museum, studio, press, partners, holdings, industries, international,
        logistics, account, server, database, table, file, project, product, unknown, none, n/a,
        null, test, required, optional, yes, no, true, false, anonymous, guest, user, customer,
        client, pending, tbd, same, see, above, below, street, road, avenue, card, number, date,
        address, phone, email, savings, checking, report, meeting, minutes, draft, page, monday,
        tuesday, wednesday, thursday, friday, saturday, sunday, not, the, and, is, are, has,
        was, with, for, my, your, please, this, that, will, can, to, if, we, you, i, it, in, on,
        at, from, by, or, but, all, very, general, new
        ",
    )
});

/// Words before `:` at the begin of a line that speak for no one.
pub(super) static NO_SPEAKERS: WordList = WordList::new(|| {
    word_list(
        "
        note, notes, subject, re, fwd, date, time, tel, phone, mobile, fax, address, info, warn,
        warning, error, debug, trace, fatal, email, e-mail, mail, from, to, cc, bcc, url, http,
        https, example, todo, fixme, ps, p.s, agent, support agent, customer, support, bot,
        user, assistant, system, admin, host, moderator, narrator, doctor, patient, interviewer,
        q, a, operator, caller, question, answer, summary, action, actions, decision, item,
        result, results, total, amount, reference, ref, invoice, order, id, type, status, title,
        description, location, place, agenda, present, apologies, attendees, minutes, plan,
        history, assessment, allergies, medication, medications, diagnosis, dob, mrn, iban, bic,
        password, username, login, token, key, name, hint, step, part, chapter, section, input,
        output, returns, raises, args, kunde, agentin, betreff, datum, objet, asunto, oggetto,
        onderwerp, assunto, client, conseiller, cliente, klant, medewerker, berater, beraterin,
        mitarbeiter, agente, operatore, nurse, therapist, teacher, student, seller, buyer,
        sales, helpdesk, service, manager, driver, message-id, content-type, version, hello, hi,
        thanks, attention, attn, contact, update, edit, also, monday, tuesday, wednesday,
        thursday, friday, saturday, sunday, room, bed, ward, height, weight, pulse, age, sex,
        gender, occupation, nationality, company, website, web, fee, price, quantity, due, next,
        today, tomorrow, yesterday
        ",
    )
});
