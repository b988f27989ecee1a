import { describe, expect, it } from 'vitest';
import { parseExpression, parseTemplate } from '../../../src/templates/template.ts';

describe('lists the names that a template takes from the row', () => {
  it.each<readonly [string, readonly string[]]>([
    ['no names', []],
    ['{{ b }} {{ a }} {{ b }}', ['a', 'b']],
    ['{{ a.b.c }} {{ d["e"][f] }} {{ g[h:i] }}', ['a', 'd', 'f', 'g', 'h', 'i']],
    [
      '{{ a | replace(b, new=c) }} {{ d.split(e) }} {{ f is divisibleby g }}',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
    ],
    ['{% if a %}{{ b }}{% elif c %}{{ d }}{% else %}{{ e }}{% endif %}', ['a', 'b', 'c', 'd', 'e']],
    ['{{ a if b else c }} {{ d and e or not f }} {{ g < h in i }} {{ -j + k ~ l }}', [...'abcdefghijkl']],
    ['{{ [a, (b, c)] }} {{ {d: e} }}', ['a', 'b', 'c', 'd', 'e']],
    [
      '{% for x in xs if x > least %}{{ x.y }} {{ loop.index }} {{ z }}{% else %}{{ w }}{% endfor %}',
      ['least', 'w', 'xs', 'z'],
    ],
    ['{% for x in x %}{{ x }}{% endfor %}{{ x }}', ['x']],
    ['{% for a, (b, c) in xs %}{{ a }}{{ b }}{{ c }}{% endfor %}{{ b }}', ['b', 'xs']],
    ['{% for x in xs %}{{ x }}{% else %}{{ x }}{{ loop }}{% endfor %}', ['loop', 'x', 'xs']],
    ['{% with a = b, c = a %}{{ a }}{{ c }}{{ d }}{% endwith %}', ['a', 'b', 'd']],
    ['{% filter replace(a, b) %}{{ c }}{% endfilter %}', ['a', 'b', 'c']],
    ['{% raw %}{{ a }}{% endraw %}{# {{ b }} #}{{ "{{ c }}" }}', []],
    ['{{ true }} {{ None }} {{ none }} {{ False }}', []],
    ['{{ größe }} {{ 日本 }}', ['größe', '日本']],
    ['{% set x %}{{ a }}{{ x }}{% endset %}{{ x }}', ['a', 'x']],
    ['{{ x }}{% set x | replace(b, c) %}a{% endset %}{{ x }}', ['b', 'c', 'x']],
    ['{% if a %}{% set x %}{% endset %}{% else %}{% set x %}{% endset %}{% endif %}{{ x }}', ['a']],
    ['{% if a %}{% set x %}{% endset %}{% endif %}{{ x }}', ['a', 'x']],
    ['{% for a in b %}{% set x %}{% endset %}{{ x }}{% endfor %}{{ x }}', ['b', 'x']],
    [
      '{{ range(a) }}{{ dict(b=c) }}{% with j = joiner(d) %}{{ j() }}{% endwith %}{{ lipsum() }}',
      ['a', 'c', 'd'],
    ],
    ['{{ user__trace }} {{ _x1 }}', ['_x1', 'user__trace']],
  ])('%s', (source, variables) => {
    expect(parseTemplate(source).variables).toEqual(variables);
  });

  it('of a bare expression', () => {
    expect(parseExpression("tier == 'pro' and age > limit").variables).toEqual(['age', 'limit', 'tier']);
  });
});
