"""Records what Python's Jinja2 answers to the templates below: test/unit/templates/jinja-answers.json.

Run it with any Python that has Jinja2 (python -m venv .venv && .venv/bin/pip install jinja2==3.1.6), from the
repository's folder: python scripts/record-jinja-answers.py

The environment is the one that Data Designer's secure engine builds on, with its list of filters and `tojson`; for the group
"native" that of its native engine, with all filters and tags. An answer is
{"template", "values", "text"}; for a template that fails {"template", "values", "error"}: "syntax" or "render".
"""

import json
import pathlib

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS = """abs capitalize escape first float forceescape int items last length list lower max min random replace
reverse round sort string title tojson trim truncate unique upper urlencode""".split()

ROW = {
    "name": "Ada",
    "city": "new york-city (old)",
    "age": 36,
    "price": 12.5,
    "whole": 12.0,
    "tiny": 0.00001,
    "huge": 1e16,
    "big": 9007199254740993,
    "minus": -7,
    "zero": 0,
    "yes": True,
    "no": False,
    "nothing": None,
    "empty": "",
    "text": "The quick brown fox jumps over the lazy dog",
    "lines": "one\ntwo\r\nthree",
    "quotes": "it's \"so\"",
    "emoji": "a😀b",
    "umlaut": "äÖß",
    "html": "<a href='x'>T&C \"q\"</a>",
    "spaces": "  padded\t\n",
    "tags": ["b", "a", "C", "a"],
    "numbers": [3, 1, 2.5, 10],
    "none_list": [],
    "mixed": [1, "x", None, True, 1.5, {"k": "v"}, ["n"]],
    "person": {
        "name": {"first": "Ada", "last": "Lovelace"},
        "age": 36,
        "tags": ["x", "y"],
        "note": None,
        "user-id": 7,
    },
    "people": [
        {"name": "Bo", "age": 30, "home": {"city": "Rome"}},
        {"name": "al", "age": 25, "home": {"city": "Oslo"}},
        {"name": "Cy", "age": 30, "home": {"city": "Bern"}},
    ],
    "pairs": [["a", 1], ["b", 2]],
    "scores": {"b": 2, "a": 1},
    "größe": "groß",
}

PRINTING = """
{{ name }}|{{ age }}|{{ price }}|{{ whole }}|{{ tiny }}|{{ huge }}|{{ big }}|{{ minus }}
{{ yes }} {{ no }} {{ nothing }} {{ empty }}
{{ true }} {{ True }} {{ false }} {{ False }} {{ none }} {{ None }}
{{ tags }} {{ numbers }} {{ none_list }}
{{ mixed }}
{{ person }}
{{ people }}
{{ quotes }} {{ [quotes] }} {{ ["it's", 'say "x"'] }}
{{ [lines, spaces] }}
{{ [emoji, umlaut] }}
{{ ["\\x00\\x7f\\u200b\\ud83d", "\\\\"] }}
{{ (1, 2) }} {{ (1,) }} {{ () }} {{ 1, 2 }}
{{ {'a': 1, 2: 'b', none: true} }}
{{ {} }} {{ {'a': {'b': [1, (2, 3)]}} }}
{{ 1.0 }} {{ 100.0 }} {{ 1e3 }} {{ 1e15 }} {{ 1e16 }} {{ 1.5e-5 }} {{ 0.0001 }} {{ 123456789.123 }} {{ 1e100 }} {{ 2.5e-300 }}
{{ 1e308 * 10 }} {{ -1e308 * 10 }} {{ 0.1 + 0.2 }} {{ -0.0 }}
{{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_0.5_0 }} {{ 00 }}
{{ "a" "b" 'c' }}
{{ 'tab\\there' }} {{ "\\x41\\u00e4\\U0001F600" }} {{ '\\d\\101' }}
{{ größe }}
""".strip().split("\n")

ACCESS = """
{{ person.name.first }} {{ person['name']['last'] }} {{ person["name"].first }}
{{ person['user-id'] }} {{ person.tags[0] }} {{ person.tags.1 }} {{ person.tags[-1] }}
[{{ person.missing }}] [{{ person['missing'] }}] [{{ tags[9] }}] [{{ missing }}]
{{ person.missing.deeper }}
{{ person.note.deeper }}|
{{ missing.deeper }}
{{ name.first }}|{{ age.first }}|{{ nothing.first }}|
{{ name[0] }}{{ name[-1] }} [{{ name[9] }}] {{ emoji[1] }} {{ emoji[2] }}
{{ tags[1:] }} {{ tags[:2] }} {{ tags[1:3] }} {{ tags[::2] }} {{ tags[::-1] }} {{ tags[-2:] }} {{ tags[5:] }} {{ tags[:] }}
{{ text[4:9] }} {{ text[-3:] }} {{ text[::5] }} {{ text[::-1] }} {{ emoji[1:2] }} {{ text[10:4] }}
{{ text[-100:3] }} {{ text[3:-36] }} {{ text[5:1:-1] }} {{ (1,2,3)[1:] }}
{{ tags[::0] }}
{{ people[0].home.city }} {{ people[-1]['home'].city }}
{{ {'x': 1}.x }} {{ {'x': 1}['x'] }} {{ [1,2][0] }} {{ 'abc'[1] }} {{ {1: 'one', 2.0: 'two', true: 'yes'}[1] }}
{{ {'low': 'bad', 'high': 'good'}['high'] }} [{{ {'a': 1}.b }}]
{{ mixed[2] }} {{ mixed[2:3] }} {{ [none, 1] | first }} {{ [1, none] | last }} {{ person.note }} {{ person['note'] }} {{ person.get('note', 5) }} {{ {'a': none}.a }} {{ {'a': none}['a'] }} {{ [none] | min }} {% for x in [none] %}{{ x }}{{ loop.nextitem }}{% endfor %}
{{ tags[true] }} [{{ tags['x'] }}] [{{ tags[1.0] }}] [{{ person[0] }}]
{{ (person).age }} {{ (person.tags | first) }}
{{ age[0:1] }}
{{ person[1:] }}
{{ tags[missing:] }}
[{{ person[none] }}] [{{ 5[0] }}] [{{ name['upper2'] }}]
""".strip().split("\n")

