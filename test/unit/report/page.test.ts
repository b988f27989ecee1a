import { describe, expect, it } from 'vitest';
import { barChart, graphChart, histogram } from '../../../src/report/charts.ts';
import { reportPage } from '../../../src/report/page.ts';

const EVIL = `</pre><script>alert("x")</script>'&\u001b[31m`;

describe('a report', () => {
  it('escapes all that comes from a dataset, wherever it stands', () => {
    const page = reportPage({
      title: EVIL,
      facts: [{ label: 'rows', text: EVIL }],
      causes: [EVIL],
      columns: [
        {
          ...{ column_name: EVIL, column_type: EVIL, pyarrow_dtype: EVIL, simple_dtype: EVIL },
          ...{ num_records: 2, num_null: 0, num_unique: 1 },
          distribution: {
            ...{ most_common_value: EVIL, least_common_value: EVIL },
            histogram: { categories: [EVIL], counts: [2] },
          },
          score_distributions: { [EVIL]: { categories: [EVIL], counts: [1] } },
        },
      ],
      costs: [
        {
          ...{ column: EVIL, calls: EVIL, failed: EVIL, tokensIn: EVIL, cost: EVIL, tokensOut: EVIL },
          ...{ time: EVIL, median: EVIL },
        },
      ],
      graph: [{ name: EVIL, kind: EVIL, needs: [] }],
      rows: [
        {
          ...{ row: 0, problem: EVIL },
          cells: [EVIL, null].map((prompt) => ({ column: EVIL, value: EVIL, isText: true, prompt })),
        },
      ],
    });
    expect(page).not.toMatch(/<script/i);
    expect(page).not.toContain('\u001b');
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;');
    // Nothing is loaded.
    expect(page).not.toMatch(/https?:|src=|<link|url\(/);
    expect(page).toContain("default-src 'none'");
  });

  it('draws a bar a value, whose widths are its share of the commonest', () => {
    const { text } = barChart([
      { label: 'free', count: 60 },
      { label: 'a value that is much too long', count: 30 },
    ]);
    expect([...text.matchAll(/width:([\d.]+)%/g)].map(([, width]) => width)).toEqual(['100', '50']);
    expect(text).toContain('title="a value that is much too long: 30"');
  });

  it('draws a bin of nothing without height', () => {
    const { text } = histogram({ bins: [4, 0, 2], from: '1', to: '9' });
    expect([...text.matchAll(/ height="([\d.]+)"/g)].map(([, height]) => height)).toEqual(['72', '0', '36']);
  });

  it('puts each column to the right of all that it needs', () => {
    const { text } = graphChart([
      { name: 'a', kind: 'sampler', needs: [] },
      { name: 'b', kind: 'expression', needs: ['a'] },
      { name: 'c', kind: 'llm-text', needs: ['a', 'b'] },
    ]);
    expect([...text.matchAll(/<rect x="(\d+)"/g)].map(([, x]) => Number(x))).toEqual([1, 201, 401]);
    expect(text.match(/<path/g)).toHaveLength(3);
  });
});
