// The report of a dataset: one HTML file that loads nothing, for phones and desks, dark and light.

import type { GraphNode } from './charts.ts';
import { barChart, graphChart, histogram } from './charts.ts';
import { type Html, html } from './html.ts';
import { STYLE } from './page-style.ts';
import { type Categories, type ColumnProfile, chartOf, type Numbers } from './profile.ts';

export interface ReportPage {
  readonly title: string;
  /** What there is to know at a glance. */
  readonly facts: readonly Fact[];
  /** Why rows were dropped, the commonest cause first. */
  readonly causes: readonly string[];
  readonly columns: readonly ReportColumn[];
  /** Of the columns that made calls, and of all together; none without calls. */
  readonly costs: readonly ReportCost[];
  readonly graph: readonly GraphNode[];
  /** As they were generated. */
  readonly rows: readonly ReportRow[];
  /** Processors after generation made others of them, which the columns are about. */
  readonly hasOtherRows?: boolean;
}

export interface Fact {
  readonly label: string;
  readonly text: string;
}

export type ReportColumn = ColumnProfile;

/** What the calls of a column cost, in words. */
export interface ReportCost {
  readonly column: string;
  readonly calls: string;
  readonly failed: string;
  readonly tokensIn: string;
  readonly tokensOut: string;
  /** Dollars; empty where no price is known. */
  readonly cost: string;
  /** In calls, which run beside each other, and of a call. */
  readonly time: string;
  readonly median: string;
}

export interface ReportRow {
  readonly row: number;
  /** Why it is not in the output; null where it is. */
  readonly problem: string | null;
  readonly cells: readonly ReportCell[];
}

export interface ReportCell {
  readonly column: string;
  readonly value: string;
  /** Neither JSON nor code. */
  readonly isText: boolean;
  /** What the model was sent, where the records have it. */
  readonly prompt: string | null;
  /** The pictures that it names, as data URIs, where they are to be seen in the page. */
  readonly pictures?: readonly string[];
}

/** Bars of a column. */
const MAX_BARS = 12;

/** The whole file. */
export function reportPage(page: ReportPage): string {
  const { title, facts, causes, columns, costs, graph, rows } = page;
  const dropped =
    causes.length === 0
      ? []
      : [html`<h2>Dropped rows</h2><ul>${causes.map((cause) => html`<li>${cause}</li>`)}</ul>`];
  return pageOf(
    title,
    html`${headOf(title, facts)}
${dropped}
<h2>Columns</h2>
<div class="cards">${columns.map(columnCard)}</div>
${costs.length === 0 ? [] : [html`<h2>Cost and time</h2>`, costTable(costs)]}
<h2>What needs what</h2>
${graphChart(graph)}
<h2>First rows${page.hasOtherRows === true ? ', as they were generated' : ''}</h2>
${rows.map(rowCard)}`,
  );
}

/** The rows of a preview, as a whole file. */
export function rowsPage({ title, facts, rows }: Pick<ReportPage, 'title' | 'facts' | 'rows'>): string {
  return pageOf(
    title,
    html`${headOf(title, facts)}
<h2>Rows</h2>
${rows.map(rowCard)}`,
  );
}

function headOf(title: string, facts: readonly Fact[]): Html {
  return html`<h1>${title}</h1>
<dl class="facts">${facts.map(({ label, text }) => html`<div><dt>${label}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function pageOf(title: string, body: Html): string {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark"><title>${title}</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;
  return page.text;
}

function costTable(costs: readonly ReportCost[]): Html {
  const isPriced = costs.some(({ cost }) => cost !== '');
  const rows = costs.map(
    ({ column, calls, failed, tokensIn, tokensOut, cost, time, median }) =>
      html`<tr><td>${column}</td><td>${calls}</td><td>${failed}</td><td>${tokensIn}</td><td>${tokensOut}</td>${isPriced ? html`<td>${cost}</td>` : []}<td>${time}</td><td>${median}</td></tr>`,
  );
  return html`<div class="wide"><table><tr><th>column</th><th>calls</th><th>failed</th><th>tokens in</th><th>tokens out</th>${isPriced ? html`<th>cost</th>` : []}<th>time in calls</th><th>median call</th></tr>${rows}</table></div>`;
}

function columnCard(profile: ReportColumn): Html {
  const { column_name, column_type, simple_dtype, num_records, num_null, num_unique, num_valid_records } =
    profile;
  const { kind = column_type, lengths, score_distributions = {} } = profile;
  const { numbers, categories } = chartOf(profile);
  const notes = [
    `${num_unique} unique`,
    num_null === 0 ? 'no nulls' : `${num_null} null`,
    ...(num_valid_records === undefined ? [] : [`${num_valid_records} of ${num_records - num_null} valid`]),
  ];
  const scores = Object.entries(score_distributions).map(
    ([name, found]) => html`<h4>${name}</h4>${categoryBars(found)}`,
  );
  const charts = [
    ...(numbers === undefined ? [] : [numbersChart(numbers, '')]),
    ...(categories === undefined ? [] : [categoryBars(categories)]),
    ...(lengths === undefined || categories !== undefined ? [] : [numbersChart(lengths, ' characters')]),
  ];
  return html`<section class="card"><h3>${column_name}</h3><p class="quiet">${kind} · ${simple_dtype}</p><p>${notes.join(' · ')}</p>${charts}${scores}</section>`;
}

function categoryBars({ categories, counts }: Categories): Html {
  const bars = counts.slice(0, MAX_BARS).map((count, index) => ({ label: String(categories[index]), count }));
  const more = counts.length - bars.length;
  return more === 0 ? barChart(bars) : html`${barChart(bars)}<p class="quiet">and ${more} more</p>`;
}

function numbersChart({ min, max, mean, median, bins }: Numbers, unit: string): Html {
  if (min === max) return html`<p class="quiet">always ${short(min)}${unit}</p>`;
  const range = { from: `${short(min)}${unit}`, to: `${short(max)}${unit}` };
  return html`${histogram({ bins, ...range })}<p class="quiet">mean ${short(mean)} · median ${short(median)}${unit}</p>`;
}

function short(number: number | bigint): string {
  return typeof number === 'bigint' ? String(number) : String(Number(number.toPrecision(4)));
}

/** A value that is no longer stands beside others. */
const MAX_SHORT = 60;

function isShort({ value, prompt, pictures = [] }: ReportCell): boolean {
  return prompt === null && pictures.length === 0 && value.length <= MAX_SHORT && !value.includes('\n');
}

function rowCard({ row, problem, cells }: ReportRow): Html {
  const why = problem === null ? [] : [html`<p class="alarm">${problem}</p>`];
  const short = cells.filter(isShort);
  const facts = short.map(({ column, value }) => html`<div><dt>${column}</dt><dd>${value}</dd></div>`);
  const parts = cells
    .filter((cell) => !isShort(cell))
    .map(({ column, value, isText, prompt, pictures = [] }) => {
      const shown = pictures.map((uri) => html`<img src="${uri}" alt="${column}">`);
      const cell = html`<h4>${column}</h4><pre class="${isText ? 'text' : 'data'}">${value}</pre>${shown}`;
      return prompt === null
        ? html`<div class="cell">${cell}</div>`
        : html`<div class="cell pair"><div>${cell}</div><div><h4 class="quiet">prompt</h4><pre class="text quiet">${prompt}</pre></div></div>`;
    });
  return html`<section class="card row"><h3>Row ${row}</h3>${why}${facts.length === 0 ? [] : [html`<dl>${facts}</dl>`]}${parts}</section>`;
}