ARITHMETIC = """
{{ 1 + 2 }} {{ 7 - 10 }} {{ 3 * 4 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }}
{{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ 2 ** -1 }} {{ 2.0 ** 3 }} {{ 2 ** 0.5 }}
{{ 1 + 2.0 }} {{ 10 ** 20 }} {{ 9007199254740993 + 1 }} {{ big * 2 }} {{ big - 1 }} {{ big / 3 }} {{ big * 1.0 }}
{{ 10 ** 30 / 7 }} {{ 7 / 10 ** 30 }} {{ 10 ** 400 // 10 ** 399 }} {{ (10 ** 400) / (10 ** 399) }}
{{ true + true }} {{ true * 2.5 }} {{ -true }} {{ +5 }} {{ - -5 }} {{ -age }} {{ -price }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2] }} {{ [1] * 2 }} {{ (1,) + (2,) }} {{ 'ab' * -1 }}| {{ (1, 2) * 2 }}
{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1] }} {{ 1 ~ 2 }} {{ name ~ '-' ~ age }}
{{ 1 + 2 ~ 3 }} {{ 1 ~ 2 + 3 }} {{ 'a' ~ 2 * 3 }}
{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 10 - 2 - 3 }} {{ 100 / 10 / 5 }} {{ 2 * 3 % 4 }} {{ 7 // 2 * 2 }}
{{ '1' * 3 }} {{ '1' + '2' }} {{ ['1'] * 2 }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1.5 % 0 }}
{{ 0 ** -1 }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 'a' - 'b' }}
{{ none + 1 }}
{{ [1] + (2,) }}
{{ missing + 1 }}
{{ {} + {} }}
{{ '12'[0] * 3 }} {{ '123'[:2] * 2 }} {% for x in ['1', '2'] %}{{ x * 2 }}{% endfor %} {% with a = '3' %}{{ a * 2 }}{% endwith %} {{ '4 5'.split()[0] * 2 }} {{ {'a': '6'}.a * 2 }} {{ (age ~ '')[0] * 2 }}
{{ '3' + 4 }}
{{ '3' - '1' }}
{{ -'3' }}
{{ 0.0 // 5 }} {{ -0.0 // 5 }} {{ 5.5 // 1.1 }} {{ 1e308 // 1e-5 }} {{ 6.0 % -3 }} {{ 0.7 % 0.1 }}
{{ (-8) ** 3 }} {{ (-1) ** 7 }} {{ 0 ** 0 }} {{ 0.0 ** 0 }} {{ 1 ** 1000 }} {{ 5 ** 0 }} {{ (-2) ** -2 }}
{{ 10.0 ** 400 }}
{{ 10 ** 400 * 1.0 }}
""".strip().split("\n")

COMPARISON = """
{{ 1 == 1.0 }} {{ 1 == true }} {{ 0 == false }} {{ '1' == 1 }} {{ none == none }} {{ none == false }} {{ 'a' == 'a' }} {{ 'a' != 'b' }}
{{ 1 < 2 }} {{ 2 <= 2 }} {{ 3 > 4 }} {{ 4 >= 4 }} {{ 1 < 2.5 }} {{ 'a' < 'b' }} {{ 'B' < 'a' }} {{ [1, 2] < [1, 3] }} {{ (1,) < (1, 2) }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 3 > 2 > 1 }} {{ 1 == 1 == 1 }} {{ 1 < 2 == 2 }} {{ (1 < 3) < 2 }}
{{ 'a' in 'abc' }} {{ 'x' in 'abc' }} {{ 'a' in tags }} {{ 'z' not in tags }} {{ 'b' in scores }} {{ 1 in [1.0] }} {{ true in [1] }} {{ 'x' in (1, 'x') }}
{{ not true }} {{ not 0 }} {{ not 'a' }} {{ not [] }} {{ not not 1 }} {{ not none }} {{ not missing }}
{{ true and false }} {{ 1 and 2 }} {{ 0 and 2 }} {{ '' or 'x' }} {{ 1 or 2 }} {{ none or [] }} {{ true or missing.x }} {{ 'a' and 'b' or 'c' }}
{{ 1 if yes else 2 }} {{ 1 if no else 2 }} [{{ 1 if no }}] {{ 'a' if no else 'b' if no else 'c' }} {{ (1 if yes else 2) + 1 }}
{{ not 1 == 2 }} {{ not 1 in [1] }} {{ 1 + 1 == 2 }} {{ 2 * 2 > 3 and 1 }}
{{ 'a' < 1 }}
{{ '12' < age }}
{% for x in '12' %}{{ x > 1 }}{% endfor %}
{% with a = ['1'] %}{{ a[0] + 1 }}{% endwith %}
{{ person in scores }}
{{ tags in person }}
{{ '12' == age }} {{ '36' == age }} {{ age in ['36'] }} {{ '36' in [age] }}|
{{ none < 1 }}
{{ [1] < 1 }}
{{ 1 in 5 }}
{{ 1 in 'abc' }}
{{ missing == missing }} {{ missing == none }} {{ missing == '' }} {{ 1 in missing }}
{{ missing < 1 }}
{{ big == 9007199254740992 }} {{ big == 9007199254740993.0 }} {{ big > 9007199254740992.0 }}
{{ {'a': 1} == {'a': 1.0} }} {{ scores == {'a': 1, 'b': 2} }} {{ [1, 2] == (1, 2) }} {{ [1, [2]] == [1, [2.0]] }}
{{ '\U0001F600' < '\uffff' }} {{ 'a\U0001F600' > 'a\ue000' }} {{ 'abc' < 'abcd' }}
""".strip().split("\n")

TESTS = """
{{ name is defined }} {{ missing is defined }} {{ missing is undefined }} {{ person.x is defined }} {{ person.age is defined }}
{{ nothing is none }} {{ name is not none }} {{ 1 is number }} {{ 1.5 is number }} {{ true is number }} {{ '1' is number }}
{{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ 1 is float }} {{ 'a' is string }} {{ [] is string }}
{{ true is boolean }} {{ 1 is boolean }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }}
{{ {} is mapping }} {{ [] is mapping }} {{ [] is sequence }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 1 is sequence }} {{ () is sequence }}
{{ [] is iterable }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ {} is iterable }} {{ none is iterable }}
{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(4) }} {{ age is divisibleby 6 }} {{ -3 is odd }}
{{ 'abc' is lower }} {{ 'Abc' is lower }} {{ 'ABC' is upper }} {{ '12' is upper }} {{ 'A1' is upper }}
{{ 1 is eq 1 }} {{ 1 is equalto 2 }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is le 2 }} {{ 3 is gt 2 }} {{ 3 is ge 4 }} {{ 1 is lessthan 2 }} {{ 1 is greaterthan 2 }}
{{ 'a' is in tags }} {{ 'z' is in(tags) }} {{ 'z' is not in tags }} {{ none is sameas none }} {{ true is sameas true }} {{ 1 is sameas true }}
{{ 'yes' if name is defined and age is number else 'no' }} {{ name is string or missing.x }}
{{ not name is string }} {{ (age is number) ~ '!' }} {{ 4 is divisibleby 2 and 3 is odd }} {{ [1] is sequence == true }}
{{ 'a' is odd }}
{{ missing is number }} {{ missing is none }} {{ missing is string }} {{ missing is mapping }}
""".strip().split("\n")

