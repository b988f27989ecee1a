import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RowMask } from '../../src/graph/row-mask.ts';
import type { Message, ModelAnswer } from '../../src/models/model-client.ts';
import { parseParquet } from '../../src/store/read-parquet.ts';
import type { ToolCall } from '../../src/turns.ts';
import {
  ActivityStage,
  type ActivityStageOptions,
  type Said,
  type Script,
} from '../support/activity-stage.ts';
import { callsIn, type MockMcpServer, startMcpServer, stdioServer } from '../support/mcp-server.ts';
import { until } from '../support/until.ts';
import { hold } from '../support/workflow-stage.ts';
import { temporaryFolder } from '../unit/store/support.ts';

type Options = Omit<ActivityStageOptions, 'topics' | 'tools'> & {
  readonly topics?: readonly string[];
  /** Of the tool config. */
  readonly config?: object;
};

/** A build whose model may call the tools of a server, with what the model was sent for `body`. */
async function stageWithTools({ topics = ['sun'], config = {}, script, ...options }: Options) {
  const server = await startMcpServer();
  onTestFinished(() => server.close());
  const sent: (readonly Message[])[] = [];
  const stage = await ActivityStage.create({
    ...{ topics, ...options },
    tools: { config, servers: [{ name: 'kb', provider_type: 'streamable_http', endpoint: server.endpoint }] },
    script: (request, nth) => {
      if (request.cell.column !== 'body') return '';
      sent.push(request.messages);
      return script?.(request, nth) ?? '';
    },
  });
  const conductor = await stage.conduct();
  const [task] = conductor.next();
  return { stage, server, sent, conductor, task: task! };
}

/** An answer that asks for tools. */
function asks(...calls: readonly (readonly [name: string, args: object | string])[]): Partial<ModelAnswer> {
  const toolCalls = calls.map(
    ([name, args], index): ToolCall => ({
      ...{ id: `${name}-${index}`, name },
      args: typeof args === 'string' ? args : JSON.stringify(args),
    }),
  );
  return { text: '', toolCalls, finish: 'tool-calls', finishReason: 'tool_calls' };
}

/** The nth answer, and from then on the last. */
const inTurn =
  (...answers: readonly Said[]): Script =>
  (_, nth) =>
    answers[Math.min(nth, answers.length) - 1]!;

const toolsCalled = ({ calls }: MockMcpServer) => calls.filter((call) => call !== 'list');
const saidBy = (messages: readonly Message[] | undefined, role: string) =>
  (messages ?? []).filter((message) => message.role === role).map(({ content }) => content);

