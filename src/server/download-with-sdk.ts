// Run as `node download-with-sdk.js FOLDER VERSION`: makes the Temporal SDK download the CLI into the folder.
// The SDK downloads only to start a server, so one is started and ended again.

import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2);
if (downloadDir === undefined || version === undefined) throw new TypeError('Needs a folder and a version');

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir, version: `v${version}` } },
  });
  await environment.teardown();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