FILTERING = """
{{ -5 | abs }} {{ (-5) | abs }} {{ -5.5 | abs }} {{ true | abs }} {{ minus | abs }}
{{ 'hELLO wORLD' | capitalize }} {{ 5 | capitalize }} {{ '' | capitalize }}| {{ umlaut | capitalize }}
{{ html | escape }} {{ html | forceescape }} {{ html | escape | escape }} {{ html | escape | forceescape }} {{ 5 | escape }}
{{ tags | first }} {{ tags | last }} [{{ [] | first }}] [{{ [] | last }}] {{ 'abc' | first }} {{ 'abc' | last }} {{ scores | first }}
{{ '3.7' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 3 | float }} {{ ' 1e3 ' | float }} {{ 'inf' | float }} {{ none | float }} {{ true | float }} {{ '1_0' | float }} {{ '.5' | float }} {{ '5.' | float }}
{{ '3' | int }} {{ '3.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ '0x1f' | int(0, 16) }} {{ '101' | int(base=2) }} {{ ' 42 ' | int }} {{ none | int }} {{ '12e2' | int }} {{ true | int }} {{ [] | int(default=3) }} {{ 'z' | int(base=36) }} {{ '0b11' | int(base=0) }} {{ '-5' | int }} {{ '9007199254740993' | int }}
{% for k, v in scores | items %}{{ k }}={{ v }};{% endfor %} {{ scores | items | list }} {{ missing | items | list }}
{{ tags | length }} {{ 'abc' | length }} {{ emoji | length }} {{ scores | length }} {{ missing | length }} {{ (1, 2) | length }}
{{ 'abc' | list }} {{ scores | list }} {{ (1, 2) | list }} {{ missing | list }}
{{ 'ABC' | lower }} {{ 5 | lower }} {{ none | upper }} {{ 'straße' | upper }} {{ missing | upper }}| {{ [1, 'a'] | upper }}
{{ numbers | max }} {{ numbers | min }} {{ tags | max }} {{ tags | min }} {{ tags | max(case_sensitive=true) }} {{ tags | min(true) }} [{{ [] | max }}]
{{ people | max(attribute='age') }} {{ people | min(attribute='home.city') }} {{ 'hello' | max }}
{{ 'a-b-a' | replace('a', 'x') }} {{ 'a-b-a' | replace('a', 'x', 1) }} {{ 'aaa' | replace('a', 'b', count=2) }} {{ 'abc' | replace('', '-') }} {{ 1.5 | replace('.', ',') }} {{ 'abc' | replace('', '-', 2) }} {{ '' | replace('', 'x') }}
{{ 'aXbX' | replace('X', none) }} {{ 'a1b' | replace(1, 2) }} {{ emoji | replace('', '.') }}
{{ 'abc' | reverse }} {{ tags | reverse | list }} {{ tags | reverse | first }} {{ emoji | reverse }} {% for t in tags | reverse %}{{ t }}{% endfor %}
{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 12.345 | round(1) }} {{ 1234 | round(-2) }} {{ 5 | round }} {{ -2.5 | round }} {{ 0.5 | round }} {{ 1.005 | round(2) }} {{ 1e20 | round(2) }} {{ 150 | round(-2) }} {{ 250 | round(-2) }} {{ 1234.5 | round(-2) }}
{{ 42.55 | round(1, 'floor') }} {{ 42.55 | round(1, 'ceil') }} {{ 42.1 | round(method='ceil') }} {{ 42 | round(0, 'floor') }} {{ 2.5 | round | int }} {{ true | round }} {{ -1.15 | round(1, 'floor') }} {{ 1234.5 | round(-2, 'ceil') }}
{{ 1.5 | round(0, 'half') }}
{{ tags | sort }} {{ numbers | sort }} {{ tags | sort(true) }} {{ tags | sort(case_sensitive=true) }} {{ 'hello' | sort }} {{ scores | sort }} {{ tags | sort(reverse=true, case_sensitive=true) }}
{{ people | sort(attribute='name') }}
{{ people | sort(attribute='age,name') }}
{{ people | sort(attribute='age', reverse=true) }}
{{ pairs | sort(attribute=1) }} {{ pairs | sort(attribute='1', reverse=true) }}
{{ [1, 'a'] | sort }}
{{ [none] | sort }}
{{ 5 | string }} {{ none | string }} {{ [1] | string }} {{ (5 | string) + 'a' }}
{{ city | title }} {{ "it's o'neil [x] <y> {z}" | title }} {{ 'a\tb\nc' | title }} {{ 5 | title }} {{ 'HELLO world' | title }} {{ 'x (y)' | title }}
[{{ spaces | trim }}] {{ 'xxaxx' | trim('x') }} {{ 'abcba' | trim('ab') }} {{ 5 | trim }} [{{ ' \x1f\x85\ufeffx' | trim }}]
{{ text | truncate(20) }} {{ text | truncate(20, true) }} {{ text | truncate(20, false, '…') }} {{ text | truncate(20, leeway=0) }} {{ text | truncate(40) }} {{ text | truncate(39) }} {{ text | truncate(38, leeway=4) }} {{ 'abcdefghijklmnop' | truncate(8, leeway=0) }} {{ text | truncate }} {{ text | truncate(length=10, killwords=true, end='') }}
{{ text | truncate(2) }}
{{ tags | unique | list }} {{ ['a', 'A', 'b'] | unique | list }} {{ ['a', 'A'] | unique(true) | list }} {{ [1, 1.0, true, 2] | unique | list }} {{ people | unique(attribute='age') | list | length }}
{{ 'a b/c?d=ä&e' | urlencode }} {{ {'a b': 'c/d', 'x': 1} | urlencode }} {{ pairs | urlencode }} {{ "!*'()~-._" | urlencode }} {{ 5 | urlencode }} {{ emoji | urlencode }}
{{ name | upper | lower | title | length }} {{ tags | sort | first | upper }} {{ ['a', 'b'] | first ~ 'x' }} {{ 'a' ~ 'b' | upper }}
{{ 5 | length }}
{{ 5 | first }}
{{ none | length }}
{{ 'a' | abs }}
{{ missing | int }}
{{ missing | abs }}
{{ 5 | items | list }}
{{ [1, 'a'] | max }}
{{ name | lower is lower }} {{ age | string is string }} {{ -1 | abs + 1 }} {{ 2 + -1 | abs }} {{ 2 ** 2 | string }}
{% filter upper %}abc {{ name }}{% endfilter %} {% filter replace('a', 'b') | trim %} banana {% endfilter %}|
""".strip().split("\n")