describe('a cell whose model may call tools', () => {
  it('has all that an answer asks for called at once, and the results told in the order of the calls', async () => {
    const asked = asks(['wait', { ms: 200 }], ['search', { query: 'sun' }], ['fail', {}]);
    const { stage, server, sent, task } = await stageWithTools({ script: inTurn(asked, '7') });
    const { part, usage } = await stage.generate(task);
    expect([...toolsCalled(server)].sort()).toEqual([
      ...['fail {}', 'search {"query":"sun"}', 'wait {"ms":200}'],
    ]);
    expect(sent[1]?.slice(1)).toEqual([
      {
        role: 'assistant',
        content: '',
        toolCalls: (
          asks(['wait', { ms: 200 }], ['search', { query: 'sun' }], ['fail', {}]) as { toolCalls: unknown }
        ).toolCalls,
      },
      { role: 'tool', call: 'wait-0', content: 'Waited' },
      { role: 'tool', call: 'search-1', content: 'Found sun' },
      { role: 'tool', call: 'fail-2', content: 'No such page' },
    ]);
    expect(await stage.statusesIn(part)).toEqual(['0 call', '0 call', '0 call', '0 call', '0 ok']);
    const end = (await stage.recordsIn(part)).at(-1);
    expect(end).toMatchObject({ value: '7' });
    expect(end?.turns.map(({ by }) => by)).toEqual(['model', 'tool', 'tool', 'tool', 'model']);
    expect(usage).toMatchObject({ made: 1, calls: 5, failedCalls: 0, promptTokens: 20 });
  });

  it('goes on after a crash between two turns: no turn is asked again and no tool called twice', async () => {
    const answer = hold();
    const { stage, server, sent, task } = await stageWithTools({
      script: async (_, nth) => {
        if (nth <= 3) return asks(['search', { query: `page ${nth}` }], ['wait', { ms: nth }]);
        if (nth === 4) await answer.released;
        return '7';
      },
    });
    const killed = stage.generate(task);
    await until(() => sent.length === 4);
    stage.restart();
    const { part } = await stage.generate(task);
    expect((await stage.recordsIn(part)).at(-1)).toMatchObject({ status: 'ok', value: '7' });
    expect(sent.map(({ length }) => length)).toEqual([1, 4, 7, 10, 10]);
    expect(sent[4]).toEqual(sent[3]);
    expect(toolsCalled(server)).toHaveLength(6);
    answer.release();
    await killed;
  });

  it('calls again after a crash only the tool that was running', async () => {
    const { stage, server, task } = await stageWithTools({
      script: inTurn(asks(['search', { query: 'sun' }], ['wait', { ms: 1_500 }]), '7'),
    });
    const killed = stage.generate(task);
    await until(() => toolsCalled(server).length === 2);
    await until(() => stage.builds.calls().inFlight === 1);
    stage.restart();
    await stage.generate(task);
    expect([...toolsCalled(server)].sort()).toEqual([
      ...['search {"query":"sun"}', 'wait {"ms":1500}', 'wait {"ms":1500}'],
    ]);
    await killed;
  });

  it('goes on in another start with the turns and results of the one before', async () => {
    const { stage, server, sent, task } = await stageWithTools({
      script: async (_, nth) => {
        if (nth === 1) return asks(['search', { query: 'sun' }]);
        if (nth === 2) stage.builds.end();
        return nth === 2 ? asks(['wait', { ms: 1 }]) : '7';
      },
    });
    await stage.generate(task);
    await stage.startAgain();
    const conductor = await stage.conduct();
    const { part } = await stage.generate(conductor.next()[0]!);
    expect((await stage.recordsIn(part)).at(-1)).toMatchObject({ status: 'ok', value: '7' });
    expect(sent.map(({ length }) => length)).toEqual([1, 3, 5]);
    expect(toolsCalled(server)).toEqual(['search {"query":"sun"}', 'wait {"ms":1}']);
  });

  it('is refused tools after so many turns, as in Data Designer, and has failed when the model goes on', async () => {
    const config = { max_tool_call_turns: 2 };
    const obeying = await stageWithTools({
      config,
      script: (_, nth) => (nth <= 3 ? asks(['search', { query: `${nth}` }]) : '7'),
    });
    await obeying.stage.generate(obeying.task);
    expect(saidBy(obeying.sent[3], 'tool')).toEqual([
      ...['Found 1', 'Found 2'],
      'Tool call refused: You have reached the maximum number of tool-calling turns. Please provide your final response without requesting additional tool calls.',
    ]);
    expect(toolsCalled(obeying.server)).toHaveLength(2);

    const { stage, sent, task } = await stageWithTools({
      ...{ config, correctionSteps: 0, restarts: 1 },
      script: (_, nth) => asks(['search', { query: `${nth}` }]),
    });
    const { part } = await stage.generate(task);
    expect((await stage.recordsIn(part)).at(-1)).toMatchObject({
      status: 'failed',
      error: {
        kind: 'UnusableAnswer',
        message: 'The model goes on asking for tools after 2 answers that did (max_tool_call_turns)',
      },
    });
    expect(sent).toHaveLength(5);
  });

  it('has its model told of calls that cannot be made, and of those that take too long', async () => {
    const { stage, server, sent, task } = await stageWithTools({
      config: { allow_tools: ['search', 'wait'], timeout_sec: 0.2 },
      script: inTurn(
        asks(['fail', {}], ['search', '{"query"'], ['wait', { ms: 9_000 }], ['search', '[1]']),
        '7',
      ),
    });
    await stage.generate(task);
    expect(saidBy(sent[1], 'tool')).toEqual([
      'Error: there is no tool "fail"; the tools are search, wait',
      'Error: the arguments of the call are no JSON',
      'Error: no answer within 0.2 s',
      'Found undefined',
    ]);
    expect([...toolsCalled(server)].sort()).toEqual(['search {}', 'wait {"ms":9000}']);
  });

  it('starts again after the last result of a tool when an answer cannot be used', async () => {
    const { stage, server, sent, task } = await stageWithTools({
      ...{ correctionSteps: 0, restarts: 1 },
      script: inTurn(asks(['search', { query: 'sun' }]), { text: ' ' }, '7'),
    });
    const { part } = await stage.generate(task);
    expect(await stage.statusesIn(part)).toEqual(['0 call', '0 call', '0 retry', '0 ok']);
    expect(sent[2]).toEqual(sent[1]);
    expect(toolsCalled(server)).toHaveLength(1);
  });

  it('shows its model the images that a tool gives', async () => {
    const { stage, sent, task } = await stageWithTools({ script: inTurn(asks(['draw', {}]), '7') });
    const { part } = await stage.generate(task);
    const media = [{ modality: 'image', url: expect.stringMatching(/^data:image\/png;base64,/) }];
    expect(sent[1]?.at(-1)).toEqual({ role: 'tool', call: 'draw-0', content: 'A dot', media });
    expect((await stage.recordsIn(part)).at(-1)).toMatchObject({ status: 'ok', value: '7' });
  });

  it('has its trace in the shape of Data Designer', async () => {
    const { stage, task, conductor } = await stageWithTools({
      script: inTurn({ ...asks(['search', { query: 'sun' }]), reasoning: 'Look' }, '7'),
    });
    conductor.finished(task, await stage.generate(task));
    await stage.generateAll(conductor);
    await stage.commit(conductor);
    const { path } = stage.committed[0]!;
    const [row] = await parseParquet(readFileSync(path!), path!);
    const plain = { reasoning_content: null, tool_calls: null, tool_call_id: null };
    expect(row?.body__trace).toEqual([
      { ...plain, role: 'user', content: [{ type: 'text', text: 'Write about sun' }] },
      {
        ...{ ...plain, role: 'assistant', content: [{ type: 'text', text: '' }], reasoning_content: 'Look' },
        tool_calls: [
          { id: 'search-0', type: 'function', function: { name: 'search', arguments: '{"query":"sun"}' } },
        ],
      },
      { ...plain, role: 'tool', content: [{ type: 'text', text: 'Found sun' }], tool_call_id: 'search-0' },
      { ...plain, role: 'assistant', content: [{ type: 'text', text: '7' }] },
    ]);
  });
});

