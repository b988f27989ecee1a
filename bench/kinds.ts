// Twelve kinds of columns over the same rows, by Rowloom and by Data Designer, on one mock in one run.
//
//   npx tsx bench/kinds.ts [--rows 1000] [--parallel 64] [--latency 20] [--no-peer]
//
// Each line is a command as a process of its own, from its start to its end, on an otherwise empty folder. Needs `npm run build`.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DATASET, Workplace } from '../test/support/build-harness.ts';
import { type MockProcess, startMockProcess } from './mock-process.ts';
import { findPeer, runPeer } from './peer.ts';
import { ProcessUsage } from './process-usage.ts';

const PREVIEWED = 10;

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '64' },
    latency: { type: 'string', default: '20' },
    'no-peer': { type: 'boolean', default: false },
  },
});
const rows = Number(flags.rows);
const files = { 'numbers.jsonl': Array.from({ length: rows }, (_, n) => JSON.stringify({ n })).join('\n') };

/** Answers stand in the prompts, in `SAY<<…>>`: both are told the same. */
function documentOf(endpoint: string): object {
  const model = (alias: string, name: string, more: object = {}) => ({
    ...{ alias, model: name, provider: 'mock' },
    inference_parameters: { max_parallel_requests: Number(flags.parallel), ...more },
  });
  const asked = (name: string, column_type: string, prompt: string, more: object = {}) => ({
    ...{ name, column_type, model_alias: 'writer', prompt },
    ...more,
  });
  const sampled = (name: string, sampler_type: string, params: object) => ({
    ...{ name, column_type: 'sampler', sampler_type, params },
  });
  const checked = (name: string, target: string, validator_type: string, validator_params: object) => ({
    ...{ name, column_type: 'validation', target_columns: [target], validator_type, validator_params },
  });
  const properties = { level: { type: 'integer' }, reason: { type: 'string' } };
  return {
    seed_config: { source: { seed_type: 'local', path: 'numbers.jsonl' } },
    columns: [
      sampled('topic', 'category', { values: ['delivery', 'refund', 'repair'] }),
      sampled('customer', 'person_from_faker', {}),
      { name: 'title', column_type: 'expression', expr: '{{ topic | upper }} {{ n }}' },
      asked('body', 'llm-text', 'Write about {{ title }} for {{ customer.first_name }}'),
      asked('code', 'llm-code', 'For {{ title }} SAY<<```python\nx = {{ n }}\n```>>', {
        code_lang: 'python',
      }),
      asked('severity', 'llm-structured', 'Rate {{ body }} SAY<<{"level": 3, "reason": "{{ title }}"}>>', {
        output_format: { type: 'object', properties, required: ['level', 'reason'] },
      }),
      asked('verdict', 'llm-judge', 'Judge {{ body }} SAY<<{"tone": {"reasoning": "fine", "score": "2"}}>>', {
        scores: [{ name: 'tone', description: 'How does it sound?', options: { 1: 'rude', 2: 'kind' } }],
      }),
      checked('code_valid', 'code', 'code', { code_lang: 'python' }),
      checked('body_valid', 'body', 'remote', { endpoint_url: `${endpoint}/validate` }),
      { name: 'vector', column_type: 'embedding', target_column: 'body', model_alias: 'vectors' },
      asked('cover', 'image', 'Paint {{ title }}', { model_alias: 'painter' }),
    ],
    model_configs: [
      model('writer', 'mock'),
      model('vectors', 'mock-vectors', { generation_type: 'embedding' }),
      model('painter', 'gpt-image-mock', { generation_type: 'image' }),
    ],
    rowloom: { providers: [{ name: 'mock', endpoint, provider_type: 'openai' }] },
  };
}

/** Of one command; the CPU is its process's alone, without Temporal's server. */
interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function costOf(place: Workplace, args: readonly string[]): Promise<Cost> {
  const startedAt = Date.now();
  const command = place.command(args);
  const usage = new ProcessUsage(command.pid);
  const { code, talk, ms } = await command.ended;
  usage.stop();
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${talk}`);
  return { ms, cpuMs: usage.cpuMsSince(startedAt) };
}

interface Measured {
  readonly what: string;
  readonly here: Cost;
  readonly there?: Cost | null;
}

async function measure(place: Workplace, mock: MockProcess): Promise<readonly Measured[]> {
  const document = documentOf(mock.endpoint);
  place.write(document);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place.directory, name), text);
  const peer = flags['no-peer'] ? null : await findPeer();
  const peerCost = async (how: 'preview' | 'create', count: number): Promise<Cost | null> => {
    if (peer === null) return null;
    const { ms, totalCpuMs } = await runPeer(peer, { how, document, files, mock, rows: count });
    return { ms, cpuMs: totalCpuMs };
  };
  const file = `${DATASET}.yaml`;
  return [
    {
      what: `preview, ${PREVIEWED} rows`,
      here: await costOf(place, ['preview', file, '-n', `${PREVIEWED}`, '--json']),
      there: await peerCost('preview', PREVIEWED),
    },
    {
      what: `run; create, which profiles too, ${rows} rows`,
      here: await costOf(place, ['run', file, '-n', `${rows}`]),
      there: await peerCost('create', rows),
    },
    { what: 'profile', here: await costOf(place, ['profile', DATASET]) },
    { what: 'report', here: await costOf(place, ['report', DATASET]) },
  ];
}

function shown({ ms, cpuMs }: Cost): string {
  return `${(ms / 1_000).toFixed(1)} s, ${(cpuMs / 1_000).toFixed(1)} of CPU`;
}

const mock = await startMockProcess({ latencyMs: Number(flags.latency), jitter: 1 });
const place = new Workplace();
try {
  const measured = await measure(place, mock);
  console.log('| what | Rowloom | Data Designer | ratio |\n| --- | --- | --- | --: |');
  for (const { what, here, there } of measured) {
    const beside = there ? [shown(there), `${(there.ms / here.ms).toFixed(1)} ×`] : ['', ''];
    console.log(`| ${[what, shown(here), ...beside].join(' | ')} |`);
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}`;
  console.log(`\n${flags.parallel} parallel, ${flags.latency} ms, measured on ${machine}.`);
} finally {
  await place.dispose();
  await mock.close();
}