METHODS = """
{{ name.upper() }} {{ name.lower() }} {{ 'ab cd'.title() }} {{ "they're x1y".title() }} {{ 'aBC'.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'Straße'.casefold() }}
[{{ spaces.strip() }}] [{{ '  a '.lstrip() }}] [{{ ' a  '.rstrip() }}] {{ 'xxaxx'.strip('x') }} {{ 'www.example.com'.strip('cmowz.') }}
{{ 'a,b,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a b c'.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a b  c '.rsplit(none, 1) }} {{ ' a  b '.split(none, 1) }} {{ ' a  b '.rsplit(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a b c'.split(maxsplit=1) }} {{ 'aXXbXXc'.split('XX') }} {{ 'aaa'.rsplit('aa') }}
{{ 'a'.split('') }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a\\x0bb\\x1cc\\u2028d'.splitlines() }} {{ ''.splitlines() }} {{ 'a\\n\\nb\\n'.splitlines() }}
{{ 'a-b'.partition('-') }} {{ 'ab'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'ab'.rpartition('-') }}
{{ ', '.join(tags) }} {{ '-'.join('abc') }} {{ ''.join([]) }}| {{ ','.join(scores) }} {{ ', '.join(['a']) }}
{{ ','.join(numbers) }}
{{ 'banana'.replace('a', 'o') }} {{ 'banana'.replace('a', 'o', 2) }} {{ 'banana'.replace('x', 'y') }} {{ 'aaaa'.replace('aa', 'b') }} {{ 'abc'.replace('b', '') }}
{{ 'banana'.startswith('ba') }} {{ 'banana'.endswith('na') }} {{ 'banana'.startswith(('x', 'b')) }} {{ 'banana'.startswith('na', 2) }} {{ 'banana'.endswith('nan', 0, 5) }} {{ ''.startswith('', 1) }} {{ ''.startswith('') }}
{{ 'banana'.count('an') }} {{ 'banana'.count('') }} {{ 'banana'.find('n') }} {{ 'banana'.rfind('n') }} {{ 'banana'.find('x') }} {{ 'banana'.index('na', 3) }} {{ 'banana'.find('a', 2, 4) }} {{ emoji.find('b') }} {{ 'banana'.find('n', -2) }} {{ 'banana'.rindex('an') }} {{ 'banana'.count('a', 2) }} {{ 'abc'.find('') }} {{ 'abc'.rfind('') }}
{{ 'abc'.index('x') }}
{{ 'abc'.startswith(tags, 9) }}
{{ 'abc'.rfind(tags, 9) }}
{{ scores.get(tags) }}
{{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ''.isalpha() }} {{ ' \t'.isspace() }} {{ 'ab'.islower() }} {{ 'AB'.isupper() }} {{ 'Ab Cd'.istitle() }} {{ '½'.isnumeric() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ 'aä'.isascii() }} {{ 'aA'.istitle() }} {{ '1a'.istitle() }} {{ 'A1b'.istitle() }} {{ '1A'.istitle() }} {{ 'ß'.isupper() }} {{ 'ª'.isupper() }} {{ 'ℂ'.islower() }} {{ 'ǅ'.islower() }} {{ 'ǅ'.isupper() }}
{{ 'ΑΣ ΟΔΟΣ'.title() }} {{ 'ΟΔΟΣ'.capitalize() }} {{ 'ΟΔΟΣ' | capitalize }} {{ 'ΟΔΟΣ'.casefold() }} {{ 'ΑΣ οδος'.swapcase() }} {{ 'ΑΣ'.lower() }} {{ 'İIıi'.casefold() }} {{ 'ქართული ენა'.title() }} {{ 'ქართული' | capitalize }} {{ 'ßa ﬁb'.title() }} {{ 'ßa'.swapcase() }}
{{ 'ab'.center(7, '*') }} {{ 'abc'.center(6, '*') }} {{ 'a'.center(4, '*') }} {{ 'ab'.ljust(4, '.') }} {{ 'ab'.rjust(4) }} {{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'abc'.zfill(2) }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removesuffix('') }} {{ 'a\\tb'.expandtabs(4) }}|{{ '\\ta\\n\\tb'.expandtabs() }}
{{ scores.items() }} {{ scores.keys() }} {{ scores.values() }} {{ scores.get('a') }} {{ scores.get('z') }} {{ scores.get('z', 5) }} {{ scores.items() | list }} {{ scores.keys() | list }} {{ {}.keys() }}
{% for k, v in scores.items() %}{{ k }}:{{ v }} {% endfor %}{% for k in scores %}{{ k }}{% endfor %} {% for v in scores.values() %}{{ v }}{% endfor %}
{{ tags.count('a') }} {{ tags.index('C') }} {{ (1, 2, 1).count(1) }} {{ (1, 2).index(2) }} {{ tags.copy() }} {{ tags.index('a', 2) }}
{{ tags.index('z') }}
{{ 2.0.is_integer() }} {{ price.is_integer() }}
{{ name.upper().lower().title() }} {{ 'a b'.split()[1] }} {{ 'a b'.split().0 }} {{ (name ~ 'x').upper() }} {{ name.upper()[0] }}
{{ tags.append('x') }}
{{ scores.pop('a') }}
{{ name.nope() }}
{{ missing.upper() }}
{{ person.missing.upper() }}
{{ age.upper() }}
{{ nothing.upper() }}
""".strip().split("\n")

