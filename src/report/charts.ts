// Small pictures of a report, as SVG that takes its colours from the page.

import { type Html, html } from './html.ts';

export interface Bar {
  readonly label: string;
  readonly count: number;
}

const ROW = 22;
const WIDTH = 320;
const LABEL = 118;
const COUNT = 52;
const LABEL_LETTERS = 17;

/** A bar a value, its label before it and its count behind. */
export function barChart(bars: readonly Bar[]): Html {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const rows = bars.map(({ label, count }, index) => {
    const y = index * ROW;
    const width = (count / most) * (WIDTH - LABEL - COUNT);
    return html`<g><title>${label}: ${count}</title><text x="${LABEL - 6}" y="${y + 15}" text-anchor="end">${shorten(label)}</text><rect x="${LABEL}" y="${y + 3}" width="${round(Math.max(width, 1))}" height="${ROW - 6}" rx="3"/><text class="count" x="${round(LABEL + width + 6)}" y="${y + 15}">${count}</text></g>`;
  });
  return html`<svg class="bars" viewBox="0 0 ${WIDTH} ${bars.length * ROW}" role="img">${rows}</svg>`;
}

export interface Binned {
  readonly bins: readonly number[];
  readonly from: string;
  readonly to: string;
}

const HIGH = 72;

/** Bins side by side, from the least value to the greatest. */
export function histogram({ bins, from, to }: Binned): Html {
  const most = Math.max(1, ...bins);
  const width = WIDTH / bins.length;
  const bars = bins.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(1, (count / most) * HIGH);
    return html`<rect x="${round(index * width + 1)}" y="${round(HIGH - height)}" width="${round(width - 2)}" height="${round(height)}" rx="2"><title>${count}</title></rect>`;
  });
  return html`<svg class="bars" viewBox="0 0 ${WIDTH} ${HIGH + 18}" role="img">${bars}<text x="1" y="${HIGH + 14}">${from}</text><text x="${WIDTH - 1}" y="${HIGH + 14}" text-anchor="end">${to}</text></svg>`;
}

export interface GraphNode {
  readonly name: string;
  readonly kind: string;
  /** Names of nodes before it. */
  readonly needs: readonly string[];
}

const BOX = { width: 150, height: 40, across: 50, down: 14 };

/** Columns from left to right, each to the right of all that it needs. Nodes come after what they need. */
export function graphChart(nodes: readonly GraphNode[]): Html {
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  const layers: number[] = [];
  const levels = new Map<string, number>();
  for (const { name, needs } of nodes) {
    const level = Math.max(0, ...needs.map((need) => (levels.get(need) ?? -1) + 1));
    const row = layers[level] ?? 0;
    layers[level] = row + 1;
    levels.set(name, level);
    places.set(name, { x: level * (BOX.width + BOX.across) + 1, y: row * (BOX.height + BOX.down) + 1 });
  }
  const edges = nodes.flatMap(({ name, needs }) =>
    needs.flatMap((need): Html[] => {
      const [from, to] = [places.get(need), places.get(name)!];
      if (from === undefined) return [];
      const [x, y] = [from.x + BOX.width, from.y + BOX.height / 2];
      const middle = (x + to.x) / 2;
      const end = to.y + BOX.height / 2;
      return [html`<path d="M${x} ${y}C${middle} ${y} ${middle} ${end} ${to.x} ${end}"/>`];
    }),
  );
  const boxes = nodes.map(({ name, kind }) => {
    const { x, y } = places.get(name)!;
    return html`<g><title>${name}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/><text x="${x + 10}" y="${y + 17}">${shorten(name)}</text><text class="count" x="${x + 10}" y="${y + 32}">${kind}</text></g>`;
  });
  const width = layers.length * (BOX.width + BOX.across) - BOX.across + 2;
  const height = Math.max(1, ...layers) * (BOX.height + BOX.down) - BOX.down + 2;
  return html`<div class="wide"><svg class="graph" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">${edges}${boxes}</svg></div>`;
}

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= LABEL_LETTERS ? text : `${letters.slice(0, LABEL_LETTERS - 1).join('')}…`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
