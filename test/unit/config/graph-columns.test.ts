import { expect, it } from 'vitest';
import { graphColumns } from '../../../src/config/graph-columns.ts';
import { ExecutionGraph } from '../../../src/graph/execution-graph.ts';
import { planWith, samplerColumn, textColumn } from '../../support/plans.ts';

it('who reads a trace has all that its prompts were made from, those of a trace within it too', () => {
  const traced = (name: string, need: string) =>
    textColumn(name, {
      ...{ needs: [need], prompt: `{{ ${need} }}`, trace: 'all_messages' },
      sideEffects: [{ name: `${name}__trace`, type: { kind: 'json' } }],
    });
  const plan = planWith([
    samplerColumn('topic', 'category'),
    traced('body', 'topic'),
    traced('note', 'body__trace'),
    textColumn('verdict', { needs: ['note__trace'], prompt: '{{ note__trace }}' }),
  ]);
  const settings = {
    models: { writer: { provider: 'p', maxParallelRequests: 1, timeoutMs: 1, skipHealthCheck: true } },
  };
  const graph = ExecutionGraph.create(graphColumns(plan, settings));
  expect(graph.storedUpstreamOf('verdict')).toEqual(['topic', 'body', 'note']);
});