FORMATS = """
{{ '%s is %d years' % (name, age) }} {{ '%.2f' % price }} {{ '%5d|%-5d|%05d|%+d' % (age, age, age, age) }} {{ '%x %X %o %e %g' % (255, 255, 8, 12345.678, 0.0001) }} {{ '100%%' % () }}
{{ '%s' % name }} {{ '%s' % tags }} {{ '%(a)s-%(b)d' % {'a': 'x', 'b': 2} }} {{ '%r' % name }} {{ '%5.1f|%-8s|%8s' % (3.14159, 'ab', 'cd') }} {{ '%c%c' % (65, 'b') }} {{ '%d' % 3.99 }} {{ '%.3s' % 'abcdef' }} {{ '%#x' % 255 }} {{ '%.0f' % 2.5 }} {{ '%.0f' % 3.5 }} {{ '%08.3f' % -3.14159 }} {{ '%.3d' % 7 }} {{ '% d' % 5 }}
{{ '%a' % 'é😀' }} {{ '{!a}'.format(emoji) }} {{ '{!r:>8}|{!s:<5}|'.format('a', 1) }} {{ '{:05}|{:08}|{:<05}|{:>05}|'.format('é', 'xy', 'z', 'w') }} {{ '%5s|%05s|' % ('a', 'b') }}
{{ '%5%' % 3 }}
{{ '%c' % 'ab' }}
{{ '{}{0}'.format(1) }}
{{ '{0}{}'.format(1, 2) }}
{{ '{:=5}'.format('a') }}
{{ '%d' % 'x' }}
{{ '%s %s' % 'x' }}
{{ '%s' % ('x', 'y') }}
{{ '%q' % 1 }}
{{ '{}-{}'.format(1, 'a') }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{{}}'.format() }} {{ '{:.2f}'.format(price) }} {{ '{:,}'.format(1234567) }} {{ '{:>5}|{:<5}|{:^5}|{:*^7}'.format('a', 'b', 'c', 'd') }}
{{ '{:5d}|{:05d}|{:+d}|{:x}|{:#x}|{:b}|{:e}|{:%}'.format(42, 42, 42, 255, 255, 5, 12345.678, 0.25) }} {{ '{!r}'.format('a') }} {{ '{:,.2f}'.format(1234567.891) }} {{ '{:_}'.format(1234567) }} {{ '{:g}'.format(1e-10) }} {{ '{:.3g}'.format(1234.5) }} {{ '{:.1%}'.format(0.123) }} {{ '{:6.2f}|'.format(3.14159) }} {{ '{}'.format(true) }} {{ '{:d}'.format(true) }} {{ '{}'.format(1.0) }} {{ '{:.3}'.format(1.0) }} {{ '{:.10}'.format('abc') }} {{ '{}'.format([1, 'a']) }} {{ '{:5}|'.format(3) }} {{ '{:5}|'.format('ab') }} {{ '{:.2}'.format(123.456) }} {{ '{:c}'.format(65) }} {{ '{:G}'.format(1e-10) }} {{ '{:08.2f}'.format(-3.14159) }} {{ '{:=+7d}'.format(5) }} {{ '{:.0e}'.format(15.0) }} {{ '{:n}'.format(5) }} {{ '{:,}'.format(1234.5) }} {{ '{:010,.2f}'.format(1.5) }}
{{ '{}'.format() }}
{{ '{:d}'.format(1.5) }}
{{ '{:f}'.format('a') }}
{{ '{:zz}'.format(1) }}
{{ '{'.format(1) }}
""".strip().split("\n")

CONTROL = [
    "{% if yes %}A{% endif %}{% if no %}B{% else %}C{% endif %}{% if no %}D{% elif age > 30 %}E{% else %}F{% endif %}",
    "{% if no %}1{% elif no %}2{% elif yes %}3{% elif yes %}4{% endif %}",
    "{% if empty %}a{% elif none_list %}b{% elif zero %}c{% elif nothing %}d{% elif missing %}e{% else %}f{% endif %}",
    "{% if name == 'Ada' and age >= 18 and price > 1 and yes and not no and tags and person %}ok{% endif %}",
    "{% for t in tags %}{{ t }},{% endfor %}",
    "{% for t in tags %}{{ loop.index }}/{{ loop.length }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ loop.depth }} {{ loop.depth0 }}\n{% endfor %}",
    "{% for t in tags %}[{{ loop.previtem }}<{{ t }}>{{ loop.nextitem }}]{% endfor %}",
    "{% for t in tags %}{{ loop.cycle('odd', 'even') }} {% endfor %}",
    "{% for p in people %}{{ loop.changed(p.age) }} {% endfor %}",
    "{% for t in tags %}{{ t }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for t in none_list %}x{% else %}empty{% endfor %}",
    "{% for t in missing %}x{% else %}empty{% endfor %}",
    "{% for t in tags if t != 'a' %}{{ loop.index }}{{ t }}{% else %}none{% endfor %}",
    "{% for t in tags if t == 'zz' %}{{ t }}{% else %}none{% endfor %}",
    "{% for a, b in pairs %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, b in pairs if b > 1 %}{{ a }}{{ b }}{% endfor %}",
    "{% for i, (a, b) in [[1, [2, 3]], [4, [5, 6]]] %}{{ i }}{{ a }}{{ b }} {% endfor %}",
    "{% for a, b in tags %}{{ a }}{% endfor %}",
    "{% for c in 'abc' %}{{ c }}.{% endfor %}{% for c in emoji %}{{ c }}.{% endfor %}",
    "{% for p in people %}{{ p.name }} ({{ p.home.city }}){% if p.age > 26 %}*{% endif %} {% endfor %}",
    "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in (1, 2) %}{{ x }}{% endfor %}{{ x }}|",
    "{% for name in tags %}{{ name }}{% endfor %}{{ name }}",
    "{% for t in tags %}{{ t }}{% else %}{{ loop }}{% endfor %}",
    "{% for x in 5 %}{{ x }}{% endfor %}",
    "{% for x in nothing %}{{ x }}{% endfor %}",
    "{% for t in tags[:2] %}{{ loop }}{% endfor %}",
    "{% with a = 1, b = name %}{{ a }}{{ b }}{% endwith %}{{ a }}|",
    "{% with %}x{% endwith %}",
    "{% with a, b = pairs[0] %}{{ a }}{{ b }}{% endwith %}",
    "{% with name = 'Bo' %}{% with name2 = name ~ '!' %}{{ name2 }}{% endwith %}{% endwith %}{{ name }}",
    "{% if yes: %}x{% endif %}",
    "{% for t in tags -%}   {{ t }}   {%- endfor %}",
    "a  {%- if yes -%}  b  {%- endif -%}  c",
    "a  {{- name -}}  b {{ name -}}\n\n c {#- note -#} d",
    "a\n{% if yes %}\nb\n{% endif %}\nc\n",
    "a\n\n",
    "a\r\nb\rc\n\r\n",
    "  {% if yes %}  x  {% endif %}  ",
    "x{# a comment {{ name }} {% if %} #}y",
    "{#- all -#}",
    "{% raw %}{{ name }} {% if %} {# x #}{% endraw %}",
    "a {%- raw -%}  {{ x }}  {%- endraw -%} b",
    "{% raw -%}\n x {% endraw %}",
    "{{ '{{' }} {{ '}}' }} {{ '%}' }} {{ '{%' }}",
    "{{ {'a': {'b': 1}} }}",
    "{{{'a': 1}.a}}",
    "{{name}}{{ name}}{{name }}",
    "{{-1}} {{- -1 }} {{+ 1}}",
    "{ name } }} %} #} {",
    "plain text with 100% & <b> $5 \\n",
    "",
    "{{ '' }}",
    "{{\n  name\n  | upper\n}}",
    "{%if yes%}a{%endif%}",
    "{%+ if yes +%} a {%+ endif %}",
    "{% if yes %}{% for t in tags %}{% if t == 'a' %}{{ loop.index }}{% endif %}{% endfor %}{% endif %}",
    "{% if (yes and no) or (not no and age in [36, 37]) %}x{% endif %}",
    "{% if 'a' in tags and 'q' not in tags %}x{% endif %}",
    "{% if yes, no %}x{% endif %}",
    "{{ 1 if yes }}{{ 'x' if no }}|",
    "Dear {{ person.name.first }},\n\n{% if person.age > 30 %}You are {{ person.age }}.{% else %}Young!{% endif %}\n{% for tag in person.tags %}- {{ tag }}\n{% endfor %}Bye",
]

