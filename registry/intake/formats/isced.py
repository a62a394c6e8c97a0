"""Names of the fields of education of ISCED-F 2013, to find a code whose label is of another field."""

import re
from typing import Final

_NAMES: Final = """
00 generic programmes|001 basic|002 literacy numeracy|003 personal skills development
01 education teacher training|0111 education science pedagogy|0112 training pre-school teachers
0113 teacher training without specialisation|0114 teacher training with subject specialisation
02 arts humanities|021 arts|0211 audio-visual techniques media production|0212 fashion interior industrial design
0213 fine arts|0214 handicrafts|0215 music performing arts|022 humanities|0221 religion theology
0222 history archaeology|0223 philosophy ethics|023 languages|0231 language acquisition|0232 literature linguistics
03 social sciences journalism information|031 social behavioural sciences|0311 economics
0312 political sciences civics|0313 psychology|0314 sociology cultural studies|032 journalism information
0321 journalism reporting|0322 library information archival studies
04 business administration law|041 business administration|0411 accounting taxation
0412 finance banking insurance|0413 management administration|0414 marketing advertising
0415 secretarial office work|0416 wholesale retail sales|0417 work skills|042 law
05 natural sciences mathematics statistics|051 biological related sciences|0511 biology|0512 biochemistry
052 environment|0521 environmental sciences|0522 natural environments wildlife|053 physical sciences|0531 chemistry
0532 earth sciences|0533 physics|054 mathematics statistics|0541 mathematics|0542 statistics
06 information communication technologies icts ict computing|0611 computer use
0612 database network design administration|0613 software applications development analysis
07 engineering manufacturing construction|071 engineering trades|0711 chemical engineering processes
0712 environmental protection technology|0713 electricity energy|0714 electronics automation
0715 mechanics metal trades|0716 motor vehicles ships aircraft|072 manufacturing processing|0721 food processing
0722 materials glass paper plastic wood|0723 textiles clothes footwear leather|0724 mining extraction
073 architecture construction|0731 architecture town planning|0732 building civil engineering
08 agriculture forestry fisheries veterinary|081 agriculture|0811 crop livestock production|0812 horticulture
082 forestry|083 fisheries|084 veterinary
09 health welfare|091 health|0911 dental studies|0912 medicine|0913 nursing midwifery
0914 medical diagnostic treatment technology|0915 therapy rehabilitation|0916 pharmacy
0917 traditional complementary medicine therapy|092 welfare|0921 care elderly disabled adults
0922 child care youth services|0923 social work counselling
10 services|101 personal services|1011 domestic services|1012 hair beauty services|1013 hotel restaurants catering
1014 sports|1015 travel tourism leisure|102 hygiene occupational health services|1021 community sanitation
1022 occupational health safety|103 security services|1031 military defence|1032 protection persons property
104 transport services
"""
_WORD: Final = re.compile(r"[a-z]{3,}")
_EMPTY: Final = frozenset(
    {"and", "the", "for", "with", "other", "not", "elsewhere", "further", "defined", "classified", "programmes",
     "qualifications", "inter", "disciplinary", "interdisciplinary", "involving", "field", "fields", "unknown",
     "studies", "related", "broad"}
)  # fmt: skip


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in _WORD.findall(text.lower()) if word not in _EMPTY)


_KNOWN: Final = {
    code: _stems(name)
    for line in _NAMES.strip().splitlines()
    for code, _, name in (entry.partition(" ") for entry in line.split("|"))
}


def names_another(code: str, label: str) -> bool:
    """Return True if an English label has no word in common with its code's field, the fields above it and below it.

    False where nothing can be compared: an empty label, or a code of no known field.
    """
    stems = _stems(label)
    own = [words for field, words in _KNOWN.items() if code.startswith(field) or field.startswith(code)]
    return bool(stems and own) and not any(stems & words for words in own)