describe('a server of tools that is dead', () => {
  it('ends the build with a plain reason, and drops no row', async () => {
    const { stage, server, task } = await stageWithTools({
      topics: ['sun', 'moon'],
      script: () => asks(['search', { query: 'sun' }]),
    });
    server.setStatus(403);
    const { made, dropped, leftover } = await stage.generate(task);
    const rowsOf = (mask: string) => RowMask.fromHex(stage.rows, mask).rows();
    expect([made, dropped, leftover].map(rowsOf)).toEqual([[], [], [0, 1]]);
    expect(stage.stops).toEqual([
      expect.stringMatching(
        /^MCP provider "kb" at 127\.0\.0\.1:\d+ refuses: it answers with status 403 · see that it runs, and what the provider file says of it, /,
      ),
    ]);
  });
});

describe('the start of a build', () => {
  it.each([[{ allow_tools: ['serch'] }, 'tools "kb": allow_tools: no tool "serch" in MCP provider "kb"']])(
    'refuses tools that are not there, before any call: %j',
    async (config, message) => {
      await expect(stageWithTools({ config })).rejects.toThrow(message);
    },
  );

  it('refuses a tool that two servers have, and takes one of a program', async () => {
    const log = join(await temporaryFolder(), 'calls');
    const servers = ['left', 'right'].map((name) => ({
      name,
      provider_type: 'stdio',
      ...stdioServer(log, ['search']),
    }));
    await expect(ActivityStage.create({ topics: ['sun'], tools: { servers } })).rejects.toThrow(
      'tools "kb": tool "search" is in MCP providers "left" and "right": name one of them alone',
    );
    await ActivityStage.create({ topics: ['sun'], tools: { servers: servers.slice(0, 1) } });
    expect(callsIn(log)).toEqual(['list', 'list', 'list']);
  });
});