FUNCTIONS = r"""
{% for k in range(1, age - 32) %}Q{{ k }} {% endfor %}
{{ range(3) }} {{ range(1, 10, 3) | list }} {{ range(3, 0, -1) | list }} {{ range(2, 2) | list }} {{ range(true) | list }}
{{ range(5)[2] }} {{ range(5)[-1] }} {{ range(3) | length }} {{ range(3) | last }} {{ range(3) | reverse | list }}
{{ 2 in range(3) }} {{ 3 in range(3) }} {{ range(3) == range(3) }} {{ range(3) == [0, 1, 2] }} {{ range(2) == (0, 1) }}
{{ range(3) is iterable }} {{ range(3) is sequence }} {{ 'x' if range(0) else 'y' }} {{ '%s' % range(3) }} {{ range(3).index(2) }}
{{ range(1, 5, 2) }} {{ [range(2)] }} {{ range(10, 0, -3) }}
{{ range() }}
{{ range('a') }}
{{ range(1.5) }}
{{ range(1, 3, 0) }}
{{ range(1, 2, 3, 4) }}
{{ range(10 ** 9) }}
{{ range(100001) | length }}
{{ range(100000) | length }}
{{ dict(a=1, b='x') }} {{ dict([['a', 1]], b=2) }} {{ dict({'a': 1}, a=2) }} {{ dict() }} {{ dict(person).age }} {{ dict(pairs).b }}
{{ dict(a=1).a }} {{ dict(a=1)['a'] }} {{ dict(a=1).items() }} {{ dict(a=1) | length }} {{ dict(a=1) == {'a': 1} }}
{{ dict(5) }}
{{ dict([1]) }}
{% with c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}{% endwith %}
{% with c = cycler('odd', 'even') %}{% for t in tags %}{{ c.next() }} {% endfor %}{% endwith %}
{{ cycler('a').next() }}
{{ cycler() }}
{% with comma = joiner() %}{% for t in tags %}{{ comma() }}{{ t }}{% endfor %}{% endwith %}
{% with bar = joiner(' | ') %}{% for t in tags if t != 'a' %}{{ bar() }}{{ t }}{% endfor %}{% endwith %}
{{ namespace(a=1).a }} {{ namespace(person).age }}
{{ lipsum(0) }}|{{ lipsum(n=0, html=false) }}
{% with tags = 1 %}{{ tags() }}{% endwith %}
{{ name() }}
{{ nope() }}
{% set x %}hi {{ name }}{% endset %}{{ x }} {{ x | upper }} {{ x | length }} {{ x is string }}
{% set x | upper %}hi {{ name }}{% endset %}{{ x }}
{% set x | replace('a', 'b') | upper %}abc{% endset %}{{ x }}{{ x }}
{% set x %}a{% set y %}b{% endset %}{{ y }}{% endset %}{{ x }}
{% if yes %}{% set x %}a{% endset %}{% else %}{% set x %}b{% endset %}{% endif %}{{ x }}
{% if no %}{% set x %}a{% endset %}{% endif %}[{{ x }}]
{% for t in tags %}{% set x %}{{ t }}{% endset %}{{ x }}{% endfor %}[{{ x }}]
{% filter upper %}{% set x %}a{% endset %}{{ x }}{% endfilter %}[{{ x }}]
{% with %}{% set x %}a{% endset %}{{ x }}{% endwith %}[{{ x }}]
{% set x %}{% endset %}[{{ x }}]{{ 'y' if x else 'n' }}
{% set x %}a
{% endset %}
{% set %}a{% endset %}
{{ 'é'.encode() }} {{ "a\n'b".encode('utf-8') }} {{ 'é€a'.encode('ascii', 'ignore') }} {{ 'é€a'.encode('latin-1', 'replace') }} {{ '"\'\\'.encode() }}
{{ emoji.encode() }} {{ 'é'.encode().decode() }} {{ 'ab'.encode() | length }} {{ 'ab'.encode()[0] }} {{ 'ab'.encode() | list }}
{{ 'a'.encode() == 'a' }} {{ 'a'.encode() == 'a'.encode() }} {{ 'x' ~ 'a'.encode() }} {{ ['a'.encode()] }} {{ '%s' % 'a'.encode() }} {{ 'a'.encode() | string | upper }}
{{ umlaut.encode('utf8') }} {{ umlaut.encode(encoding='latin1') }}
{{ 'é'.encode('ascii') }}
{{ 'é'.encode('nope') }}
{{ '\ud83d'.encode() }}
{{ {'b': 1, 'a': [1.0, none, true, 1e16, 1e-5]} | tojson }} {{ mixed | tojson }} {{ person | tojson }} {{ html | tojson }} {{ emoji | tojson }}
{{ people | tojson(indent=2) }} {{ {'a': {}, 'b': []} | tojson(1) }} {{ (1, 'x') | tojson }} {{ {1: 2} | tojson }} {{ name | tojson }} {{ big | tojson }}
{{ quotes | tojson }} {{ lines | tojson }} {{ nothing | tojson }} {{ '\x7f\x00' | tojson }} {{ [] | tojson(2) }} {{ 5 | tojson | length }}
{{ missing | tojson }}
{{ range(3) | tojson }}
""".strip().split("\n")

