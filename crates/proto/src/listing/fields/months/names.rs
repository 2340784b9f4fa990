//! Names of months in the languages of servers, as `ls` prints and abbreviates them.
//!
//! English is not included. A name may be cut anywhere after its third byte. Therefore only those
//! abbreviations are listed that are not the start of a full name, or are the start of two.

/// The months of a language, each with its names, separated by blanks.
pub(super) type Months = [&'static str; 12];

/// Languages in Latin letters, the more frequent ones first.
#[rustfmt::skip]
pub(super) const LATIN: &[Months] = &[
    // German, and Austrian German
    ["januar jänner jän", "februar feber", "märz mrz mär", "april", "mai", "juni", "juli", "august", "september sept", "oktober", "november", "dezember"],
    // French
    ["janvier janv", "février févr fév", "mars", "avril", "mai", "juin", "juillet juil", "août aoû", "septembre sept", "octobre", "novembre", "décembre déc"],
    // Italian
    ["gennaio", "febbraio", "marzo", "aprile", "maggio mag", "giugno giu", "luglio", "agosto ago", "settembre set sett", "ottobre", "novembre", "dicembre dic"],
    // Spanish
    ["enero", "febrero", "marzo", "abril abr", "mayo", "junio", "julio", "agosto ago", "septiembre setiembre set", "octubre", "noviembre", "diciembre dic"],
    // Portuguese
    ["janeiro", "fevereiro fev", "março", "abril abr", "maio mai", "junho", "julho", "agosto ago", "setembro set", "outubro out", "novembro", "dezembro dez"],
    // Dutch
    ["januari", "februari", "maart mrt", "april", "mei", "juni", "juli", "augustus", "september", "oktober okt", "november", "december"],
    // Danish and Norwegian
    ["januar", "februar", "marts mars", "april", "maj mai", "juni", "juli", "august", "september", "oktober okt", "november", "december desember des"],
    // Swedish
    ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"],
    // Finnish
    ["tammikuu", "helmikuu", "maaliskuu", "huhtikuu", "toukokuu", "kesäkuu kesä", "heinäkuu heinä", "elokuu", "syyskuu", "lokakuu", "marraskuu", "joulukuu"],
    // Icelandic
    ["janúar", "febrúar", "mars", "apríl", "maí", "júní jún", "júlí júl", "ágúst ágú", "september", "október", "nóvember nóv", "desember"],
    // Polish, alone and after a day
    ["styczeń stycznia sty", "luty lutego lut", "marzec marca", "kwiecień kwietnia kwi", "maj maja", "czerwiec czerwca cze", "lipiec lipca lip", "sierpień sierpnia sie", "wrzesień września wrz", "październik października paź", "listopad listopada lis", "grudzień grudnia gru"],
    // Czech
    ["leden ledna led", "únor února úno", "březen března bře", "duben dubna dub", "květen května kvě", "červen června čen čvn čer", "červenec července čec čvc", "srpen srpna", "září zář", "říjen října říj", "listopad listopadu", "prosinec prosince pro"],
    // Slovak
    ["január januára", "február februára", "marec marca", "apríl apríla", "máj mája", "jún júna", "júl júla", "august augusta", "september septembra", "október októbra", "november novembra", "december decembra"],
    // Slovenian
    ["januar januarja", "februar februarja", "marec marca", "april aprila", "maj maja", "junij junija", "julij julija", "avgust avgusta avg", "september septembra", "oktober oktobra", "november novembra", "december decembra"],
    // Croatian; `lip` and `lis` are Polish here, `srp` is both Croatian and Czech
    ["siječanj siječnja sij", "veljača veljače velj vel", "ožujak ožujka ožu", "travanj travnja tra", "svibanj svibnja svi", "lipanj lipnja", "srpanj srpnja", "kolovoz kolovoza kol", "rujan rujna ruj", "listopad listopada", "studeni studenoga stu", "prosinac prosinca"],
    // Hungarian
    ["január jan", "február febr", "március márc már", "április ápr", "május máj", "június jún", "július júl", "augusztus", "szeptember szept", "október", "november", "december"],
    // Romanian
    ["ianuarie ian", "februarie", "martie mart", "aprilie", "mai", "iunie iun", "iulie iul", "august", "septembrie sept", "octombrie", "noiembrie noi noe", "decembrie"],
    // Serbian and Bosnian in Latin letters
    ["januar", "februar", "mart", "april", "maj", "jun juni", "jul juli", "avgust avg", "septembar", "oktobar", "novembar", "decembar"],
    // Turkish
    ["ocak oca", "şubat şub", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos ağu", "eylül", "ekim", "kasım", "aralık"],
    // Estonian
    ["jaanuar jaan", "veebruar veebr", "märts", "aprill", "mai", "juuni", "juuli", "august", "september", "oktoober", "november", "detsember dets"],
    // Latvian
    ["janvāris janv", "februāris", "marts", "aprīlis", "maijs", "jūnijs jūn", "jūlijs jūl", "augusts", "septembris", "oktobris", "novembris", "decembris"],
    // Lithuanian
    ["sausis sausio saus", "vasaris vasario", "kovas kovo", "balandis balandžio", "gegužė gegužės", "birželis birželio", "liepa liepos", "rugpjūtis rugpjūčio rgp rugp", "rugsėjis rugsėjo rgs rugs", "spalis spalio", "lapkritis lapkričio", "gruodis gruodžio grd"],
    // Basque
    ["urtarrila urt", "otsaila ots", "martxoa", "apirila", "maiatza", "ekaina", "uztaila", "abuztua", "iraila", "urria", "azaroa", "abendua"],
    // Catalan
    ["gener", "febrer", "març", "abril", "maig", "juny", "juliol", "agost ag", "setembre set", "octubre", "novembre", "desembre"],
    // Galician
    ["xaneiro", "febreiro", "marzo", "abril", "maio", "xuño", "xullo", "agosto", "setembro", "outubro", "novembro", "decembro"],
    // Albanian
    ["janar", "shkurt", "mars", "prill", "maj", "qershor", "korrik", "gusht gsh", "shtator sht", "tetor", "nëntor", "dhjetor"],
    // Afrikaans
    ["januarie", "februarie", "maart", "april", "mei", "junie", "julie", "augustus", "september", "oktober", "november", "desember"],
    // Indonesian and Malay
    ["januari", "februari", "maret mac", "april", "mei", "juni jun", "juli julai", "agustus ogos agt ags", "september", "oktober", "november", "desember disember dis"],
    // Welsh
    ["ionawr", "chwefror chw", "mawrth maw", "ebrill", "mai", "mehefin", "gorffennaf gor", "awst aws", "medi", "hydref", "tachwedd", "rhagfyr"],
    // Irish
    ["eanáir ean", "feabhra feabh", "márta", "aibreán aib", "bealtaine", "meitheamh", "iúil", "lúnasa lún", "mfómh", "dfómh", "samhain samh", "nollaig noll"],
    // Vietnamese, as abbreviated by glibc
    ["th01 thg1", "th02 thg2", "th03 thg3", "th04 thg4", "th05 thg5", "th06 thg6", "th07 thg7", "th08 thg8", "th09 thg9", "th10 thg10", "th11 thg11", "th12 thg12"],
];

/// Languages in Cyrillic letters.
#[rustfmt::skip]
pub(super) const CYRILLIC: &[Months] = &[
    // Russian
    ["январь января янв", "февраль февраля фев", "март марта мар", "апрель апреля апр", "май мая", "июнь июня июн", "июль июля июл", "август августа авг", "сентябрь сентября сен сент", "октябрь октября окт", "ноябрь ноября ноя нояб", "декабрь декабря дек"],
    // Ukrainian
    ["січень січня січ", "лютий лютого лют", "березень березня бер", "квітень квітня кві квіт", "травень травня тра трав", "червень червня чер черв", "липень липня лип", "серпень серпня сер серп", "вересень вересня вер", "жовтень жовтня жов жовт", "листопад листопада лис лист", "грудень грудня гру груд"],
    // Bulgarian
    ["януари яну", "февруари", "март", "април", "май", "юни", "юли", "август", "септември сеп", "октомври", "ноември ное", "декември"],
    // Serbian and Macedonian
    ["јануар јануари јан", "фебруар фебруари феб", "март", "април", "мај", "јун јуни", "јул јули", "август", "септембар септември", "октобар октомври", "новембар ноември нов", "децембар декември дец"],
    // Belarusian
    ["студзень студзеня сту", "люты лютага", "сакавік сакавіка сак", "красавік красавіка кра", "мая", "чэрвень чэрвеня чэр", "ліпень ліпеня ліп", "жнівень жніўня жні", "верасень верасня", "кастрычнік кастрычніка кас", "лістапад лістапада ліс", "снежань снежня сне"],
];

/// Greek, with accents and without.
#[rustfmt::skip]
pub(super) const GREEK: &[Months] = &[
    ["ιανουάριος ιανουαρίου ιαν", "φεβρουάριος φεβρουαρίου φεβ", "μάρτιος μαρτίου μάρ μαρ", "απρίλιος απριλίου απρ", "μάιος μαΐου μάι μαΐ μαϊ μαι", "ιούνιος ιουνίου ιούν ιουν ιον", "ιούλιος ιουλίου ιούλ ιουλ ιολ", "αύγουστος αυγούστου αύγ αυγ", "σεπτέμβριος σεπτεμβρίου σεπ", "οκτώβριος οκτωβρίου οκτ", "νοέμβριος νοεμβρίου νοέ νοε", "δεκέμβριος δεκεμβρίου δεκ"],
];

#[rustfmt::skip]
pub(super) const HEBREW: &[Months] = &[
    ["ינואר ינו", "פברואר פבר", "מרץ מרס", "אפריל אפר", "מאי", "יוני יונ", "יולי יול", "אוגוסט אוג", "ספטמבר ספט", "אוקטובר אוק", "נובמבר נוב", "דצמבר דצמ"],
];

/// Arabic, as in Egypt and as in the Levant.
#[rustfmt::skip]
pub(super) const ARABIC: &[Months] = &[
    ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"],
    ["كانون_الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول", "تشرين_الأول", "تشرين_الثاني", "كانون_الأول"],
];

#[rustfmt::skip]
pub(super) const THAI: &[Months] = &[
    ["ม.ค มกราคม", "ก.พ กุมภาพันธ์", "มี.ค มีนาคม", "เม.ย เมษายน", "พ.ค พฤษภาคม", "มิ.ย มิถุนายน", "ก.ค กรกฎาคม", "ส.ค สิงหาคม", "ก.ย กันยายน", "ต.ค ตุลาคม", "พ.ย พฤศจิกายน", "ธ.ค ธันวาคม"],
];

/// Chinese and Japanese without digits; names with digits are parsed as dates of East Asia.
#[rustfmt::skip]
pub(super) const HAN: &[Months] = &[
    ["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"],
];
