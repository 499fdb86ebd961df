"""Groups texts that use the same rare words, and names each group by the words that set it apart. Nothing is drawn by chance.

First the densest neighbourhoods are taken as seeds, one after another; then every text goes to the centre it is most like, and the
centres follow, a few times over. A text that is like no centre belongs nowhere, and so does a group of a few. The number of groups
comes from the texts.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analysis.embedded.sentences import is_machine_output, quotable, sentences
from analysis.quotes import locate
from analysis.topics.discovery.found import FoundQuote, FoundTopic, shown_quotes
from analysis.topics.texts import TicketWords
from analysis.topics.words import Word, cosine, features, weights, words

MODEL: Final = "embedded-groups"
MOST_GROUPS: Final = 20
_LEAST_LIKENESS: Final = 0.12
_SAME_GROUP: Final = 0.45
_ROUNDS: Final = 6
_FOOTER_SHARE: Final = 0.03
_MOSTLY: Final = 0.5
_FEATURES_A_TEXT: Final = 60
_FEATURES_A_CENTRE: Final = 120
_WORDS_IN_DESCRIPTION: Final = 8
_FEWEST_WORDS: Final = 3
"""Words a quote has, but for a subject: less is mostly a signature."""


_Vector = Mapping[str, float]


@dataclass(frozen=True)
class _Corpus:
    tickets: Sequence[TicketWords]
    vectors: Sequence[_Vector]
    share: Mapping[str, float]
    """Of each feature, in which part of all texts it occurs."""


def clustered(tickets: Sequence[TicketWords], among: Sequence[TicketWords] = ()) -> list[FoundTopic]:
    """The topics of these tickets, largest first; the same tickets in any order give the same.

    Args:
        tickets: What is grouped.
        among: What they are part of, if more: what is rare, and what stands under every ticket, shows there.
    """
    whole = sorted(among or tickets, key=lambda ticket: ticket.ticket_id)
    footers = _footers(whole)
    ordered = [_without(ticket, footers) for ticket in sorted(tickets, key=lambda ticket: ticket.ticket_id)]
    corpus = _corpus(ordered, [_without(ticket, footers) for ticket in whole] if among else ordered)
    least = max(3, math.ceil(len(ordered) / 100))
    groups = _merged(_refined(corpus, _seeds(corpus, least), least), corpus)
    found = [_named(corpus, group) for group in groups if len(group) >= least]
    by_name: dict[str, FoundTopic] = {}
    for topic in sorted((one for one in found if one), key=lambda one: (-len(one.ticket_ids), one.name)):
        by_name.setdefault(topic.name.casefold(), topic)
    return list(by_name.values())


def _footers(tickets: Sequence[TicketWords]) -> set[str]:
    """Lines that stand under many different texts."""
    above: dict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        lines = dict.fromkeys(line.strip() for line in _later_lines(ticket))
        for line in filter(None, lines):
            above[line].append(ticket.text.partition(line)[0])
    often = max(5, len(tickets) * _FOOTER_SHARE)
    return {line for line, texts in above.items() if len(texts) >= often and len(set(texts)) >= len(texts) * _MOSTLY}


def _without(ticket: TicketWords, footers: set[str]) -> TicketWords:
    """The ticket with its footers blanked out; offsets of quotes stay what they were."""
    if not footers.intersection(line.strip() for line in _later_lines(ticket)):
        return ticket
    return replace(ticket, text="\n".join(_blanked(line, footers) for line in ticket.text.split("\n")))


def _later_lines(ticket: TicketWords) -> list[str]:
    return ticket.text.split("\n")[1:]


def _blanked(line: str, footers: set[str]) -> str:
    return " " * len(line) if line.strip() in footers else line


def _corpus(tickets: Sequence[TicketWords], whole: Sequence[TicketWords]) -> _Corpus:
    held = Counter(feature for ticket in whole for feature in features(ticket.text))
    mine = Counter(feature for ticket in tickets for feature in features(ticket.text))
    least, most = max(2, math.ceil(len(tickets) / 300)), max(3, len(whole) * 0.5)
    rarity = {
        feature: math.log(len(whole) / held[feature])
        for feature, count in mine.items()
        if count >= least and held[feature] <= most
    }
    vectors = [_strongest(weights(ticket.text, rarity), _FEATURES_A_TEXT) for ticket in tickets]
    return _Corpus(tickets, vectors, {feature: held[feature] / len(whole) for feature in rarity})


def _seeds(corpus: _Corpus, least: int) -> list[_Vector]:
    """Centres of the densest neighbourhoods that are large enough."""
    near = _neighbours(corpus.vectors)
    taken: set[int] = set()
    centres: list[_Vector] = []
    while len(centres) < MOST_GROUPS:
        density = {
            at: sum(alike for other, alike in around.items() if other not in taken)
            for at, around in enumerate(near)
            if at not in taken
        }
        if not density:
            break
        best = max(density, key=lambda at: (round(density[at], 9), -at))
        group = [best, *(other for other in near[best] if other not in taken)]
        if len(group) < least:
            break
        taken.update(group)
        centres.append(_centre([corpus.vectors[at] for at in group]))
    return centres


def _neighbours(vectors: Sequence[_Vector]) -> list[dict[int, float]]:
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    near: list[dict[int, float]] = [{} for _ in vectors]
    for at, vector in enumerate(vectors):
        alike: dict[int, float] = defaultdict(float)
        for feature, weight in vector.items():
            for other, other_weight in places[feature]:
                alike[other] += weight * other_weight
            places[feature].append((at, weight))
        for other, likeness in alike.items():
            if likeness >= _LEAST_LIKENESS:
                near[at][other] = near[other][at] = likeness
    return near


def _refined(corpus: _Corpus, centres: Sequence[_Vector], least: int) -> list[list[int]]:
    groups: list[list[int]] = []
    for _ in range(_ROUNDS):
        groups = [[] for _ in centres]
        for at, vector in enumerate(corpus.vectors):
            likeness = [round(cosine(vector, centre), 9) for centre in centres]
            best = max(range(len(centres)), key=lambda place: (likeness[place], -place), default=None)
            if best is not None and likeness[best] >= _LEAST_LIKENESS:
                groups[best].append(at)
        groups = [group for group in groups if len(group) >= least]
        centres = [_centre([corpus.vectors[at] for at in group]) for group in groups]
    return groups


def _merged(groups: Sequence[Sequence[int]], corpus: _Corpus) -> list[list[int]]:
    """Groups with almost the same centre become one."""
    kept: list[tuple[list[int], _Vector]] = []
    for group in sorted(groups, key=lambda one: (-len(one), one[0])):
        centre = _centre([corpus.vectors[at] for at in group])
        same = next((held for held, other in kept if cosine(centre, other) >= _SAME_GROUP), None)
        if same is None:
            kept.append((list(group), centre))
        else:
            same.extend(group)
    return [held for held, _ in kept]


def _centre(vectors: Sequence[_Vector]) -> _Vector:
    total: dict[str, float] = defaultdict(float)
    for vector in vectors:
        for feature, weight in vector.items():
            total[feature] += weight
    strongest = _strongest(total, _FEATURES_A_CENTRE)
    length = math.sqrt(sum(weight**2 for weight in strongest.values())) or 1.0
    return {feature: weight / length for feature, weight in strongest.items()}


def _strongest(vector: _Vector, most: int) -> _Vector:
    if len(vector) <= most:
        return vector
    return dict(sorted(vector.items(), key=lambda one: (-round(one[1], 9), one[0]))[:most])


def _named(corpus: _Corpus, group: Sequence[int]) -> FoundTopic | None:
    tickets = [corpus.tickets[at] for at in group]
    telling = _telling(corpus, group)
    phrases = _phrases(telling)
    written = _written(tickets)
    centre = _centre([corpus.vectors[at] for at in group])
    nearest = sorted(
        group, key=lambda at: (-round(cosine(corpus.vectors[at], centre), 9), corpus.tickets[at].ticket_id)
    )
    quotes = [quote for at in nearest[:10] if (quote := _quote(corpus.tickets[at], telling))]
    if not phrases or not quotes:
        return None
    names = [written[phrase] for phrase in phrases]
    name = names[0] if len(names) == 1 else f"{names[0]} and {names[1]}"
    listed = ", ".join(names[:_WORDS_IN_DESCRIPTION])
    return FoundTopic(
        name=name[0].upper() + name[1:],
        description=f"{listed[0].upper()}{listed[1:]}.",
        ticket_ids=tuple(ticket.ticket_id for ticket in tickets),
        quotes=shown_quotes(quotes),
    )


def _telling(corpus: _Corpus, group: Sequence[int]) -> dict[str, float]:
    """What sets a group apart: how much oftener a feature occurs in it than anywhere, times how often that is."""
    held = Counter(feature for at in group for feature in corpus.vectors[at])
    # A word of two or three tickets is as likely the name of who wrote them.
    least = 2 if len(group) < 6 else max(3, math.ceil(len(group) * 0.1))
    scores = {}
    for feature, count in held.items():
        inside = count / len(group)
        if count >= least and inside > corpus.share[feature]:
            scores[feature] = inside * math.log(inside / corpus.share[feature])
    return scores


def _phrases(telling: Mapping[str, float]) -> list[str]:
    """The most telling features; a pair takes the place of its words where it tells nearly as much."""
    ranked = sorted(
        telling, key=lambda feature: (-round(telling[feature] * (1.6 if " " in feature else 1.0), 9), feature)
    )
    chosen: list[str] = []
    used: set[str] = set()
    for feature in ranked:
        stems = set(feature.split(" "))
        if not stems & used:
            chosen.append(feature)
            used |= stems
        if len(chosen) == _WORDS_IN_DESCRIPTION:
            break
    return chosen


def _written(tickets: Sequence[TicketWords]) -> dict[str, str]:
    """How each feature is written most often."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for ticket in tickets:
        before: Word | None = None
        for word in words(ticket.text):
            form = _form(word.written)
            forms[word.stem][form] += 1
            if word.is_next and before is not None:
                forms[f"{before.stem} {word.stem}"][f"{_form(before.written)} {form}"] += 1
            before = word
    return {feature: min(counted, key=lambda form: (-counted[form], form)) for feature, counted in forms.items()}


def _form(word: str) -> str:
    """Small, but for words that are written in capitals, such as CSV or OAuth."""
    return word if sum(map(str.isupper, word)) > 1 else word.lower()


def _quote(ticket: TicketWords, telling: Mapping[str, float]) -> FoundQuote | None:
    best, most = None, 0.0
    for span in sentences(ticket.text):
        said = ticket.text[span[0] : span[1]]
        if is_machine_output(said) or (span[0] and len(said.split()) < _FEWEST_WORDS):
            continue
        score = sum(telling.get(feature, 0.0) for feature in features(said)) / math.sqrt(len(said.split()) + 5)
        if score > most:
            best, most = span, score
    if best is None:
        return None
    located = locate(ticket.text, quotable(ticket.text, best))
    return FoundQuote(ticket.ticket_id, located) if located else None
