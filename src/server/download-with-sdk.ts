// Run as `node download-with-sdk.js FOLDER VERSION`: makes the Temporal SDK download the CLI into the folder.
// The SDK downloads only to start a server, so one is started and ended again.
// The SDK cannot be told to give up, so when stdin ends, the whole process group does: this process and that server.

import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2);
if (downloadDir === undefined || version === undefined) throw new TypeError('Needs a folder and a version');

process.stdin.on('end', () => process.kill(-process.pid, 'SIGKILL')).resume();

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir, version: `v${version}` } },
  });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
