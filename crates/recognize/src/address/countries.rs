//! Names of countries in English and in their own languages, as the last lines of addresses have them.
//! Source: ISO 3166-1, short names, and names in use.
use crate::words::{WordList, word_list};

/// Names in small letters, sorted.
pub(super) static COUNTRIES: WordList = WordList::new(|| {
    word_list(
        "
        afghanistan, albania, algeria, allemagne, andorra, angola, argentina, armenia,
        australia, austria, autriche, azerbaijan, bahamas, bahrain, bangladesh, barbados,
        belarus, belgien, belgique, belgium, belgië, belize, benin, bhutan, bolivia, bosnia and
        herzegovina, botswana, brasil, brazil, brunei, bulgaria, burkina faso, burundi,
        cambodia, cameroon, canada, cape verde, chad, chile, china, colombia, congo, costa rica,
        croatia, cuba, cyprus, czech republic, czechia, danmark, denmark, deutschland, djibouti,
        dominican republic, ecuador, egypt, eire, el salvador, england, eritrea, espagne,
        españa, estonia, eswatini, ethiopia, faroe islands, fiji, finland, france, frankreich,
        gabon, gambia, georgia, germany, ghana, gibraltar, great britain, greece, greenland,
        guadeloupe, guatemala, guernsey, guinea, guyana, haiti, honduras, hong kong, hrvatska,
        hungary, iceland, india, indonesia, iran, iraq, ireland, isle of man, israel, italia,
        italie, italien, italy, ivory coast, jamaica, japan, jersey, jordan, kazakhstan, kenya,
        kiribati, kosovo, kuwait, kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya,
        liechtenstein, lithuania, luxembourg, luxemburg, macau, madagascar, magyarország,
        malawi, malaysia, maldives, mali, malta, martinique, mauritania, mauritius, mexico,
        moldova, monaco, mongolia, montenegro, morocco, mozambique, myanmar, méxico, namibia,
        nauru, nederland, nepal, netherlands, new zealand, nicaragua, niger, nigeria, norge,
        north macedonia, northern ireland, norway, oman, pakistan, palau, panama, papua new
        guinea, paraguay, pays-bas, peru, perú, philippines, poland, polska, portugal, puerto
        rico, qatar, republic of ireland, romania, russia, rwanda, samoa, san marino, saudi
        arabia, schweden, schweiz, scotland, senegal, serbia, seychelles, sierra leone,
        singapore, slovakia, slovenia, slovenija, slovensko, somalia, south africa, south korea,
        south sudan, spain, sri lanka, sudan, suisse, suomi, suriname, sverige, svizzera,
        sweden, switzerland, syria, taiwan, tajikistan, tanzania, thailand, the netherlands,
        togo, tonga, trinidad and tobago, tunisia, turkey, turkmenistan, türkiye, u.k., u.s.a.,
        uganda, uk, ukraine, united arab emirates, united kingdom, united states, united states
        of america, uruguay, usa, uzbekistan, vanuatu, venezuela, vietnam, wales, yemen, zambia,
        zimbabwe, éire, österreich, česko
        ",
    )
});