SYNTAX = """
{{ name
{{ }}
{% if yes %}
{% if %}x{% endif %}
{% endif %}
{% for x in tags %}
{% for in tags %}{% endfor %}
{% for x tags %}{% endfor %}
{% nope %}
{{ name | }}
{{ name | nope }}
{{ name is nope }}
{{ 'abc }}
{{ name) }}
{{ (name }}
{{ [1, 2 }}
{{ {'a' 1} }}
{{ 1 + }}
{{ a b }}
{{ a. }}
{{ a[] }}
{{ a..b }}
{{ 1.2.3 }}
{{ 007 }}
{{ name ? 1 : 2 }}
{{ a && b }}
{{ a = 1 }}
{# never closed
{% raw %} never closed
{{ f(a=1, 2) }}
{{ 'x' is string is string }}
{% else %}
{% elif yes %}
{% if yes %}a{% else %}b{% else %}c{% endif %}
{% endfor %}
{{ ! name }}
{{ name %}
{% if yes }}x{% endif %}
{{ not }}
{{ 1 if }}
{{ 'a' | replace }}
{{ 5 | abs(1) }}
{{ 5 | round(nope=1) }}
""".strip().split("\n")


NATIVE = r"""
{{ missing | default('x') }} {{ person.nope | default('y') }} {{ nothing | default('z') }} {{ '' | default('z', true) }} {{ 0 | d(5, true) }} {{ missing | d }}|{{ name | default('x') }} {{ missing | default }}|
{{ tags | join }} {{ tags | join(', ') }} {{ numbers | join('-') }} {{ people | join(', ', attribute='name') }} {{ 'abc' | join('.') }} {{ none_list | join(',') }}| {{ mixed | join('|') }} {{ scores | join(',') }}
{{ people | map(attribute='name') | list }} {{ people | map(attribute='home.city') | join(' ') }} {{ tags | map('upper') | join(',') }} {{ people | map(attribute='nope', default='?') | list }} {{ numbers | map('string') | map('replace', '.', ',') | list }} {{ ['a b', 'c'] | map('wordcount') | list }}
{{ people | map(attribute='nope.deep', default={'deep': 1}) | list }}
{{ tags | map('nope') | list }}
{{ tags | map | list }}
{{ numbers | select('odd') | list }}
{{ [1, 2, 3, 4] | select('odd') | list }} {{ [1, 2, 3, 4] | reject('odd') | list }} {{ [0, 1, '', 'a', none] | select | list }} {{ [0, 1, '', 'a'] | reject | list }} {{ [1, 2, 3] | select('>', 1) | list }} {{ [1, 2, 3] | select('divisibleby', 3) | list }} {{ [1, 2, 3] | select('in', [1, 3]) | list }}
{{ people | selectattr('age', 'eq', 30) | map(attribute='name') | list }} {{ people | rejectattr('age', '==', 30) | map(attribute='name') | list }} {{ people | selectattr('nope') | list }} {{ people | selectattr('home.city', 'equalto', 'Oslo') | map(attribute='age') | first }} {{ people | rejectattr('nope', 'defined') | list | length }}
{{ [1] | select('nope') | list }}
{{ [1] | selectattr | list }}
{{ numbers | sum }} {{ people | sum(attribute='age') }} {{ [] | sum }} {{ [1, 2] | sum(start=10) }} {{ [[1], [2]] | sum(start=[]) }} {{ [true, 2] | sum }} {{ [0.1, 0.2] | sum }}
{{ tags | sum }}
{{ scores | dictsort }} {{ scores | dictsort(reverse=true) }} {{ scores | dictsort(false, 'value') }} {{ {'b': 1, 'A': 2, 'C': 0} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {% for k, v in scores | dictsort %}{{ k }}{{ v }}{% endfor %}
{{ tags | dictsort }}
{{ scores | dictsort(by='x') }}
{% for age, group in people | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join(',') }} {% endfor %}{% for g in people | groupby('home.city') %}{{ g.grouper }}={{ g.list | length }} {% endfor %}{% for c, g in [{'c': 'CA'}, {'c': 'NY'}, {'c': 'ca'}] | groupby('c') %}{{ c }}{{ g | length }} {% endfor %}{% for c, g in [{'c': 'CA'}, {'c': 'ca'}] | groupby('c', case_sensitive=true) %}{{ c }}{{ g | length }} {% endfor %}{% for c, g in [{'c': 'b'}, {}] | groupby('c', default='a') %}{{ c }}{{ g | length }} {% endfor %}
{{ people | groupby('age') }}
{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 'x') | list }} {{ [] | batch(2) | list }} {{ [1, 2, 3, 4, 5] | slice(3) | list }} {{ [1, 2, 3, 4] | slice(3, 'x') | list }} {{ [1, 2] | slice(3) | list }} {{ 'abc' | batch(2) | list }}
{{ tags | count }} {{ html | e }} {{ html | e | e }} {{ html | safe | e }} {{ '<' | safe }} {{ text | wordcount }} {{ umlaut | wordcount }} {{ "it's a_b 1.5" | wordcount }}
{{ 'ab' | center(6) }}|{{ 'ab' | center }}|{{ 5 | center(4) }}|
{{ '%s is %d' | format(name, age) }} {{ '%(a)s' | format(a=1) }} {{ '%.1f%%' | format(price) }} {{ 'x' | format }}
{{ '%s' | format(1, a=2) }}
{{ '%s %s' | format(1) }}
{{ lines | indent }}|{{ 'a
b

c' | indent(2) }}|{{ 'a
b

c' | indent(2, true) }}|{{ 'a

c' | indent(2, blank=true) }}|{{ 'a
b' | indent('> ', first=true) }}|{{ '' | indent }}|{{ 'a
' | indent }}|
{{ 5 | indent }}
{{ 1 | filesizeformat }} {{ 0 | filesizeformat }} {{ 999 | filesizeformat }} {{ 1000 | filesizeformat }} {{ 1500 | filesizeformat }} {{ 13000000 | filesizeformat }} {{ 1024 | filesizeformat(true) }} {{ 1536000 | filesizeformat(true) }} {{ '2500' | filesizeformat }} {{ 1e30 | filesizeformat }} {{ 1000000 | filesizeformat }} {{ 999999 | filesizeformat }}
{{ '<p>a <b>bold</b>
 move &amp; more &lt;x&gt;</p><!-- no -->' | striptags }} {{ html | striptags }} {{ 'no tags' | striptags }}
{{ text | wordwrap(10) }}|{{ text | wordwrap(20, wrapstring=' / ') }}|{{ 'abcdefghijklmnop qr' | wordwrap(5) }}|{{ 'abcdefghijklmnop qr' | wordwrap(5, false) }}|{{ 'a well-known mother-in-law of twenty-five' | wordwrap(10) }}|{{ 'a well-known mother-in-law' | wordwrap(10, break_on_hyphens=false) }}|{{ 'one
two three four

five' | wordwrap(8) }}|{{ 'a -- b---c ---- d' | wordwrap(4) }}|{{ '' | wordwrap }}|{{ 'x' | wordwrap }}|{{ '  lead and trail   ' | wordwrap(6) }}|{{ 'super-califragilistic-expialidocious' | wordwrap(8) }}
{{ {'class': 'a "b"', 'id': none, 'n': 5} | xmlattr }} {{ {} | xmlattr }}| {{ {'a': '<'} | xmlattr(false) }}
{{ {'a b': 1} | xmlattr }}
{{ scores | pprint }} {{ people | pprint }} {{ (1, 2) | pprint }} {{ name | pprint }} {{ {'b': [1, 2], 'a': {'d': 1, 'c': 2}} | pprint }} {{ range(40) | list | pprint }}
{{ person | attr('age') }}| {{ name | attr('nope') }}|
{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ 'nope' is test }} {{ name is escaped }} {{ name is callable }}
{% set x = 5 %}{{ x }} {% set a, b = 1, 2 %}{{ a }}{{ b }} {% set x = x + 1 %}{{ x }} {% set t = tags | sort %}{{ t }} {% set y = 1, 2 %}{{ y }}
{% if yes %}{% set x = 1 %}{% endif %}{{ x }} {% for t in tags %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }} {% with %}{% set x = 3 %}{{ x }}{% endwith %}{{ x }}
{% set ns = namespace(total=0, seen=[]) %}{% for n in numbers %}{% set ns.total = ns.total + n %}{% set ns.last = n %}{% endfor %}{{ ns.total }} {{ ns.last }} {{ ns['total'] }} {{ ns.nope }}|
{% set ns = {} %}{% set ns.x = 1 %}
{% set nope.x = 1 %}
{% for p in people %}{% for c in p.name %}{{ c }}{{ loop.index }}{% endfor %}:{{ loop.index }} {% endfor %}
{% for a in [1, 2] %}{% for b in [3, 4] %}{% for c in [5] %}{{ a }}{{ b }}{{ c }} {{ loop.depth }}{% endfor %}{% endfor %}{% endfor %}
{% for a in [1, 2] %}{% set outer = loop %}{% for b in [3, 4] %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}
{% for item in [{'n': 'a', 'c': [{'n': 'b', 'c': [{'n': 'd', 'c': []}]}, {'n': 'e', 'c': []}]}] recursive %}{{ loop.depth }}{{ item.n }}{% if item.c %}({{ loop(item.c) }}){% endif %}{% endfor %}
{% macro hi(who, mark='!') %}Hi {{ who }}{{ mark }}{% endmacro %}{{ hi('Bo') }} {{ hi(who=name, mark='?') }} {{ hi() }} {{ hi('a') | upper }} {{ hi is callable }}
{% macro fact(n) %}{{ n * (fact(n - 1) | int) if n > 1 else 1 }}{% endmacro %}{{ fact(5) }}
{% macro many() %}{{ varargs }} {{ kwargs }}{% endmacro %}{{ many(1, 2, a=3) }}
{% macro hi(who) %}{{ who }}{% endmacro %}{{ hi(1, 2) }}
{% macro hi(who) %}{{ who }}{% endmacro %}{{ hi(nope=2) }}
{% macro hi(who) %}{{ who }}{% endmacro %}{{ hi(1, who=2) }}
{% macro box(title) %}[{{ title }}: {{ caller() }}]{% endmacro %}{% call box('T') %}body {{ name }}{% endcall %}
{% macro each(items) %}{% for item in items %}{{ caller(item) }},{% endfor %}{% endmacro %}{% call(x) each(tags) %}<{{ x }}>{% endcall %}
{% macro a() %}x{% endmacro %}{% for t in tags %}{{ a() }}{{ t }}{% endfor %}
{% macro box() %}{{ caller() }}{% endmacro %}{{ box() }}
{% block main %}in {{ name }}{% endblock %} {% block other scoped %}x{% endblock other %}
{% autoescape true %}{{ html }} {{ html | safe }} {{ '<' }} {{ 5 }}<b>{% endautoescape %} {{ html }} {% autoescape false %}{{ html }}{% endautoescape %}
{% include 'x' %}
{% import 'x' as y %}
{% extends 'x' %}
{% if tags | selectattr('x', 'defined') | list %}a{% else %}b{% endif %} {{ (tags | map('lower') | unique | sort | join(', ')) or 'none' }}
{{ 'a,b;c' | replace(';', ',') | lower | title | wordcount }} {{ ('x' ~ 1) | default('n') | center(5) | trim }}
{% set greeting %}Hi {{ name }}{% endset %}{% set n = greeting | length %}{{ greeting }} {{ n }}
""".strip().split("\n")


