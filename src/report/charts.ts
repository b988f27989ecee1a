// Small pictures of a report, as SVG that takes its colours from the page.

import { type Html, html } from './html.ts';

export interface Bar {
  readonly label: string;
  readonly count: number;
}

/** A bar a value, its label before it and its count behind. Its width is its share of the commonest. */
export function barChart(bars: readonly Bar[]): Html {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const rows = bars.map(({ label, count }) => {
    const share = round((100 * count) / most);
    return html`<div title="${label}: ${count}"><span>${label === '' ? '""' : label}</span><div><i style="width:${share}%"></i><b>${count}</b></div></div>`;
  });
  return html`<div class="bars">${rows}</div>`;
}

const WIDTH = 320;
const NAME_LETTERS = 17;

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
  return html`<svg class="bins" viewBox="0 0 ${WIDTH} ${HIGH + 18}" role="img">${bars}<text x="1" y="${HIGH + 14}">${from}</text><text x="${WIDTH - 1}" y="${HIGH + 14}" text-anchor="end">${to}</text></svg>`;
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
  const layers: GraphNode[][] = [];
  const levels = new Map<string, number>();
  for (const node of nodes) {
    const level = Math.max(0, ...node.needs.map((need) => (levels.get(need) ?? -1) + 1));
    levels.set(node.name, level);
    layers[level] = [...(layers[level] ?? []), node];
  }
  const places = new Map<string, { readonly x: number; readonly y: number }>();
  for (const [level, layer] of layers.entries()) {
    // Beside the middle of what they need, so that fewer lines cross.
    const heightOf = ({ needs }: GraphNode) => {
      const heights = needs.flatMap((need) => places.get(need)?.y ?? []);
      return heights.reduce((sum, y) => sum + y, 0) / Math.max(1, heights.length);
    };
    const sorted = layer.toSorted((left, right) => heightOf(left) - heightOf(right));
    for (const [row, { name }] of sorted.entries())
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
  const height = Math.max(1, ...layers.map(({ length }) => length)) * (BOX.height + BOX.down) - BOX.down + 2;
  return html`<div class="wide"><svg class="graph" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">${edges}${boxes}</svg></div>`;
}

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= NAME_LETTERS ? text : `${letters.slice(0, NAME_LETTERS - 1).join('')}…`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
