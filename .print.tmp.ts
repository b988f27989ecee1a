import { BROKEN_DOCUMENTS } from './test/unit/config/broken-documents.ts';
import { violationsOf } from './test/unit/config/prepared.ts';
const only = process.argv[2];
for (const [what, { files, changes }] of Object.entries(BROKEN_DOCUMENTS)) {
  if (only && !what.includes(only)) continue;
  console.log(`## ${what}`);
  try { for (const line of await violationsOf(files, changes)) console.log('  ' + line); } catch (e) { console.log('  THROWN', (e as Error).stack?.split('\n').slice(0,4).join('\n')); }
}
