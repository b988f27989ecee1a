// Run as `tsx server-user.ts DIRECTORY LINGER_MS`: uses the embedded server until it is killed. Prints its address once it answers.

import { ensureServer } from '../../src/server/embedded-server.ts';

const [directory = '', lingerMs] = process.argv.slice(2);
const server = await ensureServer({
  directory,
  environment: process.env,
  say: (line) => console.error(line),
  lingerMs: Number(lingerMs),
});
console.log(server.address);
setInterval(() => {}, 60_000);
