// A large dataset from start to finish and what comes after it, on answers that cost nothing: what grows with the dataset
// that should grow with the change shows here.
//
//   npm run bench:large -- --rows 1000000 [--group-size 1000] [--parallel 256]
//
// One sampler and three model columns, each made from the one before; the answers are simulated, without latency. Prints a
// Markdown table. Takes some 20 minutes and 2 GB of disk for a million rows.

import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCli } from '../test/support/cli.ts';
import { ProcessUsage } from './process-usage.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    'group-size': { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '256' },
  },
});
const rows = Number(flags.rows);
const groupSize = Number(flags['group-size']);
const groups = Math.ceil(rows / groupSize);
const folder = mkdtempSync(join(tmpdir(), 'rowloom-large-'));
const dataset = join(folder, 'artifacts', 'large');

function writeDocument(ending: string): void {
  const column = (name: string, prompt: string) => ({
    ...{ name, column_type: 'llm-text', model_alias: 'writer', prompt },
  });
  const document = {
    columns: [
      {
        name: 'topic',
        column_type: 'sampler',
        sampler_type: 'category',
        params: { values: ['a', 'b', 'c', 'd'] },
      },
      column('body', 'Write about {{ topic }}'),
      column('summary', 'Sum up: {{ body }}'),
      column('reply', `Answer: {{ summary }}${ending}`),
    ],
    model_configs: [
      {
        ...{ alias: 'writer', model: 'made-up', provider: 'local' },
        inference_parameters: { max_parallel_requests: Number(flags.parallel) },
      },
    ],
    rowloom: { row_group_size: groupSize, providers: [{ name: 'local', provider_type: 'simulated' }] },
  };
  writeFileSync(join(folder, 'large.yaml'), JSON.stringify(document));
}

interface Step {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
  readonly said: string;
}

async function step(what: string, args: readonly string[]): Promise<Step> {
  const startedAt = Date.now();
  const cli = startCli(args, { cwd: folder });
  const usage = new ProcessUsage(cli.pid);
  const end = await cli.ended;
  usage.stop();
  if (end.code !== 0) throw new Error(`"${what}" ended with ${end.code}:\n${end.talk}`);
  const seconds = (Date.now() - startedAt) / 1_000;
  const said = end.talk.trimEnd().split('\n').at(-2) ?? '';
  process.stderr.write(`${what}: ${seconds.toFixed(1)} s\n`);
  return { seconds, cpuSeconds: usage.cpuMsSince(startedAt) / 1_000, peakRssMiB: usage.peakRssMiB, said };
}

/** When each share of the groups was committed, in seconds since the start. */
function watchGroups(startedAt: number): {
  readonly at: (share: number) => number;
  readonly stop: () => void;
} {
  const seen: { readonly count: number; readonly seconds: number }[] = [];
  const look = () => {
    try {
      const count = readdirSync(join(dataset, 'editions', '000001', 'groups')).filter((name) =>
        /^\d/.test(name),
      ).length;
      if (count > (seen.at(-1)?.count ?? 0)) seen.push({ count, seconds: (Date.now() - startedAt) / 1_000 });
    } catch {
      // There is no edition yet.
    }
  };
  const timer = setInterval(look, 500);
  return {
    at: (share) => seen.find(({ count }) => count >= share * groups)?.seconds ?? Number.NaN,
    stop() {
      clearInterval(timer);
      look();
    },
  };
}

function sizeOf(path: string): { readonly files: number; readonly bytes: number } {
  let [files, bytes] = [0, 0];
  const seen = new Set<number>();
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size } = lstatSync(join(entry.parentPath, entry.name));
    if (seen.has(ino)) continue;
    seen.add(ino);
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}

const lines = ['| step | seconds | CPU s | peak RSS |', '| --- | --: | --: | --: |'];
function tell(what: string, { seconds, cpuSeconds, peakRssMiB }: Step): void {
  lines.push(`| ${what} | ${seconds.toFixed(1)} | ${cpuSeconds.toFixed(1)} | ${peakRssMiB.toFixed(0)} MiB |`);
}

try {
  writeDocument('');
  const watch = watchGroups(Date.now());
  tell(
    `build ${rows.toLocaleString('en')} rows × 4 columns`,
    await step('build', ['run', 'large.yaml', '-n', String(rows)]),
  );
  watch.stop();
  const rate = (from: number, to: number) => ((to - from) * rows) / (watch.at(to) - watch.at(from));
  const { files, bytes } = sizeOf(dataset);
  tell('the same command again', await step('again', ['run', 'large.yaml']));
  tell('status', await step('status', ['status', 'large']));
  tell('redo one cell', await step('redo', ['run', 'large.yaml', '--redo', 'reply', '--rows', '5', '--yes']));
  const changed = sizeOf(dataset);
  writeDocument(' Be brief.');
  tell('plan of an edit of the last column', await step('edit', ['run', 'large.yaml', '--dry-run']));
  writeDocument('');
  tell(`${groupSize} rows more`, await step('extend', ['run', 'large.yaml', '-n', String(rows + groupSize)]));
  lines.push(
    '',
    `Rows a second from 5 % to 15 %: ${rate(0.05, 0.15).toFixed(0)}, from 85 % to 95 %: ${rate(0.85, 0.95).toFixed(0)}.`,
    `${files.toLocaleString('en')} files, ${(bytes / 1e6).toFixed(0)} MB; the redone cell wrote ${((changed.bytes - bytes) / 1e6).toFixed(1)} MB more.`,
  );
  console.log(lines.join('\n'));
} finally {
  await sleep(2_000);
  rmSync(folder, { recursive: true, force: true });
}
