import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareToLook } from '../../../src/client/wish/prepare-document.ts';
import type { ConfigError } from '../../../src/errors.ts';

it('has examples that are as they say, of every kind of source', async () => {
  const root = new URL('../../..', import.meta.url).pathname;
  const folder = await mkdtemp(join(tmpdir(), 'rowloom-page-'));
  try {
    await mkdir(join(folder, '.claude/projects'), { recursive: true });
    await writeFile(
      join(folder, '.claude/projects/a.jsonl'),
      '{"type": "user", "message": {"content": "Hi"}}\n',
    );
    const page = await readFile(join(root, 'docs/seeds.md'), 'utf8');
    const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
    const found: string[] = [];
    for (const [index, text] of blocks.entries()) {
      const file = join(folder, `${index}.yaml`);
      await writeFile(file, text);
      const type = /seed_type: (\w+)/.exec(text)![1]!;
      const place = { cwd: root, home: folder, out: join(folder, 'artifacts') };
      const options = { file, ...place, environment: {}, isSimulated: true };
      found.push(
        await prepareToLook(options).then(
          ({ seeds }) => `${type} ${seeds!.rows > 0}`,
          (error: ConfigError) => `${type} ${error.violations.map(({ message }) => message).join()}`,
        ),
      );
    }
    expect(found).toEqual([
      'local true',
      'local true',
      'directory true',
      'file_contents true',
      'agent_rollout true',
      'hf seed_config.source.token is HF_TOKEN, and the environment has no variable of that name',
      expect.stringMatching(
        /^dataset seed_config\.source\.name is "tickets", and .* run its document first$/,
      ),
      'rows true',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