def render(environment, template):
    try:
        return {"text": environment.from_string(template).render(ROW)}
    except jinja2.TemplateSyntaxError:
        return {"error": "syntax"}
    except Exception:
        return {"error": "render"}


def main():
    environment = ImmutableSandboxedEnvironment(autoescape=False)
    native = ImmutableSandboxedEnvironment(autoescape=False)
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    groups = {
        "printing": PRINTING,
        "access": ACCESS,
        "arithmetic": ARITHMETIC,
        "comparison": COMPARISON,
        "tests": TESTS,
        "filters": FILTERING,
        "methods": METHODS,
        "formats": FORMATS,
        "control": CONTROL,
        "functions": FUNCTIONS,
        "syntax": SYNTAX,
    }
    answers = {
        group: [{"template": template, **render(environment, template)} for template in templates]
        for group, templates in groups.items()
    }
    answers["native"] = [{"template": template, **render(native, template)} for template in NATIVE]
    record = {"jinja2": jinja2.__version__, "values": json.dumps(ROW, ensure_ascii=False), "answers": answers}
    target = pathlib.Path("test/unit/templates/jinja-answers.json")
    target.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{sum(map(len, answers.values()))} answers of Jinja2 {jinja2.__version__} in {target}")


if __name__ == "__main__":
    main()
